"""What became of the leads of each month."""

from typing import Any

import altair as alt

from crm_ibis.site.charts.drawing import MONTH_LABEL, ROWS, draw, percentages, tooltips
from crm_ibis.site.charts.figures import Column, Figure, Section

SIZES = ("cohort_size", "retained_leads", "progressed_leads", "won_leads", "lost_leads")
COLUMNS = (
    Column("cohort_month", "Cohort", "month"),
    Column("months_since_cohort", "Months since"),
    Column("cohort_size", "Leads"),
    Column("retained_leads", "Active or won"),
    Column("won_leads", "Won"),
    Column("lost_leads", "Lost"),
    Column("progressed_leads", "Reached opportunity"),
    Column("retention_rate_pct", "Retained", "pct"),
    Column("progression_rate_pct", "Progressed", "pct"),
)


def _figure(name: str, title: str, note: str, value: str) -> Figure:
    axis = alt.Axis(labelAngle=0, grid=False)
    since = alt.X("months_since_cohort:O", title="months since the cohort's own", axis=axis)
    cohort = alt.Y("cohort_month:O", title=None, axis=alt.Axis(labelExpr=MONTH_LABEL))
    base = alt.Chart(ROWS).encode(x=since, y=cohort, tooltip=tooltips(*COLUMNS))
    described = f"{title}: a row per cohort, a column per month after it."
    settings: dict[str, Any] = {"columns": COLUMNS, "sums": SIZES, "small": "cohort_size"}
    return Figure(
        name=name,
        title=title,
        note=note,
        dataset="cohorts",
        by=("cohort_month", "months_since_cohort", "is_complete"),
        month="cohort_month",
        ratios={
            "retention_rate_pct": ("retained_leads", "cohort_size"),
            "progression_rate_pct": ("progressed_leads", "cohort_size"),
        },
        chart=draw(percentages(value, base), described, row=22),
        **settings,
    )


SECTION = Section(
    name="cohorts",
    title="Cohort retention",
    table="cohort_retention",
    note="A star and a paler cell: the month still ran when this was computed.",
    figures=(
        _figure(
            "cohort-retention",
            "Retained: active or won",
            "Percent of the leads created in a month that are not lost.",
            "retention_rate_pct",
        ),
        _figure(
            "cohort-progression",
            "Progressed: reached opportunity",
            "Percent of the leads created in a month that became an opportunity or were won.",
            "progression_rate_pct",
        ),
    ),
)
