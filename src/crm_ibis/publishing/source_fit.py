"""How well a database's table fits one of our sources."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.contracts import models
from crm_ibis.contracts.violations import Violation
from crm_ibis.engines import Engine
from crm_ibis.errors import DatabaseError, DataError, TransientError, UsageError, near_match
from crm_ibis.events import ProgressEvent, Report
from crm_ibis.publishing.source_contents import (
    More,
    Untranslated,
    columns_of,
    count_blanked,
    count_rows,
    find_untranslated,
)
from crm_ibis.publishing.source_verdict import count_quarantined, judge
from crm_ibis.runlog.clock import now
from crm_ibis.sources import check, occurrences, resolve, spec, transform, volume
from crm_ibis.sources.connectors.unread import Unread
from crm_ibis.sources.functions import Materialized
from crm_ibis.sources.spec import SourcesFile
from crm_ibis.warehouse import Warehouse
from crm_ibis.warehouse.sql import to_sql

MISSING = "missing, and optional"


@dataclass(frozen=True)
class Fit:
    """One source: where it comes from and what is wrong with it."""

    source: str
    made_of: str
    policy: str = "fail"
    rows: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    newest: datetime | None = None
    """When the newest row by now was created or updated."""
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
    """Of columns without an `else`, which says what becomes of the rest."""
    more_untranslated: tuple[More, ...] = ()
    hints: tuple[str, ...] = ()
    """That there is no row, or which values the mapping names that never occur."""
    unexpected: tuple[Violation, ...] = ()
    """What is not as `expect` has it."""
    violations: tuple[Violation, ...] = ()
    quarantined: int = 0
    readings: tuple[str, ...] = ()
    """How a connector reads its tables, where they land in several ways."""
    notes: tuple[str, ...] = ()
    """What else is worth knowing."""
    problem: str | None = None
    """Why a refresh would fail for another reason than violations."""

    @property
    def is_there(self) -> bool:
        """Whether it is neither absent nor an optional source that is missing."""
        return self.made_of not in ("absent", MISSING)

    @property
    def fails(self) -> bool:
        """Whether a refresh that reads this source would fail."""
        stopping = (*self.unexpected, *(self.violations if self.policy == "fail" else ()))
        return bool(self.problem) or any(found.severity == "error" for found in stopping)


def fits_of(
    warehouse: Warehouse,
    engine: Engine,
    names: Iterable[str],
    written: Materialized,
    params: Params,
    report: Report,
) -> dict[str, Fit]:
    declared = spec.load_spec()
    found = {}
    readable: dict[str, Table] = {}
    unread: dict[str, tuple[Unread, ...]] = {}
    before = volume.runs_before(warehouse, names)
    for name in names:
        found[name] = _looked_at(engine, name, declared, readable, unread, written)
        if name in readable and name not in declared.absent:
            newest = found[name].newest
            facts = (found[name].rows or 0, newest, now(), before.get(name, []))
            found[name] = replace(found[name], unexpected=volume.violations(name, *facts))
    for name, table in readable.items():
        if name not in declared.absent:
            verdict = judge(engine, name, table, readable, unread[name], params)
            found[name] = replace(found[name], **verdict)
            report(ProgressEvent("checked", f"checked {name}", name))
    if not any(seen.problem for seen in found.values()):
        counted = count_quarantined(warehouse, engine, readable, unread, params, before)
        for name, outcome in counted.items():
            found[name] = replace(found[name], **outcome)
    return found


def query_of(engine: Engine, name: str) -> str:
    """The query that stands for a source; raises UsageError for a name that is none."""
    known = [c.name for c in models.contracts().values() if c.kind == "source"]
    if name not in known:
        raise UsageError(f'there is no source "{name}"{near_match(name, known)}')
    return to_sql(check.read_sources(engine, [name])[name], engine.dialect)


def _looked_at(
    engine: Engine,
    name: str,
    declared: SourcesFile,
    readable: dict[str, Table],
    unread: dict[str, tuple[Unread, ...]],
    written: Materialized,
) -> Fit:
    """What a source is made of; it is added to those that can be read if it can.

    What cannot be read of the tables that it is made of is added to `unread`.
    """
    contract = models.contracts()[name]
    said = declared.of(name)
    seen = Fit(name, "absent" if said.absent else "nothing", said.on_violation)
    if said.absent:
        readable[name] = transform.absent(contract)
        return seen
    if resolve.is_missing(engine, name, declared):
        return replace(seen, made_of=MISSING)
    try:
        with engine.attempt():
            origin = resolve.origin(engine, name, declared, written)
            seen = replace(seen, made_of=origin.words, readings=origin.readings)
            seen = replace(seen, **columns_of(origin.table, said, contract))
            table = resolve.apply_spec(origin, name, declared)
            seen = replace(seen, **count_rows(engine, table, contract))
            seen = replace(seen, notes=seen.notes + count_blanked(engine, table))
            seen = replace(seen, **find_untranslated(engine, origin.table, said, contract))
            unseen = occurrences.never(engine, name, origin.table, said)
            seen = replace(seen, hints=occurrences.hints(seen.rows or 0, unseen))
    except TransientError:
        raise
    except resolve.NotThere as error:
        return replace(seen, problem=f"there is no table {error}")
    except (DataError, DatabaseError, UsageError) as error:
        return replace(seen, problem=str(error))
    readable[name] = table
    unread[name] = origin.unread
    return seen
