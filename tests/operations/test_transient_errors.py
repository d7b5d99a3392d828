"""What may be over soon is worth another attempt, and nothing else is."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from jobs_at_work import (
    AT,
    BREAK_TICKETS,
    carry_out,
    current,
    execute,
    fail,
    impatient,
    logged,
    planned,
    quiet,
    states,
)
from stored import another_session

from crm_ibis.config.settings import Settings
from crm_ibis.errors import CrmIbisError, DatabaseError, TransientError
from crm_ibis.events import ProgressEvent
from crm_ibis.operations import jobs
from crm_ibis.operations.watchdog import watch
from crm_ibis.warehouse import Warehouse, open_warehouse

on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)


def is_transient(error: CrmIbisError) -> bool:
    return isinstance(error, TransientError)


# Locks


def test_a_lock_that_another_run_holds_is_transient(seeded: Settings) -> None:
    with open_warehouse(seeded) as other, other.lock(lambda: "a test"):
        error = fail(impatient(seeded), planned("ticket_sla", attempts=1))
    assert is_transient(error)
    assert "wait for it to end" in str(error)


def test_a_lock_that_is_given_back_lets_the_next_attempt_succeed(seeded: Settings) -> None:
    run = planned("ticket_sla")
    with (
        open_warehouse(seeded) as other,
        other.lock(lambda: "a test"),
        pytest.raises(TransientError),
    ):
        jobs.attempt(impatient(seeded), run, 1, quiet)
    assert jobs.attempt(seeded, run, 2, quiet).run_id
    assert states(seeded) == ["succeeded"]


@contextmanager
def process_that_has(settings: Settings) -> Iterator[None]:
    """Another process with a DuckDB file open for writing."""
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); "
        "print('open', flush=True); sys.stdin.read()"
    )
    file = settings.database_url.removeprefix("duckdb://")
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, file], text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield
        process.communicate()


def test_a_duckdb_file_in_use_by_another_process_is_transient(duckdb_settings: Settings) -> None:
    with process_that_has(duckdb_settings):
        error = fail(impatient(duckdb_settings), planned("ticket_sla", attempts=1))
    assert is_transient(error)
    assert "is in use by process" in str(error)


def test_an_attempt_waits_for_a_duckdb_file_no_longer_than_is_allowed(
    duckdb_settings: Settings,
) -> None:
    patient = replace(duckdb_settings, lock_timeout=1)
    with process_that_has(duckdb_settings):
        began = time.monotonic()
        with pytest.raises(TransientError):
            jobs.attempt(patient, planned("ticket_sla"), 1, quiet)
        assert 1 <= time.monotonic() - began < 1.8


def test_a_duckdb_file_that_cannot_be_opened_is_not(tmp_path: Path) -> None:
    (tmp_path / "crm.duckdb").write_text("no database" * 1000, encoding="utf-8")
    settings = Settings(database_url=f"duckdb://{tmp_path}/crm.duckdb")
    assert not is_transient(fail(settings, planned("ticket_sla", attempts=1)))


@on_postgres
def test_a_table_that_somebody_else_has_locked_is_transient(seeded: Settings) -> None:
    carry_out(seeded, planned("ticket_sla"))
    with open_warehouse(seeded) as other, other.transaction():
        other.run(f"LOCK TABLE {other.quote(other.analytics, 'ticket_sla_compliance')}")
        error = fail(impatient(seeded), planned("ticket_sla", attempts=1))
    assert is_transient(error)


# Statements


@on_postgres
def test_a_statement_that_takes_too_long_is_transient(settings: Settings) -> None:
    with open_warehouse(replace(settings, statement_timeout=0.2)) as warehouse:
        with pytest.raises(TransientError, match="`timeout` of the job"):
            warehouse.fetch("SELECT pg_sleep(10)")
        assert warehouse.fetch("SELECT 1") == [(1,)]


@on_postgres
def test_an_attempt_ends_with_a_statement_that_takes_longer_than_the_job_allows(
    seeded: Settings,
) -> None:
    execute(
        seeded,
        "ALTER TABLE {raw}.tickets RENAME TO slow_tickets",
        "CREATE VIEW {raw}.tickets AS SELECT t.* FROM {raw}.slow_tickets AS t, "
        "LATERAL (SELECT pg_sleep(10) WHERE t.id <> '') AS nap",
    )
    error = fail(seeded, planned("ticket_sla", attempts=2, timeout="200ms"))
    assert is_transient(error)
    assert states(seeded) == ["retrying", "failed"]


def test_without_a_timeout_of_its_own_a_job_leaves_each_attempt_its_share() -> None:
    # 1 h less the waits of 30, 36, 43.2 and 51.84 s, for 5 attempts.
    assert planned("ticket_sla").job.statement_seconds == pytest.approx((3600 - 161.04) / 5)
    assert planned("ticket_sla", timeout="90s").job.statement_seconds == 90
    # An SLA shorter than the waits leaves a minute in all.
    assert planned("ticket_sla", sla="2min").job.statement_seconds == 12


@pytest.fixture
def two_rows(seeded: Settings) -> Iterator[tuple[Warehouse, Warehouse]]:
    """Two connections to a database with a table `pair` of two rows."""
    execute(seeded, "CREATE TABLE {raw}.pair AS SELECT 1 AS id, 0 AS n UNION ALL SELECT 2, 0")
    with open_warehouse(seeded) as first, open_warehouse(seeded) as second:
        yield first, second


def add(warehouse: Warehouse, row: int) -> None:
    warehouse.run(f"UPDATE {warehouse.quote(warehouse.raw, 'pair')} SET n = n + 1 WHERE id = {row}")


def test_a_clash_with_another_transaction_is_transient(
    two_rows: tuple[Warehouse, Warehouse],
) -> None:
    first, second = two_rows

    def change_what_another_has_changed() -> None:
        with first.transaction():
            first.fetch(f"SELECT * FROM {first.quote(first.raw, 'pair')}")
            add(second, 1)
            add(first, 1)

    with pytest.raises(TransientError):
        change_what_another_has_changed()


@on_postgres
def test_a_deadlock_is_transient_for_one_of_the_two(
    two_rows: tuple[Warehouse, Warehouse],
) -> None:
    both_hold = Barrier(2)

    def work(warehouse: Warehouse, mine: int, yours: int) -> str:
        try:
            with warehouse.transaction():
                add(warehouse, mine)
                both_hold.wait(10)
                add(warehouse, yours)
        except TransientError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(work, w, 1 + n, 2 - n) for n, w in enumerate(two_rows)]
    done, deadlock = sorted((end.result() for end in ends), key=len)
    assert done == "done"
    assert "deadlock detected" in deadlock


# Connections


class Cut:
    """A report that has the server end the connection of a run, in so many attempts."""

    def __init__(self, settings: Settings, times: int) -> None:
        self.settings = settings
        self.times = times

    def __call__(self, event: ProgressEvent) -> None:
        if self.times and event.kind == "built":
            self.times -= 1
            with open_warehouse(self.settings) as warehouse, another_session(warehouse) as query:
                query(
                    "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks AS l "
                    "JOIN pg_class AS c ON c.oid = l.relation "
                    "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                    f"WHERE n.nspname = '{self.settings.raw_schema}' AND c.relname = 'tickets'"
                )


@on_postgres
def test_a_lost_connection_is_transient(seeded: Settings) -> None:
    with pytest.raises(TransientError, match="connection was lost"):
        jobs.attempt(seeded, planned("ticket_sla"), 1, Cut(seeded, 1))


@on_postgres
def test_an_attempt_after_a_lost_connection_takes_the_run_up(seeded: Settings) -> None:
    outcome = carry_out(seeded, planned("ticket_sla"), Cut(seeded, 1))
    first, second = logged(seeded)
    assert (first["attempt"], first["state"]) == (1, "retrying")
    assert (second["attempt"], second["state"], second["run_id"]) == (
        2,
        "succeeded",
        outcome.run_id,
    )
    assert first["as_of"] == second["as_of"] == AT
    assert current(seeded) == []


@on_postgres
def test_the_last_of_the_attempts_whose_connections_were_lost_has_failed(
    seeded: Settings,
) -> None:
    error = fail(seeded, planned("ticket_sla", attempts=2), Cut(seeded, 2))
    assert is_transient(error)
    watch(seeded)
    first, second = logged(seeded)
    assert (first["attempt"], first["state"]) == (1, "retrying")
    assert (second["attempt"], second["run_id"]) == (2, error.run_id)
    assert second["state"] in ("failed", "abandoned")


@on_postgres
def test_the_watch_does_not_take_a_run_with_attempts_to_come_for_killed(seeded: Settings) -> None:
    with pytest.raises(TransientError):
        jobs.attempt(seeded, planned("ticket_sla"), 1, Cut(seeded, 1))
    (status,) = [s for s in watch(seeded) if s.table == "ticket_sla_compliance"]
    assert not status.failing
    assert states(seeded) == ["retrying"]


def test_an_attempt_that_fails_with_others_to_come_is_not_a_failure(seeded: Settings) -> None:
    def lose(event: ProgressEvent) -> None:
        raise TransientError("lost")

    run = planned("ticket_sla", attempts=3)
    for number in (1, 2, 3):
        with pytest.raises(TransientError):
            jobs.attempt(seeded, run, number, lose)
    assert [(r["attempt"], r["state"], r["error"]) for r in logged(seeded)] == [
        (1, "retrying", "lost"),
        (2, "retrying", "lost"),
        (3, "failed", "lost"),
    ]


def test_a_broken_contract_is_not_tried_again(seeded: Settings) -> None:
    execute(seeded, BREAK_TICKETS)
    error = fail(seeded, planned("ticket_sla", attempts=5))
    assert not is_transient(error)
    assert states(seeded) == ["failed"]


def test_a_server_that_does_not_listen_is_transient() -> None:
    settings = Settings(database_url="postgres://reader:geheim@127.0.0.1:1/crm")
    error = fail(settings, planned("ticket_sla", attempts=1))
    assert is_transient(error)
    assert "geheim" not in str(error)


@contextmanager
def server_that_says(code: str, message: str) -> Iterator[Settings]:
    """Settings of a PostgreSQL that refuses every connection with these words."""
    fields = (("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", message))
    body = b"".join(f"{kind}{text}\0".encode() for kind, text in fields) + b"\0"
    answer = b"E" + (len(body) + 4).to_bytes(4) + body

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            with client:
                while int.from_bytes(client.recv(4)) == 8:  # asks for encryption first
                    client.recv(4)
                    client.sendall(b"N")
                client.recv(10_000)
                client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, args=[listener], daemon=True).start()
        port = listener.getsockname()[1]
        try:
            yield Settings(database_url=f"postgres://reader:geheim@127.0.0.1:{port}/crm")
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("code", "message", "transient"),
    [
        ("28P01", 'password authentication failed for user "reader"', False),
        ("28000", 'role "reader" does not exist', False),
        ("3D000", 'database "crm" does not exist', False),
        ("28000", 'no pg_hba.conf entry for host "10.0.0.1", user "reader"', False),
        ("57P03", "the database system is starting up", True),
        ("57P03", "the database system is shutting down", True),
        ("57P03", "the database system is in recovery mode", True),
        ("57P03", "the database system is not yet accepting connections", True),
        ("53300", "sorry, too many clients already", True),
        ("53300", 'too many connections for database "crm"', True),
        (
            "53300",
            "remaining connection slots are reserved for roles with the SUPERUSER attribute",
            True,
        ),
        ("57P01", "terminating connection due to administrator command", True),
    ],
)
def test_a_server_that_refuses_for_now_is_transient_and_other_refusals_are_final(
    code: str, message: str, transient: bool
) -> None:
    with server_that_says(code, message) as settings:
        error = fail(settings, planned("ticket_sla", attempts=1))
    assert isinstance(error, DatabaseError)
    assert message in str(error)
    assert is_transient(error) is transient
    assert not re.search("geheim", str(error))
