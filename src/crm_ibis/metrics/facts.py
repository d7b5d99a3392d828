"""Facts computed once and shared by KPIs: how far each lead got, which tickets were on time."""

from datetime import datetime

import ibis
from ibis import Table, _

from crm_ibis.config.params import Params
from crm_ibis.expressions import known_by, when
from crm_ibis.metrics.sla import (
    counts_business_time,
    judge_by_wall_clock,
    judge_in_business_time,
)


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


def ticket_sla(
    stg_tickets: Table,
    facilities: Table,
    params: Params,
    as_of: datetime,
    ticket_pauses: Table | None = None,
) -> Table:
    """Each ticket against the two targets of its priority: first response and resolution.

    Time runs while the ticket's calendar is open: that of its priority, else of its facility, else
    the default one; around the clock unless the parameters define calendars. Pauses stop the clock
    of the resolution, never that of the response. A target is met when its event came within that
    time, breached when it came later or has not come by `as_of` and more time has passed, else
    pending; exactly on time is met. A resolution stops the response clock too when there was no
    earlier response. The ticket is breached if either target is, met if both are, else pending;
    `hours_left` is given for pending tickets only. A due instant is the earliest at which the
    target is used up, by the pauses known at `as_of`; that of the resolution is null while the
    ticket is paused. Where the source has no column for an event, nobody knows whether it happened:
    its target has no state, and the ticket goes by the other one. Grain: ticket_id.
    """
    if counts_business_time(params, ticket_pauses):
        return judge_in_business_time(stg_tickets, facilities, ticket_pauses, params, as_of)
    return judge_by_wall_clock(stg_tickets, params, as_of)
