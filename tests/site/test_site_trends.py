"""How a month's number changed after the fact."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm_ibis.site.charts.trends import follow

JANUARY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)
FIRST, SECOND, THIRD = (datetime(2024, month, 1) for month in (2, 3, 4))


def span(
    month: date, start: datetime, end: datetime | None, total: Any, values: int
) -> dict[str, Any]:
    return {"month": month, "valid_from": start, "valid_to": end, "total": total, "values": values}


def test_a_sum_is_of_the_versions_that_held() -> None:
    # Two facilities had 3 together; one of them went from 1 to 4 on 1 March.
    (january,) = follow(
        [
            span(JANUARY, FIRST, None, 2, 1),
            span(JANUARY, FIRST, SECOND, 1, 1),
            span(JANUARY, SECOND, None, 4, 1),
        ],
        mean=False,
    )
    assert january.points == ((FIRST, Decimal(3)), (SECOND, Decimal(6)))
    assert january.revisions == 1
    assert [january.first, january.last] == [3, 6]


def test_a_mean_is_over_the_rows_that_had_a_value() -> None:
    # 60 and 80; then the second row has no value any more.
    (january,) = follow(
        [
            span(JANUARY, FIRST, None, Decimal("60.000000000000"), 1),
            span(JANUARY, FIRST, SECOND, Decimal("80.000000000000"), 1),
            span(JANUARY, SECOND, None, None, 0),
        ],
        mean=True,
    )
    assert january.points == ((FIRST, Decimal(70)), (SECOND, Decimal(60)))


def test_a_version_that_changed_another_column_is_no_revision() -> None:
    spans = [span(JANUARY, FIRST, SECOND, 5, 2), span(JANUARY, SECOND, None, 5, 2)]
    (january,) = follow(spans, mean=False)
    assert january.points == ((FIRST, Decimal(5)),)


def test_months_are_in_order_and_one_that_disappeared_falls_to_nothing() -> None:
    january, february = follow(
        [span(FEBRUARY, SECOND, None, 1, 1), span(JANUARY, FIRST, THIRD, 7, 3)], mean=False
    )
    assert january.points == ((FIRST, Decimal(7)), (THIRD, Decimal(0)))
    assert february.month == FEBRUARY
