"""The rows that the scorecard carries: which table, which columns, summed over which others.

A scorecard is about facilities and months, so counts are summed over the reps of a facility where
the reps are not shown. Nothing is averaged here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ibis import Table, _


@dataclass(frozen=True)
class Dataset:
    """Columns of a published table; the `sums` over all rows that have the same `keys`."""

    name: str
    table: str
    keys: tuple[str, ...]
    sums: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """Columns taken as they are, from a table that has a row for the keys."""
    only: tuple[tuple[str, str], ...] = ()
    """Columns with the value that they must have."""
    counted: str = ""
    """What the number of rows is called, where rows are counted."""
    of_calendars: bool = False
    """Whether it says something of its own only where calendars judge tickets."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the table that it needs."""
        return (*self.keys, *self.sums, *self.values, *(name for name, value in self.only))

    def query(self, table: Table) -> Table:
        """The rows as an expression, in the order of their keys."""
        for name, value in self.only:
            table = table.filter(table[name] == value)
        shown = [*self.keys, *self.sums, *self.values]
        if self.sums or self.counted:
            totals = {c: _[c].sum().cast(table[c].type()) for c in self.sums}
            totals |= {self.counted: _.count()} if self.counted else {}
            table = table.group_by(self.keys).agg(**totals)
            shown = [*self.keys, *totals]
        return table.select(*shown).order_by(self.keys)


PLACE = ("facility_id", "month")
SLA_TIMES, SLA_BUSINESS_TIMES = (
    tuple(
        f"{statistic}_{event}_{hours}"
        for event in ("first_response", "resolution")
        for statistic in ("median", "p90")
    )
    for hours in ("hours", "business_hours")
)
TARGETS = ("sla_response_target_hours", "sla_resolution_target_hours")
DATASETS: Iterable[Dataset] = (
    Dataset(
        "scorecard",
        "monthly_scorecard",
        ("month",),
        values=(
            "total_leads",
            "sql_leads",
            "sql_conversion_pct",
            "won_leads",
            "won_pct",
            "sla_attainment_pct",
            "avg_csat",
            "nps",
            "overall_health_score",
            "health_status",
            "total_revenue",
        ),
    ),
    Dataset(
        "pipeline",
        "weighted_pipeline_scenarios",
        ("scenario", *PLACE, "stage"),
        sums=("deal_count", "total_pipeline_value", "weighted_pipeline_value"),
    ),
    Dataset(
        "funnel",
        "conversion_funnel",
        (*PLACE, "funnel_stage", "stage_position"),
        sums=("stage_count", "previous_stage_count"),
    ),
    Dataset(
        "cohorts",
        "cohort_retention",
        ("facility_id", "cohort_month", "months_since_cohort", "is_complete"),
        sums=("cohort_size", "retained_leads", "progressed_leads", "won_leads", "lost_leads"),
    ),
    Dataset(
        "outreach",
        "rep_activity_by_channel",
        ("rep_id", "facility_id", "channel", "month"),
        values=("total_outreach", "total_responses", "total_conversions"),
    ),
    Dataset(
        "tickets",
        "ticket_sla_compliance",
        (*PLACE, "priority"),
        values=(
            "total_tickets",
            "resolved_tickets",
            "open_tickets",
            "sla_compliant_tickets",
            "sla_breached_tickets",
            "sla_pending_tickets",
            "targets_decided",
            "targets_met",
            *SLA_TIMES,
            *TARGETS,
        ),
    ),
    Dataset(
        "business_times",
        "ticket_sla_compliance",
        (*PLACE, "priority"),
        values=("total_tickets", "resolved_tickets", *SLA_BUSINESS_TIMES, *TARGETS),
        of_calendars=True,
    ),
    Dataset(
        "overdue",
        "ticket_queue",
        (*PLACE, "priority"),
        only=(("sla_state", "breached"),),
        counted="overdue_tickets",
    ),
    Dataset(
        "answers",
        "satisfaction_rollups",
        (*PLACE, "metric_type"),
        values=(
            "response_count",
            "score",
            "promoter_or_satisfied_pct",
            "detractor_or_dissatisfied_pct",
        ),
    ),
    Dataset(
        "health",
        "health_scores",
        PLACE,
        values=(
            "overall_health_score",
            "health_status",
            "coverage_pct",
            "compliance_score",
            "pipeline_health",
            "conversion_health",
            "sla_health",
            "satisfaction_health",
        ),
    ),
    Dataset(
        "revenue",
        "revenue_kpis",
        PLACE,
        values=("total_invoices", "total_revenue", "outstanding_amount"),
    ),
)
"""What the pages read; a chart of another table needs its dataset here."""
