"""How well the database's tables fit our sources: what a refresh would say, before any refresh."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from crm_ibis.config.params import Params, load_params
from crm_ibis.contracts import models
from crm_ibis.engines import computing
from crm_ibis.events import Report, to_log
from crm_ibis.metrics import catalog, coverage, graph, lineage
from crm_ibis.metrics.lineage import Origin
from crm_ibis.publishing import compute
from crm_ibis.publishing.scope import skipped_tables
from crm_ibis.publishing.source_fit import Fit, fits_of
from crm_ibis.sources import resolve
from crm_ibis.sources.functions import Materialized
from crm_ibis.warehouse import Warehouse

_ANY_INSTANT = datetime(2024, 1, 1)
"""Which columns a KPI reads is the same as of every instant."""

REPORT_TO_LOG = to_log(__name__)


@dataclass(frozen=True)
class Lack:
    """What a KPI will be computed without: absent sources, and columns that are null."""

    kpi: str
    absent: tuple[str, ...]
    empty: tuple[str, ...]
    """As source.column."""
    undecided: tuple[str, ...] = ()
    """Those of them whose events nobody knows: their targets are undecided."""


@dataclass(frozen=True)
class FitReport:
    """The fit of all sources, and what will be missing from the KPIs."""

    fits: list[Fit]
    left_out: list[str]
    """KPIs that a refresh leaves out."""
    lacks: list[Lack]
    health: list[str] = field(default_factory=list)
    """What health_scores will lack in every row, in sentences."""
    problem: str | None = None
    """Why a refresh would fail whatever its sources hold."""
    unread: list[str] = field(default_factory=list)
    """Sources that no published table needs, so that a refresh does not read them."""

    @property
    def fails(self) -> bool:
        failing = [fit for fit in self.fits if fit.fails and fit.source not in self.unread]
        return bool(self.problem) or bool(failing)


def fit(
    warehouse: Warehouse,
    report: Report = REPORT_TO_LOG,
    params: Params | None = None,
) -> FitReport:
    """Looks at every source as a refresh would, and writes nothing.

    What is wrong with one source is its problem, and the others are looked at all the same. Raises
    UsageError for a sources.yml that cannot be read, TransientError when a loader is at work on a
    table for longer than the lock timeout.
    """
    names = [c.name for c in models.contracts().values() if c.kind == "source"]
    params = params or load_params()
    with (
        computing(warehouse) as engine,
        warehouse.looking(lambda: resolve.places(engine, names)),
        Materialized(engine) as written,
    ):
        found = fits_of(warehouse, engine, names, written, params, report)
    published = catalog.published_tables()
    out = skipped_tables(published)
    remaining = [table for table in published if table not in out]
    problem = None if remaining else "every KPI would be left out, so there is nothing to refresh"
    lacks = _lacks(remaining, found, params)
    health = _health(params, found) if coverage.TABLE in remaining else []
    read = compute.sources_to_check(remaining)
    unread = [name for name in names if name not in read]
    return FitReport(list(found.values()), out, lacks, health, problem, unread)


def _lacks(kpis: Iterable[str], found: dict[str, Fit], params: Params) -> list[Lack]:
    absent = {name for name, seen in found.items() if seen.made_of == "absent"}
    empty = {name: set(seen.empty) for name, seen in found.items() if seen.empty}
    if not absent and not empty:
        return []
    affected = graph.readers_of(kpis, {*absent, *empty})
    undecided = {str(origin) for origin in _undecided(found)}
    lacks = []
    for kpi, read in lineage.columns_read(affected, params, _ANY_INSTANT).items():
        nulls = [f"{s}.{c}" for s in sorted(read) for c in sorted(read[s] & empty.get(s, set()))]
        if nulls or absent & set(read):
            unknown = tuple(column for column in nulls if column in undecided)
            lacks.append(Lack(kpi, tuple(sorted(absent & set(read))), tuple(nulls), unknown))
    return lacks


def _undecided(found: dict[str, Fit]) -> set[Origin]:
    return {Origin(name, column) for name, seen in found.items() for column in seen.undecided}


def _health(params: Params, found: dict[str, Fit]) -> list[str]:
    absent = {name for name, seen in found.items() if seen.made_of == "absent"}
    return coverage.expected_gaps(params, absent, _undecided(found))
