"""Support and what customers say of it."""

from benchmarks.hand_written.query import Query

_COUNTED = """
        count(*) as total_tickets,
        count(resolved_at) as resolved_tickets,
        count(*) filter (where sla_state = 'met') as sla_compliant_tickets,
        count(*) filter (where sla_state = 'breached') as sla_breached_tickets,
        count(*) filter (where sla_state = 'pending') as sla_pending_tickets,
        count(*) filter (where response_state <> 'pending')
            + count(*) filter (where resolution_state <> 'pending') as targets_decided,
        count(*) filter (where response_state = 'met')
            + count(*) filter (where resolution_state = 'met') as targets_met,
        avg(first_response_hours) as avg_first_response_hours,
        max(first_response_hours) as max_first_response_hours,
        avg(resolution_hours) as avg_resolution_hours,
        max(resolution_hours) as max_resolution_hours,
        max(sla_response_target_hours) as sla_response_target_hours,
        max(sla_resolution_target_hours) as sla_resolution_target_hours
"""

_COMPLIANCE = """
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
    100 * sla_compliant_tickets::float8 / nullif(sla_compliant_tickets + sla_breached_tickets, 0)
        as sla_compliance_rate_pct,
    targets_decided,
    targets_met,
    100 * targets_met::float8 / nullif(targets_decided, 0) as sla_attainment_pct,
    avg_first_response_hours,
    first_response_percentiles[1] as median_first_response_hours,
    first_response_percentiles[2] as p90_first_response_hours,
    max_first_response_hours,
    avg_resolution_hours,
    resolution_percentiles[1] as median_resolution_hours,
    resolution_percentiles[2] as p90_resolution_hours,
    max_resolution_hours,
    avg_first_response_hours as avg_first_response_business_hours,
    first_response_percentiles[1] as median_first_response_business_hours,
    first_response_percentiles[2] as p90_first_response_business_hours,
    avg_resolution_hours as avg_resolution_business_hours,
    resolution_percentiles[1] as median_resolution_business_hours,
    resolution_percentiles[2] as p90_resolution_business_hours,
    sla_response_target_hours,
    sla_resolution_target_hours
from counted
"""

_COMPLIANCE_DUCKDB = f"""
with counted as (
    select
        facility_id,
        priority,
        month,
        {_COUNTED.strip()},
        quantile_cont(first_response_hours, [0.5, 0.9]) as first_response_percentiles,
        quantile_cont(resolution_hours, [0.5, 0.9]) as resolution_percentiles
    from $ticket_sla
    group by 1, 2, 3
)
{_COMPLIANCE.strip()}
"""

# Percentiles need sorted groups.
_COMPLIANCE_POSTGRES = f"""
with counted as (
    select
        facility_id,
        priority,
        month,
        {_COUNTED.strip()},
        percentile_cont(array[0.5, 0.9]) within group (order by first_response_hours)
            as first_response_percentiles,
        percentile_cont(array[0.5, 0.9]) within group (order by resolution_hours)
            as resolution_percentiles
    from $ticket_sla
    group by 1, 2, 3
)
{_COMPLIANCE.strip()}
"""

_ROLLUPS = """
with counted as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        survey_type as metric_type,
        count(*) as response_count,
        sum(score)::float8 / count(*) as avg_score,
        count(*) filter (where score >= case survey_type when 'csat' then 4 else 9 end) as happy,
        count(*) filter (where score <= case survey_type when 'csat' then 2 else 6 end) as unhappy,
        min(score)::bigint as min_score,
        $median as median_score,
        max(score)::bigint as max_score
    from $raw.satisfaction
    where created_at <= $as_of
    group by 1, 2, 3
),
scored as (
    select
        *,
        case metric_type when 'csat' then avg_score
             else 100 * (happy - unhappy)::float8 / response_count end as score
    from counted
),
compared as (
    select
        *,
        case when lag(month) over months = month - interval '1 month'
             then lag(score) over months end as previous_month_score
    from scored
    window months as (partition by facility_id, metric_type order by month)
)
select
    facility_id,
    month,
    metric_type,
    response_count,
    avg_score,
    score,
    100 * happy::float8 / response_count as promoter_or_satisfied_pct,
    100 * unhappy::float8 / response_count as detractor_or_dissatisfied_pct,
    min_score,
    median_score,
    max_score,
    previous_month_score,
    score - previous_month_score as month_over_month_change
from compared
"""

SERVICE = {
    "ticket_sla_compliance": Query(_COMPLIANCE_DUCKDB, _COMPLIANCE_POSTGRES),
    "satisfaction_rollups": Query(
        duckdb=_ROLLUPS.replace("$median", "median(score)"),
        postgres=_ROLLUPS.replace("$median", "percentile_cont(0.5) within group (order by score)"),
    ),
}
