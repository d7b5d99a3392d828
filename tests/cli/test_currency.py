"""The terminal and the site say what published amounts are in."""

from datetime import datetime
from pathlib import Path

import pytest
from commands import crm_ibis

from crm_ibis.config.settings import Settings
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import assuming, store
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

NAMES = ["revenue_kpis", "monthly_scorecard", "deal_queue", "outreach_kpis"]


@pytest.fixture
def published(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Amounts in euros, at the rates of one day; the parameters of today say nothing of them."""
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", settings.raw_schema)
    monkeypatch.setenv("CRM_IBIS_ANALYTICS_SCHEMA", settings.analytics_schema)
    params = assuming("reporting: {currency: EUR, rates_as_of: 2024-01-31}")
    with open_warehouse(settings) as warehouse:
        store(
            warehouse,
            leads="id | amount | currency\nl1 | 10 | USD",
            invoices="id | amount | currency | status\ni1 | 100 | USD | paid",
            exchange_rates="currency | valid_from | rate\nUSD | 2024-01-01 | 0.9",
        )
        refresh(warehouse, NAMES, as_of=datetime(2024, 3, 1), params=params)
    return settings


def test_show_says_what_amounts_are_in(published: Settings) -> None:
    shown = crm_ibis("show", "revenue_kpis").out
    assert "90.00" in shown
    assert "amounts in EUR at the rates of 2024-01-31\n" in shown
    assert "amounts in" not in crm_ibis("show", "invoices").out  # as they came
    assert "amounts in" not in crm_ibis("show", "outreach_kpis").out  # it has none


@pytest.mark.e2e
@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_the_site_says_it_where_amounts_stand(published: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    assert crm_ibis("site", "build", "--out", str(folder)).exit_code == 0
    words = "in EUR at the rates of 2024-01-31"
    scorecard = (folder / "index.html").read_text(encoding="utf-8")
    assert f"Revenue is {words}." in scorecard
    assert f"<span>amounts {words}</span>" in scorecard
    assert f"amounts {words}" in (folder / "lists.html").read_text(encoding="utf-8")
    table = (folder / "tables" / "revenue_kpis.html").read_text(encoding="utf-8")
    assert f"<dd>{words}</dd>" in table
    assert "reporting.currency" not in table
    apart = (folder / "tables" / "outreach_kpis.html").read_text(encoding="utf-8")
    assert words not in apart


@pytest.mark.e2e
@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_the_site_shows_the_parameters_of_today_and_where_rates_count(
    published: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = tmp_path / "params.yml"
    params.write_text("reporting: {currency: EUR}", encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_PARAMS", str(params))
    folder = tmp_path / "site"
    assert crm_ibis("site", "build", "--out", str(folder)).exit_code == 0
    table = (folder / "tables" / "revenue_kpis.html").read_text(encoding="utf-8")
    assert "<td><code>reporting.currency</code></td><td>EUR</td>" in table
    assert "exchange_rates.html#rate" in table
    assert "exchange_rates" in crm_ibis("sql", "revenue_kpis").out
