"""How fast applicants are hired, and how many comply."""

from ibis import Table, _

from crm_ibis.config.params import Params
from crm_ibis.expressions import (
    DAY,
    mean_decimal,
    mean_duration,
    microseconds_between,
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
