"""Rates of exchange and amounts in the system's own currency, as connectors make them."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from mappings import SourcesFile, land
from systems import LANDED, made

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.errors import DataError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources.connectors import salesforce
from crm_ibis.testing import Engine, assuming, expect, read
from crm_ibis.warehouse import Warehouse

POSTGRES_IS_SLOW = True

AT = datetime(2024, 3, 1)

DUCKDB_FIRST = pytest.mark.parametrize(
    "settings", ["duckdb", pytest.param("postgres", marks=pytest.mark.e2e)], indirect=True
)
"""Costly, with SQL that other tests try on both databases: on PostgreSQL among the slow ones."""


def test_salesforce_keeps_the_inverse(engine: Engine) -> None:
    """1 USD is 0.8 EUR, so 1 EUR is 1.25 USD; 1/160 = 0.00625; 1/3 and 1/1.5 = 0.666... are
    rounded to 12 places, the latter up; 1/0.9 = 1.111..., 1/1.28 = 0.78125."""
    rows = made(
        engine,
        "salesforce",
        "exchange_rates",
        currency_type="""
            iso_code | conversion_rate | _fivetran_deleted
            USD      | 1               | false
            EUR      | 0.8             | -
            JPY      | 160             | false
            XTS      | 3               | false
            XTA      | 1.5             | false
            XTB      | 0.9             | false
            OLD      | 7               | true
        """,
        dated_conversion_rate=None,
    )
    expect(
        rows,
        """
        currency | valid_from | rate
        EUR      | 1900-01-01 | 1.250000000000
        JPY      | 1900-01-01 | 0.006250000000
        USD      | 1900-01-01 | 1.000000000000
        XTA      | 1900-01-01 | 0.666666666667
        XTB      | 1900-01-01 | 1.111111111111
        XTS      | 1900-01-01 | 0.333333333333
        """,
    )


def test_dated_rates_go_before_those_without_a_date(engine: Engine) -> None:
    rows = made(
        engine,
        "salesforce",
        "exchange_rates",
        currency_type="""
            iso_code | conversion_rate
            USD      | 1
            EUR      | 0.5
            JPY      | 100
        """,
        dated_conversion_rate="""
            iso_code | start_date | conversion_rate
            EUR      | 2024-01-01 | 0.8
            EUR      | 2024-02-01 | 1.28
        """,
    )
    expect(
        rows,
        """
        currency | valid_from | rate
        EUR      | 2024-01-01 | 1.250000000000
        EUR      | 2024-02-01 | 0.781250000000
        JPY      | 1900-01-01 | 0.010000000000
        USD      | 1900-01-01 | 1.000000000000
        """,
    )


def test_rates_are_inverted_as_in_exact_arithmetic(engine: Engine) -> None:
    """Of six places, as Salesforce keeps them, and at the ends of what can be inverted."""
    given = [f"{n * n * 0.000739:.6f}" for n in range(1, 120)]
    given += ["0.000001", "0.000003", "0.000007", "999999999999", "123456.789012"]
    types = {"currency_type": {"iso_code": "string", "conversion_rate": "string"}}
    drawn = "iso_code | conversion_rate\n" + "\n".join(f"X{n} | {c}" for n, c in enumerate(given))
    rows = made(
        engine,
        "salesforce",
        "exchange_rates",
        landed=types,
        currency_type=drawn,
        dated_conversion_rate=None,
    )
    found = {row["currency"]: row["rate"] for row in rows}
    with localcontext(prec=60):
        for n, text in enumerate(given):
            exact = (1 / Decimal(text)).quantize(Decimal("1e-12"), ROUND_HALF_UP)
            assert found[f"X{n}"] == exact, text


@pytest.mark.parametrize("rate", ["0", "-1", "-", "0.0000001"])
def test_what_cannot_be_inverted_is_null(engine: Engine, rate: str) -> None:
    """For the contract to name: rate is not null."""
    drawn = f"iso_code | conversion_rate\nEUR | {rate}"
    (row,) = made(
        engine, "salesforce", "exchange_rates", currency_type=drawn, dated_conversion_rate=None
    )
    assert row["rate"] is None


def test_salesforce_without_rates_says_so() -> None:
    with pytest.raises(DataError, match="neither currency_type nor dated_conversion_rate"):
        salesforce.exchange_rates()


YAML = """schema: {landed}
sources:
  facilities: {{connector: salesforce}}
  leads: {{connector: salesforce{more}}}
  opportunities: {{connector: salesforce{more}}}
  exchange_rates: {rates}
  outreach: absent
  tickets: absent
  satisfaction: absent
  applications: absent
  invoices: absent
"""
DEALS = """
    id | account_id | stage_name  | amount  | converted_amount | currency_iso_code | is_won | is_closed | created_date
    o1 | a1         | Prospecting | 1000    | 1000             | USD               | false  | false     | 2024-02-01
    o2 | a1         | Prospecting | 1000000 | 6000             | JPY               | false  | false     | 2024-02-01
"""
TYPES = "iso_code | conversion_rate\nUSD | 1\nJPY | 160\nEUR | 0.8"
PIPELINE = ["weighted_pipeline_scenarios"]


def write(
    warehouse: Warehouse,
    landed: str,
    sources_file: SourcesFile,
    rates: str = "{connector: salesforce}",
    more: str = "",
) -> None:
    types = LANDED["salesforce"]
    deals = {**types["opportunity"], "converted_amount": "float64"}
    land(warehouse, f"{landed}.account", types["account"], "id | name\na1 | North")
    land(warehouse, f"{landed}.lead", types["lead"], "id")
    land(warehouse, f"{landed}.opportunity", deals, DEALS)
    land(warehouse, f"{landed}.currency_type", types["currency_type"], TYPES)
    yaml = YAML.format(landed=landed, rates=rates, more=more)
    sources_file.path.write_text(yaml, encoding="utf-8")


def pipeline(warehouse: Warehouse, params: Any) -> list[Decimal]:
    refresh(warehouse, PIPELINE, as_of=AT, params=params)
    rows = read(warehouse, "weighted_pipeline_scenarios")
    return [row["total_pipeline_value"] for row in rows if row["scenario"] == "base"]


@DUCKDB_FIRST
def test_a_salesforce_of_several_currencies_is_added_up(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """1,000 USD and 1,000,000 JPY / 160 = 6,250 USD."""
    write(warehouse, landed, sources_file)
    assert pipeline(warehouse, assuming("reporting: {currency: USD}")) == [Decimal("7250.00")]


@DUCKDB_FIRST
@pytest.mark.parametrize("currency", ["EUR", pytest.param("CHF", marks=pytest.mark.e2e)])
def test_rates_to_another_currency_than_that_of_reports_are_refused(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, currency: str
) -> None:
    """The corporate currency is USD, so that a rate of JPY is one to USD."""
    write(warehouse, landed, sources_file)
    params = assuming(f"reporting: {{currency: {currency}}}")
    with pytest.raises(ChecksFailed) as caught:
        refresh(warehouse, PIPELINE, as_of=AT, params=params)
    told = [v.check for v in caught.value.violations if v.table == "exchange_rates"]
    assert [words[:45] for words in told] == ["rates of salesforce are to reporting.currency"]


@pytest.mark.e2e
@pytest.mark.parametrize("said", ["reporting: {currency: USD}", ""])
def test_converted_amounts_may_be_mapped_instead(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, said: str
) -> None:
    """1,000 and 6,000, as Salesforce converted them; the file says which currency that is."""
    more = ", columns: {amount: converted_amount, currency: {value: USD}}"
    write(warehouse, landed, sources_file, rates="absent", more=more)
    assert pipeline(warehouse, assuming(said)) == [Decimal("7000.00")]


@pytest.mark.parametrize("source", ["leads", "opportunities"])
def test_hubspot_s_amount_in_the_company_s_currency_may_be_chosen(
    engine: Engine, source: str
) -> None:
    """Where it landed, beside the amount and its currency."""
    types = {"deal": {**LANDED["hubspot"]["deal"], "property_amount_in_home_currency": "float64"}}
    rows = made(
        engine,
        "hubspot",
        source,
        landed=types,
        deal="""
            deal_id | deal_pipeline_stage_id | property_amount | property_deal_currency_code | property_amount_in_home_currency | property_createdate
            1       | closedwon              | 1000000         | jpy                         | 6100                             | 2024-01-10
        """,
        deal_pipeline_stage="stage_id | probability\nclosedwon | 1",
    )
    assert [(row["amount"], row["currency"]) for row in rows] == [(1000000, "JPY")]


@pytest.mark.e2e
def test_rates_may_be_written_in_the_mapping_or_read_of_text(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """1,000,000 JPY x 0.006, and x 0.0062 of a day and a rate as people write them."""
    constant = "{constant: [{currency: JPY, valid_from: 2024-01-01, rate: 0.006}]}"
    write(warehouse, landed, sources_file, rates=constant)
    dollars = assuming("reporting: {currency: USD}")
    assert pipeline(warehouse, dollars) == [Decimal("7000.00")]
    types = {"code": "string", "since": "string", "price": "string"}
    land(warehouse, f"{landed}.fx", types, "code | since | price\nJPY | 31/01/2024 | 0,0062")
    mapped = (
        '{table: fx, columns: {currency: code, valid_from: {from: since, format: "%d/%m/%Y"}, '
        'rate: {from: price, number: "1.234,56"}}}'
    )
    sources_file.path.write_text(YAML.format(landed=landed, rates=mapped, more=""))
    assert pipeline(warehouse, dollars) == [Decimal("7200.00")]
