"""Whether landed columns have the values that sources.yml names, by the type of each column."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_ibis.config.literal_yaml import source_text
from crm_ibis.errors import UsageError
from crm_ibis.expressions import instant
from crm_ibis.sources.column_spec import Condition
from crm_ibis.sources.columns import casting
from crm_ibis.sources.columns.instants import INSTANT, drop_zone

MOST_DIGITS = 38
"""Of a decimal number in both databases."""


def is_one_of(value: ir.Value, choices: Sequence[Any], where: str) -> ir.BooleanValue:
    """Whether a column has one of the values; null is one only where it is among them."""
    among = [same(value, c, where).fill_null(False) for c in choices if c is not None]
    if None in choices:
        among.append(value.isnull())
    return ibis.or_(*among, ibis.literal(False))


def holds(
    landed: Mapping[str, ir.Value], conditions: Mapping[str, Condition], where: str
) -> ir.BooleanValue:
    """Whether all conditions hold."""
    found = []
    for name, condition in conditions.items():
        one_of = is_one_of(landed[name], condition.choices, f"{where}.{name}")
        found.append(~one_of if condition.negated else one_of)
    return ibis.and_(*found)


def same(value: ir.Value, choice: Any, where: str = "a value") -> ir.BooleanValue:
    """Whether a column has a value of the file, by the column's type; null where it is null.

    Booleans are also 1 and 0, and numbers 1 and 0 true and false, as systems land flags as either.
    The text of a number is never compared: each database writes a float in its own way. Text is
    compared with what stands in the file. Raises UsageError for a boolean against text, and for a
    column that each database writes in its own way.
    """
    dtype = value.type()
    if dtype.is_boolean():
        return value == _flag(choice) if _flag(choice) is not None else _never(value)
    if dtype.is_numeric():
        number = _number(choice, where)
        wanted = None if number is None else _exactly(number, dtype)
        return _never(value) if wanted is None else value == wanted
    if not casting.is_written_alike(dtype):
        raise UsageError(
            f"sources.yml: {where}: a column of type {dtype} can be compared with null "
            "only, because each database writes its values in its own way"
        )
    if isinstance(choice, bool):
        raise UsageError(
            f"sources.yml: {where}: {source_text(choice)} can never be in a column of type "
            f"{dtype}; YAML reads Yes, No, on, off, true and false as booleans, so write the "
            'word in quotes, such as "Yes"'
        )
    if dtype.is_timestamp() and (moment := _moment(choice)):
        utc = drop_zone(value) if dtype.timezone else value
        return utc.cast(INSTANT) == instant(moment)
    return value.cast("string") == source_text(choice)


def null_sentinels(value: ir.Value, choices: Sequence[Any], where: str) -> ir.Value:
    """The column with null in place of the values that stand for nothing."""
    if not [choice for choice in choices if may_be(value.type(), choice, where)]:
        return value
    return ibis.ifelse(is_one_of(value, choices, where), ibis.null(value.type()), value)


def may_be(dtype: dt.DataType, choice: Any, where: str) -> bool:
    """Whether a column of this type may have a value of the file at all."""
    if choice is None:
        return False
    if dtype.is_boolean():
        return _flag(choice) is not None
    if not casting.is_written_alike(dtype):
        return False
    return not dtype.is_numeric() or _number(choice, where) is not None


def _never(value: ir.Value) -> ir.BooleanValue:
    """False, or null for null."""
    return ibis.ifelse(value.isnull(), ibis.null("boolean"), ibis.literal(False))


def _flag(choice: Any) -> bool | None:
    """A value of the file as yes or no, if it is one."""
    return {"true": True, "1": True, "false": False, "0": False}.get(source_text(choice).lower())


def _number(choice: Any, where: str) -> Decimal | None:
    """A value of the file as a number, if it is one.

    By its letters, as YAML reads 0123 as 83. Raises UsageError for 12:30, which YAML reads as 750.
    """
    written = source_text(int(choice) if isinstance(choice, bool) else choice)
    if isinstance(choice, int | float) and ":" in written:
        raise UsageError(
            f"sources.yml: {where}: {written} is compared with a column of numbers; write a number"
        )
    try:
        number = Decimal(written)
    except InvalidOperation:
        if not isinstance(choice, int):
            return None
        number = Decimal(int(choice))  # 0x1F
    return number if number.is_finite() else None


def _moment(choice: Any) -> datetime | None:
    """A value of the file as an instant, if it is one."""
    try:
        return datetime.fromisoformat(source_text(choice))
    except ValueError:
        return None


def _exactly(number: Decimal, dtype: dt.DataType) -> ir.Scalar | None:
    """A number as a column of this type would hold it; None where it cannot hold it."""
    if dtype.is_integer():
        bounds = dtype.bounds
        whole = number == number.to_integral_value() and bounds.lower <= number <= bounds.upper
        return ibis.literal(int(number), dtype) if whole else None
    if dtype.is_floating():
        return ibis.literal(float(number)).cast(dtype) if isfinite(float(number)) else None
    plain = f"{number.normalize():f}"
    digits = len(plain.strip("-").replace(".", ""))
    scale = len(plain.partition(".")[2])
    # As many digits as it has: without a precision DuckDB keeps three decimals.
    return ibis.literal(number, dt.Decimal(digits, scale)) if digits <= MOST_DIGITS else None
