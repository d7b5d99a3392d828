"""What params.yml may say of the calendar and the currency of all reports."""

from datetime import date, datetime
from pathlib import Path

import pytest

from crm_ibis.config.params import load_params
from crm_ibis.config.reporting import Basis
from crm_ibis.errors import UsageError
from crm_ibis.metrics.assumptions import params_by_table
from crm_ibis.testing import assuming


def test_nothing_is_converted_unless_a_file_says_so() -> None:
    reporting = load_params().reporting
    assert (reporting.currency, reporting.rates_as_of) == (None, None)
    assert reporting.basis == Basis()
    assert str(reporting.basis) == "months of UTC, no currency"


def test_months_are_those_of_utc_unless_a_file_says_otherwise() -> None:
    reporting = load_params().reporting
    assert (reporting.time_zone, reporting.fiscal_year_start) == ("UTC", 1)
    said = assuming("reporting: {time_zone: Europe/Zurich, fiscal_year_start: 4}").reporting
    assert (said.time_zone, said.fiscal_year_start) == ("Europe/Zurich", 4)


def test_a_currency_and_a_day() -> None:
    reporting = assuming("reporting: {currency: EUR, rates_as_of: 2024-01-31}").reporting
    assert (reporting.currency, reporting.rates_as_of) == ("EUR", date(2024, 1, 31))
    assert reporting.basis == Basis("UTC", "EUR", date(2024, 1, 31))
    assert str(reporting.basis) == "months of UTC, amounts in EUR at the rates of 2024-01-31"
    assert Basis.from_json(reporting.basis.to_json()) == reporting.basis
    assert assuming(reporting.basis.to_yaml()).reporting == reporting


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("{currency: eur}", "reporting.currency: must be three capital letters, as in ISO 4217"),
        ("{currency: eur}", "write EUR (given: eur)"),
        ("{currency: Euro}", "as in ISO 4217, such as EUR (given: Euro)"),
        ("{currency: 978}", "such as EUR (given: 978)"),
        ("{time_zone: America/New_Yrok}", 'there is no time zone "America/New_Yrok"'),
        ("{time_zone: America/New_Yrok}", 'did you mean "America/New_York"?'),
        ("{time_zone: EST5EDT4}", "reporting.time_zone: there is no time zone"),
        ("{time_zone: +02:00}", 'there is no time zone "+02:00"'),
        ("{time_zone: localtime}", "write one such as Europe/Zurich or UTC"),
        ("{fiscal_year_start: 0}", "reporting.fiscal_year_start: must be the number of a month"),
        ("{fiscal_year_start: 13}", "from 1 (January) to 12 (December)"),
        ("{fiscal_year_start: April}", "must be the number of a month"),
        ("{fiscal_year_start: 4.0}", "must be the number of a month"),
        ("{fiscal_year_start: true}", "must be the number of a month"),
        ("{currncy: EUR}", 'did you mean "currency"'),
        ("{rates_as_of: 2024-01-31}", "reporting: rates_as_of without currency"),
        ("{currency: EUR, rates_as_of: yesterday}", "must be a day, such as 2026-12-31"),
        ("{currency: EUR, rates_as_of: 20240131}", "must be a day, such as 2026-12-31"),
        ('{currency: EUR, rates_as_of: "2024-02-30"}', "reporting.rates_as_of"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(tmp_path: Path, yaml: str, words: str) -> None:
    file = tmp_path / "params.yml"
    file.write_text(f"reporting: {yaml}\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_params(file)
    assert words in str(refused.value)
    assert "params.yml" in str(refused.value)


def test_the_tables_that_convert_show_the_parameters() -> None:
    params = assuming("reporting: {currency: EUR, rates_as_of: 2024-01-31}")
    shown = params_by_table(params, datetime(2024, 3, 1))
    both = {"reporting.currency": "EUR", "reporting.rates_as_of": "2024-01-31"}
    for table in ("stg_leads", "stg_opportunities", "stg_invoices"):
        assert both.items() <= shown[table].items()
    assert not both.keys() & shown["stg_tickets"].keys()


def test_every_table_that_makes_months_shows_the_zone() -> None:
    shown = params_by_table(assuming("reporting: {time_zone: Asia/Tokyo}"), datetime(2024, 3, 1))
    makers = {table for table, used in shown.items() if "reporting.time_zone" in used}
    staging = {"leads", "opportunities", "tickets", "satisfaction", "outreach"}
    staging |= {"applications", "invoices"}
    assert makers == {*(f"stg_{name}" for name in staging), "cohort_retention"}
    assert shown["stg_tickets"]["reporting.time_zone"] == "Asia/Tokyo"
