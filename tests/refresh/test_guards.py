"""What a refresh refuses rather than guess, and whom it does not keep waiting."""

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from stored import analytics, another_session, project_in, raw, runs

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.contracts.models import contracts
from crm_ibis.errors import DatabaseError, DataError, Superseded, UsageError
from crm_ibis.operations.status import statuses
from crm_ibis.publishing.check import (
    check,
)
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

AS_OF = datetime(2024, 3, 1)
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
on_duckdb = pytest.mark.parametrize("settings", ["duckdb"], indirect=True)


def test_a_table_published_with_another_grain_is_refused(warehouse: Warehouse) -> None:
    store(warehouse, invoices="created_at | amount\n2024-01-10 | 5")
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    table = analytics(warehouse, "revenue_kpis")
    if warehouse.dialect == "postgres":
        index = warehouse.quote(warehouse.analytics, "revenue_kpis_grain")
        warehouse.run(f"DROP INDEX {index}")
    warehouse.run(f"INSERT INTO {table} SELECT * FROM {table}")
    with pytest.raises(DataError, match=r"several rows per facility_id, month.*another grain"):
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    assert len(read(warehouse, "revenue_kpis")) == 2


@on_postgres
def test_an_index_of_the_users_keeps_its_column(warehouse: Warehouse) -> None:
    store(warehouse, invoices="created_at | amount\n2024-01-10 | 5")
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    table = analytics(warehouse, "revenue_kpis")
    warehouse.run(f"ALTER TABLE {table} ADD COLUMN mine INTEGER")
    warehouse.run(f"CREATE INDEX my_index ON {table} (mine)")
    with pytest.raises(DataError, match=r"column mine.*my_index"):
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    assert "mine" in warehouse.table(warehouse.analytics, "revenue_kpis").columns


@on_postgres
def test_a_new_column_does_not_wait_for_a_reader_for_ever(settings: Settings) -> None:
    with open_warehouse(replace(settings, lock_timeout=0.5)) as warehouse:
        store(warehouse, invoices="created_at | amount\n2024-01-10 | 5")
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
        table = analytics(warehouse, "revenue_kpis")
        warehouse.run(f"ALTER TABLE {table} DROP COLUMN outstanding_amount")
        with another_session(warehouse) as query:
            query("BEGIN")
            query(f"SELECT count(*) FROM {table}")
            began = time.monotonic()
            with pytest.raises(DatabaseError, match="reading or changing that table"):
                refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
            assert time.monotonic() - began < 10
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
        assert [row["outstanding_amount"] for row in read(warehouse, "revenue_kpis")] == [5]


@on_postgres
def test_a_reader_role_that_does_not_exist_is_named_at_once(settings: Settings) -> None:
    with pytest.raises(UsageError, match="CRM_IBIS_READER_ROLES names nobody_here"):
        open_warehouse(replace(settings, reader_roles=("nobody_here",)))


@on_postgres
def test_a_connection_says_whose_it_is(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(settings: Settings) -> str:
        with open_warehouse(settings) as warehouse:
            return str(warehouse.fetch("SELECT current_setting('application_name')")[0][0])

    assert shown(settings) == "crm_ibis"
    nightly = replace(settings, application="crm_ibis nightly")
    assert shown(nightly) == "crm_ibis nightly"
    sign = "&" if "?" in settings.database_url else "?"
    named = f"{settings.database_url}{sign}application_name=mine"
    assert shown(replace(nightly, database_url=named)) == "mine"
    monkeypatch.setenv("PGAPPNAME", "theirs")
    assert shown(nightly) == "theirs"


@on_duckdb
@pytest.mark.parametrize("name", ["raw", "analytics", "analytics_meta"])
def test_a_file_with_the_name_of_a_schema_is_refused(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    file = tmp_path / f"{name}.duckdb"
    with pytest.raises(UsageError, match=f"name of the schema {name}.*rename the file"):
        open_warehouse(replace(settings, database_url=f"duckdb://{file}"))
    assert not file.exists()


@on_duckdb
def test_a_landed_schema_with_the_name_of_the_file_is_told_apart_from_a_missing_table(
    settings: Settings, tmp_path: Path
) -> None:
    """Such as a schema crm in crm.duckdb, the file that is used when none is set."""
    file = tmp_path / "crm.duckdb"
    with open_warehouse(replace(settings, database_url=f"duckdb://{file}")) as warehouse:
        warehouse.run("CREATE SCHEMA crm.crm")
        warehouse.run("CREATE TABLE crm.crm.deals (id INTEGER)")
        with pytest.raises(DatabaseError, match=r"name of the schema crm.*rename the file"):
            warehouse.fetch("SELECT * FROM crm.deals")


@on_postgres
def test_whoever_waits_for_the_lock_is_as_fresh_as_the_moment_it_gets_it(
    settings: Settings,
) -> None:
    with open_warehouse(settings) as first, open_warehouse(settings) as second:
        store(first, invoices="created_at | amount\n2024-01-10 | 5")
        waiting = threading.Thread(target=refresh, args=(second, ["revenue_kpis"]))
        with first.lock(lambda: "nobody"):
            waiting.start()
            time.sleep(0.5)
            released = clock.now()
        waiting.join(timeout=60)
        (run,) = runs(first)
        assert run["state"] == "succeeded"
        assert run["as_of"] >= released


def test_what_is_refused_for_its_instant_is_no_run_and_no_failure(warehouse: Warehouse) -> None:
    store(warehouse)
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    with pytest.raises(Superseded, match="--force") as refused:
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF - timedelta(days=1))
    assert refused.value.tables == ("revenue_kpis",)
    assert [run["state"] for run in runs(warehouse)] == ["succeeded"]


def test_every_result_that_breaks_its_contract_is_named(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(warehouse, invoices="amount | status\n5 | paid", applications="status\nhired")
    with project_in(tmp_path / "home", monkeypatch) as project:
        project.edit("schemas/kpis.py", '"Paid invoices.", ge=0', '"Paid invoices.", ge=7')
        project.edit("schemas/kpis.py", '"In interviews.", ge=0', '"In interviews.", ge=7')
        with pytest.raises(ChecksFailed) as failed:
            refresh(warehouse, ["revenue_kpis", "pipeline_kpis"], as_of=AS_OF)
    broken = {(violation.table, violation.check) for violation in failed.value.violations}
    assert broken == {
        ("revenue_kpis", "total_invoices >= 7"),
        ("pipeline_kpis", "interview_count >= 7"),
    }


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("outstanding_amount: Money", "outstanding_amount: Count", "kpis.py differ in outstanding"),
        ("class RevenueKpis(", "class RevenueKpis((", "kpis.py: line"),
        ("outstanding_amount: Money", "outstanding_amount: Gold", "kpis.py: NameError"),
    ],
    ids=["other type", "no Python", "no such type"],
)
def test_a_project_of_ones_own_is_told_what_is_wrong_with_it(
    warehouse: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    told: str,
) -> None:
    store(warehouse)
    with project_in(tmp_path / "home", monkeypatch) as project:
        project.edit("schemas/kpis.py", old, new)
        with pytest.raises(UsageError) as failed:
            refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    assert told in str(failed.value)
    assert "revenue_kpis" not in warehouse.tables(warehouse.analytics)


def test_a_warning_may_be_about_nulls_and_orphans_too(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(warehouse, invoices="id | facility_id\ni1 | gone\ni2 | f1")
    declared = 'column("Facility that was billed.", references="facilities"'
    with project_in(tmp_path / "home", monkeypatch) as project:
        project.edit("schemas/sources.py", declared, f"{declared}, raise_warning=True")
        rules = {r.name: r.severity for r in contracts()["invoices"].rules}
        outcome = check(warehouse, ["invoices"])[0]
    assert rules["facility_id is not null"] == "warn"
    assert rules["status is not null"] == "error"
    assert not outcome.errors
    assert [w.summary for w in outcome.warnings] == ["facility_id is an id of facilities: 1 row"]


def test_a_fact_that_was_published_has_a_status(warehouse: Warehouse) -> None:
    store(warehouse)
    refresh(warehouse, ["ticket_sla"], as_of=AS_OF)
    found = {state.table: state for state in statuses(warehouse)}
    assert found["ticket_sla"].as_of == AS_OF
    assert found["ticket_sla_compliance"].as_of is None
    assert "lead_milestones" not in found


def test_a_query_that_fails_names_its_table(warehouse: Warehouse) -> None:
    store(warehouse, leads="amount\n300000000000000000")
    with pytest.raises(DatabaseError, match="while computing weighted_pipeline_scenarios"):
        refresh(warehouse, ["weighted_pipeline_scenarios"], as_of=AS_OF)


@on_postgres
def test_an_enum_is_read_as_text(warehouse: Warehouse) -> None:
    store(warehouse, invoices="amount | status\n5 | paid")
    kind = warehouse.quote(warehouse.raw, "state")
    warehouse.run(f"CREATE TYPE {kind} AS ENUM ('pending', 'paid', 'cancelled')")
    warehouse.run(
        f"ALTER TABLE {raw(warehouse, 'invoices')} "
        f"ALTER COLUMN status TYPE {kind} USING CAST(status AS {kind})"
    )
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    assert [row["total_revenue"] for row in read(warehouse, "revenue_kpis")] == [5]
