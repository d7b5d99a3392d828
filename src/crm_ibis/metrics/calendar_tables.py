"""The calendars of a run as small tables that every database can join, made of text in the query.

A day of a calendar is made of pieces: each begins with open time, maybe none, which closed time
follows. Days that are cut alike are of one kind, named by a code of letters and digits; a calendar
is then a code per day. So the query holds a few kilobytes for each calendar, and the database makes
the rows of them, with the open time of all days before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count, product

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.expressions import instant
from crm_ibis.metrics.opening_times import (
    DAY_SECONDS,
    EPOCH,
    Interval,
    midnight_of,
    open_intervals,
    open_until,
)

MICRO = 1_000_000
DAY = DAY_SECONDS * MICRO
DAYS = 100_000
"""More than the days of any calendar: `number of a calendar * DAYS + day since 1970` is a key."""
SLOTS = 10**9
"""The same of the slots, in which open time is cut."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
CHUNK = 366
"""Days to a line of the text."""

FIRST_DAY = date(1990, 1, 1)
"""Calendars begin here, as do the plausible years of sources. Before, nothing is open."""

Piece = tuple[int, int, int]
"""Seconds of a day: where it starts, where the next one does, and how many are open."""


@dataclass(frozen=True)
class CalendarTables:
    """Calendars, from 1990 or later to a day, by their numbers: 0, 1, ...

    `days` has a line of `first key:codes` for each year of each calendar, `kinds` one of
    `code:start:end:open seconds` for each piece of each kind of day.
    """

    days: str
    kinds: str
    slots: tuple[int, ...]
    """Of each calendar, its longest piece in microseconds: open time is cut into slots of it."""
    intervals: tuple[tuple[Interval, ...], ...]

    def open_until(self, calendar: int, moment: datetime) -> int:
        """Microseconds that a calendar has been open from their begin up to an instant (UTC)."""
        return open_until(self.intervals[calendar], moment)

    def pieces(self) -> Table:
        """One row for each piece of each day.

        `calendar_day` (the key of a day), `starts`, `ends` (microseconds since 1970), `open` (of
        these), `before` (open microseconds of the calendar before it).
        """
        days = _days(self.days)
        kinds = _kinds(self.kinds)
        joined = kinds.inner_join(days, "code")
        midnight = (joined.calendar_day % DAYS) * DAY
        timed = joined.select(
            "calendar_day",
            starts=midnight + joined.starts * MICRO,
            ends=midnight + joined.ends * MICRO,
            open=joined.open * MICRO,
        )
        earlier = ibis.window(
            group_by=timed.calendar_day // DAYS,
            order_by=[timed.calendar_day, timed.starts],
            preceding=None,
            following=0,
        )
        opened = as_int64(timed.open.sum().over(earlier))
        return timed.mutate(before=opened - timed.open)

    def windows(self) -> Table:
        """One row for each slot that a piece with open time reaches into: one or two.

        `calendar_slot` (the key of a slot), `starts_at` (UTC), `before`, `after` (open microseconds
        of the calendar before the piece, and with it).
        """
        pieces = self.pieces()
        pieces = pieces.filter(pieces.open > 0)
        calendar = (pieces.calendar_day // DAYS).cast("int64")
        width = by_number(calendar, self.slots)
        reached = pieces.select(
            calendar=calendar,
            first=(pieces.before // width).cast("int64"),
            last=((pieces.before + pieces.open - 1) // width).cast("int64"),
            starts_at=instant_of(pieces.starts),
            before=pieces.before,
            after=pieces.before + pieces.open,
        )
        further = ibis.range(0, 2).unnest().name("further").as_table()
        each = reached.cross_join(further)
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


def as_int64(total: ir.IntegerValue) -> ir.IntegerValue:
    """A sum of microseconds as int64, which Ibis takes it for: it is HUGEINT on DuckDB and numeric
    on PostgreSQL. Floats are exact up to 285 years of microseconds."""
    return total.cast("float64").cast("int64")


def by_number(calendar: ir.IntegerValue, values: Sequence[int]) -> ir.IntegerValue:
    """The value of a calendar, by its number."""
    literals = [ibis.literal(value, "int64") for value in values]
    if len(literals) == 1:
        return literals[0]
    return calendar.cases(*enumerate(literals[:-1]), else_=literals[-1])


def _lines(text: str) -> Table:
    """Each blank-separated part of a text as a row, its fields in `field`."""
    parts = ibis.literal(text).split(" ").unnest().name("line").as_table()
    return parts.select(field=parts.line.split(":"))


def _days(text: str) -> Table:
    """Of each day its key and its code."""
    lines = _lines(text)
    chunks = lines.select(first=lines.field[0].cast("int64"), codes=lines.field[1])
    width = len(text.split(" ", 1)[0].split(":")[1]) // CHUNK
    numbers = ibis.range(0, CHUNK).unnest().name("number").as_table()
    each = chunks.cross_join(numbers)
    return each.select(
        calendar_day=(each.first + each.number).cast("int64"),
        code=each.codes.substr(each.number * width, width),
    )


def _kinds(text: str) -> Table:
    lines = _lines(text)
    numbers = {
        name: lines.field[i].cast("int64") for i, name in enumerate(("starts", "ends", "open"), 1)
    }
    return lines.select(code=lines.field[0], **numbers)


@lru_cache(maxsize=16)
def tables_of(calendars: tuple[str | None, ...], begin: datetime, end: datetime) -> CalendarTables:
    """Calendars, as JSON, or None for the one that is always open, from an instant to another."""
    first = _line_of(begin)
    length = _line_of(end) - first + CHUNK
    first_day = FIRST_DAY + timedelta(days=first)
    last_day = first_day + timedelta(days=length - 1)
    start = midnight_of(first_day)
    always = ((start, midnight_of(last_day) + DAY_SECONDS),)
    intervals = tuple(
        always if written is None else open_intervals(written, first_day, last_day)
        for written in calendars
    )
    midnights = range(start, start + length * DAY_SECONDS, DAY_SECONDS)
    cut = [list(_cut(found, midnights)) for found in intervals]
    kinds = dict.fromkeys(kind for days in cut for kind in days)
    codes = dict(zip(kinds, _codes(len(kinds)), strict=False))
    lines = [
        f"{number * DAYS + start // DAY_SECONDS + line}:"
        + "".join(codes[kind] for kind in days[line : line + CHUNK])
        for number, days in enumerate(cut)
        for line in range(0, length, CHUNK)
    ]
    pieces = [
        f"{codes[kind]}:{begins}:{ends}:{open_}" for kind in kinds for begins, ends, open_ in kind
    ]
    longest = tuple(max(p[2] for kind in set(days) for p in kind) * MICRO for days in cut)
    return CalendarTables(" ".join(lines), " ".join(pieces), longest, intervals)


def _line_of(moment: datetime) -> int:
    """Where the line of the text begins that an instant is in, in days after 1 January 1990."""
    return max(0, (moment.date() - FIRST_DAY).days // CHUNK * CHUNK)


def _codes(number: int) -> Iterator[str]:
    width = next(width for width in count(1) if len(DIGITS) ** width >= number)
    return map("".join, product(DIGITS, repeat=width))


def _cut(intervals: Sequence[Interval], midnights: range) -> Iterator[tuple[Piece, ...]]:
    """The pieces of each day."""
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
        yield _pieces(within)


def _pieces(within: Sequence[Interval]) -> tuple[Piece, ...]:
    if not within or within[0][0] > 0:
        within = [(0, 0), *within]
    ends = [*(start for start, _ in within[1:]), DAY_SECONDS]
    return tuple(
        (start, end, stop - start) for (start, stop), end in zip(within, ends, strict=True)
    )
