"""Channels hear of a ticket that has little time left once, by routes that say how little."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from channels import Channels
from jobs_at_work import AT, carry_out, current, execute, log_run, planned, quiet
from receivers import HttpSink

from crm_ibis.config import project as content
from crm_ibis.config.declarations import jobs
from crm_ibis.config.settings import Settings
from crm_ibis.errors import UsageError
from crm_ibis.metrics import catalog, graph
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import store
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

NOON = datetime(2024, 3, 2, 12)
SOON = datetime(2024, 3, 2, 12, 1)
"""When the watch looks: no table is late."""
ROUTES = """
alerts:
  - {events: [due_soon], due_within: {critical: 1h}, to: [pager]}
  - {events: [due_soon], due_within: {critical: 2h, high: 90min}, to: [chat]}
"""
TICKETS = """
id    | priority | created_at          | first_response_at   | resolved_at
half  | critical | 2024-03-02 08:30:00 | 2024-03-02 08:40:00 | -
hour  | critical | 2024-03-02 09:00:00 | 2024-03-02 09:10:00 | -
late  | critical | 2024-03-02 07:00:00 | 2024-03-02 07:10:00 | -
done  | critical | 2024-03-02 08:30:00 | 2024-03-02 08:40:00 | 2024-03-02 09:00:00
reply | high     | 2024-03-02 11:00:00 | -                   | -
day   | high     | 2024-03-02 11:00:00 | 2024-03-02 11:10:00 | -
"""
"""At noon: half has half an hour of its four left, hour exactly one hour, reply one of the two for
a first response, day 23 of 24; late missed its target."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / content.MARK).write_text('made_with: "0.2.0"\n', encoding="utf-8")
    (folder / "jobs.yml").write_text(ROUTES, encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_HOME", str(folder))
    catalog.forget()
    yield folder
    catalog.forget()


@pytest.fixture
def heard(project: Path, sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> Channels:
    return Channels(sink, monkeypatch)


def publish(settings: Settings, tickets: str | None = None, at: datetime = NOON) -> None:
    with open_warehouse(settings) as warehouse:
        if tickets:
            store(warehouse, tickets=tickets)
        refresh(warehouse, ["ticket_queue"], as_of=at, report=quiet)
    log_run(settings, f"all at {at}", graph.kpi_functions(), at)


def told(channels: Channels) -> dict[str, list[str]]:
    """The lines about tickets that each channel took since the last call."""
    return {
        message.channel: [line for line in message.text.splitlines() if " left: " in line]
        for message in channels.messages()
    }


def test_each_channel_hears_once_of_tickets_with_less_than_its_time(
    settings: Settings, heard: Channels
) -> None:
    publish(settings, TICKETS)
    watch(settings, quiet, SOON)
    assert told(heard) == {
        "pager": ["critical, less than 1h left: half"],
        "chat": [
            "critical, less than 2h left: half, hour",
            "high, less than 90min left: reply",
        ],
    }
    watch(settings, quiet, SOON)
    assert told(heard) == {}
    publish(settings, at=NOON + timedelta(seconds=1))
    watch(settings, quiet, SOON)
    assert told(heard) == {"pager": ["critical, less than 1h left: hour"]}


def test_a_message_names_ids_and_no_facility(settings: Settings, heard: Channels) -> None:
    publish(settings, TICKETS)
    watch(settings, quiet, SOON)
    (message,) = [message for message in heard.messages() if message.channel == "pager"]
    assert message.title == "crm_ibis: ticket half is due soon"
    assert message.text == "critical, less than 1h left: half"


def test_an_answered_ticket_is_not_told_again_of_its_resolution(
    settings: Settings, heard: Channels
) -> None:
    """Once per ticket: reply is due again at 11:00 of the next day; day, for the first time."""
    publish(settings, TICKETS)
    watch(settings, quiet, SOON)
    told(heard)
    execute(
        settings,
        "UPDATE {raw}.tickets SET first_response_at = TIMESTAMP '2024-03-02 12:10:00' "
        "WHERE id = 'reply'",
    )
    publish(settings, at=datetime(2024, 3, 3, 10))
    watch(settings, quiet, datetime(2024, 3, 3, 10, 1))
    assert told(heard) == {"chat": ["high, less than 90min left: day"]}


def test_a_ticket_that_left_the_queue_and_is_open_again_is_told_again(
    settings: Settings, heard: Channels
) -> None:
    publish(settings, TICKETS)
    watch(settings, quiet, SOON)
    told(heard)
    closed = (
        "UPDATE {raw}.tickets SET resolved_at = TIMESTAMP '2024-03-02 12:00:00' WHERE id = 'half'"
    )
    execute(settings, closed)
    publish(settings, at=SOON)
    watch(settings, quiet, SOON)
    assert "ticket half" not in [incident.table for incident in current(settings)]
    execute(settings, "UPDATE {raw}.tickets SET resolved_at = NULL WHERE id = 'half'")
    publish(settings, at=SOON + timedelta(minutes=1))
    watch(settings, quiet, SOON)
    assert told(heard)["chat"] == ["critical, less than 2h left: half"]


def test_a_channel_that_could_not_be_reached_is_told_the_next_time(
    settings: Settings, heard: Channels
) -> None:
    publish(settings, TICKETS)
    heard.break_down("pager")
    watch(settings, quiet, SOON)
    assert set(told(heard)) == {"chat"}
    heard.mend("pager")
    watch(settings, quiet, SOON)
    assert told(heard) == {"pager": ["critical, less than 1h left: half"]}


def test_the_memory_outlasts_a_day_of_watching(settings: Settings, heard: Channels) -> None:
    publish(settings, TICKETS)
    watch(settings, quiet, SOON)
    told(heard)
    execute(
        settings,
        "UPDATE {meta}.alerts SET told_at = told_at - INTERVAL '3 days' WHERE event = 'due_soon'",
    )
    watch(settings, quiet, SOON)
    watch(settings, quiet, SOON)
    assert told(heard) == {}


def test_a_long_list_names_twenty_tickets(duckdb_settings: Settings, heard: Channels) -> None:
    rows = "\n".join(f"t{n:02}" for n in range(23))
    publish(duckdb_settings, f"id\n{rows}", NOON)
    with open_warehouse(duckdb_settings) as warehouse:
        warehouse.run(
            f"UPDATE {warehouse.analytics}.ticket_queue "
            "SET priority = 'critical', sla_state = 'pending', hours_left = 0.5"
        )
    watch(duckdb_settings, quiet, SOON)
    (line,) = told(heard)["pager"]
    assert line.startswith("critical, less than 1h left: t00, t01, ")
    assert line.endswith(", t19 and 3 more")


def test_the_job_that_publishes_the_queue_tells_at_once(
    settings: Settings, heard: Channels
) -> None:
    began = AT - timedelta(hours=3, minutes=30)
    made = f"{began:%Y-%m-%d %H:%M:%S} | {began + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"
    with open_warehouse(settings) as warehouse:
        store(
            warehouse,
            tickets="id | priority | created_at | first_response_at | resolved_at\n"
            f"t1 | critical | {made} | -",
        )
    carry_out(settings, replace(planned("ticket_sla"), flow_run=None))
    assert told(heard)["pager"] == ["critical, less than 1h left: t1"]


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("{events: [due_soon], to: [chat]}", "needs `due_within`, such as {high: 2h}"),
        ("{events: [late], due_within: {high: 1h}, to: [chat]}", "goes with the event due_soon"),
        (
            "{events: [due_soon], due_within: {hihg: 1h}, to: [chat]}",
            'hihg: unknown key (did you mean "high"?)',
        ),
        (
            "{events: [due_soon], due_within: {high: 0h}, to: [chat]}",
            "must be longer than 0 and at most 10 years",
        ),
        (
            "{events: [due_son], due_within: {high: 1h}, to: [chat]}",
            '"due_son" is not known (did you mean "due_soon"?)',
        ),
    ],
)
def test_a_wrong_route_is_refused_with_its_place(project: Path, route: str, words: str) -> None:
    (project / "jobs.yml").write_text(f"alerts:\n  - {route}\n", encoding="utf-8")
    catalog.forget()
    with pytest.raises(UsageError) as refused:
        jobs()
    assert words in str(refused.value)
    assert "jobs.yml, line 1" in str(refused.value)
