"""Hiring, compliance, revenue, and all of it in one row."""

from benchmarks.hand_written.query import Query, same

_PIPELINE_KPIS = """
with applications as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        case when status = 'hired' and hired_at > $as_of then 'pending' else status end as status,
        $days_to_fill as days_to_fill
    from $raw.applications
    where created_at <= $as_of
    $fence
)
select
    facility_id,
    month,
    count(*) as total_applications,
    count(*) filter (where status = 'hired') as hired_count,
    count(*) filter (where status = 'rejected') as rejected_count,
    count(*) filter (where status = 'pending') as pending_count,
    count(*) filter (where status = 'interview') as interview_count,
    avg(days_to_fill) filter (where status = 'hired') as avg_time_to_fill_days
from applications
group by 1, 2
"""


def _pipeline(days_to_fill: str, fence: str) -> str:
    return _PIPELINE_KPIS.replace("$days_to_fill", days_to_fill).replace("$fence", fence)


_COMPLIANCE_KPIS = """
with counted as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        count(*) as total_applications,
        count(compliance_score) as scored_applications,
        count(*) filter (where compliance_score >= 80) as compliant_applications,
        sum(compliance_score)::float8 as score,
        count(*) filter (where has_violations) as violation_count
    from $raw.applications
    where created_at <= $as_of
    group by 1, 2
)
select
    facility_id,
    month,
    total_applications,
    scored_applications,
    compliant_applications,
    score / nullif(scored_applications, 0) as avg_compliance_score,
    violation_count,
    100 * compliant_applications::float8 / nullif(scored_applications, 0) as compliance_rate_pct
from counted
"""

_REVENUE_KPIS = """
with invoices as (
    select
        facility_id,
        date_trunc('month', created_at)::date as month,
        amount::decimal(24, 6) as amount,
        case when status = 'paid' and paid_at > $as_of then 'pending' else status end as status
    from $raw.invoices
    where created_at <= $as_of
),
summed as (
    select
        facility_id,
        month,
        count(*) filter (where status = 'paid') as total_invoices,
        coalesce(sum(amount) filter (where status = 'paid'), 0) as revenue,
        coalesce(sum(amount) filter (where status = 'pending'), 0) as outstanding
    from invoices
    group by 1, 2
)
select
    facility_id,
    month,
    total_invoices,
    round(revenue, 2)::decimal(18, 2) as total_revenue,
    $mean as avg_revenue_per_invoice,
    round(outstanding, 2)::decimal(18, 2) as outstanding_amount
from summed
"""

# In whole millionths, rounded half away from zero: decimal division is a float in DuckDB, and
# 2.01 / 2 would come out as 1.00.
_MEAN_DUCKDB = """(
        0.01 * (
            sign(revenue) * (
                (2 * abs((revenue * 1000000)::hugeint) + 10000::hugeint * nullif(total_invoices, 0))
                // (2 * 10000::hugeint * nullif(total_invoices, 0))
            )
        )::decimal(30, 0)
    )::decimal(18, 2)"""
_MEAN_POSTGRES = "round(revenue::decimal(38, 20) / nullif(total_invoices, 0), 2)::decimal(18, 2)"

_COMBINED_KPIS = """
with outreach as (
    select
        facility_id,
        month,
        sum(total_outreach)::bigint as total_outreach,
        sum(responses)::float8 as responses,
        sum(conversions)::float8 as conversions
    from $outreach_kpis
    group by 1, 2
)
select
    facility_id,
    month,
    coalesce(pipeline.total_applications, 0) as total_applications,
    coalesce(hired_count, 0) as hired_count,
    avg_time_to_fill_days,
    coalesce(compliant_applications, 0) as compliant_applications,
    compliance_rate_pct,
    coalesce(violation_count, 0) as violation_count,
    coalesce(total_revenue, 0) as total_revenue,
    avg_revenue_per_invoice,
    coalesce(total_outreach, 0) as total_outreach,
    100 * responses / total_outreach as response_rate_pct,
    100 * conversions / total_outreach as conversion_rate_pct
from $pipeline_kpis as pipeline
full join $compliance_kpis as compliance using (facility_id, month)
full join $revenue_kpis as revenue using (facility_id, month)
full join outreach using (facility_id, month)
"""

FINANCE = {
    "pipeline_kpis": Query(
        duckdb=_pipeline("date_diff('microsecond', created_at, hired_at) / 86400e6::float8", ""),
        postgres=_pipeline("date_part('epoch', hired_at - created_at) / 86400", "offset '0'"),
    ),
    "compliance_kpis": same(_COMPLIANCE_KPIS),
    "revenue_kpis": Query(
        duckdb=_REVENUE_KPIS.replace("$mean", _MEAN_DUCKDB),
        postgres=_REVENUE_KPIS.replace("$mean", _MEAN_POSTGRES),
    ),
    "combined_kpis": same(_COMBINED_KPIS),
}
