"""The calendars of a run as small tables that every database can join, made of text in the query.

A week of a calendar is made of pieces: each begins with open time, maybe none, which closed time
follows, and none reaches beyond a day of UTC. Weeks that are cut alike are of one kind; a calendar
is then a kind for each week, with the open time of all weeks before. So the query holds a few
kilobytes for each calendar, and the database makes the rows of them. No window function and no
series is needed for that: either keeps PostgreSQL from a parallel plan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.expressions import instant
from crm_ibis.metrics.opening_times import (
    DAY_SECONDS,
    EPOCH,
    MICRO,
    Interval,
    midnight_of,
    open_intervals,
    open_until,
)

DAY = DAY_SECONDS * MICRO
DAYS = 100_000
"""More than the days of any calendar: `number of a calendar * DAYS + day since 1970` is a key."""
SLOTS = 10**9
"""The same of the slots, in which open time is cut."""
WEEK = 7
FIRST_DAY = date(1990, 1, 1)
"""Calendars begin here, as do the plausible years of sources. Before, nothing is open."""

Piece = tuple[int, int, int, int]
"""The number of a day in its week, and in seconds of the day: where it starts, where the next one
does; how many seconds are open."""


@dataclass(frozen=True)
class CalendarTables:
    """Calendars, from 1990 or later on, by their numbers: 0, 1, ...

    `weeks` has `calendar:key of its first day:kind:open seconds before` for each week of each
    calendar, `kinds` has `kind:day:start:end:open seconds:open seconds of the week before` for each
    piece of each kind.
    """

    weeks: str
    kinds: str
    slots: tuple[int, ...]
    """Of each calendar, its longest piece in microseconds: open time is cut into slots of it."""
    intervals: tuple[tuple[Interval, ...], ...]

    def open_until(self, calendar: int, moment: datetime) -> int:
        """Microseconds that a calendar has been open from its begin up to an instant (UTC)."""
        return open_until(self.intervals[calendar], moment)

    def pieces(self) -> Table:
        """One row for each piece.

        `calendar`, `calendar_day` (the key of its day), `starts`, `ends` (microseconds since 1970),
        `open` (of these), `before` (open microseconds of the calendar before it).
        """
        weeks = _rows(self.weeks, ("calendar", "first", "kind", "open_before"))
        kinds = _rows(self.kinds, ("kind", "day", "starts", "ends", "open", "before"))
        joined = kinds.inner_join(weeks, "kind")
        day = (joined["first"] + joined.day).cast("int64")
        midnight = (day % DAYS) * DAY
        return joined.select(
            "calendar",
            calendar_day=day,
            starts=midnight + joined.starts * MICRO,
            ends=midnight + joined.ends * MICRO,
            open=joined.open * MICRO,
            before=(joined.open_before + joined.before) * MICRO,
        )

    def windows(self) -> Table:
        """One row for each slot that a piece with open time reaches into: one or two.

        `calendar_slot` (the key of a slot), `starts_at` (UTC), `before`, `after` (open microseconds
        of the calendar before the piece, and with it).
        """
        pieces = self.pieces()
        pieces = pieces.filter(pieces.open > 0)
        width = by_number(pieces.calendar, self.slots)
        reached = pieces.select(
            "calendar",
            "before",
            first=(pieces.before // width).cast("int64"),
            last=((pieces.before + pieces.open - 1) // width).cast("int64"),
            starts_at=instant_of(pieces.starts),
            after=pieces.before + pieces.open,
        )
        each = reached.cross_join(_rows("0 1", ("further",)))
        slot = each["first"] + each.further
        return each.filter(slot <= each["last"]).select(
            "starts_at",
            "before",
            "after",
            calendar_slot=(each.calendar * SLOTS + slot).cast("int64"),
        )


def instant_of(microseconds: ir.IntegerValue) -> ir.TimestampValue:
    """The instant so many microseconds after 1970 began."""
    # In two steps: PostgreSQL makes an interval of seconds, in a float.
    days = (microseconds // DAY).cast("int64")
    rest = microseconds % DAY
    return (instant(EPOCH) + days.as_interval("D") + rest.as_interval("us")).cast("timestamp(6)")


def by_number(calendar: ir.IntegerValue, values: Sequence[int]) -> ir.IntegerValue:
    """The value of a calendar, by its number."""
    literals = [ibis.literal(value, "int64") for value in values]
    if len(literals) == 1:
        return literals[0]
    return calendar.cases(*enumerate(literals[:-1]), else_=literals[-1])


def _rows(text: str, names: Sequence[str]) -> Table:
    """Each blank-separated part of a text as a row of whole numbers, which `:` separates."""
    lines = ibis.literal(text).split(" ").unnest().name("line").as_table()
    split = lines.select(field=lines.line.split(":"))
    return split.select(**{name: split.field[i].cast("int64") for i, name in enumerate(names)})


@lru_cache(maxsize=16)
def tables_of(calendars: tuple[str | None, ...], begin: datetime, end: datetime) -> CalendarTables:
    """Calendars, as JSON, or None for the one that is always open, from an instant to another."""
    first_day = FIRST_DAY + timedelta(days=max(0, (begin.date() - FIRST_DAY).days // WEEK * WEEK))
    length = (end.date() - first_day).days // WEEK * WEEK + WEEK
    last_day = first_day + timedelta(days=length - 1)
    first = midnight_of(first_day)
    always = ((first, first + length * DAY_SECONDS),)
    intervals = tuple(
        always if written is None else open_intervals(written, first_day, last_day)
        for written in calendars
    )
    kinds: dict[tuple[Piece, ...], int] = {}
    weeks = []
    for calendar, found in enumerate(intervals):
        before = 0
        days = list(_cut(found, range(first, first + length * DAY_SECONDS, DAY_SECONDS)))
        for week in range(0, length, WEEK):
            pieces = tuple(_pieces_of(days[week : week + WEEK]))
            kind = kinds.setdefault(pieces, len(kinds))
            key = calendar * DAYS + first // DAY_SECONDS + week
            weeks.append(f"{calendar}:{key}:{kind}:{before}")
            before += sum(open_ for *_, open_ in pieces)
    longest = tuple(
        max(min(DAY_SECONDS, stop - start) for start, stop in found) * MICRO for found in intervals
    )
    return CalendarTables(" ".join(weeks), " ".join(_lines_of(kinds)), longest, intervals)


def _lines_of(kinds: dict[tuple[Piece, ...], int]) -> Iterator[str]:
    for pieces, kind in kinds.items():
        before = 0
        for day, start, end, open_ in pieces:
            yield f"{kind}:{day}:{start}:{end}:{open_}:{before}"
            before += open_


def _pieces_of(days: Sequence[Sequence[Interval]]) -> Iterator[Piece]:
    """The pieces of a week, by the open intervals of its days."""
    for day, within in enumerate(days):
        if not within or within[0][0] > 0:
            within = [(0, 0), *within]
        ends = [*(start for start, _ in within[1:]), DAY_SECONDS]
        for (start, stop), end in zip(within, ends, strict=True):
            yield day, start, end, stop - start


def _cut(intervals: Sequence[Interval], midnights: range) -> Iterator[list[Interval]]:
    """What is open of each day, in seconds of the day."""
    position = 0
    for midnight in midnights:
        within = []
        while position < len(intervals) and intervals[position][0] < midnight + DAY_SECONDS:
            start, stop = intervals[position]
            if stop > midnight:
                within.append((max(start - midnight, 0), min(stop - midnight, DAY_SECONDS)))
            if stop > midnight + DAY_SECONDS:
                break
            position += 1
        yield within
