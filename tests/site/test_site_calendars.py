"""The site says by which calendars tickets are judged, and shows business time where they are."""

from pathlib import Path

import pytest
from built import AS_OF, Built, Page, settings_in

from crm_ibis.config.params import load_params
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.data.reading import facility_names, published_places, read
from crm_ibis.site.data.unavailable import unavailable_by_table
from crm_ibis.site.pages import scorecard
from crm_ibis.site.pages.renderer import Pages
from crm_ibis.site.pages.sla_clocks import paused_tickets, sla_clocks
from crm_ibis.testing import assuming, store
from crm_ibis.warehouse import open_warehouse

OFFICE = """
calendars:
  office:
    time_zone: Europe/Zurich
    hours:
      mon: ["08:00-12:00", "13:00-17:30"]
      tue: ["08:00-12:00", "13:00-17:30"]
      wed: ["08:00-12:00"]
      fri: ["08:00-24:00"]
    holidays: {country: CH, subdivision: ZH}
    closed: [2024-12-24]
    open: {2024-01-13: ["09:00-12:30"], 2024-01-06: []}
default_calendar: office
sla: {critical: {response: 1, resolution: 4, calendar: always}}
"""
TICKETS = """
id | priority | created_at          | first_response_at   | resolved_at
t1 | high     | 2024-02-26 11:30:00 | 2024-02-26 12:30:00 | 2024-02-26 13:30:00
t2 | high     | 2024-02-27 16:00:00 | -                   | -
"""
"""t1, on a Monday: opened at 12:30 local time, half an hour before the office opens again at
13:00; answered at 13:30 and resolved at 14:30."""


def scorecard_page(folder: Path, said: str) -> Page:
    """The scorecard alone, as a build writes it."""
    params = assuming(said) if said else load_params()
    settings = settings_in(folder)
    with open_warehouse(settings) as warehouse:
        pauses = "ticket_id | paused_at | resumed_at\nt2 | 2024-02-27 16:10 | -"
        store(warehouse, tickets=TICKETS, ticket_pauses=pauses)
        refresh(warehouse, ["ticket_sla_compliance", "ticket_queue"], as_of=AS_OF, params=params)
    with open_warehouse(settings, read_only=True) as warehouse:
        names = facility_names(warehouse)
        with warehouse.reading(lambda: published_places(warehouse)):
            lacks = unavailable_by_table(warehouse, params)
            reading = read(warehouse, names, lacks, of_calendars=bool(params.calendars))
    scorecard.write(Pages(folder, AS_OF, reading.as_of), reading, params)
    return Built(folder).page()


def test_business_time_stands_beside_that_of_the_wall(tmp_path: Path) -> None:
    page = scorecard_page(tmp_path, OFFICE)
    assert "Targets count the time of calendars: critical tickets by always" in page.words
    assert "1 open ticket is paused: its resolution clock stands still." in page.words
    figures = {figure["name"] for figure in page.data()["figures"]}
    assert {"first-response-business-times", "resolution-business-spread"} <= figures
    assert "first-response-times" in figures
    assert "first-response-spread" not in figures  # its target is business time
    business = page.data()["tables"]["business_times"]
    wall = page.data()["tables"]["tickets"]
    assert business["median_first_response_business_hours"] == [0.5]
    assert business["median_resolution_business_hours"] == [1.5]
    assert wall["median_first_response_hours"] == [1]
    assert wall["median_resolution_hours"] == [2]


def test_without_calendars_nothing_of_this_is_shown(tmp_path: Path) -> None:
    page = scorecard_page(tmp_path, "")
    assert "calendar" not in page.words
    figures = {figure["name"] for figure in page.data()["figures"]}
    assert {"first-response-spread", "first-response-times"} <= figures
    assert not [name for name in figures if "business" in name]
    assert "business_times" not in page.data()["tables"]


def test_calendars_are_put_into_words() -> None:
    assert sla_clocks(assuming(OFFICE)) == [
        "Targets count the time of calendars: critical tickets by always (around the clock); high, "
        "medium and low tickets by the calendar of their facility, else by office.",
        "office: Europe/Zurich; Mon-Tue 08:00-12:00, 13:00-17:30, Wed 08:00-12:00, "
        "Fri 08:00-24:00; closed on public holidays of CH (ZH) and on 2024-12-24; hours of their "
        "own: 2024-01-06 and 2024-01-13.",
    ]
    assert sla_clocks(load_params()) == []


@pytest.mark.parametrize(
    ("paused", "words"),
    [
        (None, []),
        (0, []),
        (1, ["1 open ticket is paused: its resolution clock stands still."]),
        (1200, ["1,200 open tickets are paused: their resolution clocks stand still."]),
    ],
)
def test_paused_tickets_are_counted(paused: int | None, words: list[str]) -> None:
    assert paused_tickets(paused) == words
