"""The health of facilities, and the headline numbers of a month."""

from benchmarks.hand_written.query import same

# Nine places keep float dust away from the borders.
_STATUS = """case
        when overall_health_score::decimal(18, 9) >= 80 then 'excellent'
        when overall_health_score::decimal(18, 9) >= 60 then 'good'
        when overall_health_score::decimal(18, 9) >= 40 then 'fair'
        when overall_health_score is not null then 'poor'
    end"""

# A lead's part in the weighted value is its amount times probability, its own if it has one, times
# stage weight, as in the base scenario. `least` ignores nulls, so the caps belong where there are
# leads.
_HEALTH_SCORES = f"""
with pipeline as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        least(100, 100 * sum(amount::decimal(24, 6) * case stage
            when 'lead' then coalesce(win_probability::decimal(7, 6), 0.15) * 0.10
            when 'sql' then coalesce(win_probability::decimal(7, 6), 0.30) * 0.25
            when 'opportunity' then coalesce(win_probability::decimal(7, 6), 0.50) * 0.50
            when 'won' then 1
            else 0
        end)::float8 / 125000) as pipeline_health
    from $raw.leads
    where created_at <= $as_of
    group by 1, 2
),
conversion as (
    select
        facility_id,
        month,
        least(100, 100 * (
            100 * sum(stage_count) filter (where funnel_stage = 'won')::float8
                / sum(stage_count) filter (where funnel_stage = 'lead')::float8
        ) / 50) as conversion_health
    from $conversion_funnel
    group by 1, 2
),
tickets as (
    select
        facility_id,
        month,
        100 * sum(targets_met)::float8 / nullif(sum(targets_decided), 0)::float8 as sla_health
    from $ticket_sla_compliance
    group by 1, 2
),
answers as (
    select
        facility_id,
        month,
        max(promoter_or_satisfied_pct) filter (where metric_type = 'csat') as csat_health,
        max((score + 100) / 2) filter (where metric_type = 'nps') as nps_health
    from $satisfaction_rollups
    group by 1, 2
),
components as (
    select
        facility_id,
        month,
        compliance_rate_pct as compliance_score,
        pipeline_health,
        conversion_health,
        sla_health,
        coalesce((csat_health + nps_health) / 2, csat_health, nps_health) as satisfaction_health
    from $compliance_kpis as compliance
    full join pipeline using (facility_id, month)
    full join conversion using (facility_id, month)
    full join tickets using (facility_id, month)
    full join answers using (facility_id, month)
),
weighed as (
    select
        *,
        (compliance_score is not null)::int
            + (pipeline_health is not null)::int
            + (conversion_health is not null)::int
            + (sla_health is not null)::int
            + (satisfaction_health is not null)::int as present,
        coalesce(compliance_score, 0) + coalesce(pipeline_health, 0)
            + coalesce(conversion_health, 0) + coalesce(sla_health, 0)
            + coalesce(satisfaction_health, 0) as points
    from components
),
scored as (
    select *, case when present >= 3 then points / present end as overall_health_score
    from weighed
    where present > 0
)
select
    facility_id,
    month,
    compliance_score,
    pipeline_health,
    conversion_health,
    sla_health,
    satisfaction_health,
    overall_health_score,
    {_STATUS} as health_status,
    20 * present::float8 as coverage_pct,
    nullif(concat_ws(
        ',',
        case when compliance_score is null then 'compliance_score' end,
        case when pipeline_health is null then 'pipeline_health' end,
        case when conversion_health is null then 'conversion_health' end,
        case when sla_health is null then 'sla_health' end,
        case when satisfaction_health is null then 'satisfaction_health' end
    ), '') as missing_components
from scored
"""

# The mean of answers needs their sums, which the rollups hold as a mean and a number.
_MONTHLY_SCORECARD = f"""
with leads as (
    select
        month,
        sum(stage_count) filter (where funnel_stage = 'lead')::bigint as total_leads,
        sum(stage_count) filter (where funnel_stage = 'sql')::bigint as sql_leads,
        sum(stage_count) filter (where funnel_stage = 'won')::bigint as won_leads
    from $conversion_funnel
    group by 1
),
health as (
    select
        month,
        avg(sla_health) as sla_attainment_pct,
        avg(overall_health_score) as overall_health_score
    from $health_scores
    group by 1
),
answers as (
    select
        month,
        sum(round(avg_score * response_count)) filter (where metric_type = 'csat')
            / sum(response_count) filter (where metric_type = 'csat')::float8 as avg_csat,
        sum(score * response_count) filter (where metric_type = 'nps')
            / sum(response_count) filter (where metric_type = 'nps')::float8 as nps
    from $satisfaction_rollups
    group by 1
),
invoices as (
    select
        date_trunc('month', created_at)::date as month,
        sum(amount::decimal(24, 6)) filter (
            where status = 'paid' and (paid_at is null or paid_at <= $as_of)
        ) as revenue
    from $raw.invoices
    where created_at <= $as_of
    group by 1
)
select
    month,
    coalesce(total_leads, 0) as total_leads,
    coalesce(sql_leads, 0) as sql_leads,
    100 * sql_leads::float8 / total_leads as sql_conversion_pct,
    coalesce(won_leads, 0) as won_leads,
    100 * won_leads::float8 / total_leads as won_pct,
    sla_attainment_pct,
    avg_csat,
    nps,
    overall_health_score,
    {_STATUS} as health_status,
    round(coalesce(revenue, 0), 2)::decimal(18, 2) as total_revenue
from health
full join leads using (month)
full join answers using (month)
full join invoices using (month)
"""

HEALTH = {
    "health_scores": same(_HEALTH_SCORES),
    "monthly_scorecard": same(_MONTHLY_SCORECARD),
}
