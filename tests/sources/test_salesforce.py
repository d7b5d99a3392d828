"""Salesforce: converted leads, deals without one, dates without a time, versions, activities."""

import ibis
import pytest
from systems import LANDED, made

from crm_ibis.errors import DataError
from crm_ibis.sources import connectors
from crm_ibis.testing import Engine, expect


def test_accounts_are_facilities_deleted_ones_and_their_newest_version(engine: Engine) -> None:
    rows = made(
        engine,
        "salesforce",
        "facilities",
        account="""
            id | name  | type   | industry | billing_city | is_deleted | _fivetran_active | _fivetran_start
            a1 | Old   | -      | Health   | Bern         | false      | false            | 2024-01-01
            a1 | New   | Client | Health   | Basel        | false      | true             | 2024-02-01
            a2 | Gone  | -      | Retail   | -            | true       | false            | 2024-01-01
        """,
    )
    expect(
        rows,
        """
        id         | name       | type   | location | created_at
        a1         | New        | Client | Basel    | -
        a2         | Gone       | Retail | -        | -
        unassigned | No company | -      | -        | -
        """,
    )


LEADS = """
    id  | owner_id | status                 | is_converted | converted_date | converted_account_id | converted_opportunity_id | created_date     | last_modified_date
    q1  | u1       | Open - Not Contacted   | false        | -              | -                    | -                        | 2024-01-01 09:00 | 2024-01-02 09:00
    q2  | -        | Closed - Not Converted | false        | -              | -                    | -                        | 2024-01-01 09:00 | 2024-01-09 09:00
    q3  | u1       | Qualified              | false        | -              | -                    | -                        | 2024-01-01 09:00 | 2024-01-09 09:00
    q4  | u1       | Closed - Converted     | true         | 2024-01-01     | a1                   | o4                       | 2024-01-01 09:00 | 2024-01-09 09:00
    q5  | u1       | Closed - Converted     | true         | 2024-01-05     | a1                   | -                        | 2024-01-01 09:00 | 2024-01-09 09:00
    q6  | u1       | Closed - Converted     | true         | 2024-01-05     | a1                   | o4                       | 2024-01-02 09:00 | 2024-01-09 09:00
"""
DEALS = """
    id | account_id | owner_id | stage_name   | amount  | probability | is_won | is_closed | is_deleted | close_date | created_date     | last_modified_date
    o4 | a1         | u2       | Closed Won   | 1200.5  | 100         | true   | true      | false      | 2024-01-20 | 2024-01-01 10:00 | 2024-01-20 10:00
    o7 | -          | u2       | Closed Lost  | -       | 0           | false  | true      | false      | 2024-01-03 | 2024-01-03 15:00 | 2024-01-03 16:00
    o8 | a2         | -        | Negotiation  | 300     | 1000        | false  | false     | false      | 2025-01-01 | 2024-01-04 10:00 | 2024-01-05 10:00
    o9 | a2         | u2       | Closed Won   | 999     | 100         | true   | true      | true       | 2024-01-20 | 2024-01-04 10:00 | 2024-01-05 10:00
"""


def test_a_lead_stands_where_its_deal_stands(engine: Engine) -> None:
    """The first of two leads of a deal carries it; a deal without a lead is a lead of its own."""
    rows = made(
        engine, "salesforce", "leads", lead=LEADS, opportunity=DEALS, opportunity_history=None
    )
    expect(
        rows,
        """
        id | facility_id | rep_id     | stage       | amount      | qualified_at     | closed_at
        o7 | unassigned  | u2         | lost        | 0.000000    | -                | 2024-01-03 15:00
        o8 | a2          | unassigned | opportunity | 300.000000  | -                | -
        q1 | unassigned  | u1         | lead        | 0.000000    | -                | -
        q2 | unassigned  | unassigned | lost        | 0.000000    | -                | 2024-01-09 09:00
        q3 | unassigned  | u1         | sql         | 0.000000    | -                | -
        q4 | a1          | u1         | won         | 1200.500000 | 2024-01-01 09:00 | 2024-01-20
        q5 | a1          | u1         | sql         | 0.000000    | 2024-01-05       | -
        q6 | a1          | u1         | sql         | 0.000000    | 2024-01-05       | -
        """,
    )


def test_opportunities_hang_on_the_lead_that_carries_them(engine: Engine) -> None:
    rows = made(
        engine,
        "salesforce",
        "opportunities",
        lead=LEADS,
        opportunity=DEALS,
        opportunity_history=None,
    )
    expect(
        rows,
        """
        id | lead_id | status | amount      | created_at       | closed_at        | updated_at
        o4 | q4      | won    | 1200.500000 | 2024-01-01 10:00 | 2024-01-20       | 2024-01-20 10:00
        o7 | o7      | lost   | 0.000000    | 2024-01-03 15:00 | 2024-01-03 15:00 | 2024-01-03 16:00
        o8 | o8      | open   | 300.000000  | 2024-01-04 10:00 | -                | 2024-01-05 10:00
        """,
    )


def test_deleted_and_merged_leads_do_not_count(engine: Engine) -> None:
    rows = made(
        engine,
        "salesforce",
        "leads",
        lead="""
            id | status | is_deleted | master_record_id | created_date
            q1 | Open   | false      | -                | 2024-01-01
            q2 | Open   | true       | -                | 2024-01-01
            q3 | Open   | false      | q1               | 2024-01-01
        """,
    )
    assert [row["id"] for row in rows] == ["q1"]


def test_versions_tell_when_a_deal_was_closed_for_good(engine: Engine) -> None:
    """o1 was opened again; o2 was closed before the versions begin, so only its date is known."""
    rows = made(
        engine,
        "salesforce",
        "opportunities",
        opportunity="""
            id | is_won | is_closed | close_date | created_date     | last_modified_date
            o1 | true   | true      | 2024-02-01 | 2024-01-01 10:00 | 2024-02-02
            o2 | false  | true      | 2024-01-05 | 2024-01-01 10:00 | 2024-02-02
            o3 | false  | false     | 2024-03-01 | 2024-01-01 10:00 | 2024-02-02
        """,
        opportunity_history="""
            id | is_closed | _fivetran_start  | _fivetran_end
            o1 | false     | 2024-01-01 10:00 | 2024-01-10 12:00
            o1 | true      | 2024-01-10 12:00 | 2024-01-12 12:00
            o1 | false     | 2024-01-12 12:00 | 2024-01-31 17:30
            o1 | true      | 2024-01-31 17:30 | 2024-02-02 08:00
            o1 | true      | 2024-02-02 08:00 | 9999-12-31 23:59
            o2 | true      | 2024-01-20 10:00 | 9999-12-31 23:59
            o3 | true      | 2024-01-02 10:00 | 2024-01-03 10:00
            o3 | false     | 2024-01-03 10:00 | 9999-12-31 23:59
        """,
    )
    expect(
        rows,
        """
        id | status | closed_at
        o1 | won    | 2024-01-31 17:30
        o2 | lost   | 2024-01-05
        o3 | open   | -
        """,
    )


def test_versions_tell_when_the_deal_of_a_lead_was_qualified(engine: Engine) -> None:
    """o1 was open from its first version on; o2 was entered as lost and opened an hour later; o3
    was entered as won; o4's versions begin after it did, o5's before its lead was entered, and o6
    was never anything but lost, so their leads keep the day of their conversion."""
    rows = made(
        engine,
        "salesforce",
        "leads",
        lead="""
            id | is_converted | converted_date | converted_opportunity_id | created_date
            q1 | true         | 2024-01-05     | o1                       | 2024-01-01 09:00
            q2 | true         | 2024-01-05     | o2                       | 2024-01-01 09:00
            q3 | true         | 2024-01-05     | o3                       | 2024-01-01 09:00
            q4 | true         | 2024-01-05     | o4                       | 2024-01-01 09:00
            q5 | true         | 2024-01-07     | o5                       | 2024-01-06 09:00
            q6 | true         | 2024-01-05     | o6                       | 2024-01-01 09:00
        """,
        opportunity="""
            id | is_won | is_closed | close_date | created_date
            o1 | false  | false     | 2024-03-01 | 2024-01-05 10:15
            o2 | false  | false     | 2024-03-01 | 2024-01-05 10:15
            o3 | true   | true      | 2024-01-05 | 2024-01-05 10:15
            o4 | false  | false     | 2024-03-01 | 2024-01-05 10:15
            o5 | false  | false     | 2024-03-01 | 2024-01-05 10:15
            o6 | false  | true      | 2024-01-05 | 2024-01-05 10:15
        """,
        opportunity_history="""
            id | stage_name  | is_closed | _fivetran_start
            o1 | Prospecting | false     | 2024-01-05 10:15
            o1 | Negotiation | false     | 2024-01-09 10:15
            o2 | Closed Lost | true      | 2024-01-05 10:15
            o2 | Negotiation | false     | 2024-01-05 11:15
            o3 | Closed Won  | true      | 2024-01-05 10:15
            o4 | Negotiation | false     | 2024-02-01 00:00
            o5 | Negotiation | false     | 2024-01-05 10:15
            o6 | Closed Lost | true      | 2024-01-05 10:15
        """,
    )
    expect(
        rows,
        """
        id | stage       | qualified_at
        q1 | opportunity | 2024-01-05 10:15
        q2 | opportunity | 2024-01-05 11:15
        q3 | won         | 2024-01-05 10:15
        q4 | opportunity | 2024-01-05
        q5 | opportunity | 2024-01-07
        q6 | lost        | 2024-01-05
        """,
    )


def test_of_leads_entered_at_the_same_instant_the_first_by_id_carries_the_deal(
    engine: Engine,
) -> None:
    """Whatever the collation: as bytes B comes before a, in a dictionary after it."""
    rows = made(
        engine,
        "salesforce",
        "opportunities",
        lead="""
            id | is_converted | converted_opportunity_id | created_date
            qB | true         | o1                       | 2024-01-01 09:00
            qa | true         | o1                       | 2024-01-01 09:00
            q1 | true         | o1                       | 2024-01-02 09:00
        """,
        opportunity="id | created_date\no1 | 2024-01-05",
        opportunity_history=None,
    )
    expect(rows, "id | lead_id\no1 | qa")


@pytest.mark.parametrize("source", ["leads", "opportunities"])
def test_a_history_of_another_shape_is_refused(source: str) -> None:
    """Salesforce has an object of this name, which keeps changes of a stage."""
    other = {"id": "string", "opportunity_id": "string", "stage_name": "string"}
    tables = {
        name: ibis.table(LANDED["salesforce"][name], name=name) for name in ("opportunity", "lead")
    }
    function = connectors.table_function("salesforce", source)
    with pytest.raises(DataError, match="has no column is_closed, _fivetran_start: it is read as"):
        function(**tables, opportunity_history=ibis.table(other, name="opportunity_history"))


def test_a_deal_closed_on_an_earlier_day_than_it_was_entered_is_not_repaired(
    engine: Engine,
) -> None:
    rows = made(
        engine,
        "salesforce",
        "opportunities",
        opportunity="""
            id | is_won | is_closed | close_date | created_date
            o1 | true   | true      | 2023-12-24 | 2024-01-01 10:00
        """,
        opportunity_history=None,
    )
    expect(rows, "id | closed_at\no1 | 2023-12-24")


def test_activities_are_outreach_about_the_lead_of_their_deal(engine: Engine) -> None:
    """Open tasks, deleted ones and invitees' copies of a meeting are none."""
    rows = made(
        engine,
        "salesforce",
        "outreach",
        lead=LEADS,
        opportunity=DEALS,
        task="""
            id | account_id | what_id | who_id | owner_id | task_subtype | type | is_closed | is_deleted | activity_date | completed_date_time | created_date
            t1 | a9         | o4      | c1     | u1       | Email        | -    | true      | false      | 2024-01-10    | 2024-01-10 11:00    | 2024-01-09
            t2 | -          | o8      | -      | u1       | -            | Call | true      | false      | 2024-01-10    | -                   | 2024-01-09
            t3 | -          | -       | q4     | -        | -            | -    | true      | false      | -             | -                   | 2024-01-09
            t4 | a9         | o4      | -      | u1       | Email        | -    | false     | false      | 2024-01-10    | -                   | 2024-01-09
            t5 | a9         | o4      | -      | u1       | Email        | -    | true      | true       | 2024-01-10    | -                   | 2024-01-09
        """,
        event="""
            id | what_id | who_id | owner_id | is_child | start_date_time  | created_date
            e1 | -       | c7     | u1       | false    | 2024-01-11 14:00 | 2024-01-09
            e2 | -       | c7     | u2       | true     | 2024-01-11 14:00 | 2024-01-09
        """,
    )
    expect(
        rows,
        """
        id | facility_id | lead_id | rep_id | channel | sent_at          | response_received | converted
        e1 | unassigned  | -       | u1     | meeting | 2024-01-11 14:00 | false             | false
        t1 | a9          | q4      | u1     | email   | 2024-01-10 11:00 | false             | false
        t2 | a2          | o8      | u1     | call    | 2024-01-10       | false             | false
        t3 | a1          | q4      | -      | task    | 2024-01-09       | false             | false
        """,
    )
