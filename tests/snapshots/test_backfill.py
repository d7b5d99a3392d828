"""Backfill: the history that running on those days would have left, and nothing published."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from reports import into
from stored import analytics, another_session, leftovers, raw, read_all, runs

from crm_ibis.config import project
from crm_ibis.config.declarations import snapshots
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.events import ProgressEvent
from crm_ibis.publishing.backfill import backfill, instants_between
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog.publications import publications
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse, open_warehouse

HIRING, FUNNEL = "pipeline_kpi_snapshot", "conversion_funnel_snapshot"
ACTIVITY, TICKETS = "rep_activity_snapshot", "ticket_sla_snapshot"
JAN_20, JAN_23, FEB_10, MAR_20 = (
    datetime(2024, month, day) for month, day in ((1, 20), (1, 23), (2, 10), (3, 20))
)

MOVING = {
    "leads": "id | rep_id | created_at\nl1 | r1 | 2024-01-22",
    # The first is nobody's until there is its lead; the second is nobody's, and entered late.
    "outreach": """
        id | lead_id | rep_id | sent_at    | created_at
        o1 | l1      | -      | 2024-01-10 | 2024-01-10
        o2 | -       | -      | 2024-01-12 | 2024-02-20
    """,
    # Answered in time; to be solved within 120 hours.
    "tickets": """
        id | priority | created_at       | first_response_at
        t1 | low      | 2024-01-19 20:00 | 2024-01-19 21:00
    """,
    "applications": """
        id | status | created_at | hired_at
        a1 | hired  | 2024-01-05 | 2024-02-01
        a2 | hired  | 2024-01-06 | 2024-03-01
    """,
}
"""What as_of alone makes appear, change, disappear and come back."""


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A project with snapshots of rep_activity_by_channel and of a fact, kept for 20 days."""
    for part in ("schemas", "flows"):
        shutil.copytree(
            project.path(part), tmp_path / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    with (tmp_path / "schemas" / "snapshots.yml").open("a", encoding="utf-8") as file:
        file.write(f"{ACTIVITY}: rep_activity_by_channel\n{TICKETS}: ticket_sla\n")
    with (tmp_path / "flows" / "jobs.yml").open("a", encoding="utf-8") as file:
        file.write(
            f'  more:\n    snapshot: [{ACTIVITY}, {TICKETS}]\n    schedule: "0 5 * * *"\n'
            "    retention_days: 20\n"
        )
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path))
    contracts.cache_clear()
    histories.cache_clear()
    yield [ACTIVITY, TICKETS]
    contracts.cache_clear()
    histories.cache_clear()


@pytest.fixture
def twin(settings: Settings) -> Iterator[Warehouse]:
    """The same sources, with another schema for what is published and recorded."""
    other = replace(settings, analytics_schema=f"{settings.analytics_schema}_twin")
    with open_warehouse(other) as opened:
        yield opened
        for schema in (opened.analytics, opened.meta):
            opened.run(f"DROP SCHEMA IF EXISTS {opened.quote(schema)} CASCADE")


def run_on(warehouse: Warehouse, day: datetime, names: list[str]) -> None:
    """What the jobs of a day do."""
    refresh(warehouse, [snapshots()[name].kpi for name in names], as_of=day)
    assert record(warehouse, names, as_of=day).refused == []


def recorded(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """All snapshots and archives, with all columns."""
    return {name: rows for name, rows in read_all(warehouse).items() if "_snapshot" in name}


def versions(warehouse: Warehouse, name: str, *columns: str) -> list[tuple[Any, ...]]:
    table = analytics(warehouse, name)
    found = warehouse.fetch(f"SELECT {', '.join(columns)}, valid_from, valid_to FROM {table}")
    return sorted(found, key=str)


@pytest.mark.e2e
def test_a_backfill_leaves_what_the_days_would_have_left(
    warehouse: Warehouse, twin: Warehouse, more: list[str]
) -> None:
    store(warehouse, **MOVING)
    days = [JAN_20, JAN_23, MAR_20]
    for day in days:
        refresh(twin, [snapshots()[name].kpi for name in more], as_of=day, snapshot=True)
    recordings = backfill(warehouse, [JAN_23, *days[::-1], JAN_20], more)

    assert [recording.as_of for recording in recordings] == days
    assert [recording.refused for recording in recordings] == [[]] * 3
    assert recorded(warehouse) == recorded(twin)
    assert set(recorded(warehouse)) == {ACTIVITY, f"{ACTIVITY}_archive", TICKETS}
    assert versions(warehouse, ACTIVITY, "rep_id", "total_outreach") == [
        ("r1", 1, JAN_23, None),
        ("unassigned", 1, MAR_20, None),
    ]
    assert versions(warehouse, f"{ACTIVITY}_archive", "rep_id", "total_outreach") == [
        ("unassigned", 1, JAN_20, JAN_23)
    ]
    # hours_left is volatile: it was 116 at first, and was corrected in place.
    assert versions(warehouse, TICKETS, "sla_state", "hours_left") == [
        ("breached", None, MAR_20, None),
        ("pending", 44.0, JAN_20, MAR_20),
    ]

    before = recorded(warehouse)
    assert set(before) == warehouse.tables(warehouse.analytics)
    assert publications(warehouse) == {}
    assert backfill(warehouse, [MAR_20], more)[0].refused == []
    assert recorded(warehouse) == before
    assert {(run["command"], run["state"]) for run in runs(warehouse)} == {
        ("backfill", "succeeded")
    }
    assert leftovers(warehouse) == []


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_backfill_goes_on_where_the_jobs_ended(warehouse: Warehouse, twin: Warehouse) -> None:
    load_seeds(warehouse)
    names = [HIRING, FUNNEL]
    for day in (JAN_20, FEB_10):
        run_on(twin, day, names)
    run_on(warehouse, JAN_20, names)
    published = publications(warehouse)
    before = {kpi: rows for kpi, rows in read_all(warehouse).items() if kpi in published}
    backfill(warehouse, [FEB_10], names)

    assert recorded(warehouse) == recorded(twin)
    assert publications(warehouse) == published
    assert {kpi: rows for kpi, rows in read_all(warehouse).items() if kpi in published} == before


def test_a_date_within_a_history_is_refused_before_anything_is_computed(
    warehouse: Warehouse,
) -> None:
    store(warehouse, **MOVING)
    for day in (JAN_20, FEB_10):
        refresh(warehouse, ["pipeline_kpis"], as_of=day, snapshot=True)
    before = read_all(warehouse)
    lines: list[str] = []
    (recording,) = backfill(warehouse, [MAR_20, JAN_23], [FUNNEL, HIRING], report=into(lines))

    assert recording.as_of == JAN_23
    assert lines == []
    assert read_all(warehouse) == before
    refused = {merge.snapshot: merge.refused for merge in recording.refused}
    assert refused[HIRING] == (
        f"{HIRING} was not merged as of {JAN_23}: it knows what held from {JAN_20} to {FEB_10}, "
        "and a history grows at its ends, never in the middle; give instants before "
        f"{JAN_20}, or from {FEB_10} on"
    )
    assert f"as {HIRING} refused it" in (refused[FUNNEL] or "")
    last = runs(warehouse)[-1]
    assert (last["command"], last["state"]) == ("backfill", "failed")
    assert str(FEB_10) in last["error"]


def test_what_was_recorded_before_a_refusal_stays(warehouse: Warehouse, more: list[str]) -> None:
    # Of 20 channels 11 are nobody's only until there is a lead, which is more than half.
    lines = [f"o{n} | {'l1' if n < 11 else '-'} | - | c{n} | 2024-01-10" for n in range(20)]
    outreach = "\n".join(["id | lead_id | rep_id | channel | sent_at", *lines])
    store(warehouse, leads=MOVING["leads"], outreach=outreach)
    first, second = backfill(warehouse, [JAN_20, FEB_10, MAR_20], [ACTIVITY])
    assert (first.refused, second.as_of) == ([], FEB_10)
    assert "11 of its 20" in (second.refused[0].refused or "")
    assert {row[1:] for row in versions(warehouse, ACTIVITY, "channel")} == {(JAN_20, None)}

    (again,) = backfill(warehouse, [FEB_10], [ACTIVITY], allow_mass_close=True)
    assert again.refused == []
    found = [row[1:] for row in versions(warehouse, ACTIVITY, "channel")]
    assert found.count((JAN_20, FEB_10)) == found.count((FEB_10, None)) == 11
    assert found.count((JAN_20, None)) == 9


def test_a_broken_source_stops_a_backfill(warehouse: Warehouse) -> None:
    store(warehouse, **MOVING)
    table = raw(warehouse, "applications")
    with another_session(warehouse) as query:

        def spoil(event: ProgressEvent) -> None:
            if event.kind == "merged" and str(event).startswith(str(FEB_10)):
                query(f"UPDATE {table} SET status = 'gone' WHERE id = 'a2'")

        with pytest.raises(ChecksFailed, match="status is one of"):
            backfill(warehouse, [JAN_20, FEB_10, MAR_20], [HIRING], report=spoil)
        expected = [(0, JAN_20, FEB_10), (1, FEB_10, None)]
        assert versions(warehouse, HIRING, "hired_count") == expected
        assert [run["state"] for run in runs(warehouse)] == ["succeeded", "succeeded", "failed"]
        assert leftovers(warehouse) == []

        query(f"UPDATE {table} SET status = 'hired'")
    backfill(warehouse, [FEB_10, MAR_20], [HIRING])
    assert versions(warehouse, HIRING, "hired_count") == [
        (0, JAN_20, FEB_10),
        (1, FEB_10, MAR_20),
        (2, MAR_20, None),
    ]


def test_no_dates_are_no_runs(warehouse: Warehouse) -> None:
    assert backfill(warehouse, []) == []
    assert warehouse.tables(warehouse.meta) == set()


@pytest.mark.parametrize(
    ("every", "last", "expected"),
    [
        ("day", datetime(2024, 2, 2, 9), ["01-31 10", "02-01 10"]),
        ("week", datetime(2024, 2, 14, 10), ["01-31 10", "02-07 10", "02-14 10"]),
        ("month", datetime(2024, 4, 30, 10), ["01-31 10", "02-29 10", "03-31 10", "04-30 10"]),
        ("month", datetime(2024, 1, 30), []),
    ],
)
def test_the_instants_of_a_range(every: str, last: datetime, expected: list[str]) -> None:
    found = instants_between(datetime(2024, 1, 31, 10), last, every)
    assert [f"{moment:%m-%d %H}" for moment in found] == expected
    assert all((moment.minute, moment.second) == (0, 0) for moment in found)


@pytest.mark.parametrize(
    ("zone", "first", "every", "expected"),
    [
        # Midnights of New York: summer time from 10 March on.
        ("America/New_York", "2024-02-01 05", "month", ["02-01 05", "03-01 05", "04-01 04"]),
        ("America/New_York", "2024-03-09 05", "day", ["03-09 05", "03-10 05", "03-11 04"]),
        ("America/New_York", "2024-03-05 05", "week", ["03-05 05", "03-12 04", "03-19 04"]),
        # Six in the morning in Zurich: summer time from 31 March on.
        ("Europe/Zurich", "2024-01-31 05", "month", ["01-31 05", "02-29 05", "03-31 04"]),
        # 1 October 2023 began at 01:00 in Paraguay, and the days after at midnight.
        ("America/Asuncion", "2023-10-01 04", "day", ["10-01 04", "10-02 03", "10-03 03"]),
    ],
)
def test_the_instants_of_a_range_are_those_of_the_reporting_zone(
    zone: str, first: str, every: str, expected: list[str]
) -> None:
    begin = datetime.fromisoformat(first)
    found = instants_between(begin, begin + timedelta(days=80), every, zone)
    assert [f"{moment:%m-%d %H}" for moment in found[:3]] == expected
    assert all((moment.minute, moment.second) == (0, 0) for moment in found)
