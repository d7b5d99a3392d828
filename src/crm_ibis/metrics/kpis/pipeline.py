"""What the open and won leads are worth, under several assumptions."""

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.expressions import cents, exact_float, money, ratio
from crm_ibis.metrics.forecasts import deals, stage_weight, win_probability

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
    totals = _totals(stg_leads, params)
    valued = ibis.union(
        *(_in_scenario(totals, i, name, params) for i, name in enumerate(params.scenarios))
    )
    return valued.mutate(
        weight_factor=ratio(
            cents(valued.weighted_pipeline_value), cents(valued.total_pipeline_value)
        )
    )


def _totals(leads: Table, params: Params) -> Table:
    """The leads of a row, once for all scenarios: what each has of its own is side by side.

    By number, as a scenario's name may be too long for a column's.
    """
    alike = deals(leads, PLACE)
    likely = {
        f"probability_{i}": win_probability(alike, name, params)
        for i, name in enumerate(params.scenarios)
    }
    given = alike.mutate(**likely)
    amount = given.amount.sum()
    return given.group_by([*PLACE, "stage"]).agg(
        deal_count=given.deal_count.sum(),
        total_pipeline_value=money(amount),
        exact_amount=exact_float(amount),
        **{f"expected_{i}": _exact(given.amount, given[c]) for i, c in enumerate(likely)},
        **{f"lowest_{i}": given[c].min() for i, c in enumerate(likely)},
        **{f"highest_{i}": given[c].max() for i, c in enumerate(likely)},
    )


def _exact(amount: ir.DecimalColumn, probability: ir.DecimalColumn) -> ir.DecimalScalar:
    """What amounts add up to by their probabilities, of which Ibis does not know all the places."""
    return (amount * probability).sum().cast("decimal(38, 16)")


def _in_scenario(totals: Table, number: int, name: str, params: Params) -> Table:
    expected = totals[f"expected_{number}"]
    lowest = totals[f"lowest_{number}"]
    is_one = lowest == totals[f"highest_{number}"]
    weight = stage_weight(totals.stage, name, params)
    return totals.select(
        *PLACE,
        "stage",
        "deal_count",
        "total_pipeline_value",
        scenario=ibis.literal(name),
        weighted_pipeline_value=money(expected * weight),
        win_probability=ibis.ifelse(
            is_one, lowest.cast("float64"), ratio(exact_float(expected), totals.exact_amount)
        ),
        stage_weight=weight.cast("float64"),
    )
