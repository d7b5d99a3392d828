"""The page of lists: open breaches, what is due next, stale deals."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from built import AS_OF, Built, Page, build_site, settings_in
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.data import work_lists
from crm_ibis.site.data.reading import facility_names, published_places, read
from crm_ibis.site.data.unavailable import unavailable_by_table
from crm_ibis.site.pages import work_lists as page_of_lists
from crm_ibis.site.pages.renderer import Pages
from crm_ibis.testing import store
from crm_ibis.warehouse import open_warehouse

FACILITIES = "id | name\nf1 | Site 10\nf2 | Site 2"
TICKETS = """
    id | facility_id | priority | created_at       | first_response_at
    t1 | f2          | low      | 2024-02-01 12:00 | -
    t2 | f1          | critical | 2024-02-29 12:00 | 2024-02-29 12:30
    t3 | f1          | medium   | 2024-02-29 22:00 | -
    t4 | f2          | high     | 2024-02-29 23:30 | -
    t5 | f1          | low      | 2024-02-28       | 2024-02-28 01:00
"""
LEADS = """
    id | facility_id | rep_id | stage       | amount  | created_at | updated_at
    l1 | f1          | ann    | sql         | 1000    | 2024-01-01 | 2024-01-30
    l2 | f2          | ben    | opportunity | 2500.50 | 2024-01-01 | 2024-01-10
    l3 | f2          | ben    | lead        | 50      | 2024-01-01 | 2024-02-28
    l4 | f1          | ann    | won         | 900     | 2024-01-01 | 2024-01-02
"""


def lists_page(settings: Settings, folder: Path, *, has_calendars: bool = False) -> Page:
    """The page of lists alone, as a build writes it."""
    with open_warehouse(settings, read_only=True) as warehouse:
        names = facility_names(warehouse)
        with warehouse.reading(lambda: published_places(warehouse)):
            lacks = unavailable_by_table(warehouse, load_params())
            reading = read(warehouse, names, lacks)
    pages = Pages(folder, AS_OF, reading.as_of)
    limits = load_params().deal_queue
    page_of_lists.write(pages, reading, limits, has_calendars=has_calendars)
    return Built(folder).page("lists.html")


@pytest.fixture(scope="module")
def open_work(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two breaches, three tickets with time left, two stale deals; as of 2024-03-01."""
    settings = settings_in(tmp_path_factory.mktemp("lists"))
    with open_warehouse(settings) as warehouse:
        store(warehouse, facilities=FACILITIES, tickets=TICKETS, leads=LEADS)
        refresh(warehouse, ["ticket_queue", "deal_queue"], as_of=AS_OF)
    return settings


@pytest.fixture(scope="module")
def page(open_work: Settings, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of the open work."""
    return lists_page(open_work, tmp_path_factory.mktemp("page"))


def test_the_most_urgent_come_first(page: Page) -> None:
    words = page.words
    # t1: answer due 2024-02-01 20:00; t2: resolution due 16:00, 8 hours ago.
    assert (
        "t1 684.0 h Site 2 low 2024-02-01 12:00 2024-02-01 20:00 breached 2024-02-06 12:00 "
        "breached \u2013 t2 12.0 h Site 10 critical 2024-02-29 12:00 2024-02-29 13:00 met "
        "2024-02-29 16:00 breached \u2013"
    ) in words.replace("\u00a0", " ")
    order = [words.index(f" {ticket} ") for ticket in ("t4", "t3", "t5")]
    assert order == sorted(order)  # 1.5, 2 and 72 hours left
    stale = words.replace("\u00a0", " ")
    assert "l2 51.0 d Site 2 ben opportunity 2,500.50 625.13 2024-01-10 00:00 60.0 d" in stale
    assert words.index(" l2 ") < words.index(" l1 ")
    for gone in (" l3 ", " l4 "):
        assert gone not in words


def test_each_list_says_how_many_they_are_and_as_of_when(page: Page) -> None:
    words = page.words
    assert "Open breaches (2)" in words
    assert "Due next (3)" in words
    assert "Stale deals (2)" in words
    assert "nobody has touched for more than 30 days" in words
    assert "deal_queue as of 2024-03-01 00:00 UTC" in words


def test_the_order_is_told_to_those_who_cannot_see_it(page: Page) -> None:
    titles = [given for tag, given in page.reader.tags if tag == "th"]
    assert [given["aria-sort"] for given in titles if "aria-sort" in given] == [
        "descending",
        "ascending",
        "descending",
    ]


def test_a_row_is_named_by_its_ticket_or_lead(page: Page) -> None:
    scopes = [given.get("scope") for tag, given in page.reader.tags if tag == "th"]
    assert scopes.count("row") == 7  # two breaches, three with time left, two stale deals
    assert None not in scopes


def test_a_long_list_says_what_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_lists, "MAX_ROWS", 2)
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        store(warehouse, facilities=FACILITIES, tickets=TICKETS)
        refresh(warehouse, ["ticket_queue"], as_of=AS_OF)
    words = lists_page(settings, tmp_path).words
    assert "Due next (3)" in words
    assert (
        "Here are the first 2 of 3; crm-ibis show ticket_queue --where \"sla_state = 'pending'\" "
        "--limit 3 shows the other 1 too."
    ) in words
    assert " t5 " not in words
    assert "deal_queue is not published yet; crm-ibis refresh deal_queue publishes it" in words


def test_with_calendars_the_time_left_says_what_it_counts(
    open_work: Settings, page: Page, tmp_path: Path
) -> None:
    said = "Time left counts only while the calendar of a ticket is open"
    assert lists_page(open_work, tmp_path, has_calendars=True).words.count(said) == 1
    assert said not in page.words


def test_an_empty_list_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        store(warehouse, tickets="id | created_at\nt1 | 2024-02-29 23:00")
        refresh(warehouse, ["ticket_queue", "deal_queue"], as_of=datetime(2024, 2, 1))
    words = lists_page(settings, tmp_path).words
    assert "No ticket is open and past a target." in words
    assert "No open lead has been left alone for that long." in words


def test_a_paused_ticket_is_marked(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        pauses = "ticket_id | paused_at | resumed_at\nt4 | 2024-02-29 23:45 | -"
        store(warehouse, facilities=FACILITIES, tickets=TICKETS, ticket_pauses=pauses)
        refresh(warehouse, ["ticket_queue"], as_of=AS_OF)
    words = lists_page(settings, tmp_path).words
    # It was not answered yet, and pauses leave the response's clock alone.
    assert "2024-03-01 01:30 pending \u2013 pending paused t3 " in words
    assert words.count(" paused ") == 1


def test_a_list_without_sources_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as warehouse:
        store(warehouse, facilities=FACILITIES, tickets=TICKETS)
        refresh(warehouse, ["ticket_queue"], as_of=AS_OF)
    (tmp_path / "sources.yml").write_text("sources: {tickets: absent}")
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(tmp_path / "sources.yml"))
    words = lists_page(settings, tmp_path).words
    assert "ticket_queue is as it was last published: its sources are absent" in words


def test_lists_are_found_by_search(site: Built) -> None:
    assert '["Due next","list","lists.html#due-next"' in site.texts["assets/search.js"]


@pytest.mark.e2e
def test_a_list_is_sorted_by_any_column(browser: Any, open_work: Settings, tmp_path: Path) -> None:
    built = build_site(open_work, tmp_path / "out")
    browser.get(f"{(built.folder / 'lists.html').resolve().as_uri()}")

    def first(column: int) -> list[str]:
        rows = browser.find_elements(By.CSS_SELECTOR, "#due-next tbody tr")
        return [row.find_elements(By.CSS_SELECTOR, "th, td")[column].text for row in rows]

    titles = browser.find_elements(By.CSS_SELECTOR, "#due-next th")
    assert first(0) == ["t4", "t3", "t5"]
    button = titles[2].find_element(By.TAG_NAME, "button")
    button.send_keys(Keys.ENTER)
    assert first(2) == ["Site 2", "Site 10", "Site 10"]
    assert titles[2].get_attribute("aria-sort") == "ascending"
    assert titles[1].get_attribute("aria-sort") is None
    button.send_keys(Keys.ENTER)
    assert first(2) == ["Site 10", "Site 10", "Site 2"]
    titles[3].find_element(By.TAG_NAME, "button").click()
    assert first(3) == ["high", "medium", "low"]  # by urgency, not by name
