"""What the scorecard says where nobody knows a number, or too little of it."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from built import AS_OF, Built, build_site, settings_in

from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.warehouse import open_warehouse

RESPONSE = "The source tickets has no column first_response_at: its targets are undecided"


def site_without(folder: Path, *columns: str, kpis: Iterable[str] = ()) -> Built:
    """The seeds, whose tickets lack some columns; of the named KPIs, or of all."""
    settings = settings_in(folder)
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        for column in columns:
            warehouse.run(f"ALTER TABLE raw.tickets DROP COLUMN {column}")
        refresh(warehouse, kpis, as_of=AS_OF)
    return build_site(settings, folder / "out")


@pytest.mark.e2e
def test_without_either_event_the_attainment_cannot_be_known(tmp_path: Path) -> None:
    built = site_without(tmp_path, "first_response_at", "resolved_at")
    page = built.page()
    lacks = "tickets.first_response_at, tickets.resolved_at"
    assert page.data()["lacking"] == {"sla_attainment_pct": lacks}
    assert f"SLA attainment without {lacks}" in page.words
    assert page.line("sla_attainment_pct") == [("", "\u2013"), ("", "\u2013")]
    assert page.words.count(RESPONSE) >= 2  # with the health scores and with the tickets
    assert RESPONSE.replace("first_response_at", "resolved_at") in page.words
    assert "missing" in built.page("tables/tickets.html").words


@pytest.mark.e2e
def test_without_responses_the_attainment_is_that_of_resolutions(tmp_path: Path) -> None:
    """January: fac_001 met 3 of 3 and fac_002 4 of 5, of which the mean is 90; February is met."""
    kpis = ("monthly_scorecard", "health_scores", "ticket_sla_compliance")
    page = site_without(tmp_path, "first_response_at", kpis=kpis).page()
    assert page.data()["lacking"] == {}
    assert RESPONSE in page.words
    assert [text for exact, text in page.line("sla_attainment_pct")] == [
        "90.0\u00a0%",
        "100.0\u00a0%",
    ]


@pytest.mark.e2e
def test_what_was_published_with_its_columns_stays_known(tmp_path: Path) -> None:
    """What is known is shown, though the source lost its columns after it was published."""
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, as_of=AS_OF)
        for column in ("first_response_at", "resolved_at"):
            warehouse.run(f"ALTER TABLE raw.tickets DROP COLUMN {column}")
    page = build_site(settings, tmp_path / "out").page()
    assert page.data()["lacking"] == {}
    assert [text for exact, text in page.line("sla_attainment_pct")] == [
        "95.0\u00a0%",
        "100.0\u00a0%",
    ]


@pytest.mark.e2e
def test_too_little_for_a_score_is_not_nothing_to_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of five components of equal weight, one exists: 20 %, where 60 % are needed."""
    settings, file = settings_in(tmp_path), tmp_path / "sources.yml"
    absent = ("leads", "opportunities", "applications", "satisfaction", "outreach", "invoices")
    file.write_text(f"sources: {{{', '.join(f'{name}: absent' for name in absent)}}}")
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, as_of=AS_OF)
    built = build_site(settings, tmp_path / "out")
    page = built.page()
    assert "coverage too small (20.0\u00a0% of the weights, min 60.0\u00a0%)" in page.text
    assert page.data()["min_coverage"] == 60
    january = [row for row in built.rows["headlines"] if row["month"] == "2024-01-01"]
    assert len(january) == 3  # the company and two facilities
    for row in january:
        assert (row["overall_health_score"], row["coverage_pct"]) == (None, 20)


def test_with_enough_for_a_score_nothing_is_said(site: Built) -> None:
    page = site.page()
    assert page.data()["remarks"] == {}
    assert "coverage too small" not in page.words
