"""Salesforce's leads and opportunities in our words: which count, and since when they are what."""

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.errors import DataError
from crm_ibis.expressions import when
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import UNASSIGNED, current, flag, moment, text, word

GIVEN_UP = ("Closed - Not Converted", "Unqualified", "Disqualified")
QUALIFIED = ("Qualified",)
"""Statuses of leads that are not converted; any other is a plain lead."""
CONVERTED = "closed - converted"
CONVERSION = ("converted_date", "converted_account_id", "converted_contact_id")
"""Columns that every converted lead has a value in, and no other."""

OPEN_STAGES = (
    *("prospecting", "qualification", "needs analysis", "value proposition"),
    *("id. decision makers", "perception analysis", "proposal/price quote", "negotiation/review"),
)
WON_STAGE = "closed won"
LOST_STAGE = "closed lost"
"""Salesforce's own stages, in small letters."""
OPEN_FORECASTS = ("pipeline", "bestcase", "best case", "commit", "forecast")
WON_FORECAST = "closed"
"""Categories of the forecast; an omitted deal may be lost or open."""
VERDICT = ("is_won", "is_closed", "stage_name", "forecast_category", "forecast_category_name")
"""What says whether a deal is won, lost or open."""

CONVERTED_AMOUNT = "converted_amount"
"""The amount in the corporate currency, where it landed."""

VERSIONS = ("id", "stage_name", "is_closed", "_fivetran_start")
"""What the history of opportunities is read by; none of them is ever without a value."""
SOON = ibis.interval(days=1)
"""Versions that begin so soon after a deal was entered show all that it has been."""


def leads_of(lead: Table) -> Table:
    """Leads that count, in our words: not deleted, and not merged into another."""
    there = current(lead)
    there = there.filter(text(there, "master_record_id").nullif("").isnull())
    converted = _converted(there)
    status = text(there, "status")
    given_up = ~converted & status.isin(GIVEN_UP)
    created = moment(there, "created_date")
    qualified = converted | status.isin(QUALIFIED).fill_null(False)
    changed = ibis.coalesce(moment(there, "last_modified_date"), created)
    account = text(there, "converted_account_id")
    converted_at = landed.begin_not_before(created, landed.day(there, "converted_date"))
    return there.select(
        lead_id=text(there, "id"),
        facility_id=ibis.coalesce(account, ibis.literal(UNASSIGNED)),
        owner_id=_owner(there),
        lead_status=ibis.coalesce(status, ibis.literal("none")),
        own_stage=ibis.cases((qualified, "sql"), (given_up, "lost"), (~converted, "lead")),
        converted_deal_id=text(there, "converted_opportunity_id"),
        entered_at=created,
        changed_at=changed,
        converted_at=when(converted, converted_at),
        given_up_at=when(given_up, changed),
    )


def deals_of(opportunity: Table, lead: Table, opportunity_history: Table | None) -> Table:
    """Opportunities that count, in our words, with the first of the leads that became each."""
    landed.require(opportunity, "opportunity", *VERDICT, for_="which deals are won, lost or open")
    there = current(opportunity)
    versions = _versions(opportunity, opportunity_history)
    closed = landed.held_since(versions)
    carriers = _carriers(lead)
    first = versions.group_by("id").agg(
        landed_at=versions.at.min(), began_at=versions.at.min(where=versions.counts)
    )
    created = moment(there, "created_date")
    deals = there.select(  # before any join, as an account may have hundreds of own columns
        deal_id=text(there, "id"),
        deal_facility_id=ibis.coalesce(text(there, "account_id"), ibis.literal(UNASSIGNED)),
        deal_owner_id=_owner(there),
        stage_name=ibis.coalesce(text(there, "stage_name"), ibis.literal("none")),
        stage=_stage(there),
        amount=landed.number(there, "amount").fill_null(0),
        currency=landed.currency(there, "currency_iso_code"),
        **landed.further_number(there, CONVERTED_AMOUNT, CONVERTED_AMOUNT),
        deal_created_at=created,
        changed_at=moment(there, "last_modified_date"),
        close_day=landed.begin_not_before(created, landed.day(there, "close_date")),
    )
    known = deals.left_join(closed, [("deal_id", "id")]).drop("id")
    known = known.left_join(first, [("deal_id", "id")]).drop("id")
    known = known.left_join(carriers, [("deal_id", "converted_deal_id")])
    # The first version that landed says nothing of when it became what it is.
    since = ibis.coalesce(when(known.was_other, known.since), known.close_day)
    closed_at = when(known.stage != "opportunity", since)
    latest = ibis.greatest(known.deal_created_at, closed_at)
    # Versions that begin later than the deal do not show what it was before.
    whole = known.landed_at < known.deal_created_at + SOON
    return known.select(
        *("deal_id", "carrier_id", "deal_facility_id", "deal_owner_id"),
        *("stage_name", "stage", "amount", "currency", "deal_created_at"),
        *landed.those_of(known, CONVERTED_AMOUNT),
        deal_changed_at=ibis.coalesce(known.changed_at, latest),
        deal_closed_at=closed_at,
        began_at=when(whole, known.began_at),
    )


def _stage(opportunity: Table) -> ir.StringValue:
    """Won, lost or open by the flags; where one did not land, by what else says it; else null.

    The probability distinguishes only won from lost: people change that of open deals as they like.
    """
    won = flag(opportunity, "is_won")
    closed = flag(opportunity, "is_closed")
    stage = word(opportunity, "stage_name")
    forecast = ibis.coalesce(
        word(opportunity, "forecast_category").nullif(""),
        word(opportunity, "forecast_category_name"),
    )
    probability = landed.number(opportunity, "probability")
    return ibis.cases(
        (won, "won"),
        (~won & closed, "lost"),
        (~closed, "opportunity"),
        (won.isnull() & ((stage == WON_STAGE) | (forecast == WON_FORECAST)), "won"),
        (stage == LOST_STAGE, "lost"),
        (closed & (probability == ibis.literal(100)), "won"),
        (closed & (probability == ibis.literal(0)), "lost"),
        (closed, ibis.null("string")),
        (stage.isin(OPEN_STAGES) | forecast.isin(OPEN_FORECASTS), "opportunity"),
    )


def _converted(lead: Table) -> ir.BooleanValue:
    """Whether a lead was converted; where no flag landed, by what only a converted one has."""
    landed.require(lead, "lead", "is_converted", *CONVERSION, for_="which leads were converted")
    signs = [text(lead, c).nullif("").notnull() for c in CONVERSION if c in lead.columns]
    said = word(lead, "status") == CONVERTED
    return ibis.coalesce(
        flag(lead, "is_converted"),
        when(said, said),
        ibis.or_(*signs) if signs else ibis.null("boolean"),
    )


def _versions(opportunity: Table, opportunity_history: Table | None) -> Table:
    """What each version of an opportunity says, from when on: closed, or open or won.

    Raises DataError for a history of another shape, such as that of Salesforce's own object of the
    name, whose id is not the opportunity's.
    """
    given = opportunity if opportunity_history is None else opportunity_history
    lacking = [c for c in VERSIONS if c not in given.columns]
    if opportunity_history is not None and lacking:
        raise DataError(
            f"opportunity_history has no column {', '.join(lacking)}: it is read as the versions "
            f"of opportunity, by {', '.join(VERSIONS)}; do without it by a function of your own "
            "that calls the connector's (docs/connectors/salesforce.md)"
        )
    stage = _stage(given)
    closed = ibis.coalesce(flag(given, "is_closed"), stage != "opportunity")
    known = given.select(
        id=text(given, "id"),
        at=moment(given, "_fivetran_start"),
        holds=closed,
        counts=~closed | (stage == "won").fill_null(False),
    )
    return known.filter(known.holds.notnull())


def _carriers(lead: Table) -> Table:
    """The first of the leads that became each opportunity; of equally early ones, by id."""
    entered = leads_of(lead)
    entered = entered.filter(entered.converted_deal_id.notnull())
    # In small letters first, which all collations order alike; ids of 18 characters differ in them.
    order = [entered.entered_at, entered.lead_id.lower(), entered.lead_id]
    early = ibis.window(group_by="converted_deal_id", order_by=order)
    ranked = entered.mutate(place=ibis.row_number().over(early))
    first = ranked.filter(ranked.place == 0)
    return first.select("converted_deal_id", carrier_id=first.lead_id)


def _owner(table: Table) -> ir.StringValue:
    return ibis.coalesce(text(table, "owner_id"), ibis.literal(UNASSIGNED))
