"""The columns of a landed table as a mapping reads them: without its null values and other rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis.expr.types as ir
from ibis import Table

from crm_ibis.sources import spec
from crm_ibis.sources.column_spec import Column, Condition
from crm_ibis.sources.columns import matching


class Reader(Mapping[str, ir.Value]):
    """A source's table; its items are the columns, null where they hold what stands for nothing."""

    def __init__(self, table: Table, source: str, said: spec.SourceSpec) -> None:
        self.table = table
        self.source = source
        self.said = said

    def __getitem__(self, column: str) -> ir.Value:
        return self.read(column, self.said.null_values, f"sources.{self.source}.null_values")

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.columns)

    def __len__(self) -> int:
        return len(self.table.columns)

    def read(self, column: str, null_values: Sequence[Any], where: str) -> ir.Value:
        """A column, null where it has one of these values; ids and enumerations as text."""
        value = self.table[column]
        if value.type().is_uuid() or value.type().is_unknown():  # PostgreSQL's enumerations
            value = value.cast("string")
        return matching.null_sentinels(value, null_values, where)

    def column(self, column: str, declared: Column, where: str) -> ir.Value:
        """A column for one of ours, which may have null values of its own."""
        if declared.null_values is None:
            return self[column]
        return self.read(column, declared.null_values, f"{where}.null_values")

    def holds(self, conditions: dict[str, Condition], where: str) -> ir.BooleanValue:
        """Whether the conditions hold in a row."""
        return matching.holds(self, conditions, where)

    def zone(self, declared: Column | None) -> str | None:
        """The time zone of what has none of its own."""
        return (declared.time_zone if declared else None) or self.said.time_zone

    def selected_rows(self) -> "Reader":
        """The rows that the mapping does not leave out."""
        where = f"sources.{self.source}"
        kept = [
            matching.is_one_of(self[c], values, f"{where}.only.{c}")
            for c, values in self.said.only.items()
        ]
        kept += [
            ~matching.is_one_of(self[c], values, f"{where}.leave_out.{c}")
            for c, values in self.said.leave_out.items()
        ]
        return Reader(self.table.filter(*kept), self.source, self.said) if kept else self
