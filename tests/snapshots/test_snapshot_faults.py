"""Whatever goes wrong in a merge, and whoever merges at the same time, a history stays whole."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from merging import after_the_first_write
from stored import analytics, another_session, leftovers, raw, read_all, runs

from crm_ibis.config.settings import Settings
from crm_ibis.errors import DatabaseError
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse, open_warehouse

pytestmark = pytest.mark.e2e

HIRING, ARCHIVE = "pipeline_kpi_snapshot", "pipeline_kpi_snapshot_archive"
SCRIPT = Path(__file__).with_name("merging.py")
ZONES = Path("/usr/share/zoneinfo")
BEGIN, HIRED, FIRST, SECOND = (
    datetime(2022, 1, 10),
    datetime(2022, 2, 10),
    datetime(2024, 3, 1),
    datetime(2024, 3, 2),
)
BEFORE = [("f1", 0, BEGIN, HIRED), ("f1", 1, HIRED, None), ("f2", 0, BEGIN, None)]
AFTER = [
    ("f1", 0, BEGIN, HIRED),  # in the archive
    ("f1", 1, HIRED, FIRST),
    ("f1", 2, FIRST, None),
    ("f2", 0, BEGIN, None),
]
STEPS = ["after the first write", "just before the commit"]
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)


def prepare(warehouse: Warehouse) -> None:
    """A history of two merges, BEFORE, and a publication that it does not know of yet."""
    store(
        warehouse,
        facilities="id\nf1\nf2",
        applications="""
            id | facility_id | status  | created_at | hired_at
            a1 | f1          | hired   | 2022-01-05 | 2022-02-01
            a2 | f1          | pending | 2022-01-06 | -
            a3 | f2          | pending | 2022-01-07 | -
        """,
    )
    refresh(warehouse, ["pipeline_kpis"], as_of=BEGIN, snapshot=True)
    refresh(warehouse, ["pipeline_kpis"], as_of=HIRED, snapshot=True)
    hire(warehouse, "a2")
    refresh(warehouse, ["pipeline_kpis"], as_of=FIRST)
    assert versions(warehouse) == BEFORE


def hire(warehouse: Warehouse, application: str) -> None:
    warehouse.run(
        f"UPDATE {raw(warehouse, 'applications')} SET status = 'hired', "
        f"hired_at = TIMESTAMP '2024-01-01' WHERE id = '{application}'"
    )


def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """The history and its archive."""
    return sorted(
        (
            row
            for name in {HIRING, ARCHIVE} & warehouse.tables(warehouse.analytics)
            for row in warehouse.fetch(
                "SELECT facility_id, hired_count, valid_from, valid_to "
                f"FROM {analytics(warehouse, name)}"
            )
        ),
        key=str,
    )


def states(warehouse: Warehouse) -> list[str]:
    """How the runs after those of `prepare` ended."""
    return [run["state"] for run in runs(warehouse)][3:]


@contextmanager
def process(
    settings: Settings, what: str, when: str, at: str, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A process that merges; killed if it does not end by itself."""
    names = [HIRING if what == "record" else "pipeline_kpis"]
    place = [settings.database_url, settings.raw_schema, settings.analytics_schema]
    with subprocess.Popen(
        [sys.executable, SCRIPT, what, when, *place, at, *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()


def result(started: subprocess.Popen[str]) -> dict[str, Any]:
    """What a process says that its merge did, zeros left out; lets it go on if it pauses."""
    output, errors = started.communicate("\n", timeout=60)
    assert started.returncode == 0, errors
    (merged,) = json.loads(output.splitlines()[-1])
    return {kind: value for kind, value in merged.items() if value}


def test_two_merges_at_once_come_one_after_the_other(settings: Settings) -> None:
    """One in a process that stops in the middle, one in this process."""
    with open_warehouse(settings) as warehouse:
        prepare(warehouse)
    with process(settings, "record", "paused after the first write", str(SECOND)) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "paused\n"
        with (
            pytest.raises(DatabaseError, match=f"process {first.pid}"),
            open_warehouse(replace(settings, lock_timeout=0.2)) as impatient,
        ):
            record(impatient, [HIRING])
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:

            def go_on() -> tuple[Any, ...]:
                time.sleep(0.7)
                return (None, result(first))

            going_on = pool.submit(go_on)
            with open_warehouse(replace(settings, lock_timeout=30)) as patient:
                (second,) = record(patient, [HIRING], as_of=SECOND).merged
                assert time.monotonic() - began > 0.7
                assert going_on.result()[1] == {"changed": 1, "archived": 1}
                assert (second.refused, second.new, second.changed) == (None, 0, 0)
                assert versions(patient) == AFTER
                assert states(patient) == ["succeeded", "succeeded"]


def test_a_process_killed_in_a_merge_changes_nothing(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse:
        prepare(warehouse)
        before = read_all(warehouse)
    for step in STEPS if warehouse.dialect == "duckdb" else STEPS[:1]:
        with process(settings, "record", f"killed {step}", str(SECOND)) as killed:
            _, errors = killed.communicate(timeout=60)
            assert killed.returncode == -signal.SIGKILL, errors
        with open_warehouse(settings) as warehouse:
            assert read_all(warehouse) == before
            assert states(warehouse)[-1] == "running"
    with open_warehouse(settings) as warehouse:
        (merged,) = record(warehouse, [HIRING], as_of=SECOND).merged
        assert (merged.refused, merged.changed, merged.archived) == (None, 1, 1)
        assert versions(warehouse) == AFTER
        *abandoned, last = states(warehouse)
        assert (set(abandoned), last) == ({"abandoned"}, "succeeded")
        assert leftovers(warehouse) == []


@on_postgres
def test_a_lost_connection_changes_nothing(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse, another_session(warehouse) as query:
        prepare(warehouse)
        before = read_all(warehouse)
        ((backend,),) = warehouse.fetch("SELECT pg_backend_pid()")

        def cut() -> None:
            query(f"SELECT pg_terminate_backend({backend}, 5000)")

        warehouse.run = after_the_first_write(warehouse, cut)  # type: ignore[method-assign]
        with pytest.raises(DatabaseError, match="connection was lost"):
            record(warehouse, [HIRING], as_of=SECOND)
    with open_warehouse(settings) as warehouse:
        assert read_all(warehouse) == before
        assert states(warehouse) == ["running"]
        record(warehouse, [HIRING], as_of=SECOND)
        assert versions(warehouse) == AFTER
        assert states(warehouse) == ["abandoned", "succeeded"]
        assert leftovers(warehouse) == []


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process in another time zone."""
    monkeypatch.setenv("TZ", "America/New_York")
    monkeypatch.setenv("PGTZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not ZONES.exists(), reason="this machine knows no time zones")
def test_instants_are_utc_in_any_time_zone(settings: Settings, behind: None) -> None:
    """Another process is most of a day ahead of this one by the clock on its wall."""
    ahead = "Pacific/Kiritimati"
    assert datetime.now().astimezone().utcoffset() in (timedelta(hours=-5), timedelta(hours=-4))
    with open_warehouse(settings) as warehouse:
        prepare(warehouse)
    began = clock.now()
    with process(settings, "refresh", "at once", "now", TZ=ahead, PGTZ=ahead) as first:
        assert result(first)["changed"] == 1
    between = clock.now()
    with open_warehouse(settings) as warehouse:
        hire(warehouse, "a3")
        (second,) = refresh(warehouse, ["pipeline_kpis"], snapshot=True).merged
        assert (second.refused, second.changed) == (None, 1)
        *first_three, ended, now = versions(warehouse)
        assert first_three == AFTER[:3]
        assert (ended[:3], now[:2], now[3]) == (("f2", 0, BEGIN), ("f2", 1), None)
        assert between < now[2] == ended[3] < clock.now()
        first_run, second_run = runs(warehouse)[3:]
        assert began < first_run["as_of"] < between < second_run["as_of"] == now[2]
