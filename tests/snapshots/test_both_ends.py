"""A backfill of instants before the first known one: a history grows at both ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from reports import into
from stored import analytics, leftovers, raw, read_all, runs
from test_backfill import (
    ACTIVITY,
    FEB_10,
    FUNNEL,
    HIRING,
    JAN_20,
    JAN_23,
    MAR_20,
    MOVING,
    TICKETS,
    more,
    twin,
    versions,
)

from crm_ibis.config.declarations import snapshots
from crm_ibis.history import reader
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse

POSTGRES_IS_SLOW = True

__all__ = ["more", "twin"]

DAY = timedelta(days=1)
HIRES = {
    # Hired by 1 February and by 1 March; the facility f2 has an applicant from 15 February on.
    "facilities": "id\nf1\nf2",
    "applications": """
        id | facility_id | status | created_at | hired_at
        a1 | f1          | hired  | 2024-01-05 | 2024-02-01
        a2 | f1          | hired  | 2024-01-06 | 2024-03-01
        a3 | f2          | hired  | 2024-02-15 | 2024-03-01
    """,
}


def stood(warehouse: Warehouse, name: str, at: datetime) -> list[tuple[Any, ...]]:
    """What held at an instant, whichever versions say so; volatile values aside."""
    aside = {"updated_at", "valid_from", "valid_to", "hours_left"}
    rows = warehouse.rows(reader.as_it_stood(warehouse, name, at))
    return sorted((tuple(v for c, v in row.items() if c not in aside) for row in rows), key=str)


@pytest.mark.e2e
def test_earlier_dates_leave_what_the_days_would_have_left(
    warehouse: Warehouse, twin: Warehouse, more: list[str]
) -> None:
    store(warehouse, **MOVING)
    kpis = [snapshots()[name].kpi for name in more]
    for day in (JAN_20, JAN_23, MAR_20):
        refresh(twin, kpis, as_of=day, snapshot=True)
    refresh(warehouse, kpis, as_of=MAR_20, snapshot=True)
    known = {name: versions(warehouse, name, "*") for name in more}
    recordings = backfill(warehouse, [JAN_23, JAN_20], more)

    assert [recording.as_of for recording in recordings] == [JAN_23, JAN_20]
    assert [recording.refused for recording in recordings] == [[]] * 2
    for name in more:
        assert set(known[name]) <= set(versions(warehouse, name, "*"))
        for at in (JAN_20 - DAY, JAN_20, JAN_23 - DAY, JAN_23, FEB_10, MAR_20):
            assert stood(warehouse, name, at) == stood(twin, name, at), (name, at)
    # Nobody's until there was its lead, then r1's; nobody's again by 20 March.
    assert versions(warehouse, ACTIVITY, "rep_id", "total_outreach") == [
        ("r1", 1, JAN_23, MAR_20),
        ("r1", 1, MAR_20, None),
        ("unassigned", 1, JAN_20, JAN_23),
        ("unassigned", 1, MAR_20, None),
    ]
    # One version of the two days, as nothing but hours_left differs.
    assert versions(warehouse, TICKETS, "sla_state", "updated_at") == [
        ("breached", MAR_20, MAR_20, None),
        ("pending", JAN_20, JAN_20, MAR_20),
    ]
    assert leftovers(warehouse) == []


def test_both_ends_grow_in_one_backfill_and_merges_go_on(warehouse: Warehouse) -> None:
    store(warehouse, **HIRES)
    refresh(warehouse, ["pipeline_kpis"], as_of=FEB_10, snapshot=True)
    recordings = backfill(warehouse, [JAN_20, JAN_23, datetime(2024, 3, 2)], [HIRING])
    assert [r.as_of for r in recordings] == [JAN_23, JAN_20, datetime(2024, 3, 2)]
    assert [r.refused for r in recordings] == [[], [], []]
    expected = [
        # As of 20 and 23 January nobody is hired; one is by 10 February, both by 2 March.
        ("f1", 0, JAN_20, FEB_10),
        ("f1", 1, FEB_10, datetime(2024, 3, 2)),
        ("f1", 2, datetime(2024, 3, 2), None),
        ("f2", 1, datetime(2024, 3, 2), None),
    ]
    assert versions(warehouse, HIRING, "facility_id", "hired_count") == expected
    refresh(warehouse, ["pipeline_kpis"], as_of=MAR_20)
    assert record(warehouse, [HIRING], as_of=MAR_20).refused == []
    assert stood(warehouse, HIRING, JAN_23)[0][:1] == ("f1",)


def test_a_row_that_the_first_merge_did_not_find_ends_at_that_merge(warehouse: Warehouse) -> None:
    store(warehouse, **HIRES)
    refresh(warehouse, ["pipeline_kpis"], as_of=FEB_10, snapshot=True)
    # Somebody takes f1's applicants away, and enters another one of f2.
    table = raw(warehouse, "applications")
    warehouse.run(f"UPDATE {table} SET facility_id = 'f2', created_at = '2024-01-05'")
    backfill(warehouse, [JAN_20], [HIRING])
    assert versions(warehouse, HIRING, "facility_id", "pending_count") == [
        ("f1", 1, FEB_10, None),
        ("f2", 3, JAN_20, FEB_10),
    ]


def test_a_row_ends_where_its_first_known_version_begins(warehouse: Warehouse) -> None:
    store(warehouse, **HIRES)
    # Published on three days before the first merge: f1 is known from 10 February on, f2, whose
    # row has changed on 2 March, from then on.
    second = datetime(2024, 3, 2)
    warehouse.run(
        f"UPDATE {raw(warehouse, 'applications')} SET created_at = '2024-01-06' WHERE id = 'a3'"
    )
    warehouse.run(f"DELETE FROM {raw(warehouse, 'applications')} WHERE id = 'a2'")
    refresh(warehouse, ["pipeline_kpis"], as_of=FEB_10)
    refresh(warehouse, ["pipeline_kpis"], as_of=second)
    record(warehouse, [HIRING], as_of=MAR_20)
    assert versions(warehouse, HIRING, "facility_id", "hired_count") == [
        ("f1", 1, FEB_10, None),
        ("f2", 1, second, None),
    ]
    (recording,) = backfill(warehouse, [JAN_23], [HIRING])
    assert recording.refused == []
    assert versions(warehouse, HIRING, "facility_id", "hired_count") == [
        ("f1", 0, JAN_23, FEB_10),
        ("f1", 1, FEB_10, None),
        ("f2", 0, JAN_23, second),
        ("f2", 1, second, None),
    ]


def test_an_archived_version_is_known_too(warehouse: Warehouse, more: list[str]) -> None:
    store(warehouse, **MOVING)
    for day in (JAN_20, JAN_23, MAR_20):
        refresh(warehouse, ["rep_activity_by_channel"], as_of=day, snapshot=True)
    archive = f"{ACTIVITY}_archive"
    assert versions(warehouse, archive, "rep_id") == [("unassigned", JAN_20, JAN_23)]
    (within,) = backfill(warehouse, [JAN_20 + DAY], [ACTIVITY])
    assert f"from {JAN_20} to {MAR_20}" in (within.refused[0].refused or "")
    (recording,) = backfill(warehouse, [JAN_20 - DAY], [ACTIVITY])
    assert recording.refused == []
    assert versions(warehouse, archive, "rep_id") == [("unassigned", JAN_20, JAN_23)]
    assert ("unassigned", JAN_20 - DAY, JAN_20) in versions(warehouse, ACTIVITY, "rep_id")
    # It goes to the archive with the next merge, as it ended long ago.
    refresh(warehouse, ["rep_activity_by_channel"], as_of=MAR_20 + DAY, snapshot=True)
    assert versions(warehouse, archive, "rep_id") == [
        ("unassigned", JAN_20 - DAY, JAN_20),
        ("unassigned", JAN_20, JAN_23),
    ]


def test_histories_of_different_ages_are_recorded_one_by_one(warehouse: Warehouse) -> None:
    store(warehouse, **MOVING)
    refresh(warehouse, ["pipeline_kpis"], as_of=JAN_20, snapshot=True)
    refresh(warehouse, ["conversion_funnel"], as_of=MAR_20, snapshot=True)
    before = read_all(warehouse)
    (recording,) = backfill(warehouse, [FEB_10], [HIRING, FUNNEL])
    assert len(recording.refused) == 2
    assert "one by one, with --snapshot" in (recording.refused[0].refused or "")
    assert read_all(warehouse) == before
    for name in (HIRING, FUNNEL):
        assert backfill(warehouse, [FEB_10], [name])[0].refused == []


def test_a_date_is_recorded_in_all_snapshots_or_in_none(
    warehouse: Warehouse, more: list[str]
) -> None:
    # Of 20 channels 11 are nobody's only until there is a lead, which is more than half.
    lines = [f"o{n} | {'l1' if n < 11 else '-'} | - | c{n} | 2024-01-10" for n in range(20)]
    outreach = "\n".join(["id | lead_id | rep_id | channel | sent_at", *lines])
    store(warehouse, leads=MOVING["leads"], tickets=MOVING["tickets"], outreach=outreach)
    told: list[str] = []
    first, second = backfill(warehouse, [JAN_20, FEB_10, MAR_20], more, report=into(told))
    assert (first.refused, second.as_of) == ([], FEB_10)
    assert {merge.snapshot for merge in second.refused} == set(more)
    assert told[-1] == f"recorded: {JAN_20}; not recorded: {FEB_10}, {MAR_20}"
    assert {row[-2:] for row in versions(warehouse, TICKETS, "ticket_id")} == {(JAN_20, None)}
    assert leftovers(warehouse) == []
    assert [run["state"] for run in runs(warehouse)] == ["succeeded", "failed"]


def test_most_keys_may_not_disappear_at_the_first_known_instant(warehouse: Warehouse) -> None:
    ids = [f"f{n}" for n in range(20)]
    applications = "\n".join(f"a{n} | {name} | 2024-01-05" for n, name in enumerate(ids))
    store(
        warehouse,
        facilities="\n".join(["id", *ids]),
        applications=f"id | facility_id | created_at\n{applications}",
    )
    refresh(warehouse, ["pipeline_kpis"], as_of=FEB_10, snapshot=True)
    table = analytics(warehouse, HIRING)
    warehouse.run(f"DELETE FROM {table} WHERE facility_id IN ('f0','f1','f2','f3','f4','f5')")
    warehouse.run(f"DELETE FROM {table} WHERE facility_id >= 'f15'")  # f15-f19, f6-f9
    before = read_all(warehouse)
    (recording,) = backfill(warehouse, [JAN_20], [HIRING])
    assert "15 of the 20 keys" in (recording.refused[0].refused or "")
    assert read_all(warehouse) == before
    assert backfill(warehouse, [JAN_20], [HIRING], allow_mass_close=True)[0].refused == []
    assert versions(warehouse, HIRING, "facility_id").count(("f0", JAN_20, FEB_10)) == 1


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_column_that_the_kpi_gained_is_added(warehouse: Warehouse) -> None:
    store(warehouse, **HIRES)
    refresh(warehouse, ["pipeline_kpis"], as_of=FEB_10, snapshot=True)
    warehouse.run(f"ALTER TABLE {analytics(warehouse, HIRING)} DROP COLUMN hired_count")
    backfill(warehouse, [JAN_20], [HIRING])
    assert versions(warehouse, HIRING, "hired_count") == [
        (0, JAN_20, FEB_10),
        (None, FEB_10, None),
    ]
