"""The log of runs: what it says while a run works, and after it succeeded, failed or was killed."""

import json
import os
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import pytest
from stored import another_session, raw, read_all, runs

from crm_ibis import __version__
from crm_ibis.config.params import load_params
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.errors import DatabaseError, DataError
from crm_ibis.events import ProgressEvent
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock, layout
from crm_ibis.runlog import log as runlog
from crm_ibis.runlog.publications import active_run, publications
from crm_ibis.runlog.summaries import failures
from crm_ibis.testing import assuming, store
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)
A_MINUTE = timedelta(minutes=1)


def meta(warehouse: Warehouse, name: str) -> str:
    return warehouse.quote(warehouse.meta, name)


def logged_tables(warehouse: Warehouse, run_id: str) -> dict[str, dict[str, Any]]:
    """What the log says about the tables of a run."""
    table = warehouse.table(warehouse.meta, "run_tables")
    return {row["table_name"]: row for row in warehouse.rows(table.filter(table.run_id == run_id))}


def test_a_run_is_visible_to_others_while_it_works(seeded: Warehouse) -> None:
    seen: list[tuple[Any, ...]] = []
    with another_session(seeded) as query:

        def look(event: ProgressEvent) -> None:
            seen.extend(query(f"SELECT state, finished_at, tables FROM {meta(seeded, 'runs')}"))

        refresh(seeded, ["revenue_kpis"], as_of=AS_OF, report=look)
        assert set(seen) == {("running", None, "revenue_kpis")}
        assert query(f"SELECT state FROM {meta(seeded, 'runs')}") == [("succeeded",)]


def test_a_success_says_what_ran_when_and_with_what(seeded: Warehouse) -> None:
    before = clock.now()
    result = refresh(seeded, ["revenue_kpis", "ticket_sla"], as_of=AS_OF)
    (run,) = runs(seeded)
    assert run["run_id"] == result.run_id
    assert (run["command"], run["state"], run["error"]) == ("refresh", "succeeded", None)
    assert before <= run["started_at"] <= run["finished_at"] <= clock.now()
    assert run["as_of"] == AS_OF
    assert run["tables"] == "revenue_kpis,ticket_sla"
    assert run["program_version"] == __version__
    assert f"process {os.getpid()}" in run["started_by"]
    assert json.loads(run["params"]) == load_params().model_dump(mode="json")

    tables = logged_tables(seeded, result.run_id or "")
    assert {name for name, row in tables.items() if row["kind"] == "published"} == {
        "revenue_kpis",
        "ticket_sla",
    }
    assert {name for name, row in tables.items() if row["kind"] == "source"} == {
        "applications",
        "facilities",
        "invoices",
        "tickets",
    }
    sla = tables["ticket_sla"]
    assert (sla["row_count"], sla["new_rows"], sla["changed_rows"], sla["gone_rows"]) == (
        10,
        10,
        0,
        0,
    )
    assert sla["checks"] > 10
    assert sla["seconds"] > 0
    assert json.loads(sla["warnings"]) == []


def test_the_newest_publication_of_each_table_is_known(seeded: Warehouse) -> None:
    refresh(seeded, ["revenue_kpis", "ticket_sla"], as_of=AS_OF)
    later = refresh(seeded, ["ticket_sla"], as_of=AS_OF + A_MINUTE)
    refresh(seeded, ["ticket_sla"], as_of=AS_OF + 2 * A_MINUTE, dry_run=True)
    published = publications(seeded)
    assert {name: entry["as_of"] for name, entry in published.items()} == {
        "revenue_kpis": AS_OF,
        "ticket_sla": AS_OF + A_MINUTE,
    }
    assert published["ticket_sla"]["run_id"] == later.run_id
    assert published["ticket_sla"]["rows"] == 10


def test_nothing_is_known_before_the_first_run(warehouse: Warehouse) -> None:
    assert publications(warehouse) == {}
    assert failures(warehouse) == []
    assert active_run(warehouse) == "another run"


def test_a_failure_is_logged_with_its_message_after_the_rollback(seeded: Warehouse) -> None:
    seeded.run(f"UPDATE {raw(seeded, 'tickets')} SET priority = 'urgent' WHERE id = 'tick_003'")
    with pytest.raises(ChecksFailed) as failed:
        refresh(seeded, ["revenue_kpis", "ticket_sla"], as_of=AS_OF)
    assert seeded.tables(seeded.analytics) == set()
    (run,) = runs(seeded)
    assert run["state"] == "failed"
    assert run["error"] == str(failed.value)
    assert "priority is one of critical, high, medium, low" in run["error"]
    assert "id=tick_003" in run["error"]
    assert run["finished_at"] >= run["started_at"]
    assert logged_tables(seeded, run["run_id"]) == {}
    (failure,) = failures(seeded)
    assert failure.tables == ("revenue_kpis", "ticket_sla")
    assert failure.error == run["error"]
    assert [(check.table, check.keys) for check in failure.broken] == [
        ("tickets", ("id=tick_003",))
    ]


def test_a_run_that_somebody_stopped_is_logged_and_is_no_failure(
    seeded: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runlog, "succeed", interrupt)
    with pytest.raises(KeyboardInterrupt):
        refresh(seeded, ["revenue_kpis"], as_of=AS_OF)
    (run,) = runs(seeded)
    assert (run["state"], run["error"]) == ("cancelled", "KeyboardInterrupt")
    assert seeded.tables(seeded.analytics) == set()


def test_private_values_do_not_get_into_the_log(warehouse: Warehouse) -> None:
    store(
        warehouse,
        applications="id | candidate_id | status\na1 | secret | gone\na1 | secret | gone",
    )
    with pytest.raises(ChecksFailed):
        refresh(warehouse, ["pipeline_kpis"], as_of=AS_OF)
    (run,) = runs(warehouse)
    assert "status is one of" in run["error"]
    assert "secret" not in str(run)


def test_a_long_message_is_cut(seeded: Warehouse) -> None:
    runlog.prepare(seeded)
    run_id = runlog.start(seeded, "refresh", AS_OF, ["revenue_kpis"], load_params())
    runlog.fail(seeded, run_id, "x" * 100_000)
    (run,) = runs(seeded)
    assert len(run["error"]) <= 4000


def test_a_run_that_was_killed_is_marked_by_the_next_one(seeded: Warehouse) -> None:
    runlog.prepare(seeded)
    killed = runlog.start(seeded, "refresh", AS_OF, ["revenue_kpis"], load_params())
    assert killed in active_run(seeded)
    refresh(seeded, ["ticket_sla"], as_of=AS_OF)
    first, second = runs(seeded)
    assert (first["run_id"], first["state"]) == (killed, "abandoned")
    assert first["finished_at"] >= first["started_at"]
    assert "killed" in first["error"]
    assert second["state"] == "succeeded"
    (failure,) = failures(seeded)
    assert failure.run_id == killed


def layout_version(warehouse: Warehouse) -> int:
    ((version,),) = warehouse.fetch(f"SELECT version FROM {meta(warehouse, 'layout')}")
    return version


def test_a_layout_of_a_newer_version_is_refused(seeded: Warehouse) -> None:
    refresh(seeded, ["revenue_kpis"], as_of=AS_OF)
    seeded.run(f"UPDATE {meta(seeded, 'layout')} SET version = 99")
    before, log = read_all(seeded), runs(seeded)
    with pytest.raises(DataError, match="newer version of crm-ibis") as refused:
        refresh(seeded, ["revenue_kpis"], as_of=AS_OF + A_MINUTE)
    assert seeded.meta in str(refused.value)
    assert "99" in str(refused.value)
    assert read_all(seeded) == before
    assert runs(seeded) == log


def test_an_older_layout_is_upgraded_and_keeps_its_rows(
    seeded: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(seeded, ["revenue_kpis"], as_of=AS_OF)
    version = layout_version(seeded)
    assert version == len(layout.LAYOUTS)
    newer = [*layout.LAYOUTS, ["ALTER TABLE {meta}.runs ADD COLUMN note TEXT"]]
    monkeypatch.setattr(layout, "LAYOUTS", newer)
    refresh(seeded, ["revenue_kpis"], as_of=AS_OF + A_MINUTE)
    assert layout_version(seeded) == version + 1
    assert [(run["state"], run["note"]) for run in runs(seeded)] == [("succeeded", None)] * 2
    refresh(seeded, ["revenue_kpis"], as_of=AS_OF + 2 * A_MINUTE)
    assert layout_version(seeded) == version + 1


def test_an_upgrade_that_fails_changes_nothing(
    seeded: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(seeded, ["revenue_kpis"], as_of=AS_OF)
    version = layout_version(seeded)
    broken = [
        "ALTER TABLE {meta}.runs ADD COLUMN note TEXT",
        "ALTER TABLE {meta}.nothing ADD COLUMN note TEXT",
    ]
    monkeypatch.setattr(layout, "LAYOUTS", [*layout.LAYOUTS, broken])
    with pytest.raises(DatabaseError, match="nothing"):
        refresh(seeded, ["revenue_kpis"], as_of=AS_OF + A_MINUTE)
    assert layout_version(seeded) == version
    (run,) = runs(seeded)
    assert "note" not in run


def test_a_run_with_holidays_keeps_the_version_they_are_from(seeded: Warehouse) -> None:
    params = assuming(
        """
        calendars:
          office:
            time_zone: Europe/Zurich
            hours: {mon: ["08:00-17:00"], tue: ["08:00-17:00"]}
            holidays: {country: CH}
        """
    )
    refresh(seeded, ["ticket_sla"], as_of=AS_OF, params=params)
    refresh(seeded, ["ticket_sla"], as_of=AS_OF)
    assert [run["holidays_version"] for run in runs(seeded)] == [version("holidays"), None]
