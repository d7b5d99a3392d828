"""How well the database's tables fit our sources: what a refresh would say, before any refresh."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import ibis
from ibis import Table

from crm_ibis import (
    catalog,
    checks,
    contracts,
    coverage,
    fitting,
    lineage,
    mapped,
    mapping,
    sources,
)
from crm_ibis.checks import ChecksFailed, Report
from crm_ibis.contracts import Contract
from crm_ibis.errors import DatabaseError, DataError, UsageError, near_match
from crm_ibis.mapping import Mapping, Sources
from crm_ibis.origins import Origin
from crm_ibis.params import Params, load_params
from crm_ibis.quarantine import Quarantine
from crm_ibis.rules import Violation
from crm_ibis.runlog import now
from crm_ibis.warehouse import Warehouse

STRANGE = 20
"""How many values without a translation are shown of a column."""


@dataclass(frozen=True)
class Untranslated:
    """A value that the mapping of a column does not name."""

    column: str
    value: str
    rows: int
    becomes: str


@dataclass(frozen=True)
class Fit:
    """One source: where it comes from and what is wrong with it."""

    source: str
    made_of: str
    policy: str = "fail"
    rows: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    mapped: dict[str, str] = field(default_factory=dict)
    """Our columns, and what each is made of."""
    missing: tuple[str, ...] = ()
    """Columns that the contract requires and nothing is said of."""
    empty: tuple[str, ...] = ()
    """Columns that may be null, and of which nothing is said."""
    undecided: tuple[str, ...] = ()
    """Those of them that tell whether an event happened: nobody knows it, so it is not null."""
    unused: tuple[str, ...] = ()
    """Columns of the table that nothing is made of."""
    untranslated: tuple[Untranslated, ...] = ()
    violations: tuple[Violation, ...] = ()
    quarantined: int = 0
    problem: str | None = None
    """Why a refresh would fail for another reason than violations."""

    @property
    def fails(self) -> bool:
        """Whether a refresh that reads this source would fail."""
        errors = [violation for violation in self.violations if violation.severity == "error"]
        return bool(self.problem or (errors and self.policy == "fail"))


@dataclass(frozen=True)
class Lack:
    """What a KPI will do without: absent sources, and columns that are null."""

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

    @property
    def fails(self) -> bool:
        return bool(self.problem) or any(fit.fails for fit in self.fits)


def fit(
    warehouse: Warehouse,
    report: Report = lambda line: None,
    params: Params | None = None,
) -> FitReport:
    """Looks at every source as a refresh would, and writes nothing.

    Raises UsageError for a mapping that is wrong in itself.
    """
    declared, found = mapping.declared(), {}
    readable: dict[str, Table] = {}
    for contract in contracts.contracts().values():
        if contract.kind == "source":
            found[contract.name] = _looked_at(warehouse, contract, declared, readable)
    for name, table in readable.items():
        if name not in declared.absent:
            violations = _violations(warehouse, name, table, readable)
            found[name] = replace(found[name], violations=violations)
            report(f"checked {name}")
    if len(readable) == len(found):
        for name, outcome in _quarantined(warehouse, readable).items():
            found[name] = replace(found[name], **outcome)
    published = catalog.published()
    out = sources.left_out(published)
    remaining = [table for table in published if table not in out]
    problem = None if remaining else "every KPI would be left out, so there is nothing to refresh"
    lacks = _lacks(remaining, found)
    health = _health(params or load_params(), found) if coverage.TABLE in remaining else []
    return FitReport(list(found.values()), out, lacks, health, problem)


def query_of(warehouse: Warehouse, name: str) -> str:
    """The query that stands for a source; raises UsageError for a name that is none."""
    known = [c.name for c in contracts.contracts().values() if c.kind == "source"]
    if name not in known:
        raise UsageError(f'there is no source "{name}"{near_match(name, known)}')
    return str(ibis.to_sql(checks.read_sources(warehouse, [name])[name], warehouse.dialect))


def _looked_at(
    warehouse: Warehouse, contract: Contract, declared: Sources, readable: dict[str, Table]
) -> Fit:
    """What a source is made of; it is added to those that can be read if it can."""
    name, said = contract.name, declared.of(contract.name)
    seen = Fit(name, "absent" if said.absent else "nothing", said.on_violation)
    try:
        if said.absent:
            readable[name] = mapped.absent(contract)
            return seen
        origin = sources.origin(warehouse, name, declared)
        seen = replace(seen, made_of=origin.words, **columns_of(origin.table, said, contract))
        table = sources.mapped_from(origin, name, declared)
        seen = replace(seen, **_counted(warehouse, table, contract))
        strange = _untranslated(warehouse, origin.table, said, contract)
        readable[name] = table
        return replace(seen, untranslated=strange)
    except sources.NotThere as error:
        return replace(seen, problem=f"there is no table {error}")
    except (DataError, DatabaseError) as error:
        return replace(seen, problem=str(error))


def columns_of(table: Table, said: Mapping, contract: Contract) -> dict[str, Any]:
    """Which columns are mapped, missing, empty and unused."""
    made = {c: column.words for c, column in said.columns.items()}
    own = {c.name: c.name for c in contract.columns if c.name in table.columns}
    found = {c.name: {**own, **made}.get(c.name) for c in contract.columns}
    unsaid = [c for c in contract.columns if found[c.name] is None]
    read = {c for column in said.columns.values() for c in column.reads}
    read |= {*said.only, *said.leave_out, *(c for c in own if c not in made)}
    return {
        "mapped": {c: words for c, words in found.items() if words},
        "missing": tuple(c.name for c in unsaid if not c.nullable),
        "empty": tuple(c.name for c in unsaid if c.nullable and not c.refines),
        "undecided": tuple(c.name for c in unsaid if c.undecided_if_missing),
        "unused": tuple(c for c in table.columns if c not in read),
    }


def _counted(warehouse: Warehouse, table: Table, contract: Contract) -> dict[str, Any]:
    """Rows, and the first and the last instant at which one was created."""
    given = fitting.conformed(table, contract)
    span = {"first": given.created_at.min(), "last": given.created_at.max()}
    counted = given.aggregate(rows=given.count(), **span)
    return warehouse.rows(counted)[0]


def _untranslated(
    warehouse: Warehouse, table: Table, said: Mapping, contract: Contract
) -> tuple[Untranslated, ...]:
    """The most frequent values without a translation; of private columns, none is shown."""
    private = {c.name for c in contract.columns if c.private}
    found = []
    for name, column in said.columns.items():
        if column.translates and name not in private:
            strange = mapped.untranslated(table, said, column)
            most = strange.order_by([strange.row_count.desc(), strange.value]).limit(STRANGE)
            becomes = str(column.else_) if column.has("else_") else "what it is"
            for row in warehouse.rows(most):
                found.append(Untranslated(name, row["value"], row["row_count"], becomes))
    return tuple(found)


def _violations(
    warehouse: Warehouse, name: str, table: Table, readable: dict[str, Table]
) -> tuple[Violation, ...]:
    """Every broken check, but for references to a source that cannot be read."""
    contract = contracts.contracts()[name]
    safe = {
        n: fitting.conformed(fitting.guarded(t, contracts.contracts()[n]), contracts.contracts()[n])
        for n, t in readable.items()
    }
    demanded = checks.source_rules(contract, now())
    demanded = [r for r in demanded if r.refers_to is None or r.refers_to in safe]
    conversions = fitting.conversions(table, contract)
    given, demanded = fitting.judged_apart(table, contract, demanded)
    found = checks.audit(warehouse, given, contract, demanded, safe).violations
    if conversions:
        found = checks.audit(warehouse, table, contract, conversions, {}).violations + found
    return found


def _quarantined(warehouse: Warehouse, readable: dict[str, Table]) -> dict[str, dict[str, Any]]:
    """How many rows a refresh would leave out of each source, and where they are too many."""
    quarantine = Quarantine(warehouse)
    with warehouse.transaction():
        with suppress(ChecksFailed):  # of violations, `_violations` tells as well
            quarantine.settle(readable)
        for name in quarantine.staged:
            warehouse.unstage(name)
    found: dict[str, dict[str, Any]] = {
        name: {"quarantined": settled.left_out} for name, settled in quarantine.settled.items()
    }
    for sentence, violations in quarantine.excess.items():
        found[violations[0].table]["problem"] = sentence
    return found


def _lacks(kpis: Iterable[str], found: dict[str, Fit]) -> list[Lack]:
    absent = {name for name, seen in found.items() if seen.made_of == "absent"}
    empty = {name: set(seen.empty) for name, seen in found.items() if seen.empty}
    if not absent and not empty:
        return []
    undecided = {str(origin) for origin in _undecided(found)}
    lacks = []
    for kpi, read in lineage.columns_read(kpis).items():
        nulls = [f"{s}.{c}" for s in sorted(read) for c in sorted(read[s] & empty.get(s, set()))]
        if nulls or absent & set(read):
            unknown = tuple(column for column in nulls if column in undecided)
            lacks.append(Lack(kpi, tuple(sorted(absent & set(read))), tuple(nulls), unknown))
    return lacks


def _undecided(found: dict[str, Fit]) -> set[Origin]:
    return {Origin(name, column) for name, seen in found.items() for column in seen.undecided}


def _health(params: Params, found: dict[str, Fit]) -> list[str]:
    absent = {name for name, seen in found.items() if seen.made_of == "absent"}
    return coverage.foretold(params, absent, _undecided(found))
