"""monthly_scorecard: the company in one row a month."""

from typing import Any

from crm_ibis.testing import Engine, expect


def scorecard(engine: Engine, **sources: Any) -> list[dict[str, Any]]:
    return engine.build("monthly_scorecard", **sources)


def test_a_month_sums_up_all_facilities(engine: Engine) -> None:
    # f1: pipeline 40, conversion 100, SLA 50 (of two tickets), satisfaction 100 -> 72.5;
    # f2: pipeline 20, conversion 50, SLA 100 (of one ticket), satisfaction 50 -> 55.
    rows = scorecard(
        engine,
        leads="""
            facility_id | rep_id | created_at | stage | amount | qualified_at
            f1          | r1     | 2024-01-05 | won   | 50000  | -
            f2          | r2     | 2024-01-05 | won   | 25000  | -
            f2          | r2     | 2024-01-05 | sql   | 0      | -
            f2          | r3     | 2024-01-05 | lost  | 0      | 2024-01-06
            f2          | r3     | 2024-01-05 | lead  | 0      | -
        """,
        tickets="""
            facility_id | created_at       | first_response_at | resolved_at
            f1          | 2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-20
            f1          | 2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-20
            f2          | 2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-10 10:00
        """,
        satisfaction="""
            facility_id | survey_type | score
            f1          | csat        | 5
            f1          | nps         | 10
            f2          | csat        | 4
            f2          | csat        | 2
            f2          | nps         | 10
            f2          | nps         | 0
            f2          | nps         | 8
        """,
        invoices="""
            facility_id | created_at | status    | amount | paid_at
            f1          | 2024-01-31 | paid      | 100.55 | 2024-02-10
            f2          | 2024-01-31 | paid      | 20.45  | 2024-02-10
            f2          | 2024-01-31 | pending   | 1000   | -
            f2          | 2024-01-31 | cancelled | 1000   | -
        """,
    )
    expect(
        rows,
        """
        month      | total_leads | sql_leads | sql_conversion_pct | won_leads | won_pct
        2024-01-01 | 5           | 4         | 80                 | 2         | 40
        """,
    )
    # Mean of 11 / 3 over all answers, not over facilities; nps (2 - 1) of 4.
    expect(
        rows,
        """
        sla_attainment_pct | avg_csat | nps | total_revenue
        75                 | 11/3     | 25  | 121.00
        """,
    )
    # f2's satisfaction: satisfied 1 of 2, nps 0 is 50. (72.5 + 55) / 2
    expect(
        rows,
        """
        overall_health_score | health_status
        63.75                | good
        """,
    )


def test_a_month_may_have_nothing_but_an_invoice(engine: Engine) -> None:
    rows = scorecard(
        engine,
        invoices="""
            created_at | status    | amount
            2023-11-10 | paid      | 12.345
            2023-12-10 | cancelled | 12
            2024-01-10 | pending   | 12
        """,
    )
    expect(
        rows,
        """
        month      | total_leads | sql_leads | won_leads | total_revenue
        2023-11-01 | 0           | 0         | 0         | 12.35
        2023-12-01 | 0           | 0         | 0         | 0.00
        2024-01-01 | 0           | 0         | 0         | 0.00
        """,
    )
    expect(
        rows[:1],
        """
        sql_conversion_pct | won_pct | sla_attainment_pct | avg_csat | nps | overall_health_score
        -                  | -       | -                  | -        | -   | -
        """,
    )
    assert rows[0]["health_status"] is None


def test_a_month_with_a_lead_a_health_score_or_an_answer_has_a_row(engine: Engine) -> None:
    rows = scorecard(
        engine,
        leads="""
            created_at
            2023-12-10
        """,
        tickets="""
            created_at       | first_response_at | resolved_at
            2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-10 10:00
        """,
        satisfaction="""
            created_at | survey_type | score
            2024-02-10 | nps         | 3
        """,
        outreach="""
            sent_at
            2023-11-10
        """,
    )
    expect(
        rows,
        """
        month      | total_leads | won_pct | sla_attainment_pct | avg_csat | nps  | total_revenue
        2023-12-01 | 1           | 0       | -                  | -        | -    | 0.00
        2024-01-01 | 0           | -       | 100                | -        | -    | 0.00
        2024-02-01 | 0           | -       | -                  | -        | -100 | 0.00
        """,
    )


def test_facilities_without_a_value_are_left_out_of_the_mean(engine: Engine) -> None:
    # f1 and f2 have an SLA (100 and 0), only f3 has enough components for a score: 100.
    rows = scorecard(
        engine,
        tickets="""
            facility_id | created_at       | first_response_at | resolved_at
            f1          | 2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-10 10:00
            f2          | 2024-01-10 08:00 | -                 | -
        """,
        leads="""
            facility_id | stage | amount
            f3          | won   | 125000
        """,
        satisfaction="""
            facility_id | score
            f3          | 4
        """,
    )
    expect(
        rows,
        """
        sla_attainment_pct | overall_health_score | health_status
        50                 | 100                  | excellent
        """,
    )


def test_the_status_is_that_of_the_mean_score(engine: Engine) -> None:
    # f1: (20 + 100 + 0) / 3 = 40, f2: (80 + 100 + 60) / 3 = 80; the mean is exactly 60.
    rows = scorecard(
        engine,
        leads="""
            facility_id | stage | amount
            f1          | won   | 25000
            f2          | won   | 100000
        """,
        satisfaction="""
            facility_id | survey_type | score
            f1          | csat        | 3
            f2          | csat        | 5
            f2          | csat        | 4
            f2          | csat        | 4
            f2          | csat        | 3
            f2          | csat        | 1
        """,
    )
    expect(
        rows,
        """
        overall_health_score | health_status
        60                   | good
        """,
    )
