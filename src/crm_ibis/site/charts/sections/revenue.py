"""What was paid, and what is outstanding."""

import altair as alt

from crm_ibis.site.charts.drawing import (
    MONEY,
    bars,
    colours,
    draw,
    faint_when_small,
    labels,
    months,
    pale,
    side_by_side,
)
from crm_ibis.site.charts.figures import FACILITY, MONTH, Column, Figure, Section

STATES = {"total_revenue": "paid", "outstanding_amount": "outstanding"}
SUMS = ("total_invoices", *STATES)
SHOWN = (
    Column("total_invoices", "Paid invoices"),
    Column("total_revenue", "Revenue", "money"),
    Column("outstanding_amount", "Outstanding", "money"),
)
BY_MONTH = (MONTH, *SHOWN)
BY_FACILITY = (FACILITY, *SHOWN)


def _over_time() -> alt.TopLevelMixin:
    states = [*STATES.values()]
    chart = bars(
        months(),
        alt.Y("amount:Q", title="amount", axis=MONEY),
        BY_MONTH,
        colour=colours("state", states),
        rows=side_by_side(STATES, "state", "amount"),
        xOffset=alt.XOffset("state:N", sort=states),
        **pale(faint_when_small(), alt.Stroke("state:N", sort=states, legend=None)),
    )
    return draw(chart, "Paid and outstanding amounts by month of the invoice.")


def _by_facility() -> alt.TopLevelMixin:
    paid = alt.X("total_revenue:Q", title="paid", axis=MONEY)
    chart = bars(paid, labels("facility"), BY_FACILITY)
    return draw(chart, "Paid amounts of each facility in the period.", row=22)


SECTION = Section(
    name="revenue",
    title="Revenue",
    table="revenue_kpis",
    figures=(
        Figure(
            name="revenue-months",
            title="Revenue by month of invoice",
            note="Cancelled invoices count in neither.",
            dataset="revenue",
            by=("month",),
            sums=SUMS,
            columns=BY_MONTH,
            chart=_over_time(),
        ),
        Figure(
            name="revenue-facilities",
            title="Revenue by facility",
            note="The 12 largest; all of them in the table.",
            dataset="revenue",
            by=("facility_id",),
            sums=SUMS,
            first=("total_revenue", "desc", 12),
            columns=BY_FACILITY,
            chart=_by_facility(),
        ),
    ),
)
