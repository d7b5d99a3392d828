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
from crm_ibis.metrics.sla import counts_business_time

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
    tickets = ticket_sla.mutate(
        **{
            f"{event}_microseconds": microseconds_between(
                ticket_sla.created_at, ticket_sla[happened_at]
            )
            for event, happened_at in TARGETS.items()
        }
    )
    times = {f"{event}_hours": tickets[f"{event}_microseconds"] for event in TARGETS}
    business = {
        f"{event}_business_hours": (
            _microseconds(tickets[f"{event}_business_hours"])
            if counts_business_time(params, ticket_pauses)
            else tickets[f"{event}_microseconds"]
        )
        for event in TARGETS
    }
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
            f"{statistic}_{name}": value
            for name, microseconds in times.items()
            for statistic, value in _spread(microseconds).items()
        },
        **{
            f"{statistic}_{name}": value
            for name, microseconds in business.items()
            for statistic, value in _spread(microseconds).items()
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


def _microseconds(hours: ir.FloatingValue) -> ir.IntegerValue:
    """Hours as the whole microseconds that they were divided from: exact for all of a century."""
    return (hours * ibis.literal(HOUR, "float64")).round().cast("int64")


def _spread(microseconds: ir.IntegerColumn) -> dict[str, ir.FloatingScalar]:
    return {
        "avg": mean_duration(microseconds, HOUR),
        "median": quantile_duration(microseconds, 0.5, HOUR),
        "p90": quantile_duration(microseconds, 0.9, HOUR),
        "max": microseconds.max().cast("float64") / float(HOUR),
    }
