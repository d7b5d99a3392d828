"""A source's mapping as an expression: our columns made of those of the table it comes from."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import Table

from crm_ibis import fitting
from crm_ibis.contracts import Contract
from crm_ibis.errors import DataError, UsageError, near_match
from crm_ibis.mapping import Column, Mapping
from crm_ibis.measures import instant

MOST_DIGITS = 38
"""Of a decimal number in both databases."""

LOCAL, UTC_INSTANT = dt.Timestamp(), dt.Timestamp(timezone="UTC")


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, LOCAL), UTC_INSTANT))
def _read_in(zone, moment):  # type: ignore[no-untyped-def]
    """What a clock of the zone shows, as an instant."""


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, UTC_INSTANT), LOCAL))
def _shown_in(zone, moment):  # type: ignore[no-untyped-def]
    """An instant, as a clock of the zone shows it."""


def in_utc(value: ir.Value, zone: str | None) -> ir.Value:
    """A local date or timestamp in UTC. One that has a zone of its own is left alone.

    A builtin function, as both databases ignore Ibis' casts to a named zone.
    """
    if value.type().is_date():
        value = value.cast("timestamp")
    if zone is None or not value.type().is_timestamp() or value.type().timezone:
        return value
    return _shown_in("UTC", _read_in(zone, value.cast(LOCAL)))


def mapped(table: Table, name: str, mapping: Mapping, contract: Contract) -> Table:
    """A table under our column names: those that the mapping makes, then those of the same name.

    A column that is in neither place is missing; that an event never happened is `value: null`.
    Raises DataError naming columns that the table does not have.
    """
    _refuse_missing(table, name, mapping)
    kept = _kept(table, mapping)
    made: dict[str, ir.Value] = {}
    for c in contract.columns:
        if declared := mapping.columns.get(c.name):
            made[c.name] = _made(kept, declared, c.dtype, mapping.time_zone, f"{name}.{c.name}")
        elif c.name in kept.columns:
            made[c.name] = _near(in_utc(kept[c.name], mapping.time_zone), c.dtype)
    found = kept.select(**made)
    return found.distinct() if mapping.distinct else found


def absent(contract: Contract) -> Table:
    """An empty table of the contract's shape, without a table in the database."""
    nothing = ibis.literal(0, "int64").name("nothing").as_table()
    nulls = {c.name: ibis.null(c.dtype) for c in contract.columns}
    return nothing.select(**nulls).filter(ibis.literal(False))


def untranslated(table: Table, mapping: Mapping, declared: Column) -> Table:
    """The values of a translated column that the mapping does not name: value, row_count."""
    kept = _kept(table, mapping)
    given = kept[declared.from_]
    value = given.cast("string")
    known = ibis.or_(*(same(given, key) for key in declared.values), ibis.literal(False))
    strange = kept.filter(given.notnull(), ~known)
    return strange.group_by(value=value).agg(row_count=strange.count())


def _refuse_missing(table: Table, name: str, mapping: Mapping) -> None:
    wanted = {f"columns.{c}": column.reads for c, column in mapping.columns.items()}
    wanted |= {"only": list(mapping.only), "leave_out": list(mapping.leave_out)}
    problems = [
        f"  sources.{name}.{key}: there is no column {column}{near_match(column, table.columns)}"
        for key, columns in wanted.items()
        for column in columns
        if column not in table.columns
    ]
    if problems:
        listed = "\n".join(problems)
        raise DataError(
            f"sources.yml does not fit the table that {name} comes from:\n{listed}\n"
            f"it has {', '.join(table.columns)}"
        )


def _kept(table: Table, mapping: Mapping) -> Table:
    """The rows that the mapping does not leave out."""
    kept = [_is_one_of(table[c], values) for c, values in mapping.only.items()]
    kept += [~_is_one_of(table[c], values) for c, values in mapping.leave_out.items()]
    return table.filter(*kept) if kept else table


def _is_one_of(value: ir.Value, choices: list[Any]) -> ir.BooleanValue:
    among = [same(value, choice).fill_null(False) for choice in choices if choice is not None]
    if None in choices:
        among.append(value.isnull())
    return ibis.or_(*among, ibis.literal(False))


def same(value: ir.Value, choice: Any) -> ir.BooleanValue:
    """Whether a column has a value of the file, by the column's type; null where it is null.

    Booleans are also 1 and 0, and numbers 1 and 0 true and false, as systems land flags as either.
    The text of a number is never compared: each database writes a float in its own way.
    """
    if value.type().is_boolean():
        return value == _flag(choice) if _flag(choice) is not None else _never(value)
    if value.type().is_numeric():
        number = _number(choice)
        wanted = None if number is None else _exactly(number, value.type())
        return _never(value) if wanted is None else value == wanted
    return value.cast("string") == _as_text(choice)


def _never(value: ir.Value) -> ir.BooleanValue:
    """False, or null for null."""
    return ibis.ifelse(value.isnull(), ibis.null("boolean"), ibis.literal(False))


def _flag(choice: Any) -> bool | None:
    """A value of the file as yes or no, if it is one."""
    return {"true": True, "1": True, "false": False, "0": False}.get(_as_text(choice).lower())


def _number(choice: Any) -> Decimal | None:
    """A value of the file as a number, if it is one."""
    try:
        number = Decimal(int(choice)) if isinstance(choice, bool) else Decimal(str(choice))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _exactly(number: Decimal, dtype: dt.DataType) -> ir.Scalar | None:
    """A number as a column of this type would hold it; None where it cannot hold it."""
    if dtype.is_integer():
        bounds = dtype.bounds
        whole = number == number.to_integral_value() and bounds.lower <= number <= bounds.upper
        return ibis.literal(int(number), dtype) if whole else None
    if dtype.is_floating():
        return ibis.literal(float(number)).cast(dtype) if isfinite(float(number)) else None
    plain = f"{number.normalize():f}"
    digits, scale = len(plain.strip("-").replace(".", "")), len(plain.partition(".")[2])
    # As many digits as it has: without a precision DuckDB keeps three decimals.
    return ibis.literal(number, dt.Decimal(digits, scale)) if digits <= MOST_DIGITS else None


def _made(
    table: Table, declared: Column, dtype: dt.DataType, zone: str | None, where: str
) -> ir.Value:
    if declared.latest:
        return ibis.greatest(*_latest(table, declared.latest, dtype, zone, where))
    if declared.from_ is None:
        return _literal(declared.value, dtype, where)
    given = table[declared.from_]
    value = _near(in_utc(given, zone), dtype)
    if declared.translates:
        value = _translated(given, declared, dtype, where)
    if declared.has("missing"):
        value = ibis.ifelse(given.isnull(), _literal(declared.missing, dtype, where), value)
    return value


def _latest(
    table: Table, columns: list[str], dtype: dt.DataType, zone: str | None, where: str
) -> list[ir.Value]:
    """Columns of which the latest is taken; raises DataError naming one of another family."""
    values = {c: _near(in_utc(table[c], zone), dtype) for c in columns}
    for c, value in values.items():
        if fitting.family(value.type()) != fitting.family(dtype):
            raise DataError(
                f"sources.yml: {where}: latest: column {c} is {table[c].type()}, must be {dtype}"
            )
    return [value.cast(dtype) for value in values.values()]


def _translated(given: ir.Value, declared: Column, dtype: dt.DataType, where: str) -> ir.Value:
    if declared.has("else_"):
        rest: ir.Value = _literal(declared.else_, dtype, where)
        rest = ibis.ifelse(given.notnull(), rest, ibis.null(dtype))
    else:
        rest = given.cast("string") if dtype.is_string() else ibis.null(dtype)
    branches = [
        (same(given, key), _literal(value, dtype, where)) for key, value in declared.values.items()
    ]
    return ibis.cases(*branches, else_=rest) if branches else rest


def _near(value: ir.Value, dtype: dt.DataType) -> ir.Value:
    """An id that is a number over there is text here; the rest is for the contract to judge."""
    return value.cast("string") if dtype.is_string() and value.type().is_numeric() else value


def _as_text(value: Any) -> str:
    """A value of the file as the database writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _literal(value: Any, dtype: dt.DataType, where: str) -> ir.Scalar:
    if value is None:
        return ibis.null(dtype)
    try:
        return _typed(value, dtype)
    except (ValueError, InvalidOperation):
        raise UsageError(
            f"sources.yml: {where}: {value!r} is no {dtype}; give a value of that type"
        ) from None


def _typed(value: Any, dtype: dt.DataType) -> ir.Scalar:
    if dtype.is_string():
        return ibis.literal(_as_text(value))
    if dtype.is_timestamp():
        moment = datetime.fromisoformat(str(value))
        return instant(moment.astimezone(UTC) if moment.tzinfo else moment)
    if isinstance(value, bool) != dtype.is_boolean():
        raise ValueError
    if dtype.is_boolean():
        return ibis.literal(value)
    number = int(str(value)) if dtype.is_integer() else Decimal(str(value))
    return ibis.literal(number).cast(dtype)
