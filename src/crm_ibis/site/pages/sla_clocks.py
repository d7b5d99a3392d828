"""By which calendars SLA targets are judged, in sentences."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import get_args

from crm_ibis.config.calendars import ALWAYS, Calendar, Weekday
from crm_ibis.config.params import Params
from crm_ibis.text import count_of

JUDGED = ("ticket_sla", "ticket_queue", "ticket_sla_compliance")
"""The tables that hold tickets against their targets."""
NAMED_DAYS = 4
"""How many single days are named."""


def sla_clocks(params: Params) -> list[str]:
    """What time counts towards which targets, and when each calendar is open; nothing where all
    tickets are judged around the clock."""
    if not params.calendars:
        return []
    hours = [f"{name}: {'; '.join(_hours(each))}." for name, each in params.calendars.items()]
    return [_targets(params), *hours]


def paused_tickets(paused: int | None) -> list[str]:
    """That pauses stop a clock, where tickets are paused now."""
    if not paused:
        return []
    stands = "its resolution clock stands" if paused == 1 else "their resolution clocks stand"
    are = "is" if paused == 1 else "are"
    return [f"{count_of(paused, 'open ticket')} {are} paused: {stands} still."]


def _targets(params: Params) -> str:
    """Which priorities go by which calendar."""
    ways: dict[str, list[str]] = {}
    for priority, target in params.sla.items():
        way = f"by {_named(target.calendar)}" if target.calendar else ""
        ways.setdefault(way, []).append(priority)
    words = []
    for way, priorities in ways.items():
        default = f"by the calendar of their facility, else by {_named(params.default_calendar)}"
        words.append(f"{_listed(priorities)} tickets {way or default}")
    return f"Targets count the time of calendars: {'; '.join(words)}."


def _named(calendar: str) -> str:
    return f"{ALWAYS} (around the clock)" if calendar == ALWAYS else calendar


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _hours(calendar: Calendar) -> Iterator[str]:
    yield calendar.time_zone
    days = [(day, calendar.hours.get(day, ())) for day in get_args(Weekday)]
    week = []
    for windows, same in groupby(days, key=lambda each: each[1]):
        names = [day.capitalize() for day, _ in same]
        if windows:
            span = names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"
            week.append(f"{span} {', '.join(windows)}")
    yield ", ".join(week) if week else "no weekday"
    closed = []
    if calendar.holidays:
        part = f" ({calendar.holidays.subdivision})" if calendar.holidays.subdivision else ""
        closed.append(f"on public holidays of {calendar.holidays.country}{part}")
    if calendar.closed:
        closed.append(f"on {_days(calendar.closed)}")
    if closed:
        yield f"closed {' and '.join(closed)}"
    if calendar.open:
        yield f"hours of their own: {_days(tuple(sorted(calendar.open)))}"


def _days(days: tuple[date, ...]) -> str:
    if len(days) > NAMED_DAYS:
        return count_of(len(days), "single day")
    return _listed([day.isoformat() for day in days])
