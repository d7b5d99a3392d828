"""Whether support keeps its promises, and how long it takes."""

from typing import Any

import altair as alt

from crm_ibis.site.figures import (
    ROWS,
    SERIES,
    Column,
    Figure,
    Section,
    drawn,
    months,
    tooltips,
    trend,
)

PRIORITIES = ["critical", "high", "medium", "low"]
STATES = ("sla_compliant_tickets", "sla_breached_tickets", "sla_pending_tickets")
TARGETS = ("targets_decided", "targets_met")
ATTAINMENT = {"sla_attainment_pct": ("targets_met", "targets_decided")}
MONTHLY = (
    Column("priority", "Priority", "text"),
    Column("month", "Month", "month"),
    Column("targets_decided", "Targets decided"),
    Column("targets_met", "Targets met"),
    Column("sla_attainment_pct", "SLA attainment", "pct"),
)
TICKETS = (
    Column("priority", "Priority", "text"),
    Column("total_tickets", "Tickets"),
    Column("sla_compliant_tickets", "Met both targets"),
    Column("sla_breached_tickets", "Breached"),
    Column("sla_pending_tickets", "Pending"),
    Column("open_tickets", "Open"),
    Column("sla_compliance_rate_pct", "Compliant, of decided", "pct"),
)
TIMES = (
    Column("priority", "Priority", "text"),
    Column("resolved_tickets", "Resolved"),
    Column("median_resolution_hours", "Median resolution", "hours"),
    Column("p90_resolution_hours", "90th percentile", "hours"),
    Column("sla_resolution_target_hours", "Target", "hours"),
    Column("median_first_response_hours", "Median first response", "hours"),
    Column("p90_first_response_hours", "90th percentile", "hours"),
    Column("sla_response_target_hours", "Target", "hours"),
)
OVERDUE = (
    Column("facility", "Facility", "text"),
    Column("priority", "Priority", "text"),
    Column("overdue_tickets", "Open and overdue"),
)
PRIORITY_COLOUR = alt.Color("priority:N", sort=PRIORITIES, title=None)


def _attainment() -> alt.TopLevelMixin:
    share = alt.Y(
        "sla_attainment_pct:Q", title="percent of targets met", scale=alt.Scale(zero=False)
    )
    return drawn(
        trend(share, MONTHLY, PRIORITY_COLOUR),
        260,
        "Share of SLA targets met by month, a line per priority.",
    )


def _states() -> alt.TopLevelMixin:
    names = ["met both targets", "breached", "pending"]
    words = "{" + ", ".join(f"{c}: '{n}'" for c, n in zip(STATES, names, strict=True)) + "}"
    scale = alt.Scale(domain=names, range=[SERIES[0], SERIES[1], "var(--line-strong)"])
    chart = (
        alt.Chart(ROWS)
        .transform_fold(list(STATES), as_=["column", "tickets"])
        .transform_calculate(state=f"{words}[datum.column]")
        .mark_bar()
        .encode(
            x=alt.X("tickets:Q", axis=alt.Axis(title="tickets", tickMinStep=1)),
            y=alt.Y("priority:N", sort=PRIORITIES, title=None),
            color=alt.Color("state:N", scale=scale, title=None),
            order=alt.Order("column:O"),
            tooltip=tooltips(*TICKETS),
        )
    )
    return drawn(chart, alt.Step(36), "Tickets by priority and by what became of their targets.")


def _spread() -> alt.TopLevelMixin:
    columns = (Column("facility", "Facility", "text"), *TIMES)
    scale = alt.Scale(type="symlog", constant=1)
    axis = alt.Axis(values=[0, 1, 4, 12, 24, 72, 120, 240, 480])
    base = alt.Chart(ROWS).encode(y=alt.Y("priority:N", sort=PRIORITIES, title=None))
    hours = alt.X("median_resolution_hours:Q", title="hours to resolution", scale=scale, axis=axis)
    points = base.mark_point(filled=True, size=70, color=SERIES[0]).encode(
        x=hours,
        opacity=alt.condition("datum.small", alt.value(0.3), alt.value(0.75)),
        tooltip=tooltips(*columns),
    )
    target = base.mark_tick(color=SERIES[1], thickness=3, size=26)
    return drawn(
        points + target.encode(x="sla_resolution_target_hours:Q"),
        alt.Step(44),
        "Median time to resolution of each facility in the last month, with the target.",
    )


def _times() -> alt.TopLevelMixin:
    base = alt.Chart(ROWS).encode(x=months(), color=PRIORITY_COLOUR)
    columns = (Column("month", "Month", "month"), *TIMES)
    median = base.mark_line(point=True).encode(
        y=alt.Y("median_resolution_hours:Q", title="hours to resolution"),
        tooltip=tooltips(*columns),
    )
    p90 = base.mark_line(strokeDash=[4, 3], strokeWidth=1.5)
    return drawn(
        median + p90.encode(y="p90_resolution_hours:Q"),
        260,
        "Median and 90th percentile of the time to resolution, by month and priority.",
    )


def _overdue() -> alt.TopLevelMixin:
    chart = (
        alt.Chart(ROWS)
        .mark_bar()
        .encode(
            x=alt.X("overdue_tickets:Q", axis=alt.Axis(title="open, past a target", tickMinStep=1)),
            y=alt.Y("facility:N", sort=None, title=None),
            color=PRIORITY_COLOUR,
            tooltip=tooltips(*OVERDUE),
        )
    )
    return drawn(chart, alt.Step(22), "Open tickets that are past a target, by facility.")


TIME_SUMS: Any = tuple(c.field for c in TIMES if c.field != "priority")

SECTION = Section(
    name="support",
    title="Support",
    table="ticket_sla_compliance",
    figures=(
        Figure(
            name="sla-attainment",
            title="SLA attainment by priority",
            note="Each ticket has two targets: first response and resolution.",
            dataset="tickets",
            by=("month", "priority"),
            sums=TARGETS,
            ratios=ATTAINMENT,
            small="targets_decided",
            columns=MONTHLY,
            chart=_attainment(),
        ),
        Figure(
            name="sla-tickets",
            title="Tickets by state of their SLA",
            note="Opened in the period. A ticket that is open and overdue is a breach.",
            dataset="tickets",
            by=("priority",),
            sums=("total_tickets", "open_tickets", *STATES),
            ratios={"sla_compliance_rate_pct": (STATES[0], f"{STATES[0]}+{STATES[1]}")},
            columns=TICKETS,
            chart=_states(),
        ),
        Figure(
            name="sla-spread",
            title="Time to resolution across facilities",
            note="The median of each facility in the last month of the period; medians cannot be "
            "added up. The bar is the target. Pale: fewer than 10 resolved.",
            dataset="tickets",
            by=("facility_id", "month", "priority"),
            sums=TIME_SUMS,
            last=True,
            small="resolved_tickets",
            columns=(Column("facility", "Facility", "text"), *TIMES),
            chart=_spread(),
        ),
        Figure(
            name="sla-times",
            title="Time to resolution by month",
            note="Median, and dashed the 90th percentile; of one facility, as they cannot be "
            "added up.",
            dataset="tickets",
            by=("month", "priority"),
            sums=TIME_SUMS,
            one_facility=True,
            small="resolved_tickets",
            columns=(Column("month", "Month", "month"), *TIMES),
            chart=_times(),
        ),
        Figure(
            name="sla-overdue",
            title="Open breaches",
            note="Tickets that are still open and past a target; the 20 facilities with most.",
            dataset="overdue",
            by=("facility_id", "priority"),
            sums=("overdue_tickets",),
            first=("overdue_tickets", "desc", 20),
            columns=OVERDUE,
            chart=_overdue(),
            wide=True,
            nothing="No ticket is open and past a target.",
        ),
    ),
)
