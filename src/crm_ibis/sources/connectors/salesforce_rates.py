"""Salesforce's rates of exchange, which say how much of a currency one unit of the corporate is."""

from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.expressions import when
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import current

EVER = date(1900, 1, 1)
"""Since when a rate without a date holds."""
PICO = 10**12
LOWEST = "0.000001"
HIGHEST = "1000000000000"
"""Between these a rate can be inverted to 12 places; others are null, for the contract to name."""


def rates_of(currency_type: Table | None, dated_conversion_rate: Table | None) -> Table:
    """Rates to the corporate currency: dated ones where there are any, else that of the type."""
    parts = []
    if dated_conversion_rate is not None:
        there = current(dated_conversion_rate)
        parts.append(_rates(there, landed.day(there, "start_date")))
    if currency_type is not None:
        fixed = _rates(current(currency_type), ibis.literal(EVER).cast("date"))
        if parts:
            fixed = fixed.anti_join(parts[0], "currency")
        parts.append(fixed)
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _rates(table: Table, valid_from: ir.DateValue) -> Table:
    return table.select(
        currency=landed.currency(table, "iso_code"),
        valid_from=valid_from,
        rate=inverted(landed.number(table, "conversion_rate", "decimal(38, 12)")),
    )


def inverted(rate: ir.DecimalValue) -> ir.DecimalValue:
    """1 / rate to 12 places, half away from zero, for a decimal with 12 places.

    In whole numbers, by remainder: DuckDB's decimal division is a float.
    """
    bounds = [ibis.literal(bound).cast("decimal(38, 12)") for bound in (LOWEST, HIGHEST)]
    divisor = (when(rate.between(*bounds), rate) * PICO).cast("decimal(38, 0)")
    units = ibis.literal(str(PICO * PICO)).cast("decimal(38, 0)")
    remainder = units % divisor
    whole = units - remainder
    # A float quotient may miss by a few; what it leaves is small enough to be divided exactly.
    near = (whole / divisor).cast("int64")
    missed = ((whole - near.cast("decimal(38, 0)") * divisor) / divisor).cast("int64")
    rounded = near + missed + ibis.ifelse(remainder + remainder >= divisor, 1, 0)
    unit = ibis.literal("0.000000000001").cast("decimal(38, 12)")
    return (rounded.cast("decimal(38, 12)") * unit).cast("decimal(20, 12)")
