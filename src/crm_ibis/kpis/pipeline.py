"""What the open and won leads are worth, under several assumptions."""

import ibis
from ibis import Table

from crm_ibis.forecasts import Forecast, by_stage
from crm_ibis.measures import cents, money, ratio
from crm_ibis.params import Params

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
    totals = by_stage(stg_leads, PLACE, params)
    valued = ibis.union(*(_in_scenario(totals, name, params) for name in params.scenarios))
    return valued.mutate(
        weight_factor=ratio(
            cents(valued.weighted_pipeline_value), cents(valued.total_pipeline_value)
        )
    )


def _in_scenario(totals: Table, name: str, params: Params) -> Table:
    forecast = Forecast(totals, params, name)
    weighting = params.scenarios[name].apply_weighting
    weight = forecast.stage_weight.cast("float64") if weighting else ibis.literal(1.0, "float64")
    return totals.select(
        *PLACE,
        "stage",
        "deal_count",
        scenario=ibis.literal(name),
        total_pipeline_value=money(totals.amount),
        weighted_pipeline_value=money(forecast.value),
        win_probability=forecast.win_probability,
        stage_weight=weight,
    )
