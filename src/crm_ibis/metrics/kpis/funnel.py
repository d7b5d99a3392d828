"""How far leads get."""

import ibis
from ibis import Table

from crm_ibis.expressions import DAY, microseconds_between, ratio, ratio_pct

GRAIN = ["facility_id", "rep_id", "month"]
STAGES = ["lead", "sql", "opportunity", "won"]


def conversion_funnel(lead_milestones: Table) -> Table:
    """Of the leads created in a month, how many ever reached each stage.

    A lead counts in every stage it reached by `as_of`, also when it was lost later; all four
    stages have a row. `conversion_rate_pct` is of the previous stage, `avg_days_from_lead` the mean
    time from creation to the stage among those that reached it. At `lead` the columns that look
    back are null. Grain: facility_id, rep_id, month, funnel_stage.
    """
    leads = lead_milestones.rename(month="cohort_month", lead_at="created_at")
    reached = leads.group_by(GRAIN).agg(
        **{f"{stage}_count": leads[f"{stage}_at"].count() for stage in STAGES},
        **{
            f"{stage}_microseconds": microseconds_between(leads.lead_at, leads[f"{stage}_at"]).sum()
            for stage in STAGES
        },
    )
    return ibis.union(*(_stage_rows(reached, position) for position in range(1, 5)))


def _stage_rows(reached: Table, position: int) -> Table:
    stage = STAGES[position - 1]
    count = reached[f"{STAGES[position - 1]}_count"]
    looks_back = position > 1
    previous = reached[f"{STAGES[position - 2]}_count"] if looks_back else ibis.null("int64")
    return reached.select(
        *GRAIN,
        funnel_stage=ibis.literal(stage),
        stage_position=ibis.literal(position, "int64"),
        stage_count=count,
        previous_stage_count=previous,
        drop_off_count=previous - count,
        conversion_rate_pct=ratio_pct(count, previous),
        conversion_from_lead_pct=ratio_pct(count, reached.lead_count),
        avg_days_from_lead=ratio(reached[f"{stage}_microseconds"], count * DAY),
    )
