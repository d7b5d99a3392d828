"""A whole production on this machine: Prefect server and worker, a PostgreSQL, a team's project."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psycopg
import yaml

BIN = Path(sys.executable).parent
SHIPPED = Path(__file__).parents[2]
PASSWORD = "Tr0ub4dor"
PATIENCE = 90
"""Seconds for whatever is waited for; a run takes about eight."""


@dataclass
class Production:
    """Where everything is, and what can be done there."""

    project: Path
    database_url: str
    api: str
    environment: dict[str, str]
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *command: str) -> str:
        """What a command of the environment prints, in the project folder."""
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """A command that goes on, its output in a file of the project."""
        with (self.project / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                cwd=self.project,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        self.started[name] = process
        return process

    def stop(self, *names: str) -> None:
        """Ends what was started, or what is named of it, the last first."""
        for name in reversed(names or tuple(self.started)):
            process = self.started.pop(name)
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API of the Prefect server answers.

        A server whose SQLite is busy undoes what it began and answers 503, to be asked again, as
        Prefect's own client does.
        """
        request = urllib.request.Request(
            self.api + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except HTTPError as refusal:
                if refusal.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > end:
                    raise
            time.sleep(0.5)

    def begin(self, deployment: str) -> str:
        """Runs a deployment as soon as the worker takes it; the flow run's id."""
        made = self.ask(f"/deployments/name/{deployment}")
        run = self.ask(f"/deployments/{made['id']}/create_flow_run", {"state": None})
        return str(run["id"])

    def ended(self, flow_run: str) -> dict[str, Any]:
        """A flow run when it has come to its end."""
        final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

        def over() -> Any:
            run = self.ask(f"/flow_runs/{flow_run}")
            return run if run["state_type"] in final else None

        return waited_for(over)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(sql, values or None).fetchall()

    def logged(self, job: str) -> list[dict[str, Any]]:
        """What the run log has of a job, oldest first."""
        names = ("run_id", "state", "attempt", "as_of", "started_by", "error")
        found = self.rows(
            f"SELECT {', '.join(names)} FROM analytics_meta.runs WHERE job = %s "
            "ORDER BY started_at, run_id",
            job,
        )
        return [dict(zip(names, row, strict=True)) for row in found]

    def at_work(self, job: str) -> dict[str, Any]:
        """The run of a job that is at work, once there is one."""
        return waited_for(
            lambda: next((run for run in self.logged(job) if run["state"] == "running"), None)
        )

    @contextmanager
    def held_up(self, table: str) -> Iterator[None]:
        """While somebody else has a table, whoever reads it waits."""
        with (
            suppress(psycopg.OperationalError),  # the server may be gone by the end
            psycopg.connect(self.database_url) as connection,
        ):
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()


def waited_for(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """What a question answers as soon as it answers something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {patience} s in vain")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def silent_port() -> socket.socket:
    """Something that takes connections and never answers."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener


def project_folder(folder: Path) -> Path:
    """A project folder with nothing in it."""
    folder.mkdir()
    (folder / "crm_ibis.yml").write_text('made_with: "0.1.0"\n', encoding="utf-8")
    return folder


def jobs_for_tests(file: Path) -> None:
    """Nothing runs by itself, a second attempt comes soon, and tickets have an SLA of seconds.

    For a killed run of health scores no attempt is to come, so that the watch need not wait.
    Retention is paused, and nothing starts the job of the representatives.
    """
    shipped = yaml.safe_load((SHIPPED / "flows" / "jobs.yml").read_text(encoding="utf-8"))
    changed: dict[str, dict[str, Any]] = {name: {} for name in shipped["jobs"]}
    for name, job in changed.items():
        job["schedule"] = in_a_while()
        job["attempts"] = 4
        job["first_wait"] = "2s"
        if name == "ticket_sla":
            job["sla"] = "7s"
        if name == "health_scores":
            job["attempts"] = 1
        if name == "cohort_retention":
            job["paused"] = True
        if name == "rep_activity":
            job["schedule"] = None
    file.write_text(yaml.safe_dump({"jobs": changed}, sort_keys=False), encoding="utf-8")


def in_a_while() -> str:
    """A schedule whose next instant no test lives to see, and the server's scheduler does."""
    day = datetime.now(UTC) + timedelta(days=20)
    return f"0 0 {day.day} {day.month} *"


def environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment of whatever runs in production: none of this project's own settings."""
    kept = {name: value for name, value in os.environ.items() if "CRM_IBIS" not in name}
    return {**kept, "PATH": f"{BIN}:{kept.get('PATH', '')}", **settings}
