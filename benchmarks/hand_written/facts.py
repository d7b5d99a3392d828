"""How far each lead got, and how each ticket stands: computed once for all that read them."""

from benchmarks.hand_written.query import Query

# A date after $as_of has not come yet, but it is a date: the fall-backs are for leads without one.
_MILESTONES = """
select
    lead_id,
    facility_id,
    rep_id,
    stage,
    created_at,
    date_trunc('month', created_at)::date as cohort_month,
    case when sql_at <= $as_of then sql_at end as sql_at,
    case when opportunity_at <= $as_of then opportunity_at end as opportunity_at,
    case when won_at <= $as_of then won_at end as won_at,
    case when lost_at <= $as_of then lost_at end as lost_at
"""

_DEALS = """
        select
            lead_id,
            min(created_at) as first_created_at,
            min(closed_at) filter (where status = 'won' and closed_at <= $as_of) as first_won_at
        from $raw.opportunities
        where created_at <= $as_of
        group by lead_id
"""

# DuckDB lets a column use those before it.
_LEADS_DUCKDB = f"""
from (
    select
        leads.id as lead_id,
        leads.facility_id,
        leads.rep_id,
        leads.stage,
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
    from $raw.leads
    left join ({_DEALS.strip()}) as deals on deals.lead_id = leads.id
    where leads.created_at <= $as_of
) as reached
"""

# PostgreSQL would compute won_at at each of its uses, did OFFSET not keep the select apart. Quoted,
# as a constant number keeps the plan from being parallel.
_LEADS_POSTGRES = f"""
from (
    select
        lead_id, facility_id, rep_id, stage, created_at, won_at, lost_at,
        least(opened_at, won_at) as opportunity_at,
        least(qualified_at, opened_at, won_at) as sql_at
    from (
        select
            leads.id as lead_id,
            leads.facility_id,
            leads.rep_id,
            leads.stage,
            leads.created_at,
            coalesce(leads.qualified_at, case when leads.stage = 'sql' then leads.updated_at end)
                as qualified_at,
            coalesce(
                deals.first_created_at,
                case when leads.stage = 'opportunity' then leads.updated_at end
            ) as opened_at,
            coalesce(
                deals.first_won_at,
                case when leads.stage = 'won' then coalesce(leads.closed_at, leads.updated_at) end
            ) as won_at,
            case when leads.stage = 'lost' and deals.first_won_at is null
                 then coalesce(leads.closed_at, leads.updated_at) end as lost_at
        from $raw.leads
        left join ({_DEALS.strip()}) as deals on deals.lead_id = leads.id
        where leads.created_at <= $as_of
        offset '0'
    ) as dated
) as reached
"""

_TARGETS = (
    "(values ('critical', 1, 4), ('high', 2, 24), ('medium', 4, 72), ('low', 8, 120)) "
    "as targets(priority, response_target, resolution_target)"
)

# A resolution also ends the wait for a response.
TICKETS_DUCKDB = f"""
select
    id as ticket_id,
    facility_id,
    priority,
    date_trunc('month', created_at)::date as month,
    created_at,
    first_response_at,
    resolved_at,
    response_target::double as sla_response_target_hours,
    resolution_target::double as sla_resolution_target_hours,
    created_at + to_hours(response_target) as response_due_at,
    created_at + to_hours(resolution_target) as resolution_due_at,
    date_diff('microsecond', created_at, first_response_at) / 3600e6::double
        as first_response_hours,
    date_diff('microsecond', created_at, resolved_at) / 3600e6::double as resolution_hours,
    first_response_hours as first_response_business_hours,
    resolution_hours as resolution_business_hours,
    false as is_paused,
    case when least(first_response_at, resolved_at) <= response_due_at then 'met'
         when $as_of > response_due_at then 'breached'
         else 'pending' end as response_state,
    case when resolved_at <= resolution_due_at then 'met'
         when $as_of > resolution_due_at then 'breached'
         else 'pending' end as resolution_state,
    case when 'breached' in (response_state, resolution_state) then 'breached'
         when 'pending' in (response_state, resolution_state) then 'pending'
         else 'met' end as sla_state,
    case when sla_state = 'pending' then date_diff('microsecond', $as_of, least(
        case when response_state = 'pending' then response_due_at end,
        case when resolution_state = 'pending' then resolution_due_at end
    )) / 3600e6::double end as hours_left
from (
    select
        id,
        facility_id,
        priority,
        created_at,
        case when first_response_at <= $as_of then first_response_at end as first_response_at,
        case when resolved_at <= $as_of then resolved_at end as resolved_at
    from $raw.tickets
    where created_at <= $as_of
) as known
join {_TARGETS} using (priority)
"""

TICKETS_POSTGRES = f"""
select
    ticket_id,
    facility_id,
    priority,
    month,
    created_at,
    first_response_at,
    resolved_at,
    sla_response_target_hours,
    sla_resolution_target_hours,
    response_due_at,
    resolution_due_at,
    date_part('epoch', first_response_at - created_at) / 3600 as first_response_hours,
    date_part('epoch', resolved_at - created_at) / 3600 as resolution_hours,
    date_part('epoch', first_response_at - created_at) / 3600 as first_response_business_hours,
    date_part('epoch', resolved_at - created_at) / 3600 as resolution_business_hours,
    false as is_paused,
    response_state,
    resolution_state,
    case when 'breached' in (response_state, resolution_state) then 'breached'
         when 'pending' in (response_state, resolution_state) then 'pending'
         else 'met' end as sla_state,
    case when 'pending' in (response_state, resolution_state)
          and 'breached' not in (response_state, resolution_state)
         then date_part('epoch', least(
            case when response_state = 'pending' then response_due_at end,
            case when resolution_state = 'pending' then resolution_due_at end
         ) - $as_of) / 3600 end as hours_left
from (
    select
        *,
        case when least(first_response_at, resolved_at) <= response_due_at then 'met'
             when $as_of > response_due_at then 'breached'
             else 'pending' end as response_state,
        case when resolved_at <= resolution_due_at then 'met'
             when $as_of > resolution_due_at then 'breached'
             else 'pending' end as resolution_state
    from (
        select
            id as ticket_id,
            facility_id,
            priority,
            date_trunc('month', created_at)::date as month,
            created_at,
            case when first_response_at <= $as_of then first_response_at end as first_response_at,
            case when resolved_at <= $as_of then resolved_at end as resolved_at,
            response_target::float8 as sla_response_target_hours,
            resolution_target::float8 as sla_resolution_target_hours,
            created_at + make_interval(hours => response_target) as response_due_at,
            created_at + make_interval(hours => resolution_target) as resolution_due_at
        from $raw.tickets
        join {_TARGETS} using (priority)
        where created_at <= $as_of
        offset '0'
    ) as due
    offset '0'
) as judged
"""

FACTS = {
    "lead_milestones": Query(_MILESTONES + _LEADS_DUCKDB, _MILESTONES + _LEADS_POSTGRES),
    "ticket_sla": Query(TICKETS_DUCKDB, TICKETS_POSTGRES),
}
