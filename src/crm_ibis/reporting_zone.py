"""Months and days of the reporting time zone, as arithmetic that every database does alike.

A database is told the offsets, which are those of Python's zoneinfo; it looks up none of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import pairwise
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.common.deferred import deferrable

from crm_ibis.config.reporting import Reporting
from crm_ibis.config.time_zones import UTC_ZONE, YEARS, month_shifts, offsets

HOUR_SECONDS = 3600

_REPORTING: ContextVar[Reporting | None] = ContextVar("_REPORTING", default=None)


@contextmanager
def reporting_as(reporting: Reporting) -> Iterator[None]:
    """Within it, months and days are those of this reporting zone; without it, of UTC.

    A context rather than a parameter, so that a table of the user's own follows the reporting zone
    without a word about it. The graph of tables enters it: a table is still made of nothing but
    what it is given, its parameters included.
    """
    token = _REPORTING.set(reporting)
    try:
        yield
    finally:
        _REPORTING.reset(token)


def reporting_zone() -> str:
    """The time zone that months are of."""
    reporting = _REPORTING.get()
    return reporting.time_zone if reporting else UTC_ZONE


def fiscal_year_start() -> int:
    """The month that fiscal years begin with."""
    reporting = _REPORTING.get()
    return reporting.fiscal_year_start if reporting else 1


def at_local_day(moment: ir.TimestampValue, zone: str | None = None) -> ir.TimestampValue:
    """An instant, moved by the offset of a zone: its day in UTC is then its day there."""
    moved: ir.TimestampValue = _at_local_day(moment, zone)
    return moved


@deferrable  # type: ignore[untyped-decorator]
def _at_local_day(moment: ir.TimestampValue, zone: str | None) -> ir.TimestampValue:
    zone = zone or reporting_zone()
    if zone == UTC_ZONE:
        return moment
    steps = [(_literal(begin), offset) for begin, offset in offsets(zone)]
    return _stepwise(moment, steps, lambda offset: _later(moment, offset))


def at_local_month(moment: ir.TimestampValue) -> ir.TimestampValue:
    """An instant, moved so that its month in UTC is the month of the zone that it lies in.

    By the offset that holds where the nearest month begins, and not by its own: a month begins at
    the earliest instant whose local date lies in it. These offsets are the same year after year, so
    that few of them need to be named.
    """
    moved: ir.TimestampValue = _at_local_month(moment)
    return moved


@deferrable  # type: ignore[untyped-decorator]
def _at_local_month(moment: ir.TimestampValue) -> ir.TimestampValue:
    zone = reporting_zone()
    if zone == UTC_ZONE:
        return moment
    shifts = month_shifts(zone)
    # Brings each instant to the month that begins at most a day before or after it.
    ahead = _later(moment, max(0, *(max(months) for months in shifts)))
    years = [(YEARS[0], shifts[0])]
    years += [
        (year, after)
        for year, (before, after) in zip(YEARS[1:], pairwise(shifts), strict=True)
        if after != before
    ]

    def by_month(months: Sequence[int]) -> ir.TimestampValue:
        changes = [n for n in range(12) if n == 0 or months[n] != months[n - 1]]
        steps = [(n + 1, months[n]) for n in changes]
        return _stepwise(ahead.month(), steps, lambda shift: _later(moment, shift))

    return _stepwise(ahead, [(_literal(datetime(y, 1, 1)), m) for y, m in years], by_month)


def _stepwise(
    value: ir.Value, steps: Sequence[tuple[Any, Any]], then: Callable[[Any], ir.TimestampValue]
) -> ir.TimestampValue:
    """What holds from the last bound on that a value has reached; found by halves."""
    if len(steps) == 1:
        return then(steps[0][1])
    half = len(steps) // 2
    below = _stepwise(value, steps[:half], then)
    return ibis.ifelse(value < steps[half][0], below, _stepwise(value, steps[half:], then))


def _later(moment: ir.TimestampValue, seconds: int) -> ir.TimestampValue:
    if seconds == 0:
        return moment
    if seconds % HOUR_SECONDS == 0:
        return moment + ibis.interval(hours=seconds // HOUR_SECONDS)
    return moment + ibis.interval(seconds=seconds)


def _literal(moment: datetime) -> ir.TimestampScalar:
    return ibis.literal(moment.isoformat(sep=" ")).cast("timestamp")
