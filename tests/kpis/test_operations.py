"""pipeline_kpis, compliance_kpis, revenue_kpis and combined_kpis: the operational KPIs."""

from crm_ibis.testing import Engine, assuming, expect


def test_applications_are_counted_by_status(engine: Engine) -> None:
    rows = engine.build(
        "pipeline_kpis",
        applications="""
            id | facility_id | created_at                 | status    | hired_at
            a1 | f1          | 2024-01-01                 | hired     | 2024-01-11
            a2 | f1          | 2024-01-01                 | hired     | 2024-02-06 12:00
            a3 | f1          | 2024-01-31 23:59:59.999999 | rejected  | -
            a4 | f1          | 2024-01-02                 | pending   | -
            a5 | f1          | 2024-01-03                 | interview | -
            a6 | f1          | 2024-01-04                 | interview | -
            a7 | f1          | 2024-02-01                 | rejected  | -
            a8 | f2          | 2024-02-01                 | pending   | -
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | total_applications | hired_count | rejected_count
        f1          | 2024-01-01 | 6                  | 2           | 1
        f1          | 2024-02-01 | 1                  | 0           | 1
        f2          | 2024-02-01 | 1                  | 0           | 0
        """,
    )
    # 10 and 36.5 days.
    expect(
        rows,
        """
        pending_count | interview_count | avg_time_to_fill_days
        1             | 2               | 23.25
        0             | 0               | -
        1             | 0               | -
        """,
    )


def test_a_hire_after_as_of_is_pending_and_takes_no_time_yet(engine: Engine) -> None:
    rows = engine.build(
        "pipeline_kpis",
        applications="""
            id | created_at                 | status | hired_at
            a1 | 2024-02-20                 | hired  | 2024-03-01
            a2 | 2024-02-20                 | hired  | 2024-03-01 00:00:00.000001
            a3 | 2024-03-01 00:00:00.000001 | hired  | 2024-03-02
        """,
    )
    expect(
        rows,
        """
        total_applications | hired_count | pending_count | avg_time_to_fill_days
        2                  | 1           | 1             | 10
        """,
    )


def test_the_time_to_fill_is_that_of_hired_candidates_with_a_date(engine: Engine) -> None:
    rows = engine.build(
        "pipeline_kpis",
        applications="""
            id | created_at | status   | hired_at
            a1 | 2024-01-01 | hired    | 2024-01-05
            a2 | 2024-01-01 | hired    | -
            a3 | 2024-01-01 | rejected | 2024-01-31
        """,
    )
    expect(
        rows,
        """
        hired_count | avg_time_to_fill_days
        2           | 4
        """,
    )


def test_compliance_is_rated_over_scored_applications(engine: Engine) -> None:
    rows = engine.build(
        "compliance_kpis",
        applications="""
            id | facility_id | created_at | compliance_score | has_violations
            a1 | f1          | 2024-01-05 | 80               | false
            a2 | f1          | 2024-01-05 | 79.999999        | true
            a3 | f1          | 2024-01-05 | 95.5             | true
            a4 | f1          | 2024-01-05 | -                | true
            a5 | f1          | 2024-02-05 | 0                | false
            a6 | f2          | 2024-02-05 | 100              | false
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | total_applications | scored_applications | violation_count
        f1          | 2024-01-01 | 4                  | 3                   | 3
        f1          | 2024-02-01 | 1                  | 1                   | 0
        f2          | 2024-02-01 | 1                  | 1                   | 0
        """,
    )
    expect(
        rows,
        """
        compliant_applications | avg_compliance_score | compliance_rate_pct
        2                      | 255.499999/3         | 200/3
        0                      | 0                    | 0
        1                      | 100                  | 100
        """,
    )


def test_without_scores_there_is_no_compliance_rate(engine: Engine) -> None:
    rows = engine.build(
        "compliance_kpis",
        applications="""
            id | compliance_score
            a1 | -
            a2 | -
        """,
    )
    expect(
        rows,
        """
        total_applications | scored_applications | compliant_applications | compliance_rate_pct
        2                  | 0                   | 0                      | -
        """,
    )
    assert rows[0]["avg_compliance_score"] is None


def test_the_compliance_threshold_is_an_exact_parameter(engine: Engine) -> None:
    rows = engine.build(
        "compliance_kpis",
        params=assuming("compliance_threshold: 66.7"),
        applications="""
            id | compliance_score
            a1 | 66.7
            a2 | 66.699999
        """,
    )
    expect(
        rows,
        """
        compliant_applications | compliance_rate_pct
        1                      | 50
        """,
    )


def test_revenue_is_over_paid_invoices_and_outstanding_over_pending_ones(engine: Engine) -> None:
    rows = engine.build(
        "revenue_kpis",
        invoices="""
            id | facility_id | created_at                 | status    | amount | paid_at
            i1 | f1          | 2024-01-01                 | paid      | 100.10 | 2024-02-10
            i2 | f1          | 2024-01-31 23:59:59.999999 | paid      | 50.20  | 2024-02-10
            i3 | f1          | 2024-01-15                 | pending   | 30.30  | -
            i4 | f1          | 2024-01-15                 | pending   | 0.05   | -
            i5 | f1          | 2024-01-15                 | cancelled | 999    | -
            i6 | f1          | 2024-02-01                 | paid      | 10     | 2024-02-10
            i7 | f2          | 2024-02-01                 | pending   | 7      | -
            i8 | f3          | 2024-02-01                 | cancelled | 7      | -
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | total_invoices | total_revenue | avg_revenue_per_invoice
        f1          | 2024-01-01 | 2              | 150.30        | 75.15
        f1          | 2024-02-01 | 1              | 10.00         | 10.00
        f2          | 2024-02-01 | 0              | 0.00          | -
        f3          | 2024-02-01 | 0              | 0.00          | -
        """,
    )
    expect(
        rows,
        """
        outstanding_amount
        30.35
        0.00
        7.00
        0.00
        """,
    )


def test_an_invoice_paid_after_as_of_is_outstanding(engine: Engine) -> None:
    rows = engine.build(
        "revenue_kpis",
        invoices="""
            id | created_at                 | status    | amount | paid_at
            i1 | 2024-02-01                 | paid      | 100    | 2024-03-01
            i2 | 2024-02-01                 | paid      | 20     | 2024-03-01 00:00:00.000001
            i3 | 2024-02-01                 | paid      | 3      | -
            i4 | 2024-03-01 00:00:00.000001 | paid      | 5000   | -
        """,
    )
    expect(
        rows,
        """
        total_invoices | total_revenue | avg_revenue_per_invoice | outstanding_amount
        2              | 103.00        | 51.50                   | 20.00
        """,
    )


def test_half_cents_are_rounded_away_from_zero_once_at_the_end(engine: Engine) -> None:
    # Means: 2.01 / 2 = 1.005; -2.01 / 2 = -1.005; 0.01 / 3; the rest adds up to a tie.
    rows = engine.build(
        "revenue_kpis",
        invoices="""
            facility_id | status  | amount
            f1          | paid    | 2
            f1          | paid    | 0.01
            f2          | paid    | -2
            f2          | paid    | -0.01
            f3          | paid    | 0.01
            f3          | paid    | 0
            f3          | paid    | 0
            f4          | paid    | 0.0025
            f4          | paid    | 0.0025
            f5          | paid    | -0.0025
            f5          | paid    | -0.0025
            f6          | paid    | 0.004999
            f6          | pending | 0.004999
            f6          | pending | 0.000001
        """,
    )
    expect(
        rows,
        """
        facility_id | total_revenue | avg_revenue_per_invoice | outstanding_amount
        f1          | 2.01          | 1.01                    | 0.00
        f2          | -2.01         | -1.01                   | 0.00
        f3          | 0.01          | 0.00                    | 0.00
        f4          | 0.01          | 0.00                    | 0.00
        f5          | -0.01         | 0.00                    | 0.00
        f6          | 0.00          | 0.00                    | 0.01
        """,
    )


def test_the_operational_kpis_stand_side_by_side(engine: Engine) -> None:
    rows = engine.build(
        "combined_kpis",
        applications="""
            id | created_at | status  | hired_at   | compliance_score | has_violations
            a1 | 2024-01-05 | hired   | 2024-01-10 | 90               | false
            a2 | 2024-01-05 | hired   | 2024-01-12 | 60               | true
            a3 | 2024-01-05 | pending | -          | 85               | false
        """,
        invoices="""
            id | created_at | status | amount
            i1 | 2024-01-15 | paid   | 100
            i2 | 2024-01-16 | paid   | 50.01
        """,
        outreach="""
            channel | sent_at    | response_received | converted
            email   | 2024-01-05 | true              | true
            email   | 2024-01-06 | false             | false
            email   | 2024-01-07 | false             | false
            phone   | 2024-01-08 | true              | false
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | total_applications | hired_count | avg_time_to_fill_days
        f1          | 2024-01-01 | 3                  | 2           | 6
        """,
    )
    expect(
        rows,
        """
        compliant_applications | compliance_rate_pct | violation_count | total_revenue
        2                      | 200/3               | 1               | 150.01
        """,
    )
    # 150.01 / 2 = 75.005. Rates over both channels: 2 of 4 and 1 of 4.
    expect(
        rows,
        """
        avg_revenue_per_invoice | total_outreach | response_rate_pct | conversion_rate_pct
        75.01                   | 4              | 50                | 25
        """,
    )


def test_where_one_side_is_absent_counts_are_zero_and_rates_null(engine: Engine) -> None:
    rows = engine.build(
        "combined_kpis",
        applications="""
            id | facility_id | created_at | status
            a1 | f1          | 2024-01-05 | pending
        """,
        invoices="""
            id | facility_id | created_at | status    | amount
            i1 | f2          | 2024-01-15 | paid      | 12.50
            i2 | f1          | 2024-02-15 | cancelled | 12.50
        """,
        outreach="""
            facility_id | channel | sent_at
            f3          | email   | 2023-12-31
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | total_applications | hired_count | avg_time_to_fill_days
        f1          | 2024-01-01 | 1                  | 0           | -
        f1          | 2024-02-01 | 0                  | 0           | -
        f2          | 2024-01-01 | 0                  | 0           | -
        f3          | 2023-12-01 | 0                  | 0           | -
        """,
    )
    expect(
        rows,
        """
        compliant_applications | compliance_rate_pct | violation_count | total_revenue
        0                      | -                   | 0               | 0.00
        0                      | -                   | 0               | 0.00
        0                      | -                   | 0               | 12.50
        0                      | -                   | 0               | 0.00
        """,
    )
    expect(
        rows,
        """
        avg_revenue_per_invoice | total_outreach | response_rate_pct | conversion_rate_pct
        -                       | 0              | -                 | -
        -                       | 0              | -                 | -
        12.50                   | 0              | -                 | -
        -                       | 1              | 0                 | 0
        """,
    )
