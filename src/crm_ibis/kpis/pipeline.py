"""What the open and won leads are worth, under several assumptions."""

import ibis
from ibis import Table, _

from crm_ibis.measures import cents, money, ratio, weighted_pipeline_value
from crm_ibis.params import Params

GRAIN = ["facility_id", "rep_id", "month", "stage"]


def weighted_pipeline_scenarios(stg_leads: Table, params: Params) -> Table:
    """What the pipeline is worth, in each scenario of assumptions about the stages.

    Every lead counts with its amount in the month it was created and in the stage it is in now.
    The weighted value is amount x win probability x stage weight, exact, rounded once to cents; a
    scenario without weighting takes 1 as the stage weight. `weight_factor` is weighted over total
    value, null when the total is 0. Grain: scenario, facility_id, rep_id, month, stage.
    """
    totals = stg_leads.group_by(GRAIN).agg(deal_count=_.count(), amount=_.amount.sum())
    valued = ibis.union(*(_in_scenario(totals, name, params) for name in params.scenarios))
    return valued.mutate(
        weight_factor=ratio(
            cents(valued.weighted_pipeline_value), cents(valued.total_pipeline_value)
        )
    )


def _in_scenario(totals: Table, name: str, params: Params) -> Table:
    stages = {stage: params.assumption(name, stage) for stage in params.stages}
    probability = totals.stage.cases(
        *((s, ibis.literal(a.win_probability, "decimal(38, 8)")) for s, a in stages.items())
    )
    weight = totals.stage.cases(
        *((s, ibis.literal(a.stage_weight, "decimal(38, 4)")) for s, a in stages.items())
    )
    weighting = params.scenarios[name].apply_weighting
    value = weighted_pipeline_value(totals.amount, probability, weight, weighting)
    return totals.select(
        *GRAIN,
        "deal_count",
        scenario=ibis.literal(name),
        total_pipeline_value=money(totals.amount),
        weighted_pipeline_value=money(value),
        win_probability=probability.cast("float64"),
        stage_weight=weight.cast("float64") if weighting else ibis.literal(1.0, "float64"),
    )
