"""What was paid, and what is outstanding."""

import altair as alt

from crm_ibis.site.figures import (
    ROWS,
    SERIES,
    Column,
    Figure,
    Section,
    drawn,
    faint_when_small,
    months,
    tooltips,
)

SUMS = ("total_invoices", "total_revenue", "outstanding_amount")
SHOWN = (
    Column("total_invoices", "Paid invoices"),
    Column("total_revenue", "Revenue", "money"),
    Column("outstanding_amount", "Outstanding", "money"),
)
BY_MONTH = (Column("month", "Month", "month"), *SHOWN)
BY_FACILITY = (Column("facility", "Facility", "text"), *SHOWN)


def _over_time() -> alt.TopLevelMixin:
    names = {"total_revenue": "paid", "outstanding_amount": "outstanding"}
    words = "{" + ", ".join(f"{c}: '{n}'" for c, n in names.items()) + "}"
    chart = (
        alt.Chart(ROWS)
        .transform_fold(list(names), as_=["column", "amount"])
        .transform_calculate(state=f"{words}[datum.column]")
        .mark_bar()
        .encode(
            x=months(),
            xOffset=alt.XOffset("state:N", sort=list(names.values())),
            y=alt.Y("amount:Q", title="amount", axis=alt.Axis(format="~s")),
            color=alt.Color("state:N", sort=list(names.values()), title=None),
            opacity=faint_when_small(),
            tooltip=tooltips(*BY_MONTH),
        )
    )
    return drawn(chart, 260, "Paid and outstanding amounts by month of the invoice.")


def _by_facility() -> alt.TopLevelMixin:
    chart = (
        alt.Chart(ROWS)
        .mark_bar(color=SERIES[0])
        .encode(
            x=alt.X("total_revenue:Q", title="paid", axis=alt.Axis(format="~s")),
            y=alt.Y("facility:N", sort=None, title=None, axis=alt.Axis(labelLimit=170)),
            tooltip=tooltips(*BY_FACILITY),
        )
    )
    return drawn(chart, alt.Step(22), "Paid amounts of each facility in the period.")


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
