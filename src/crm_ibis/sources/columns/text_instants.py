"""Instants from text in a format, and from seconds since 1970: the same on both databases."""

import operator
from collections.abc import Sequence
from functools import reduce
from string import ascii_lowercase, ascii_uppercase

import ibis
import ibis.expr.types as ir

from crm_ibis.sources.columns.instants import (
    INSTANT,
    LOCAL,
    UTC_INSTANT,
    drop_zone,
    instant_of_text,
    to_utc,
)
from crm_ibis.sources.formats.directives import WORDS, month_token
from crm_ibis.sources.formats.instants import InstantFormat, Reading, instant_format

SPACES = "\t\u00a0\u2009\u202f"
"""Other spaces than the plain one: spreadsheets and newer clocks write them."""

UNITS = {"epoch": 1_000_000, "epoch_ms": 1_000}
"""Microseconds of a unit."""

LAST_SECOND = 253_402_300_799
"""Of the year 9999."""

PLAIN_NUMBER = r"^ *[+-]?[0-9]{1,15}(?:[.][0-9]*)? *$"


def instant_in(value: ir.Value, formats: Sequence[str], zone: str | None) -> ir.TimestampValue:
    """A text or number as an instant in UTC, in the first format that it is in; null in none.

    A text without an offset is local time in the zone, or UTC without a zone.
    """
    found = [_instant(value, format, zone) for format in formats]
    return ibis.coalesce(*found) if len(found) > 1 else found[0]


def _instant(value: ir.Value, format: str, zone: str | None) -> ir.TimestampValue:
    if format == "iso":
        return instant_of_text(value, zone)
    if format in WORDS:
        return _since_1970(value, UNITS[format])
    known = instant_format(format)
    text = _prepared(value, known)
    # Parts at fixed places first: groups of a regular expression take PostgreSQL ten times as long.
    branches = [
        (text.re_search(r.fixed), _read(_placed(text, r), r, known, zone))
        for r in known.readings
        if r.fixed
    ]
    branches += [
        (text.re_search(r.pattern), _read(text.re_replace(r.parts, r.iso), r, known, zone))
        for r in known.readings
    ]
    return ibis.cases(*branches, else_=ibis.null(INSTANT))


def _placed(text: ir.StringValue, reading: Reading) -> ir.StringValue:
    """ISO 8601 of a text whose parts stand at fixed places."""
    parts = [
        ibis.literal(piece) if isinstance(piece, str) else text.substr(*piece)
        for piece in reading.places
    ]
    return reduce(operator.add, parts)


def _prepared(text: ir.StringValue, known: InstantFormat) -> ir.StringValue:
    """The text with plain spaces, in lower case where letters count, with numbers for months."""
    if not known.has_letters:
        return text.translate(SPACES, " " * len(SPACES))
    text = text.translate(SPACES + ascii_uppercase, " " * len(SPACES) + ascii_lowercase)
    named = enumerate(known.months, start=1)
    return reduce(lambda found, m: found.replace(m[1], month_token(m[0])), named, text)


def _read(
    iso: ir.StringValue, reading: Reading, known: InstantFormat, zone: str | None
) -> ir.TimestampValue:
    """The instant of a text that is known to match; in a branch of a case, or the cast fails."""
    moment = drop_zone(iso.cast(UTC_INSTANT)) if known.has_offset else iso.cast(LOCAL)
    if reading.hours:
        moment = moment + ibis.interval(hours=reading.hours)
    return (moment if known.has_offset else to_utc(moment, zone)).cast(INSTANT)


def _since_1970(value: ir.Value, unit: int) -> ir.TimestampValue:
    """Seconds or milliseconds since 1970 as an instant; null for what is no such number."""
    if value.type().is_string():
        value = ibis.cases((value.re_search(PLAIN_NUMBER), value), else_=ibis.null("string"))
    last = LAST_SECOND * (1_000_000 // unit)
    if not value.type().is_string():
        # False for NaN; a number beyond would overflow.
        in_range = value.cast("float64").abs() <= ibis.literal(last, "float64")
        value = ibis.ifelse(in_range, value, ibis.null(value.type())).cast("string")
    number = value.cast("decimal(24, 6)")
    number = ibis.ifelse(number.abs() <= last, number, ibis.null(number.type()))
    microseconds = (number * unit).round(0).cast("int64")
    # Whole seconds apart: PostgreSQL's intervals are made of floats.
    seconds = (microseconds - microseconds % 1_000_000) // 1_000_000
    start = ibis.literal("1970-01-01 00:00:00").cast(INSTANT)
    rest = microseconds % 1_000_000
    return (start + seconds.as_interval("s") + rest.as_interval("us")).cast(INSTANT)
