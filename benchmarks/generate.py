"""Made-up CRM data of any size: the eight sources as Parquet files.

    python -m benchmarks.generate 1000000 /tmp/crm

A thousand leads come with about ten thousand rows of the other sources. The rows cover March 2022
to February 2024 and are meant to be read as of `AS_OF`; about one in a hundred was created after
it, and a few more events are dated after it. The files keep every rule of the source contracts.
The same number of leads and the same seed always give the same rows.
"""

import argparse
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from string import Template

import duckdb

START = datetime(2022, 3, 1)
AS_OF = datetime(2024, 3, 1)

# Every random number is a hash of (row, salt), so that no table is ever held in memory and a row
# does not depend on the number of threads. One integer goes into the hash: combining the hashes
# of several values would leave the numbers of a row correlated.
MACROS = """
create macro u(row_number, salt) as
    (hash(row_number * 128 + salt + $seed * 1000000000000) >> 11) / 9007199254740992;
create macro days(d) as to_microseconds((d * 86400e6)::bigint);
create macro delay(row_number, salt, mean_days) as
    days(least(-ln(1 - u(row_number, salt)), 8) * mean_days);
create macro spread(row_number, salt, total) as
    timestamp '$start' + days(737.0 * (row_number + u(row_number, salt)) / total);
create macro pick(x, choices) as choices[1 + floor(x * len(choices))::bigint];
create macro number_id(prefix, i) as prefix || printf('%07d', i);
create macro facility_id(i) as 'fac_' || printf('%03d', 1 + i % $facilities);
create macro any_facility(row_number, salt) as
    facility_id(floor($facilities * u(row_number, salt) ** 1.3)::bigint);
create macro rep_id(i) as 'rep_' || printf('%04d', 1 + i);
"""

# What happened to each lead; leads, opportunities and outreach are told from it.
LEAD_STORIES = """
create view lead_stories as
with drawn as (
    select
        i,
        number_id('lead_', i) as lead_id,
        floor($reps * u(i, 1) ** 1.2)::bigint as rep,
        case
            when u(i, 2) < 0.33 then 'lead'
            when u(i, 2) < 0.48 then 'sql'
            when u(i, 2) < 0.60 then 'opportunity'
            when u(i, 2) < 0.80 then 'won'
            else 'lost'
        end as stage,
        spread(i, 3, $leads) as created_at,
        case stage
            when 'lead' then 1 when 'sql' then 2 when 'opportunity' then 3 when 'won' then 4
            else 1 + (u(i, 4) > 0.5)::int + (u(i, 4) > 0.75)::int
        end as depth,
    from range($leads) as r(i)
)
select
    *,
    facility_id(rep) as facility_id,
    created_at + delay(i, 5, 5) as qualified_at,
    -- a few opportunities are older than their lead
    case when u(i, 6) < 0.01 then created_at - delay(i, 7, 12)
         else qualified_at + delay(i, 7, 9) end as opportunity_at,
    greatest(opportunity_at, qualified_at)
        + delay(i, 8, case when stage = 'lost' then 12 else 21 end) as ended_at,
    (2000 + 58000 * u(i, 9) ** 2)::decimal(18, 2) as amount,
    -- a few leads were moved by hand, without an opportunity
    case when depth < 3 or u(i, 10) < 0.03 then 0
         else 1 + (u(i, 10) > 0.65)::int + (u(i, 10) > 0.9)::int end as opportunities,
from drawn
"""

SOURCES = {
    "facilities": """
        select
            facility_id(i) as id,
            'Site ' || (1 + i) as name,
            case when u(i, 11) < 0.9
                 then pick(u(i, 12), ['hospital', 'clinic', 'laboratory', 'pharmacy']) end as type,
            case when u(i, 13) < 0.9
                 then pick(u(i, 14), ['Portland', 'Madison', 'Austin', 'Denver']) end as location,
            timestamp '2020-01-01' + days(700 * u(i, 15)) as created_at,
            created_at + delay(i, 16, 90) as updated_at,
        from range($facilities) as r(i)
    """,
    "leads": """
        select
            lead_id as id,
            facility_id,
            rep_id(rep) as rep_id,
            case when stage in ('won', 'lost') then 'closed' else 'active' end as status,
            stage,
            amount,
            case when u(i, 24) < 0.2 then round(u(i, 25), 2)::decimal(3, 2) end as win_probability,
            created_at,
            greatest(
                case stage when 'lead' then created_at when 'sql' then qualified_at
                     when 'opportunity' then opportunity_at else ended_at end,
                created_at, qualified_on, closed_on
            ) + delay(i, 20, 2) as updated_at,
            qualified_on as qualified_at,
            closed_on as closed_at,
        from (
            select
                *,
                case when depth >= 2 and u(i, 21) < 0.88 then qualified_at end as qualified_on,
                case when stage in ('won', 'lost') and u(i, 22) < 0.97
                     then ended_at end as closed_on,
            from lead_stories
        )
    """,
    "opportunities": """
        select
            number_id('opp_', n) as id,
            lead_id,
            rep_id(case when u(n, 31) < 0.95 then rep else (rep + $facilities) % $reps end)
                as rep_id,
            status,
            (amount * (0.7 + 0.6 * u(n, 32)))::decimal(18, 2) as amount,
            opened_at as created_at,
            greatest(opened_at, closed_on) + delay(n, 33, 1) as updated_at,
            closed_on as closed_at,
        from (
            select
                *,
                case when nth = 0 and stage = 'won' then 'won'
                     when nth = 0 and stage = 'opportunity' then 'open'
                     when stage = 'opportunity' and u(n, 34) < 0.5 then 'open'
                     else 'lost' end as status,
                opportunity_at + days(nth * u(n, 35)) as opened_at,
                case when status <> 'open' and u(n, 36) < 0.99
                     then greatest(opened_at, ended_at) end as closed_on,
            from (
                select *, unnest(range(opportunities)) as nth, 3 * i + nth as n from lead_stories
            )
        )
    """,
    "tickets": """
        select
            number_id('tick_', i) as id,
            any_facility(i, 40) as facility_id,
            priority,
            case when resolved_on is null then pick(u(i, 41), ['open', 'waiting'])
                 else pick(u(i, 41), ['resolved', 'closed']) end as status,
            opened_at as created_at,
            responded_on as first_response_at,
            resolved_on as resolved_at,
            greatest(opened_at, responded_on, resolved_on) + delay(i, 42, 1) as updated_at,
        from (
            select
                *,
                -- a few are answered or resolved exactly on time
                case when u(i, 43) < 0.01 then opened_at + to_hours(response_hours)
                     when u(i, 43) < 0.93
                     then opened_at + delay(i, 44, 0.4 * response_hours / 24) end as responded_on,
                case when u(i, 45) < 0.01 then opened_at + to_hours(resolution_hours)
                     when u(i, 45) < 0.95
                     then opened_at + delay(i, 46, 0.35 * resolution_hours / 24)
                end as resolved_on,
            from (
                select
                    i,
                    spread(i, 47, 2 * $leads) as opened_at,
                    case when u(i, 48) < 0.05 then 'critical' when u(i, 48) < 0.25 then 'high'
                         when u(i, 48) < 0.70 then 'medium' else 'low' end as priority,
                    case priority when 'critical' then 1 when 'high' then 2
                         when 'medium' then 4 else 8 end as response_hours,
                    case priority when 'critical' then 4 when 'high' then 24
                         when 'medium' then 72 else 120 end as resolution_hours,
                from range(2 * $leads) as r(i)
            )
        )
    """,
    "satisfaction": """
        select
            number_id('sat_', i) as id,
            any_facility(i, 50) as facility_id,
            case when u(i, 51) < 0.7 then 'csat' else 'nps' end as survey_type,
            case when survey_type = 'csat'
                 then pick(u(i, 52), [1, 2, 3, 3, 4, 4, 4, 5, 5, 5])
                 else pick(u(i, 52), [0, 2, 4, 5, 6, 7, 7, 8, 8, 9, 9, 9, 10, 10]) end as score,
            spread(i, 53, 2 * $leads) as created_at,
            case when u(i, 54) < 0.4
                 then pick(u(i, 55), ['Quick help', 'Took a while', 'Solid service']) end
                as feedback,
        from range(2 * $leads) as r(i)
    """,
    "outreach": """
        select
            number_id('out_', n) as id,
            facility_id,
            case when u(n, 61) < 0.92 then lead_id end as lead_id,
            case when u(n, 62) < 0.85 then rep_id(rep) end as rep_id,
            channel,
            case when u(n, 64) < 0.8
                 then pick(u(n, 65), ['Intro', 'Follow-up', 'Pricing', 'Invitation']) end
                as message,
            sent_at,
            response_received,
            responded_on as responded_at,
            u(n, 66) < case when response_received then 0.25 else 0.01 end as converted,
            entered_at as created_at,
            greatest(entered_at, responded_on) + delay(n, 67, 1) as updated_at,
        from (
            select
                *,
                case when response_received and u(n, 68) < 0.98
                     then entered_at + delay(n, 69, 2) end as responded_on,
            from (
                select
                    *,
                    pick(u(n, 63), ['email', 'email', 'email', 'phone', 'phone', 'social', 'sms'])
                        as channel,
                    -- some of it before the lead was entered
                    greatest(created_at + delay(n, 70, 10) - days(2), timestamp '$start')
                        as sent_at,
                    case when u(n, 71) < 0.8 then sent_at
                         else sent_at + delay(n, 72, 0.3) end as entered_at,
                    u(n, 73) < case channel when 'phone' then 0.45 when 'email' then 0.25
                                      else 0.3 end as response_received,
                from (select *, unnest(range(3)) as nth, 3 * i + nth as n from lead_stories)
            )
        )
    """,
    "applications": """
        select
            number_id('app_', i) as id,
            any_facility(i, 80) as facility_id,
            number_id('cand_', floor($leads * u(i, 81))::bigint) as candidate_id,
            status,
            case when u(i, 82) < 0.9
                 then pick(u(i, 83), ['referral', 'job_board', 'website', 'agency']) end as source,
            case when u(i, 84) < 0.9
                 then (100 - 60 * u(i, 85) ** 2)::decimal(6, 2) end as compliance_score,
            u(i, 86) < 0.08 as has_violations,
            applied_at as created_at,
            greatest(applied_at, hired_on) + delay(i, 87, 5) as updated_at,
            hired_on as hired_at,
        from (
            select
                *,
                case when status = 'hired' and u(i, 88) < 0.98
                     then applied_at + delay(i, 89, 24) end as hired_on,
            from (
                select
                    i,
                    case when u(i, 90) < 0.15 then 'pending' when u(i, 90) < 0.35 then 'interview'
                         when u(i, 90) < 0.60 then 'hired' else 'rejected' end as status,
                    spread(i, 91, 3 * $leads // 2) as applied_at,
                from range(3 * $leads // 2) as r(i)
            )
        )
    """,
    # an invoice for an application belongs to the application's facility
    "invoices": """
        select
            number_id('inv_', i) as id,
            any_facility(i, 80) as facility_id,
            case when u(i, 100) < 0.6 then number_id('app_', i) end as application_id,
            -- a few are credit notes
            (case when u(i, 101) < 0.01 then -1 else 1 end
                * (200 + 14800 * u(i, 102) ** 2))::decimal(18, 2) as amount,
            status,
            invoiced_at as created_at,
            greatest(invoiced_at, paid_on) + delay(i, 103, 2) as updated_at,
            paid_on as paid_at,
        from (
            select
                *,
                case when status = 'paid' and u(i, 104) < 0.98
                     then invoiced_at + delay(i, 105, 20) end as paid_on,
            from (
                select
                    i,
                    case when u(i, 106) < 0.75 then 'paid' when u(i, 106) < 0.93 then 'pending'
                         else 'cancelled' end as status,
                    spread(i, 107, $leads) as invoiced_at,
                from range($leads) as r(i)
            )
        )
    """,
}


def generate(
    leads: int, folder: Path, seed: int = 1, sources: Iterable[str] = tuple(SOURCES)
) -> None:
    """Write the eight sources, or some, with that many leads into a folder, one Parquet file each.

    There are 50 facilities up to a million leads, then more with the square root of their number,
    and about one rep for 5000 leads, at least one in each facility.
    """
    facilities = round(50 * max(1.0, leads / 1e6) ** 0.5)
    reps = facilities * max(1, round(leads / 5000 / facilities))
    numbers = {
        "start": START,
        "leads": leads,
        "facilities": facilities,
        "reps": reps,
        "seed": seed % 9_000_000,  # keeps the hashed number within 64 bits
    }
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con, ThreadPoolExecutor(os.cpu_count()) as pool:
        con.execute(Template(MACROS + LEAD_STORIES).substitute(numbers))

        def write(source: str) -> None:
            rows = con.cursor().sql(Template(SOURCES[source]).substitute(numbers))
            rows.write_parquet(str(folder / f"{source}.parquet"))

        # one query uses one processor (it counts up a range), so several run side by side
        list(pool.map(write, sources))


def main() -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("leads", type=int, help="how many leads")
    parser.add_argument("folder", type=Path, help="where the Parquet files go")
    parser.add_argument("--seed", type=int, default=1, help="other seeds, other rows (default 1)")
    args = parser.parse_args()
    generate(args.leads, args.folder, args.seed)


if __name__ == "__main__":
    main()
