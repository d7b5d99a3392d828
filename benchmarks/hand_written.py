"""Every table once more, as the DuckDB SQL an analyst would write for it by hand.

`QUERIES` maps a table's name to one SELECT that reads only the sources, in schema `raw`. It is the
speed that the package is measured against and a second opinion on every value: written from the
definitions alone, with the default parameters filled in and without `updated_at`, which depends
on what was published before. The only input is the named parameter `$as_of`, a UTC timestamp:

    con.execute(QUERIES["health_scores"], {"as_of": datetime(2024, 3, 1)})

Each query computes what its own table needs and nothing else. Sums are taken over integers and
decimals and divided once at the end, so no value depends on the order of the rows.
"""


def _health_status(score: str) -> str:
    """The status of a score; nine places keep float dust away from the borders."""
    return f"""case
        when {score}::decimal(18, 9) >= 80 then 'excellent'
        when {score}::decimal(18, 9) >= 60 then 'good'
        when {score}::decimal(18, 9) >= 40 then 'fair'
        when {score} is not null then 'poor'
    end"""


# When each lead first reached a stage. A date after $as_of has not come yet, but it is a date:
# the fall-backs are for leads that have none.
_LEADS = """
select
    lead_id,
    facility_id,
    rep_id,
    stage,
    amount,
    win_probability,
    created_at,
    date_trunc('month', created_at)::date as cohort_month,
    case when sql_at <= $as_of then sql_at end as sql_at,
    case when opportunity_at <= $as_of then opportunity_at end as opportunity_at,
    case when won_at <= $as_of then won_at end as won_at,
    case when lost_at <= $as_of then lost_at end as lost_at
from (
    select
        leads.id as lead_id,
        leads.facility_id,
        leads.rep_id,
        leads.stage,
        leads.amount,
        leads.win_probability,
        leads.created_at,
        coalesce(
            deals.first_won_at,
            case when leads.stage = 'won' then coalesce(leads.closed_at, leads.updated_at) end
        ) as won_at,
        least(
            case when deals.lead_id is not null then deals.first_created_at
                 when leads.stage = 'opportunity' then leads.updated_at end,
            won_at
        ) as opportunity_at,
        least(
            case when leads.qualified_at is not null then leads.qualified_at
                 when leads.stage = 'sql' then leads.updated_at end,
            opportunity_at
        ) as sql_at,
        case when leads.stage = 'lost' and deals.first_won_at is null
             then coalesce(leads.closed_at, leads.updated_at) end as lost_at
    from raw.leads
    left join (
        select
            lead_id,
            min(created_at) as first_created_at,
            min(closed_at) filter (status = 'won' and closed_at <= $as_of) as first_won_at
        from raw.opportunities
        where created_at <= $as_of
        group by lead_id
    ) as deals on deals.lead_id = leads.id
    where leads.created_at <= $as_of
)
"""

LEAD_MILESTONES = f"""
select * exclude (amount, win_probability)
from ({_LEADS})
"""

# Tickets with the state of both targets. A resolution also ends the wait for a response.
_TICKETS = """
select
    id as ticket_id,
    facility_id,
    priority,
    created_at,
    date_trunc('month', created_at)::date as month,
    response_target,
    resolution_target,
    created_at + to_hours(response_target) as response_due_at,
    created_at + to_hours(resolution_target) as resolution_due_at,
    date_diff('microsecond', created_at, responded_at) as response_us,
    date_diff('microsecond', created_at, resolved_at) as resolution_us,
    case when least(responded_at, resolved_at) <= response_due_at then 'met'
         when $as_of > response_due_at then 'breached'
         else 'pending' end as response_state,
    case when resolved_at <= resolution_due_at then 'met'
         when $as_of > resolution_due_at then 'breached'
         else 'pending' end as resolution_state,
    case when 'breached' in (response_state, resolution_state) then 'breached'
         when 'pending' in (response_state, resolution_state) then 'pending'
         else 'met' end as sla_state
from (
    select
        id,
        facility_id,
        priority,
        created_at,
        case when first_response_at <= $as_of then first_response_at end as responded_at,
        case when resolved_at <= $as_of then resolved_at end as resolved_at
    from raw.tickets
    where created_at <= $as_of
)
join (
    values ('critical', 1, 4), ('high', 2, 24), ('medium', 4, 72), ('low', 8, 120)
) as targets(priority, response_target, resolution_target) using (priority)
"""

TICKET_SLA = f"""
select
    ticket_id,
    facility_id,
    priority,
    created_at,
    month,
    response_target::double as sla_response_target_hours,
    resolution_target::double as sla_resolution_target_hours,
    response_due_at,
    resolution_due_at,
    response_us / 3600000000 as first_response_hours,
    resolution_us / 3600000000 as resolution_hours,
    response_state,
    resolution_state,
    sla_state,
    case when sla_state = 'pending' then date_diff('microsecond', $as_of, least(
        case when response_state = 'pending' then response_due_at end,
        case when resolution_state = 'pending' then resolution_due_at end
    )) / 3600000000 end as hours_left
from ({_TICKETS})
"""

WEIGHTED_PIPELINE_SCENARIOS = """
with deals as (
    select
        facility_id,
        rep_id,
        date_trunc('month', created_at)::date as month,
        stage,
        win_probability::decimal(7, 6) as own,
        count(*) as deals,
        sum(amount::decimal(24, 6)) as amount
    from raw.leads
    where created_at <= $as_of
    group by all
),
scenarios(scenario, apply_weighting, probability_multiplier) as (
    values
        ('base', true, 1.0),
        ('probability_only', false, 1.0),
        ('best', true, 1.25),
        ('worst', true, 0.75)
),
stages(stage, is_open, probability, weight) as (
    values
        ('lead', true, 0.15, 0.10),
        ('sql', true, 0.30, 0.25),
        ('opportunity', true, 0.50, 0.50),
        ('won', false, 1.0, 1.0),
        ('lost', false, 0.0, 0.0)
),
assumptions as (
    select
        scenario,
        stage,
        is_open,
        probability,
        case when is_open then probability_multiplier else 1 end as multiplier,
        case when apply_weighting then weight else 1 end as stage_weight
    from scenarios cross join stages
),
assumed as (
    select
        *,
        least(1, case when is_open then coalesce(own, probability) else probability end
            * multiplier) as likely
    from deals
    join assumptions using (stage)
)
select
    scenario,
    facility_id,
    rep_id,
    month,
    stage,
    sum(deals)::bigint as deal_count,
    round(sum(amount), 2)::decimal(18, 2) as total_pipeline_value,
    round(sum(amount * likely * stage_weight), 2)::decimal(18, 2) as weighted_pipeline_value,
    case when min(likely) = max(likely) then min(likely)::double
         else sum(amount * likely)::double / nullif(sum(amount), 0)::double
    end as win_probability,
    any_value(stage_weight)::double as stage_weight,
    weighted_pipeline_value::double / nullif(total_pipeline_value, 0)::double as weight_factor
from assumed
group by scenario, facility_id, rep_id, month, stage
"""

CONVERSION_FUNNEL = f"""
with reached as (
    select
        facility_id,
        rep_id,
        cohort_month as month,
        count(*) as leads,
        count(sql_at) as sqls,
        count(opportunity_at) as opportunities,
        count(won_at) as wins,
        sum(date_diff('microsecond', created_at, sql_at)) as us_to_sql,
        sum(date_diff('microsecond', created_at, opportunity_at)) as us_to_opportunity,
        sum(date_diff('microsecond', created_at, won_at)) as us_to_won
    from ({_LEADS})
    group by all
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
    100 * stage_count / nullif(previous_stage_count, 0) as conversion_rate_pct,
    100 * stage_count / leads as conversion_from_lead_pct,
    us_from_lead / (86400000000 * nullif(stage_count, 0)) as avg_days_from_lead
from reached, lateral (
    values
        ('lead', 1, leads, null, 0),
        ('sql', 2, sqls, leads, us_to_sql),
        ('opportunity', 3, opportunities, sqls, us_to_opportunity),
        ('won', 4, wins, opportunities, us_to_won)
) as stages(funnel_stage, stage_position, stage_count, previous_stage_count, us_from_lead)
"""

COHORT_RETENTION = f"""
with cohorts as (
    select
        facility_id,
        rep_id,
        cohort_month,
        date_diff('month', cohort_month, opportunity_at) as months_to_opportunity,
        date_diff('month', cohort_month, won_at) as months_to_won,
        date_diff('month', cohort_month, lost_at) as months_to_lost,
        count(*) as leads
    from ({_LEADS})
    group by all
),
months as (
    select
        facility_id,
        rep_id,
        cohort_month,
        months_since_cohort,
        sum(leads)::bigint as cohort_size,
        coalesce(sum(leads) filter (months_to_won <= months_since_cohort), 0)::bigint as won_leads,
        coalesce(sum(leads) filter (months_to_lost <= months_since_cohort), 0)::bigint
            as lost_leads,
        coalesce(sum(leads) filter (months_to_opportunity <= months_since_cohort), 0)::bigint
            as progressed_leads
    from cohorts
    join range(12) as months(months_since_cohort)
        on cohort_month + to_months(months_since_cohort::integer) <= $as_of
    group by all
)
select
    facility_id,
    rep_id,
    cohort_month,
    months_since_cohort,
    cohort_size,
    cohort_size - won_leads - lost_leads as active_leads,
    won_leads,
    lost_leads,
    cohort_size - lost_leads as retained_leads,
    progressed_leads,
    100 * retained_leads / cohort_size as retention_rate_pct,
    100 * progressed_leads / cohort_size as progression_rate_pct,
    won_leads + active_leads / 2 as weighted_active_leads,
    cohort_month + to_months(1 + months_since_cohort::integer) <= $as_of as is_complete
from months
"""

# Only outreach without a rep looks for one at the lead. The textbook form of the Wilson bound
# gives tiny non-zero values without conversions, which would spoil ties.
REP_ACTIVITY_BY_CHANNEL = """
with activity as (
    select
        coalesce(outreach.rep_id, leads.rep_id, 'unassigned') as rep_id,
        outreach.facility_id,
        outreach.channel,
        date_trunc('month', outreach.sent_at)::date as month,
        count(*) as total_outreach,
        count(*) filter (
            response_received and (responded_at is null or responded_at <= $as_of)
        ) as total_responses,
        count(*) filter (converted) as total_conversions
    from raw.outreach
    left join raw.leads
        on leads.id = case when outreach.rep_id is null then outreach.lead_id end
        and leads.created_at <= $as_of
    where outreach.sent_at <= $as_of and outreach.created_at <= $as_of
    group by all
),
rates as (
    select
        *,
        100 * total_responses / total_outreach as response_rate_pct,
        100 * total_conversions / total_outreach as conversion_rate_pct,
        100 * total_conversions / nullif(total_responses, 0) as conversion_from_responses_pct,
        case when total_conversions = 0 then 0::double else
            100 * (total_conversions + 1.9208::double - 1.96::double * sqrt(
                total_conversions * (total_outreach - total_conversions) / total_outreach
                + 0.9604::double
            )) / (total_outreach + 3.8416::double) end as conversion_lower_bound_pct
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

TICKET_SLA_COMPLIANCE = f"""
with counted as (
    select
        facility_id,
        priority,
        month,
        count(*) as total_tickets,
        count(resolution_us) as resolved_tickets,
        count(*) filter (sla_state = 'met') as sla_compliant_tickets,
        count(*) filter (sla_state = 'breached') as sla_breached_tickets,
        count(*) filter (sla_state = 'pending') as sla_pending_tickets,
        count(*) filter (response_state <> 'pending')
            + count(*) filter (resolution_state <> 'pending') as targets_decided,
        count(*) filter (response_state = 'met')
            + count(*) filter (resolution_state = 'met') as targets_met,
        sum(response_us) / (3600000000 * nullif(count(response_us), 0))
            as avg_first_response_hours,
        quantile_cont(response_us, [0.5, 0.9]) as response_us_quantiles,
        max(response_us) / 3600000000 as max_first_response_hours,
        sum(resolution_us) / (3600000000 * nullif(count(resolution_us), 0))
            as avg_resolution_hours,
        quantile_cont(resolution_us, [0.5, 0.9]) as resolution_us_quantiles,
        max(resolution_us) / 3600000000 as max_resolution_hours,
        any_value(response_target)::double as sla_response_target_hours,
        any_value(resolution_target)::double as sla_resolution_target_hours
    from ({_TICKETS})
    group by facility_id, priority, month
)
select
    facility_id,
    priority,
    month,
    total_tickets,
    resolved_tickets,
    total_tickets - resolved_tickets as open_tickets,
    sla_compliant_tickets,
    sla_breached_tickets,
    sla_pending_tickets,
    100 * sla_compliant_tickets / nullif(sla_compliant_tickets + sla_breached_tickets, 0)
        as sla_compliance_rate_pct,
    targets_decided,
    targets_met,
    100 * targets_met / nullif(targets_decided, 0) as sla_attainment_pct,
    avg_first_response_hours,
    response_us_quantiles[1] / 3600000000 as median_first_response_hours,
    response_us_quantiles[2] / 3600000000 as p90_first_response_hours,
    max_first_response_hours,
    avg_resolution_hours,
    resolution_us_quantiles[1] / 3600000000 as median_resolution_hours,
    resolution_us_quantiles[2] / 3600000000 as p90_resolution_hours,
    max_resolution_hours,
    sla_response_target_hours,
    sla_resolution_target_hours
from counted
"""

SATISFACTION_ROLLUPS = """
with counted as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        survey_type as metric_type,
        count(*) as response_count,
        sum(score) / count(*) as avg_score,
        count(*) filter (score >= case survey_type when 'csat' then 4 else 9 end) as happy,
        count(*) filter (score <= case survey_type when 'csat' then 2 else 6 end) as unhappy,
        min(score)::bigint as min_score,
        median(score) as median_score,
        max(score)::bigint as max_score
    from raw.satisfaction
    where created_at <= $as_of
    group by all
),
scored as (
    select
        *,
        case metric_type when 'csat' then avg_score
             else 100 * (happy - unhappy) / response_count end as score
    from counted
)
select
    facility_id,
    month,
    metric_type,
    response_count,
    avg_score,
    score,
    100 * happy / response_count as promoter_or_satisfied_pct,
    100 * unhappy / response_count as detractor_or_dissatisfied_pct,
    min_score,
    median_score,
    max_score,
    case when lag(month) over months = month - interval 1 month
         then lag(score) over months end as previous_month_score,
    score - previous_month_score as month_over_month_change
from scored
window months as (partition by facility_id, metric_type order by month)
"""

PIPELINE_KPIS = """
with applications as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        case when status = 'hired' and hired_at > $as_of then 'pending' else status end as status,
        date_diff('microsecond', created_at, hired_at) as us_to_fill
    from raw.applications
    where created_at <= $as_of
)
select
    facility_id,
    month,
    count(*) as total_applications,
    count(*) filter (status = 'hired') as hired_count,
    count(*) filter (status = 'rejected') as rejected_count,
    count(*) filter (status = 'pending') as pending_count,
    count(*) filter (status = 'interview') as interview_count,
    sum(us_to_fill) filter (status = 'hired')
        / (86400000000 * nullif(count(us_to_fill) filter (status = 'hired'), 0))
        as avg_time_to_fill_days
from applications
group by facility_id, month
"""

COMPLIANCE_KPIS = """
select
    facility_id,
    date_trunc('month', created_at)::date as month,
    count(*) as total_applications,
    count(compliance_score) as scored_applications,
    count(*) filter (compliance_score >= 80) as compliant_applications,
    sum(compliance_score::decimal(28, 12)) / nullif(scored_applications, 0)
        as avg_compliance_score,
    count(*) filter (has_violations) as violation_count,
    100 * compliant_applications / nullif(scored_applications, 0) as compliance_rate_pct
from raw.applications
where created_at <= $as_of
group by facility_id, month
"""

# The mean is taken in whole millionths and rounded half away from zero to cents in integers:
# decimal division is a float in DuckDB, and 2.01 / 2 would come out as 1.00.
REVENUE_KPIS = """
with invoices as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        amount::decimal(24, 6) as amount,
        case when status = 'paid' and paid_at > $as_of then 'pending' else status end as status
    from raw.invoices
    where created_at <= $as_of
),
summed as (
    select
        facility_id,
        month,
        count(*) filter (status = 'paid') as total_invoices,
        coalesce(sum(amount) filter (status = 'paid'), 0) as revenue,
        coalesce(sum(amount) filter (status = 'pending'), 0) as outstanding,
        (revenue * 1000000)::hugeint as millionths,
        10000::hugeint * nullif(total_invoices, 0) as millionths_per_cent
    from invoices
    group by facility_id, month
)
select
    facility_id,
    month,
    total_invoices,
    round(revenue, 2)::decimal(18, 2) as total_revenue,
    (
        0.01 * (
            sign(millionths)
            * ((2 * abs(millionths) + millionths_per_cent) // (2 * millionths_per_cent))
        )::decimal(30, 0)
    )::decimal(18, 2) as avg_revenue_per_invoice,
    round(outstanding, 2)::decimal(18, 2) as outstanding_amount
from summed
"""

OUTREACH_KPIS = """
select
    facility_id,
    channel,
    date_trunc('month', sent_at)::date as month,
    count(*) as total_outreach,
    count(*) filter (
        response_received and (responded_at is null or responded_at <= $as_of)
    ) as responses,
    count(*) filter (converted) as conversions,
    100 * responses / total_outreach as response_rate_pct,
    100 * conversions / total_outreach as conversion_rate_pct
from raw.outreach
where sent_at <= $as_of and created_at <= $as_of
group by facility_id, channel, month
"""

COMBINED_KPIS = f"""
with applications as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        count(*) as total_applications,
        count(*) filter (hired) as hired_count,
        sum(us_to_fill) filter (hired) / (86400000000 * nullif(count(us_to_fill) filter (hired), 0))
            as avg_time_to_fill_days,
        count(*) filter (compliance_score >= 80) as compliant_applications,
        100 * compliant_applications / nullif(count(compliance_score), 0) as compliance_rate_pct,
        count(*) filter (has_violations) as violation_count
    from (
        select
            *,
            status = 'hired' and (hired_at is null or hired_at <= $as_of) as hired,
            date_diff('microsecond', created_at, hired_at) as us_to_fill
        from raw.applications
        where created_at <= $as_of
    )
    group by facility_id, month
),
revenue as ({REVENUE_KPIS}),
outreach as (
    select
        facility_id,
        date_trunc('month', sent_at)::date as month,
        count(*) as total_outreach,
        100 * count(*) filter (
            response_received and (responded_at is null or responded_at <= $as_of)
        ) / total_outreach as response_rate_pct,
        100 * count(*) filter (converted) / total_outreach as conversion_rate_pct
    from raw.outreach
    where sent_at <= $as_of and created_at <= $as_of
    group by facility_id, month
)
select
    facility_id,
    month,
    coalesce(total_applications, 0) as total_applications,
    coalesce(hired_count, 0) as hired_count,
    avg_time_to_fill_days,
    coalesce(compliant_applications, 0) as compliant_applications,
    compliance_rate_pct,
    coalesce(violation_count, 0) as violation_count,
    coalesce(total_revenue, 0) as total_revenue,
    avg_revenue_per_invoice,
    coalesce(total_outreach, 0) as total_outreach,
    response_rate_pct,
    conversion_rate_pct
from applications
full join revenue using (facility_id, month)
full join outreach using (facility_id, month)
"""

# A lead's part in the weighted value is its amount times probability, its own if it has one, times
# stage weight, as in the base scenario. `least` ignores nulls, so the caps belong here, where there
# are leads.
_LEAD_HEALTH = """
        sum(amount::decimal(24, 6) * case stage
            when 'lead' then coalesce(win_probability::decimal(7, 6), 0.15) * 0.10
            when 'sql' then coalesce(win_probability::decimal(7, 6), 0.30) * 0.25
            when 'opportunity' then coalesce(win_probability::decimal(7, 6), 0.50) * 0.50
            when 'won' then 1
            else 0
        end) as weighted_value,
        least(100, 100 * weighted_value::double / 125000) as pipeline_health,
        least(100, 100 * (100 * won_leads / total_leads) / 50) as conversion_health
"""

# The health score by facility and month, from `leads` (which each query counts in its own way).
_HEALTH_CTES = f"""
applications as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        100 * count(*) filter (compliance_score >= 80) / count(*) as compliance_score
    from raw.applications
    where created_at <= $as_of and compliance_score is not null
    group by all
),
tickets as (
    select
        facility_id,
        month,
        100 * (
            count(*) filter (response_state = 'met') + count(*) filter (resolution_state = 'met')
        ) / (
            count(*) filter (response_state <> 'pending')
            + count(*) filter (resolution_state <> 'pending')
        ) as sla_health
    from ({_TICKETS})
    where response_state <> 'pending' or resolution_state <> 'pending'
    group by all
),
answers as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        count(*) filter (survey_type = 'csat') as csat_answers,
        sum(score) filter (survey_type = 'csat') as csat_sum,
        count(*) filter (survey_type = 'csat' and score >= 4) as satisfied,
        count(*) filter (survey_type = 'nps') as nps_answers,
        count(*) filter (survey_type = 'nps' and score >= 9) as promoters,
        count(*) filter (survey_type = 'nps' and score <= 6) as detractors,
        100 * satisfied / nullif(csat_answers, 0) as csat_health,
        (100 * (promoters - detractors) / nullif(nps_answers, 0) + 100) / 2 as nps_health,
        coalesce((csat_health + nps_health) / 2, csat_health, nps_health) as satisfaction_health
    from raw.satisfaction
    where created_at <= $as_of
    group by all
),
components as (
    select
        facility_id,
        month,
        compliance_score,
        pipeline_health,
        conversion_health,
        sla_health,
        satisfaction_health,
        0.2 * (compliance_score is not null)::int
            + 0.2 * (pipeline_health is not null)::int
            + 0.2 * (conversion_health is not null)::int
            + 0.2 * (sla_health is not null)::int
            + 0.2 * (satisfaction_health is not null)::int as weight,
        case when 100 * weight >= 60 then (
            0.2 * coalesce(compliance_score, 0)
            + 0.2 * coalesce(pipeline_health, 0)
            + 0.2 * coalesce(conversion_health, 0)
            + 0.2 * coalesce(sla_health, 0)
            + 0.2 * coalesce(satisfaction_health, 0)
        ) / weight end as overall_health_score
    from applications
    full join leads using (facility_id, month)
    full join tickets using (facility_id, month)
    full join answers using (facility_id, month)
)
"""

HEALTH_SCORES = f"""
with leads as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        count(*) as total_leads,
        count(*) filter (
            (stage = 'won' and coalesce(closed_at, updated_at) <= $as_of)
            or id in (
                select lead_id
                from raw.opportunities
                where status = 'won' and closed_at <= $as_of and created_at <= $as_of
            )
        ) as won_leads,
        {_LEAD_HEALTH.strip()}
    from raw.leads
    where created_at <= $as_of
    group by facility_id, month
),
{_HEALTH_CTES.strip()}
select
    facility_id,
    month,
    compliance_score,
    pipeline_health,
    conversion_health,
    sla_health,
    satisfaction_health,
    overall_health_score,
    {_health_status("overall_health_score")} as health_status,
    (100 * weight)::double as coverage_pct,
    nullif(concat_ws(
        ',',
        case when compliance_score is null then 'compliance_score' end,
        case when pipeline_health is null then 'pipeline_health' end,
        case when conversion_health is null then 'conversion_health' end,
        case when sla_health is null then 'sla_health' end,
        case when satisfaction_health is null then 'satisfaction_health' end
    ), '') as missing_components
from components
"""

MONTHLY_SCORECARD = f"""
with leads as (
    select
        facility_id,
        cohort_month as month,
        count(*) as total_leads,
        count(sql_at) as sql_leads,
        count(won_at) as won_leads,
        {_LEAD_HEALTH.strip()}
    from ({_LEADS})
    group by facility_id, month
),
{_HEALTH_CTES.strip()},
leads_by_month as (
    select
        month,
        sum(total_leads)::bigint as total_leads,
        sum(sql_leads)::bigint as sql_leads,
        sum(won_leads)::bigint as won_leads
    from leads
    group by month
),
health_by_month as (
    select
        month,
        sum(sla_health::decimal(28, 12)) / nullif(count(sla_health), 0) as sla_attainment_pct,
        sum(overall_health_score::decimal(28, 12)) / nullif(count(overall_health_score), 0)
            as overall_health_score
    from components
    group by month
),
answers_by_month as (
    select
        month,
        sum(csat_sum) / nullif(sum(csat_answers), 0) as avg_csat,
        100 * (sum(promoters) - sum(detractors)) / nullif(sum(nps_answers), 0) as nps
    from answers
    group by month
),
invoices_by_month as (
    select
        date_trunc('month', created_at)::date as month,
        sum(amount::decimal(24, 6)) filter (
            status = 'paid' and (paid_at is null or paid_at <= $as_of)
        ) as revenue
    from raw.invoices
    where created_at <= $as_of
    group by all
)
select
    month,
    coalesce(total_leads, 0) as total_leads,
    coalesce(sql_leads, 0) as sql_leads,
    100 * sql_leads / total_leads as sql_conversion_pct,
    coalesce(won_leads, 0) as won_leads,
    100 * won_leads / total_leads as won_pct,
    sla_attainment_pct,
    avg_csat,
    nps,
    overall_health_score,
    {_health_status("overall_health_score")} as health_status,
    round(coalesce(revenue, 0), 2)::decimal(18, 2) as total_revenue
from health_by_month
full join leads_by_month using (month)
full join answers_by_month using (month)
full join invoices_by_month using (month)
"""

QUERIES: dict[str, str] = {
    "lead_milestones": LEAD_MILESTONES,
    "ticket_sla": TICKET_SLA,
    "weighted_pipeline_scenarios": WEIGHTED_PIPELINE_SCENARIOS,
    "conversion_funnel": CONVERSION_FUNNEL,
    "cohort_retention": COHORT_RETENTION,
    "rep_activity_by_channel": REP_ACTIVITY_BY_CHANNEL,
    "ticket_sla_compliance": TICKET_SLA_COMPLIANCE,
    "satisfaction_rollups": SATISFACTION_ROLLUPS,
    "pipeline_kpis": PIPELINE_KPIS,
    "compliance_kpis": COMPLIANCE_KPIS,
    "revenue_kpis": REVENUE_KPIS,
    "outreach_kpis": OUTREACH_KPIS,
    "combined_kpis": COMBINED_KPIS,
    "health_scores": HEALTH_SCORES,
    "monthly_scorecard": MONTHLY_SCORECARD,
}
