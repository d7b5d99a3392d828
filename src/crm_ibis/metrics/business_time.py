"""Business time: how long a ticket's calendar was open between instants, and when it will have been
open for long enough.

A clock counts the open time of every calendar from 1970 on. Business time between two instants is
the difference of its readings; the instant at which a target is used up is the earliest one with a
given reading. Readings are looked up in the small tables of `calendar_tables`, by the day of an
instant and by the slot of a reading. Everything is whole microseconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Protocol

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.calendars import ALWAYS
from crm_ibis.config.params import Params
from crm_ibis.config.sla import may_use
from crm_ibis.errors import UsageError
from crm_ibis.expressions import DAY, HOUR, instant, microseconds_between, when
from crm_ibis.metrics.calendar_tables import (
    DAYS,
    SLOTS,
    CalendarTables,
    by_number,
    instant_of,
    tables_of,
)
from crm_ibis.metrics.opening_times import EPOCH, open_intervals, open_until

HORIZON = timedelta(days=400)
"""In the time after `as_of`, a calendar must be open for its largest target."""
CALENDAR = "calendar_number"

_EARLIEST: ContextVar[datetime] = ContextVar("_EARLIEST", default=datetime.min)


@contextmanager
def needed_from(earliest: datetime | None) -> Iterator[None]:
    """Says that no instant before another will be asked of the clocks that are made meanwhile.

    Their tables are shorter by what lies before it; what they answer is the same.
    """
    token = _EARLIEST.set(earliest or datetime.min)
    try:
        yield
    finally:
        _EARLIEST.reset(token)


class Clock(Protocol):
    """Reads the open time of each row's calendar."""

    def assign(self, tickets: Table, facilities: Table) -> Table:
        """The tickets with what tells their calendar."""

    def read(self, rows: Table, instants: Mapping[str, str]) -> Table:
        """The rows with a reading in microseconds, by name, at the instant in a column each.

        Null where the instant is. Instants are microseconds since 1970, none later than the end of
        the calendars.
        """

    def now(self, rows: Table) -> ir.IntegerValue:
        """The reading of each row's calendar at `as_of`."""

    def reached(self, rows: Table, readings: Mapping[str, str]) -> Table:
        """The rows with an instant, by name: the earliest one with the reading in a column each.

        Null where the reading is. A reading is more than 0.
        """


def clock_of(params: Params, as_of: datetime) -> Clock:
    """The clock of a run.

    Raises UsageError naming a calendar that is open too little after `as_of` for its targets.
    """
    return CalendarClock(params, as_of) if params.calendars else WallClock(as_of)


def since_1970(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since 1970; null for null."""
    return microseconds_between(instant(EPOCH), moment)


class WallClock:
    """Runs around the clock: its reading is the time since 1970."""

    def __init__(self, as_of: datetime) -> None:
        self.as_of = as_of

    def assign(self, tickets: Table, facilities: Table) -> Table:
        return tickets

    def read(self, rows: Table, instants: Mapping[str, str]) -> Table:
        return rows.mutate(**{name: rows[column] for name, column in instants.items()})

    def now(self, rows: Table) -> ir.IntegerValue:
        return ibis.literal(_microseconds(self.as_of), "int64")

    def reached(self, rows: Table, readings: Mapping[str, str]) -> Table:
        return rows.mutate(**{name: instant_of(rows[c]) for name, c in readings.items()})


class CalendarClock:
    """Runs while the calendar of a row is open; calendars are numbered in the order of `names`."""

    def __init__(self, params: Params, as_of: datetime) -> None:
        self.as_of = as_of
        self.params = params
        self.names = [name for name in (ALWAYS, *params.calendars) if may_use(params.sla, name)]
        refuse_closed(params, as_of)

    @cached_property
    def tables(self) -> CalendarTables:
        declared = self.params.calendars
        written = [None if n == ALWAYS else declared[n].model_dump_json() for n in self.names]
        return tables_of(tuple(written), _EARLIEST.get(), self.as_of + HORIZON)

    @cached_property
    def pieces(self) -> Table:
        return self.tables.pieces()

    @cached_property
    def windows(self) -> Table:
        return self.tables.windows()

    def assign(self, tickets: Table, facilities: Table) -> Table:
        named = {p: t.calendar for p, t in self.params.sla.items() if t.calendar is not None}
        by_priority = [(p, self._number(calendar)) for p, calendar in named.items()]
        if len(named) == len(self.params.sla):
            number = tickets.priority.cases(*by_priority)
            return tickets.mutate(**{CALENDAR: number.cast("int64")})
        default = self._number(self.params.default_calendar)
        numbers = [(name, self._number(name)) for name in self.names]
        of_facility = facilities.select(
            calendar_facility="id", facility_calendar=facilities.calendar.cases(*numbers)
        )
        joined = tickets.left_join(of_facility, [("facility_id", "calendar_facility")])
        number = ibis.coalesce(joined.facility_calendar, default)
        if by_priority:
            number = joined.priority.cases(*by_priority, else_=number)
        return joined.select(*tickets.columns, **{CALENDAR: number.cast("int64")})

    def _number(self, name: str) -> int:
        return self.names.index(name)

    def read(self, rows: Table, instants: Mapping[str, str]) -> Table:
        keys = {
            f"day_{name}": (rows[CALENDAR] * DAYS + rows[column] // DAY).cast("int64")
            for name, column in instants.items()
        }
        found = keyed = rows.mutate(**keys)
        for name, column in instants.items():
            piece = _renamed(self.pieces, name)
            at = keyed[column]
            found = found.left_join(
                piece,
                [
                    keyed[f"day_{name}"] == piece[f"calendar_day_{name}"],
                    piece[f"starts_{name}"] <= at,
                    piece[f"ends_{name}"] > at,
                ],
            )
        readings = {}
        for name, column in instants.items():
            opened = ibis.least(found[column] - found[f"starts_{name}"], found[f"open_{name}"])
            # No piece is before the calendars begin: nothing was open until then.
            reading = (found[f"before_{name}"] + opened).fill_null(0)
            readings[name] = when(found[column].notnull(), reading)
        return found.select(*rows.columns, **readings)

    def now(self, rows: Table) -> ir.IntegerValue:
        readings = [self.tables.open_until(n, self.as_of) for n in range(len(self.names))]
        return by_number(rows[CALENDAR], readings)

    def reached(self, rows: Table, readings: Mapping[str, str]) -> Table:
        # The last microsecond that is used up lies in the window, and its end may not.
        last = {name: rows[column] - 1 for name, column in readings.items()}
        width = by_number(rows[CALENDAR], self.tables.slots)
        keys = {
            f"slot_{name}": (rows[CALENDAR] * SLOTS + used // width).cast("int64")
            for name, used in last.items()
        }
        found = keyed = rows.mutate(**keys)
        for name, column in readings.items():
            window = _renamed(self.windows, name)
            reading = keyed[column]
            found = found.left_join(
                window,
                [
                    keyed[f"slot_{name}"] == window[f"calendar_slot_{name}"],
                    window[f"before_{name}"] < reading,
                    window[f"after_{name}"] >= reading,
                ],
            )
        instants = {
            name: found[f"starts_at_{name}"]
            + (found[column] - found[f"before_{name}"]).as_interval("us")
            for name, column in readings.items()
        }
        return found.select(*rows.columns, **instants)


def without_lookups(table: Table, columns: Iterable[str]) -> Table:
    """Some columns of a table, without what it looks up last, if they need none of that.

    Databases do not know that a lookup finds at most one row for each, and would join all the same.
    """
    columns = list(columns)
    op = table.op()
    needed = [op.values.get(c) for c in columns] if hasattr(op, "values") else []
    if not needed or not all(isinstance(value, ops.Field) for value in needed):
        return table.select(columns)
    names = {c: value.name for c, value in zip(columns, needed, strict=True)}
    if isinstance(op, ops.Project):
        inner = without_lookups(op.parent.to_expr(), names.values())
        return inner.select(**{c: inner[name] for c, name in names.items()})
    looks_up = isinstance(op, ops.JoinChain) and all(link.how == "left" for link in op.rest)
    if looks_up and all(value.rel == op.first for value in needed):
        first = op.first.parent.to_expr()
        return first.select(**{c: first[name] for c, name in names.items()})
    return table.select(columns)


def _renamed(table: Table, name: str) -> Table:
    return table.rename({f"{column}_{name}": column for column in table.columns})


def _microseconds(moment: datetime) -> int:
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - EPOCH) // timedelta(microseconds=1)


def refuse_closed(params: Params, as_of: datetime) -> None:
    """Raises UsageError naming a calendar that is open too little after `as_of` for its targets."""
    for name, calendar in params.calendars.items():
        judged = may_use(params.sla, name)
        if not judged:
            continue
        until = as_of + HORIZON
        found = open_intervals(calendar.model_dump_json(), as_of.date(), until.date())
        open_ = open_until(found, until) - open_until(found, as_of)
        largest = max(max(params.sla[p].response, params.sla[p].resolution) for p in judged)
        if open_ < largest:
            place = params.layered.place_of(["calendars", name])
            where = f"{place}: " if place else ""
            raise UsageError(
                f"{where}the calendar {name} is open for {open_ / HOUR:g} hours in the 400 days "
                f"after {as_of}, which is less than its largest target, {largest / HOUR:g} hours; "
                "give it more hours, or its tickets another calendar"
            )
