"""Amounts in the reporting currency; values worked out by hand."""

import random
from bisect import bisect_right
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest

from crm_ibis.testing import Engine, expect

EURO = "reporting: {currency: EUR}"
RATES = """
    currency | valid_from | rate
    USD      | 2024-01-01 | 0.9
    USD      | 2024-02-01 | 0.95
    JPY      | 2024-01-01 | 0.0061
    JPY      | 2024-02-01 | 0.0062
"""


def amounts(engine: Engine, invoices: str, rates: str | None = RATES, params: str = EURO) -> Any:
    given: Any = {} if rates is None else {"exchange_rates": rates}
    rows = engine.build("stg_invoices", params=params, invoices=invoices, **given)
    return {row["invoice_id"]: row["amount"] for row in rows}


def test_euros_and_yen_are_added_up_in_euros(engine: Engine) -> None:
    """1,000 EUR and 1,000,000 JPY x 0.0061 = 6,100 EUR."""
    rows = engine.build(
        "revenue_kpis",
        params=EURO,
        exchange_rates=RATES,
        invoices="""
            id | facility_id | amount  | currency | status | created_at
            i1 | f1          | 1000    | EUR      | paid   | 2024-01-10
            i2 | f1          | 1000000 | JPY      | paid   | 2024-01-10
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | total_revenue
        f1          | 2024-01-01 | 7100.00
        """,
    )


@pytest.mark.parametrize(
    ("table", "source", "key"),
    [
        ("stg_leads", "leads", "lead_id"),
        ("stg_opportunities", "opportunities", "opportunity_id"),
        ("stg_invoices", "invoices", "invoice_id"),
    ],
)
def test_each_source_of_amounts_is_converted(
    engine: Engine, table: str, source: str, key: str
) -> None:
    """100 USD x 0.9; its currency still says what it was in. Null is the reporting currency."""
    drawn: Any = {
        source: """
            id | amount | currency | created_at
            a  | 100    | USD      | 2024-01-10
            b  | 100    | EUR      | 2024-01-10
            c  | 100    | -        | 2024-01-10
        """
    }
    expect(
        engine.build(table, params=EURO, exchange_rates=RATES, **drawn),
        f"""
        {key} | amount     | currency
        a     | 90.000000  | USD
        b     | 100.000000 | EUR
        c     | 100.000000 | -
        """,
    )


def test_the_newest_rate_by_the_day_of_creation_counts(engine: Engine) -> None:
    """The rate of 1 February holds from midnight on, UTC; the one before up to the microsecond."""
    found = amounts(
        engine,
        """
        id | amount | currency | created_at
        a  | 100    | USD      | 2024-01-01 00:00
        b  | 100    | USD      | 2024-01-31 23:59:59.999999
        c  | 100    | USD      | 2024-02-01 00:00
        d  | 100    | USD      | 2024-02-29 12:00
        """,
    )
    assert found == {"a": 90, "b": 90, "c": 95, "d": 95}


def test_without_a_rate_by_that_day_an_amount_is_unknown(engine: Engine) -> None:
    """A refresh stops before that, as the row breaks its contract. 0 is 0 in any currency."""
    found = amounts(
        engine,
        """
        id | amount | currency | created_at
        a  | 100    | USD      | 2023-12-31 23:59:59.999999
        b  | 100    | GBP      | 2024-01-10
        c  | 0      | GBP      | 2024-01-10
        d  | 100    | EUR      | 2023-12-31
        """,
    )
    assert found == {"a": None, "b": None, "c": 0, "d": 100}
    lacking = amounts(
        engine, "id | amount | currency\na | 1 | USD\nb | 2 | EUR\nc | 0 | USD", rates=None
    )
    assert lacking == {"a": None, "b": 2, "c": 0}


def test_products_are_rounded_to_six_places_half_away_from_zero(engine: Engine) -> None:
    """1.5 x 0.000001 = 0.0000015 and 2.5 x 0.000001 = 0.0000025: both away from zero, -2.5 too.
    1.499999 x 0.000001 = 0.000001499999; 0.000001 x 0.499999999999 is below half of a millionth.
    """
    found = amounts(
        engine,
        """
        id | amount   | currency
        a  | 1.5      | XTS
        b  | 2.5      | XTS
        c  | -2.5     | XTS
        d  | 1.499999 | XTS
        e  | 0.000001 | XTT
        f  | 0.000001 | XTU
        """,
        """
        currency | valid_from | rate
        XTS      | 2024-01-01 | 0.000001
        XTT      | 2024-01-01 | 0.499999999999
        XTU      | 2024-01-01 | 0.5
        """,
    )
    assert found == {
        "a": Decimal("0.000002"),
        "b": Decimal("0.000003"),
        "c": Decimal("-0.000003"),
        "d": Decimal("0.000001"),
        "e": 0,
        "f": Decimal("0.000001"),
    }


def test_large_products_are_exact(engine: Engine) -> None:
    """111111111.111111 x 1000000 = 111111111111111, and x 0.000000000001 = 0.000111111111111111:
    more digits than a float has, and the largest product that fits is below 1e18."""
    found = amounts(
        engine,
        """
        id | amount             | currency
        a  | 111111111.111111   | XTS
        b  | 999999999999.999999 | XTT
        """,
        """
        currency | valid_from | rate
        XTS      | 2024-01-01 | 1000000.000000000001
        XTT      | 2024-01-01 | 999000
        """,
    )
    assert found == {
        "a": Decimal("111111111111111.000111"),
        "b": Decimal("998999999999999999.001000"),
    }


def test_rates_of_the_reporting_currency_are_ignored(engine: Engine) -> None:
    found = amounts(
        engine,
        "id | amount | currency\na | 100 | EUR\nb | 100 | -",
        "currency | valid_from | rate\nEUR | 2024-01-01 | 7",
    )
    assert found == {"a": 100, "b": 100}


def test_all_amounts_at_the_rates_of_one_day(engine: Engine) -> None:
    """Whenever they were created: before the first rate too."""
    invoices = """
        id | amount | currency | created_at
        a  | 100    | USD      | 2023-06-01
        b  | 100    | USD      | 2024-02-15
        c  | 100    | GBP      | 2024-02-15
        d  | 100    | EUR      | 2024-02-15
    """
    january = amounts(
        engine, invoices, params="reporting: {currency: EUR, rates_as_of: 2024-01-31}"
    )
    february = amounts(
        engine, invoices, params="reporting: {currency: EUR, rates_as_of: 2024-02-01}"
    )
    assert january == {"a": 90, "b": 90, "c": None, "d": 100}
    assert february == {"a": 95, "b": 95, "c": None, "d": 100}


def test_without_a_reporting_currency_nothing_is_converted(engine: Engine) -> None:
    found = amounts(engine, "id | amount | currency\na | 100 | USD", params="{}")
    assert found == {"a": 100}


@pytest.mark.parametrize("rates_as_of", [None, date(2023, 5, 5)])
def test_random_amounts_are_as_recomputed(engine: Engine, rates_as_of: date | None) -> None:
    """By bisection in Python's decimals, over rates of random days."""
    drawn = random.Random(11)
    start = date(2022, 1, 1)
    rates: dict[str, dict[date, Decimal]] = {}
    for currency in ("USD", "JPY", "GBP"):
        days = sorted(drawn.sample(range(700), 40))
        rates[currency] = {
            start + timedelta(days=day): Decimal(drawn.randint(1, 10**14)).scaleb(-12)
            for day in days
        }
    invoices = []
    for number in range(400):
        created = datetime(2022, 1, 1) + timedelta(minutes=drawn.randint(0, 1_100_000))
        paid_in = drawn.choice([*rates, "EUR", None])
        amount = Decimal(drawn.randint(-(10**13), 10**13)).scaleb(-drawn.randint(0, 6))
        invoices.append((f"i{number}", amount, paid_in, created))
    text = "id | amount | currency | created_at\n" + "\n".join(
        f"{key} | {amount:f} | {currency or '-'} | {created}"
        for key, amount, currency, created in invoices
    )
    rate_text = "currency | valid_from | rate\n" + "\n".join(
        f"{currency} | {day} | {rate:f}"
        for currency, given in rates.items()
        for day, rate in given.items()
    )
    params = EURO
    if rates_as_of:
        params = f"reporting: {{currency: EUR, rates_as_of: {rates_as_of}}}"

    def expected(amount: Decimal, currency: str | None, created: datetime) -> Decimal | None:
        if currency in (None, "EUR"):
            return amount
        days = list(rates[str(currency)])
        place = bisect_right(days, rates_as_of or created.date())
        if place == 0:
            return None
        with localcontext(prec=60):
            product = amount * rates[str(currency)][days[place - 1]]
            return product.quantize(Decimal("0.000001"), ROUND_HALF_UP)

    wanted = {key: expected(a, c, t) for key, a, c, t in invoices if t <= engine.as_of}
    assert amounts(engine, text, rate_text, params) == wanted
    assert None in wanted.values() or rates_as_of
