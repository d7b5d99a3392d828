"""The terminal and the site say what months and amounts are of."""

from datetime import datetime
from pathlib import Path

import pytest
from commands import crm_ibis, use, words

from crm_ibis.config.settings import Settings
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import assuming, store
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

SAID = "reporting: {time_zone: America/New_York, fiscal_year_start: 4, currency: EUR}"


@pytest.fixture
def published(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """i1 is of March in New York, and i2 of April; it was still 30 April there at `as_of`."""
    use(settings, monkeypatch)
    params = tmp_path / "params.yml"
    params.write_text(SAID, encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_PARAMS", str(params))
    with open_warehouse(settings) as warehouse:
        store(
            warehouse,
            invoices="""
                id | amount | status | created_at
                i1 | 100    | paid   | 2024-04-01 03:59
                i2 | 7      | paid   | 2024-04-01 04:00
            """,
            leads="id | created_at\nl1 | 2024-02-10\nl2 | 2024-04-10",
        )
        names = ["revenue_kpis", "monthly_scorecard", "outreach_kpis"]
        refresh(warehouse, names, as_of=datetime(2024, 5, 1, 3), params=assuming(SAID))
    return settings


def test_show_and_status_say_it(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = crm_ibis("show", "revenue_kpis").out
    assert "months of America/New_York\namounts in EUR\n" in shown
    assert "2024-03-01" in shown
    apart = crm_ibis("show", "outreach_kpis").out
    assert "months of" not in apart  # it has no rows
    assert "months of" not in crm_ibis("show", "invoices").out  # a source has none
    status = crm_ibis("status")
    assert "published with months of America/New_York, amounts in EUR" in words(status.out)
    (revenue,) = [s for s in crm_ibis("status", "--json").json if s["table"] == "revenue_kpis"]
    basis = {"time_zone": "America/New_York", "currency": "EUR", "rates_as_of": None}
    assert revenue["basis"] == basis
    monkeypatch.delenv("CRM_IBIS_PARAMS")
    told = words(crm_ibis("status").out)
    assert "while params.yml says months of UTC, no currency: runs are refused until" in told
    refused = crm_ibis("refresh", "revenue_kpis")
    assert refused.exit_code == 1
    assert "write reporting: {time_zone: America/New_York, currency: EUR} in" in words(refused.err)
    assert crm_ibis("refresh", "revenue_kpis", "--force").exit_code == 1


@pytest.mark.e2e
@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_the_site_says_it_and_names_fiscal_quarters(published: Settings, tmp_path: Path) -> None:
    """April still ran in New York, when it was May in UTC."""
    folder = tmp_path / "site"
    assert crm_ibis("site", "build", "--out", str(folder)).exit_code == 0
    scorecard = (folder / "index.html").read_text(encoding="utf-8")
    assert "Months are those of America/New_York." in scorecard
    assert '<th scope="colgroup" colspan="2">FY2024 Q4</th>' in scorecard  # February and March
    assert '<th scope="colgroup" colspan="1">FY2025 Q1</th>' in scorecard
    assert "Apr 2024*" in scorecard
    assert '"fiscal_year_start": 4' in scorecard.replace('":4', '": 4')
    table = (folder / "tables" / "revenue_kpis.html").read_text(encoding="utf-8")
    assert "<dt>Months</dt><dd>of America/New_York</dd>" in table
    source = (folder / "tables" / "invoices.html").read_text(encoding="utf-8")
    assert "<dt>Months</dt>" not in source
