"""What is charted of a table that no section is made for: chosen by the types of its columns.

Nothing is known of such a table but its contract, so what may be added up is decided by caution.
Counts and amounts may, unless their name says that they are a mean, an extreme or a place in a row;
other numbers (percentages, hours, scores) never are: they are shown for each value of the key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import ibis
from ibis import Table, _

from crm_ibis.contracts.models import Column, Contract, contracts
from crm_ibis.metrics import catalog
from crm_ibis.site.data.datasets import DATASETS, Dataset
from crm_ibis.site.data.work_lists import listed_tables

MEASURES = 3
"""How many numbers of a table are charted: the first of its contract."""
MONTHS = 24
MAX_ROWS = 8_000
"""What a page carries of one table."""
MAX_SERIES = MAX_ROWS // MONTHS
NEVER_ADDED = re.compile(
    r"(^|_)(avg|average|mean|median|min|max|p\d+|pct|percent|rate|ratio|share|score|rank|position"
    r"|index|per|hours|days|weight|probability|target|distinct|unique|cumulative)(_|$)"
)
"""Words in the name of a number that would mean nothing added up."""


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table by what a chart makes of them."""

    contract: Contract

    @property
    def name(self) -> str:
        return self.contract.name

    @cached_property
    def month(self) -> Column | None:
        """The day that rows are of: of the key, or one that says it is a month."""
        days = [c for c in self.contract.columns if c.dtype.is_date()]
        of_key = [c for c in days if c.name in self.contract.key]
        months = [c for c in days if c.name == "month" or c.name.endswith("_month")]
        named = [c for c in months if c.name == "month"]
        return next(iter([*named, *of_key, *months]), None)

    @cached_property
    def measures(self) -> tuple[Column, ...]:
        """The numbers that are charted."""
        return tuple(self._numbers)[:MEASURES]

    @cached_property
    def weight(self) -> Column | None:
        """The number that says how much a row weighs against others: the first that adds up."""
        return next((c for c in self._numbers if is_additive(c)), None)

    @cached_property
    def facility(self) -> Column | None:
        """The facility that a row is about."""
        known = [c for c in self._readable if c.references == "facilities"]
        return next((c for c in known if c.name in self.contract.key), next(iter(known), None))

    @cached_property
    def identity(self) -> tuple[Column, ...]:
        """What distinguishes the rows of one month."""
        return tuple(c for c in self._columns_of_key if c != self.month)

    @cached_property
    def is_dated_by_key(self) -> bool:
        """Whether there is one row of its identity a day, or a month."""
        return self.month is not None and self.month.name in self.contract.key

    @cached_property
    def kept_apart(self) -> tuple[Column, ...]:
        """What even counts are not added over: numbers and days of the key, and one closed list.

        An age in months has the same people in each row, and stages follow from one another.
        """
        numbered = [c for c in self.identity if _is_step(c)]
        listed = [c for c in self._readable if c.closed and c.dtype.is_string()]
        if not self.is_dated_by_key:
            return tuple(listed[:1]) if self.month else tuple(self.identity[:1])
        return tuple(numbered or [c for c in listed if c in self.identity][:1])

    @property
    def _columns_of_key(self) -> list[Column]:
        return [c for c in self.contract.columns if c.name in self.contract.key]

    @property
    def _readable(self) -> list[Column]:
        return [c for c in self.contract.columns if not c.private]

    @property
    def _numbers(self) -> Iterator[Column]:
        for c in self._readable:
            if c.dtype.is_numeric() and c not in self._columns_of_key and not _is_id(c):
                yield c


def is_additive(column: Column) -> bool:
    """Whether the sum of a column means something: of counts and exact amounts, by their names."""
    is_exact = column.dtype.is_integer() or column.dtype.is_decimal()
    return is_exact and not NEVER_ADDED.search(column.name)


def _is_id(column: Column) -> bool:
    return column.name == "id" or column.name.endswith("_id")


def _is_step(column: Column) -> bool:
    return not (column.dtype.is_string() or column.dtype.is_boolean() or _is_id(column))


@dataclass(frozen=True)
class DefaultDataset:
    """The rows of a table's default charts: its last months, added up where that is allowed."""

    name: str
    table: str
    series: tuple[str, ...]
    """What distinguishes the lines or bars of its charts."""
    facility: str | None
    """The column that holds a facility, if rows are to be chosen by it."""
    month: str | None
    sums: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """Taken as they are; where a key is a day, the value of the last day of each month."""
    weight: str | None = None
    of_calendars: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the table that it needs."""
        named = (self.facility, *self.series, self.month, *self.sums, *self.values, self.weight)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def keys(self) -> tuple[str, ...]:
        """What a row is of, as the page knows it."""
        facility = ["facility_id"] if self.facility else []
        month = ["month"] if self.month else []
        return (*facility, *(name for name in self.series if name != self.facility), *month)

    def query(self, table: Table) -> Table:
        """The rows as an expression, in the order of their keys."""
        return self._first_series(self._grouped(table)).order_by(self.keys)

    def without_facility(self) -> "DefaultDataset":
        """The same, all facilities added up: fewer rows; itself where they cannot be added."""
        if self.values or self.facility in self.series:
            return self
        return replace(self, facility=None)

    def _grouped(self, table: Table) -> Table:
        named = {"facility_id": self.facility} if self.facility else {}
        kept = {c: table[c] for c in self.columns if c not in (self.facility, self.month)}
        rows = table.select(**{n: table[c] for n, c in named.items()}, **kept, **self._day(table))
        if self.month:
            rows = rows.filter(_.day.notnull())
            month = _.day.cast("timestamp").truncate("M").cast("date")
            rows = _last_months(rows.mutate(month=month))
        totals = {c: _[c].sum().cast(table[c].type()) for c in self.sums}
        totals |= {c: self._newest(c) for c in (*self.values, self.weight) if c and c not in totals}
        return rows.group_by(self.keys).agg(**totals)

    def _day(self, table: Table) -> dict[str, ibis.Value]:
        return {"day": table[self.month]} if self.month else {}

    def _newest(self, column: str) -> ibis.Deferred:
        return _[column].argmax(_.day) if self.month else _[column].max()

    def _first_series(self, rows: Table) -> Table:
        """Only so many series as a page carries: of each facility those with most, in turn."""
        if self.sums and self.facility:
            return rows  # what is left out would be missing from a sum
        by = [name for name in self.keys if name != "month"]
        if not by:
            return rows
        weight = _[self.weight].sum().over(group_by=by) if self.weight else ibis.literal(0)
        order = [ibis.desc("series_weight"), *by]
        within = "facility_id" if self.facility else None
        place = ibis.dense_rank().over(group_by=within, order_by=order)
        turn = ibis.dense_rank().over(order_by=["place", *order])
        ranked = rows.mutate(series_weight=weight).mutate(place=place).mutate(turn=turn)
        return ranked.filter(_.turn < MAX_SERIES).select(*rows.columns)


def _last_months(rows: Table) -> Table:
    """The last months that the table has: what they are is not known before it is read."""
    place = ibis.dense_rank().over(order_by=ibis.desc("month"))
    return rows.mutate(place=place).filter(_.place < MONTHS).drop("place")


def uncharted_tables() -> list[TableColumns]:
    """The published tables of which no section or list is made, the most critical first."""
    charted = {dataset.table for dataset in DATASETS} | listed_tables()
    entries = [*catalog.entries(), *catalog.scheduled_facts()]
    return [TableColumns(contracts()[name]) for name in entries if name not in charted]


def default_datasets() -> list[DefaultDataset]:
    """The rows of all default charts: of each table those that add up, and those that do not."""
    return [d for table in uncharted_tables() for d in (sums_of(table), values_of(table)) if d]


def all_datasets() -> list[Dataset | DefaultDataset]:
    """What the scorecard carries: the rows of the charts made by hand, then of the default ones."""
    return [*DATASETS, *default_datasets()]


def sums_of(table: TableColumns) -> DefaultDataset | None:
    """The measures that are added up, over all but the facility and what is kept apart."""
    added = tuple(c.name for c in table.measures if is_additive(c))
    if not added or any(c.private for c in table.kept_apart):
        return None
    return _dataset(table, "sums", table.kept_apart, sums=added)


def values_of(table: TableColumns) -> DefaultDataset | None:
    """The measures that are never added up: a row for each value of the key."""
    kept = tuple(c.name for c in table.measures if not is_additive(c))
    one_a_row = table.is_dated_by_key or table.month is None
    if not kept or not one_a_row or any(c.private for c in table.identity):
        return None
    return _dataset(table, "values", table.identity, values=kept)


def _dataset(
    table: TableColumns,
    kind: str,
    series: tuple[Column, ...],
    sums: tuple[str, ...] = (),
    values: tuple[str, ...] = (),
) -> DefaultDataset:
    # A value without a facility cannot be shown for one.
    about = table.facility if sums or table.facility in series else None
    return DefaultDataset(
        name=f"{table.name} ({kind})",
        table=table.name,
        series=tuple(c.name for c in series),
        facility=about.name if about else None,
        month=table.month.name if table.month else None,
        sums=sums,
        values=values,
        weight=_weight(table, sums),
    )


def _weight(table: TableColumns, sums: tuple[str, ...]) -> str | None:
    """By which the largest series are chosen."""
    if sums:
        return sums[0]
    return table.weight.name if table.weight else None
