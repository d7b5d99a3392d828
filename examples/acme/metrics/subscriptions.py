"""What facilities pay each month, and how much of it stays: source, fact and KPI of our own."""

from datetime import datetime

import ibis
import pandera.ibis as pa
from ibis import Table, _
from pydantic import BaseModel, Field

from crm_ibis import Fact, Published, Source, column
from crm_ibis.expressions import cents, instant, known_by, money, month_number, month_of, ratio_pct
from crm_ibis.types import Day, Exact, Instant, Money, Number, Text


class Params(BaseModel):
    """Under `subscriptions` in params.yml."""

    compared_months: int = Field(default=12, ge=1, le=60)
    """How many months back the revenue is that has to be retained."""


class Subscriptions(Source):
    """What facilities subscribed to: one row for each price of a plan; a new price is a new row."""

    id: Text = column("Id of the subscription.")
    facility_id: Text = column("Facility that pays.", references="facilities")
    plan: Text = column("What it pays for.", isin=["records", "scheduling", "billing"])
    monthly_amount: Exact = column("What it pays each month.", ge=0)
    created_at: Instant = column("When it was entered (UTC).")
    starts_at: Instant = column("From when it is paid for (UTC).")
    ends_at: Instant = column(
        "From when it is not paid for any more (UTC); null while no end is agreed.",
        nullable=True,
        not_before="starts_at",
    )

    class Config:
        unique = ["id"]


class SubscriptionMonths(Fact):
    """What each facility paid for each plan at the end of each month."""

    facility_id: Text = column("Facility that pays.", references="facilities")
    plan: Text = column("What it pays for.")
    month: Day = column("A month that has ended.", whole_month=True)
    mrr: Money = column("Monthly recurring revenue at the end of the month.", ge=0)

    class Config:
        unique = ["facility_id", "plan", "month"]


class NetRevenueRetention(Published):
    """How much of their earlier monthly revenue facilities still pay, upgrades included."""

    facility_id: Text = column("Facility that pays.", references="facilities")
    month: Day = column("A month that has ended.", whole_month=True)
    starting_mrr: Money = column("Monthly revenue so many months earlier.", ge=0)
    expansion_mrr: Money = column("What plans brought more than then, new plans included.", ge=0)
    lost_mrr: Money = column("What plans brought less than then, plans that ended included.", ge=0)
    new_mrr: Money = column("Monthly revenue of a facility that paid nothing then.", ge=0)
    net_revenue_retention_pct: Number = column(
        "Retained share of the earlier revenue; null where there was none.", nullable=True, ge=0
    )

    class Config:
        unique = ["facility_id", "month"]

    @pa.dataframe_check(description="no more is lost than there was")
    def lost_at_most_all(cls, data):
        return data.table.lost_mrr <= data.table.starting_mrr


def stg_subscriptions(subscriptions: Table, as_of: datetime) -> Table:
    """Subscriptions entered by `as_of`; one that ends later has no end yet."""
    entered = subscriptions.filter(subscriptions.created_at <= instant(as_of))
    return entered.rename(subscription_id="id").mutate(ends_at=known_by(_.ends_at, as_of))


def subscription_months(stg_subscriptions: Table, as_of: datetime) -> Table:
    """What each facility paid for each plan at the end of each month.

    A subscription counts at the end of a month if it started before it and had not ended by then.
    Months that have not ended at `as_of` have no row, nor has a plan without a subscription.
    Grain: facility_id, plan, month.
    """
    # A month ends where the next one begins; what starts or ends at that instant counts there.
    last = month_number(stg_subscriptions.ends_at.fill_null(instant(as_of)))
    spans = stg_subscriptions.mutate(
        first_month=month_of(stg_subscriptions.starts_at),
        months=last - month_number(stg_subscriptions.starts_at),
    ).filter(_.months > 0)
    each = spans.mutate(number=ibis.range(0, spans.months).unnest())
    month = each.first_month.cast("timestamp") + each.number.as_interval("M")
    paid = each.mutate(month=month.cast("date"))
    totals = paid.group_by(["facility_id", "plan", "month"]).agg(amount=_.monthly_amount.sum())
    return totals.select("facility_id", "plan", "month", mrr=money(totals.amount))


def net_revenue_retention(
    subscription_months: Table, subscriptions_params: Params, as_of: datetime
) -> Table:
    """How much of what it paid some months earlier a facility still pays each month.

    100 * (starting + expansion - lost) / starting, in percent of the monthly recurring revenue
    `compared_months` earlier (https://www.revenuecalculators.com/guides/net-revenue-retention):
    above 100 where plans that grew or were added bring more than is lost by plans that shrank or
    ended. A facility is a customer: a further plan of one that paid already is an expansion. What
    a facility pays that paid nothing then is new: it counts in `new_mrr` only, and the retention
    is null. A month in which a facility pays nothing has a row as long as it is compared with one
    in which it paid. Amounts in the currency of the source.
    Grain: facility_id, month (ended by `as_of`).
    """
    now = subscription_months.select(
        "facility_id", "plan", "month", mrr=_.mrr, earlier=ibis.literal("0").cast("decimal(18, 2)")
    )
    later = ibis.interval(months=subscriptions_params.compared_months)
    then = subscription_months.select(
        "facility_id",
        "plan",
        month=(_.month.cast("timestamp") + later).cast("date"),
        mrr=ibis.literal("0").cast("decimal(18, 2)"),
        earlier=_.mrr,
    )
    plans = (
        ibis.union(now, then)
        .filter(month_number(_.month) < as_of.year * 12 + as_of.month)
        .group_by(["facility_id", "plan", "month"])
        .agg(mrr=_.mrr.sum(), earlier=_.earlier.sum())
    )
    change = plans.mrr - plans.earlier
    zero = ibis.literal("0").cast("decimal(18, 2)")
    totals = (
        plans.mutate(more=ibis.greatest(change, zero), less=ibis.greatest(-change, zero))
        .group_by(["facility_id", "month"])
        .agg(starting=_.earlier.sum(), more=_.more.sum(), less=_.less.sum())
    )
    was_there = totals.starting > 0
    retained = totals.starting + totals.more - totals.less
    return totals.select(
        "facility_id",
        "month",
        starting_mrr=money(totals.starting),
        expansion_mrr=money(ibis.ifelse(was_there, totals.more, zero)),
        lost_mrr=money(totals.less),
        new_mrr=money(ibis.ifelse(was_there, zero, totals.more)),
        net_revenue_retention_pct=ratio_pct(
            cents(money(retained)), ibis.ifelse(was_there, cents(money(totals.starting)), 0)
        ),
    )
