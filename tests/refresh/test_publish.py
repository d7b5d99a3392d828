"""Publishing: only rows whose values changed are touched, and what users built on tables stays."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from reports import into
from stored import analytics, another_session, raw, read_all, runs

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.errors import DataError, UsageError
from crm_ibis.metrics.graph import kpi_functions
from crm_ibis.publishing.refresh import RefreshResult, refresh
from crm_ibis.runlog import clock
from crm_ibis.runlog.log import TableRun
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

FIRST = datetime(2024, 3, 1)
SECOND = datetime(2024, 3, 2)
THIRD = datetime(2024, 3, 3)

INVOICES = """
    id | facility_id | created_at | status  | amount
    i1 | f1          | 2024-01-10 | paid    | 100
    i2 | f1          | 2024-02-10 | paid    | 200
    i3 | f2          | 2024-01-10 | pending | 300
"""
FACILITIES = "id\nf1\nf2"


@pytest.fixture
def invoiced(warehouse: Warehouse) -> Warehouse:
    """revenue_kpis published as of FIRST: f1 in January and February, f2 in January."""
    store(warehouse, facilities=FACILITIES, invoices=INVOICES)
    refresh(warehouse, ["revenue_kpis"], as_of=FIRST)
    return warehouse


def revenue(warehouse: Warehouse) -> dict[tuple[str, int], tuple[Decimal, datetime]]:
    """Revenue and `updated_at` of each row, by facility and number of the month."""
    return {
        (row["facility_id"], row["month"].month): (row["total_revenue"], row["updated_at"])
        for row in read(warehouse, "revenue_kpis")
    }


def changes(result: RefreshResult, table: str = "revenue_kpis") -> tuple[int, int, int, int]:
    """Rows, and new, changed and gone ones of a published table."""
    (run,) = (t for t in result.published if t.table == table)
    return run.rows, run.new, run.changed, run.gone


def pays(warehouse: Warehouse, invoice: str, amount: int) -> None:
    warehouse.run(
        f"UPDATE {raw(warehouse, 'invoices')} SET amount = {amount} WHERE id = '{invoice}'"
    )


def test_a_first_publication_marks_all_rows_with_its_as_of(invoiced: Warehouse) -> None:
    assert revenue(invoiced) == {
        ("f1", 1): (Decimal(100), FIRST),
        ("f1", 2): (Decimal(200), FIRST),
        ("f2", 1): (Decimal(0), FIRST),
    }


def test_updated_at_stays_where_all_values_are_equal_nulls_too(invoiced: Warehouse) -> None:
    before = read(invoiced, "revenue_kpis")
    assert [row["avg_revenue_per_invoice"] for row in before] == [Decimal(100), Decimal(200), None]
    result = refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert changes(result) == (3, 0, 0, 0)
    assert read(invoiced, "revenue_kpis") == before


def test_updated_at_becomes_the_as_of_where_a_value_changed(invoiced: Warehouse) -> None:
    pays(invoiced, "i2", 250)
    result = refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert changes(result) == (3, 0, 1, 0)
    assert revenue(invoiced) == {
        ("f1", 1): (Decimal(100), FIRST),
        ("f1", 2): (Decimal(250), SECOND),
        ("f2", 1): (Decimal(0), FIRST),
    }


def test_a_null_that_gets_a_value_is_a_change_and_back_again(invoiced: Warehouse) -> None:
    for status, moment, mean in [("paid", SECOND, Decimal(300)), ("pending", THIRD, None)]:
        invoiced.run(f"UPDATE {raw(invoiced, 'invoices')} SET status = '{status}' WHERE id = 'i3'")
        result = refresh(invoiced, ["revenue_kpis"], as_of=moment)
        assert changes(result) == (3, 0, 1, 0)
        row = read(invoiced, "revenue_kpis")[-1]
        assert (row["avg_revenue_per_invoice"], row["updated_at"]) == (mean, moment)


def test_rows_that_are_gone_are_deleted_and_new_ones_inserted(invoiced: Warehouse) -> None:
    invoiced.run(f"DELETE FROM {raw(invoiced, 'invoices')} WHERE id = 'i2'")
    invoiced.run(f"UPDATE {raw(invoiced, 'invoices')} SET facility_id = 'f2' WHERE id = 'i1'")
    result = refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert changes(result) == (1, 0, 1, 2)
    assert revenue(invoiced) == {("f2", 1): (Decimal(100), SECOND)}

    invoiced.run(f"UPDATE {raw(invoiced, 'invoices')} SET facility_id = 'f1' WHERE id = 'i1'")
    result = refresh(invoiced, ["revenue_kpis"], as_of=THIRD)
    assert changes(result) == (2, 1, 1, 0)
    assert revenue(invoiced) == {
        ("f1", 1): (Decimal(100), THIRD),
        ("f2", 1): (Decimal(0), THIRD),
    }


def test_a_table_may_become_empty_and_fill_again(invoiced: Warehouse) -> None:
    invoiced.run(f"DELETE FROM {raw(invoiced, 'invoices')}")
    assert changes(refresh(invoiced, ["revenue_kpis"], as_of=SECOND)) == (0, 0, 0, 3)
    assert read(invoiced, "revenue_kpis") == []
    insert = f"INSERT INTO {raw(invoiced, 'invoices')} (id, facility_id, created_at, updated_at, "
    invoiced.run(
        f"{insert}status, amount) VALUES ('i9', 'f1', '2024-01-10', '2024-01-10', 'paid', 9)"
    )
    assert changes(refresh(invoiced, ["revenue_kpis"], as_of=THIRD)) == (1, 1, 0, 0)


def physical(warehouse: Warehouse) -> dict[tuple[str, int], tuple[Any, ...]]:
    """Where each row lies and which transaction wrote it (PostgreSQL), by facility and month."""
    found = warehouse.fetch(
        "SELECT facility_id, extract(month FROM month)::int, xmin::text, ctid::text "
        f"FROM {analytics(warehouse, 'revenue_kpis')}"
    )
    return {(facility, month): tuple(version) for facility, month, *version in found}


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_unchanged_rows_are_not_touched_on_disk(invoiced: Warehouse) -> None:
    before = physical(invoiced)
    pays(invoiced, "i2", 250)
    refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    after = physical(invoiced)
    assert {row for row in before if before[row] != after[row]} == {("f1", 2)}


def statements(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list to which each statement is added from here on."""
    seen: list[str] = []
    run = warehouse.run

    def watched(sql: str, values: Any = ()) -> int:
        seen.append(sql)
        return run(sql, values)

    monkeypatch.setattr(warehouse, "run", watched)
    return seen


def test_a_second_refresh_with_nothing_changed_writes_no_row(
    invoiced: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = statements(invoiced, monkeypatch)
    refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    published = [sql for sql in seen if f'"{invoiced.analytics}".' in sql]
    assert published == []
    assert any(f'"{invoiced.meta}".' in sql for sql in seen)


def test_only_what_is_needed_is_written(
    invoiced: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = statements(invoiced, monkeypatch)
    pays(invoiced, "i2", 250)
    refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    published = [sql for sql in seen if f'"{invoiced.analytics}".' in sql]
    assert [sql.split()[0] for sql in published] == ["UPDATE"]


def test_hours_left_is_written_but_is_no_change(warehouse: Warehouse) -> None:
    store(warehouse, tickets="id | priority | created_at\nt1 | low | 2024-02-29 20:00")
    refresh(warehouse, ["ticket_sla"], as_of=FIRST)
    (row,) = read(warehouse, "ticket_sla")
    assert (row["hours_left"], row["updated_at"]) == (4.0, FIRST)

    an_hour_later = FIRST + timedelta(hours=1)
    result = refresh(warehouse, ["ticket_sla"], as_of=an_hour_later)
    assert changes(result, "ticket_sla") == (1, 0, 0, 0)
    (row,) = read(warehouse, "ticket_sla")
    assert (row["hours_left"], row["updated_at"]) == (3.0, FIRST)

    overdue = FIRST + timedelta(hours=5)
    result = refresh(warehouse, ["ticket_sla"], as_of=overdue)
    assert changes(result, "ticket_sla") == (1, 0, 1, 0)
    (row,) = read(warehouse, "ticket_sla")
    assert (row["response_state"], row["updated_at"]) == ("breached", overdue)


def test_a_queue_grows_older_without_a_change(warehouse: Warehouse) -> None:
    store(
        warehouse,
        tickets="id | priority | created_at\nt1 | low | 2024-02-29 20:00",
        leads="id | stage | created_at | updated_at\nl1 | sql | 2024-02-01 | 2024-02-16 12:00",
    )
    names = ["ticket_queue", "deal_queue"]
    refresh(warehouse, names, as_of=FIRST)
    (ticket,), (deal,) = (read(warehouse, name) for name in names)
    assert (ticket["age_hours"], ticket["hours_left"]) == (4, 4)
    assert (deal["age_days"], deal["idle_days"], deal["attention"]) == (29, 13.5, "active")

    hours_later = FIRST + timedelta(hours=3)
    result = refresh(warehouse, names, as_of=hours_later)
    assert [changes(result, name) for name in names] == [(1, 0, 0, 0)] * 2
    (ticket,), (deal,) = (read(warehouse, name) for name in names)
    assert (ticket["age_hours"], ticket["hours_left"], ticket["updated_at"]) == (7, 1, FIRST)
    assert (deal["idle_days"], deal["updated_at"]) == (13.625, FIRST)

    a_day_later = FIRST + timedelta(days=1)
    result = refresh(warehouse, names, as_of=a_day_later)
    assert [changes(result, name) for name in names] == [(1, 0, 1, 0)] * 2
    (ticket,), (deal,) = (read(warehouse, name) for name in names)
    assert (ticket["sla_state"], ticket["updated_at"]) == ("breached", a_day_later)
    assert (deal["attention"], deal["updated_at"]) == ("cooling", a_day_later)


def test_a_new_column_is_filled_without_counting_as_a_change(invoiced: Warehouse) -> None:
    before = read(invoiced, "revenue_kpis")
    table = analytics(invoiced, "revenue_kpis")
    invoiced.run(f"ALTER TABLE {table} DROP COLUMN outstanding_amount")
    result = refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert changes(result) == (3, 0, 0, 0)
    assert read(invoiced, "revenue_kpis") == before


def test_beside_a_new_column_a_changed_value_is_a_change(invoiced: Warehouse) -> None:
    table = analytics(invoiced, "revenue_kpis")
    invoiced.run(f"ALTER TABLE {table} DROP COLUMN outstanding_amount")
    pays(invoiced, "i1", 150)
    pays(invoiced, "i3", 350)
    assert changes(refresh(invoiced, ["revenue_kpis"], as_of=SECOND)) == (3, 0, 1, 0)
    assert {key: moment for key, (_, moment) in revenue(invoiced).items()} == {
        ("f1", 1): SECOND,
        ("f1", 2): FIRST,
        ("f2", 1): FIRST,
    }
    assert [row["outstanding_amount"] for row in read(invoiced, "revenue_kpis")] == [0, 0, 350]


def test_a_column_that_goes_is_dropped(invoiced: Warehouse) -> None:
    before = read(invoiced, "revenue_kpis")
    table = analytics(invoiced, "revenue_kpis")
    invoiced.run(f'ALTER TABLE {table} ADD COLUMN "Old ""one""" INTEGER')
    assert changes(refresh(invoiced, ["revenue_kpis"], as_of=SECOND)) == (3, 0, 0, 0)
    assert read(invoiced, "revenue_kpis") == before


def make_report(warehouse: Warehouse, query: str) -> str:
    """A user's view over published tables, in the analytics schema; its name."""
    warehouse.run(f"CREATE VIEW {analytics(warehouse, 'sales_report')} AS {query}")
    return analytics(warehouse, "sales_report")


def test_a_column_that_a_users_view_needs_is_not_dropped(invoiced: Warehouse) -> None:
    table = analytics(invoiced, "revenue_kpis")
    invoiced.run(f"ALTER TABLE {table} ADD COLUMN legacy INTEGER")
    make_report(invoiced, f"SELECT facility_id, legacy FROM {table}")
    pays(invoiced, "i2", 250)
    before = read_all(invoiced)
    with pytest.raises(DataError) as refused:
        refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    message = str(refused.value)
    assert f"column legacy of {invoiced.analytics}.revenue_kpis" in message
    assert "sales_report" in message
    assert "change or drop that, then refresh again" in message
    assert read_all(invoiced) == before

    invoiced.run(f"DROP VIEW {analytics(invoiced, 'sales_report')}")
    refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert "legacy" not in read(invoiced, "revenue_kpis")[0]


def test_a_view_that_does_not_need_the_column_does_not_keep_it(invoiced: Warehouse) -> None:
    table = analytics(invoiced, "revenue_kpis")
    invoiced.run(f"ALTER TABLE {table} ADD COLUMN legacy INTEGER")
    report = make_report(invoiced, f"SELECT facility_id, total_revenue FROM {table}")
    refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert "legacy" not in read(invoiced, "revenue_kpis")[0]
    assert len(invoiced.fetch(f"SELECT * FROM {report}")) == 3


def test_a_column_of_another_type_is_a_clear_error(invoiced: Warehouse) -> None:
    table = analytics(invoiced, "revenue_kpis")
    invoiced.run(f"ALTER TABLE {table} ALTER COLUMN total_revenue TYPE DOUBLE PRECISION")
    before = read_all(invoiced)
    with pytest.raises(DataError) as refused:
        refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    message = str(refused.value)
    assert f"column total_revenue of {invoiced.analytics}.revenue_kpis" in message
    assert "float64" in message
    assert "decimal(18, 2)" in message
    assert "convert the column or drop the table" in message
    assert read_all(invoiced) == before


def test_a_table_that_something_else_made_is_refused(warehouse: Warehouse) -> None:
    store(warehouse, facilities=FACILITIES, invoices=INVOICES)
    warehouse.ensure_schema(warehouse.analytics)
    table = analytics(warehouse, "revenue_kpis")
    warehouse.run(f"CREATE TABLE {table} (facility_id VARCHAR, month DATE)")
    warehouse.run(f"INSERT INTO {table} VALUES ('precious', DATE '2020-01-01')")
    for dry_run in (True, False):
        with pytest.raises(DataError, match="not published by this program"):
            refresh(warehouse, ["pipeline_kpis", "revenue_kpis"], as_of=FIRST, dry_run=dry_run)
    assert read_all(warehouse) == {"revenue_kpis": [("precious", date(2020, 1, 1))]}


def test_a_table_that_lacks_a_key_column_is_refused(invoiced: Warehouse) -> None:
    table = analytics(invoiced, "revenue_kpis")
    if invoiced.dialect == "postgres":
        invoiced.run(f"ALTER TABLE {table} DROP COLUMN facility_id CASCADE")
    else:
        invoiced.run(f"ALTER TABLE {table} DROP COLUMN facility_id")
    with pytest.raises(DataError, match="lacks the column facility_id"):
        refresh(invoiced, ["revenue_kpis"], as_of=SECOND)


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_a_unique_index_holds_the_grain(seeded: Warehouse) -> None:
    refresh(seeded, ["conversion_funnel", "ticket_sla"], as_of=FIRST)
    for name, key in [
        ("conversion_funnel", "(facility_id, rep_id, month, funnel_stage)"),
        ("ticket_sla", "(ticket_id)"),
    ]:
        indexes = seeded.fetch(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = ? AND tablename = ?",
            [seeded.analytics, name],
        )
        assert [key in definition for (definition,) in indexes] == [True]
        assert "UNIQUE" in indexes[0][0]


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_grants_indexes_and_comments_survive(invoiced: Warehouse, role: str) -> None:
    table = analytics(invoiced, "revenue_kpis")
    invoiced.run(f"GRANT SELECT ON {table} TO {role}")
    invoiced.run(f"CREATE INDEX by_revenue ON {table} (total_revenue)")
    invoiced.run(f"COMMENT ON TABLE {table} IS 'ours'")
    pays(invoiced, "i2", 250)
    refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert invoiced.fetch("SELECT has_table_privilege(?, ?, 'SELECT')", [role, table]) == [(True,)]
    assert invoiced.fetch(
        "SELECT count(*) FROM pg_indexes WHERE schemaname = ? AND indexname = 'by_revenue'",
        [invoiced.analytics],
    ) == [(1,)]
    assert invoiced.remark(invoiced.analytics, "revenue_kpis") == "ours"


def test_users_views_show_the_new_rows(invoiced: Warehouse) -> None:
    table = analytics(invoiced, "revenue_kpis")
    report = make_report(invoiced, f"SELECT sum(total_revenue) AS total FROM {table}")
    assert invoiced.fetch(f"SELECT total FROM {report}") == [(Decimal(300),)]
    pays(invoiced, "i2", 250)
    refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert invoiced.fetch(f"SELECT total FROM {report}") == [(Decimal(350),)]


def test_reader_roles_may_read_new_tables(postgres_settings: Settings, role: str) -> None:
    with open_warehouse(replace(postgres_settings, reader_roles=(role,))) as warehouse:
        store(warehouse, facilities=FACILITIES, invoices=INVOICES)
        refresh(warehouse, ["revenue_kpis"], as_of=FIRST)
        with another_session(warehouse) as query:
            query(f"SET ROLE {role}")
            assert query(f"SELECT count(*) FROM {analytics(warehouse, 'revenue_kpis')}") == [(3,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                query(f"DELETE FROM {analytics(warehouse, 'revenue_kpis')}")


def test_reader_roles_mean_nothing_to_duckdb(duckdb_settings: Settings) -> None:
    with open_warehouse(replace(duckdb_settings, reader_roles=("analysts",))) as warehouse:
        store(warehouse, facilities=FACILITIES, invoices=INVOICES)
        refresh(warehouse, ["revenue_kpis"], as_of=FIRST)
        assert len(read(warehouse, "revenue_kpis")) == 3


def test_a_plain_refresh_publishes_every_kpi_the_facts_of_jobs_and_nothing_else(
    seeded: Warehouse,
) -> None:
    result = refresh(seeded, as_of=FIRST)
    wanted = {*kpi_functions(), "ticket_queue", "deal_queue"}
    assert seeded.tables(seeded.analytics) == wanted
    assert {table.table for table in result.published} == wanted
    assert all(table.new == table.rows > 0 for table in result.published)


def test_named_kpis_alone_are_published(seeded: Warehouse) -> None:
    result = refresh(seeded, ["combined_kpis", "revenue_kpis", "combined_kpis"], as_of=FIRST)
    assert seeded.tables(seeded.analytics) == {"combined_kpis", "revenue_kpis"}
    assert sorted(t.table for t in result.published) == ["combined_kpis", "revenue_kpis"]


def test_what_a_named_kpi_needs_is_computed_anew(seeded: Warehouse) -> None:
    refresh(seeded, ["compliance_kpis", "combined_kpis"], as_of=FIRST)
    before = read(seeded, "compliance_kpis")
    seeded.run(f"UPDATE {raw(seeded, 'applications')} SET has_violations = true")
    refresh(seeded, ["combined_kpis"], as_of=SECOND)
    assert read(seeded, "compliance_kpis") == before
    combined = read(seeded, "combined_kpis")
    assert sum(row["violation_count"] for row in combined) == 9


def test_facts_are_published_by_name(seeded: Warehouse) -> None:
    refresh(seeded, ["ticket_sla", "lead_milestones"], as_of=FIRST)
    assert seeded.tables(seeded.analytics) == {"ticket_sla", "lead_milestones"}
    assert len(read(seeded, "ticket_sla")) == 10
    assert len(read(seeded, "lead_milestones")) == 12


def test_a_misspelt_kpi_is_refused_with_a_near_match(seeded: Warehouse) -> None:
    with pytest.raises(UsageError, match="revenue_kpis"):
        refresh(seeded, ["revenue_kpi"], as_of=FIRST)
    with pytest.raises(UsageError, match="stg_leads"):
        refresh(seeded, ["stg_leads"], as_of=FIRST)
    assert seeded.tables(seeded.meta) == set()


def schemas(warehouse: Warehouse) -> set[str]:
    found = warehouse.fetch("SELECT schema_name FROM information_schema.schemata")
    return {name for (name,) in found if not name.startswith(("pg_temp", "pg_toast"))}


def test_a_dry_run_writes_nothing_not_even_a_schema(seeded: Warehouse) -> None:
    before = schemas(seeded)
    result = refresh(seeded, ["combined_kpis", "ticket_sla"], as_of=FIRST, dry_run=True)
    assert result.dry_run
    assert result.run_id is None
    assert [table.table for table in result.published] == ["combined_kpis", "ticket_sla"]
    assert all(table.new == table.rows > 0 for table in result.published)
    assert schemas(seeded) == before
    assert seeded.tables(seeded.analytics) == seeded.tables(seeded.meta) == set()


def test_a_dry_run_shows_what_would_change_cell_by_cell(invoiced: Warehouse) -> None:
    pays(invoiced, "i1", 150)
    invoiced.run(f"DELETE FROM {raw(invoiced, 'invoices')} WHERE id = 'i2'")
    columns = "id, facility_id, created_at, updated_at, status, amount"
    invoiced.run(
        f"INSERT INTO {raw(invoiced, 'invoices')} ({columns}) VALUES "
        "('i4', 'f2', '2024-02-10', '2024-02-10', 'paid', 4)"
    )
    before, log = read_all(invoiced), runs(invoiced)
    result = refresh(invoiced, ["revenue_kpis"], as_of=SECOND, dry_run=True)
    assert changes(result) == (3, 1, 1, 1)
    assert result.previews["revenue_kpis"] == [
        {
            "key": {"facility_id": "f1", "month": date(2024, 1, 1)},
            "cells": {
                "total_revenue": (Decimal(100), Decimal(150)),
                "avg_revenue_per_invoice": (Decimal(100), Decimal(150)),
            },
        }
    ]
    assert read_all(invoiced) == before
    assert runs(invoiced) == log

    refreshed = refresh(invoiced, ["revenue_kpis"], as_of=SECOND)
    assert changes(refreshed) == changes(result)


def test_a_dry_run_shows_a_null_as_none(invoiced: Warehouse) -> None:
    invoiced.run(f"UPDATE {raw(invoiced, 'invoices')} SET status = 'paid' WHERE id = 'i3'")
    result = refresh(invoiced, ["revenue_kpis"], as_of=SECOND, dry_run=True)
    ((preview,),) = result.previews.values()
    assert preview["cells"]["avg_revenue_per_invoice"] == (None, Decimal(300))


def test_a_dry_run_shows_the_first_few_changes_only(warehouse: Warehouse) -> None:
    rows = "\n".join(f"i{n} | f{n} | 5 | paid" for n in range(10, 40))
    facilities = "\n".join(["id", *(f"f{n}" for n in range(10, 40))])
    store(
        warehouse,
        facilities=facilities,
        invoices=f"id | facility_id | amount | status\n{rows}",
    )
    refresh(warehouse, ["revenue_kpis"], as_of=FIRST)
    warehouse.run(f"UPDATE {raw(warehouse, 'invoices')} SET amount = 6")
    result = refresh(warehouse, ["revenue_kpis"], as_of=SECOND, dry_run=True)
    assert changes(result) == (30, 0, 30, 0)
    shown = [preview["key"]["facility_id"] for preview in result.previews["revenue_kpis"]]
    assert shown == ["f10", "f11", "f12", "f13", "f14"]


def test_a_dry_run_may_look_at_the_past(invoiced: Warehouse) -> None:
    result = refresh(invoiced, ["revenue_kpis"], as_of=datetime(2024, 1, 31), dry_run=True)
    assert changes(result) == (2, 0, 0, 1)


def test_a_dry_run_checks_the_contracts(invoiced: Warehouse) -> None:
    invoiced.run(f"UPDATE {raw(invoiced, 'invoices')} SET status = 'lost'")
    with pytest.raises(ChecksFailed):
        refresh(invoiced, ["revenue_kpis"], as_of=SECOND, dry_run=True)


def test_an_as_of_before_the_published_one_is_refused_unless_forced(invoiced: Warehouse) -> None:
    before = datetime(2024, 1, 31)
    with pytest.raises(DataError) as refused:
        refresh(invoiced, ["outreach_kpis", "revenue_kpis"], as_of=before)
    message = str(refused.value)
    assert "revenue_kpis is published as of 2024-03-01" in message
    assert "2024-01-31" in message
    assert "--force" in message
    assert invoiced.tables(invoiced.analytics) == {"revenue_kpis"}

    refresh(invoiced, ["outreach_kpis"], as_of=before)
    result = refresh(invoiced, ["revenue_kpis"], as_of=before, force=True)
    assert changes(result) == (2, 0, 0, 1)
    assert revenue(invoiced) == {("f1", 1): (Decimal(100), FIRST), ("f2", 1): (Decimal(0), FIRST)}
    refresh(invoiced, ["revenue_kpis"], as_of=before)


def test_the_same_as_of_may_be_refreshed_again(invoiced: Warehouse) -> None:
    pays(invoiced, "i2", 250)
    assert changes(refresh(invoiced, ["revenue_kpis"], as_of=FIRST)) == (3, 0, 1, 0)


def test_an_as_of_in_the_future_is_refused(seeded: Warehouse) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    for dry_run in (True, False):
        with pytest.raises(UsageError, match="is in the future"):
            refresh(seeded, ["revenue_kpis"], as_of=tomorrow, dry_run=dry_run, force=True)
    assert seeded.tables(seeded.analytics) == set()


def test_without_an_as_of_it_is_now(seeded: Warehouse) -> None:
    before = clock.now()
    result = refresh(seeded, ["revenue_kpis"])
    assert before <= result.as_of <= clock.now()
    assert {row["updated_at"] for row in read(seeded, "revenue_kpis")} == {result.as_of}


def test_the_result_tells_of_each_table(invoiced: Warehouse) -> None:
    lines: list[str] = []
    result = refresh(invoiced, ["revenue_kpis"], as_of=SECOND, report=into(lines))
    assert {(t.table, t.kind) for t in result.tables} == {
        ("facilities", "source"),
        ("applications", "source"),
        ("invoices", "source"),
        ("revenue_kpis", "published"),
    }
    assert all(isinstance(t, TableRun) and t.checks > 3 and t.seconds > 0 for t in result.tables)
    assert len(lines) >= 4
