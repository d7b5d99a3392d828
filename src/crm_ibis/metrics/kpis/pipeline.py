"""What the open and won leads are worth, under several assumptions."""

import ibis
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.expressions import cents, exact_float, money, ratio, scenario_toggle
from crm_ibis.metrics.forecasts import apply_scenario, deals

PLACE = ["facility_id", "rep_id", "month"]


def weighted_pipeline_scenarios(stg_leads: Table, params: Params) -> Table:
    """What the pipeline is worth, in each scenario of assumptions about the stages.

    Every lead counts with its amount in the month it was created and in the stage it is in now.
    The weighted value is amount x win probability x stage weight, exact, rounded once to cents; a
    scenario without weighting takes 1 as the stage weight. An open lead's own `win_probability`,
    where the source gives one, replaces that of its stage, unless the scenario ignores it; where
    the leads of a row differ, the published one is their mean by amount, null when the total is 0.
    `weight_factor` is weighted over total value, null when the total is 0.
    Grain: scenario, facility_id, rep_id, month, stage.
    """
    alike = deals(stg_leads, PLACE)
    valued = ibis.union(*(_value_deals(alike, name, params) for name in params.scenarios))
    return valued.mutate(
        weight_factor=ratio(
            cents(valued.weighted_pipeline_value), cents(valued.total_pipeline_value)
        )
    )


def _value_deals(alike: Table, name: str, params: Params) -> Table:
    given = apply_scenario(alike, name, params)
    totals = given.group_by([*PLACE, "stage"]).agg(
        deal_count=given.deal_count.sum(),
        amount=given.amount.sum(),
        value=given.value.sum(),
        expected=(given.amount * given.probability).sum(),
        lowest=given.probability.min(),
        highest=given.probability.max(),
        weight=given.stage_weight.max(),  # the stage decides it
    )
    mean = ratio(exact_float(totals.expected), exact_float(totals.amount))
    return totals.select(
        *PLACE,
        "stage",
        "deal_count",
        scenario=ibis.literal(name),
        total_pipeline_value=money(totals.amount),
        weighted_pipeline_value=money(totals.value),
        win_probability=ibis.ifelse(
            totals.lowest == totals.highest, totals.lowest.cast("float64"), mean
        ),
        stage_weight=scenario_toggle(
            params.scenarios[name].apply_weighting,
            totals.weight.cast("float64"),
            ibis.literal(1.0, "float64"),
        ),
    )
