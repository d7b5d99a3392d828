"""The size of won deals, worked out by hand."""

from datetime import date, datetime
from decimal import Decimal

import ibis
from metrics.deal_size import deal_size

COLUMNS = {
    "rep_id": "string",
    "status": "string",
    "amount": "decimal(24, 6)",
    "closed_at": "timestamp(6)",
}


def test_won_deals_count_in_the_month_in_which_they_closed() -> None:
    opportunities = [
        ("anna", "won", Decimal("100.00"), datetime(2024, 1, 5)),
        ("anna", "won", Decimal("200.50"), datetime(2024, 1, 31, 23, 59)),
        ("anna", "won", Decimal("70.00"), datetime(2024, 2, 1)),
        ("anna", "lost", Decimal("900.00"), datetime(2024, 1, 9)),
        ("ben", "open", Decimal("900.00"), None),
    ]
    table = deal_size(ibis.memtable(opportunities, schema=COLUMNS)).order_by("month")
    assert table.to_pyarrow().to_pylist() == [
        {
            "rep_id": "anna",
            "month": date(2024, 1, 1),
            "won_deals": 2,
            "won_amount": Decimal("300.50"),
            "avg_deal_size": Decimal("150.25"),
        },
        {
            "rep_id": "anna",
            "month": date(2024, 2, 1),
            "won_deals": 1,
            "won_amount": Decimal("70.00"),
            "avg_deal_size": Decimal("70.00"),
        },
    ]
