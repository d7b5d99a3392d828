"""Rows that break a contract, left out where sources.yml says so, counted and written down."""

from datetime import datetime
from typing import Any

import pytest
from mappings import SourcesFile, fit_of
from reports import into
from stored import leftovers, raw, read_all, runs

from crm_ibis.config.params import load_params
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.operations.status import statuses
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources.quarantine import Quarantine
from crm_ibis.sources.resolve import source_tables
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

AT = datetime(2024, 3, 1)
TICKETS = "sources: {tickets: {on_violation: quarantine, max_quarantined_pct: 50}}"
BY_HALF = "{on_violation: quarantine, max_quarantined_pct: 50}"
BROKEN = """
    id | priority | created_at | resolved_at
    t1 | low      | 2024-01-10 | 2024-01-11
    t2 | low      | 2024-01-10 | 2024-01-09
    t3 | blocker  | 2024-01-10 | 2024-01-09
    t4 | low      | 2024-01-10 | 2024-01-11
"""


def quarantine(warehouse: Warehouse) -> list[tuple[str, str, str]]:
    """What the meta schema keeps: source, key, check."""
    table = warehouse.quote(warehouse.meta, "quarantine")
    return sorted(warehouse.fetch(f"SELECT source_name, row_key, check_name FROM {table}"))


def total(warehouse: Warehouse) -> int:
    return len(read(warehouse, "ticket_sla"))


def test_broken_rows_are_left_out_counted_and_written_down(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=BROKEN)
    sources_file.write(TICKETS)
    lines: list[str] = []
    outcome = refresh(warehouse, ["ticket_sla"], as_of=AT, report=into(lines))
    assert total(warehouse) == 2
    (source,) = (run for run in outcome.tables if run.table == "tickets")
    assert (source.rows, source.quarantined) == (2, 2)
    assert any(line.startswith("left out of tickets: 2 of 4 rows in quarantine") for line in lines)
    categories = "priority is one of critical, high, medium, low"
    assert quarantine(warehouse) == [
        ("tickets", "t2", "resolved_at is not before created_at"),
        ("tickets", "t3", categories),
        ("tickets", "t3", "resolved_at is not before created_at"),
    ]
    logged = warehouse.fetch(
        f"SELECT table_name, quarantined_rows, warnings FROM "
        f"{warehouse.quote(warehouse.meta, 'run_tables')} WHERE quarantined_rows > 0"
    )
    assert [(table, rows) for table, rows, _ in logged] == [("tickets", 2)]
    assert f"{categories}: 1 row" in logged[0][2]
    assert not leftovers(warehouse)


def test_status_counts_what_is_left_out(warehouse: Warehouse, sources_file: SourcesFile) -> None:
    store(warehouse, tickets=BROKEN)
    sources_file.write(TICKETS)
    refresh(warehouse, ["ticket_sla_compliance", "satisfaction_rollups"], as_of=AT)
    found = {status.table: status.quarantined for status in statuses(warehouse)}
    assert found["ticket_sla_compliance"] == 2
    assert found["satisfaction_rollups"] == 0


def test_all_rows_of_a_key_that_occurs_twice_go(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets="id\nt1\nt2\nt1\nt3\nt1\nt4\nt5\nt6")
    sources_file.write(TICKETS)
    outcome = refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert total(warehouse) == 5
    assert quarantine(warehouse) == [("tickets", "t1", "id is unique")]
    assert [run.quarantined for run in outcome.tables if run.table == "tickets"] == [3]


def test_rows_without_a_key_go(warehouse: Warehouse, sources_file: SourcesFile) -> None:
    store(warehouse, tickets="id\nt1\nt2\n-")
    sources_file.write(TICKETS)
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert total(warehouse) == 2
    assert quarantine(warehouse) == [("tickets", "(none)", "id is not null")]


def test_what_refers_to_a_row_in_quarantine_goes_with_it(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """By the policy of the parent, through all generations: a facility, its leads, their deals."""
    store(
        warehouse,
        facilities="id | created_at | updated_at\nf1 | 2024-01-01 | 2024-01-01\nf2 | 2024-01-02 | 2024-01-01",
        leads="id | facility_id\nl1 | f1\nl2 | f2\nl3 | f1",
        opportunities="id | lead_id\no1 | l1\no2 | l2\no3 | l3",
    )
    policy = "{max_quarantined_pct: 50}"
    sources_file.write(
        "sources:\n"
        "  facilities: {on_violation: quarantine, max_quarantined_pct: 50}\n"
        f"  leads: {policy}\n  opportunities: {policy}\n"
    )
    refresh(warehouse, ["conversion_funnel"], as_of=AT)
    leads = {
        row["facility_id"]: row["stage_count"] for row in read(warehouse, "conversion_funnel")[:1]
    }
    assert leads == {"f1": 2}
    assert quarantine(warehouse) == [
        ("facilities", "f2", "updated_at is not before created_at"),
        ("leads", "l2", "facility_id is not in quarantine in facilities"),
        ("opportunities", "o2", "lead_id is not in quarantine in leads"),
    ]


FOLLOWED = (
    "id | created_at | updated_at\nf1 | 2024-01-01 | 2024-01-01\nf2 | 2024-01-02 | 2024-01-01"
)


@pytest.mark.parametrize(
    ("leads", "message"),
    [
        ("l1 | f1 | lead\n-  | f1 | lead\nl3 | f2 | lead\nl4 | f1 | lead", "id is not null: 1 row"),
        ("l1 | f1 | lead\nl1 | f2 | lead\nl3 | f1 | lead\nl4 | f1 | lead", "id is unique: 2 rows"),
        (
            "l1 | f1 | lead\nl2 | f2 | odd\nl3 | f1 | lead\nl4 | f1 | lead",
            "stage is one of .*: 1 row",
        ),
    ],
)
def test_what_breaks_a_source_that_fails_does_not_vanish_with_what_follows_its_parent(
    warehouse: Warehouse, sources_file: SourcesFile, leads: str, message: str
) -> None:
    """`crm-ibis sources` and a refresh say the same."""
    store(warehouse, facilities=FOLLOWED, leads=f"id | facility_id | stage\n{leads}")
    sources_file.write(
        "sources:\n"
        "  facilities: {on_violation: quarantine, max_quarantined_pct: 50}\n"
        "  leads: {max_quarantined_pct: 50}\n"
    )
    assert fit_of(warehouse, "leads").fails
    with pytest.raises(ChecksFailed, match=f"leads: {message}"):
        refresh(warehouse, ["conversion_funnel"], as_of=AT)
    assert read_all(warehouse) == {}


def test_a_row_without_a_key_stays_where_others_follow_their_parent(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """Of four leads, only the one of f2 goes; what breaks the contract is for the check to tell."""
    store(
        warehouse,
        facilities=FOLLOWED,
        leads="id | facility_id\nl1 | f1\n- | f1\nl1 | f1\nl3 | f2",
    )
    sources_file.write(
        "sources:\n"
        "  facilities: {on_violation: quarantine, max_quarantined_pct: 50}\n"
        "  leads: {max_quarantined_pct: 50}\n"
    )
    settled = Quarantine(warehouse, load_params())
    given = source_tables(warehouse, ["facilities", "leads"])
    with warehouse.transaction():
        with pytest.raises(ChecksFailed):
            settled.settle(given)
        left = warehouse.rows(settled.settled["leads"].table)
        for name in [staging.name for staging in settled.staged]:
            warehouse.unstage(name)
    assert sorted(str(row["id"]) for row in left) == ["None", "l1", "l1"]


def test_an_orphan_is_a_violation_of_its_own_source(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """The parent's policy does not cover what refers to nothing at all."""
    store(
        warehouse,
        leads="id | stage\nl1 | lead\nl2 | odd\nl3 | lead",
        opportunities="id | lead_id\no1 | l1\no2 | l9",
    )
    sources_file.write("sources: {leads: {on_violation: quarantine, max_quarantined_pct: 50}}")
    with pytest.raises(ChecksFailed, match="lead_id is an id of leads: 1 row"):
        refresh(warehouse, ["conversion_funnel"], as_of=AT)
    sources_file.write(
        "sources:\n"
        "  leads: {on_violation: quarantine, max_quarantined_pct: 50}\n"
        "  opportunities: {on_violation: quarantine, max_quarantined_pct: 50}\n"
    )
    refresh(warehouse, ["conversion_funnel"], as_of=AT)
    assert quarantine(warehouse) == [
        ("leads", "l2", "stage is one of lead, sql, opportunity, won, lost"),
        ("opportunities", "o2", "lead_id is an id of leads"),
    ]


@pytest.mark.parametrize("bad", ["'NaN'", "1e30"])
def test_numbers_that_would_stop_the_database_go(
    warehouse: Warehouse, sources_file: SourcesFile, bad: str
) -> None:
    store(warehouse, leads="id | amount\nl1 | 10\nl2 | 20\nl3 | 30")
    leads = raw(warehouse, "leads")
    warehouse.run(f"ALTER TABLE {leads} ALTER COLUMN amount TYPE DOUBLE PRECISION")
    warehouse.run(f"UPDATE {leads} SET amount = {bad} WHERE id = 'l2'")
    sources_file.write("sources: {leads: {on_violation: quarantine, max_quarantined_pct: 50}}")
    refresh(warehouse, ["weighted_pipeline_scenarios"], as_of=AT)
    (base, *_) = read(warehouse, "weighted_pipeline_scenarios")
    assert (base["deal_count"], base["total_pipeline_value"]) == (2, 40)
    assert quarantine(warehouse) == [("leads", "l2", "amount fits into decimal(24, 6)")]


@pytest.mark.parametrize(
    ("of_facilities", "of_tickets"),
    [("double precision", "double precision"), ("text", "numeric(10, 2)")],
)
def test_rows_whose_ids_landed_as_numbers_go(
    warehouse: Warehouse, sources_file: SourcesFile, of_facilities: str, of_tickets: str
) -> None:
    """One has no name and takes its ticket with it, one has no such priority, one is of year 24."""
    sources_file.write(f"sources: {{facilities: {BY_HALF}, tickets: {BY_HALF}}}")
    warehouse.ensure_schema(warehouse.raw)
    warehouse.run(f"CREATE TABLE {raw(warehouse, 'facilities')} (id {of_facilities}, name text)")
    warehouse.run(
        f"INSERT INTO {raw(warehouse, 'facilities')} VALUES (1001, 'A'), (1002, 'B'), (1003, NULL)"
    )
    warehouse.run(
        f"CREATE TABLE {raw(warehouse, 'tickets')} (id {of_tickets}, facility_id {of_tickets}, "
        "priority text, status text, created_at timestamp, first_response_at timestamp, "
        "resolved_at timestamp, updated_at timestamp)"
    )
    row = "'2024-01-02', NULL, NULL, '2024-01-05'"
    warehouse.run(
        f"INSERT INTO {raw(warehouse, 'tickets')} VALUES (1, 1001, 'low', 'open', {row}), "
        f"(2, 1003, 'low', 'open', {row}), (3, 1002, 'weird', 'open', {row}), "
        f"(4, 1002, 'low', 'open', {row}), (5, 1002, 'low', 'open', {row}), "
        "(6, 1002, 'low', 'open', '0024-01-02', NULL, NULL, '2024-01-05')"
    )
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert sorted(row["ticket_id"] for row in read(warehouse, "ticket_sla")) == ["1", "4", "5"]
    assert [(source, key) for source, key, _ in quarantine(warehouse)] == [
        ("facilities", "1003"),
        ("tickets", "2"),
        ("tickets", "3"),
        ("tickets", "6"),
    ]


def test_more_than_the_share_fails_and_publishes_nothing(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=BROKEN.replace("t4 | low      | 2024-01-10 | 2024-01-11", ""))
    sources_file.write(TICKETS)
    with pytest.raises(ChecksFailed) as failure:
        refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert str(failure.value).startswith(
        "2 of 3 rows of tickets would go to quarantine, more than max_quarantined_pct (50 %)"
    )
    assert "id=t2" in str(failure.value)
    assert read_all(warehouse) == {}
    assert quarantine(warehouse) == []
    assert runs(warehouse)[-1]["state"] == "failed"
    assert not leftovers(warehouse)


def test_one_row_in_a_hundred_may_go_unless_said_otherwise(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    rows = "\n".join(f"t{number} | 2024-01-10" for number in range(99))
    store(warehouse, tickets=f"id | created_at\n{rows}\nt99 | -")
    sources_file.write("sources: {tickets: {on_violation: quarantine}}")
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert total(warehouse) == 99
    warehouse.run(f"DELETE FROM {raw(warehouse, 'tickets')} WHERE id = 't0'")
    with pytest.raises(ChecksFailed, match=r"1 of 99 rows .* \(1 %\)"):
        refresh(warehouse, ["ticket_sla"], as_of=AT)


def test_without_the_policy_a_violation_fails(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=BROKEN)
    sources_file.write("sources: {satisfaction: {on_violation: quarantine}}")
    with pytest.raises(ChecksFailed, match="resolved_at is not before created_at: 2 rows"):
        refresh(warehouse, ["ticket_sla"], as_of=AT)


def test_a_mended_row_leaves_the_quarantine_and_the_others_stay_since_when_they_were_found(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=BROKEN)
    sources_file.write(TICKETS)
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    table = warehouse.quote(warehouse.meta, "quarantine")
    found = f"SELECT found_at, run_id FROM {table} WHERE check_name LIKE 'priority%'"
    before = warehouse.fetch(found)
    fix = f"UPDATE {raw(warehouse, 'tickets')} SET resolved_at = NULL WHERE id = "
    warehouse.run(fix + "'t2'")
    warehouse.run(fix + "'t3'")
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert [(key, check[:8]) for _, key, check in quarantine(warehouse)] == [("t3", "priority")]
    assert warehouse.fetch(found) == before
    assert total(warehouse) == 3
    refresh(warehouse, ["satisfaction_rollups"], as_of=AT)  # does not read tickets
    assert len(quarantine(warehouse)) == 1
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET priority = 'low'")
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert quarantine(warehouse) == []
    assert total(warehouse) == 4


def test_a_dry_run_leaves_out_and_writes_nothing(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=BROKEN)
    sources_file.write(TICKETS)
    outcome = refresh(warehouse, ["ticket_sla"], as_of=AT, dry_run=True)
    assert [run.quarantined for run in outcome.tables if run.table == "tickets"] == [2]
    assert warehouse.tables(warehouse.meta) == set()
    assert not leftovers(warehouse)


def test_a_backfill_leaves_out_the_same_rows(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, applications="id | status\na1 | pending\na2 | odd")
    sources_file.write(
        "sources: {applications: {on_violation: quarantine, max_quarantined_pct: 50}}"
    )
    (recording,) = backfill(warehouse, [AT], ["pipeline_kpi_snapshot"])
    assert [merge.new for merge in recording.merged] == [1]
    assert [key for _, key, _ in quarantine(warehouse)] == ["a2"]
    history: list[dict[str, Any]] = warehouse.rows(
        warehouse.table(warehouse.analytics, "pipeline_kpi_snapshot")
    )
    assert [row["total_applications"] for row in history] == [1]
