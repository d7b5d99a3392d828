"""Instants and numbers as loaders land them: the same cells on both databases."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import ibis
import pytest

from crm_ibis.sources.columns.instants import instant_of_text, shown_in, text_of_number, to_utc
from crm_ibis.testing import Engine


def computed(
    engine: Engine, dtype: str, values: list[Any], made: Callable[[Any], Any]
) -> list[Any]:
    """What an expression makes of each value, in their order."""
    schema = ibis.schema({"n": "int64", "x": dtype})
    rows = [{"n": n, "x": value} for n, value in enumerate(values)]
    table = engine.store("given", schema, rows)
    found = table.select(table.n, y=made(table.x)).order_by("n")
    return [row["y"] for row in engine.warehouse.rows(found)]


READABLE = {
    "2024-02-01T05:00:00+08:00": datetime(2024, 1, 31, 21),
    "2024-02-01T05:00:00+0800": datetime(2024, 1, 31, 21),
    "2024-02-01 05:00:00+08": datetime(2024, 1, 31, 21),
    "2024-02-01 05:00:00 +08:00": datetime(2024, 1, 31, 21),
    "2024-02-01T05:00:00.000+0000": datetime(2024, 2, 1, 5),
    "2024-02-01T05:00:00Z": datetime(2024, 2, 1, 5),
    "2024-02-01t05:00:00z": datetime(2024, 2, 1, 5),
    "2024-02-01T05:00Z": datetime(2024, 2, 1, 5),
    "2024-02-01T05:00-03:30": datetime(2024, 2, 1, 8, 30),
    "2024-02-01 05:00:00 UTC": datetime(2024, 2, 1, 5),
    "2024-02-01 05:00:00.123456 UTC": datetime(2024, 2, 1, 5, 0, 0, 123456),
    "2024-02-01T05:00:00.1234569Z": datetime(2024, 2, 1, 5, 0, 0, 123456),
    "  2024-02-29T23:30:00-01:00 ": datetime(2024, 3, 1, 0, 30),
    "2000-02-29T00:00:00Z": datetime(2000, 2, 29),
    "0024-01-05T00:00:00Z": datetime(24, 1, 5),
}
LOCAL = {
    "2024-02-01T05:00:00": datetime(2024, 2, 1, 5),
    "2024-02-01 05:00": datetime(2024, 2, 1, 5),
    "2024-02-01 05:00:00.5": datetime(2024, 2, 1, 5, 0, 0, 500000),
    "2024-02-01": datetime(2024, 2, 1),
    "2024-07-01T00:00:00": datetime(2024, 7, 1),
}
UNREADABLE = [
    *("", "soon", "01/02/2024", "2024-02-30", "2023-02-29", "1900-02-29", "2024-04-31"),
    *("2024-13-01", "2024-00-10", "0000-01-01", "2024-02-01T25:00:00Z", "2024-02-01T05:61:00"),
    *("2024-02-01T05:00:00+99:00", "2024-02-01T05:00:00 Zurich", "20240201", "2024-02-01Tx"),
]


def test_text_with_an_offset_is_that_instant_whatever_the_zone(engine: Engine) -> None:
    for zone in (None, "America/Los_Angeles"):
        made = partial(instant_of_text, zone=zone)
        found = computed(engine, "string", list(READABLE), made)
        assert found == list(READABLE.values())


def test_text_without_an_offset_is_local_time(engine: Engine) -> None:
    found = computed(engine, "string", list(LOCAL), lambda x: instant_of_text(x, None))
    assert found == list(LOCAL.values())
    # Zurich is an hour ahead of UTC in winter and two in summer.
    found = computed(engine, "string", list(LOCAL), lambda x: instant_of_text(x, "Europe/Zurich"))
    assert found == [
        datetime(2024, 2, 1, 4),
        datetime(2024, 2, 1, 4),
        datetime(2024, 2, 1, 4, 0, 0, 500000),
        datetime(2024, 1, 31, 23),
        datetime(2024, 6, 30, 22),
    ]


def test_a_column_may_hold_both(engine: Engine) -> None:
    found = computed(
        engine,
        "string",
        ["2024-02-01T05:00:00Z", None, "2024-02-01T05:00:00", "never"],
        lambda x: instant_of_text(x, "Asia/Tokyo"),
    )
    assert found == [datetime(2024, 2, 1, 5), None, datetime(2024, 1, 31, 20), None]


@pytest.mark.parametrize("zone", [None, "Europe/Zurich"])
def test_what_cannot_be_read_is_null_and_stops_no_query(engine: Engine, zone: str | None) -> None:
    found = computed(engine, "string", UNREADABLE, lambda x: instant_of_text(x, zone))
    assert found == [None] * len(UNREADABLE)


def test_the_zone_is_for_what_has_none(engine: Engine) -> None:
    at = [datetime(2024, 1, 31, 20)]
    zone = "America/Los_Angeles"
    assert computed(engine, "timestamp(6)", at, lambda x: to_utc(x, zone)) == [
        datetime(2024, 2, 1, 4)
    ]
    zoned = computed(engine, "timestamp('UTC')", at, lambda x: to_utc(x, zone).cast("timestamp(6)"))
    assert zoned == at
    assert computed(engine, "timestamp(6)", at, lambda x: shown_in(x, zone)) == [
        datetime(2024, 1, 31, 12)
    ]
    assert computed(engine, "timestamp(6)", at, lambda x: shown_in(x, None)) == at


@pytest.mark.parametrize(
    ("dtype", "given", "wanted"),
    [
        ("float64", 1001.0, "1001"),
        ("float64", -7.0, "-7"),
        ("float64", -0.0, "0"),
        ("float64", 1e15, "1000000000000000"),
        ("float64", 2.0**53, "9007199254740992"),
        ("float64", 4.0e18, "4000000000000000000"),
        ("float64", 1e20, "1e+20"),
        ("float64", 1001.5, "1001.5"),
        ("float64", 0.1, "0.1"),
        ("float64", float("nan"), None),
        ("float64", float("inf"), None),
        ("float64", float("-inf"), None),
        ("float64", None, None),
        ("float32", 1001.0, "1001"),
        ("float32", 0.5, "0.5"),
        ("int64", 1001, "1001"),
        ("decimal(12, 3)", Decimal("1001.000"), "1001"),
        ("decimal(12, 3)", Decimal("1000.000"), "1000"),
        ("decimal(12, 3)", Decimal("-1001.500"), "-1001.5"),
        ("decimal(12, 3)", Decimal("0.000"), "0"),
        ("decimal(12, 3)", Decimal("10.050"), "10.05"),
        ("decimal(12, 0)", Decimal("1000"), "1000"),
        ("decimal", Decimal("1000.000"), "1000"),
    ],
)
def test_a_number_as_text(engine: Engine, dtype: str, given: object, wanted: str | None) -> None:
    assert computed(engine, dtype, [given], text_of_number) == [wanted]
