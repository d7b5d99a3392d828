"""The size of won deals: a KPI of your own, as a model to copy.

A module in this folder holds functions and their contracts. A public function is a table of its
name, and each parameter names a table that it is computed from: shipped (`crm-ibis list`,
`crm-ibis describe TABLE`), or of your own. The contract is the class of the same name: `deal_size`
and `DealSize`. Functions whose names begin with _ are helpers.
"""

from ibis import Table, _

from crm_ibis import Published, column
from crm_ibis.expressions import money, money_mean, month_of
from crm_ibis.types import Count, Day, Money, Text

GRAIN = ["rep_id", "month"]


class DealSize(Published):
    """The size of won deals by rep and month."""

    # Each column with its type, what it means, and what is checked before anybody can read it.
    rep_id: Text = column("Sales rep who owns the deals.")
    month: Day = column("Month in which they were won.", whole_month=True)
    won_deals: Count = column("Deals won.", ge=1)
    won_amount: Money = column("What they are worth together.", ge=0)
    avg_deal_size: Money = column("What one of them is worth on average.", ge=0)

    class Config:
        unique = GRAIN


def deal_size(stg_opportunities: Table) -> Table:
    """How much the deals are worth that each rep wins, on average.

    Counts opportunities that are won, by the month in which they closed; one without a closing
    date is left out. Grain: rep_id, month (of closing).
    """
    won = stg_opportunities.filter(_.status == "won", _.closed_at.notnull())
    totals = (
        won.mutate(month=month_of(won.closed_at))
        .group_by(GRAIN)
        .agg(won_deals=_.count(), amount=_.amount.sum())
    )
    return totals.select(
        *GRAIN,
        "won_deals",
        won_amount=money(totals.amount),
        avg_deal_size=money_mean(totals.amount, totals.won_deals),
    )
