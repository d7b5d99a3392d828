"""What is put in order after every run: grants, comments, and the log of runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from click.testing import CliRunner
from reports import into
from stored import analytics, another_session, project_in, runs

from crm_ibis.cli import cli
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.errors import TransientError
from crm_ibis.publishing.comments import commented_tables
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock, layout, pruning
from crm_ibis.runlog import log as runlog
from crm_ibis.runlog.publications import publications
from crm_ibis.runlog.summaries import broken_contracts, paces
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse, open_warehouse

AS_OF = datetime(2024, 3, 1)
LATER = AS_OF + timedelta(days=1)
KPI, SNAPSHOT = "pipeline_kpis", "pipeline_kpi_snapshot"


def published(warehouse: Warehouse) -> None:
    """Two KPIs, and the history of one."""
    store(warehouse, invoices="amount\n5", applications="id\na1")
    refresh(warehouse, ["revenue_kpis", KPI], as_of=AS_OF, snapshot=True)


def comments(warehouse: Warehouse) -> dict[tuple[str, str], str | None]:
    return {(table, column): text for table, column, text in warehouse.comments()}


# Grants


def reads(url: str, role: str, table: str) -> bool:
    """Whether a role can indeed read a table."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(f"SET ROLE {role}")
        try:
            session.execute(f"SELECT * FROM {table}")
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True


def test_a_role_reads_what_was_published_before_it_was_named(
    postgres_settings: Settings, postgres_url: str, role: str
) -> None:
    with open_warehouse(postgres_settings) as warehouse:
        published(warehouse)
        archive = analytics(warehouse, f"{SNAPSHOT}_archive")
        warehouse.run(f"CREATE TABLE {archive} AS SELECT * FROM {analytics(warehouse, SNAPSHOT)}")
        mine = analytics(warehouse, "mine")
        warehouse.run(f"CREATE TABLE {mine} (id TEXT)")
        tables = [analytics(warehouse, name) for name in ("revenue_kpis", KPI, SNAPSHOT)]
        assert not any(reads(postgres_url, role, table) for table in [*tables, archive, mine])
    with open_warehouse(replace(postgres_settings, reader_roles=(role,))) as warehouse:
        refresh(warehouse, ["revenue_kpis"], as_of=LATER)
    assert all(reads(postgres_url, role, table) for table in [*tables, archive])
    assert not reads(postgres_url, role, mine)


def test_a_table_of_somebody_elses_fails_no_run(
    postgres_settings: Settings, postgres_url: str, role: str
) -> None:
    with open_warehouse(postgres_settings) as owner:
        published(owner)
        for schema in (owner.raw, owner.analytics, owner.meta):
            quoted = owner.quote(schema)
            owner.run(f"GRANT USAGE ON SCHEMA {quoted} TO {role}")
            owner.run(f"GRANT ALL ON ALL TABLES IN SCHEMA {quoted} TO {role}")
    url = urlsplit(postgres_url)
    login = url._replace(netloc=f"{role}@{url.netloc.rpartition('@')[2]}")
    theirs = replace(
        postgres_settings, database_url=urlunsplit(login), reader_roles=("pg_monitor",)
    )
    try:
        psycopg.connect(theirs.database_url).close()
    except psycopg.OperationalError:
        pytest.skip("this server lets no user in without a password")
    lines: list[str] = []
    with open_warehouse(theirs) as warehouse:
        refresh(warehouse, ["revenue_kpis"], as_of=LATER, report=into(lines))
        assert runs(warehouse)[-1]["state"] == "succeeded"
    told = "pg_monitor may not read revenue_kpis, and only its owner can grant that"
    assert told in lines


def test_grants_shows_and_applies(
    postgres_settings: Settings, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(postgres_settings) as warehouse:
        published(warehouse)
    monkeypatch.setenv("CRM_IBIS_ANALYTICS_SCHEMA", postgres_settings.analytics_schema)
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", postgres_settings.raw_schema)

    def run(*options: str) -> tuple[int, list[str]]:
        done = CliRunner().invoke(
            cli, ["--database", postgres_settings.database_url, "grants", *options]
        )
        return done.exit_code, done.output.splitlines()

    monkeypatch.setenv("CRM_IBIS_READER_ROLES", "")
    assert run() == (0, ["CRM_IBIS_READER_ROLES names no role, so there is nothing to grant"])
    monkeypatch.setenv("CRM_IBIS_READER_ROLES", role)
    assert run() == (
        1,
        [
            *(f"{name}: nobody; not yet {role}" for name in (SNAPSHOT, KPI, "revenue_kpis")),
            "crm-ibis grants --apply grants what is missing",
        ],
    )
    assert run("--apply") == (0, [f"{n}: {role}" for n in (SNAPSHOT, KPI, "revenue_kpis")])
    assert run()[0] == 0
    monkeypatch.setenv("CRM_IBIS_READER_ROLES", "nobody_here")
    done = CliRunner().invoke(cli, ["--database", postgres_settings.database_url, "grants"])
    assert "nobody_here" in str(done.exception)


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_duckdb_has_nothing_to_grant(warehouse: Warehouse) -> None:
    published(warehouse)
    warehouse.close()
    url = warehouse.settings.database_url
    done = CliRunner().invoke(cli, ["--database", url, "grants"])
    assert (done.exit_code, done.output) == (
        0,
        "DuckDB has no roles: a user who may read the file reads all of it\n",
    )


# Comments


def test_tables_and_columns_say_what_they_mean(warehouse: Warehouse) -> None:
    published(warehouse)
    found = comments(warehouse)
    assert found[("revenue_kpis", "")] is not None
    for name in ("revenue_kpis", KPI):
        for column in contracts()[name].columns:
            assert found[(name, column.name)] == column.description
    assert "version of every row of pipeline_kpis" in (found[(SNAPSHOT, "")] or "")
    assert "no longer held" in (found[(SNAPSHOT, "valid_to")] or "")
    assert set(commented_tables(warehouse)) == {"revenue_kpis", KPI, SNAPSHOT}


def test_a_comment_follows_its_contract_unless_it_is_somebody_elses(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(warehouse)
    table = analytics(warehouse, "revenue_kpis")
    warehouse.run(f"COMMENT ON COLUMN {table}.outstanding_amount IS 'ours, it''s'")
    with project_in(tmp_path / "home", monkeypatch) as project:
        project.edit("schemas/kpis.py", '"Paid invoices."', '"Invoices that are paid; it\'s all."')
        description = next(
            c.description
            for c in contracts()["revenue_kpis"].columns
            if c.name == "outstanding_amount"
        )
        project.edit("schemas/kpis.py", f'"{description}"', '"Something new."')
        refresh(warehouse, [KPI], as_of=LATER)
        found = comments(warehouse)
        column = next(
            c.name for c in contracts()["revenue_kpis"].columns if "it's all" in c.description
        )
        assert found[("revenue_kpis", column)] == "Invoices that are paid; it's all."
        assert found[("revenue_kpis", "outstanding_amount")] == "ours, it's"


def test_comments_that_are_up_to_date_are_not_written_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(warehouse)
    written: list[str] = []
    monkeypatch.setattr(warehouse, "comment", lambda *place: written.append(str(place)))
    refresh(warehouse, [KPI, "revenue_kpis"], as_of=LATER)
    record(warehouse, [SNAPSHOT], as_of=LATER)
    assert written == []
    warehouse.run(f"COMMENT ON TABLE {analytics(warehouse, KPI)} IS NULL")
    refresh(warehouse, ["revenue_kpis"], as_of=LATER)
    assert len(written) == 1


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_what_cannot_be_put_in_order_fails_no_run(settings: Settings) -> None:
    with open_warehouse(replace(settings, lock_timeout=0.5)) as warehouse:
        published(warehouse)
        table = analytics(warehouse, KPI)
        warehouse.run(f"COMMENT ON TABLE {table} IS NULL")
        lines: list[str] = []
        with another_session(warehouse) as query:
            query("BEGIN")
            query(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
            refresh(warehouse, ["revenue_kpis"], as_of=LATER, report=into(lines))
        assert any("comments of tables and columns could not be" in line for line in lines)
        assert runs(warehouse)[-1]["state"] == "succeeded"
        refresh(warehouse, ["revenue_kpis"], as_of=LATER)
        assert comments(warehouse)[(KPI, "")]


# The log


def old_run(warehouse: Warehouse, days: int, state: str, tables: str, **more: Any) -> str:
    """A run that ended so many days ago, and did that with its tables."""
    run_id = runlog.start(warehouse, more.get("command", "refresh"), AS_OF, [tables])
    if state == "succeeded":
        done = runlog.TableRun(tables, more.get("kind", "published"), 1, 0, 0.1)
        runlog.succeed(warehouse, run_id, [done])
    else:
        runlog.fail(warehouse, run_id, "no")
    ended = clock.now() - timedelta(days=days)
    warehouse.run(
        f"UPDATE {layout.log_table(warehouse, 'runs')} SET started_at = ?, finished_at = ?, "
        "broken = ? WHERE run_id = ?",
        [ended, ended, more.get("broken"), run_id],
    )
    return run_id


def prune(warehouse: Warehouse) -> set[str]:
    """What is left of the log."""
    with warehouse.transaction():
        pruning.prune(warehouse)
    return {run["run_id"] for run in runs(warehouse)}


def test_old_runs_go_and_what_something_goes_by_stays(warehouse: Warehouse) -> None:
    runlog.prepare(warehouse)
    broken = '[{"table": "tickets", "check": "id is not null", "rows": 1, "keys": []}]'
    kept = {
        "the newest publication": old_run(warehouse, 900, "succeeded", "revenue_kpis"),
        "a broken contract": old_run(warehouse, 800, "failed", "ticket_sla", broken=broken),
        "the first merge": old_run(warehouse, 1000, "succeeded", SNAPSHOT, kind="snapshot"),
        "young": old_run(warehouse, 399, "failed", "outreach_kpis"),
    }
    incident = old_run(warehouse, 950, "failed", "cohort_retention")
    warehouse.run(
        f"INSERT INTO {layout.log_table(warehouse, 'alerts')} (table_name, event, run_id, heard) "
        "VALUES ('cohort_retention', 'failure', ?, '')",
        [incident],
    )
    newer = [old_run(warehouse, 500 - n, "succeeded", KPI) for n in range(25)]
    failed = [old_run(warehouse, 700 - n, "failed", "cohort_retention") for n in range(25)]
    left = prune(warehouse)
    assert left == {*kept.values(), incident, *newer[-20:], *failed[-20:]}
    log = warehouse.table(warehouse.meta, "run_tables")
    assert {row["run_id"] for row in warehouse.rows(log)} <= left
    assert set(broken_contracts(warehouse)) == {"tickets"}
    assert publications(warehouse)[KPI]["run_id"] == newer[-1]
    assert paces(warehouse)[("refresh", KPI)].usual_seconds is not None
    assert prune(warehouse) == left


def test_the_first_run_of_a_day_forgets_and_the_jobs_file_says_when(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project_in(tmp_path / "home", monkeypatch) as project:
        (project.folder / "flows").mkdir()
        (project.folder / "flows" / "jobs.yml").write_text(
            "time_zone: UTC\nruns: {retention_days: 30}\njobs: {}\n", encoding="utf-8"
        )
        store(warehouse)
        runlog.prepare(warehouse)
        old = [old_run(warehouse, 40 - n, "failed", KPI) for n in range(9)]
        old += [old_run(warehouse, 60 + n, "failed", KPI) for n in range(20)]
        lines: list[str] = []
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF, report=into(lines))
        # 9 younger than 40 days, of which 9 are older than 30; the 20 newest of all stay.
        assert "deleted 9 runs that ended long ago from the log" in lines
        lines.clear()
        old_run(warehouse, 70, "failed", KPI)
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF, report=into(lines))
        assert not [line for line in lines if line.startswith("deleted")]
        assert len(old) == 29


def test_upkeep_leaves_the_lock_to_whoever_waits(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(warehouse)
    lock: Callable[..., Any] = warehouse.lock

    def taken(holder: Callable[[], str], purpose: str = "", wait: float | None = None) -> Any:
        if wait == 0:
            raise TransientError("another run")
        return lock(holder, purpose, wait)

    monkeypatch.setattr(warehouse, "lock", taken)
    refresh(warehouse, ["revenue_kpis"], as_of=LATER)
    assert runs(warehouse)[-1]["state"] == "succeeded"


def test_a_run_that_failed_today_does_not_keep_the_log_from_being_pruned(
    warehouse: Warehouse,
) -> None:
    store(warehouse, invoices="amount\n5")
    runlog.prepare(warehouse)
    old_run(warehouse, 0, "failed", "outreach_kpis")
    for n in range(25):
        old_run(warehouse, 500 + n, "failed", KPI)
    lines: list[str] = []
    refresh(warehouse, ["revenue_kpis"], as_of=AS_OF, report=into(lines))
    assert "deleted 5 runs that ended long ago from the log" in lines
