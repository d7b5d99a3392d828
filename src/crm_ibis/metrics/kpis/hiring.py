"""Hiring, compliance, revenue, and the four operational KPIs side by side."""

from ibis import Table, _

from crm_ibis.config.params import Params
from crm_ibis.expressions import (
    DAY,
    mean_decimal,
    mean_duration,
    merge_on,
    microseconds_between,
    money,
    money_mean,
    ratio_pct,
    when,
)

GRAIN = ["facility_id", "month"]


def pipeline_kpis(stg_applications: Table) -> Table:
    """Applications of a month by status, and how long hiring took.

    The status is the one at `as_of`; time to fill runs in days from application to hire, over
    hired candidates. Grain: facility_id, month (of application).
    """
    applications = stg_applications.mutate(
        microseconds_to_fill=when(
            stg_applications.status == "hired",
            microseconds_between(stg_applications.created_at, stg_applications.hired_at),
        )
    )
    return applications.group_by(GRAIN).agg(
        total_applications=_.count(),
        hired_count=_.count(where=_.status == "hired"),
        rejected_count=_.count(where=_.status == "rejected"),
        pending_count=_.count(where=_.status == "pending"),
        interview_count=_.count(where=_.status == "interview"),
        avg_time_to_fill_days=mean_duration(applications.microseconds_to_fill, DAY),
    )


def compliance_kpis(stg_applications: Table, params: Params) -> Table:
    """How many scored applications of a month reach the compliance threshold.

    An application without a score counts in `total_applications` only; the rate is over scored
    ones. Grain: facility_id, month (of application).
    """
    totals = stg_applications.group_by(GRAIN).agg(
        total_applications=_.count(),
        scored_applications=_.compliance_score.count(),
        compliant_applications=_.count(where=_.compliance_score >= params.compliance_threshold),
        avg_compliance_score=mean_decimal(stg_applications.compliance_score),
        violation_count=_.count(where=_.has_violations),
    )
    return totals.mutate(
        compliance_rate_pct=ratio_pct(_.compliant_applications, _.scored_applications)
    )


def revenue_kpis(stg_invoices: Table) -> Table:
    """What was invoiced in a month and is paid, and what is still outstanding.

    Revenue, its mean and the number of invoices are over paid ones, by the month of the invoice;
    outstanding is pending. A month with nothing but cancelled invoices has a row too.
    Grain: facility_id, month (of invoice).
    """
    totals = stg_invoices.group_by(GRAIN).agg(
        total_invoices=_.count(where=_.status == "paid"),
        paid=_.amount.sum(where=_.status == "paid").fill_null(0),
        pending=_.amount.sum(where=_.status == "pending").fill_null(0),
    )
    return totals.select(
        *GRAIN,
        "total_invoices",
        total_revenue=money(totals.paid),
        avg_revenue_per_invoice=money_mean(totals.paid, totals.total_invoices),
        outstanding_amount=money(totals.pending),
    )


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
