"""HubSpot's deals in our words: which count, what their stages mean, and when they entered them."""

from decimal import Decimal

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.expressions import when
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import UNASSIGNED, current, flag, moment, text, word

SQL_FROM = Decimal("0.4")
OPPORTUNITY_FROM = Decimal("0.6")
"""Probabilities of an open stage from which a deal is qualified, and an opportunity."""

OWN_STAGES = {
    "appointmentscheduled": Decimal("0.2"),
    "qualifiedtobuy": Decimal("0.4"),
    "presentationscheduled": Decimal("0.6"),
    "decisionmakerboughtin": Decimal("0.8"),
    "contractsent": Decimal("0.9"),
    "closedwon": Decimal("1"),
    "closedlost": Decimal("0"),
}
"""HubSpot's own stages and their probabilities, by id."""
CLOSED_STAGES = ("closedwon", "closedlost")
"""Those of them that are known by their labels too."""

RANKS = {"won": 5, "lost": 4, "opportunity": 3, "sql": 2, "lead": 1}
"""Which meaning counts where a stage id occurs in several pipelines."""
QUALIFIED = ("won", "opportunity", "sql")
NEGOTIATED = ("won", "opportunity")
CLOSED = ("won", "lost")

HOME_AMOUNT = "amount_in_home_currency"
"""The amount in the company's currency, where it landed."""

DOUBLINGS = 5
"""A deal may have been merged 2 to the power of this times in a row."""


def kept(deal: Table, merged_deal: Table | None) -> Table:
    """Deals that were neither deleted nor merged into another, by what we need of them."""
    there = current(deal)
    deals = there.select(  # before any join, as deals have hundreds of properties
        deal_id=text(there, "deal_id"),
        own_stage_id=text(there, "deal_pipeline_stage_id").nullif(""),
        own_verdict=_own_verdict(there),
        rep_id=ibis.coalesce(text(there, "owner_id"), ibis.literal(UNASSIGNED)),
        amount=landed.number(there, "property_amount").fill_null(0),
        currency=landed.currency(there, "property_deal_currency_code"),
        **landed.further_number(there, f"property_{HOME_AMOUNT}", HOME_AMOUNT),
        created_at=moment(there, "property_createdate"),
        changed_at=moment(there, "property_hs_lastmodifieddate"),
        close_day=moment(there, "property_closedate"),
    )
    if merged_deal is None:
        return deals
    merged = merged_deal.select(merged_id=text(merged_deal, "merged_deal_id"))
    return deals.anti_join(merged, [("deal_id", "merged_id")])


def survivors(merged_deal: Table) -> Table:
    """The deal that each merged one belongs to in the end: merged_id, deal_id.

    Each step joins the table with itself, so that the chains it follows double in length.
    """
    pairs = merged_deal.select(
        merged_id=text(merged_deal, "merged_deal_id"), into_id=text(merged_deal, "deal_id")
    )
    step = pairs.group_by("merged_id").agg(deal_id=landed.lowest(pairs.into_id))
    for _ in range(DOUBLINGS):
        after = step.select(via_id="merged_id", end_id="deal_id")
        joined = step.left_join(after, [("deal_id", "via_id")])
        further = joined.select("merged_id", deal_id=ibis.coalesce(joined.end_id, joined.deal_id))
        # Filtered, or else Ibis makes one chain of all joins and loses the computed key.
        step = further.filter(further.merged_id.notnull())
    return step


def deals_of(
    deal: Table, deal_pipeline_stage: Table, deal_stage: Table, merged_deal: Table | None
) -> Table:
    """Deals that count, in our words."""
    stages = _stages(deal_pipeline_stage)
    entered = _entered(deal_stage, stages)
    reached = entered.group_by("id").agg(
        qualified_at=entered.at.min(where=entered.meaning.isin(QUALIFIED)),
        negotiated_at=entered.at.min(where=entered.meaning.isin(NEGOTIATED)),
    )
    is_closed = entered.meaning.isin(CLOSED).fill_null(False)
    closed = landed.held_since(entered.select("id", "at", holds=is_closed))
    deals = kept(deal, merged_deal)
    known = deals.left_join(stages, [("own_stage_id", "stage_id")])
    known = known.left_join(reached, [("deal_id", "id")]).drop("id")
    known = known.left_join(closed, [("deal_id", "id")])
    known = known.mutate(
        stage=ibis.cases(
            (known.meaning.notnull(), known.meaning),
            (known.own_verdict.notnull(), known.own_verdict),
            (known.own_stage_id.isnull(), "lead"),
            else_=ibis.null("string"),  # unknown: for the contract to name
        )
    )
    # Of an open deal the close date is a hope.
    closed_at = when(known.stage.isin(CLOSED), ibis.coalesce(known.since, known.close_day))
    latest = ibis.greatest(known.created_at, known.qualified_at, known.negotiated_at, closed_at)
    return known.select(
        *("rep_id", "amount", "currency", "created_at", "qualified_at", "negotiated_at", "stage"),
        *landed.those_of(known, HOME_AMOUNT),
        id=known.deal_id,
        status=ibis.coalesce(known.stage_name, known.own_stage_id, ibis.literal("none")),
        updated_at=ibis.coalesce(known.changed_at, latest),
        closed_at=closed_at,
    )


def _own_verdict(deal: Table) -> ir.StringValue:
    """What HubSpot says of a deal itself, where that landed: won or lost."""
    won = flag(deal, "property_hs_is_closed_won")
    closed = flag(deal, "property_hs_is_closed")
    lost = flag(deal, "property_hs_is_closed_lost")
    return ibis.cases(
        (won.fill_null(False), "won"),
        (lost.fill_null(False) | (closed & ~won).fill_null(False), "lost"),
    )


def _stages(deal_pipeline_stage: Table) -> Table:
    """What a pipeline stage means; deleted ones too, as deals have passed through them."""
    landed.require(
        deal_pipeline_stage,
        "deal_pipeline_stage",
        "probability",
        for_="which deals are won or lost, and how far the open ones are,",
    )
    known = deal_pipeline_stage.select(
        stage_id=text(deal_pipeline_stage, "stage_id"),
        label=text(deal_pipeline_stage, "label"),
        won=flag(deal_pipeline_stage, "closed_won"),
        closed=flag(deal_pipeline_stage, "is_closed"),
        share=_share(deal_pipeline_stage),
    )
    each = known.mutate(meaning=_meaning(known.won, known.closed, known.share))
    ranks = [(each.meaning == meaning, rank) for meaning, rank in RANKS.items()]
    found = each.mutate(rank=ibis.cases(*ranks)).group_by("stage_id")
    found = found.agg(stage_name=each.label.min(), rank=ibis._.rank.max())
    meanings = [(found.rank == rank, meaning) for meaning, rank in RANKS.items()]
    return found.select("stage_id", "stage_name", meaning=ibis.cases(*meanings))


def _meaning(
    won: ir.BooleanColumn, closed: ir.BooleanColumn, share: ir.DecimalColumn
) -> ir.StringValue:
    """What a stage means by its flags and its probability; null where they do not say.

    HubSpot closes a stage by its probability: 1 is won, 0 is lost. A flag decides between those
    only: `closed_won` has been landed with the meaning "closed, whichever way".
    """
    is_open = ibis.cases(
        (closed.notnull(), ~closed),
        (won.notnull(), ~won),
        else_=ibis.literal(True),
    )
    return ibis.cases(
        (share == 1, "won"),
        (share == 0, "lost"),
        (won & closed, "won"),
        (~won & closed, "lost"),
        (~is_open | (won & ~closed), ibis.null("string")),
        (share >= OPPORTUNITY_FROM, "opportunity"),
        (share >= SQL_FROM, "sql"),
        (share.notnull(), "lead"),
        else_=ibis.null("string"),
    )


def _share(stage: Table) -> ir.DecimalValue:
    """The probability of a stage from 0 to 1; where there is none, that of HubSpot's own stages."""
    given = landed.number(stage, "probability")
    # Some accounts keep it in percent.
    hundredth = ibis.literal("0.01").cast("decimal(3, 2)")
    share = ibis.ifelse(given > 1, (given * hundredth).cast(given.type()), given)
    name = word(stage, "stage_id")
    label = word(stage, "label").replace(" ", "")
    known = [(name == own, _decimal(share)) for own, share in OWN_STAGES.items()]
    known += [(label == own, _decimal(OWN_STAGES[own])) for own in CLOSED_STAGES]
    return ibis.coalesce(share, ibis.cases(*known))


def _decimal(share: Decimal) -> ir.DecimalScalar:
    return ibis.literal(str(share)).cast("decimal(24, 6)")


def _entered(deal_stage: Table, stages: Table) -> Table:
    """When each deal entered which kind of stage; the ends of the stays are not read."""
    history = deal_stage.select(
        id=text(deal_stage, "deal_id"),
        at=ibis.coalesce(moment(deal_stage, "date_entered"), moment(deal_stage, "_fivetran_start")),
        value=text(deal_stage, "value"),
    )
    joined = history.left_join(stages, [("value", "stage_id")])
    return joined.select("id", "at", "meaning")
