"""Whether support keeps its promises."""

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.config.params import Params
from crm_ibis.expressions import (
    HOUR,
    mean_duration,
    microseconds_between,
    quantile_duration,
    ratio_pct,
)
from crm_ibis.metrics.business_time import without_lookups
from crm_ibis.metrics.sla import counts_business_time

DUE = ("response_due_at", "resolution_due_at")
"""Columns of ticket_sla that take their time, and that no KPI reads."""
TARGETS = {"first_response": "first_response_at", "resolution": "resolved_at"}


def ticket_sla_compliance(
    ticket_sla: Table, params: Params, ticket_pauses: Table | None = None
) -> Table:
    """How many tickets of a month met both targets of their priority, and how long they took.

    Compliance counts tickets that are decided; attainment counts targets, of which each ticket has
    two. An open, overdue ticket is a breach; one that is not due yet counts in neither. A target
    whose event the source does not record counts nowhere, and the other one decides. Times
    are in hours from creation, over the tickets that have the event by `as_of`: those of the wall
    clock, and business hours, which count while the ticket's calendar is open, those of the
    resolution without pauses. Median and p90 are continuous percentiles. Where the source has no
    `resolved_at`, no ticket is known to be resolved and all count as open. Grain: facility_id,
    priority, month.
    """
    apart = counts_business_time(params, ticket_pauses)
    if apart:
        ticket_sla = without_lookups(ticket_sla, [c for c in ticket_sla.columns if c not in DUE])
    tickets = ticket_sla.mutate(**_durations(ticket_sla, apart))
    states = (tickets.response_state, tickets.resolution_state)
    totals = tickets.group_by(["facility_id", "priority", "month"]).agg(
        total_tickets=_.count(),
        resolved_tickets=_.resolved_at.count(),
        open_tickets=_.count(where=_.resolved_at.isnull()),
        sla_compliant_tickets=_.count(where=_.sla_state == "met"),
        sla_breached_tickets=_.count(where=_.sla_state == "breached"),
        sla_pending_tickets=_.count(where=_.sla_state == "pending"),
        targets_decided=_count(*(state != "pending" for state in states)),
        targets_met=_count(*(state == "met" for state in states)),
        # The priority decides the target, so any of its tickets has it.
        sla_response_target_hours=_.sla_response_target_hours.max(),
        sla_resolution_target_hours=_.sla_resolution_target_hours.max(),
        **{
            f"{statistic}_{event}_hours": value
            for event in TARGETS
            for statistic, value in _spread(tickets[f"{event}_microseconds"]).items()
        },
        **{
            f"{statistic}_{event}_business_hours": value
            for event in TARGETS
            for statistic, value in _spread(tickets[_business(event, apart)]).items()
            if statistic != "max"
        },
    )
    return totals.mutate(
        sla_compliance_rate_pct=ratio_pct(
            _.sla_compliant_tickets, _.sla_compliant_tickets + _.sla_breached_tickets
        ),
        sla_attainment_pct=ratio_pct(_.targets_met, _.targets_decided),
    )


def _count(*conditions: ir.BooleanColumn) -> ir.IntegerScalar:
    first, second = (condition.sum() for condition in conditions)
    # Null where a target has no state in any row.
    return first.fill_null(0) + second.fill_null(0)


def _durations(ticket_sla: Table, apart: bool) -> dict[str, ir.IntegerValue]:
    """The times to each event in microseconds; business time where that is kept apart.

    Then from their hours, whose division by an hour is taken back exactly, for a century.
    """
    if not apart:
        return {
            f"{event}_microseconds": microseconds_between(
                ticket_sla.created_at, ticket_sla[happened_at]
            )
            for event, happened_at in TARGETS.items()
        }
    hour = ibis.literal(HOUR, "float64")
    return {
        f"{event}_{kind}microseconds": (
            (ticket_sla[f"{event}_{kind}hours"] * hour).round().cast("int64")
        )
        for event in TARGETS
        for kind in ("", "business_")
    }


def _business(event: str, apart: bool) -> str:
    """The column of business microseconds, which are those of the wall clock unless kept apart."""
    return f"{event}_business_microseconds" if apart else f"{event}_microseconds"


def _spread(microseconds: ir.IntegerColumn) -> dict[str, ir.FloatingScalar]:
    return {
        "avg": mean_duration(microseconds, HOUR),
        "median": quantile_duration(microseconds, 0.5, HOUR),
        "p90": quantile_duration(microseconds, 0.9, HOUR),
        "max": microseconds.max().cast("float64") / float(HOUR),
    }
