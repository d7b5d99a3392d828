"""Facts computed once and shared by KPIs: how far each lead got, which tickets were on time."""

from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.config.params import Params
from crm_ibis.expressions import HOUR, hours_between, instant, known_by, when

MET = "met"
BREACHED = "breached"
PENDING = "pending"
UNDECIDED = ibis.null("string")
EVENTS = {"response": "first_response_at", "resolution": "resolved_at"}
"""The targets of a ticket, and the column of a source that says whether each event happened."""


def lead_milestones(stg_leads: Table, stg_opportunities: Table, as_of: datetime) -> Table:
    """When each lead first reached each stage, as far as was known at `as_of`.

    A later stage implies the earlier ones, so nobody skips a stage and a lost lead keeps how far
    it got. The dates of the lead's opportunities come first; the lead's own dates stand in where
    it has none. A milestone is null while it has not happened, and may lie before the lead's
    creation where clocks were wrong. Grain: lead_id.
    """
    of_lead = stg_opportunities.group_by("lead_id").agg(
        first_opened_at=_.created_at.min(),
        first_won_at=_.closed_at.min(where=_.status == "won"),
    )
    leads = stg_leads.left_join(of_lead, "lead_id").drop("lead_id_right")
    closed_at = ibis.coalesce(leads.closed_at, leads.updated_at)
    won = leads.mutate(
        won_at=known_by(
            ibis.coalesce(leads.first_won_at, when(leads.stage == "won", closed_at)), as_of
        )
    )
    opportunity_at = ibis.coalesce(
        won.first_opened_at, when(won.stage == "opportunity", won.updated_at)
    )
    opened = won.mutate(opportunity_at=known_by(ibis.least(opportunity_at, won.won_at), as_of))
    sql_at = ibis.coalesce(opened.qualified_at, when(opened.stage == "sql", opened.updated_at))
    return opened.select(
        "lead_id",
        "facility_id",
        "rep_id",
        "stage",
        "created_at",
        "cohort_month",
        sql_at=known_by(ibis.least(sql_at, opened.opportunity_at), as_of),
        opportunity_at=opened.opportunity_at,
        won_at=opened.won_at,
        lost_at=known_by(
            when(
                (opened.stage == "lost") & opened.won_at.isnull(),
                ibis.coalesce(opened.closed_at, opened.updated_at),
            ),
            as_of,
        ),
    )


def ticket_sla(stg_tickets: Table, params: Params, as_of: datetime) -> Table:
    """Each ticket against the two targets of its priority: first response and resolution.

    A target is met when the event came at or before the due instant, breached when it came later
    or is overdue at `as_of`, else pending. A resolution stops the response clock too when there
    was no earlier response. The ticket is breached if either target is, met if both are, else
    pending; `hours_left` is given for pending tickets only. Where the source has no column for an
    event, nobody knows whether it happened: its target has no state, and the ticket goes by the
    other one. Grain: ticket_id.
    """
    known = [target for target, event in EVENTS.items() if event in stg_tickets.columns]
    tickets = stg_tickets.mutate(
        first_response_at=_event(stg_tickets, "first_response_at", as_of),
        resolved_at=_event(stg_tickets, "resolved_at", as_of),
        **{
            f"{target}_due_at": stg_tickets.priority.cases(
                *(
                    (priority, stg_tickets.created_at + ibis.interval(microseconds=due.of(target)))
                    for priority, due in params.sla.items()
                )
            )
            for target in EVENTS
        },
    )
    happened = {
        "response": ibis.least(tickets.first_response_at, tickets.resolved_at),
        "resolution": tickets.resolved_at,
    }
    settled = tickets.mutate(
        **{
            f"{target}_state": (
                _target_state(happened[target], tickets[f"{target}_due_at"], as_of)
                if target in known
                else UNDECIDED
            )
            for target in EVENTS
        }
    )
    judged = settled.mutate(
        sla_state=_ticket_state([settled[f"{target}_state"] for target in known]),
        next_due_at=ibis.least(
            *(
                when(settled[f"{target}_state"] == PENDING, settled[f"{target}_due_at"])
                for target in EVENTS
            )
        ),
    )
    return judged.select(
        "ticket_id",
        "facility_id",
        "priority",
        "month",
        "created_at",
        "first_response_at",
        "resolved_at",
        **{
            f"sla_{target}_target_hours": judged.priority.cases(
                *(
                    (priority, ibis.literal(due.of(target) / HOUR, "float64"))
                    for priority, due in params.sla.items()
                )
            )
            for target in EVENTS
        },
        response_due_at=judged.response_due_at,
        resolution_due_at=judged.resolution_due_at,
        first_response_hours=hours_between(judged.created_at, judged.first_response_at),
        resolution_hours=hours_between(judged.created_at, judged.resolved_at),
        response_state=judged.response_state,
        resolution_state=judged.resolution_state,
        sla_state=judged.sla_state,
        hours_left=when(
            judged.sla_state == PENDING, hours_between(instant(as_of), judged.next_due_at)
        ),
    )


def _event(tickets: Table, column: str, as_of: datetime) -> ir.TimestampValue:
    """The event's instant; null where it has not happened by `as_of`, or nobody knows."""
    if column in tickets.columns:
        return known_by(tickets[column], as_of)
    return ibis.null("timestamp(6)")


def _ticket_state(states: list[ir.StringValue]) -> ir.StringValue:
    """What the targets that can be decided make of the ticket."""
    if not states:
        return UNDECIDED
    return ibis.cases(
        (ibis.or_(*(state == BREACHED for state in states)), BREACHED),
        (ibis.and_(*(state == MET for state in states)), MET),
        else_=PENDING,
    )


def _target_state(
    happened_at: ir.TimestampValue, due_at: ir.TimestampValue, as_of: datetime
) -> ir.StringValue:
    return ibis.cases(
        (happened_at <= due_at, MET),
        (happened_at > due_at, BREACHED),
        (due_at < instant(as_of), BREACHED),
        else_=PENDING,
    )
