"""Values on the pages equal the tables."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from built import AS_OF, Built, Rows, build_site, settings_in

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.build import build
from crm_ibis.site.charts.numbers import format_value, short
from crm_ibis.site.data.datasets import DATASETS, Dataset
from crm_ibis.site.data.reading import facility_names, read
from crm_ibis.site.pages.headlines import TABLE
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.warehouse import open_warehouse


def published(settings: Settings, name: str) -> Rows:
    with open_warehouse(settings, read_only=True) as warehouse:
        return warehouse.rows(warehouse.table("analytics", name))


def as_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def expected(dataset: Dataset, rows: Rows) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows of a dataset, added up in the plainest way."""
    found: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        group = found[tuple(as_json(row[key]) for key in dataset.keys)]
        for name in dataset.sums:
            if row[name] is not None:
                group[name] = group.get(name, 0) + row[name]
        group |= {name: row[name] for name in dataset.values}
    return found


@pytest.mark.parametrize(
    "dataset",
    [d for d in DATASETS if d.name not in ("overdue", "scorecard") and not d.of_calendars],
    ids=lambda d: d.name,
)
def test_the_embedded_rows_are_those_of_the_table(
    site: Built, seeds: Settings, dataset: Dataset
) -> None:
    told = site.rows[dataset.name]
    wanted = expected(dataset, published(seeds, dataset.table))
    assert len(told) == len(wanted) > 0
    for row in told:
        values = wanted[tuple(row[key] for key in dataset.keys)]
        for name in (*dataset.sums, *dataset.values):
            assert row[name] == as_json(values.get(name)), (dataset.name, name, row)


def test_the_company_rows_are_the_monthly_scorecard(site: Built, seeds: Settings) -> None:
    rows = sorted(published(seeds, "monthly_scorecard"), key=lambda row: row["month"])
    told = [row for row in site.rows["headlines"] if row["facility_id"] == ""]
    for line in TABLE:
        exact = [row[line.field] for row in rows]
        assert [row[line.field] for row in told] == [as_json(value) for value in exact]
        assert site.page().line(line.field) == [(str(v), format_value(v, line.kind)) for v in exact]


def test_the_page_shows_the_documented_numbers(site: Built) -> None:
    def shown(name: str) -> list[str]:
        return [text.replace("\u00a0", " ") for exact, text in site.page().line(name)]

    assert shown("total_leads") == ["8", "4"]
    assert shown("sql_conversion_pct") == ["50.0 %", "75.0 %"]
    assert shown("won_pct") == ["37.5 %", "25.0 %"]
    assert shown("sla_attainment_pct") == ["95.0 %", "100.0 %"]
    assert shown("avg_csat") == ["4.00", "4.50"]
    assert shown("overall_health_score") == ["72.8", "78.2"]
    assert shown("total_revenue") == ["17,150.75", "9,800.50"]


def test_a_facility_has_its_own_headline_numbers(site: Built) -> None:
    rows = {(row["facility_id"], row["month"]): row for row in site.rows["headlines"]}
    january = rows["fac_001", "2024-01-01"]
    assert january["overall_health_score"] == pytest.approx(84.4773, abs=5e-5)
    assert january["health_status"] == "excellent"
    assert rows["fac_002", "2024-02-01"]["overall_health_score"] == pytest.approx(57.896)
    both = [rows[f"fac_00{n}", "2024-01-01"] for n in (1, 2)]
    assert sum(row["total_leads"] for row in both) == 8
    assert sum(row["won_leads"] for row in both) == 3
    assert sum(Decimal(str(row["total_revenue"])) for row in both) == Decimal("17150.75")


def test_facilities_are_named_by_the_source_that_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`raw.facilities` is stale: sources.yml names another. Without that, ids are shown."""
    settings, file = settings_in(tmp_path), tmp_path / "sources.yml"
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
        warehouse.run("CREATE SCHEMA crm")
        warehouse.run(
            "CREATE TABLE crm.sites AS SELECT id, 'Site ' || id AS title FROM raw.facilities"
        )
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
    file.write_text("sources: {facilities: {table: crm.sites, columns: {id: id, name: title}}}")
    with open_warehouse(settings, read_only=True) as warehouse:
        named = read(warehouse, facility_names(warehouse), {}).facilities
    assert named == {"fac_001": "Site fac_001", "fac_002": "Site fac_002"}
    file.write_text("sources: {facilities: {table: crm.gone_for_good}}")
    with open_warehouse(settings, read_only=True) as warehouse:
        unnamed = read(warehouse, facility_names(warehouse), {}).facilities
    assert unnamed == {"fac_001": "fac_001", "fac_002": "fac_002"}


def test_the_open_breaches_are_those_of_the_seeds(site: Built) -> None:
    """tick_006, of high priority, was opened on 2024-01-18 and never resolved; all others were."""
    assert site.rows["overdue"] == [
        {
            "facility_id": "fac_002",
            "month": "2024-01-01",
            "priority": "high",
            "overdue_tickets": 1,
        }
    ]


@pytest.mark.e2e
def test_without_an_open_breach_the_page_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        # Before there was anything.
        refresh(warehouse, ["ticket_queue", "monthly_scorecard"], as_of=datetime(2023, 1, 1))
    page = build_site(settings, tmp_path / "site").page()
    assert "monthly_scorecard as of 2023-01-01 00:00 UTC has no rows" in page.words
    assert "Open breaches: No ticket of the period is open and past a target." in page.words
    assert "sla-overdue" not in page.reader.ids


@pytest.mark.e2e
def test_what_nobody_can_know_is_a_dash_and_no_zero(without_invoices: Built) -> None:
    """Without invoices revenue is 0.00 in the table, which is not what the company earned."""
    settings = settings_in(without_invoices.folder.parent)
    assert [row["total_revenue"] for row in published(settings, "monthly_scorecard")] == [0, 0]
    page = without_invoices.page()
    for name in ("total_revenue", "avg_csat", "nps"):
        assert page.line(name) == [("", "\u2013"), ("", "\u2013")]
    assert [exact for exact, text in page.line("total_leads")] == ["8", "4"]
    assert page.data()["lacking"] == {
        "avg_csat": "satisfaction",
        "nps": "satisfaction",
        "total_revenue": "invoices",
    }
    assert {row["total_revenue"] for row in without_invoices.rows["headlines"]} == {None}
    assert "Revenue without invoices" in page.words


@pytest.mark.e2e
def test_what_was_published_with_its_sources_stays_as_it_was(
    site: Built, seeds: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What sources.yml says since says nothing of tables that were computed before."""
    file = tmp_path / "sources.yml"
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
    names = ("leads", "opportunities", "tickets", "satisfaction", "invoices")
    file.write_text(f"sources: {{{', '.join(f'{name}: absent' for name in names)}}}")
    other = build_site(seeds, tmp_path / "out")
    assert other.rows == site.rows
    assert other.page().data()["lacking"] == {}
    for table in ("conversion_funnel", "ticket_sla_compliance", "ticket_queue", "revenue_kpis"):
        assert f"{table} is as it was last published: its sources are absent" in other.page().words


@pytest.mark.e2e
def test_what_is_stale_is_not_told_of_a_facility_that_the_company_is_not_told(
    without_invoices: Built,
) -> None:
    # The revenue of January and February, published while there were invoices.
    assert len(without_invoices.rows["revenue"]) == 4
    told = {row["total_revenue"] for row in without_invoices.rows["headlines"]}
    assert told == {None}
    assert "revenue_kpis is as it was last published" in without_invoices.page().words


def test_a_figure_of_another_table_says_when_that_is_of(site: Built) -> None:
    assert "ticket_queue as of 2024-03-01 00:00 UTC Table" in site.page().words


def test_a_priority_has_one_colour(site: Built) -> None:
    def scales(value: Any) -> list[Any]:
        if isinstance(value, list):
            return [found for each in value for found in scales(each)]
        if not isinstance(value, dict):
            return []
        own = value.get("color")
        here = []
        if isinstance(own, dict) and own.get("field") == "priority":
            here = [own["scale"]["domain"]]
        return here + [found for each in value.values() for found in scales(each)]

    found = scales([figure["spec"] for figure in site.page().data()["figures"]])
    assert found
    assert {tuple(domain) for domain in found} == {("critical", "high", "medium", "low")}


@pytest.mark.e2e
def test_what_lost_its_source_is_shown_as_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, file = settings_in(tmp_path), tmp_path / "sources.yml"
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
    file.write_text("sources: {invoices: absent, leads: absent, opportunities: absent}")
    out = tmp_path / "site"
    with open_warehouse(settings, read_only=True) as warehouse:
        build(warehouse, out, load_params())
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "revenue_kpis is as it was last published: its sources are absent" in page
    assert "conversion_funnel is not computed: its sources are absent" in page
    assert "crm-ibis refresh conversion_funnel" not in page
    runs = (out / "runs.html").read_text(encoding="utf-8")
    assert '<span class="state waiting">stale</span>' in runs
    revenue = (out / "tables/revenue_kpis.html").read_text(encoding="utf-8")
    assert "what sources.yml says of invoices is part of the query" in revenue


def test_a_table_page_tells_what_the_catalog_knows(site: Built) -> None:
    words = site.page("tables/health_scores.html").words
    for told in ("Executive Leadership, critical", "0 3 * * *", "SLA 2h", "facility_id, month"):
        assert told in words
    assert "health.pipeline_target 125000 this table" in words
    assert "sla.critical.response 1 h ticket_sla" in words
    assert "4 4 0 0" in words  # rows, new, changed, gone of the only version
    assert "CREATE" not in words
    assert "SELECT" in words
    fact = site.page("tables/ticket_queue.html").words
    assert "*/15 * * * * (job ticket_sla)" in fact
    assert "Lists Open breaches Due next Schedule" in fact
    assert "SLA 1h" not in fact  # which is that of the KPI that the job is for


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "pct", "\u2013"),
        (0.25, "pct", "0.3\u00a0%"),
        (-0.04, "score", "0.0"),
        (Decimal("1234567.895"), "money", "1,234,567.90"),
        (1500, "count", "1,500"),
        (date(2024, 2, 1), "month", "Feb 2024"),
    ],
)
def test_numbers_are_written_for_people(value: Any, kind: str, text: str) -> None:
    assert format_value(value, kind) == text


LARGE_AMOUNTS = {
    "99999.99": "99,999.99",
    "100000": "100K",
    "123456.789": "123.46K",
    "999994": "999.99K",
    "999995": "1M",
    "-15386142.08": "-15.39M",
    "1000000000": "1B",
}


@pytest.mark.parametrize(("amount", "text"), LARGE_AMOUNTS.items())
def test_large_amounts_are_in_millions(amount: str, text: str) -> None:
    assert short(Decimal(amount), "money") == text


def test_only_amounts_are_shortened() -> None:
    assert short(1_500_000, "count") == "1,500,000"
    assert short(None, "money") == "\u2013"


@pytest.mark.e2e
def test_facilities_are_in_the_order_of_their_names(large: Built) -> None:
    names = list(large.page().data()["facilities"].values())
    assert names == [f"Site {number}" for number in range(1, 51)]


@pytest.mark.e2e
def test_both_databases_have_the_same_site(
    site: Built, postgres_settings: Settings, tmp_path: Path
) -> None:
    with open_warehouse(postgres_settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, as_of=AS_OF, snapshot=True)
    other = build_site(postgres_settings, tmp_path / "out")
    assert other.pages == site.pages
    assert other.rows.keys() == site.rows.keys()
    for name, rows in site.rows.items():
        assert len(other.rows[name]) == len(rows)
        by_key = {str(list(row.values())[:4]): row for row in other.rows[name]}
        for row in rows:
            found = by_key[str(list(row.values())[:4])]
            for column, value in row.items():
                near = pytest.approx(value, abs=1e-9) if isinstance(value, float) else value
                assert found[column] == near, (name, column)
