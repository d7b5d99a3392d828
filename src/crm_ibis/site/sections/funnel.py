"""How far leads get, and what share of the stage before gets there."""

import altair as alt

from crm_ibis.site.figures import (
    ROWS,
    SERIES,
    Column,
    Figure,
    Section,
    drawn,
    faint_when_small,
    tooltips,
    trend,
)

STAGES = ["lead", "sql", "opportunity", "won"]
COUNTS = ("stage_count", "previous_stage_count")
STEP = {"conversion_rate_pct": COUNTS}
SHOWN = (
    Column("funnel_stage", "Stage", "text"),
    Column("stage_count", "Reached"),
    Column("previous_stage_count", "Reached the stage before"),
    Column("conversion_rate_pct", "Share of the stage before", "pct"),
)
BY_MONTH = (Column("month", "Month", "month"), *SHOWN)


def _steps() -> alt.TopLevelMixin:
    base = alt.Chart(ROWS).encode(y=alt.Y("funnel_stage:N", sort=STAGES, title=None))
    axis = alt.Axis(title="leads that ever reached the stage", tickMinStep=1)
    bars = base.mark_bar(color=SERIES[0]).encode(
        x=alt.X("stage_count:Q", axis=axis),
        opacity=faint_when_small(0.45),
        tooltip=tooltips(*SHOWN),
    )
    # At the left, where there is room whatever the length of the bar.
    told = base.mark_text(align="left").encode(x=alt.value(6), text="told:N")
    told = told.transform_calculate(
        told="format(datum.stage_count, ',d') + (isValid(datum.conversion_rate_pct) ? "
        "'  (' + format(datum.conversion_rate_pct, '.1f') + ' %)' : '')"
    )
    return drawn(
        bars + told,
        alt.Step(38),
        "Leads that reached each stage, with the share of the stage before.",
    )


def _over_time() -> alt.TopLevelMixin:
    share = alt.Y("conversion_rate_pct:Q", title="percent of the stage before")
    colour = alt.Color("funnel_stage:N", sort=STAGES, title=None)
    return drawn(
        trend(share, BY_MONTH, colour).transform_filter("datum.funnel_stage != 'lead'"),
        260,
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
