"""Facts that people work from, row by row: the tickets and the deals that are open."""

from datetime import datetime
from typing import get_args

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.params import DealQueue, OpenStage, Params
from crm_ibis.expressions import (
    DAY,
    days_between,
    hours_between,
    instant,
    known_by,
    microseconds_between,
    money,
)
from crm_ibis.metrics.facts import ticket_sla
from crm_ibis.metrics.forecasts import apply_scenario, with_own_probability

OF_RESOLVED = ("resolved_at", "resolution_hours", "resolution_business_hours")
"""Columns of ticket_sla that are null for every ticket that is not resolved."""
STALE = "stale"
COOLING = "cooling"
ACTIVE = "active"


def ticket_queue(
    stg_tickets: Table,
    facilities: Table,
    params: Params,
    as_of: datetime,
    ticket_pauses: Table | None = None,
) -> Table:
    """The tickets that still wait for their resolution, with the time that each has left.

    A ticket leaves the list when it is resolved by `as_of`. Where the source has no `resolved_at`,
    no ticket is known to be resolved and all of them are here. Targets, due instants and states are
    those of `ticket_sla`; `hours_left` is the least business time left of a target that is still
    pending and not paused, and is null unless the ticket is pending, `age_hours` runs from its
    creation to `as_of`. Both change with the clock alone and do not move `updated_at`. Grain:
    ticket_id.
    """
    waiting = stg_tickets
    if "resolved_at" in stg_tickets.columns:
        waiting = stg_tickets.filter(known_by(stg_tickets.resolved_at, as_of).isnull())
    judged = ticket_sla(waiting, facilities, params, as_of, ticket_pauses)
    # Not `drop`, which DuckDB is sent in an order that differs from process to process.
    kept = [c for c in judged.columns if c not in OF_RESOLVED]
    return judged.select(*kept, age_hours=hours_between(judged.created_at, instant(as_of)))


def deal_queue(
    stg_leads: Table,
    stg_opportunities: Table,
    stg_outreach: Table,
    lead_milestones: Table,
    params: Params,
    as_of: datetime,
) -> Table:
    """The leads that can still be won, what each is worth, and how long nobody has touched it.

    A lead is here while it is in stage lead, sql or opportunity and neither won nor lost by
    `as_of`. Its last activity is the latest instant, none after `as_of`, at which it was created or
    updated, one of its opportunities was updated, or outreach to it was sent. It is stale when that
    was more than `deal_queue.stale_days` ago, cooling when more than `deal_queue.cooling_days`,
    else active: after exactly so many days it is not yet. `weighted_value` is that of the scenario
    base, rounded once to cents. `age_days` and `idle_days` change with the clock alone and do not
    move `updated_at`. Grain: lead_id.
    """
    known = _by_lead(lead_milestones, stg_opportunities, stg_outreach, as_of)
    deals = stg_leads.filter(stg_leads.stage.isin(get_args(OpenStage)))
    deals = deals.inner_join(known.filter(~known.settled), "lead_id")
    valued = apply_scenario(with_own_probability(deals), "base", params).mutate(
        last_activity_at=ibis.greatest(deals.latest_at, known_by(deals.updated_at, as_of))
    )
    now = instant(as_of)
    idle = microseconds_between(valued.last_activity_at, now)
    return valued.select(
        "lead_id",
        "facility_id",
        "rep_id",
        "stage",
        "created_at",
        "last_activity_at",
        amount=money(valued.amount),
        weighted_value=money(valued.value),
        age_days=days_between(valued.created_at, now),
        idle_days=days_between(valued.last_activity_at, now),
        attention=_attention(idle, params.deal_queue),
    )


def _by_lead(milestones: Table, opportunities: Table, outreach: Table, as_of: datetime) -> Table:
    """Of each lead, when its latest activity was, and whether it is settled: won or lost.

    One aggregation of all of them, in place of a join for each: PostgreSQL takes the leads that a
    condition on a milestone leaves for a handful, and would compare each with each.
    """
    is_settled = milestones.won_at.notnull() | milestones.lost_at.notnull()
    updated_at = known_by(opportunities.updated_at, as_of)
    known = ibis.union(
        milestones.select("lead_id", at=milestones.created_at, settled=is_settled),
        opportunities.select("lead_id", at=updated_at, settled=False),
        outreach.select("lead_id", at=outreach.sent_at, settled=False),
    )
    return known.group_by("lead_id").agg(latest_at=known["at"].max(), settled=known.settled.any())


def _attention(idle: ir.IntegerValue, limits: DealQueue) -> ir.StringValue:
    """What a deal asks for, by the whole microseconds since its last activity."""
    return ibis.cases(
        (idle > limits.stale_days * DAY, STALE),
        (idle > limits.cooling_days * DAY, COOLING),
        else_=ACTIVE,
    )
