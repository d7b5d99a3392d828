"""What our columns are made of in each landed row, before anything is reduced or translated."""

from dataclasses import dataclass, replace

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_ibis.errors import DataError
from crm_ibis.expressions import when
from crm_ibis.sources.column_spec import Column
from crm_ibis.sources.columns import casting, transforms
from crm_ibis.sources.columns.instants import INSTANT, drop_zone, text_of_number
from crm_ibis.sources.columns.reader import Reader


@dataclass(frozen=True)
class Part:
    """A value of a landed row, or one made of several."""

    value: ir.Value
    is_made: bool = False
    """Whether it is our value already, and not a landed one still to be read and translated."""
    unreadable: ir.BooleanValue | None = None


def part_of(reader: Reader, declared: Column, dtype: dt.DataType, where: str) -> Part:
    """What a column is made of in a row; null where its `when` does not hold."""
    found = _part(reader, declared, dtype, where)
    if not declared.when:
        return found
    holds = reader.holds(declared.when, f"{where}.when")
    seen = None if found.unreadable is None else found.unreadable & holds
    return replace(found, value=when(holds, found.value), unreadable=seen)


def instant_of(
    reader: Reader, column: str, declared: Column, dtype: dt.DataType, where: str
) -> Part:
    """A landed column as an instant; raises DataError for one that cannot be."""
    given = reader.column(column, declared, where)
    made = transforms.read_as(given, declared, dtype, reader.zone(declared), where)
    if casting.family(made.value.type()) != casting.family(dtype):
        raise DataError(f"sources.yml: {where}: column {column} is {given.type()}, must be {dtype}")
    return Part(to_naive_utc(made.value), True, made.unreadable)


def to_naive_utc(value: ir.TimestampValue) -> ir.TimestampValue:
    """An instant in the type of all instants."""
    return (drop_zone(value) if value.type().timezone else value).cast(INSTANT)


def key_of(values: list[ir.Value]) -> ir.StringValue:
    """A key of several values as one text, from which each of them could be read again.

    Parts are joined by `|`. In a part, `~` is written `~~` and `|` is written `~|`; null is `~0`.
    Null when all of them are.
    """
    texts = [text_of(value) for value in values]
    escaped = [t.replace("~", "~~").replace("|", "~|").fill_null("~0") for t in texts]
    joined = escaped[0]
    for text in escaped[1:]:
        joined = joined + "|" + text
    return when(ibis.or_(*(text.notnull() for text in texts)), joined)


def text_of(value: ir.Value) -> ir.StringValue:
    """A value as text, the same on both databases."""
    if value.type().is_numeric():
        return text_of_number(value)
    if value.type().is_timestamp():
        value = to_naive_utc(value)
    return value.cast("string")


def refuse_unlike(dtype: dt.DataType, where: str) -> None:
    """Raises DataError for a type whose values each database writes as text in its own way."""
    if not casting.is_written_alike(dtype):
        raise DataError(
            f"sources.yml: {where}: a column of type {dtype} cannot be part of a key; use text, "
            "numbers, dates or instants"
        )


def _part(reader: Reader, declared: Column, dtype: dt.DataType, where: str) -> Part:
    if declared.latest:
        parts = [
            instant_of(reader, column, declared, dtype, f"{where}.latest")
            for column in declared.latest
        ]
        return Part(ibis.greatest(*(p.value for p in parts)), True, any_of(parts))
    if declared.first or declared.last:
        assert declared.landed_column is not None
        return instant_of(reader, declared.landed_column, declared, dtype, where)
    if declared.key:
        values = [reader.column(column, declared, where) for column in declared.key]
        for value in values:
            refuse_unlike(value.type(), f"{where}.key")
        return Part(key_of(values), True)
    if declared.landed_column is None:
        return Part(transforms.literal(declared.value, dtype, where))
    return Part(reader.column(declared.landed_column, declared, where))


def any_of(parts: list[Part]) -> ir.BooleanValue | None:
    """Whether any of several values could not be read."""
    seen = [part.unreadable for part in parts if part.unreadable is not None]
    return ibis.or_(*seen) if seen else None
