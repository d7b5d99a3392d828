"""What customers answer, over time, and how many did."""

import altair as alt

from crm_ibis.site.charts.drawing import WHOLE, bars, draw, months, pale, trend
from crm_ibis.site.charts.figures import MONTH, NEUTRAL, Column, Figure, Section

ANSWERS = alt.Axis(
    title="answers (bars)", orient="right", grid=False, tickMinStep=1, labelExpr=WHOLE
)
GREY = alt.value(NEUTRAL)
BEHIND = {**pale(alt.value(0.3), GREY), "strokeWidth": alt.value(0.5)}
"""The line in front of the bars is what the figure is about."""
RANGES = {"csat": [1, 5], "nps": [-100, 100]}
SHARES = ("promoter_or_satisfied_pct", "detractor_or_dissatisfied_pct")


def _figure(metric: str, title: str, note: str, score: str, high: str, low: str) -> Figure:
    columns = (
        MONTH,
        Column("response_count", "Answers"),
        Column("score", score, "number"),
        Column(SHARES[0], high, "pct"),
        Column(SHARES[1], low, "pct"),
    )
    count = alt.Y("response_count:Q", axis=ANSWERS)
    answers = bars(months(), count, columns, colour=GREY, **BEHIND)
    # The whole range: a tenth of a point is no cliff.
    whole = alt.Scale(domain=RANGES[metric], nice=False)
    line = trend(alt.Y("score:Q", title=score, scale=whole), columns)
    layered = alt.layer(answers, line).resolve_scale(y="independent")
    described = f"{title} by month as a line, with the number of answers as bars."
    return Figure(
        name=f"satisfaction-{metric}",
        title=title,
        note=note,
        dataset="answers",
        by=("month",),
        only={"metric_type": metric},
        sums=("response_count",),
        means={name: (name, "response_count") for name in ("score", *SHARES)},
        small="response_count",
        columns=columns,
        chart=draw(layered, described),
    )


SECTION = Section(
    name="satisfaction",
    title="Satisfaction",
    table="satisfaction_rollups",
    figures=(
        _figure(
            "csat",
            "CSAT",
            "Mean answer, 1 to 5. Hollow: fewer than 10 answers.",
            "Mean answer",
            "Satisfied (4, 5)",
            "Dissatisfied (1, 2)",
        ),
        _figure(
            "nps",
            "NPS",
            "Promoters minus detractors, in percent of answers. Hollow: fewer than 10 answers.",
            "NPS",
            "Promoters (9, 10)",
            "Detractors (0 to 6)",
        ),
    ),
)
