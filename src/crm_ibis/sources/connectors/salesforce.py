"""Salesforce: leads, opportunities, activities, pauses of cases. Accounts are facilities.

docs/connectors/salesforce.md says what is imputed and what cannot be known.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.errors import DataError
from crm_ibis.expressions import when
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import UNASSIGNED, current, flag, moment, text, word
from crm_ibis.sources.connectors.pauses import pauses_of, pauses_of_tickets
from crm_ibis.sources.connectors.salesforce_cases import waits
from crm_ibis.sources.connectors.salesforce_deals import CONVERTED_AMOUNT, deals_of, leads_of
from crm_ibis.sources.connectors.salesforce_rates import rates_of

DONE = ("completed",)
NOT_DONE = ("not started", "in progress", "waiting on someone else", "deferred")
"""Salesforce's own states of a task, in small letters."""


@landed.source
def facilities(account: Table) -> Table:
    """Accounts, deleted and merged ones too, as their deals remain."""
    known = landed.newest(account)
    return landed.companies(
        known,
        name=text(known, "name"),
        type=ibis.coalesce(text(known, "type"), text(known, "industry")),
        location=text(known, "billing_city"),
        created_at=moment(known, "created_date"),
        updated_at=moment(known, "last_modified_date"),
    )


@landed.source
def leads(lead: Table, opportunity: Table, opportunity_history: Table | None = None) -> Table:
    """Leads as far as they came, and deals that began without a lead as leads of their own.

    A converted lead is worth its opportunity and stands where that stands. Of several leads that
    became the same opportunity, the first carries it; the others are qualified and worth nothing.
    Where the history shows when that was, it is qualified since its opportunity was open or won.
    """
    deals = deals_of(opportunity, lead, opportunity_history)
    entered = leads_of(lead)
    joined = entered.left_join(deals, entered.lead_id == deals.carrier_id)
    from_leads = joined.select(
        id=joined.lead_id,
        facility_id=ibis.coalesce(joined.deal_facility_id, joined.facility_id),
        rep_id=joined.owner_id,
        status=joined.lead_status,
        # A deal whose stage is unknown leaves none to its lead either.
        stage=ibis.ifelse(joined.deal_id.notnull(), joined.stage, joined.own_stage),
        amount=joined.amount.fill_null(0),
        currency=joined.currency,
        **{c: joined[c].fill_null(0) for c in landed.those_of(joined, CONVERTED_AMOUNT)},
        created_at=joined.entered_at,
        updated_at=ibis.greatest(joined.changed_at, joined.deal_changed_at),
        qualified_at=ibis.coalesce(
            when(joined.began_at >= joined.entered_at, joined.began_at), joined.converted_at
        ),
        closed_at=ibis.coalesce(joined.deal_closed_at, joined.given_up_at),
    )
    alone = deals.filter(deals.carrier_id.isnull())
    from_deals = alone.select(
        id=alone.deal_id,
        facility_id=alone.deal_facility_id,
        rep_id=alone.deal_owner_id,
        status=alone.stage_name,
        stage=alone.stage,
        amount=alone.amount,
        currency=alone.currency,
        **{c: alone[c] for c in landed.those_of(alone, CONVERTED_AMOUNT)},
        created_at=alone.deal_created_at,
        updated_at=alone.deal_changed_at,
        qualified_at=ibis.null("timestamp(6)"),
        closed_at=alone.deal_closed_at,
    )
    return ibis.union(from_leads, from_deals.cast(from_leads.schema()))


@landed.source
def opportunities(
    opportunity: Table, lead: Table, opportunity_history: Table | None = None
) -> Table:
    """Opportunities that were not deleted, each of the lead that carries it."""
    deals = deals_of(opportunity, lead, opportunity_history)
    return deals.select(
        id=deals.deal_id,
        lead_id=ibis.coalesce(deals.carrier_id, deals.deal_id),
        rep_id=deals.deal_owner_id,
        status=ibis.ifelse(deals.stage == "opportunity", "open", deals.stage),
        amount=deals.amount,
        currency=deals.currency,
        **{c: deals[c] for c in landed.those_of(deals, CONVERTED_AMOUNT)},
        created_at=deals.deal_created_at,
        updated_at=deals.deal_changed_at,
        closed_at=deals.deal_closed_at,
    )


@landed.source
def exchange_rates(
    currency_type: Table | None = None, dated_conversion_rate: Table | None = None
) -> Table:
    """What currencies are worth in the corporate one: by day where dated rates are kept.

    Salesforce keeps the inverse. A rate without a date holds since 1900.
    """
    if currency_type is None and dated_conversion_rate is None:
        raise DataError(
            "there is neither currency_type nor dated_conversion_rate, so no rate of exchange is "
            "known; load one of them, or map exchange_rates from elsewhere"
        )
    return rates_of(currency_type, dated_conversion_rate)


@landed.source
def ticket_pauses(
    case_history: Table, case: Table | None = None, *, pause_on: Sequence[str]
) -> Table:
    """When cases were in one of the statuses of `pause_on`; without those that were deleted.

    Without `case`, nobody knows which cases waited from their creation on, or were deleted.
    """
    states = waits(case_history, case, pause_on)
    if case is None:
        return pauses_of(states)
    there = current(case)
    kept = there.select(ticket_id=text(there, "id"))
    return pauses_of_tickets(states, case.select(ticket_id=text(case, "id")), kept)


@landed.source
def outreach(task: Table, event: Table, lead: Table, opportunity: Table) -> Table:
    """Tasks that were done, and events; whether anybody answered is not known."""
    activities = ibis.union(_tasks(task), _meetings(event))
    deals = deals_of(opportunity, lead, None)
    entered = leads_of(lead)
    joined = activities.left_join(deals, activities.what_id == deals.deal_id)
    joined = joined.left_join(entered, joined.who_id == entered.lead_id)
    facility = ibis.coalesce(joined.account_id, joined.deal_facility_id, joined.facility_id)
    return joined.select(
        id=joined.activity_id,
        facility_id=ibis.coalesce(facility, ibis.literal(UNASSIGNED)),
        lead_id=ibis.coalesce(joined.lead_id, joined.carrier_id, joined.deal_id),
        rep_id=joined.rep_id,
        channel=joined.channel,
        message=joined.message,
        sent_at=joined.sent_at,
        response_received=ibis.literal(False),
        responded_at=ibis.null("timestamp(6)"),
        converted=ibis.literal(False),
        created_at=joined.activity_created_at,
        updated_at=ibis.coalesce(joined.activity_changed_at, joined.activity_created_at),
    )


def _tasks(task: Table) -> Table:
    """Tasks that were done, and those of which nothing says whether they were: those have no
    instant at which they were sent, for the contract to name."""
    signs = ("is_closed", "status", "completed_date_time")
    landed.require(task, "task", *signs, for_="which tasks were done")
    there = current(task)
    state = word(there, "status")
    completed = moment(there, "completed_date_time")
    done = ibis.coalesce(
        flag(there, "is_closed"),
        ibis.cases(
            (state.isin(DONE) | completed.notnull(), True),
            (state.isin(NOT_DONE), False),
        ),
    )
    kept = there.mutate(was_done=done).filter(done.isnull() | done)
    kind = ibis.coalesce(text(kept, "task_subtype"), text(kept, "type"), ibis.literal("task"))
    begin = landed.begin_of(landed.day(kept, "activity_date"))
    at = ibis.coalesce(moment(kept, "completed_date_time"), begin, moment(kept, "created_date"))
    return _activities(kept, kind.lower(), when(kept.was_done, at))


def _meetings(event: Table) -> Table:
    """Events, without the copies of a meeting that its invitees have."""
    landed.require(event, "event", "is_child", for_="which events are copies of another")
    there = current(event)
    there = there.filter(~landed.marked(there, "is_child"))
    at = (moment(there, c) for c in ("start_date_time", "activity_date_time", "created_date"))
    return _activities(there, ibis.literal("meeting"), ibis.coalesce(*at))


def _activities(table: Table, channel: ir.StringValue, sent_at: ir.TimestampValue) -> Table:
    return table.select(
        activity_id=text(table, "id"),
        account_id=text(table, "account_id"),
        what_id=text(table, "what_id"),
        who_id=text(table, "who_id"),
        rep_id=text(table, "owner_id"),
        channel=channel,
        message=text(table, "description"),
        sent_at=sent_at,
        activity_created_at=moment(table, "created_date"),
        activity_changed_at=moment(table, "last_modified_date"),
    )
