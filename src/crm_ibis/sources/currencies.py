"""What amounts of several currencies must keep: a rate for each, or one currency for all."""

from collections.abc import Mapping
from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.reporting import Reporting
from crm_ibis.contracts.rules import Rule
from crm_ibis.expressions import day_of, instant
from crm_ibis.sources import spec
from crm_ibis.sources.connectors import CURRENCIES

MONEY = ("invoices", "leads", "opportunities")
"""The sources whose amounts are added up."""
RATES = "exchange_rates"
CURRENCY = "currency"

TOO_LARGE = 9.99e17
"""What is below fits into decimal(24, 6) for certain, though it was multiplied in floats."""
CREATED_ON = "created_on"


def rates_needed(names: set[str]) -> set[str]:
    """The source of rates, where one of the named sources has amounts."""
    return {RATES} if names & set(MONEY) else set()


def conversion_rules(name: str, reporting: Reporting, entered_by: datetime) -> list[Rule]:
    """What a source's amounts need to be converted, of rows created by an instant.

    The rows are named by their id, currency and day. Without a reporting currency nothing is
    converted. An amount of 0 needs no rate.
    """
    if name not in MONEY or reporting.currency is None:
        return []
    into = reporting.currency
    by = "its day"
    if reporting.rates_as_of is not None:
        by = str(reporting.rates_as_of)

    def unrated(table: Table, parents: Mapping[str, Table]) -> Table:
        rows = _foreign(table, reporting, entered_by)
        if RATES not in parents:
            return rows
        rates = parents[RATES]
        known = rates.group_by(rate_of=CURRENCY).agg(first=rates.valid_from.min())
        joined = rows.left_join(known, [(CURRENCY, "rate_of")])
        day: ir.DateValue = joined[CREATED_ON]
        if reporting.rates_as_of is not None:
            day = ibis.literal(reporting.rates_as_of)
        return joined.filter((joined["first"] > day).fill_null(True))

    def too_large(table: Table, parents: Mapping[str, Table]) -> Table:
        rows = _foreign(table, reporting, entered_by)
        if RATES not in parents:
            return rows.filter(ibis.literal(False))
        rates = parents[RATES]
        known = rates.group_by(rate_of=CURRENCY).agg(highest=rates.rate.max())
        joined = rows.inner_join(known, [(CURRENCY, "rate_of")])
        size = joined.amount.abs().cast("float64") * joined.highest.cast("float64")
        return joined.filter(size >= ibis.literal(TOO_LARGE, "float64"))

    shown = (CURRENCY, CREATED_ON)
    return [
        Rule(f"amount has a rate to {into} in {RATES} by {by}", shown, find=unrated),
        Rule(f"amount fits into decimal(24, 6) in {into}", ("amount", *shown), find=too_large),
    ]


def _foreign(table: Table, reporting: Reporting, entered_by: datetime) -> Table:
    rows = table.filter(
        table.created_at <= instant(entered_by),
        table[CURRENCY] != reporting.currency,
        table.amount != 0,
    )
    return rows.mutate(**{CREATED_ON: day_of(rows.created_at, reporting.time_zone)})


def home_rules(name: str, reporting: Reporting) -> list[Rule]:
    """That a connector's rates are those to the reporting currency, where it makes them.

    A system keeps rates to its own currency, of which one unit is one.
    """
    connector = spec.load_spec().of(name).connector
    if name != RATES or not connector or reporting.currency is None:
        return []
    into = reporting.currency

    def others(table: Table, parents: Mapping[str, Table]) -> Table:
        is_own = table[CURRENCY] == into
        own = table.count(where=is_own).as_scalar()
        is_one = table.rate == 1
        return table.filter((is_own & ~is_one) | (~is_own & is_one & (own == 0)))

    words = (
        f"rates of {connector} are to reporting.currency: one unit of {into} is one (name the "
        f"currency that {connector} converts to as reporting.currency, or map {RATES} yourself)"
    )
    return [Rule(words, (CURRENCY, "rate"), find=others)]


def one_currency(
    name: str, landed: Mapping[str, Table], reporting: Reporting, entered_by: datetime
) -> list[Rule]:
    """The rule that amounts are in one currency, in all sources that are read together.

    Of rows created by an instant; null is a currency too, and an amount of 0 is in none. `landed`
    are these sources as they are, before columns that may be missing are filled in: where none has
    a column `currency`, there is nothing to look at. With a reporting currency amounts are
    converted.
    """
    declared = spec.load_spec()
    together = [s for s in MONEY if s in landed and s not in declared.absent]
    said = [s for s in together if CURRENCY in landed[s].columns]
    if reporting.currency is not None or name not in together or not said:
        return []

    def several(table: Table, parents: Mapping[str, Table]) -> Table:
        summed = _summed(table, entered_by)
        groups = summed.group_by(CURRENCY).agg(id=summed.id.min(), row_count=summed.count())
        others = [_summed(parents[s], entered_by) for s in together if s != name and s in parents]
        each = [part.select(CURRENCY).distinct() for part in (summed, *others)]
        number = ibis.union(*each, distinct=True).count() if others else groups.count()
        return groups.filter(number.as_scalar() > 1)

    connector = declared.of(name).connector
    where = f"{name}.{CURRENCY}"
    if connector:
        where = ".".join(CURRENCIES[connector])
    words = (
        f"{where} is one currency in {', '.join(together)}, as amounts are added up (convert them: "
        "name the currency of your reports as reporting.currency in params.yml; or convert them "
        f"in a function of your own, which leaves out {CURRENCY}; or keep one by "
        f"`only: {{{CURRENCY}: ...}}`)"
    )
    return [Rule(words, (CURRENCY,), find=several)]


def _summed(table: Table, entered_by: datetime) -> Table:
    return table.filter(table.created_at <= instant(entered_by), table.amount != 0)
