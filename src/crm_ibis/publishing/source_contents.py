"""What a source holds: columns, rows, instants, and values without a translation."""

from dataclasses import dataclass
from typing import Any

import ibis
from ibis import Table

from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import FIRST_INSTANT, LAST_INSTANT
from crm_ibis.engines import Engine
from crm_ibis.runlog.clock import now
from crm_ibis.sources import transform, volume
from crm_ibis.sources.columns import casting, marks
from crm_ibis.sources.spec import SourceSpec
from crm_ibis.text import count_of

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


def columns_of(table: Table, said: SourceSpec, contract: Contract) -> dict[str, Any]:
    """Which columns are mapped, missing, empty and unused."""
    made = {c: column.words for c, column in said.columns.items()}
    own = {c.name: c.name for c in contract.columns if c.name in table.columns}
    found = {c.name: {**own, **made}.get(c.name) for c in contract.columns}
    unsaid = [c for c in contract.columns if found[c.name] is None]
    read = {c for column in said.columns.values() for c in column.reads}
    read |= {*said.reads, *(c for c in own if c not in made)}
    return {
        "mapped": {c: words for c, words in found.items() if words},
        "missing": tuple(c.name for c in unsaid if not c.nullable),
        "empty": tuple(c.name for c in unsaid if c.nullable and not c.refines),
        "undecided": tuple(c.name for c in unsaid if c.undecided_if_missing),
        "unused": tuple(c for c in table.columns if c not in read and not marks.is_mark(c)),
    }


def count_rows(engine: Engine, table: Table, contract: Contract) -> dict[str, Any]:
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
    return engine.rows(given.aggregate(rows=given.count(), **span, newest=newest))[0]


def count_blanked(engine: Engine, table: Table) -> tuple[str, ...]:
    """How many instants are null as they are out of order, by column."""
    blanked = marks.blanked_columns(table.columns)
    if not blanked:
        return ()
    counts = {c: table.count(where=table[mark]) for c, mark in blanked.items()}
    (row,) = engine.rows(table.aggregate(**counts))
    return tuple(
        f"{c} is out of order in {count_of(n, 'row')}, so it is null there"
        for c, n in row.items()
        if n
    )


def find_untranslated(
    engine: Engine, table: Table, said: SourceSpec, contract: Contract
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
                for row in engine.rows(most)
            ]
            found += shown
            if len(shown) == MAX_UNTRANSLATED:
                more += _others(engine, name, strange, shown)
    return {"untranslated": tuple(found), "more_untranslated": tuple(more)}


def _others(engine: Engine, column: str, strange: Table, shown: list[Untranslated]) -> list[More]:
    """What there is beside the values that are shown."""
    total = strange.aggregate(values=strange.count(), rows=strange.row_count.sum())
    (whole,) = engine.rows(total)
    values = whole["values"] - len(shown)
    rows = int(whole["rows"]) - sum(v.rows for v in shown)
    return [More(column, values, rows)] if values else []
