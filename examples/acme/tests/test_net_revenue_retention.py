"""Net revenue retention, worked out by hand."""

from crm_ibis.testing import check_promises, expect

MONTH_BY_MONTH = "subscriptions: {compared_months: 1}"


def test_a_subscription_is_paid_for_at_the_ends_of_its_months(engine):
    """s1 runs over the ends of January and February; s2 began and ended within January; s3 ends
    with January, so that February is its first month without; s4 has not ended by 1 April."""
    expect(
        engine.build(
            "subscription_months",
            as_of="2024-04-01",
            subscriptions="""
                id | plan       | monthly_amount | starts_at        | ends_at
                s1 | records    | 100            | 2024-01-15       | 2024-03-31 23:59
                s2 | billing    | 7              | 2024-01-02       | 2024-01-20
                s3 | billing    | 30             | 2023-12-31 23:00 | 2024-02-01
                s4 | scheduling | 5.50           | 2024-02-01       | 2024-04-02
            """,
        ),
        """
        facility_id | plan       | month   | mrr
        f1          | records    | 2024-01 | 100.00
        f1          | records    | 2024-02 | 100.00
        f1          | billing    | 2023-12 | 30.00
        f1          | billing    | 2024-01 | 30.00
        f1          | scheduling | 2024-02 | 5.50
        f1          | scheduling | 2024-03 | 5.50
        """,
    )


def test_growth_counts_for_it_and_loss_against_it(engine):
    """From January to February: records 100 -> 140 and a new plan of 10 are an expansion of 50;
    billing 60 -> 40 and scheduling 20 -> nothing are a loss of 40. (180 + 50 - 40) / 180."""
    expect(
        engine.build(
            "net_revenue_retention",
            as_of="2024-03-01",
            params=MONTH_BY_MONTH,
            where={"facility_id": "f1"},
            subscription_months="""
                facility_id | plan       | month   | mrr
                f1          | records    | 2024-01 | 100.00
                f1          | billing    | 2024-01 | 60.00
                f1          | scheduling | 2024-01 | 20.00
                f1          | records    | 2024-02 | 140.00
                f1          | billing    | 2024-02 | 40.00
                f1          | training   | 2024-02 | 10.00
            """,
        ),
        """
        month   | starting_mrr | expansion_mrr | lost_mrr | new_mrr | net_revenue_retention_pct
        2024-01 | 0.00         | 0.00          | 0.00     | 180.00  | -
        2024-02 | 180.00       | 50.00         | 40.00    | 0.00    | 19000/180
        """,
    )


def test_who_left_retains_nothing_and_who_came_is_new(engine):
    expect(
        engine.build(
            "net_revenue_retention",
            as_of="2024-03-01",
            params=MONTH_BY_MONTH,
            subscription_months="""
                facility_id | plan    | month   | mrr
                left        | records | 2024-01 | 100.00
                came        | records | 2024-02 | 70.00
            """,
        ),
        """
        facility_id | month   | starting_mrr | lost_mrr | new_mrr | net_revenue_retention_pct
        left        | 2024-01 | 0.00         | 0.00     | 100.00  | -
        left        | 2024-02 | 100.00       | 100.00   | 0.00    | 0
        came        | 2024-02 | 0.00         | 0.00     | 70.00   | -
        """,
    )


def test_our_contracts_run_for_half_a_year(engine):
    """Six months back is what params.yml says: of 100 in January, 80 are paid in July."""
    months = """
        facility_id | plan    | month   | mrr
        f1          | records | 2024-01 | 100.00
        f1          | records | 2024-07 | 80.00
    """
    expect(
        engine.build("net_revenue_retention", subscription_months=months, as_of="2024-08-01"),
        """
        month   | starting_mrr | net_revenue_retention_pct
        2024-01 | 0.00         | -
        2024-07 | 100.00       | 80
        """,
    )


def test_it_keeps_its_promises(engines):
    check_promises(
        engines,
        "net_revenue_retention",
        params=MONTH_BY_MONTH,
        subscriptions="""
            plan    | monthly_amount | starts_at  | ends_at
            records | 100            | 2023-12-01 | -
            billing | 60.50          | 2023-12-01 | 2024-01-31
        """,
    )


def test_its_fact_keeps_its_promises(engines):
    subscriptions = "plan | monthly_amount | starts_at\nrecords | 100 | 2023-12-01"
    check_promises(engines, "subscription_months", subscriptions=subscriptions)
