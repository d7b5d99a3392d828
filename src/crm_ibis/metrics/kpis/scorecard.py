"""The company in one row a month."""

from ibis import Table, _

from crm_ibis.config.params import Params
from crm_ibis.expressions import health_status, mean_pct, merge_on, money, ratio, ratio_pct


def monthly_scorecard(
    conversion_funnel: Table,
    health_scores: Table,
    stg_satisfaction: Table,
    stg_invoices: Table,
    params: Params,
) -> Table:
    """The company's month in one row: leads, conversion, support, satisfaction, health, revenue.

    Leads count in the month they were created, answers when they were given, revenue by month of
    the paid invoice. SLA attainment and health are plain means over facilities. A row for every
    month with a lead, a health score, an answer or an invoice. Grain: month.
    """
    leads = conversion_funnel.group_by("month").agg(
        total_leads=_.stage_count.sum(where=_.funnel_stage == "lead"),
        sql_leads=_.stage_count.sum(where=_.funnel_stage == "sql"),
        won_leads=_.stage_count.sum(where=_.funnel_stage == "won"),
    )
    health = health_scores.group_by("month").agg(
        sla_attainment_pct=mean_pct(health_scores.sla_health),
        overall_health_score=mean_pct(health_scores.overall_health_score),
    )
    is_csat = _.survey_type == "csat"
    is_nps = _.survey_type == "nps"
    answers = stg_satisfaction.group_by("month").agg(
        csat_total=_.score.sum(where=is_csat),
        csat_answers=_.count(where=is_csat),
        promoters=_.count(where=is_nps & (_.score >= 9)),
        detractors=_.count(where=is_nps & (_.score <= 6)),
        nps_answers=_.count(where=is_nps),
    )
    satisfaction = answers.select(
        "month",
        avg_csat=ratio(answers.csat_total, answers.csat_answers),
        nps=ratio_pct(answers.promoters - answers.detractors, answers.nps_answers),
    )
    paid = stg_invoices.group_by("month").agg(total_revenue=_.amount.sum(where=_.status == "paid"))
    revenue = paid.select("month", total_revenue=money(paid.total_revenue))
    months = merge_on(["month"], leads, health, satisfaction, revenue)
    return months.mutate(
        total_leads=_.total_leads.fill_null(0),
        sql_leads=_.sql_leads.fill_null(0),
        won_leads=_.won_leads.fill_null(0),
        sql_conversion_pct=ratio_pct(_.sql_leads, _.total_leads),
        won_pct=ratio_pct(_.won_leads, _.total_leads),
        total_revenue=_.total_revenue.fill_null(0),
        health_status=health_status(months.overall_health_score, params.health.thresholds),
    )
