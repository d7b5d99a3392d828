"""What becomes of the leads of a month, month by month."""

from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.config.params import Params
from crm_ibis.expressions import month_number, ratio_pct

GRAIN = ["facility_id", "rep_id", "cohort_month"]


def cohort_retention(lead_milestones: Table, params: Params, as_of: datetime) -> Table:
    """Leads created in one month, followed over the months after it.

    Each row is the state at the end of a month, or at `as_of` while that month still runs
    (`is_complete` false). Active is neither won nor lost; retained is active or won; progressed has
    reached opportunity or later. A month that has not begun at `as_of` has no row. The weighted
    count takes a won lead as 1, an active one as 0.5. Grain: facility_id, rep_id, cohort_month,
    months_since_cohort.
    """
    paths = (
        lead_milestones.mutate(
            won_after=_months_after_start(lead_milestones, "won_at"),
            lost_after=_months_after_start(lead_milestones, "lost_at"),
            opportunity_after=_months_after_start(lead_milestones, "opportunity_at"),
        )
        .group_by([*GRAIN, "won_after", "lost_after", "opportunity_after"])
        .agg(leads=_.count())
    )
    months = ibis.range(0, params.cohort_months).unnest().name("months_since_cohort").as_table()
    running = params.reporting.month_at(as_of)
    begun = running.year * 12 + running.month - month_number(paths.cohort_month)
    followed = (
        paths.mutate(months_begun=begun)
        .cross_join(months.cast({"months_since_cohort": "int64"}))
        .filter(_.months_since_cohort <= _.months_begun)
    )
    month = followed.months_since_cohort
    counted = followed.group_by([*GRAIN, "months_since_cohort", "months_begun"]).agg(
        cohort_size=followed.leads.sum(),
        won_leads=_leads(followed, followed.won_after <= month),
        lost_leads=_leads(followed, followed.lost_after <= month),
        progressed_leads=_leads(followed, followed.opportunity_after <= month),
    )
    retained = counted.cohort_size - counted.lost_leads
    active = retained - counted.won_leads
    return counted.select(
        *GRAIN,
        "months_since_cohort",
        "cohort_size",
        "won_leads",
        "lost_leads",
        "progressed_leads",
        active_leads=active,
        retained_leads=retained,
        retention_rate_pct=ratio_pct(retained, counted.cohort_size),
        progression_rate_pct=ratio_pct(counted.progressed_leads, counted.cohort_size),
        weighted_active_leads=counted.won_leads.cast("float64") + active.cast("float64") * 0.5,
        is_complete=counted.months_since_cohort < counted.months_begun,
    )


def _months_after_start(leads: Table, milestone: str) -> ir.IntegerColumn:
    """Calendar months from the cohort's to the milestone's; null for one that never came."""
    return month_number(leads[milestone]) - month_number(leads.cohort_month)


def _leads(paths: Table, where: ir.BooleanColumn) -> ir.IntegerScalar:
    return ibis.ifelse(where, paths.leads, 0).sum()
