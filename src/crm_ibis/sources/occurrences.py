"""Values that sources.yml names and that never occur in the landed table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.literal_yaml import source_text
from crm_ibis.engines import Engine
from crm_ibis.sources.column_spec import Column
from crm_ibis.sources.columns.matching import same
from crm_ibis.sources.columns.reader import Reader
from crm_ibis.sources.spec import SourceSpec

SHOWN = 10
"""So many values that never occur are named."""


@dataclass(frozen=True)
class Named:
    """A value that a key of sources.yml names for a column of the landed table."""

    key: str
    column: str
    value: Any
    translated_by: Column | None = None
    """The column of ours that translates it, which may have null values of its own."""

    def read_by(self, landed: Reader) -> ir.Value:
        """The landed column as the key reads it."""
        if self.translated_by is None:
            return landed[self.column]
        return landed.column(self.column, self.translated_by, self.key)

    def __str__(self) -> str:
        written = source_text(self.value)
        shown = "an address" if "@" in written else repr(written)
        return f"{self.key}: {self.column} {shown}"


def never(engine: Engine, name: str, table: Table, said: SourceSpec) -> list[Named]:
    """Those of the named values that a source's landed table holds in no row; none where it has no
    rows."""
    asked = [named for named in _named(said) if named.column in table.columns]
    if not asked:
        return []
    landed = Reader(table, name, said)
    seen = {f"seen_{i}": _is(n.read_by(landed), n.value).any() for i, n in enumerate(asked)}
    (found,) = engine.rows(table.aggregate(row_count=table.count(), **seen))
    if not found["row_count"]:
        return []
    return [named for i, named in enumerate(asked) if not found[f"seen_{i}"]]


def hints(rows: int, unseen: Sequence[Named]) -> tuple[str, ...]:
    """What is worth a word about a source that keeps its contract: no row, values never seen."""
    empty = () if rows else ("has no rows",)
    if not unseen:
        return empty
    more = f" and {len(unseen) - SHOWN} more" if len(unseen) > SHOWN else ""
    listed = "; ".join(map(str, unseen[:SHOWN]))
    return (*empty, f"sources.yml names values that never occur: {listed}{more}")


def _named(said: SourceSpec) -> Iterator[Named]:
    for key, chosen in (("only", said.only), ("leave_out", said.leave_out)):
        for column, choices in chosen.items():
            yield from (Named(key, column, value) for value in choices)
    for name, made in said.columns.items():
        if made.landed_column:
            translated = (value for value in made.values if value is not None)
            yield from (
                Named(f"{name}.values", made.landed_column, value, made) for value in translated
            )
        for key, conditions in (("when", made.when), ("where", made.where)):
            for column, condition in conditions.items():
                chosen_values = (value for value in condition.choices if value is not None)
                yield from (Named(f"{name}.{key}", column, value) for value in chosen_values)


def _is(column: ir.Value, value: Any) -> ir.BooleanValue:
    return column.isnull() if value is None else same(column, value)
