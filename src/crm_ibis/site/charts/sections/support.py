"""Whether support keeps its promises, and how long it takes."""

from dataclasses import dataclass, replace

import altair as alt

from crm_ibis.site.charts.drawing import (
    COUNT,
    ROWS,
    bars,
    colours,
    draw,
    hollow_when_small,
    labels,
    months,
    side_by_side,
    stack_in_order,
    tooltips,
    trend,
)
from crm_ibis.site.charts.figures import (
    FACILITY,
    MONTH,
    NEUTRAL,
    SERIES,
    SMALL,
    Column,
    Figure,
    Section,
)

BUSINESS_TIMES = "business_times"
"""The dataset that is there where calendars judge tickets."""
PRIORITIES = ["critical", "high", "medium", "low"]
PRIORITY = Column("priority", "Priority", "text")
STATES = {
    "sla_breached_tickets": "breached",
    "sla_compliant_tickets": "met both targets",
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
OVERDUE = (FACILITY, PRIORITY, Column("overdue_tickets", "Open and overdue"))
BY_PRIORITY = labels("priority", PRIORITIES)
PRIORITY_COLOUR = colours("priority", PRIORITIES)


@dataclass(frozen=True)
class Target:
    """What a ticket waits for: the columns of how long that took, and of how long it may take."""

    event: str
    words: str
    promised: str
    """The column of the target."""
    counted: Column
    """The tickets that the durations are of, or that many at most."""
    is_business: bool = False
    """Whether it is judged by calendars, so that only their open time counts."""

    @property
    def hours(self) -> str:
        return "business_hours" if self.is_business else "hours"

    @property
    def time(self) -> str:
        """What the durations are called."""
        return "business time" if self.is_business else "time"

    @property
    def name(self) -> str:
        business = "-business" if self.is_business else ""
        return f"{self.event}{business}".replace("_", "-")

    @property
    def dataset(self) -> str:
        return BUSINESS_TIMES if self.is_business else "tickets"

    @property
    def median(self) -> str:
        return f"median_{self.event}_{self.hours}"

    @property
    def p90(self) -> str:
        return f"p90_{self.event}_{self.hours}"

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            PRIORITY,
            self.counted,
            Column(self.median, "Median", "hours"),
            Column(self.p90, "90th percentile", "hours"),
            Column(self.promised, "Target", "hours"),
        )

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(column.field for column in self.columns if column != PRIORITY)


RESPONSE = Target(
    "first_response",
    "first response",
    "sla_response_target_hours",
    Column("total_tickets", "Tickets"),
)
RESOLUTION = Target(
    "resolution",
    "resolution",
    "sla_resolution_target_hours",
    Column("resolved_tickets", "Resolved"),
)
BUSINESS_RESPONSE = replace(RESPONSE, is_business=True)
BUSINESS_RESOLUTION = replace(RESOLUTION, is_business=True)


def _attainment() -> alt.TopLevelMixin:
    scale = alt.Scale(zero=False)
    share = alt.Y("sla_attainment_pct:Q", title="percent of targets met", scale=scale)
    return draw(
        trend(share, MONTHLY, PRIORITY_COLOUR),
        "Share of SLA targets met by month, a line per priority.",
    )


def _states() -> alt.TopLevelMixin:
    states = [*STATES.values()]
    scale = alt.Scale(domain=states, range=[SERIES[1], SERIES[0], NEUTRAL])
    chart = bars(
        alt.X("tickets:Q", title="tickets", axis=COUNT),
        BY_PRIORITY,
        TICKETS,
        colour=alt.Color("state:N", scale=scale, title=None),
        **stack_in_order("state", states, side_by_side(STATES, "state", "tickets")),
    )
    return draw(chart, "Tickets by priority and by what became of their targets.", row=36)


def _spread(target: Target) -> Figure:
    columns = (FACILITY, *target.columns)
    scale = alt.Scale(type="symlog", constant=1)
    axis = alt.Axis(values=[0, 1, 2, 4, 8, 12, 24, 72, 120, 240, 480], format="d")
    median = alt.X(f"{target.median}:Q", title=_axis(target), scale=scale, axis=axis)
    base = alt.Chart(ROWS).encode(y=BY_PRIORITY)
    point = base.mark_point(filled=True, size=70, stroke=SERIES[0], opacity=0.75)
    points = point.encode(x=median, fill=hollow_when_small(), tooltip=tooltips(*columns))
    promised = base.mark_tick(color=SERIES[1], thickness=3, size=26)
    described = (
        f"Median {target.time} to {target.words} of each facility in the last month, with the "
        "target."
    )
    return Figure(
        name=f"{target.name}-spread",
        title=f"{target.time.capitalize()} to {target.words} across facilities",
        note="The median of each facility in the last month of the period; medians cannot be "
        f"added up. The bar is the target. Hollow: fewer than {SMALL} {_counted(target)}.",
        dataset=target.dataset,
        unless="" if target.is_business else BUSINESS_TIMES,
        by=("facility_id", "month", "priority"),
        sums=target.values,
        last=True,
        small=target.counted.field,
        columns=columns,
        chart=draw(points + promised.encode(x=f"{target.promised}:Q"), described, row=44),
    )


def _times(target: Target) -> Figure:
    columns = (MONTH, *target.columns)
    median = alt.Y(f"{target.median}:Q", title=_axis(target))
    p90 = alt.Chart(ROWS).mark_line(strokeDash=[4, 3], strokeWidth=1.5)
    lines = p90.encode(x=months(), y=f"{target.p90}:Q", color=PRIORITY_COLOUR)
    described = (
        f"Median and 90th percentile of the {target.time} to {target.words}, by month and priority."
    )
    return Figure(
        name=f"{target.name}-times",
        title=f"{target.time.capitalize()} to {target.words} by month",
        note="Median, and dashed the 90th percentile; of one facility, as they cannot be "
        f"added up. Hollow: fewer than {SMALL} {_counted(target)}.",
        dataset=target.dataset,
        by=("month", "priority"),
        sums=target.values,
        one_facility=True,
        small=target.counted.field,
        columns=columns,
        chart=draw(lines + trend(median, columns, PRIORITY_COLOUR), described),
    )


def _axis(target: Target) -> str:
    return f"{target.hours.replace('_', ' ')} to {target.words}"


def _counted(target: Target) -> str:
    return target.counted.title.lower()


def _overdue() -> alt.TopLevelMixin:
    overdue = alt.X("overdue_tickets:Q", title="open, past a target", axis=COUNT)
    urgent_first = stack_in_order("priority", PRIORITIES)
    chart = bars(overdue, labels("facility"), OVERDUE, PRIORITY_COLOUR, **urgent_first)
    return draw(chart, "Open tickets that are past a target, by facility.", row=22)


SECTION = Section(
    name="support",
    title="Support",
    table="ticket_sla_compliance",
    figures=(
        Figure(
            name="sla-attainment",
            title="SLA attainment by priority",
            note="Each ticket has two targets: first response and resolution. Hollow: fewer than "
            f"{SMALL} decided, or a month that still ran.",
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
        _spread(RESPONSE),
        _spread(RESOLUTION),
        _spread(BUSINESS_RESPONSE),
        _spread(BUSINESS_RESOLUTION),
        _times(BUSINESS_RESPONSE),
        _times(BUSINESS_RESOLUTION),
        _times(RESPONSE),
        _times(RESOLUTION),
        Figure(
            name="sla-overdue",
            title="Open breaches",
            note="Opened in the period, still open and past a target; the 20 facilities with most.",
            dataset="overdue",
            by=("facility_id", "priority"),
            sums=("overdue_tickets",),
            first=("overdue_tickets", "desc", 20),
            columns=OVERDUE,
            chart=_overdue(),
            wide=True,
            nothing="No ticket of the period is open and past a target.",
        ),
    ),
)
