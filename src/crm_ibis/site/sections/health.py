"""How healthy each facility is, what that is made of, and what is missing."""

import altair as alt

from crm_ibis.site.figures import (
    ROWS,
    STATUS,
    WHERE_IT_FITS,
    Column,
    Figure,
    Section,
    drawn,
    heat,
    months,
    tooltips,
)

COMPONENTS = {
    "compliance_score": "compliance",
    "pipeline_health": "pipeline",
    "conversion_health": "conversion",
    "sla_health": "SLA",
    "satisfaction_health": "satisfaction",
}
SCORE = (
    Column("facility", "Facility", "text"),
    Column("month", "Month", "month"),
    Column("overall_health_score", "Score", "score"),
    Column("health_status", "Status", "text"),
    Column("coverage_pct", "Coverage", "pct"),
)
PARTS = tuple(
    Column(name, title[0].upper() + title[1:], "score") for name, title in COMPONENTS.items()
)
COMPONENT = (
    SCORE[0],
    Column("component", "Component", "text"),
    Column("value", "Score", "score"),
    *SCORE[2:],
)
SUMS = ("overall_health_score", "coverage_pct", *COMPONENTS)


def _scores() -> alt.TopLevelMixin:
    facility = alt.Y("facility:N", sort=None, title=None, axis=alt.Axis(labelLimit=150))
    base = alt.Chart(ROWS).encode(x=months(), y=facility)
    scale = alt.Scale(domain=list(STATUS), range=list(STATUS.values()))
    cells = base.mark_rect(stroke="var(--surface)", strokeWidth=1.5).encode(
        color=alt.Color("health_status:N", scale=scale, title=None),
        tooltip=tooltips(*SCORE, *PARTS),
    )
    texts = base.mark_text(fontSize=11, opacity=WHERE_IT_FITS).encode(
        text="told:N",
        color=alt.condition(
            "datum.health_status == 'excellent' || datum.health_status == 'poor'",
            alt.value("var(--s-ink)"),
            alt.value("var(--s-ink-2)"),
        ),
        tooltip=tooltips(*SCORE, *PARTS),
    )
    texts = texts.transform_calculate(
        told="isValid(datum.overall_health_score) ? format(datum.overall_health_score, '.0f')"
        " + (datum.coverage_pct < 100 ? '°' : '') + (datum.incomplete ? '*' : '') : '\u2013'"
    )
    return drawn(cells + texts, alt.Step(22), "Health score of each facility by month.")


def _components() -> alt.TopLevelMixin:
    words = "{" + ", ".join(f"{c}: '{t}'" for c, t in COMPONENTS.items()) + "}"
    axis = alt.Axis(labelAngle=0, orient="top", grid=False, labelOverlap=False)
    component = alt.X("component:N", sort=list(COMPONENTS.values()), title=None, axis=axis)
    facility = alt.Y("facility:N", sort=None, title=None, axis=alt.Axis(labelLimit=150))
    parts = (
        alt.Chart(ROWS)
        .transform_fold(list(COMPONENTS), as_=["column", "value"])
        .transform_calculate(component=f"{words}[datum.column]")
    )
    missing = (
        parts.transform_filter("!isValid(datum.value)")
        .transform_calculate(gap="'no data'")
        .mark_text(fontSize=10, color="var(--muted)")
        .encode(x=component, y=facility, text="gap:N")
    )
    cells = heat(component, facility, "value", COMPONENT, parts)
    return drawn(cells + missing, alt.Step(24), "The five components of each facility's score.")


SECTION = Section(
    name="health",
    title="Facility health",
    table="health_scores",
    figures=(
        Figure(
            name="health-months",
            title="Score by facility and month",
            note="0 to 100. A degree sign: some components are missing, their weight is shared by "
            "the others. A dash: too little to give a score.",
            dataset="health",
            by=("facility_id", "month", "health_status"),
            sums=SUMS,
            columns=(*SCORE, *PARTS),
            chart=_scores(),
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
        ),
    ),
)
