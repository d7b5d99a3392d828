"""How far leads get, and what share of the stage before gets there."""

import altair as alt

from crm_ibis.site.charts.drawing import (
    COUNT,
    ROWS,
    bars,
    colours,
    draw,
    faint_when_small,
    labels,
    pale,
    trend,
)
from crm_ibis.site.charts.figures import MONTH, Column, Figure, Section

STAGES = ["lead", "sql", "opportunity", "won"]
COUNTS = ("stage_count", "previous_stage_count")
STEP = {"conversion_rate_pct": COUNTS}
SHOWN = (
    Column("funnel_stage", "Stage", "text"),
    Column("stage_count", "Reached"),
    Column("previous_stage_count", "Reached the stage before"),
    Column("conversion_rate_pct", "Share of the stage before", "pct"),
)
BY_MONTH = (MONTH, *SHOWN)


def _steps() -> alt.TopLevelMixin:
    reached = alt.X("stage_count:Q", title="leads that ever reached the stage", axis=COUNT)
    stage = labels("funnel_stage", STAGES)
    told = (
        "format(datum.stage_count, ',d') + (isValid(datum.conversion_rate_pct) ? "
        "'  (' + format(datum.conversion_rate_pct, '.1f') + ' %)' : '')"
    )
    # At the left, where there is room whatever the length of the bar.
    texts = alt.Chart(ROWS).mark_text(align="left").transform_calculate(told=told)
    return draw(
        bars(reached, stage, SHOWN, **pale(faint_when_small(0.45)))
        + texts.encode(x=alt.value(6), y=stage, text="told:N"),
        "Leads that reached each stage, with the share of the stage before.",
        row=38,
    )


def _over_time() -> alt.TopLevelMixin:
    share = alt.Y("conversion_rate_pct:Q", title="percent of the stage before")
    steps = trend(share, BY_MONTH, colours("funnel_stage", STAGES[1:]))
    return draw(
        steps.transform_filter("datum.funnel_stage != 'lead'"),
        "Conversion from the stage before, by month of lead, a line per stage.",
    )


SECTION = Section(
    name="funnel",
    title="Conversion funnel",
    table="conversion_funnel",
    figures=(
        Figure(
            name="funnel-steps",
            title="Leads by stage reached",
            note="In brackets the share of the stage before. Leads of the last months may still "
            "move on.",
            dataset="funnel",
            by=("funnel_stage", "stage_position"),
            sums=COUNTS,
            ratios=STEP,
            small="stage_count",
            columns=SHOWN,
            chart=_steps(),
        ),
        Figure(
            name="funnel-months",
            title="Conversion per step over time",
            note="By the month the leads were created in.",
            dataset="funnel",
            by=("month", "funnel_stage", "stage_position"),
            sums=COUNTS,
            ratios=STEP,
            small="previous_stage_count",
            columns=BY_MONTH,
            chart=_over_time(),
        ),
    ),
)
