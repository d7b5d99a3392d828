"""Whether support keeps its promises, and how long it takes."""

from typing import Any

import altair as alt

from crm_ibis.site.drawing import (
    COUNT,
    ONE_COLOUR,
    ROWS,
    bars,
    colours,
    drawn,
    labels,
    months,
    side_by_side,
    tooltips,
    trend,
)
from crm_ibis.site.figures import FACILITY, MONTH, NEUTRAL, SERIES, Column, Figure, Section

PRIORITIES = ["critical", "high", "medium", "low"]
PRIORITY = Column("priority", "Priority", "text")
STATES = {
    "sla_compliant_tickets": "met both targets",
    "sla_breached_tickets": "breached",
    "sla_pending_tickets": "pending",
}
TARGETS = ("targets_decided", "targets_met")
ATTAINMENT = {"sla_attainment_pct": ("targets_met", "targets_decided")}
COMPLIANCE = {
    "sla_compliance_rate_pct": (
        "sla_compliant_tickets",
        "sla_compliant_tickets+sla_breached_tickets",
    )
}
MONTHLY = (
    PRIORITY,
    MONTH,
    Column("targets_decided", "Targets decided"),
    Column("targets_met", "Targets met"),
    Column("sla_attainment_pct", "SLA attainment", "pct"),
)
TICKETS = (
    PRIORITY,
    Column("total_tickets", "Tickets"),
    Column("sla_compliant_tickets", "Met both targets"),
    Column("sla_breached_tickets", "Breached"),
    Column("sla_pending_tickets", "Pending"),
    Column("open_tickets", "Open"),
    Column("sla_compliance_rate_pct", "Compliant, of decided", "pct"),
)
TIMES = (
    PRIORITY,
    Column("resolved_tickets", "Resolved"),
    Column("median_resolution_hours", "Median resolution", "hours"),
    Column("p90_resolution_hours", "90th percentile", "hours"),
    Column("sla_resolution_target_hours", "Target", "hours"),
    Column("median_first_response_hours", "Median first response", "hours"),
    Column("p90_first_response_hours", "90th percentile", "hours"),
    Column("sla_response_target_hours", "Target", "hours"),
)
FACILITY_TIMES = (FACILITY, *TIMES)
MONTHLY_TIMES = (MONTH, *TIMES)
OVERDUE = (FACILITY, PRIORITY, Column("overdue_tickets", "Open and overdue"))
BY_PRIORITY = labels("priority", PRIORITIES)
PRIORITY_COLOUR = colours("priority", PRIORITIES)
HOURS = "hours to resolution"


def _attainment() -> alt.TopLevelMixin:
    scale = alt.Scale(zero=False)
    share = alt.Y("sla_attainment_pct:Q", title="percent of targets met", scale=scale)
    return drawn(
        trend(share, MONTHLY, PRIORITY_COLOUR),
        "Share of SLA targets met by month, a line per priority.",
    )


def _states() -> alt.TopLevelMixin:
    scale = alt.Scale(domain=[*STATES.values()], range=[*SERIES[:2], NEUTRAL])
    chart = bars(
        alt.X("tickets:Q", title="tickets", axis=COUNT),
        BY_PRIORITY,
        TICKETS,
        colour=alt.Color("state:N", scale=scale, title=None),
        rows=side_by_side(STATES, "state", "tickets"),
        order=alt.Order("column:O"),
    )
    return drawn(chart, "Tickets by priority and by what became of their targets.", row=36)


def _spread() -> alt.TopLevelMixin:
    scale = alt.Scale(type="symlog", constant=1)
    axis = alt.Axis(values=[0, 1, 4, 12, 24, 72, 120, 240, 480])
    median = alt.X("median_resolution_hours:Q", title=HOURS, scale=scale, axis=axis)
    base = alt.Chart(ROWS).encode(y=BY_PRIORITY)
    points = base.mark_point(filled=True, size=70).encode(
        x=median,
        color=ONE_COLOUR,
        opacity=alt.condition("datum.small", alt.value(0.3), alt.value(0.75)),
        tooltip=tooltips(*FACILITY_TIMES),
    )
    target = base.mark_tick(color=SERIES[1], thickness=3, size=26)
    return drawn(
        points + target.encode(x="sla_resolution_target_hours:Q"),
        "Median time to resolution of each facility in the last month, with the target.",
        row=44,
    )


def _times() -> alt.TopLevelMixin:
    median = alt.Y("median_resolution_hours:Q", title=HOURS)
    p90 = alt.Chart(ROWS).mark_line(strokeDash=[4, 3], strokeWidth=1.5)
    return drawn(
        p90.encode(x=months(), y="p90_resolution_hours:Q", color=PRIORITY_COLOUR)
        + trend(median, MONTHLY_TIMES, PRIORITY_COLOUR),
        "Median and 90th percentile of the time to resolution, by month and priority.",
    )


def _overdue() -> alt.TopLevelMixin:
    overdue = alt.X("overdue_tickets:Q", title="open, past a target", axis=COUNT)
    chart = bars(overdue, labels("facility"), OVERDUE, colour=PRIORITY_COLOUR)
    return drawn(chart, "Open tickets that are past a target, by facility.", row=22)


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
            ratios=COMPLIANCE,
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
            columns=FACILITY_TIMES,
            chart=_spread(),
        ),
        Figure(
            name="sla-times",
            title="Time to resolution by month",
            note="Median, and dashed the 90th percentile; of one facility, as they cannot be "
            "added up. Hollow: fewer than 10 resolved.",
            dataset="tickets",
            by=("month", "priority"),
            sums=TIME_SUMS,
            one_facility=True,
            small="resolved_tickets",
            columns=MONTHLY_TIMES,
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
