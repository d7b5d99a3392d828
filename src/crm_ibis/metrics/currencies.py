"""Amounts of several currencies in the reporting currency: exact, and the same on every database.

No rate is compared with every day: those before each day are looked up in one pass over the days
that occur and the rates, in order, so that years of daily rates cost little.
"""

from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.reporting import Reporting
from crm_ibis.expressions import day_of, when

AMOUNT = "decimal(24, 6)"


def in_reporting_currency(
    rows: Table, reporting: Reporting, exchange_rates: Table | None = None
) -> Table:
    """Rows with `amount`, `currency` and `created_at`, their amounts in the reporting currency.

    The rate is the newest by the day on which the row was created, or by `rates_as_of`; the product
    is rounded to 6 places, half away from zero. A row without a currency is in the reporting
    currency already. An amount without a rate is null, which the contracts of the sources rule out;
    0 is 0 at any rate.
    """
    if reporting.currency is None:
        return rows
    rates_as_of = reporting.rates_as_of
    is_foreign = needs_rate(rows, reporting.currency)
    if exchange_rates is None:
        return rows.mutate(amount=when(~is_foreign, rows.amount))
    columns = rows.columns
    dated = rows.mutate(rated_on=day_of(rows.created_at), is_foreign=is_foreign)
    rated = _with_rate(dated, rates_as_of, exchange_rates)
    # Widened, as the product has 18 places; the contracts of the sources see to it that it fits.
    converted = (rated.amount * rated.rate.cast("decimal(38, 12)")).round(6).cast(AMOUNT)
    amount = ibis.ifelse(rated.is_foreign, converted, rated.amount)
    return rated.mutate(amount=amount).select(*columns)


def needs_rate(rows: Table, currency: str) -> ir.BooleanValue:
    """Whether an amount has to be converted; never null."""
    return ((rows.currency != currency) & (rows.amount != 0)).fill_null(False)


def _with_rate(rows: Table, rates_as_of: date | None, exchange_rates: Table) -> Table:
    if rates_as_of is not None:
        by_then = exchange_rates.filter(exchange_rates.valid_from <= ibis.literal(rates_as_of))
        newest = by_then.group_by(rate_of="currency").agg(
            rate=by_then.rate.argmax(by_then.valid_from)
        )
        return rows.left_join(newest, [("currency", "rate_of")])
    by_day = _rates_by_day(rows, exchange_rates)
    return rows.left_join(by_day, [("currency", "rate_of"), ("rated_on", "rate_on")])


def _rates_by_day(rows: Table, exchange_rates: Table) -> Table:
    """The rate of each currency on each day that occurs, and on its own: rate_of, rate_on, rate."""
    foreign = rows.filter(rows.is_foreign)
    days = foreign.select(rate_of="currency", rate_on="rated_on").distinct()
    nothing = ibis.null(exchange_rates.rate.type())
    given = exchange_rates.select(
        "rate", rate_of="currency", rate_on="valid_from", is_day=ibis.literal(0, "int8")
    )
    both = ibis.union(
        given,
        days.select(
            rate=nothing, rate_of="rate_of", rate_on="rate_on", is_day=ibis.literal(1, "int8")
        ),
    )
    # A rate comes before its own day, which it holds for.
    so_far = ibis.window(
        group_by="rate_of", order_by=["rate_on", "is_day"], preceding=None, following=0
    )
    numbered = both.mutate(number=both.rate.count().over(so_far))
    held = ibis.window(group_by=["rate_of", "number"])
    known = numbered.mutate(rate=numbered.rate.max().over(held))
    # Grouped, so that a database sees that there is one row of each. Not filtered by `is_day`:
    # PostgreSQL would expect a handful of rows, and compare each of them with each lead.
    return known.group_by(["rate_of", "rate_on"]).agg(rate=known.rate.max())
