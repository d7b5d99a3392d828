"""Columns of landed tables, whatever form an ingestion service gave them.

A column that the service did not land, as it found nothing in it, is null.
"""

from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.measures import instant, when

UNASSIGNED = "unassigned"
"""The facility of what belongs to no company, and the rep of what nobody owns."""

UNSET_PRIORITY = "medium"

BEGINNING = datetime(1970, 1, 1)
"""When a company was entered whose system does not say so."""

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


def text(table: Table, name: str) -> ir.StringValue:
    """A column as text, ids that are numbers too."""
    return table[name].cast("string") if name in table.columns else ibis.null("string")


def moment(table: Table, name: str) -> ir.TimestampValue:
    """A column as an instant in UTC."""
    if name not in table.columns:
        return ibis.null("timestamp(6)")
    return table[name].cast("timestamp(6)")


def number(table: Table, name: str) -> ir.DecimalValue:
    """A column as an exact number."""
    if name not in table.columns:
        return ibis.null("decimal(24, 6)")
    # By way of text, which holds the shortest form of a float.
    return table[name].cast("string").nullif("").cast("decimal(24, 6)")


def flag(table: Table, name: str, otherwise: bool = False) -> ir.BooleanValue:
    """A column as yes or no; where there is nothing, as said."""
    if name not in table.columns:
        return ibis.literal(otherwise)
    value = table[name]
    if not value.type().is_boolean():
        value = value.cast("string").lower().isin(["true", "t", "1"])
    return value.fill_null(otherwise)


def not_before(created: ir.TimestampValue, day: ir.TimestampValue) -> ir.TimestampValue:
    """A day that is kept without a time; on the day of the creation, not before its instant."""
    same = day.cast("date") == created.cast("date")
    return ibis.ifelse(same, ibis.greatest(day, created), day)


def word(table: Table, name: str) -> ir.StringValue:
    """A column as a word in lower case, empty where there is none."""
    return text(table, name).lower().fill_null("")


def priority(given: ir.StringValue, **ours: str) -> ir.StringValue:
    """A priority in our words: as named, else as it is, for the contract to judge.

    One that nobody gave is medium: imputed, and told in the connectors' docs.
    """
    named = [(given == theirs, our) for theirs, our in ours.items()]
    return ibis.cases((given.isnull(), UNSET_PRIORITY), *named, else_=given)


def current(table: Table) -> Table:
    """The rows that still exist: not deleted over there, and no old version of a row."""
    marks = {"is_deleted": False, "_fivetran_deleted": False, "_fivetran_active": True}
    kept = [
        flag(table, mark, otherwise=wanted) == wanted
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


def companies(
    table: Table,
    name: ir.StringValue,
    type: ir.StringValue,
    location: ir.StringValue,
    created_at: ir.TimestampValue,
    updated_at: ir.TimestampValue,
) -> Table:
    """Companies as facilities, and one more for what belongs to none."""
    known = ibis.coalesce(created_at, instant(BEGINNING))
    facilities = table.select(
        id=text(table, "id"),
        name=name,
        type=type,
        location=location,
        created_at=known,
        updated_at=ibis.coalesce(updated_at, known),
    )
    beginning = {"created_at": instant(BEGINNING), "updated_at": instant(BEGINNING)}
    nothing = {"type": ibis.null("string"), "location": ibis.null("string")}
    # A row of no table: both arms are cast, as their instants may differ in precision.
    row = ibis.literal(UNASSIGNED).name("id").as_table()
    row = row.mutate(name=ibis.literal("No company"), **nothing, **beginning)
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
