"""How well each facility does, in one number."""

from math import ceil

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.config.params import WEIGHT_UNITS, Params
from crm_ibis.expressions import exact_float, health_status, merge_on, ratio, ratio_pct, when
from crm_ibis.metrics.forecasts import apply_scenario, deals

GRAIN = ["facility_id", "month"]


def health_scores(
    compliance_kpis: Table,
    stg_leads: Table,
    conversion_funnel: Table,
    ticket_sla_compliance: Table,
    satisfaction_rollups: Table,
    params: Params,
) -> Table:
    """How healthy a facility's month was, from 0 to 100.

    Five components: compliance rate, weighted pipeline against its target, share of leads won
    against its target, SLA targets met, satisfaction. The score is the weighted mean of those that
    exist: a missing one is neither 0 nor 100, but lowers `coverage_pct`; below the least coverage
    score and status are null. Months without any component have no row.
    Grain: facility_id, month.
    """
    components = merge_on(
        GRAIN,
        compliance_kpis.select(*GRAIN, compliance_score="compliance_rate_pct"),
        _pipeline_health(stg_leads, params),
        _conversion_health(conversion_funnel, params),
        _sla_health(ticket_sla_compliance),
        _satisfaction_health(satisfaction_rollups),
    )
    # Weights as whole units, so that a score of exactly 80 is not 79.99999999999999.
    units = {name: int(w * WEIGHT_UNITS) for name, w in params.health.weights.items()}
    weighed = components.mutate(
        weight=sum(ibis.ifelse(components[c].isnull(), 0, units[c]).cast("int64") for c in units),
        points=sum((components[c] * float(units[c])).fill_null(0.0) for c in units),
        missing=ibis.literal("").concat(
            *(ibis.ifelse(components[c].isnull(), f",{c}", "") for c in units)
        ),
    ).filter(lambda row: ibis.or_(*(row[c].notnull() for c in units)))
    enough = weighed.weight >= ceil(params.health.min_coverage_pct * WEIGHT_UNITS / 100)
    scored = weighed.select(
        *GRAIN,
        *units,
        overall_health_score=when(enough, ratio(weighed.points, weighed.weight)),
        coverage_pct=ratio_pct(weighed.weight, ibis.literal(WEIGHT_UNITS)),
        missing_components=weighed.missing.substr(1).nullif(""),
    )
    return scored.mutate(
        health_status=health_status(scored.overall_health_score, params.health.thresholds)
    )


def _pipeline_health(stg_leads: Table, params: Params) -> Table:
    valued = apply_scenario(deals(stg_leads, GRAIN), "base", params)
    weighted = valued.group_by(GRAIN).agg(value=valued.value.sum())
    target = ibis.literal(float(params.health.pipeline_target), "float64")
    share = ratio_pct(exact_float(weighted.value), target)
    return weighted.select(*GRAIN, pipeline_health=_at_most_100(share))


def _conversion_health(conversion_funnel: Table, params: Params) -> Table:
    leads = conversion_funnel.group_by(GRAIN).agg(
        leads=_.stage_count.sum(where=_.funnel_stage == "lead"),
        won=_.stage_count.sum(where=_.funnel_stage == "won"),
    )
    target = ibis.literal(float(params.health.conversion_target_pct), "float64")
    won_pct = ratio_pct(leads.won, leads.leads)
    return leads.select(*GRAIN, conversion_health=_at_most_100(ratio_pct(won_pct, target)))


def _sla_health(ticket_sla_compliance: Table) -> Table:
    targets = ticket_sla_compliance.group_by(GRAIN).agg(
        met=_.targets_met.sum(), decided=_.targets_decided.sum()
    )
    return targets.select(*GRAIN, sla_health=ratio_pct(targets.met, targets.decided))


def _satisfaction_health(satisfaction_rollups: Table) -> Table:
    is_csat = _.metric_type == "csat"
    answers = satisfaction_rollups.group_by(GRAIN).agg(
        csat=_.promoter_or_satisfied_pct.max(where=is_csat),
        nps=((_.score + 100) / 2).max(where=~is_csat),
    )
    both = (answers.csat + answers.nps) / 2
    return answers.select(
        *GRAIN, satisfaction_health=ibis.coalesce(both, answers.csat, answers.nps)
    )


def _at_most_100(percentage: ir.FloatingValue) -> ir.FloatingValue:
    # Not least(100, percentage), which is 100 for null.
    return ibis.ifelse(percentage > 100, ibis.literal(100.0, "float64"), percentage)
