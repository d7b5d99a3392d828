"""Hiring, compliance, revenue and outreach side by side."""

from ibis import Table, _

from crm_ibis.expressions import merge_on, ratio_pct

GRAIN = ["facility_id", "month"]


def combined_kpis(
    pipeline_kpis: Table, compliance_kpis: Table, revenue_kpis: Table, outreach_kpis: Table
) -> Table:
    """Hiring, compliance, revenue and outreach of a facility and month in one row.

    A row for every facility and month that any of the four has. Counts and money are 0 where one
    has nothing, rates and means null; outreach rates are over all channels.
    Grain: facility_id, month.
    """
    outreach = outreach_kpis.group_by(GRAIN).agg(
        total_outreach=_.total_outreach.sum(),
        responses=_.responses.sum(),
        conversions=_.conversions.sum(),
    )
    sides = merge_on(
        GRAIN,
        pipeline_kpis.select(*GRAIN, "total_applications", "hired_count", "avg_time_to_fill_days"),
        compliance_kpis.select(
            *GRAIN, "compliant_applications", "compliance_rate_pct", "violation_count"
        ),
        revenue_kpis.select(*GRAIN, "total_revenue", "avg_revenue_per_invoice"),
        outreach,
    )
    counts = [
        "total_applications",
        "hired_count",
        "compliant_applications",
        "violation_count",
        "total_revenue",
        "total_outreach",
    ]
    return sides.select(
        *GRAIN,
        "avg_time_to_fill_days",
        "compliance_rate_pct",
        "avg_revenue_per_invoice",
        **{column: sides[column].fill_null(0) for column in counts},
        response_rate_pct=ratio_pct(sides.responses, sides.total_outreach),
        conversion_rate_pct=ratio_pct(sides.conversions, sides.total_outreach),
    )
