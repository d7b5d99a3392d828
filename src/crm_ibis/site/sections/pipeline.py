"""Pipeline by month, stage and scenario."""

import altair as alt

from crm_ibis.site.figures import ROWS, SERIES, Column, Figure, Section, drawn, tooltips, trend

MONEY = ("total_pipeline_value", "weighted_pipeline_value")
VALUES = (
    Column("deal_count", "Leads"),
    Column("total_pipeline_value", "Total value", "money"),
    Column("weighted_pipeline_value", "Weighted value", "money"),
    Column("weighted_pct", "Weighted, of total", "pct"),
)
BY_MONTH = (Column("scenario", "Scenario", "text"), Column("month", "Month", "month"), *VALUES)
BY_STAGE = (Column("stage", "Stage", "text"), *VALUES)
STAGES = ["lead", "sql", "opportunity", "won", "lost"]
WEIGHTED = {"weighted_pct": ("weighted_pipeline_value", "total_pipeline_value")}


def _by_scenario() -> alt.TopLevelMixin:
    value = alt.Y("weighted_pipeline_value:Q", title="weighted value", axis=alt.Axis(format="~s"))
    colour = alt.Color("scenario:N", title=None)
    dash = alt.StrokeDash("scenario:N", legend=None)
    return drawn(
        trend(value, BY_MONTH, colour, strokeDash=dash),
        260,
        "Weighted pipeline value by the month in which leads were created, a line per scenario.",
    )


def _by_stage() -> alt.TopLevelMixin:
    stage = alt.Y("stage:N", sort=STAGES, title=None)
    base = alt.Chart(ROWS).encode(y=stage, tooltip=tooltips(*BY_STAGE))
    axis = alt.Axis(title="value: pale total, dark weighted", format="~s")
    total = base.mark_bar(color=SERIES[0], opacity=0.3).encode(x=alt.X(f"{MONEY[0]}:Q", axis=axis))
    weighted = base.mark_bar(color=SERIES[0], height=alt.RelativeBandSize(0.45))
    return drawn(
        total + weighted.encode(x=f"{MONEY[1]}:Q"),
        alt.Step(38),
        "Total and weighted pipeline value of each stage in the base scenario.",
    )


SECTION = Section(
    name="pipeline",
    title="Pipeline",
    table="weighted_pipeline_scenarios",
    figures=(
        Figure(
            name="pipeline-scenarios",
            title="Weighted value by scenario",
            note="By the month the leads were created in. Won leads count in full in every "
            "scenario, lost ones not at all.",
            dataset="pipeline",
            by=("scenario", "month"),
            sums=("deal_count", *MONEY),
            ratios=WEIGHTED,
            columns=BY_MONTH,
            chart=_by_scenario(),
        ),
        Figure(
            name="pipeline-stages",
            title="Value by stage",
            note="In the base scenario, all leads created in the period.",
            dataset="pipeline",
            by=("stage",),
            only={"scenario": "base"},
            sums=("deal_count", *MONEY),
            ratios=WEIGHTED,
            columns=BY_STAGE,
            chart=_by_stage(),
        ),
    ),
)
