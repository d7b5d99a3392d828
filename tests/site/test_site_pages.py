"""Links, escaping, secrets, sizes, and what is not there yet."""

import json
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest
from built import AS_OF, HOSTILE, MID_FEBRUARY, Built, Page, build_site, settings_in

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.errors import UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site import build as building
from crm_ibis.site.serving import server
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.warehouse import open_warehouse

FIVE_MEGABYTES = 5_000_000


def broken_links(site: Built) -> list[str]:
    pages = {name: site.page(name) for name in site.pages}
    broken = []
    for name, page in pages.items():
        for link in page.reader.links:
            if link.startswith("data:"):
                continue
            address, _, anchor = link.partition("#")
            target = (site.folder / name).parent / address if address else site.folder / name
            known = str(target.resolve().relative_to(site.folder.resolve()))
            if not target.is_file() or (anchor and anchor not in pages[known].reader.ids):
                broken.append(f"{name}: {link}")
    return broken


def test_every_link_leads_somewhere(site: Built) -> None:
    assert broken_links(site) == []


def test_every_found_thing_is_there(site: Built) -> None:
    text = (site.folder / "assets" / "search.js").read_text(encoding="utf-8")
    for name, _kind, address, _told in json.loads(text.removeprefix("window.SEARCH = ")[:-2]):
        file, _, anchor = address.partition("#")
        assert not anchor or anchor in site.page(file).reader.ids, (name, address)
        assert (site.folder / file).is_file(), (name, address)


def test_nothing_comes_from_the_network(site: Built) -> None:
    for name in site.pages:
        assert not [link for link in site.page(name).reader.links if "//" in link]


def test_every_table_has_a_page(site: Built) -> None:
    names = {Path(page).stem for page in site.pages if page.startswith("tables/")}
    assert {"leads", "stg_leads", "lead_milestones", "health_scores"} <= names
    assert "health_score_snapshot" in names


@pytest.mark.e2e
def test_what_a_user_called_something_is_never_markup(hostile: Built) -> None:
    for name in hostile.pages:
        text = (hostile.folder / name).read_text(encoding="utf-8")
        assert "<script>alert" not in text, name
        assert "alert(1)</script>" not in text, name
    facilities = hostile.page().data()["facilities"]
    assert set(facilities.values()) == {f"{HOSTILE} ({i})" for i in ("fac_001", "fac_002")}
    assert {row["channel"] for row in hostile.rows["outreach"]} == {HOSTILE}


def test_nothing_private_is_told(site: Built) -> None:
    everything = "\n".join(site.texts.values())
    for private in ("cand_", "lead_001", str(site.folder.parent), "duckdb://", "process "):
        assert private not in everything, private


@pytest.mark.e2e
def test_an_error_text_stays_in_the_log(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, ["conversion_funnel"], as_of=AS_OF)
        warehouse.run("UPDATE raw.leads SET stage = 'secret_stage' WHERE id = 'lead_001'")
        with pytest.raises(ChecksFailed, match="stage is one of"):
            refresh(warehouse, ["conversion_funnel"])
    site = build_site(settings, tmp_path / "out")
    assert not [name for name, text in site.texts.items() if "secret_stage" in text]
    assert "failed : contract of leads" in site.page("runs.html").words
    for table in ("leads", "conversion_funnel"):
        page = site.page(f"tables/{table}.html")
        assert "failed contract of leads 2" in page.words, table


@pytest.mark.e2e
def test_a_large_company_fits(large: Built) -> None:
    data = large.page().data()
    assert len(data["facilities"]) == 50
    assert len({row["month"] for row in large.rows["health"]}) == 24
    assert len(large.rows["health"]) == 1200
    for page in large.pages:
        assert (large.folder / page).stat().st_size < FIVE_MEGABYTES, page
    opened = ("index.html", "assets/charts.js", "assets/search.js", "assets/site.js")
    assert sum((large.folder / f).stat().st_size for f in opened) < FIVE_MEGABYTES


@pytest.mark.e2e
def test_a_month_that_still_ran_is_marked(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, ["monthly_scorecard"], as_of=MID_FEBRUARY)
    page = build_site(settings, tmp_path / "out").page()
    assert page.data()["running"] == "2024-02-01"
    assert "Feb 2024*" in page.words
    assert "Jan 2024*" not in page.words


def test_few_observations_are_marked(site: Built) -> None:
    # January has 8 leads: both rates of them are marked.
    assert site.page().text.count('<span class="few">n</span>') > 4


def test_an_optional_source_that_is_not_used_is_no_fault(site: Built) -> None:
    words = site.page("catalog.html").words
    assert words.count("not used: it is optional") == 2  # ticket_pauses, exchange_rates
    for name in ("ticket_pauses", "exchange_rates"):
        assert "Comes from nowhere: it is optional" in site.page(f"tables/{name}.html").words
    assert "optional" not in site.page("tables/tickets.html").words


@pytest.mark.e2e
def test_an_empty_database_has_a_site_that_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings):
        pass
    site = build_site(settings, tmp_path / "out")
    assert broken_links(site) == []
    assert "Nothing is published in monthly_scorecard yet" in site.page().words
    assert "crm-ibis refresh conversion_funnel" in site.page().words
    assert "not published" in site.page("catalog.html").words
    assert "Nothing ran yet" in site.page("runs.html").words
    assert "crm-ibis snapshot health_score_snapshot" in site.page("runs.html").words


@pytest.mark.e2e
def test_what_is_published_is_shown_and_the_rest_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, ["conversion_funnel"], as_of=AS_OF)
    page: Page = build_site(settings, tmp_path / "out").page()
    assert [f["dataset"] for f in page.data()["figures"]] == ["funnel", "funnel"]
    assert "health_scores is not published yet" in page.words
    assert "conversion_funnel is not published" not in page.words


def test_without_its_extra_the_build_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "find_spec", lambda name: None if name == "altair" else name)
    with (
        open_warehouse(settings_in(tmp_path)) as warehouse,
        pytest.raises(UsageError, match=r"needs altair; .* pip install 'crm-ibis\[site\]'"),
    ):
        building.build(warehouse, tmp_path / "out", params=None)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_serve_shows_a_site_on_this_machine(site: Built, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="crm-ibis site build"):
        server(tmp_path, 0)
    with server(site.folder, 0) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        with urlopen(f"http://127.0.0.1:{listening.server_port}/index.html") as answer:
            assert b"Scorecard" in answer.read()
        listening.shutdown()
        thread.join()
