"""What is known of the columns that a new table takes over: types, meaning, values to draw."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.datatypes as dt

from crm_ibis.contracts import types
from crm_ibis.contracts.models import Column, contracts
from crm_ibis.contracts.types import dtype_of
from crm_ibis.errors import UsageError
from crm_ibis.metrics import graph
from crm_ibis.metrics.columns import columns_of
from crm_ibis.scaffold.names import known_column

TYPE_NAMES = ("Text", "Flag", "Count", "Number", "Day", "Money", "Exact", "Instant")
LINE = 100
DRAWN = {
    "Text": ("a", "b"),
    "Flag": ("false", "true"),
    "Count": ("1", "2"),
    "Number": ("1", "2"),
    "Money": ("1.00", "2.00"),
    "Exact": ("1", "2"),
    "Day": ("2024-01-01", "2024-02-01"),
    "Instant": ("2024-01-10", "2024-02-10"),
}
"""Two different values of each type, as they are drawn in a test."""


@dataclass(frozen=True)
class TakenColumn:
    """A column of a new table that is one of the table it is computed from."""

    name: str
    type_name: str
    description: str
    nullable: bool = False
    references: str | None = None
    values: tuple[str, ...] = ()
    """The only values it may have, if they are listed."""

    @property
    def declaration(self) -> str:
        """Its line in the contract."""
        arguments = [f'"{self.description}"']
        if self.references:
            arguments.append(f'references="{self.references}"')
        if self.nullable:
            arguments.append("nullable=True")
        if self.is_month:
            arguments.append("whole_month=True")
        head = f"    {self.name}: {self.type_name} = column("
        for text in (
            f"{head}{', '.join(arguments)})",
            f"{head}\n        {', '.join(arguments)}\n    )",
        ):
            if max(map(len, text.splitlines())) <= LINE:
                return text
        listed = "".join(f"        {argument},\n" for argument in arguments)
        return f"{head}\n{listed}    )"

    @property
    def is_month(self) -> bool:
        return self.type_name == "Day" and self.name.endswith("month")

    @property
    def drawn(self) -> tuple[str, str]:
        """Two different values."""
        if len(self.values) > 1:
            return self.values[0], self.values[1]
        first, second = DRAWN[self.type_name]
        if self.type_name == "Text":
            return f"{self.name[0]}1", f"{self.name[0]}2"
        return first, second


@dataclass(frozen=True)
class Origin:
    """The table that a new one is computed from, and another that it is joined with, if any is."""

    table: str
    key: str
    grain: tuple[TakenColumn, ...]
    joined: str | None = None
    joined_on: str | None = None
    joined_for: tuple[str, ...] = ()
    """The columns of the grain that only the joined table has."""

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(table for table in (self.table, self.joined) if table)


def type_name_of(dtype: dt.DataType, where: str) -> str:
    """The name in `crm_ibis.types` of a type; raises UsageError for one that has none."""
    plain = dtype.copy(nullable=True)
    for name in TYPE_NAMES:
        if dtype_of(getattr(types, name)) == plain:
            return name
    raise UsageError(
        f"{where} is {dtype}, which no type of crm_ibis.types stands for; leave it out"
    )


def taken(table: str, name: str) -> TakenColumn:
    """A column of a table as a new table declares it."""
    dtype = columns_of(table)[known_column(name, columns_of(table), table)]
    declared = _declared(table, name)
    type_name = type_name_of(dtype, f"{table}.{name}")
    if declared is None:
        words = name.replace("_", " ").capitalize()
        return TakenColumn(name, type_name, f"{words}.")
    return TakenColumn(
        name=name,
        type_name=type_name,
        description=_in_short(declared.description),
        nullable=declared.nullable,
        references=declared.references,
        values=_allowed(table, name),
    )


def _in_short(description: str) -> str:
    """What a description says first, without what would end a text in Python."""
    first = description.replace('"', "'").replace("\\", "/").split(";")[0]
    return f"{first.rstrip('.')}."


def _described_by(table: str) -> list[str]:
    """Tables whose contract says what a column of the same name means: itself, else its sources."""
    return [table] if table in contracts() else graph.needs(table)


def _declared(table: str, name: str) -> Column | None:
    for described in _described_by(table):
        for column in contracts()[described].columns if described in contracts() else ():
            if column.name == name:
                return column
    return None


def _allowed(table: str, name: str) -> tuple[str, ...]:
    for described in _described_by(table):
        if described in contracts() and name in contracts()[described].schema:
            checks = contracts()[described].model.to_schema().columns[name].checks
            listed = (check.statistics.get("allowed_values") for check in checks)
            return tuple(next((values for values in listed if values), ()))
    return ()


def origin_of(table: str, grain: Sequence[str]) -> Origin:
    """Where the columns of a grain come from.

    What the table itself lacks is taken from the staging table that one of its columns is the key
    of: `facility_id` of an opportunity is that of its lead. Raises UsageError for a column that is
    in neither.
    """
    columns = list(columns_of(table))
    missing = tuple(name for name in grain if name not in columns)
    joined = _joinable(table, columns, missing) if missing else None
    if missing and joined is None:
        known_column(missing[0], columns, table)
    places = {name: joined[0] if joined and name in missing else table for name in grain}
    return Origin(
        table=table,
        key=_key(table, columns),
        grain=tuple(taken(place, name) for name, place in places.items()),
        joined=joined[0] if joined else None,
        joined_on=joined[1] if joined else None,
        joined_for=missing,
    )


def _key(table: str, columns: list[str]) -> str:
    if table in contracts():
        return contracts()[table].key[0]
    return columns[0]


def _joinable(table: str, columns: list[str], missing: tuple[str, ...]) -> tuple[str, str] | None:
    """A staging table with the missing columns, and the column of this table that is its key."""
    for name in graph.table_functions():
        if not name.startswith("stg_") or name == table:
            continue
        theirs = list(columns_of(name))
        if theirs[0] in columns and set(missing) <= set(theirs):
            return name, theirs[0]
    return None
