"""The size of won deals, worked out by hand."""

from crm_ibis.testing import check_promises, expect

OPPORTUNITIES = """
    rep_id | status | amount | created_at | closed_at
    anna   | won    | 100.00 | 2024-01-02 | 2024-01-05
    anna   | won    | 200.50 | 2024-01-02 | 2024-01-31 23:59
    anna   | won    | 70.00  | 2024-01-02 | 2024-02-01
    anna   | lost   | 900.00 | 2024-01-02 | 2024-01-09
    ben    | open   | 900.00 | 2024-01-02 | -
"""


def test_won_deals_count_in_the_month_in_which_they_closed(engine):
    expect(
        engine.build("deal_size", opportunities=OPPORTUNITIES),
        """
        rep_id | month   | won_deals | won_amount | avg_deal_size
        anna   | 2024-01 | 2         | 300.50     | 150.25
        anna   | 2024-02 | 1         | 70.00      | 70.00
        """,
    )


def test_it_keeps_its_promises(engines):
    check_promises(engines, "deal_size", opportunities=OPPORTUNITIES)
