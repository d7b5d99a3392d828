"""Columns of landed tables, whatever form an ingestion service gave them.

A column that the service did not land, as it found nothing in it, is null. What a connector cannot
do without is asked for with `require`, so that it is never taken for false.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.errors import DataError
from crm_ibis.expressions import when
from crm_ibis.sources.columns.instants import (
    DATE,
    INSTANT,
    ISO,
    UTC_INSTANT,
    instant_of_text,
    shown_in,
    text_of_number,
    to_utc,
)
from crm_ibis.sources.connectors.unread import note

UNASSIGNED = "unassigned"
"""The facility of what belongs to no company, and the rep of what nobody owns."""

UNSET_PRIORITY = "medium"

FACILITY = ibis.schema(
    {
        "id": "string",
        "name": "string",
        "type": "string",
        "location": "string",
        "created_at": "timestamp(6)",
        "updated_at": "timestamp(6)",
    }
)

YES = ("true", "t", "yes", "y", "1")
NO = ("false", "f", "no", "n", "0")

NOTHING = r"^\s*(?:nan|nat|null|none)?\s*$"
"""What loaders write, in small letters, where there is nothing."""
PLAIN_NUMBER = r"^\s*[+-]?(?:0*\d{1,17}(?:\.\d*)?|\.\d+)\s*$"
SCIENTIFIC = r"^\s*[+-]?(?:\d{1,17}(?:\.\d*)?|\.\d+)[eE][+-]?\d{1,2}\s*$"
"""Numbers as both databases read them; of a decimal(24, 6), 18 digits are whole."""
TOO_LARGE = 1e17

FURTHEST_WEST = ibis.interval(hours=12)
"""The clocks that are furthest behind UTC, at sea."""

_zone: ContextVar[str | None] = ContextVar("zone", default=None)


@contextmanager
def local_times_of(zone: str | None) -> Iterator[None]:
    """Within it, connectors read times and days without a zone of their own in this zone.

    A context rather than a parameter, so that a function of the user's that calls a connector's
    need not pass it on.
    """
    token = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(token)


def source(function: Callable[..., Table]) -> Callable[..., Table]:
    """Marks a function as one that makes a source, whose instants are in UTC already.

    Where a zone is given, their type says so, and nobody reads them in that zone a second time.
    """

    @wraps(function)
    def made(*tables: Table | None, **named: Any) -> Table:
        table = function(*tables, **named)
        if _zone.get() is None:
            return table
        local = {c: t for c, t in table.schema().items() if t.is_timestamp() and not t.timezone}
        return table.mutate(**{c: table[c].cast(UTC_INSTANT) for c in local})

    return made


def require(table: Table, called: str, *columns: str, for_: str) -> None:
    """Raises DataError when none of the columns landed that would say it."""
    if not any(column in table.columns for column in columns):
        has = "has none of the columns" if len(columns) > 1 else "has no column"
        raise DataError(
            f"{called} {has} {', '.join(columns)}, so {for_} is unknown; load it, or say in "
            "sources.yml what holds: make the source with a function of your own, which may add "
            "the column and call the connector's function, or do without the source "
            "(`absent` in place of the connector)"
        )


def text(table: Table, name: str) -> ir.StringValue:
    """A column as text, ids that are numbers too."""
    if name not in table.columns:
        return ibis.null("string")
    value = table[name]
    return text_of_number(value) if value.type().is_numeric() else value.cast("string")


def word(table: Table, name: str) -> ir.StringValue:
    """A column as a word in lower case, empty where there is none."""
    return text(table, name).lower().fill_null("")


def moment(table: Table, name: str) -> ir.TimestampValue:
    """A column as an instant in UTC, without a zone in its type.

    A zone or an offset of its own counts; without one it is local time.
    """
    if name not in table.columns:
        return ibis.null(INSTANT)
    value = table[name]
    zone = _zone.get()
    if value.type().is_string():
        note(table, name, "instant", _is_there(value) & ~value.re_search(ISO))
        return instant_of_text(value, zone)
    if value.type().is_numeric():
        raise DataError(
            f"the column {name} holds numbers, which may be seconds or milliseconds; make it a "
            "timestamp in a function of your own in sources.yml that calls the connector's"
        )
    return to_utc(value, zone).cast(INSTANT)


def day(table: Table, name: str) -> ir.DateValue:
    """A column as a day of the user's calendar, in whatever type it landed."""
    if name not in table.columns:
        return ibis.null("date")
    value = table[name]
    if value.type().is_string():
        is_day = value.re_search(ISO)
        note(table, name, "day", _is_there(value) & ~is_day)
        return when(is_day, value.re_extract(rf"^\s*({DATE})", 1).nullif("").cast("date"))
    # A day that landed as an instant is midnight in UTC, wherever it is meant.
    return value.cast(INSTANT).cast("date")


def begin_of(day: ir.DateValue) -> ir.TimestampValue:
    """The instant at which a local day begins."""
    return to_utc(day, _zone.get()).cast(INSTANT)


def begin_not_before(created: ir.TimestampValue, day: ir.DateValue) -> ir.TimestampValue:
    """The instant of a day kept without a time: on the local day of the creation, its instant.

    Without a time zone days are read in UTC, where the creation may already show the next day: a
    day that it still was somewhere counts as that of the creation.
    """
    zone = _zone.get()
    begin = begin_of(day)
    if zone:
        same = day == shown_in(created, zone).cast("date")
        return ibis.ifelse(same, ibis.greatest(begin, created), begin)
    possible = (day >= (created - FURTHEST_WEST).cast("date")) & (begin < created)
    return ibis.ifelse(possible, created, begin)


def number(table: Table, name: str, dtype: str = "decimal(24, 6)") -> ir.DecimalValue:
    """A column as an exact number."""
    if name not in table.columns:
        return ibis.null(dtype)
    value = table[name]
    if value.type().is_string():
        readable = _is_number(value)
        note(table, name, "number", _is_there(value) & ~readable)
        return when(readable, value.strip().cast(dtype))
    # By way of text, which holds the shortest form of a float. NaN is how some loaders write null.
    written = value.cast("string").nullif("nan").nullif("NaN")
    return written.cast(dtype)


def further_number(table: Table, name: str, ours: str) -> dict[str, ir.DecimalValue]:
    """A number that a mapping may choose, under our name, where it landed; 0 where it is null."""
    return {ours: number(table, name).fill_null(0)} if name in table.columns else {}


def those_of(table: Table, *names: str) -> list[str]:
    """The names that a table has a column of."""
    return [name for name in names if name in table.columns]


def _is_there(value: ir.StringValue) -> ir.BooleanValue:
    return (~value.lower().re_search(NOTHING)).fill_null(False)


def _is_number(value: ir.StringValue) -> ir.BooleanValue:
    """Whether text is a number that a decimal(24, 6) holds."""
    # In a branch of a case, as PostgreSQL may read other text before it looks at its form.
    read = ibis.cases((value.re_search(SCIENTIFIC), value.strip().cast("float64")))
    return value.re_search(PLAIN_NUMBER) | (read.abs() < TOO_LARGE).fill_null(False)


def currency(table: Table, name: str) -> ir.StringValue:
    """The code of a currency, null where there is none."""
    return text(table, name).upper().nullif("")


def flag(table: Table, name: str) -> ir.BooleanValue:
    """A column as yes or no; null where it did not land, is null or says neither."""
    if name not in table.columns:
        return ibis.null("boolean")
    value = table[name]
    if value.type().is_boolean():
        return value
    written = text(table, name).lower().strip()
    note(table, name, "flag", _is_there(text(table, name)) & ~written.isin(YES + NO))
    return ibis.cases((written.isin(YES), True), (written.isin(NO), False))


def marked(table: Table, name: str, otherwise: bool = False) -> ir.BooleanValue:
    """A mark that few rows bear; one that is missing or null is as it mostly is."""
    return flag(table, name).fill_null(otherwise)


def priority(given: ir.StringValue, **ours: str) -> ir.StringValue:
    """A priority in our words: as named, else as it is, for the contract to judge.

    One that nobody gave is medium: imputed, as the connectors' docs say.
    """
    named = [(given == theirs, our) for theirs, our in ours.items()]
    return ibis.cases((given.isnull(), UNSET_PRIORITY), *named, else_=given)


def current(table: Table) -> Table:
    """The rows that still exist: not deleted over there, and no old version of a row."""
    marks = {"is_deleted": False, "_fivetran_deleted": False, "_fivetran_active": True}
    kept = [
        marked(table, mark, otherwise=wanted) == wanted
        for mark, wanted in marks.items()
        if mark in table.columns
    ]
    return table.filter(*kept) if kept else table


def newest(table: Table) -> Table:
    """One row per id, deleted or not, of a table that may keep every version of its rows."""
    if "_fivetran_start" not in table.columns:
        return table
    versions = ibis.window(group_by="id", order_by=ibis.desc("_fivetran_start"))
    ranked = table.mutate(place=ibis.row_number().over(versions))
    return ranked.filter(ranked.place == 0)


def lowest(ids: ir.StringColumn, where: ir.BooleanColumn | None = None) -> ir.StringScalar:
    """The lowest of several ids; as text 10 would come before 9."""
    ranked = ids.length().cast("string").lpad(3, "0") + ids
    return ranked.min(where=where).substr(3)


def companies(
    table: Table,
    name: ir.StringValue,
    type: ir.StringValue,
    location: ir.StringValue,
    created_at: ir.TimestampValue,
    updated_at: ir.TimestampValue,
) -> Table:
    """Companies as facilities, and one more for what belongs to none."""
    facilities = table.select(
        id=text(table, "id"),
        name=name,
        type=type,
        location=location,
        created_at=created_at,
        updated_at=ibis.coalesce(updated_at, created_at),
    )
    nothing = {c: ibis.null(t) for c, t in FACILITY.items() if c not in ("id", "name")}
    # A row of no table: both arms are cast, as their instants may differ in precision.
    row = ibis.literal(UNASSIGNED).name("id").as_table()
    row = row.mutate(name=ibis.literal("No company"), **nothing)
    return ibis.union(facilities.cast(FACILITY), row.cast(FACILITY))


def held_since(states: Table) -> Table:
    """Since when a thing has been in the state that it is in to the end, per `id`.

    From rows of `id`, `at` (when it changed) and `holds` (whether it was in the state from then
    on): `since` is where the last unbroken stretch begins, and `was_other` whether it is known to
    have been otherwise before. A thing that is in another state at the end has no row.
    """
    other = when(~states.holds, states.at).max().over(ibis.window(group_by="id"))
    known = states.mutate(last_other=other)
    stretch = known.filter(known.holds, known.last_other.isnull() | (known.at >= known.last_other))
    return stretch.group_by("id").agg(
        since=stretch.at.min(), was_other=stretch.last_other.notnull().any()
    )
