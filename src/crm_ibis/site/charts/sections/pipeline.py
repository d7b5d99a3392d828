"""Pipeline by month, stage and scenario."""

import altair as alt

from crm_ibis.site.charts.drawing import MONEY, bars, colours, draw, labels, pale, trend
from crm_ibis.site.charts.figures import MONTH, Column, Figure, Section

SUMS = ("deal_count", "total_pipeline_value", "weighted_pipeline_value")
VALUES = (
    Column("deal_count", "Leads"),
    Column("total_pipeline_value", "Total value", "money"),
    Column("weighted_pipeline_value", "Weighted value", "money"),
    Column("weighted_pct", "Weighted, of total", "pct"),
)
BY_MONTH = (Column("scenario", "Scenario", "text"), MONTH, *VALUES)
BY_STAGE = (Column("stage", "Stage", "text"), *VALUES)
STAGES = ["lead", "sql", "opportunity", "won", "lost"]
TOTAL_AND_WEIGHTED = alt.Axis(title="value: pale total, dark weighted", format="~s")
WEIGHTED = {"weighted_pct": ("weighted_pipeline_value", "total_pipeline_value")}


def _by_scenario() -> alt.TopLevelMixin:
    value = alt.Y("weighted_pipeline_value:Q", title="weighted value", axis=MONEY)
    dash = alt.StrokeDash("scenario:N", legend=None)
    return draw(
        trend(value, BY_MONTH, colours("scenario"), strokeDash=dash),
        "Weighted pipeline value by the month in which leads were created, a line per scenario.",
    )


def _by_stage() -> alt.TopLevelMixin:
    stage = labels("stage", STAGES)
    total = alt.X("total_pipeline_value:Q", axis=TOTAL_AND_WEIGHTED)
    weighted = bars(alt.X("weighted_pipeline_value:Q"), stage, BY_STAGE)
    return draw(
        bars(total, stage, BY_STAGE, **pale(alt.value(0.3)))
        + weighted.mark_bar(height=alt.RelativeBandSize(0.45)),
        "Total and weighted pipeline value of each stage in the base scenario.",
        row=38,
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
            sums=SUMS,
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
            sums=SUMS,
            ratios=WEIGHTED,
            columns=BY_STAGE,
            chart=_by_stage(),
        ),
    ),
)
