"""How healthy each facility is, what that is made of, and what is missing."""

import altair as alt

from crm_ibis.site.charts.drawing import (
    ROWS,
    cells,
    draw,
    labels,
    months,
    percentages,
    side_by_side,
    tooltips,
)
from crm_ibis.site.charts.figures import FACILITY, MONTH, STATUS, Column, Figure, Section

COMPONENTS = {
    "compliance_score": "compliance",
    "pipeline_health": "pipeline",
    "conversion_health": "conversion",
    "sla_health": "SLA",
    "satisfaction_health": "satisfaction",
}
SCORE = (
    FACILITY,
    MONTH,
    Column("overall_health_score", "Score", "score"),
    Column("health_status", "Status", "text"),
    Column("coverage_pct", "Coverage", "pct"),
)
PARTS = tuple(
    Column(name, title[0].upper() + title[1:], "score") for name, title in COMPONENTS.items()
)
COMPONENT = (
    FACILITY,
    Column("component", "Component", "text"),
    Column("value", "Score", "score"),
    *SCORE[2:],
)
SUMS = ("overall_health_score", "coverage_pct", *COMPONENTS)


def _scores() -> alt.TopLevelMixin:
    scale = alt.Scale(domain=list(STATUS), range=list(STATUS.values()))
    told = (
        "isValid(datum.overall_health_score) ? format(datum.overall_health_score, '.0f')"
        " + (datum.coverage_pct < 100 ? '°' : '') + (datum.incomplete ? '*' : '') : '\u2013'"
    )
    ink = alt.condition(
        "datum.health_status == 'excellent' || datum.health_status == 'poor'",
        alt.value("var(--s-ink)"),
        alt.value("var(--s-ink-2)"),
    )
    base = alt.Chart(ROWS).encode(
        x=months(), y=labels("facility"), tooltip=tooltips(*SCORE, *PARTS)
    )
    scores = cells(base, alt.Color("health_status:N", scale=scale, title=None), told, ink)
    return draw(scores, "Health score of each facility by month.", row=22)


def _components() -> alt.TopLevelMixin:
    # As much of the words as there is room for: on a phone a few letters.
    fitting = "truncate(datum.label, max(4, floor(bandwidth('x') / 7)))"
    axis = alt.Axis(labelAngle=0, orient="top", grid=False, labelOverlap=False, labelExpr=fitting)
    component = alt.X("component:N", sort=list(COMPONENTS.values()), title=None, axis=axis)
    parts = side_by_side(COMPONENTS, "component", "value").encode(x=component, y=labels("facility"))
    missing = parts.mark_text(fontSize=10, color="var(--muted)").encode(text=alt.value("no data"))
    return draw(
        percentages("value", parts.encode(tooltip=tooltips(*COMPONENT)))
        + missing.transform_filter("!isValid(datum.value)"),
        "The five components of each facility's score.",
        row=24,
    )


SECTION = Section(
    name="health",
    title="Facility health",
    table="health_scores",
    figures=(
        Figure(
            name="health-months",
            title="Score by facility and month",
            note="0 to 100. A degree sign: some components are missing, their weight is shared by "
            "the others. A dash: those that exist weigh too little to give a score (coverage).",
            dataset="health",
            by=("facility_id", "month", "health_status"),
            sums=SUMS,
            columns=(*SCORE, *PARTS),
            chart=_scores(),
            wide_on_paper=True,
        ),
        Figure(
            name="health-components",
            title="What the scores are made of",
            note="The last month of the period, lowest score first, at most 25 facilities; all of "
            "them in the table.",
            dataset="health",
            by=("facility_id", "month", "health_status"),
            sums=SUMS,
            last=True,
            first=("overall_health_score", "asc", 25),
            columns=(*SCORE, *PARTS),
            chart=_components(),
            wide_on_paper=True,
        ),
    ),
)
