"""Instants and ids as systems land them, brought to one form: the same on both databases.

A local time and an instant differ by type: a timestamp without a zone is what some clock shows,
one with a zone is an instant. Once read, an instant is a timestamp in UTC without a zone.
"""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_ibis.expressions import when

LOCAL = dt.Timestamp()
UTC_INSTANT = dt.Timestamp(timezone="UTC")
INSTANT = dt.Timestamp(scale=6)

YEAR = r"(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})"
LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
DATE = (
    rf"(?:{YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    rf"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))|{LEAP_YEAR}-02-29)"
)
"""A day that exists: a cast would stop the whole query at 30 February."""
CLOCK = r"((?:[01]\d|2[0-3]):[0-5]\d)(?:(:[0-5]\d)(?:(\.\d{1,6})\d*)?)?"
OFFSET = r"[Zz]|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?"
ISO = rf"^\s*({DATE})(?:[Tt ]{CLOCK}\s?({OFFSET})?)?\s*$"
"""ISO 8601 in the forms that loaders write; groups: day, hours, seconds, fraction, offset."""
WITH_OFFSET = rf":\d\d(?:\.\d+)?\s?(?:{OFFSET})\s*$"

PLAIN_LOCAL = rf"^{DATE}(?:[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.]\d{{1,6}})?)?$"
PLAIN_ZONED = rf"{PLAIN_LOCAL[:-3]})(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$"
"""What both databases read alike as it is: groups take PostgreSQL fifty times as long."""

INT64_LIMIT = 2.0**63


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, LOCAL), UTC_INSTANT))
def _read_in(zone, moment):  # type: ignore[no-untyped-def]
    """What a clock of the zone shows, as an instant."""


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, UTC_INSTANT), LOCAL))
def _shown_in(zone, moment):  # type: ignore[no-untyped-def]
    """An instant, as a clock of the zone shows it."""


def drop_zone(value: ir.TimestampValue) -> ir.TimestampValue:
    """An instant that has a zone, as a timestamp in UTC that has none."""
    return _shown_in("UTC", value)


def to_utc(value: ir.Value, zone: str | None) -> ir.Value:
    """A local date or timestamp in UTC. One that has a zone of its own is left alone.

    A builtin function, as both databases ignore Ibis' casts to a named zone.
    """
    if value.type().is_date():
        value = value.cast("timestamp")
    if zone is None or not value.type().is_timestamp() or value.type().timezone:
        return value
    return _shown_in("UTC", _read_in(zone, value.cast(LOCAL)))


def shown_in(instant: ir.TimestampValue, zone: str | None) -> ir.TimestampValue:
    """What a clock of the zone shows at an instant in UTC; without a zone, a clock in UTC."""
    if zone is None:
        return instant
    return _shown_in(zone, _read_in("UTC", instant.cast(LOCAL)))


def instant_of_text(value: ir.StringValue, zone: str | None) -> ir.TimestampValue:
    """ISO 8601 text as an instant in UTC; null where it is nothing of the kind.

    An offset in the text counts; without one it is local time in the zone, or UTC without a zone.
    """
    plain = value.re_replace(ISO, r"\1 \2\3\4\5")
    # Seconds may be missing, which DuckDB does not take together with an offset.
    whole = plain.re_replace(r"^(.{10} \d\d:\d\d)($|[^:0-9])", r"\1:00\2")
    zoned = whole.upper().replace("UTC", "Z").replace("GMT", "Z")
    with_offset = _shown_in("UTC", zoned.cast(UTC_INSTANT))
    local = to_utc(whole.re_replace(" $", "").cast(LOCAL), zone)
    # In branches of a case, as a cast of other text would stop the query on PostgreSQL.
    return ibis.cases(
        (value.re_search(PLAIN_LOCAL), to_utc(value.cast(LOCAL), zone).cast(INSTANT)),
        (value.re_search(PLAIN_ZONED), drop_zone(value.cast(UTC_INSTANT)).cast(INSTANT)),
        (value.re_search(ISO) & value.re_search(WITH_OFFSET), with_offset.cast(INSTANT)),
        (value.re_search(ISO), local.cast(INSTANT)),
        else_=ibis.null(INSTANT),
    )


def text_of_number(value: ir.NumericValue) -> ir.StringValue:
    """A number as text: a whole one without decimals, another as short as it can be written.

    Null for what is no number or infinite: loaders write NaN where an id is missing. Plain casts
    would give `1001.0` on DuckDB and `1001` on PostgreSQL.
    """
    if value.type().is_floating():
        in_range = value.abs() < ibis.literal(INT64_LIMIT, "float64")  # false for NaN
        guarded = ibis.ifelse(in_range, value, 0)
        finite = value.abs() < ibis.literal(float("inf"), "float64")
        return ibis.cases(
            (in_range & (guarded == guarded.floor()), guarded.cast("int64").cast("string")),
            (finite, value.cast("string")),
            else_=ibis.null("string"),
        )
    written = value.cast("string")
    if not value.type().is_decimal() or value.type().scale == 0:
        return written
    # PostgreSQL's decimals may be NaN or infinite.
    short = written.re_replace(r"(\.\d*[1-9])0+$", r"\1").re_replace(r"\.0*$", "")
    return when(written.re_search(r"^-?\d"), short)
