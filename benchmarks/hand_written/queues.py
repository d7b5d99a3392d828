"""What is open: the tickets and the deals that people work from."""

from benchmarks.hand_written.query import Query

_TICKET_QUEUE = """
select
    ticket_id,
    facility_id,
    priority,
    month,
    created_at,
    first_response_at,
    sla_response_target_hours,
    sla_resolution_target_hours,
    response_due_at,
    resolution_due_at,
    first_response_hours,
    first_response_business_hours,
    is_paused,
    response_state,
    resolution_state,
    sla_state,
    hours_left,
    $age_hours as age_hours
from $ticket_sla
where resolved_at is null
"""

# Only open leads need their latest activity. A lead is worth its amount times probability, its own
# if it has one, times stage weight, as in the base scenario.
_DEAL_QUEUE = """
with deals as (
    select
        leads.id as lead_id,
        leads.facility_id,
        leads.rep_id,
        leads.stage,
        leads.created_at,
        leads.updated_at,
        leads.amount::decimal(24, 6) as amount,
        leads.win_probability::decimal(7, 6) as own
    from $raw.leads
    join $lead_milestones as milestones on milestones.lead_id = leads.id
    where milestones.won_at is null
        and milestones.lost_at is null
        and leads.stage in ('lead', 'sql', 'opportunity')
),
activities as (
    select lead_id, max(happened_at) as latest_at
    from (
        select lead_id, updated_at as happened_at
        from $raw.opportunities
        where created_at <= $as_of and updated_at <= $as_of
        union all
        select lead_id, sent_at
        from $raw.outreach
        where created_at <= $as_of and sent_at <= $as_of and lead_id is not null
    ) as dated
    group by 1
),
touched as (
    select
        deals.*,
        greatest(
            created_at,
            case when updated_at <= $as_of then updated_at end,
            activities.latest_at
        ) as last_activity_at
    from deals
    left join activities using (lead_id)
    $fence
)
select
    lead_id,
    facility_id,
    rep_id,
    stage,
    round(amount, 2)::decimal(18, 2) as amount,
    round(amount * case stage
        when 'lead' then coalesce(own, 0.15) * 0.10
        when 'sql' then coalesce(own, 0.30) * 0.25
        else coalesce(own, 0.50) * 0.50
    end, 2)::decimal(18, 2) as weighted_value,
    created_at,
    $age_days as age_days,
    last_activity_at,
    $idle_days as idle_days,
    case when last_activity_at < $as_of - interval '30 days' then 'stale'
         when last_activity_at < $as_of - interval '14 days' then 'cooling'
         else 'active' end as attention
from touched
"""


def _queue(sql: str, passed: str, fence: str) -> str:
    ages = {
        "$age_hours": f"{passed.format('created_at')} / 3600",
        "$age_days": f"{passed.format('created_at')} / 86400",
        "$idle_days": f"{passed.format('last_activity_at')} / 86400",
        "$fence": fence,
    }
    for placeholder, text in ages.items():
        sql = sql.replace(placeholder, text)
    return sql


_SECONDS_DUCKDB = "date_diff('microsecond', {}, $as_of) / 1e6"
_SECONDS_POSTGRES = "date_part('epoch', $as_of - {})"

QUEUES = {
    "ticket_queue": Query(
        duckdb=_queue(_TICKET_QUEUE, _SECONDS_DUCKDB, ""),
        postgres=_queue(_TICKET_QUEUE, _SECONDS_POSTGRES, ""),
    ),
    "deal_queue": Query(
        duckdb=_queue(_DEAL_QUEUE, _SECONDS_DUCKDB, ""),
        postgres=_queue(_DEAL_QUEUE, _SECONDS_POSTGRES, "offset '0'"),
    ),
}
