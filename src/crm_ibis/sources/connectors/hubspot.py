"""HubSpot: deals, engagements, tickets and their pauses. Companies are facilities.

docs/connectors/hubspot.md says what is imputed and what cannot be known.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.expressions import when
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.hubspot_deals import HOME_AMOUNT, deals_of, kept, survivors
from crm_ibis.sources.connectors.hubspot_tickets import first_closings, ticket_stages, waits
from crm_ibis.sources.connectors.landed import UNASSIGNED, current, moment, text, word
from crm_ibis.sources.connectors.options import Reopened, counts_first
from crm_ibis.sources.connectors.pauses import pauses_of_tickets

CALL_CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
"""HubSpot's own id of the call outcome Connected."""

RECEIVED = ("incoming_email", "forwarded_email")
NOT_SENT = ("draft", "scheduled", "sending", "bounced", "failed")
NOT_CALLED = ("failed", "canceled", "cancelled", "queued")
"""States of emails and calls that reached nobody, as yet or at all."""

EVENTS = {
    "first_response_at": "property_first_agent_reply_date",
    "resolved_at": "property_closed_date",
}
"""What a ticket's events land as; without a column, nobody knows whether they happened."""

PRIMARY_TYPES = {
    "deal_id": ("5", "6", "deal_to_company"),
    "ticket_id": ("26", "25", "ticket_to_company"),
    "engagement_id": (),
}
"""HubSpot's own types of association with the primary company, in either direction."""
PRIMARY_LABELS = (
    *("primary", "primary company"),
    *(f"{thing} with primary company" for thing in ("deal", "ticket", "contact")),
)


@landed.source
def facilities(company: Table) -> Table:
    """Companies, deleted ones too, as their deals remain."""
    return landed.companies(
        company,
        name=ibis.coalesce(text(company, "property_name"), text(company, "id")),
        type=text(company, "property_industry"),
        location=text(company, "property_city"),
        created_at=moment(company, "property_createdate"),
        updated_at=moment(company, "property_hs_lastmodifieddate"),
    )


@landed.source
def leads(
    deal: Table,
    deal_company: Table,
    deal_pipeline_stage: Table,
    deal_stage: Table,
    merged_deal: Table | None = None,
) -> Table:
    """Every deal, as far as its pipeline stage says; skipped stages are implied by later ones."""
    deals = deals_of(deal, deal_pipeline_stage, deal_stage, merged_deal)
    companies = _company_of(deal_company, "deal_id")
    joined = deals.left_join(companies, [("id", "deal_id")])
    facility = ibis.coalesce(joined.company_id, ibis.literal(UNASSIGNED))
    return joined.select(
        *("id", "rep_id", "status", "stage", "amount", "currency"),
        *landed.those_of(joined, HOME_AMOUNT),
        *("created_at", "updated_at", "qualified_at", "closed_at"),
        facility_id=facility,
    )


@landed.source
def opportunities(
    deal: Table, deal_pipeline_stage: Table, deal_stage: Table, merged_deal: Table | None = None
) -> Table:
    """Deals that ever were in a stage as likely as an opportunity, or won; lost ones too."""
    deals = deals_of(deal, deal_pipeline_stage, deal_stage, merged_deal)
    reached = deals.filter(deals.negotiated_at.notnull() | deals.stage.isin(["opportunity", "won"]))
    return reached.select(
        *("id", "rep_id", "amount", "currency", "updated_at", "closed_at"),
        *landed.those_of(reached, HOME_AMOUNT),
        lead_id=reached.id,
        status=ibis.cases(
            (reached.stage.isin(["won", "lost"]), reached.stage), (reached.stage.notnull(), "open")
        ),
        created_at=ibis.coalesce(reached.negotiated_at, reached.created_at),
    )


@landed.source
def outreach(
    engagement_email: Table,
    engagement_call: Table,
    engagement_meeting: Table,
    engagement_company: Table,
    engagement_deal: Table,
    deal: Table,
    deal_company: Table,
    merged_deal: Table | None = None,
) -> Table:
    """Emails and calls that went out, and meetings; answered by a call that connected, or a meeting
    that took place."""
    meeting = current(engagement_meeting)
    call = _made_calls(engagement_call)
    connected = word(call, "property_hs_call_disposition") == CALL_CONNECTED
    held = _outcome(meeting) == "completed"
    sent = ibis.union(
        _engagements(_sent_emails(engagement_email), "email", ibis.literal(False)),
        _engagements(call, "phone", connected),
        _engagements(meeting, "meeting", held),
    )
    deals = _deal_of(engagement_deal, deal, merged_deal)
    of_engagement = _company_of(engagement_company, "engagement_id")
    of_deal = _company_of(deal_company, "deal_id").select("deal_id", deal_company_id="company_id")
    joined = sent.left_join(deals, [("id", "about_id")])
    joined = joined.left_join(of_engagement, [("id", "engagement_id")])
    joined = joined.left_join(of_deal, [("lead_id", "deal_id")])
    facility = ibis.coalesce(joined.company_id, joined.deal_company_id, ibis.literal(UNASSIGNED))
    return joined.select(*sent.columns, "lead_id", facility_id=facility)


@landed.source
def tickets(
    ticket: Table,
    ticket_company: Table,
    ticket_pipeline_stage: Table,
    ticket_property_history: Table | None = None,
    *,
    reopened: Reopened = "last",
) -> Table:
    """Tickets that were not deleted; resolved where their stage is a closed one.

    With `reopened` first, they are resolved where they first entered a closed stage, though they
    may be in another now. `priority_given` is HubSpot's own priority.
    """
    by_first = counts_first(reopened)
    there = current(ticket)
    given = text(there, "property_hs_ticket_priority").lower().nullif("")
    tickets = there.select(  # before any join, as tickets have hundreds of properties
        id=text(there, "id"),
        stage_id=text(there, "property_hs_pipeline_stage"),
        priority=landed.priority(given, urgent="critical"),
        priority_given=given,
        created_at=moment(there, "property_createdate"),
        first_response_at=moment(there, "property_first_agent_reply_date"),
        closed_at=moment(there, "property_closed_date"),
        changed_at=moment(there, "property_hs_lastmodifieddate"),
    )
    joined = tickets.left_join(_company_of(ticket_company, "ticket_id"), [("id", "ticket_id")])
    joined = joined.left_join(ticket_stages(ticket_pipeline_stage), "stage_id")
    undecided = [ours for ours, theirs in EVENTS.items() if theirs not in ticket.columns]
    if by_first:
        first = first_closings(ticket_property_history, ticket_pipeline_stage)
        joined = joined.left_join(first, [("id", "closing_of")])
        undecided = [ours for ours in undecided if ours != "resolved_at"]
    # Of a stage that is not there any more, or says nothing, the date itself decides.
    resolved = when(joined.closed.fill_null(True), joined.closed_at)
    if by_first:
        resolved = ibis.least(joined.since, resolved)
    latest = ibis.greatest(joined.created_at, joined.first_response_at, resolved)
    found = joined.select(
        *("id", "priority", "priority_given", "created_at", "first_response_at"),
        facility_id=ibis.coalesce(joined.company_id, ibis.literal(UNASSIGNED)),
        status=ibis.coalesce(joined.stage_id, ibis.literal("none")),
        resolved_at=resolved,
        updated_at=ibis.coalesce(joined.changed_at, latest),
    )
    # Left out rather than null, which would say that it never happened.
    return found.drop(*undecided)


@landed.source
def ticket_pauses(
    ticket: Table,
    ticket_property_history: Table,
    ticket_pipeline_stage: Table,
    *,
    pause_on: Sequence[str],
) -> Table:
    """When tickets were in one of the stages of `pause_on`, which names them by label or id.

    Without those of tickets that were deleted.
    """
    states = waits(ticket_property_history, ticket_pipeline_stage, pause_on)
    there = current(ticket)
    kept = there.select(ticket_id=text(there, "id"))
    return pauses_of_tickets(states, ticket.select(ticket_id=text(ticket, "id")), kept)


def _company_of(association: Table, key: str) -> Table:
    """One company each: the primary one where HubSpot says which, else the one of lowest id.

    The type decides, which HubSpot keeps; a label is what an account calls it.
    """
    is_own = ~word(association, "category").isin(["user_defined", "integrator_defined"])
    types = [
        is_own & word(association, column).isin(PRIMARY_TYPES[key])
        for column in ("type_id", "association_type_id", "type")
        if column in association.columns and PRIMARY_TYPES[key]
    ]
    labels = [
        word(association, column).isin(PRIMARY_LABELS)
        for column in ("category_label", "label", "association_label")
        if column in association.columns
    ]
    each = association.select(
        key=text(association, key),
        company_id=text(association, "company_id"),
        by_type=ibis.or_(*types, ibis.literal(False)),
        by_label=ibis.or_(*labels, landed.marked(association, "is_primary")),
    )
    chosen = each.group_by("key").agg(
        by_type=landed.lowest(each.company_id, where=each.by_type),
        by_label=landed.lowest(each.company_id, where=each.by_label),
        lowest=landed.lowest(each.company_id),
    )
    company = ibis.coalesce(chosen.by_type, chosen.by_label, chosen.lowest)
    return chosen.select(**{key: chosen.key}, company_id=company)


def _deal_of(engagement_deal: Table, deal: Table, merged_deal: Table | None) -> Table:
    """The deal that each engagement is about, of several the one of lowest id.

    What was about a deal that was merged away is about the deal it was merged into.
    """
    about = engagement_deal.select(
        engagement_id=text(engagement_deal, "engagement_id"),
        deal_id=text(engagement_deal, "deal_id"),
    )
    if merged_deal is not None:
        into = survivors(merged_deal).select("merged_id", into_id="deal_id")
        joined = about.left_join(into, [("deal_id", "merged_id")])
        about = joined.select(
            "engagement_id", deal_id=ibis.coalesce(joined.into_id, joined.deal_id)
        )
        about = about.filter(about.deal_id.notnull())  # see `survivors`
    counted = kept(deal, merged_deal).select(kept_id="deal_id")
    about = about.semi_join(counted, [("deal_id", "kept_id")])
    return about.group_by(about_id="engagement_id").agg(lead_id=landed.lowest(about.deal_id))


def _sent_emails(engagement_email: Table) -> Table:
    """Emails that went out. One without a direction or a state was logged by hand as sent."""
    landed.require(
        *(engagement_email, "engagement_email", "property_hs_email_direction", "type"),
        for_="which emails were sent and which received",
    )
    email = current(engagement_email)
    direction = word(email, "property_hs_email_direction").nullif("")
    kind = ibis.coalesce(direction, word(email, "type"))
    state = word(email, "property_hs_email_status")
    return email.filter(~kind.isin(RECEIVED), ~state.isin(NOT_SENT))


def _made_calls(engagement_call: Table) -> Table:
    """Calls that went out. One without a direction or a state was logged by hand as made."""
    landed.require(
        *(engagement_call, "engagement_call", "property_hs_call_direction"),
        for_="which calls were made and which received",
    )
    call = current(engagement_call)
    inbound = word(call, "property_hs_call_direction") == "inbound"
    return call.filter(~inbound, ~word(call, "property_hs_call_status").isin(NOT_CALLED))


def _outcome(meeting: Table) -> ir.StringValue:
    """How a meeting ended, in small letters, under either of the names it has landed by."""
    outcome = word(meeting, "property_hs_meeting_outcome").nullif("")
    return ibis.coalesce(outcome, word(meeting, "meeting_outcome"))


def _engagements(table: Table, channel: str, answered: ir.BooleanValue) -> Table:
    created = moment(table, "property_hs_createdate")
    sent = ibis.coalesce(moment(table, "property_hs_timestamp"), moment(table, "start_time"))
    known = ibis.coalesce(created, sent)
    return table.select(
        id=text(table, "engagement_id"),
        rep_id=text(table, "property_hubspot_owner_id"),
        channel=ibis.literal(channel),
        message=ibis.coalesce(
            text(table, "property_hs_email_text"), text(table, "property_hs_body_preview")
        ),
        sent_at=sent,
        response_received=answered,
        responded_at=when(answered, sent),
        converted=ibis.literal(False),
        created_at=known,
        updated_at=ibis.coalesce(moment(table, "property_hs_lastmodifieddate"), known),
    )
