"""A machine whose clock is ahead: refused, and what it published before that is taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from reports import into
from stored import analytics, raw, runs

from crm_ibis.config.declarations import get_job
from crm_ibis.errors import DataError
from crm_ibis.operations import jobs
from crm_ibis.operations.outcomes import JobRun
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock
from crm_ibis.runlog.publications import publications
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

KPI, SNAPSHOT = "pipeline_kpis", "pipeline_kpi_snapshot"
AHEAD = timedelta(hours=2)


@contextmanager
def set_clock(
    monkeypatch: pytest.MonkeyPatch, ahead: timedelta, checked: bool = True
) -> Iterator[None]:
    """This machine's clock is ahead, and nobody notices where it is not `checked`."""
    right = clock.now
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: right() + ahead)
        if not checked:
            patched.setattr(clock, "refuse_clock_ahead", lambda warehouse: None)
        yield


def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    table = analytics(warehouse, SNAPSHOT)
    return sorted(
        warehouse.fetch(f"SELECT facility_id, pending_count, valid_from, valid_to FROM {table}"),
        key=str,
    )


@pytest.fixture
def ahead(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> tuple[Warehouse, datetime]:
    """A KPI recorded an hour ago, then published and recorded by a clock two hours ahead.

    Meanwhile an applicant of f1 came, the one of f2 went, and f3 got one.
    """
    store(
        warehouse,
        facilities="id\nf1\nf2\nf3",
        applications="id | facility_id | created_at\na1 | f1 | 2024-01-05\na2 | f2 | 2024-01-05",
    )
    before = clock.now() - timedelta(hours=1)
    refresh(warehouse, [KPI], as_of=before, snapshot=True)
    table = raw(warehouse, "applications")
    warehouse.run(f"UPDATE {table} SET facility_id = 'f3' WHERE id = 'a2'")
    warehouse.run(f"UPDATE {table} SET status = 'interview' WHERE id = 'a1'")
    with set_clock(monkeypatch, AHEAD, checked=False):
        refresh(warehouse, [KPI], snapshot=True)
    return warehouse, before


def test_more_than_a_minute_ahead_is_refused(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(warehouse, applications="id\na1")
    with set_clock(monkeypatch, timedelta(seconds=90)):
        for start in (
            lambda: refresh(warehouse, [KPI]),
            lambda: refresh(warehouse, [KPI], dry_run=True),
            lambda: refresh(warehouse, [KPI], as_of=datetime(2024, 3, 1), force=True),
            lambda: record(warehouse),
            lambda: backfill(warehouse, [datetime(2024, 3, 1)]),
        ):
            with pytest.raises(DataError, match="more than a minute ahead of the database's"):
                start()
    assert warehouse.tables(warehouse.analytics) | warehouse.tables(warehouse.meta) == set()
    with set_clock(monkeypatch, timedelta(seconds=30)):
        refresh(warehouse, [KPI])
    assert [run["state"] for run in runs(warehouse)] == ["succeeded"]


def test_force_clears_what_was_published_as_of_the_future(
    ahead: tuple[Warehouse, datetime],
) -> None:
    warehouse, _ = ahead
    assert publications(warehouse)[KPI]["as_of"] > clock.now() + timedelta(hours=1)
    with pytest.raises(DataError, match=f"in the future.*crm-ibis refresh {KPI} --force"):
        refresh(warehouse, [KPI])
    job = get_job("supporting_kpis").model_copy(update={"refresh": [KPI]})
    run = JobRun("supporting_kpis", job, clock.now())
    with pytest.raises(DataError, match="a clock was ahead"):
        jobs.attempt(warehouse.settings, run, 1, lambda line: None)

    forced = refresh(warehouse, [KPI], force=True)
    published = publications(warehouse)[KPI]
    assert (published["run_id"], published["as_of"]) == (forced.run_id, forced.as_of)
    assert {row["updated_at"] for row in read(warehouse, KPI)} == {forced.as_of}
    assert all(run["finished_at"] <= clock.now() for run in runs(warehouse))
    refresh(warehouse, [KPI])


def test_a_history_takes_back_what_it_recorded_of_the_future(
    ahead: tuple[Warehouse, datetime],
) -> None:
    warehouse, before = ahead
    future = clock.now() + timedelta(hours=1)
    assert [row[3] is not None and row[3] > future for row in versions(warehouse)] == [
        False,
        True,  # f1 changed
        True,  # f2 is gone
        False,
    ]
    (refused,) = record(warehouse, [SNAPSHOT]).refused
    assert f"First run crm-ibis refresh {KPI} --force" in (refused.refused or "")
    refresh(warehouse, [KPI], force=True)
    (refused,) = record(warehouse, [SNAPSHOT]).refused
    assert f"crm-ibis snapshot {SNAPSHOT} --undo-future" in (refused.refused or "")
    (within,) = backfill(warehouse, [before + timedelta(minutes=1)], [SNAPSHOT])
    assert "--undo-future" in (within.refused[0].refused or "")

    lines: list[str] = []
    recording = record(warehouse, [SNAPSHOT], undo_future=True, report=into(lines))
    assert recording.refused == []
    # Two versions deleted, two that ended later current again.
    assert f"{SNAPSHOT}: took back 4 versions of the future" in lines
    changed = read(warehouse, KPI)[0]["updated_at"]
    assert versions(warehouse) == [
        ("f1", 0, changed, None),
        ("f1", 1, before, changed),
        ("f2", 1, before, recording.as_of),
        ("f3", 1, changed, None),
    ]
    assert record(warehouse, [SNAPSHOT], undo_future=True).refused == []
    assert len(versions(warehouse)) == 4


def test_archived_versions_are_taken_back_too(ahead: tuple[Warehouse, datetime]) -> None:
    warehouse, before = ahead
    current, archive = (analytics(warehouse, name) for name in (SNAPSHOT, f"{SNAPSHOT}_archive"))
    warehouse.run(f"CREATE TABLE {archive} AS SELECT * FROM {current} WHERE facility_id = 'f2'")
    warehouse.run(f"DELETE FROM {current} WHERE facility_id = 'f2'")
    refresh(warehouse, [KPI], force=True)
    recording = record(warehouse, [SNAPSHOT], undo_future=True)
    assert recording.refused == []
    assert ("f2", 1, before, recording.as_of) in versions(warehouse)
    assert warehouse.fetch(f"SELECT count(*) FROM {archive}") == [(0,)]
