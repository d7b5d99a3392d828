"""Several rows of an event log or a history made one: first and last instants, latest values."""

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.errors import UsageError
from crm_ibis.expressions import when
from crm_ibis.sources.column_spec import Column, Moment
from crm_ibis.sources.columns import marks, transforms
from crm_ibis.sources.columns import parts as column_parts
from crm_ibis.sources.columns.instants import INSTANT
from crm_ibis.sources.columns.parts import Part
from crm_ibis.sources.columns.reader import Reader


@dataclass(frozen=True)
class Grouped:
    """One row per key: what each column is made of there, and the marks of what went wrong."""

    table: Table
    parts: dict[str, Part]
    marks: dict[str, ir.BooleanValue]


@dataclass(frozen=True)
class Order:
    """An order of the rows of a key, from which first or last values are taken."""

    name: str
    last: bool
    ties: int

    @property
    def columns(self) -> list[str]:
        return [f"{self.name} by", *(f"{self.name} tie {i}" for i in range(self.ties))]

    def place(self, rows: Table, keys: list[str]) -> ir.IntegerValue:
        """The place of each row among those of its key that count; ties share one."""
        order = [ibis.desc(rows[c]) if self.last else ibis.asc(rows[c]) for c in self.columns]
        counts = rows[f"{self.name} counts"]
        window = ibis.window(group_by=[*(rows[key] for key in keys), counts], order_by=order)
        return ibis.ifelse(counts, ibis.rank().over(window), ibis.null("int64"))


class OneRow:
    """Makes one row of all rows with the same key."""

    def __init__(self, reader: Reader, types: Mapping[str, dt.DataType]) -> None:
        self.reader = reader
        self.types = types
        self.columns: dict[str, Column] = {}
        self.parts: dict[str, Part] = {}
        self.rows: dict[str, ir.Value] = {
            f"key {i}": reader[column] for i, column in enumerate(reader.said.one_row_per)
        }
        self.keys = list(self.rows)
        self.orders: dict[tuple[object, ...], Order] = {}
        """Columns that name the same order share it."""

    def add(self, name: str, declared: Column) -> None:
        """A column to be made."""
        where = f"sources.{self.reader.source}.columns.{name}"
        part = column_parts.part_of(self.reader, declared, self.types[name], where)
        self.columns[name] = declared
        self.parts[name] = part
        if _is_constant(declared):
            return
        value = part.value
        plain = value.type().is_primitive() or value.type().is_temporal()
        plain = plain or value.type().is_decimal() or value.type().is_string()
        self.rows[f"value {name}"] = value if plain else value.cast("string")
        if part.unreadable is not None:
            self.rows[f"unreadable {name}"] = part.unreadable
        if declared.where:
            self.rows[f"where {name}"] = self.reader.holds(declared.where, f"{where}.where")
        if declared.by:
            self._order(name, declared, declared.by, where)

    def reduce(self) -> Grouped:
        """The table of one row per key."""
        joined = {c: self.reader.table[c] for c in self.reader.table.columns if marks.is_mark(c)}
        rows = self.reader.table.select(**self.rows, **joined)
        places = {order.name: order.place(rows, self.keys) for order in self.orders.values()}
        ranked = rows.mutate(**places) if places else rows
        made: dict[str, ir.Value] = {}
        for name, declared in self.columns.items():
            if not _is_constant(declared):
                made |= self._reduce_column(ranked, name, declared)
        made |= {c: ranked[c].any() for c in joined}
        table = ranked.group_by(self.keys).agg(**made)
        parts = {
            name: part
            if _is_constant(self.columns[name])
            else Part(table[f"value {name}"], part.is_made)
            for name, part in self.parts.items()
        }
        found = {c: table[c].fill_null(False) for c in table.columns if marks.is_mark(c)}
        return Grouped(table, parts, found)

    def _reduce_column(self, rows: Table, name: str, declared: Column) -> dict[str, ir.Value]:
        """The aggregates of a column: its value, and the marks of what may be wrong with it."""
        value = rows[f"value {name}"]
        chosen = ibis.literal(True)
        if f"where {name}" in rows.columns:
            chosen = rows[f"where {name}"]
        made: dict[str, ir.Value] = {}
        if f"unreadable {name}" in rows.columns:
            made[marks.UNREADABLE + name] = rows[f"unreadable {name}"].any(where=chosen)
        if declared.first:
            return {f"value {name}": value.min(where=chosen), **made}
        if declared.last or declared.latest:
            return {f"value {name}": value.max(where=chosen), **made}
        if declared.by:
            chosen = rows[self.orders[_order_key(declared)].name] == 0
        lowest = value.min(where=chosen)
        highest = value.max(where=chosen)
        made[f"value {name}"] = highest
        differs = lowest != highest
        if declared.by:
            # A null beside a value would be overlooked.
            filled = value.count(where=chosen)
            differs = differs.fill_null(False) | (
                (filled > 0) & (filled < rows.count(where=chosen))
            )
        made[(marks.TIED if declared.by else marks.SEVERAL) + name] = differs
        return made

    def _order(self, name: str, declared: Column, by: Moment, where: str) -> None:
        """Adds the order that a first or last value is taken from."""
        moment, unreadable = self._moment(by, f"{where}.by")
        ties = [self._tie(tie, f"{where}.ties") for tie in declared.ties]
        for unread in (unreadable, *(unread for _, unread in ties)):
            if unread is not None:
                known = self.rows.get(f"unreadable {name}")
                self.rows[f"unreadable {name}"] = unread if known is None else known | unread
        key = _order_key(declared)
        if key in self.orders:
            return
        order = Order(f"order {len(self.orders)}", bool(declared.last_value), len(declared.ties))
        self.orders[key] = order
        counts = moment.notnull()
        if declared.where:
            counts = counts & self.reader.holds(declared.where, f"{where}.where")
        values = [moment, *(value for value, _ in ties)]
        self.rows |= dict(zip(order.columns, values, strict=True))
        self.rows[f"{order.name} counts"] = counts

    def _moment(self, by: Moment, where: str) -> tuple[ir.Value, ir.BooleanValue | None]:
        given = self.reader[by.from_]
        if given.type().is_numeric() and not by.format and not by.number:
            return _known(given), None  # a version or sequence number orders as well
        declared = Column.model_validate(by.model_dump(by_alias=True, exclude_unset=True))
        if by.number:
            given = self.reader.column(by.from_, declared, where)
            made = transforms.read_as(given, declared, dt.float64, None, where)
            return made.value, made.unreadable
        part = column_parts.instant_of(self.reader, by.from_, declared, INSTANT, where)
        return part.value, part.unreadable

    def _tie(self, tie: Moment, where: str) -> tuple[ir.Value, ir.BooleanValue | None]:
        if tie.number or tie.format:
            return self._moment(tie, where)
        given = self.reader[tie.from_]
        if given.type().is_numeric() or given.type().is_temporal():
            return _known(given), None
        raise UsageError(
            f"sources.yml: {where}: column {tie.from_} is {given.type()}; ties are broken by "
            "numbers, dates and instants, because each database orders text in its own way. Read "
            f'the text with {{from: {tie.from_}, number: "1"}} or with `format`'
        )


def _known(given: ir.Value) -> ir.Value:
    """A number without NaN, which loaders write where there is none and which would be the last."""
    return when(~given.isnan(), given) if given.type().is_floating() else given


def _is_constant(declared: Column) -> bool:
    """Whether it is the same in every row."""
    return declared.has("value") and not declared.when


def _order_key(declared: Column) -> tuple[object, ...]:
    where = tuple((c, repr(condition)) for c, condition in declared.where.items())
    return bool(declared.last_value), repr(declared.by), repr(declared.ties), where
