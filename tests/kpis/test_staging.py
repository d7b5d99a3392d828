"""Staging: one source row in, one clean row out, as far as was known at `as_of`."""

from typing import Any

import pytest

from crm_ibis.testing import Engine, expect

LATER = "2024-03-01 00:00:00.000001"
"""One microsecond after the `as_of` of every test here."""

ENTITIES = {
    "stg_leads": "lead_id",
    "stg_opportunities": "opportunity_id",
    "stg_tickets": "ticket_id",
    "stg_satisfaction": "satisfaction_id",
    "stg_outreach": "outreach_id",
    "stg_applications": "application_id",
    "stg_invoices": "invoice_id",
}


@pytest.mark.parametrize(("table", "key"), ENTITIES.items())
def test_rows_entered_by_as_of_stay_and_later_ones_are_dropped(
    engine: Engine, table: str, key: str
) -> None:
    sources: dict[str, Any] = {
        table.removeprefix("stg_"): f"""
            id | created_at
            e1 | 2023-12-31 23:59:59.999999
            e2 | 2024-02-29 12:00
            e3 | 2024-03-01 00:00:00
            e4 | {LATER}
        """
    }
    rows = engine.build(table, **sources)
    expect(
        rows,
        f"""
        {key} | month
        e1    | 2023-12-01
        e2    | 2024-02-01
        e3    | 2024-03-01
        """,
    )
    assert "id" not in rows[0]


def test_the_cohort_of_a_lead_is_the_month_it_was_entered(engine: Engine) -> None:
    rows = engine.build(
        "stg_leads",
        leads="""
            id | created_at
            l1 | 2024-01-31 23:59:59.999999
        """,
    )
    expect(
        rows,
        """
        month      | cohort_month
        2024-01-01 | 2024-01-01
        """,
    )


def test_a_leads_stage_is_taken_as_stored_and_its_dates_stay(engine: Engine) -> None:
    rows = engine.build(
        "stg_leads",
        leads=f"""
            id | created_at | stage | qualified_at | closed_at | updated_at
            l1 | 2024-01-10 | won   | {LATER}      | {LATER}   | {LATER}
        """,
    )
    expect(
        rows,
        f"""
        stage | qualified_at | closed_at | updated_at
        won   | {LATER}      | {LATER}   | {LATER}
        """,
    )


def test_an_opportunity_that_closed_after_as_of_is_still_open(engine: Engine) -> None:
    rows = engine.build(
        "stg_opportunities",
        opportunities=f"""
            id | lead_id | created_at | status | closed_at
            o1 | l1      | 2024-01-10 | won    | 2024-03-01
            o2 | l1      | 2024-01-10 | won    | {LATER}
            o3 | l1      | 2024-01-10 | lost   | {LATER}
            o4 | l1      | 2024-01-10 | won    | -
        """,
    )
    expect(
        rows,
        """
        opportunity_id | status
        o1             | won
        o2             | open
        o3             | open
        o4             | won
        """,
    )


def test_the_dates_of_a_ticket_stay_even_after_as_of(engine: Engine) -> None:
    rows = engine.build(
        "stg_tickets",
        tickets=f"""
            id | created_at | first_response_at | resolved_at
            t1 | 2024-02-10 | {LATER}           | {LATER}
        """,
    )
    expect(
        rows,
        f"""
        first_response_at | resolved_at
        {LATER}           | {LATER}
        """,
    )


def test_outreach_sent_or_entered_after_as_of_is_dropped(engine: Engine) -> None:
    rows = engine.build(
        "stg_outreach",
        outreach=f"""
            id | sent_at          | created_at
            a1 | 2024-02-29 10:00 | 2024-02-29 11:00
            a2 | {LATER}          | 2024-02-29 11:00
            a3 | 2024-02-29 10:00 | {LATER}
            a4 | 2024-03-01       | 2024-03-01
        """,
    )
    expect(
        rows,
        """
        outreach_id | month
        a1          | 2024-02
        a4          | 2024-03
        """,
    )


def test_outreach_belongs_to_the_month_it_was_sent(engine: Engine) -> None:
    rows = engine.build(
        "stg_outreach",
        outreach="""
            sent_at          | created_at
            2024-01-31 23:59 | 2024-02-02 09:00
        """,
    )
    expect(
        rows,
        """
        month
        2024-01
        """,
    )


def test_a_response_after_as_of_is_not_received_yet(engine: Engine) -> None:
    rows = engine.build(
        "stg_outreach",
        outreach=f"""
            id | sent_at    | response_received | responded_at | converted
            a1 | 2024-02-10 | true              | 2024-03-01   | true
            a2 | 2024-02-10 | true              | {LATER}      | true
            a3 | 2024-02-10 | true              | -            | false
            a4 | 2024-02-10 | false             | -            | false
        """,
    )
    expect(
        rows,
        """
        outreach_id | response_received | converted
        a1          | true              | true
        a2          | false             | true
        a3          | true              | false
        a4          | false             | false
        """,
    )


def test_a_candidate_hired_after_as_of_is_still_pending(engine: Engine) -> None:
    rows = engine.build(
        "stg_applications",
        applications=f"""
            id | created_at | status    | hired_at
            c1 | 2024-01-10 | hired     | 2024-03-01
            c2 | 2024-01-10 | hired     | {LATER}
            c3 | 2024-01-10 | hired     | -
            c4 | 2024-01-10 | rejected  | {LATER}
            c5 | 2024-01-10 | interview | -
        """,
    )
    expect(
        rows,
        """
        application_id | status
        c1             | hired
        c2             | pending
        c3             | hired
        c4             | rejected
        c5             | interview
        """,
    )


def test_an_invoice_paid_after_as_of_is_still_pending(engine: Engine) -> None:
    rows = engine.build(
        "stg_invoices",
        invoices=f"""
            id | created_at | status    | paid_at
            i1 | 2024-01-10 | paid      | 2024-03-01
            i2 | 2024-01-10 | paid      | {LATER}
            i3 | 2024-01-10 | paid      | -
            i4 | 2024-01-10 | cancelled | {LATER}
        """,
    )
    expect(
        rows,
        """
        invoice_id | status
        i1         | paid
        i2         | pending
        i3         | paid
        i4         | cancelled
        """,
    )


def test_rows_that_say_the_same_stay_two(engine: Engine) -> None:
    rows = engine.build(
        "stg_satisfaction",
        satisfaction="""
            id | survey_type | score
            s1 | nps         | 9
            s2 | nps         | 9
        """,
    )
    expect(
        rows,
        """
        satisfaction_id | survey_type | score
        s1              | nps         | 9
        s2              | nps         | 9
        """,
    )
