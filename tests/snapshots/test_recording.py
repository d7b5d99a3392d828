"""Runs that merge snapshots: which, what they tell, what they log, and what a refusal leaves."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from reports import into
from stored import analytics, leftovers, raw, read_all, runs

from crm_ibis.config.settings import Settings
from crm_ibis.errors import DataError, UsageError
from crm_ibis.history import reader
from crm_ibis.operations.status import statuses
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock
from crm_ibis.runlog.publications import publications
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

FIRST = datetime(2024, 3, 1)
SECOND = datetime(2024, 3, 2)
THIRD = datetime(2024, 3, 3)
JANUARY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)
HIRING, FUNNEL, HEALTH = (
    "pipeline_kpi_snapshot",
    "conversion_funnel_snapshot",
    "health_score_snapshot",
)
KPIS = {HIRING: "pipeline_kpis", FUNNEL: "conversion_funnel", HEALTH: "health_scores"}
VALIDITY = ("valid_from", "valid_to")
SMALL = {
    "leads": "id | stage\nl1 | lead",
    "applications": "id | status | hired_at\na1 | hired | 2024-03-01 12:00",
}
"""One lead, and one applicant who is hired between FIRST and SECOND."""


def recorded(warehouse: Warehouse, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of a snapshot's table, in order."""
    table = analytics(warehouse, name)
    return sorted(warehouse.fetch(f"SELECT {', '.join(columns)} FROM {table}"), key=str)


def logged(warehouse: Warehouse) -> dict[str, tuple[str, int, int, int, int]]:
    """Kind, rows, and new, changed and gone rows of each snapshot in the newest run."""
    log = warehouse.table(warehouse.meta, "run_tables")
    newest = runs(warehouse)[-1]["run_id"]
    columns = ("kind", "row_count", "new_rows", "changed_rows", "gone_rows")
    return {
        row["table_name"]: tuple(row[c] for c in columns)
        for row in warehouse.rows(log.filter(log.run_id == newest))
        if row["table_name"] in KPIS
    }


def many(warehouse: Warehouse, facilities: int = 20) -> None:
    """A lead, and an applicant in each of many facilities."""
    ids = [f"f{n}" for n in range(1, facilities + 1)]
    applications = "\n".join(f"a{n} | {name}" for n, name in enumerate(ids))
    store(
        warehouse,
        facilities="\n".join(["id", *ids]),
        leads="id\nl1",
        applications=f"id | facility_id\n{applications}",
    )


def leave(warehouse: Warehouse, applicants: int) -> None:
    """Deletes applicants, one in each facility, from the source."""
    ids = ", ".join(f"'a{n}'" for n in range(applicants))
    warehouse.run(f"DELETE FROM {raw(warehouse, 'applications')} WHERE id IN ({ids})")


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_refresh_merges_snapshots_of_what_it_published_only(warehouse: Warehouse) -> None:
    store(warehouse, **SMALL)
    # combined_kpis needs pipeline_kpis, which is computed and not published.
    result = refresh(warehouse, ["combined_kpis"], as_of=FIRST, snapshot=True)
    assert (result.merged, result.refused) == ([], [])
    names = ["conversion_funnel", "pipeline_kpis"]
    refresh(warehouse, names, as_of=FIRST, snapshot=True, dry_run=True)
    assert warehouse.tables(warehouse.analytics) == {"combined_kpis"}

    result = refresh(warehouse, names, as_of=SECOND, snapshot=True)
    assert {merge.snapshot for merge in result.merged} == {FUNNEL, HIRING}
    assert HEALTH not in warehouse.tables(warehouse.analytics)
    assert logged(warehouse) == {FUNNEL: ("snapshot", 4, 4, 0, 0), HIRING: ("snapshot", 1, 1, 0, 0)}
    assert recorded(warehouse, HIRING, "valid_from", "valid_to") == [(SECOND, None)]


def test_a_refused_instant_does_not_undo_the_publication(warehouse: Warehouse) -> None:
    store(warehouse, **SMALL)
    refresh(warehouse, ["pipeline_kpis"], as_of=SECOND, snapshot=True)
    before = recorded(warehouse, HIRING, "*")
    result = refresh(warehouse, ["pipeline_kpis"], as_of=FIRST, snapshot=True, force=True)

    (refused,) = result.refused
    assert refused.snapshot == HIRING
    assert str(SECOND) in (refused.refused or "")
    assert recorded(warehouse, HIRING, "*") == before
    (row,) = read(warehouse, "pipeline_kpis")
    assert (row["hired_count"], row["updated_at"]) == (0, FIRST)
    last = runs(warehouse)[-1]
    assert (last["state"], last["error"]) == ("succeeded", refused.refused)
    assert logged(warehouse)[HIRING][0] == "refused"
    assert publications(warehouse)["pipeline_kpis"]["as_of"] == FIRST
    assert leftovers(warehouse) == []


def test_a_mass_deletion_is_published_and_not_recorded(warehouse: Warehouse) -> None:
    many(warehouse, facilities=40)
    refresh(warehouse, ["pipeline_kpis"], as_of=FIRST, snapshot=True)
    leave(warehouse, 20)  # 50 %, which is the most
    assert refresh(warehouse, ["pipeline_kpis"], as_of=SECOND, snapshot=True).refused == []
    leave(warehouse, 31)  # 11 of 20
    result = refresh(
        warehouse, ["pipeline_kpis"], as_of=THIRD, snapshot=True, allow_mass_removal=True
    )
    assert [merge.snapshot for merge in result.refused] == [HIRING]
    assert len(read(warehouse, "pipeline_kpis")) == 9
    ends = [end for (end,) in recorded(warehouse, HIRING, "valid_to")]
    assert (ends.count(SECOND), ends.count(None)) == (20, 20)

    (merged,) = record(warehouse, [HIRING], as_of=THIRD, allow_mass_close=True).merged
    assert (merged.refused, merged.gone, merged.current) == (None, 11, 9)
    ends = [end for (end,) in recorded(warehouse, HIRING, "valid_to")]
    assert (ends.count(SECOND), ends.count(THIRD), ends.count(None)) == (20, 11, 9)


def test_one_refused_snapshot_does_not_stop_the_others(warehouse: Warehouse) -> None:
    many(warehouse)
    refresh(warehouse, ["pipeline_kpis", "conversion_funnel"], as_of=FIRST, snapshot=True)
    leave(warehouse, 11)
    warehouse.run(f"UPDATE {raw(warehouse, 'leads')} SET stage = 'sql', updated_at = created_at")
    refresh(
        warehouse, ["pipeline_kpis", "conversion_funnel"], as_of=SECOND, allow_mass_removal=True
    )
    lines: list[str] = []
    recording = record(warehouse, [HIRING, FUNNEL], as_of=THIRD, report=into(lines))

    assert {merge.snapshot: bool(merge.refused) for merge in recording.merged} == {
        HIRING: True,
        FUNNEL: False,
    }
    assert [merge.snapshot for merge in recording.refused] == [HIRING]
    assert any(HIRING in line and "refused" in line for line in lines)
    assert recorded(warehouse, HIRING, "valid_to") == [(None,)] * 20
    changed = {("sql", 0, FIRST, SECOND), ("sql", 1, SECOND, None)}
    columns = ("funnel_stage", "stage_count", "valid_from", "valid_to")
    assert changed <= set(recorded(warehouse, FUNNEL, *columns))

    last = runs(warehouse)[-1]
    assert (last["run_id"], last["command"]) == (recording.run_id, "snapshot")
    assert (last["state"], last["error"]) == ("failed", recording.refused[0].refused)
    assert "11 of its 20" in last["error"]
    assert {name: kind for name, (kind, *_) in logged(warehouse).items()} == {
        HIRING: "refused",
        FUNNEL: "snapshot",
    }
    log = warehouse.table(warehouse.meta, "run_tables")
    (warnings,) = warehouse.rows(log.filter(log.kind == "refused").select("warnings"))
    assert json.loads(warnings["warnings"]) == [last["error"]]
    assert leftovers(warehouse) == []


def test_a_name_given_twice_is_merged_once(warehouse: Warehouse) -> None:
    store(warehouse, **SMALL)
    refresh(warehouse, ["pipeline_kpis"], as_of=FIRST)
    recording = record(warehouse, [HIRING, HIRING], as_of=SECOND)
    assert [merge.snapshot for merge in recording.merged] == [HIRING]
    assert (runs(warehouse)[-1]["tables"], recording.as_of) == (HIRING, SECOND)
    # What held since its publication, not since it was recorded.
    assert recorded(warehouse, HIRING, "valid_from", "hired_count") == [(FIRST, 0)]


def test_only_what_is_published_by_then_can_be_recorded(warehouse: Warehouse) -> None:
    assert len(record(warehouse, as_of=FIRST).refused) == 3
    store(warehouse, **SMALL)
    refresh(warehouse, ["conversion_funnel"], as_of=SECOND)
    before = read_all(warehouse)
    (refused,) = record(warehouse, [FUNNEL], as_of=FIRST).refused
    assert f"{SECOND}, which is after {FIRST}" in (refused.refused or "")
    assert read_all(warehouse) == before
    (refused,) = record(warehouse, [FUNNEL, HIRING], as_of=THIRD).refused
    assert refused.snapshot == HIRING
    assert "pipeline_kpis is not published yet" in (refused.refused or "")
    assert [run["state"] for run in runs(warehouse)] == ["failed", "succeeded", "failed", "failed"]
    assert record(warehouse, [FUNNEL], as_of=SECOND).refused == []


def test_an_unfit_history_undoes_no_publication_and_stops_no_other(warehouse: Warehouse) -> None:
    store(warehouse, **SMALL)
    refresh(warehouse, ["conversion_funnel", "pipeline_kpis"], as_of=FIRST, snapshot=True)
    history = warehouse.quote(warehouse.analytics, HIRING)
    warehouse.run(f"ALTER TABLE {history} ALTER COLUMN hired_count TYPE DOUBLE PRECISION")
    result = refresh(warehouse, ["conversion_funnel", "pipeline_kpis"], as_of=SECOND, snapshot=True)
    assert [merge.snapshot for merge in result.refused] == [HIRING]
    assert "hired_count" in (result.refused[0].refused or "")
    assert publications(warehouse)["pipeline_kpis"]["as_of"] == SECOND


def test_days_filled_in_after_they_were_published_are_accepted_once(warehouse: Warehouse) -> None:
    store(warehouse, **SMALL)
    refresh(warehouse, ["pipeline_kpis"], as_of=FIRST)
    morning = FIRST + timedelta(hours=6)
    backfill(warehouse, [morning], [HIRING])
    # Published at midnight, seen by the history in the morning: updated_at went back.
    (refused,) = record(warehouse, [HIRING], as_of=THIRD).refused
    assert f"crm-ibis snapshot {HIRING} --allow-earlier" in (refused.refused or "")
    assert record(warehouse, [HIRING], as_of=THIRD, allow_earlier=True).refused == []
    assert recorded(warehouse, HIRING, "valid_from", "valid_to", "updated_at") == [
        (morning, None, FIRST)
    ]
    assert record(warehouse, [HIRING], as_of=THIRD).refused == []


def test_wrong_names_and_instants_of_the_future_are_usage_errors(warehouse: Warehouse) -> None:
    store(warehouse, **SMALL)
    later = clock.now() + timedelta(hours=1)
    with pytest.raises(UsageError, match=f'did you mean "{HIRING}"'):
        record(warehouse, ["pipeline_kpis_snapshot"])
    with pytest.raises(UsageError, match=f'did you mean "{HEALTH}"'):
        backfill(warehouse, [FIRST], ["health_scores_snapshot"])
    with pytest.raises(UsageError, match="in the future"):
        record(warehouse, as_of=later)
    with pytest.raises(UsageError, match="in the future"):
        backfill(warehouse, [FIRST, later])
    with pytest.raises(UsageError, match="in the future"):
        refresh(warehouse, ["pipeline_kpis"], as_of=later, snapshot=True)
    with pytest.raises(DataError, match="nothing is recorded"):
        reader.as_it_stood(warehouse, HIRING, FIRST)
    assert warehouse.tables(warehouse.analytics) | warehouse.tables(warehouse.meta) == set()


def test_the_status_of_a_kpi_is_that_of_its_publications(warehouse: Warehouse) -> None:
    many(warehouse)
    names = ["pipeline_kpis", "conversion_funnel"]
    result = refresh(warehouse, names, as_of=FIRST, snapshot=True)
    before = publications(warehouse)
    assert set(before) == set(names)
    record(warehouse, [HIRING, FUNNEL], as_of=SECOND)
    backfill(warehouse, [THIRD], [HIRING])
    leave(warehouse, 11)
    assert backfill(warehouse, [THIRD + timedelta(days=1)], [HIRING])[0].refused
    assert runs(warehouse)[-1]["state"] == "failed"

    assert publications(warehouse) == before
    found = {status.table: status for status in statuses(warehouse)}
    for name in (HIRING, FUNNEL):
        assert (found[name].as_of, found[name].state) == (SECOND, "published")
    for name in names:
        status = found[name]
        assert (status.as_of, status.failing, status.last_error) == (FIRST, False, None)
    assert before["pipeline_kpis"]["run_id"] == result.run_id


def test_an_instant_with_a_zone_is_the_same_instant(warehouse: Warehouse) -> None:
    store(warehouse, **SMALL)
    zone = timezone(timedelta(hours=14))
    first, second = (datetime(2024, 3, day, 14, tzinfo=zone) for day in (1, 2))
    refresh(warehouse, ["pipeline_kpis"], as_of=first, snapshot=True)
    assert record(warehouse, [HIRING], as_of=second).as_of == SECOND
    (recording,) = backfill(warehouse, [second, SECOND], [HIRING])
    assert recording.as_of == SECOND
    columns = ("hired_count", "valid_from", "valid_to")
    assert recorded(warehouse, HIRING, *columns) == [(0, FIRST, SECOND), (1, SECOND, None)]
    for at, hired in ((first, 0), (second - timedelta(microseconds=1), 0), (second, 1)):
        (row,) = warehouse.rows(reader.as_it_stood(warehouse, HIRING, at))
        assert row["hired_count"] == hired
    earlier = first - timedelta(microseconds=1)
    assert warehouse.rows(reader.as_it_stood(warehouse, HIRING, earlier)) == []


@pytest.fixture
def both(
    duckdb_settings: Settings, postgres_settings: Settings
) -> Iterator[tuple[Warehouse, Warehouse]]:
    with open_warehouse(duckdb_settings) as duckdb, open_warehouse(postgres_settings) as postgres:
        yield duckdb, postgres


@pytest.mark.e2e
def test_the_seeds_are_recorded_alike_on_both_databases(both: tuple[Warehouse, ...]) -> None:
    found = []
    for warehouse in both:
        load_seeds(warehouse)
        result = refresh(warehouse, KPIS.values(), as_of=FIRST, snapshot=True)
        assert {merge.snapshot: (merge.current, merge.new) for merge in result.merged} == {
            HIRING: (4, 4),
            FUNNEL: (32, 32),  # 2 facilities with 2 reps each, 2 months, 4 stages
            HEALTH: (4, 4),
        }
        columns = ("facility_id", "month", "health_status", "updated_at", "valid_from", "valid_to")
        assert recorded(warehouse, HEALTH, *columns) == [
            ("fac_001", JANUARY, "excellent", FIRST, FIRST, None),
            ("fac_001", FEBRUARY, "excellent", FIRST, FIRST, None),
            ("fac_002", JANUARY, "good", FIRST, FIRST, None),
            ("fac_002", FEBRUARY, "fair", FIRST, FIRST, None),
        ]
        published = {kpi: read(warehouse, kpi) for kpi in KPIS.values()}
        applications, leads = raw(warehouse, "applications"), raw(warehouse, "leads")
        warehouse.run(f"DELETE FROM {applications} WHERE facility_id = 'fac_002'")
        warehouse.run(f"UPDATE {leads} SET rep_id = 'rep_9' WHERE id = 'lead_001'")
        names = ["pipeline_kpis", "conversion_funnel"]
        refresh(warehouse, names, as_of=SECOND, snapshot=True)
        for name, kpi in KPIS.items():
            stood = warehouse.rows(reader.as_it_stood(warehouse, name, FIRST))
            rows = [{c: v for c, v in row.items() if c not in VALIDITY} for row in stood]
            assert sorted(rows, key=str) == sorted(published[kpi], key=str)
        tables = [warehouse.rows(reader.versions(warehouse, name)) for name in KPIS]
        found.append([sorted(map(str, rows)) for rows in tables])
    assert found[0] == found[1]
