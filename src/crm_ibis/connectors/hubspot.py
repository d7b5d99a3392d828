"""HubSpot: deals, engagements and tickets. Companies are facilities.

docs/connectors/hubspot.md says what is imputed and what cannot be known.
"""

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.connectors import landed
from crm_ibis.connectors.hubspot_deals import deals_of, kept
from crm_ibis.connectors.landed import UNASSIGNED, current, flag, moment, text, word
from crm_ibis.measures import when

CALL_CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
"""HubSpot's own id of the call outcome Connected."""


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
        *("id", "rep_id", "status", "stage", "amount"),
        *("created_at", "updated_at", "qualified_at", "closed_at"),
        facility_id=facility,
    )


def opportunities(
    deal: Table, deal_pipeline_stage: Table, deal_stage: Table, merged_deal: Table | None = None
) -> Table:
    """Deals that ever were in a stage as likely as an opportunity, or won; lost ones too."""
    deals = deals_of(deal, deal_pipeline_stage, deal_stage, merged_deal)
    reached = deals.filter(deals.negotiated_at.notnull() | deals.stage.isin(["opportunity", "won"]))
    return reached.select(
        "id",
        "rep_id",
        "amount",
        "updated_at",
        "closed_at",
        lead_id=reached.id,
        status=ibis.ifelse(reached.stage.isin(["won", "lost"]), reached.stage, "open"),
        created_at=ibis.coalesce(reached.negotiated_at, reached.created_at),
    )


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
    email, call, meeting = map(current, (engagement_email, engagement_call, engagement_meeting))
    email = email.filter(word(email, "property_hs_email_direction") != "incoming_email")
    call = call.filter(word(call, "property_hs_call_direction") != "inbound")
    connected = word(call, "property_hs_call_disposition") == CALL_CONNECTED
    held = word(meeting, "property_hs_meeting_outcome") == "completed"
    sent = ibis.union(
        _engagements(email, "email", ibis.literal(False)),
        _engagements(call, "phone", connected),
        _engagements(meeting, "meeting", held),
    )
    counted = kept(deal, merged_deal).select(kept_id="deal_id")
    deals = engagement_deal.select(
        engagement_id=text(engagement_deal, "engagement_id"),
        deal_id=text(engagement_deal, "deal_id"),
    ).semi_join(counted, [("deal_id", "kept_id")])
    deals = deals.group_by(about_id="engagement_id").agg(lead_id=deals.deal_id.min())
    of_engagement = _company_of(engagement_company, "engagement_id")
    of_deal = _company_of(deal_company, "deal_id").select("deal_id", deal_company_id="company_id")
    joined = sent.left_join(deals, [("id", "about_id")])
    joined = joined.left_join(of_engagement, [("id", "engagement_id")])
    joined = joined.left_join(of_deal, [("lead_id", "deal_id")])
    facility = ibis.coalesce(joined.company_id, joined.deal_company_id, ibis.literal(UNASSIGNED))
    return joined.select(*sent.columns, "lead_id", facility_id=facility)


def tickets(ticket: Table, ticket_company: Table, ticket_pipeline_stage: Table) -> Table:
    """Tickets that were not deleted; resolved where their stage is a closed one.

    `priority_given` is HubSpot's own priority.
    """
    there, stage = current(ticket), ticket_pipeline_stage
    closed = flag(stage, "is_closed") | (word(stage, "ticket_state") == "closed")
    stages = stage.select(stage_id=text(stage, "stage_id"), closed=closed)
    stages = stages.group_by("stage_id").agg(closed=stages.closed.any())
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
    joined = joined.left_join(stages, "stage_id")
    # Of a stage that is not there any more, the date itself tells.
    resolved = when(joined.closed.fill_null(True), joined.closed_at)
    latest = ibis.greatest(joined.created_at, joined.first_response_at, resolved)
    return joined.select(
        *("id", "priority", "priority_given", "created_at", "first_response_at"),
        facility_id=ibis.coalesce(joined.company_id, ibis.literal(UNASSIGNED)),
        status=ibis.coalesce(joined.stage_id, ibis.literal("none")),
        resolved_at=resolved,
        updated_at=ibis.coalesce(joined.changed_at, latest),
    )


def _company_of(association: Table, key: str) -> Table:
    """One company each: the primary one where HubSpot says which, else the one of lowest id."""
    primary = flag(association, "is_primary") | (word(association, "category_label") == "primary")
    each = association.select(
        key=text(association, key),
        company_id=text(association, "company_id"),
        primary=primary,
    )
    lowest = each.group_by("key").agg(
        chosen=each.company_id.min(where=each.primary), lowest=each.company_id.min()
    )
    return lowest.select(
        **{key: lowest.key}, company_id=ibis.coalesce(lowest.chosen, lowest.lowest)
    )


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
