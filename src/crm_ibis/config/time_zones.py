"""Time zones by their names, and when their days and months begin.

Offsets come from Python's zoneinfo alone, so that every database agrees about them.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator

from crm_ibis.errors import near_match

UTC_ZONE = "UTC"
YEARS = range(1970, 2051)
"""Years whose changes of offset are known. Those before are read like the first one, and months
after them like those of the last one."""

Offset = tuple[datetime, int]
"""From an instant (UTC) on: seconds that local time is ahead of UTC."""

_BLOCK = timedelta(days=5)
"""Time in which no zone has changed its offset twice since 1970."""
_FURTHEST = timedelta(days=2)
"""More than any clock is ahead of UTC, or behind it."""
_NOT_ZONES = ("right/", "posix/", "localtime", "posixrules", "Factory")
"""Files among those of the time zones that are others again, or differ from machine to machine."""


def check_zone(name: Any) -> str:
    """The name of a time zone; raises ValueError with a near match for any other."""
    known = isinstance(name, str) and not name.startswith(_NOT_ZONES)
    try:
        if known:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        # Abbreviations resemble one another, and few are zones: CEST is none, and EST another.
        places = [zone for zone in available_timezones() if "/" in zone]
        raise ValueError(
            f'there is no time zone "{name}"{near_match(str(name), places)}; write one such as '
            "Europe/Zurich or UTC"
        )
    return str(name)


Zone = Annotated[str, BeforeValidator(check_zone)]


@lru_cache(maxsize=32)
def offsets(zone: str) -> tuple[Offset, ...]:
    """The offsets of a zone, each with the instant from which it holds, in order."""
    moment = datetime(YEARS[0], 1, 1)
    if zone == UTC_ZONE:
        return ((moment, 0),)
    known = ZoneInfo(zone)
    found = [(moment, _offset(known, moment))]
    while moment.year <= YEARS[-1]:
        later = moment + _BLOCK
        if _offset(known, later) != found[-1][1]:
            change = _change_between(known, moment, later)
            found.append((change, _offset(known, change)))
        moment = later
    return tuple(found)


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second in which a zone changes its offset, where it does so once."""
    old = _offset(zone, before)
    while (after - before) > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return round((offset or timedelta()).total_seconds())


def local_time(zone: str, moment: datetime) -> datetime:
    """What the clocks of a zone show at an instant (UTC)."""
    known = offsets(zone)
    at = bisect_right(known, moment, key=lambda each: each[0])
    return moment + timedelta(seconds=known[max(at - 1, 0)][1])


def first_instant(zone: str, local: datetime) -> datetime:
    """The first instant (UTC) at which the clocks of a zone show a time, or a later one.

    So a time that does not exist, as the clocks are put forward, is that of the change; one that
    exists twice is the earlier one.
    """
    known = offsets(zone)
    at = max(bisect_right(known, local - _FURTHEST, key=lambda each: each[0]) - 1, 0)
    reached: list[datetime] = []
    for number, (begin, offset) in enumerate(known[at:], start=at):
        if reached and begin > local + _FURTHEST:
            break
        moment = local - timedelta(seconds=offset)
        if number > 0:
            moment = max(moment, begin)
        if number + 1 == len(known) or moment < known[number + 1][0]:
            reached.append(moment)
    return min(reached)


def day_begin(zone: str, day: date) -> datetime:
    """The first instant (UTC) of a local day."""
    return first_instant(zone, _midnight(day))


def shown_at(zone: str, moment: datetime) -> datetime:
    """What the clocks of a zone show at an instant (UTC); midnight where a day begins later."""
    shown = local_time(zone, moment)
    midnight = _midnight(shown.date())
    return midnight if first_instant(zone, midnight) == moment else shown


def month_at(zone: str, moment: datetime) -> date:
    """The first day of the month that an instant (UTC) lies in.

    A month begins at the first instant whose local date lies in it: so where the clocks are put
    back over its first midnight, the repeated hour before that is no longer the old month.
    """
    month = local_time(zone, moment).date().replace(day=1)
    later = _month_after(month)
    return later if moment >= first_instant(zone, _midnight(later)) else month


@lru_cache(maxsize=32)
def month_shifts(zone: str) -> tuple[tuple[int, ...], ...]:
    """How many seconds before the same month of UTC each month begins, by year and month."""
    months = [datetime(year, month, 1) for year in YEARS for month in range(1, 13)]
    shifts = [(month - first_instant(zone, month)) // timedelta(seconds=1) for month in months]
    return tuple(tuple(shifts[at : at + 12]) for at in range(0, len(shifts), 12))


def _month_after(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
