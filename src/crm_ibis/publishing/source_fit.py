"""How well a database's table fits one of our sources."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import ibis
from ibis import Table

from crm_ibis.contracts import audit, models
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import FIRST_INSTANT, LAST_INSTANT, Violation
from crm_ibis.errors import DatabaseError, DataError, TransientError, UsageError, near_match
from crm_ibis.events import ProgressEvent, Report
from crm_ibis.runlog.log import now
from crm_ibis.runlog.summaries import SourceRun
from crm_ibis.sources import check, occurrences, resolve, spec, transform, volume
from crm_ibis.sources.columns import casting, marks
from crm_ibis.sources.connectors.unread import Unread
from crm_ibis.sources.functions import Materialized
from crm_ibis.sources.quarantine import Quarantine
from crm_ibis.sources.spec import SourcesFile, SourceSpec
from crm_ibis.text import count_of
from crm_ibis.warehouse import Warehouse

MAX_UNTRANSLATED = 20
"""How many values without a translation are shown of a column."""


@dataclass(frozen=True)
class Untranslated:
    """A value that the mapping of a column does not name."""

    column: str
    value: str
    rows: int
    becomes: str


@dataclass(frozen=True)
class More:
    """How much of a column is not translated beside what is shown."""

    column: str
    values: int
    rows: int


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
    def fails(self) -> bool:
        """Whether a refresh that reads this source would fail."""
        stopping = (*self.unexpected, *(self.violations if self.policy == "fail" else ()))
        return bool(self.problem) or any(found.severity == "error" for found in stopping)


def fits_of(
    warehouse: Warehouse, names: Iterable[str], written: Materialized, report: Report
) -> dict[str, Fit]:
    declared = spec.load_spec()
    found = {}
    readable: dict[str, Table] = {}
    unread: dict[str, tuple[Unread, ...]] = {}
    before = volume.runs_before(warehouse, names)
    for name in names:
        found[name] = _looked_at(warehouse, name, declared, readable, unread, written)
        if name in readable and name not in declared.absent:
            newest = found[name].newest
            facts = (found[name].rows or 0, newest, now(), before.get(name, []))
            found[name] = replace(found[name], unexpected=volume.violations(name, *facts))
    for name, table in readable.items():
        if name not in declared.absent:
            told = _judged(warehouse, name, table, readable, unread[name])
            found[name] = replace(found[name], **told)
            report(ProgressEvent("checked", f"checked {name}", name))
    if not any(seen.problem for seen in found.values()):
        for name, outcome in _count_quarantined(warehouse, readable, unread, before).items():
            found[name] = replace(found[name], **outcome)
    return found


def query_of(warehouse: Warehouse, name: str) -> str:
    """The query that stands for a source; raises UsageError for a name that is none."""
    known = [c.name for c in models.contracts().values() if c.kind == "source"]
    if name not in known:
        raise UsageError(f'there is no source "{name}"{near_match(name, known)}')
    return str(ibis.to_sql(check.read_sources(warehouse, [name])[name], warehouse.dialect))


def _looked_at(
    warehouse: Warehouse,
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
    try:
        with warehouse.attempt():
            origin = resolve.origin(warehouse, name, declared, written)
            seen = replace(seen, made_of=origin.words, readings=origin.readings)
            seen = replace(seen, **columns_of(origin.table, said, contract))
            table = resolve.apply_spec(origin, name, declared)
            seen = replace(seen, **_count_rows(warehouse, table, contract))
            seen = replace(seen, notes=seen.notes + _count_blanked(warehouse, table))
            seen = replace(seen, **_untranslated_values(warehouse, origin.table, said, contract))
            unseen = occurrences.never(warehouse, name, origin.table, said)
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


def columns_of(table: Table, said: SourceSpec, contract: Contract) -> dict[str, Any]:
    """Which columns are mapped, missing, empty and unused."""
    made = {c: column.words for c, column in said.columns.items()}
    own = {c.name: c.name for c in contract.columns if c.name in table.columns}
    found = {c.name: {**own, **made}.get(c.name) for c in contract.columns}
    unsaid = [c for c in contract.columns if found[c.name] is None]
    read = {c for column in said.columns.values() for c in column.reads}
    read |= {*said.reads, *(c for c in own if c not in made)}
    read |= {resolve.CURRENCY} if said.connector else set()
    return {
        "mapped": {c: words for c, words in found.items() if words},
        "missing": tuple(c.name for c in unsaid if not c.nullable),
        "empty": tuple(c.name for c in unsaid if c.nullable and not c.refines),
        "undecided": tuple(c.name for c in unsaid if c.undecided_if_missing),
        "unused": tuple(c for c in table.columns if c not in read and not marks.is_mark(c)),
    }


def _count_rows(warehouse: Warehouse, table: Table, contract: Contract) -> dict[str, Any]:
    """Rows, the first and the last instant at which one was created, and the newest by now."""
    given = casting.cast_to_contract(table, contract)
    newest = volume.newest(given, now())
    span = {}
    if "created_at" in given.columns:
        created = given.created_at
        first, last = (ibis.literal(i).cast("timestamp(6)") for i in (FIRST_INSTANT, LAST_INSTANT))
        # Others are violations, and Python has no such instants.
        finite = created.between(first, last)
        span = {"first": created.min(where=finite), "last": created.max(where=finite)}
    return warehouse.rows(given.aggregate(rows=given.count(), **span, newest=newest))[0]


def _count_blanked(warehouse: Warehouse, table: Table) -> tuple[str, ...]:
    """How many instants are null as they are out of order, by column."""
    blanked = marks.blanked_columns(table.columns)
    if not blanked:
        return ()
    counts = {c: table.count(where=table[mark]) for c, mark in blanked.items()}
    (row,) = warehouse.rows(table.aggregate(**counts))
    return tuple(
        f"{c} is out of order in {count_of(n, 'row')}, so it is null there"
        for c, n in row.items()
        if n
    )


def _untranslated_values(
    warehouse: Warehouse, table: Table, said: SourceSpec, contract: Contract
) -> dict[str, Any]:
    """The most frequent values without a translation, and how many more there are.

    Of private columns, none is shown; where there is an `else`, there is none.
    """
    private = {c.name for c in contract.columns if c.private}
    found: list[Untranslated] = []
    more = []
    for name, column in said.columns.items():
        if column.translates and not column.has("else_") and name not in private:
            strange = transform.untranslated_values(table, said, column)
            most = strange.order_by([strange.row_count.desc(), strange.value]).limit(
                MAX_UNTRANSLATED
            )
            shown = [
                Untranslated(name, row["value"], row["row_count"], "what it is")
                for row in warehouse.rows(most)
            ]
            found += shown
            if len(shown) == MAX_UNTRANSLATED:
                more += _others(warehouse, name, strange, shown)
    return {"untranslated": tuple(found), "more_untranslated": tuple(more)}


def _others(
    warehouse: Warehouse, column: str, strange: Table, shown: list[Untranslated]
) -> list[More]:
    """What there is beside the values that are shown."""
    total = strange.aggregate(values=strange.count(), rows=strange.row_count.sum())
    (whole,) = warehouse.rows(total)
    values = whole["values"] - len(shown)
    rows = int(whole["rows"]) - sum(v.rows for v in shown)
    return [More(column, values, rows)] if values else []


def _judged(
    warehouse: Warehouse,
    name: str,
    table: Table,
    readable: dict[str, Table],
    unread: tuple[Unread, ...],
) -> dict[str, Any]:
    """The broken checks of a source, or why they cannot be looked for."""
    try:
        with warehouse.attempt():
            return {"violations": _violations(warehouse, name, table, readable, unread)}
    except TransientError:
        raise
    except (DataError, DatabaseError, UsageError) as error:
        return {"problem": str(error)}


def _violations(
    warehouse: Warehouse,
    name: str,
    table: Table,
    readable: dict[str, Table],
    unread: tuple[Unread, ...],
) -> tuple[Violation, ...]:
    """Every broken check, but for references to a source that cannot be read."""
    contract = models.contracts()[name]
    safe = {
        n: casting.cast_to_contract(
            casting.null_unreadable(t, models.contracts()[n]), models.contracts()[n]
        )
        for n, t in readable.items()
    }
    demanded = check.rules_of(contract, now())
    demanded = [r for r in demanded if r.refers_to is None or r.refers_to in safe]
    conversions = casting.rules_of_raw(table, contract)
    given, demanded = casting.split_unreadable(table, contract, demanded)
    absent = spec.load_spec().absent
    found = audit.audit(warehouse, given, contract, demanded, safe, absent).violations
    if not spec.load_spec().of(name).quarantines:
        found += _currencies(warehouse, name, table)
    if conversions:
        found = audit.audit(warehouse, table, contract, conversions, {}).violations + found
    if unread:
        rules = [seen.rule for seen in unread]
        found = audit.audit(warehouse, table, contract, rules, {}).violations + found
    return found


def _currencies(warehouse: Warehouse, name: str, table: Table) -> tuple[Violation, ...]:
    """That a connector's amounts are in several currencies, if so."""
    contract = models.contracts()[name]
    demanded = check.one_currency(name, table)
    return audit.audit(warehouse, table, contract, demanded, {}).violations if demanded else ()


def _count_quarantined(
    warehouse: Warehouse,
    readable: dict[str, Table],
    unread: dict[str, tuple[Unread, ...]],
    before: dict[str, list[SourceRun]],
) -> dict[str, dict[str, Any]]:
    """How many rows a refresh would leave out of each source, where they are too many, and what is
    not as it must be in the rows that are left."""
    quarantine = Quarantine(warehouse, report=lambda event: None)
    found: dict[str, dict[str, Any]] = {}
    with warehouse.transaction():
        with suppress(ChecksFailed):  # of violations, `_violations` tells as well
            quarantine.settle(readable, unread)
        for name, settled in quarantine.settled.items():
            left = _unexpected(warehouse, name, settled.table, before.get(name, []))
            found[name] = {"quarantined": settled.left_out, "unexpected": left}
        for name in quarantine.staged:
            warehouse.unstage(name)
    for sentence, violations in quarantine.excess.items():
        found[violations[0].table]["problem"] = sentence
    return found


def _unexpected(
    warehouse: Warehouse, name: str, settled: Table, before: list[SourceRun]
) -> tuple[Violation, ...]:
    """What stops a refresh that reads the rows of a source that are not in quarantine."""
    declared = spec.load_spec()
    contract = models.contracts()[name]
    if name in declared.absent:
        return ()
    given = casting.cast_to_contract(casting.null_unreadable(settled, contract), contract)
    (seen,) = warehouse.rows(
        given.aggregate(rows=given.count(), newest=volume.newest(given, now()))
    )
    found = volume.violations(name, seen["rows"], seen["newest"], now(), before)
    if declared.of(name).quarantines:
        found += _currencies(warehouse, name, settled)
    return found
