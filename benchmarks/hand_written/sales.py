"""Leads, deals and outreach."""

from benchmarks.hand_written.query import Query, same

# One pass over the leads: the sums of all scenarios side by side, then a row for each.
_WEIGHTED_PIPELINE_SCENARIOS = """
with likely as (
    select
        facility_id,
        rep_id,
        date_trunc('month', created_at)::date as month,
        stage,
        amount::decimal(24, 6) as amount,
        weight,
        is_open,
        case when is_open then coalesce(win_probability::decimal(7, 6), probability)
             else probability end as likely
    from $raw.leads
    join (
        values
            ('lead', true, 0.15, 0.10),
            ('sql', true, 0.30, 0.25),
            ('opportunity', true, 0.50, 0.50),
            ('won', false, 1.0, 1.0),
            ('lost', false, 0.0, 0.0)
    ) as stages(stage, is_open, probability, weight) using (stage)
    where created_at <= $as_of
    $fence
),
assumed as (
    select
        *,
        case when is_open then least(1, likely * 1.25) else likely end as likely_best,
        case when is_open then likely * 0.75 else likely end as likely_worst
    from likely
    $fence
),
summed as (
    select
        facility_id,
        rep_id,
        month,
        stage,
        max(weight) as weight,
        count(*) as deal_count,
        sum(amount) as amount,
        sum(amount * likely) as base,
        min(likely) as base_from,
        max(likely) as base_to,
        sum(amount * likely_best) as best,
        min(likely_best) as best_from,
        max(likely_best) as best_to,
        sum(amount * likely_worst) as worst,
        min(likely_worst) as worst_from,
        max(likely_worst) as worst_to
    from assumed
    group by 1, 2, 3, 4
),
valued as (
    select
        scenario,
        facility_id,
        rep_id,
        month,
        stage,
        deal_count,
        round(amount, 2)::decimal(18, 2) as total_pipeline_value,
        round(expected * stage_weight, 2)::decimal(18, 2) as weighted_pipeline_value,
        case when lowest = highest then lowest::float8
             else expected::float8 / nullif(amount, 0)::float8 end as win_probability,
        stage_weight::float8 as stage_weight
    from summed
    cross join lateral (
        values
            ('base', base, base_from, base_to, weight),
            ('probability_only', base, base_from, base_to, 1),
            ('best', best, best_from, best_to, weight),
            ('worst', worst, worst_from, worst_to, weight)
    ) as scenarios(scenario, expected, lowest, highest, stage_weight)
)
select
    *,
    weighted_pipeline_value::float8 / nullif(total_pipeline_value, 0)::float8 as weight_factor
from valued
"""

_REACHED = """
with reached as (
    select
        facility_id,
        rep_id,
        cohort_month as month,
        count(*) as leads,
        count(sql_at) as sqls,
        count(opportunity_at) as opportunities,
        count(won_at) as wins,
        $mean_days
    from $lead_milestones
    group by 1, 2, 3
)
select
    facility_id,
    rep_id,
    month,
    funnel_stage,
    stage_position::bigint as stage_position,
    stage_count,
    previous_stage_count,
    previous_stage_count - stage_count as drop_off_count,
    100 * stage_count::float8 / nullif(previous_stage_count, 0) as conversion_rate_pct,
    100 * stage_count::float8 / leads as conversion_from_lead_pct,
    avg_days_from_lead
from reached
cross join lateral (
    values
        ('lead', 1, leads, null, 0),
        ('sql', 2, sqls, leads, days_to_sql),
        ('opportunity', 3, opportunities, sqls, days_to_opportunity),
        ('won', 4, wins, opportunities, days_to_won)
) as stages(funnel_stage, stage_position, stage_count, previous_stage_count, avg_days_from_lead)
"""

_STAGES = ("sql", "opportunity", "won")


def _funnel(mean_days: str) -> str:
    means = [f"{mean_days.format(at=f'{s}_at')} as days_to_{s}" for s in _STAGES]
    return _REACHED.replace("$mean_days", ",\n        ".join(means))


# Months are counted as they pass in the calendar.
_COHORT_RETENTION = """
with cohorts as (
    select
        facility_id,
        rep_id,
        cohort_month,
        $months_to_opportunity as months_to_opportunity,
        $months_to_won as months_to_won,
        $months_to_lost as months_to_lost,
        count(*) as leads
    from $lead_milestones
    group by 1, 2, 3, 4, 5, 6
),
months as (
    select
        facility_id,
        rep_id,
        cohort_month,
        months_since_cohort,
        sum(leads)::bigint as cohort_size,
        coalesce(sum(leads) filter (where months_to_won <= months_since_cohort), 0)::bigint
            as won_leads,
        coalesce(sum(leads) filter (where months_to_lost <= months_since_cohort), 0)::bigint
            as lost_leads,
        coalesce(sum(leads) filter (where months_to_opportunity <= months_since_cohort), 0)::bigint
            as progressed_leads
    from cohorts
    join generate_series(0, 11) as months(months_since_cohort)
        on cohort_month + months_since_cohort * interval '1 month' <= $as_of
    group by 1, 2, 3, 4
)
select
    facility_id,
    rep_id,
    cohort_month,
    months_since_cohort::bigint as months_since_cohort,
    cohort_size,
    cohort_size - won_leads - lost_leads as active_leads,
    won_leads,
    lost_leads,
    cohort_size - lost_leads as retained_leads,
    progressed_leads,
    100 * (cohort_size - lost_leads)::float8 / cohort_size as retention_rate_pct,
    100 * progressed_leads::float8 / cohort_size as progression_rate_pct,
    won_leads + (cohort_size - won_leads - lost_leads)::float8 / 2 as weighted_active_leads,
    cohort_month + (1 + months_since_cohort) * interval '1 month' <= $as_of as is_complete
from months
"""


def _cohorts(months_to: str) -> str:
    sql = _COHORT_RETENTION
    for milestone in ("opportunity", "won", "lost"):
        sql = sql.replace(f"$months_to_{milestone}", months_to.format(at=f"{milestone}_at"))
    return sql


_POSTGRES_MONTHS = (
    "(12 * (date_part('year', {at}) - date_part('year', cohort_month))\n"
    "            + date_part('month', {at}) - date_part('month', cohort_month))::int"
)

# Only outreach without a rep looks for one at the lead. The textbook form of the Wilson bound
# gives tiny non-zero values without conversions, which would spoil ties.
_REP_ACTIVITY_BY_CHANNEL = """
with activity as (
    select
        coalesce(outreach.rep_id, leads.rep_id, 'unassigned') as rep_id,
        outreach.facility_id,
        outreach.channel,
        date_trunc('month', outreach.sent_at)::date as month,
        count(*) as total_outreach,
        count(*) filter (
            where response_received and (responded_at is null or responded_at <= $as_of)
        ) as total_responses,
        count(*) filter (where converted) as total_conversions
    from $raw.outreach
    left join $raw.leads
        on leads.id = case when outreach.rep_id is null then outreach.lead_id end
        and leads.created_at <= $as_of
    where outreach.sent_at <= $as_of and outreach.created_at <= $as_of
    group by 1, 2, 3, 4
),
rates as (
    select
        *,
        100 * total_responses::float8 / total_outreach as response_rate_pct,
        100 * total_conversions::float8 / total_outreach as conversion_rate_pct,
        100 * total_conversions::float8 / nullif(total_responses, 0)
            as conversion_from_responses_pct,
        case when total_conversions = 0 then 0::float8 else
            100 * (total_conversions + 1.9208::float8 - 1.96::float8 * sqrt(
                total_conversions * (total_outreach - total_conversions)::float8 / total_outreach
                + 0.9604::float8
            )) / (total_outreach + 3.8416::float8) end as conversion_lower_bound_pct
    from activity
)
select
    *,
    rank() over (
        partition by rep_id, facility_id, month
        order by conversion_lower_bound_pct desc, response_rate_pct desc
    ) as channel_effectiveness_rank
from rates
"""

_OUTREACH_KPIS = """
select
    facility_id,
    channel,
    month,
    sum(total_outreach)::bigint as total_outreach,
    sum(total_responses)::bigint as responses,
    sum(total_conversions)::bigint as conversions,
    100 * sum(total_responses)::float8 / sum(total_outreach)::float8 as response_rate_pct,
    100 * sum(total_conversions)::float8 / sum(total_outreach)::float8 as conversion_rate_pct
from $rep_activity_by_channel
group by 1, 2, 3
"""

SALES = {
    "weighted_pipeline_scenarios": Query(
        duckdb=_WEIGHTED_PIPELINE_SCENARIOS.replace("$fence", ""),
        postgres=_WEIGHTED_PIPELINE_SCENARIOS.replace("$fence", "offset '0'"),
    ),
    "conversion_funnel": Query(
        duckdb=_funnel("avg(date_diff('microsecond', created_at, {at})) / 86400e6"),
        postgres=_funnel("avg(date_part('epoch', {at} - created_at)) / 86400"),
    ),
    "cohort_retention": Query(
        duckdb=_cohorts("date_diff('month', cohort_month, {at})"),
        postgres=_cohorts(_POSTGRES_MONTHS),
    ),
    "rep_activity_by_channel": same(_REP_ACTIVITY_BY_CHANNEL),
    "outreach_kpis": same(_OUTREACH_KPIS),
}
