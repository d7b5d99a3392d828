"""A landed value as one of our columns: read, translated, and filled where it is missing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_ibis.config.literal_yaml import source_text
from crm_ibis.errors import DataError, UsageError
from crm_ibis.expressions import instant
from crm_ibis.sources.column_spec import Column
from crm_ibis.sources.columns import casting
from crm_ibis.sources.columns.instants import text_of_number, to_utc
from crm_ibis.sources.columns.matching import same
from crm_ibis.sources.columns.text_instants import UNITS, instant_in
from crm_ibis.sources.columns.text_numbers import number_in, scale

BLANK = "^[ \t\r\n\u00a0]*$"


@dataclass(frozen=True)
class Made:
    """A value, and whether there was something that could not be read."""

    value: ir.Value
    unreadable: ir.BooleanValue | None = None


def read_as(
    given: ir.Value, declared: Column, dtype: dt.DataType, zone: str | None, where: str
) -> Made:
    """A landed value in the family of a type; what is of another family is left as it is."""
    landed = given.type()
    if dtype.is_timestamp():
        return _instant(given, declared, zone, where)
    if dtype.is_date() and not landed.is_date():
        made = _instant(given, declared, None, where)
        return Made(made.value.cast("timestamp").cast("date"), made.unreadable)
    if declared.number is not None:
        if not landed.is_string():
            raise UsageError(f"sources.yml: {where}: `number` reads text, and this is {landed}")
        places = dtype.scale if dtype.is_decimal() else 0
        value = number_in(given, declared.number, places or 0)
        made = Made(value, _is_present(given) & value.isnull())
    else:
        made = Made(text_of_number(given) if dtype.is_string() and landed.is_numeric() else given)
    if declared.scale is None:
        return made
    if not made.value.type().is_numeric():
        raise UsageError(
            f"sources.yml: {where}: `scale` multiplies numbers, and this is {landed}; read text "
            'with `number: "1,234.56"`'
        )
    value = scale(made.value, declared.scale)
    lost = _is_present(made.value) & value.isnull()
    return Made(value, lost if made.unreadable is None else made.unreadable | lost)


def transform_value(
    given: ir.Value, declared: Column, dtype: dt.DataType, zone: str | None, where: str
) -> Made:
    """A landed value as one of our columns."""
    made = read_as(given, declared, dtype, zone, where)
    if declared.translates:
        made = _translate(given, made, declared, dtype, where)
    if declared.has("missing"):
        filled = literal(declared.missing, dtype, where)
        if problem := casting.misfit(made.value.type(), dtype):
            raise DataError(f"sources.yml: {where}: the column {problem}")
        made = Made(ibis.ifelse(given.isnull(), filled, made.value), made.unreadable)
    return made


def literal(value: Any, dtype: dt.DataType, where: str) -> ir.Scalar:
    """A value of the file in a type; raises UsageError when it is none of that type."""
    if value is None:
        return ibis.null(dtype)
    if isinstance(value, bool) and dtype.is_string():
        raise UsageError(
            f"sources.yml: {where}: the column is text, and YAML reads Yes, No, on, off, true and "
            'false as booleans; write the word in quotes, such as "Yes"'
        )
    try:
        return _cast_text(value, dtype)
    except (ValueError, OverflowError, InvalidOperation):
        raise UsageError(
            f"sources.yml: {where}: {value!r} is no {dtype}; give a value of that type"
        ) from None


def _instant(given: ir.Value, declared: Column, zone: str | None, where: str) -> Made:
    landed = given.type()
    if landed.is_string():
        value = instant_in(given, declared.format or ["iso"], zone)
    elif not declared.format:
        return Made(to_utc(given, zone))
    elif not landed.is_numeric() or set(declared.format) - UNITS.keys():
        remedy = "leave it out" if not landed.is_numeric() else "use epoch or epoch_ms"
        raise UsageError(
            f"sources.yml: {where}: `format` {', '.join(declared.format)} reads text, and this is "
            f"{landed}; {remedy}"
        )
    else:
        value = instant_in(given, declared.format, zone)
    return Made(value, _is_present(given) & value.isnull())


def _is_present(given: ir.Value) -> ir.BooleanValue:
    """Whether there is anything: neither null nor blank nor, among floats, no number."""
    if given.type().is_string():
        return given.notnull() & ~given.re_search(BLANK)
    if given.type().is_floating():
        return given.notnull() & ~given.isnan()
    return given.notnull()


def _translate(
    given: ir.Value, made: Made, declared: Column, dtype: dt.DataType, where: str
) -> Made:
    """What `values` names, translated; the rest becomes `else`, or stays what it was read as."""
    branches = [
        (same(given, key, f"{where}.values"), literal(value, dtype, where))
        for key, value in declared.values.items()
    ]
    named = ibis.or_(
        *(condition.fill_null(False) for condition, _ in branches), ibis.literal(False)
    )
    if declared.has("else_"):
        other = ibis.ifelse(
            given.notnull(), literal(declared.else_, dtype, where), ibis.null(dtype)
        )
        return Made(ibis.cases(*branches, else_=other) if branches else other)
    value = made.value
    if not casting.is_written_alike(value.type()):
        raise DataError(f"sources.yml: {where}: the column is {value.type()}, must be {dtype}")
    unreadable = made.unreadable
    if dtype.is_string() and not value.type().is_string():
        value = value.cast("string")
    elif casting.family(value.type()) != casting.family(dtype):
        value = ibis.null(dtype)
        unreadable = _is_present(given)
    value = ibis.cases(*branches, else_=value) if branches else value
    named = ibis.or_(*(known.fill_null(False) for known, _ in branches), ibis.literal(False))
    return Made(value, None if unreadable is None else unreadable & ~named)


def _cast_text(value: Any, dtype: dt.DataType) -> ir.Scalar:
    if dtype.is_string():
        return ibis.literal(source_text(value))
    if dtype.is_timestamp():
        moment = datetime.fromisoformat(str(value))
        return instant(moment.astimezone(UTC) if moment.tzinfo else moment)
    if dtype.is_date():
        return ibis.literal(date.fromisoformat(str(value)))
    if isinstance(value, bool) != dtype.is_boolean():
        raise ValueError
    if dtype.is_boolean():
        return ibis.literal(value)
    return _number(source_text(value), dtype)


def _number(written: str, dtype: dt.DataType) -> ir.Scalar:
    """A number of the file in a type; raises ValueError where it is out of the type's range.

    In that very type, as DuckDB keeps three decimals of a number without one.
    """
    if dtype.is_integer():
        whole = int(written)
        if not dtype.bounds.lower <= whole <= dtype.bounds.upper:
            raise ValueError
        return ibis.literal(whole, dtype)
    number = Decimal(written)
    if not dtype.is_decimal():
        return ibis.literal(float(number), dtype)
    number = number.quantize(
        Decimal(1).scaleb(-dtype.scale), ROUND_HALF_UP, Context(prec=dtype.precision)
    )
    return ibis.literal(number, dtype)
