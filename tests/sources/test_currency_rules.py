"""Exchange rates and currencies in a refresh: what stops it, what goes into quarantine."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from mappings import SourcesFile, fit_of

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.violations import Violation
from crm_ibis.publishing.check import check as check_tables
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources import check, resolve
from crm_ibis.testing import assuming, read, store
from crm_ibis.warehouse import Warehouse

POSTGRES_IS_SLOW = True

AT = datetime(2024, 3, 1)
EURO = assuming("reporting: {currency: EUR}")
RATES = """
    currency | valid_from | rate
    USD      | 2024-01-01 | 0.9
    JPY      | 2024-01-01 | 0.0061
"""
INVOICES = """
    id | amount  | currency | status | created_at
    i1 | 1000    | EUR      | paid   | 2024-01-10
    i2 | 1000000 | JPY      | paid   | 2024-01-10
"""
KPI = ["revenue_kpis"]

DUCKDB_FIRST = pytest.mark.parametrize(
    "settings", ["duckdb", pytest.param("postgres", marks=pytest.mark.e2e)], indirect=True
)
"""Costly, with SQL that other tests try on both databases: on PostgreSQL among the slow ones."""


def revenue(warehouse: Warehouse, params: Any = EURO, as_of: datetime = AT) -> list[Decimal]:
    refresh(warehouse, KPI, as_of=as_of, params=params)
    return [row["total_revenue"] for row in read(warehouse, "revenue_kpis")]


def refused(warehouse: Warehouse, params: Any = EURO, names: list[str] = KPI) -> list[Violation]:
    with pytest.raises(ChecksFailed) as caught:
        refresh(warehouse, names, as_of=AT, params=params)
    return caught.value.violations


def test_amounts_are_published_in_the_reporting_currency(warehouse: Warehouse) -> None:
    """1,000 EUR and 1,000,000 JPY x 0.0061."""
    store(warehouse, invoices=INVOICES, exchange_rates=RATES)
    assert revenue(warehouse) == [Decimal("7100.00")]


def test_two_currencies_are_refused_where_nothing_says_what_to_report_in(
    warehouse: Warehouse,
) -> None:
    store(warehouse, invoices=INVOICES, exchange_rates=RATES)
    (violation,) = refused(warehouse, params=None)
    assert violation.check.startswith("invoices.currency is one currency in invoices, as amounts")
    assert "reporting.currency in params.yml" in violation.check
    assert [(s["currency"], s["row_count"]) for s in violation.samples] == [("EUR", 1), ("JPY", 1)]


@DUCKDB_FIRST
def test_all_sources_together_hold_one_currency(warehouse: Warehouse) -> None:
    """Deals in one currency and invoices in another are two; those without one are a third."""
    store(
        warehouse,
        leads="id | amount | currency\nl1 | 5 | USD",
        opportunities="id | amount | lead_id\no1 | 5 | l1",
        invoices="id | amount | currency\ni1 | 7 | EUR",
    )
    found = refused(warehouse, params=None, names=[*KPI, "conversion_funnel"])
    assert {v.table: [s["currency"] for s in v.samples] for v in found} == {
        "leads": ["USD"],
        "opportunities": [None],
        "invoices": ["EUR"],
    }
    assert fit_of(warehouse, "invoices").fails is False  # alone it holds one


def test_one_currency_needs_no_rates(warehouse: Warehouse) -> None:
    """What is entered later, or worth nothing, is not added up."""
    store(
        warehouse,
        invoices="""
            id | amount | currency | status | created_at
            i1 | 1000   | EUR      | paid   | 2024-01-10
            i2 | 0      | JPY      | paid   | 2024-01-10
            i3 | 5      | USD      | paid   | 2024-03-02
        """,
    )
    assert revenue(warehouse, params=None) == [Decimal("1000.00")]


def test_a_missing_rate_names_row_currency_and_day(warehouse: Warehouse) -> None:
    """Of no rate at all, and of none by the day of creation; rows entered after as_of may wait."""
    invoices = """
        id | amount | currency | status | created_at
        i1 | 100    | GBP      | paid   | 2024-01-10
        i2 | 100    | USD      | paid   | 2023-12-31 23:00
        i3 | 100    | USD      | paid   | 2024-01-01 00:00
        i4 | 0      | GBP      | paid   | 2024-01-10
        i5 | 100    | GBP      | paid   | 2024-03-01 00:00:01
    """
    store(warehouse, invoices=invoices, exchange_rates=RATES)
    (violation,) = refused(warehouse)
    assert violation.table == "invoices"
    assert violation.check == "amount has a rate to EUR in exchange_rates by its day"
    assert violation.samples == [
        {"id": "i1", "currency": "GBP", "created_on": date(2024, 1, 10)},
        {"id": "i2", "currency": "USD", "created_on": date(2023, 12, 31)},
    ]


def test_without_the_source_of_rates_every_foreign_amount_lacks_one(warehouse: Warehouse) -> None:
    store(warehouse, invoices=INVOICES)
    (violation,) = refused(warehouse)
    assert [sample["id"] for sample in violation.samples] == ["i2"]


@DUCKDB_FIRST
def test_rates_of_one_day_must_be_known_by_then(warehouse: Warehouse) -> None:
    """Whenever the rows were created."""
    invoices = "id | amount | currency | status | created_at\ni1 | 100 | USD | paid | 2023-05-05"
    store(warehouse, invoices=invoices, exchange_rates=RATES)
    early = assuming("reporting: {currency: EUR, rates_as_of: 2023-12-31}")
    (violation,) = refused(warehouse, early)
    assert violation.check == "amount has a rate to EUR in exchange_rates by 2023-12-31"
    fixed = assuming("reporting: {currency: EUR, rates_as_of: 2024-01-01}")
    assert revenue(warehouse, fixed) == [Decimal("90.00")]


QUARANTINE = "sources: {invoices: {on_violation: quarantine, max_quarantined_pct: 60}}"


@DUCKDB_FIRST
def test_rows_without_a_rate_go_into_quarantine(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, invoices=INVOICES.replace("JPY", "GBP"), exchange_rates=RATES)
    sources_file.write(QUARANTINE)
    assert revenue(warehouse) == [Decimal("1000.00")]
    kept = warehouse.quote(warehouse.meta, "quarantine")
    assert warehouse.fetch(f"SELECT row_key, check_name FROM {kept}") == [
        ("i2", "amount has a rate to EUR in exchange_rates by its day")
    ]


@pytest.mark.e2e
def test_a_rate_in_quarantine_converts_nothing(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """The rows that had no other go too."""
    store(warehouse, invoices=INVOICES, exchange_rates=RATES.replace("0.0061", "0"))
    half = "{on_violation: quarantine, max_quarantined_pct: 50}"
    sources_file.write(f"sources: {{invoices: {half}, exchange_rates: {half}}}")
    assert revenue(warehouse) == [Decimal("1000.00")]


@DUCKDB_FIRST
@pytest.mark.parametrize(
    ("rates", "check_name"),
    [
        (RATES.replace("0.0061", "0"), "rate > 0"),
        (RATES.replace("0.0061", "-1"), "rate > 0"),
        (RATES.replace("JPY", "USD"), "currency, valid_from is unique"),
        (RATES.replace("JPY", "jpy"), "currency is three capital letters, as in ISO 4217"),
    ],
    ids=["zero", "negative", "two of one day", "small letters"],
)
def test_wrong_rates_are_refused(warehouse: Warehouse, rates: str, check_name: str) -> None:
    store(warehouse, invoices=INVOICES.replace("JPY", "EUR"), exchange_rates=rates)
    (violation,) = refused(warehouse)
    assert (violation.table, violation.check) == ("exchange_rates", check_name)


def test_a_currency_in_small_letters_is_refused(warehouse: Warehouse) -> None:
    store(warehouse, invoices=INVOICES.replace("EUR", "eur"), exchange_rates=RATES)
    found = {v.check: v.samples for v in refused(warehouse)}
    assert found["currency is three capital letters, as in ISO 4217"] == [
        {"id": "i1", "currency": "eur"}
    ]


def test_a_product_that_no_column_holds_is_refused(warehouse: Warehouse) -> None:
    """1e12 x 1e6 has 19 digits before the point, a decimal(24, 6) 18."""
    store(
        warehouse,
        invoices="id | amount | currency\ni1 | 1000000000000 | XTS",
        exchange_rates="currency | valid_from | rate\nXTS | 2024-01-01 | 1000000",
    )
    (violation,) = refused(warehouse)
    assert violation.check == "amount fits into decimal(24, 6) in EUR"


@DUCKDB_FIRST
def test_check_and_sources_see_it_too(warehouse: Warehouse) -> None:
    store(warehouse, invoices=INVOICES)
    (outcome,) = check_tables(warehouse, ["invoices"])
    assert [v.check[:33] for v in outcome.violations] == ["invoices.currency is one currency"]
    assert fit_of(warehouse, "invoices").fails


def test_rates_in_text_keep_their_twelve_places(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write("""
        sources:
          exchange_rates:
            columns: {currency: currency, valid_from: valid_from, rate: {from: rate, number: "0,5"}}
    """)
    warehouse.ensure_schema(warehouse.raw)
    table = warehouse.quote(warehouse.raw, "exchange_rates")
    warehouse.run(
        f"CREATE TABLE {table} AS SELECT 'USD' AS currency, DATE '2024-01-01' AS valid_from, "
        "'-0,923456789012' AS rate"
    )
    rates = check.cast_sources(resolve.source_tables(warehouse, ["exchange_rates"]))
    (row,) = warehouse.rows(rates["exchange_rates"])
    assert row["rate"] == Decimal("-0.923456789012")
