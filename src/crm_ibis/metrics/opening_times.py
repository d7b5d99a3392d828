"""When a calendar is open: its windows of local wall-clock time as intervals of UTC.

A window of a local date runs from its local start to its local end, half open. A local time that
does not exist, as the clock was put forward, is read with the offset from before; one that exists
twice is the later one: in both cases the later of the two instants that it could be. An instant is
open if it lies in at least one window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import get_args
from zoneinfo import ZoneInfo

from crm_ibis.config.calendars import Calendar, Weekday, minutes_of

EPOCH = datetime(1970, 1, 1)
MICRO = 1_000_000
DAY_SECONDS = 24 * 60 * 60
WEEKDAYS = get_args(Weekday)

BLOCK = 5
"""Days within which no zone has changed its offset twice since 1970."""

Interval = tuple[int, int]
"""Seconds since 1970-01-01 UTC: from the first on, and before the second."""


def open_until(intervals: Sequence[Interval], moment: datetime) -> int:
    """The open microseconds in intervals up to an instant (UTC)."""
    at = (moment - EPOCH) // timedelta(microseconds=1)
    return sum(
        min(at, end * MICRO) - start * MICRO for start, end in intervals if start * MICRO < at
    )


@lru_cache(maxsize=32)
def open_intervals(written: str, first_day: date, last_day: date) -> tuple[Interval, ...]:
    """When a calendar is open from a day to the end of another (UTC): apart, and in order.

    It is given as JSON, as its mappings cannot be hashed: computed once.
    """
    calendar = Calendar.model_validate_json(written)
    first = midnight_of(first_day)
    end = midnight_of(last_day) + DAY_SECONDS
    merged: list[list[int]] = []
    for start, stop in sorted(_windows(calendar, first_day, last_day)):
        start = max(start, first)
        stop = min(stop, end)
        if start >= stop:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], stop)
        else:
            merged.append([start, stop])
    return tuple((start, stop) for start, stop in merged)


def _windows(calendar: Calendar, first_day: date, last_day: date) -> Iterator[Interval]:
    """The windows of all local dates that may reach into the days from the first to the last."""
    clock = _Clock(ZoneInfo(calendar.time_zone))
    schedule = _Schedule(calendar, range(first_day.year - 1, last_day.year + 2))
    for number in range(-BLOCK, (last_day - first_day).days + BLOCK, BLOCK):
        block = first_day + timedelta(days=number)
        offset = clock.steady_offset(block)
        for day in (block + timedelta(days=later) for later in range(BLOCK)):
            windows = schedule.minutes(day)
            if offset is None:
                yield from ((clock.seconds(day, a), clock.seconds(day, b)) for a, b in windows)
            elif windows:
                midnight = midnight_of(day) - offset
                yield from ((midnight + 60 * a, midnight + 60 * b) for a, b in windows)


class _Schedule:
    """What a calendar says of each date, in minutes of its local day."""

    def __init__(self, calendar: Calendar, years: range) -> None:
        self.special = {
            **dict.fromkeys(_holidays(calendar, years), ()),
            **dict.fromkeys(calendar.closed, ()),
            **{day: tuple(map(minutes_of, said)) for day, said in calendar.open.items()},
        }
        self.hours = [tuple(map(minutes_of, calendar.hours.get(day, ()))) for day in WEEKDAYS]

    def minutes(self, day: date) -> tuple[tuple[int, int], ...]:
        special = self.special.get(day)
        return self.hours[day.weekday()] if special is None else special


def _holidays(calendar: Calendar, years: range) -> set[date]:
    said = calendar.holidays
    if said is None:
        return set()
    import holidays  # only for those who use it: it takes its time

    return set(holidays.country_holidays(said.country, subdiv=said.subdivision, years=years))


@dataclass(frozen=True)
class _Clock:
    """The wall clock of a zone."""

    zone: ZoneInfo

    def seconds(self, day: date, minute: int) -> int:
        """When the clock shows a minute of a day, in seconds since 1970 UTC."""
        local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
        return _seconds(local) - self._offset(local)

    def steady_offset(self, day: date) -> int | None:
        """The offset of all of a few days from a day on, if it is the same."""
        first = self._at_midnight(day)
        return first if first == self._at_midnight(day + timedelta(days=BLOCK)) else None

    def _at_midnight(self, day: date) -> int:
        return self._offset(datetime(day.year, day.month, day.day))

    def _offset(self, local: datetime) -> int:
        """The smaller of the offsets that a local time may have: it makes the later instant."""
        offsets = (local.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
        return min(round(offset.total_seconds()) for offset in offsets if offset is not None)


def midnight_of(day: date) -> int:
    """When a day of UTC begins, in seconds since 1970."""
    return (day.toordinal() - EPOCH.toordinal()) * DAY_SECONDS


def _seconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(seconds=1)
