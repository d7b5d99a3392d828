"""The small portable expressions give the same cells on both databases."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from ibis import Table

from crm_ibis import expressions
from crm_ibis.config.params import load_params
from crm_ibis.expressions import DAY, HOUR
from crm_ibis.testing import Engine, expect

AMOUNT = {"amount": "decimal(24, 6)"}
TWO_INSTANTS = {"start": "timestamp(6)", "end": "timestamp(6)"}
Expression = Callable[[Table], ir.Value]


def each(engine: Engine, types: dict[str, str], text: str, expression: Expression) -> list[Any]:
    """The expression's value in every drawn row; the rows are numbered here."""
    header, *lines = [line for line in text.strip().splitlines() if line.strip()]
    numbered = [f"row | {header}", *(f"{n} | {line}" for n, line in enumerate(lines))]
    table = engine.drawn({"row": "int64", **types}, "\n".join(numbered))
    rows = engine.warehouse.rows(table.select("row", result=expression(table)))
    return [row["result"] for row in sorted(rows, key=lambda row: row["row"])]


def over(engine: Engine, types: dict[str, str], text: str, expression: Expression) -> Any:
    """The expression's value over all drawn rows."""
    table = engine.drawn(types, text)
    ((result,),) = engine.warehouse.fetch(
        engine.warehouse.compile(table.aggregate(result=expression(table)))
    )
    return result


def money(*cells: str | None) -> list[Decimal | None]:
    return [None if cell is None else Decimal(cell) for cell in cells]


def shown(values: list[Any]) -> list[str]:
    return [str(value) for value in values]


def test_a_ratio_without_a_whole_is_null(engine: Engine) -> None:
    drawing = """
        part | whole
        1    | 2
        1    | 3
        0    | 7
        -1   | 4
        0    | 0
        5    | 0
        -    | 2
        1    | -
    """
    types = {"part": "int64", "whole": "int64"}
    assert each(engine, types, drawing, lambda t: expressions.ratio(t.part, t.whole)) == [
        0.5,
        1 / 3,
        0,
        -0.25,
        None,
        None,
        None,
        None,
    ]
    assert each(engine, types, drawing, lambda t: expressions.ratio_pct(t.part, t.whole)) == [
        50,
        100 / 3,
        0,
        -25,
        None,
        None,
        None,
        None,
    ]


def test_a_ratio_of_decimals_is_taken_in_floats(engine: Engine) -> None:
    types = {"part": "decimal(24, 6)", "whole": "decimal(24, 6)"}
    drawing = """
        part | whole
        2.01 | 2
        1    | 3
        1    | 0.00
    """
    assert each(engine, types, drawing, lambda t: expressions.ratio(t.part, t.whole)) == [
        1.005,
        1 / 3,
        None,
    ]


def test_when_keeps_the_value_only_where_the_condition_holds(engine: Engine) -> None:
    drawing = """
        holds | number
        true  | 7
        false | 7
        -     | 7
        true  | -
    """
    types = {"holds": "boolean", "number": "int64"}
    kept = each(engine, types, drawing, lambda t: expressions.when(t.holds, t.number))
    assert kept == [7, None, None, None]


def test_an_instant_keeps_its_microseconds(engine: Engine) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, 999999)
    drawing = """
        amount
        1
    """
    assert each(engine, AMOUNT, drawing, lambda t: expressions.instant(moment)) == [moment]


def test_an_event_is_known_from_its_own_instant_on(engine: Engine) -> None:
    drawing = """
        end
        2024-01-20 10:00:00.000001
        2024-01-20 10:00:00.000002
        2024-01-20 10:00:00.000003
        -
    """
    as_of = datetime(2024, 1, 20, 10, 0, 0, 2)
    assert each(
        engine, {"end": "timestamp(6)"}, drawing, lambda t: expressions.known_by(t.end, as_of)
    ) == [
        datetime(2024, 1, 20, 10, 0, 0, 1),
        datetime(2024, 1, 20, 10, 0, 0, 2),
        None,
        None,
    ]


def test_a_month_is_its_first_day(engine: Engine) -> None:
    drawing = """
        end
        2024-01-01
        2024-02-29 23:59:59.999999
        2023-12-31 23:59:59.999999
        1969-12-31 23:59
        -
    """
    types = {"end": "timestamp(6)"}
    assert each(engine, types, drawing, lambda t: expressions.month_of(t.end)) == [
        date(2024, 1, 1),
        date(2024, 2, 1),
        date(2023, 12, 1),
        date(1969, 12, 1),
        None,
    ]
    after = each(
        engine, types, drawing, lambda t: expressions.month_after(expressions.month_of(t.end))
    )
    assert after == [
        date(2024, 2, 1),
        date(2024, 3, 1),
        date(2024, 1, 1),
        date(1970, 1, 1),
        None,
    ]


def test_month_numbers_differ_by_calendar_months(engine: Engine) -> None:
    drawing = """
        start      | end
        2024-01-31 | 2024-02-01
        2023-12-01 | 2024-12-31
        2024-02-01 | 2023-11-30
        2024-02-01 | -
    """
    months = each(
        engine,
        TWO_INSTANTS,
        drawing,
        lambda t: expressions.month_number(t.end) - expressions.month_number(t.start),
    )
    assert months == [1, 12, -3, None]


def test_durations_are_whole_microseconds_and_may_be_negative(engine: Engine) -> None:
    drawing = """
        start                      | end
        2024-01-31 23:59:59.999999 | 2024-02-01 00:00
        2024-02-01 02:00           | 2024-02-01 00:30
        1924-01-01                 | 2024-01-01 00:00:00.000001
        2024-01-01                 | -
    """
    # A hundred years from 1924 on have 36525 days.
    assert each(
        engine, TWO_INSTANTS, drawing, lambda t: expressions.microseconds_between(t.start, t.end)
    ) == [1, -5_400_000_000, 36_525 * 86_400_000_000 + 1, None]
    assert each(
        engine, TWO_INSTANTS, drawing, lambda t: expressions.hours_between(t.start, t.end)
    ) == [1 / 3_600_000_000, -1.5, (36_525 * 86_400_000_000 + 1) / 3_600_000_000, None]


def test_a_mean_duration_leaves_out_nulls(engine: Engine) -> None:
    drawing = """
        microseconds
        1
        -
        -4
        -
    """
    types = {"microseconds": "int64"}
    mean = over(engine, types, drawing, lambda t: expressions.mean_duration(t.microseconds, HOUR))
    assert mean == -3 / (2 * 3_600_000_000)
    mean = over(engine, types, drawing, lambda t: expressions.mean_duration(t.microseconds, DAY))
    assert mean == -3 / (2 * 86_400_000_000)


@pytest.mark.parametrize("drawing", ["microseconds", "microseconds\n-"])
def test_durations_of_nothing_have_no_mean_and_no_median(engine: Engine, drawing: str) -> None:
    types = {"microseconds": "int64"}
    for expression in (
        lambda t: expressions.mean_duration(t.microseconds, HOUR),
        lambda t: expressions.quantile_duration(t.microseconds, 0.5, HOUR),
    ):
        assert over(engine, types, drawing, expression) is None


@pytest.mark.parametrize(("share", "hours"), [(0.5, 2.5), (0.9, 3.7), (0, 1), (1, 4)])
def test_a_percentile_lies_between_the_two_nearest_durations(
    engine: Engine, share: float, hours: float
) -> None:
    drawing = """
        hours
        4
        1
        -
        3
        2
    """
    found = over(
        engine,
        {"hours": "int64"},
        drawing,
        lambda t: expressions.quantile_duration(t.hours * HOUR, share, HOUR),
    )
    assert found == pytest.approx(hours, abs=1e-9)


def test_decimals_become_whole_millionths_and_cents(engine: Engine) -> None:
    drawing = """
        amount
        1.15
        0.29
        -0.29
        9999999999.999999
        -
    """
    assert each(engine, AMOUNT, drawing, lambda t: expressions.micros(t.amount)) == [
        1_150_000,
        290_000,
        -290_000,
        9_999_999_999_999_999,
        None,
    ]
    cents = each(
        engine,
        {"amount": "decimal(18, 2)"},
        """
        amount
        1.15
        0.29
        -0.29
        -
        """,
        lambda t: expressions.cents(t.amount),
    )
    assert cents == [115, 29, -29, None]


def test_money_may_be_as_much_as_its_type_holds(engine: Engine) -> None:
    drawing = """
        amount
        9999999999999999.99
    """
    types = {"amount": "decimal(18, 2)"}
    cents = each(engine, types, drawing, lambda t: expressions.cents(t.amount))
    assert cents == [999_999_999_999_999_999]


def test_a_mean_of_money_may_be_as_much_as_its_type_holds(engine: Engine) -> None:
    drawing = """
        amount
        9999999999999999.99
    """
    means = each(
        engine, AMOUNT, drawing, lambda t: expressions.money_mean(t.amount, ibis.literal(1))
    )
    assert means == money("9999999999999999.99")


def test_a_long_decimal_becomes_the_nearest_float(engine: Engine) -> None:
    drawing = """
        amount
        0.1
        -0.25
        -1.1
        48000.000000000001
        123456789.123456789012
        -
    """
    floats = each(
        engine,
        {"amount": "decimal(38, 12)"},
        drawing,
        lambda t: expressions.exact_float(t.amount),
    )
    assert floats[:2] == [0.1, -0.25]
    assert floats[2:5] == pytest.approx(
        [-1.1, 48000.000000000001, 123456789.123456789012], rel=1e-15
    )
    assert floats[5] is None


def test_a_mean_of_decimals_leaves_out_nulls(engine: Engine) -> None:
    drawing = """
        amount
        0.1
        -
        0.2
        0.000001
    """
    mean = over(engine, AMOUNT, drawing, lambda t: expressions.mean_decimal(t.amount))
    assert mean == 300_001 / 3_000_000
    assert over(engine, AMOUNT, "amount", lambda t: expressions.mean_decimal(t.amount)) is None
    assert over(engine, AMOUNT, "amount\n-", lambda t: expressions.mean_decimal(t.amount)) is None


def test_a_mean_of_percentages_does_not_depend_on_their_order(engine: Engine) -> None:
    thirds = [100 / 3, 0.1, 200 / 3, 99.99999, 1e-9, 12.3456789012]
    types = {"pct": "float64"}
    means = [
        over(
            engine,
            types,
            "\n".join(["pct", "-", *map(repr, order)]),
            lambda t: expressions.mean_pct(t.pct),
        )
        for order in (thirds, thirds[::-1], sorted(thirds))
    ]
    assert means[0] == means[1] == means[2]
    assert means[0] == pytest.approx(sum(thirds) / 6, abs=1e-9)


def test_a_mean_of_percentages_may_be_negative_and_is_null_without_any(engine: Engine) -> None:
    types = {"pct": "float64"}
    drawing = """
        pct
        95
        -100
        -
    """
    assert over(engine, types, drawing, lambda t: expressions.mean_pct(t.pct)) == -2.5
    assert over(engine, types, "pct", lambda t: expressions.mean_pct(t.pct)) is None
    assert over(engine, types, "pct\n-", lambda t: expressions.mean_pct(t.pct)) is None


def test_money_is_rounded_half_away_from_zero(engine: Engine) -> None:
    drawing = """
        amount
        1.005
        0.005
        -0.005
        0.004999
        -0.004999
        2.675
        -1.015
        9999999999999999.985
        -
    """
    rounded = each(engine, AMOUNT, drawing, lambda t: expressions.money(t.amount))
    assert rounded == money(
        "1.01", "0.01", "-0.01", "0", "0", "2.68", "-1.02", "9999999999999999.99", None
    )
    assert shown(rounded[3:4]) == ["0.00"]


def test_a_mean_of_money_is_rounded_half_away_from_zero(engine: Engine) -> None:
    drawing = """
        amount    | count
        2.01      | 2
        -2.01     | 2
        0.01      | 2
        -0.01     | 2
        -0.005    | 1
        0.02      | 3
        -0.02     | 3
        0.01      | 3
        -0.01     | 3
        10        | 3
        0         | 5
        0.014999  | 1
        0.000001  | 1
        123456789.015 | 1
    """
    types = {**AMOUNT, "count": "int64"}
    means = each(engine, types, drawing, lambda t: expressions.money_mean(t.amount, t["count"]))
    assert means == money(
        "1.01",
        "-1.01",
        "0.01",
        "-0.01",
        "-0.01",
        "0.01",
        "-0.01",
        "0",
        "0",
        "3.33",
        "0",
        "0.01",
        "0",
        "123456789.02",
    )
    assert shown(means[:1]) == ["1.01"]


def test_a_mean_of_no_money_is_null(engine: Engine) -> None:
    drawing = """
        amount | count
        0      | 0
        5      | 0
        -      | 2
        -      | 0
    """
    types = {**AMOUNT, "count": "int64"}
    means = each(engine, types, drawing, lambda t: expressions.money_mean(t.amount, t["count"]))
    assert means == [None, None, None, None]


def test_the_wilson_bound_is_exactly_zero_without_successes(engine: Engine) -> None:
    drawing = """
        successes | trials
        0         | 1
        0         | 5
        0         | 7
        0         | 1000000
    """
    types = {"successes": "int64", "trials": "int64"}
    bounds = each(
        engine, types, drawing, lambda t: expressions.wilson_lower_bound(t.successes, t.trials)
    )
    assert bounds == [0, 0, 0, 0]


def test_the_wilson_bound_is_that_of_the_formula(engine: Engine) -> None:
    # With c = n the root is 0.98 and the bound 100 n / (n + 3.8416); for 80 of 100 the root is
    # that of 16.9604, for 2 of 4 that of 1.9604.
    drawing = """
        successes | trials
        1         | 1
        5         | 5
        80        | 100
        2         | 4
        0         | 0
        -         | 4
    """
    types = {"successes": "int64", "trials": "int64"}
    bounds = each(
        engine, types, drawing, lambda t: expressions.wilson_lower_bound(t.successes, t.trials)
    )
    assert bounds[:4] == pytest.approx(
        [100 / 4.8416, 500 / 8.8416, 71.11690380734976, 15.00357088201715], abs=1e-9
    )
    assert bounds[4:] == [None, None]


def test_a_scenario_toggle_takes_a_bool_or_a_column(engine: Engine) -> None:
    assert expressions.scenario_toggle(True, "weighted", "plain") == "weighted"
    assert expressions.scenario_toggle(False, "weighted", "plain") == "plain"
    drawing = """
        enabled
        true
        false
        -
    """
    chosen = each(
        engine,
        {"enabled": "boolean"},
        drawing,
        lambda t: expressions.scenario_toggle(t.enabled, "weighted", "plain"),
    )
    assert chosen == ["weighted", "plain", "plain"]


FORECAST = """
    amount | weight
    100    | 0.5
    50     | 0.25
    10     | 0
    -      | 0.75
"""
FORECAST_TYPES = {**AMOUNT, "weight": "decimal(10, 4)"}


@pytest.mark.parametrize(
    ("enabled", "mean"),
    [
        (True, 62.5 / 0.75),
        (False, 160 / 3),
        (ibis.literal(True), 62.5 / 0.75),
        (ibis.literal(False), 160 / 3),
    ],
    ids=["on", "off", "on in the query", "off in the query"],
)
def test_a_forecast_is_a_weighted_mean_when_enabled_else_a_plain_one(
    engine: Engine, enabled: Any, mean: float
) -> None:
    found = over(
        engine,
        FORECAST_TYPES,
        FORECAST,
        lambda t: expressions.weighted_forecast(t.amount, t.weight, enabled),
    )
    assert found == pytest.approx(mean, abs=1e-9)


def test_a_forecast_is_weighted_unless_said_otherwise(engine: Engine) -> None:
    found = over(
        engine,
        {"amount": "int64", "weight": "int64"},
        """
        amount | weight
        1      | 1
        4      | 2
        7      | -
        """,
        lambda t: expressions.weighted_forecast(t.amount, t.weight),
    )
    assert found == 3


def test_a_forecast_without_weights_or_values_is_null(engine: Engine) -> None:
    drawing = """
        amount | weight
        5      | 0
        -      | 1
    """
    weighted = over(
        engine,
        FORECAST_TYPES,
        drawing,
        lambda t: expressions.weighted_forecast(t.amount, t.weight),
    )
    assert weighted is None
    plain = over(
        engine,
        FORECAST_TYPES,
        "amount | weight\n- | 1",
        lambda t: expressions.weighted_forecast(t.amount, t.weight, False),
    )
    assert plain is None


def test_a_pipeline_value_is_exact_and_without_weighting_its_weight_is_one(
    engine: Engine,
) -> None:
    types = {
        "amount": "decimal(24, 6)",
        "probability": "decimal(10, 4)",
        "weight": "decimal(10, 4)",
        "weighting": "boolean",
    }
    drawing = """
        amount   | probability | weight | weighting
        0.000001 | 0.3         | 0.25   | true
        1000     | 0.3         | 0.25   | true
        1000     | 0.3         | 0.25   | false
        -        | 0.3         | 0.25   | true
    """

    def values(weighting: Callable[[Table], Any]) -> list[Any]:
        return each(
            engine,
            types,
            drawing,
            lambda t: expressions.weighted_pipeline_value(
                t.amount, t.probability, t.weight, weighting(t)
            ),
        )

    assert values(lambda t: True) == money("0.000000075", "75", "75", None)
    assert values(lambda t: False) == money("0.0000003", "300", "300", None)
    assert values(lambda t: t.weighting) == money("0.000000075", "75", "300", None)


def test_a_status_includes_its_lower_bound_and_looks_at_nine_places(engine: Engine) -> None:
    drawing = """
        score
        100
        80
        79.9999999996
        79.9999999994
        60
        59.9999999996
        59.999
        40
        39.99
        0
        -
    """
    thresholds = load_params().health.thresholds
    assert each(
        engine,
        {"score": "float64"},
        drawing,
        lambda t: expressions.health_status(t.score, thresholds),
    ) == [
        "excellent",
        "excellent",
        "excellent",
        "good",
        "good",
        "good",
        "fair",
        "fair",
        "poor",
        "poor",
        None,
    ]


def test_merged_tables_have_a_row_for_every_key_of_any(engine: Engine) -> None:
    first = engine.drawn(
        {"facility_id": "string", "month": "date", "leads": "int64"},
        """
        facility_id | month   | leads
        f1          | 2024-01 | 3
        f1          | 2024-02 | -
        f3          | 2024-01 | 0
        """,
    )
    second = engine.drawn(
        {"month": "date", "facility_id": "string", "revenue": "decimal(18, 2)", "pct": "float64"},
        """
        month   | facility_id | revenue | pct
        2024-01 | f1          | -5.25   | 12.5
        2024-01 | f2          | 7.00    | -
        """,
    )
    third = engine.drawn(
        {"facility_id": "string", "month": "date", "tickets": "int64"},
        """
        facility_id | month   | tickets
        f1          | 2024-02 | 9
        """,
    )
    merged = expressions.merge_on(["facility_id", "month"], first, second, third)
    expect(
        sorted(engine.warehouse.rows(merged), key=lambda r: (r["facility_id"], r["month"])),
        """
        facility_id | month      | leads | revenue | pct  | tickets
        f1          | 2024-01-01 | 3     | -5.25   | 12.5 | -
        f1          | 2024-02-01 | -     | -       | -    | 9
        f2          | 2024-01-01 | -     | 7.00    | -    | -
        f3          | 2024-01-01 | 0     | -       | -    | -
        """,
    )
