"""HubSpot's deals in our words: which count, what their stages mean, and when they entered them."""

from decimal import Decimal

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.connectors import landed
from crm_ibis.connectors.landed import UNASSIGNED, current, flag, moment, text
from crm_ibis.measures import when

SQL_FROM, OPPORTUNITY_FROM = Decimal("0.4"), Decimal("0.6")
"""Probabilities of an open stage from which a deal is qualified, and an opportunity."""


def kept(deal: Table, merged_deal: Table | None) -> Table:
    """Deals that were neither deleted nor merged into another, by what we need of them."""
    there = current(deal)
    deals = there.select(  # before any join, as deals have hundreds of properties
        deal_id=text(there, "deal_id"),
        own_stage_id=text(there, "deal_pipeline_stage_id").nullif(""),
        rep_id=ibis.coalesce(text(there, "owner_id"), ibis.literal(UNASSIGNED)),
        amount=landed.number(there, "property_amount").fill_null(0),
        created_at=moment(there, "property_createdate"),
        changed_at=moment(there, "property_hs_lastmodifieddate"),
        close_day=moment(there, "property_closedate"),
    )
    if merged_deal is None:
        return deals
    merged = merged_deal.select(merged_id=text(merged_deal, "merged_deal_id"))
    return deals.anti_join(merged, [("deal_id", "merged_id")])


def deals_of(
    deal: Table, deal_pipeline_stage: Table, deal_stage: Table, merged_deal: Table | None
) -> Table:
    """Deals that count, in our words."""
    stages = _stages(deal_pipeline_stage)
    entered = _entered(deal_stage, stages)
    reached = entered.group_by("id").agg(
        qualified_at=entered.at.min(where=entered.won | entered.qualified),
        negotiated_at=entered.at.min(where=entered.won | entered.negotiated),
    )
    closed = landed.held_since(entered.select("id", "at", holds="closed"))
    deals = kept(deal, merged_deal)
    known = deals.left_join(stages, [("own_stage_id", "stage_id")])
    known = known.left_join(reached, [("deal_id", "id")]).drop("id")
    known = known.left_join(closed, [("deal_id", "id")])
    # Of an open deal the close date is a hope.
    closed_at = when(known.closed, ibis.coalesce(known.since, known.close_day))
    latest = ibis.greatest(known.created_at, closed_at)
    return known.select(
        *("rep_id", "amount", "created_at", "qualified_at", "negotiated_at"),
        id=known.deal_id,
        status=ibis.coalesce(known.stage_name, known.own_stage_id, ibis.literal("none")),
        stage=ibis.cases(
            (known.own_stage_id.isnull(), "lead"),
            (known.won, "won"),
            (known.closed, "lost"),
            (known.negotiated, "opportunity"),
            (known.qualified, "sql"),
            (known.closed.notnull(), "lead"),
            else_=ibis.null("string"),  # a stage that is not there: for the contract to name
        ),
        updated_at=ibis.coalesce(known.changed_at, latest),
        closed_at=closed_at,
    )


def _stages(deal_pipeline_stage: Table) -> Table:
    """What a pipeline stage means; deleted ones too, as deals have passed through them."""
    probability = landed.number(deal_pipeline_stage, "probability")

    def likely(share: Decimal) -> ir.BooleanValue:
        # Some accounts keep it in percent.
        return ibis.ifelse(probability > 1, probability >= 100 * share, probability >= share)

    won = flag(deal_pipeline_stage, "closed_won")
    closed = won | flag(deal_pipeline_stage, "is_closed")
    each = deal_pipeline_stage.select(
        stage_id=text(deal_pipeline_stage, "stage_id"),
        label=text(deal_pipeline_stage, "label"),
        won=won,
        closed=closed,
        qualified=~closed & likely(SQL_FROM).fill_null(False),
        negotiated=~closed & likely(OPPORTUNITY_FROM).fill_null(False),
    )
    meanings = {c: each[c].any() for c in ("won", "closed", "qualified", "negotiated")}
    return each.group_by("stage_id").agg(stage_name=each.label.min(), **meanings)


def _entered(deal_stage: Table, stages: Table) -> Table:
    """When each deal entered which kind of stage; the ends of the stays are not read."""
    history = deal_stage.select(
        id=text(deal_stage, "deal_id"),
        at=ibis.coalesce(moment(deal_stage, "date_entered"), moment(deal_stage, "_fivetran_start")),
        value=text(deal_stage, "value"),
    )
    joined = history.left_join(stages, [("value", "stage_id")])
    kinds = ("won", "closed", "qualified", "negotiated")
    return joined.select("id", "at", **{kind: joined[kind].fill_null(False) for kind in kinds})
