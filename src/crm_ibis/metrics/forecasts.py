"""What leads are worth in a scenario: by the probability of their stage, or by one of their own."""

from decimal import Decimal
from typing import get_args

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.config.params import OpenStage, Params
from crm_ibis.expressions import weighted_pipeline_value, when

PROBABILITY = "decimal(38, 10)"
"""6 places of a lead's own probability, times 4 of a multiplier."""
MULTIPLIER = "decimal(22, 4)"
"""No wider, as Ibis multiplies by decimals that fit into one type only."""
WEIGHT = "decimal(38, 4)"


def deals(leads: Table, grain: list[str]) -> Table:
    """Leads of a group that are alike in every scenario: how many they are, and their amount.

    Alike are those in the same stage and of the same probability of their own, which only an open
    lead can have: won and lost are facts.
    """
    given = with_own_probability(leads)
    return given.group_by([*grain, "stage", "own_probability"]).agg(
        deal_count=_.count(), amount=_.amount.sum()
    )


def with_own_probability(leads: Table) -> Table:
    """Leads with the `own_probability` that a scenario may go by: null unless they are open."""
    own = when(leads.stage.isin(get_args(OpenStage)), leads.win_probability)
    return leads.mutate(own_probability=own)


def apply_scenario(deals: Table, scenario: str, params: Params) -> Table:
    """Deals with the `probability` and the `stage_weight` that a scenario gives them, and with
    their exact `value` in it."""
    assumed = deals.mutate(
        probability=win_probability(deals, scenario, params),
        stage_weight=stage_weight(deals.stage, scenario, params),
    )
    return assumed.mutate(
        value=weighted_pipeline_value(assumed.amount, assumed.probability, assumed.stage_weight)
    )


def stage_weight(stage: ir.StringValue, scenario: str, params: Params) -> ir.DecimalValue:
    """The weight of a stage in a scenario: 1 in one without weighting."""
    if not params.scenarios[scenario].apply_weighting:
        return ibis.literal(Decimal(1), WEIGHT)
    return _by_stage(stage, scenario, params, "stage_weight", WEIGHT)


def win_probability(deals: Table, scenario: str, params: Params) -> ir.DecimalValue:
    """Their own probability where the scenario asks for it, else that of their stage; scaled by the
    scenario, at most to 1."""
    of_stage = _by_stage(deals.stage, scenario, params, "win_probability", PROBABILITY)
    chosen = params.scenarios[scenario]
    if not chosen.own_probability:
        return of_stage
    multiplier = ibis.literal(chosen.probability_multiplier, MULTIPLIER)
    scaled = (deals.own_probability * multiplier).cast(PROBABILITY)
    capped = ibis.ifelse(scaled > 1, ibis.literal(Decimal(1), PROBABILITY), scaled)
    return ibis.coalesce(capped, of_stage)


def _by_stage(
    stage: ir.StringValue, scenario: str, params: Params, assumption: str, dtype: str
) -> ir.DecimalValue:
    known = {name: params.assumption(scenario, name) for name in params.stages}
    return stage.cases(
        *((name, ibis.literal(getattr(a, assumption), dtype)) for name, a in known.items())
    )
