"""Drawn tables, and how they are held against computed ones."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from crm_ibis.errors import UsageError
from crm_ibis.testing import BuiltTable, drawn, expect, source_rows

ROWS = (
    {"rep_id": "r1", "month": date(2024, 1, 1), "deals": 2, "share": 2 / 3},
    {"rep_id": "r1", "month": date(2024, 2, 1), "deals": 1, "share": None},
    {"rep_id": "r2", "month": date(2024, 1, 1), "deals": 5, "share": 0.5},
)
DEALS = BuiltTable("deals", ("rep_id", "month"), ROWS, ("rep_id", "month", "deals", "share"))


def difference(drawing: str, table: object = DEALS) -> str:
    with pytest.raises(AssertionError) as failure:
        expect(table, drawing)  # type: ignore[arg-type]
    return str(failure.value)


def test_rows_may_be_drawn_in_any_order() -> None:
    expect(
        DEALS,
        """
        rep_id | month   | deals | share
        r2     | 2024-01 | 5     | 0.5
        r1     | 2024-02 | 1     | -
        r1     | 2024-01 | 2     | 2/3
        """,
    )


def test_each_difference_is_named_by_the_key_with_what_was_computed() -> None:
    assert (
        difference(
            """
            month   | rep_id | deals
            2024-01 | r1     | 3
            2024-02 | r1     | 1
            2024-03 | r1     | 1
            """
        )
        == """\
deals is not as drawn:
  rep_id=r1, month=2024-01: deals is 2, expected 3
  no row has rep_id=r1, month=2024-03
  not drawn: rep_id=r2, month=2024-01-01
computed were:
  rep_id | month      | deals
  r1     | 2024-01-01 | 2
  r1     | 2024-02-01 | 1
  r2     | 2024-01-01 | 5"""
    )


def test_a_part_of_the_key_is_matched_in_any_order_too() -> None:
    expect(DEALS, "rep_id | deals\nr2 | 5\nr1 | 1\nr1 | 2")
    message = difference("rep_id | deals\nr2 | 5\nr1 | 1\nr1 | 1")
    assert "no row is rep_id=r1, deals=1" in message
    assert "not drawn: rep_id=r1, deals=2" in message


def test_without_the_key_rows_are_in_its_order() -> None:
    expect(DEALS, "deals\n2\n1\n5")
    assert "row 1: deals is 2, expected 5" in difference("deals\n5\n1\n2")
    assert "3 rows instead of 2" in difference("deals\n2\n1")


def test_a_list_is_compared_in_its_own_order() -> None:
    rows = [{"x": Decimal("1.50"), "on": True, "at": datetime(2024, 1, 31, 10)}]
    expect(rows, "x | on | at\n1.50 | true | 2024-01-31 10:00")
    assert "row 1: x is 1.50, expected 1.5" in difference("x\n1.5", rows)
    assert "row 1: on is true, expected false" in difference("on\nfalse", rows)


def test_floats_agree_to_a_billionth() -> None:
    expect([{"x": 0.1 + 0.2}], "x\n0.3")
    assert "expected 0.300001" in difference("x\n0.300001", [{"x": 0.3}])


def test_a_table_without_rows_is_its_header() -> None:
    empty = BuiltTable("deals", ("rep_id",), (), ("rep_id", "deals"))
    expect(empty, "rep_id | deals")
    assert "no row has rep_id=r1" in difference("rep_id\nr1", empty)


def test_a_column_that_is_not_there_is_named_with_its_near_match() -> None:
    with pytest.raises(UsageError, match=r'no column dealz \(did you mean "deals"\?\)'):
        expect(DEALS, "dealz\n1")


def test_uneven_rows_are_shown() -> None:
    with pytest.raises(UsageError, match=r"'1 \| 2 \| 3' has 3 cells, and the header has 2"):
        drawn("a | b\n1 | 2 | 3")


def test_a_source_is_completed_by_what_its_contract_allows() -> None:
    (ticket,) = source_rows("tickets", "resolved_at\n2024-01-12 08:00")
    assert ticket["id"] == "tickets_1"
    assert ticket["facility_id"] == "f1"
    assert ticket["priority"] == "high"
    assert ticket["created_at"] == ticket["updated_at"] == datetime(2024, 1, 10)
    assert ticket["resolved_at"] == datetime(2024, 1, 12, 8)
    assert ticket["first_response_at"] is None


def test_a_column_that_a_source_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match=r'leads has no column stag \(did you mean "stage"\?\)'):
        source_rows("leads", "stag\nwon")


def test_a_cell_of_another_type_is_refused() -> None:
    with pytest.raises(UsageError, match=r"leads.amount: 'much' is not a value of type decimal"):
        source_rows("leads", "amount\nmuch")
