"""Jobs of jobs.yml carried out without a scheduler, and what they leave in the database."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from stored import runs

from crm_ibis.config.declarations import get_job
from crm_ibis.config.settings import Settings
from crm_ibis.errors import CrmIbisError, TransientError
from crm_ibis.events import ProgressEvent, Report
from crm_ibis.operations import incidents, jobs
from crm_ibis.operations.incidents import Incident
from crm_ibis.operations.outcomes import JobRun, Outcome
from crm_ibis.runlog import clock, layout
from crm_ibis.runlog import log as runlog
from crm_ibis.warehouse import Warehouse, open_warehouse

AT = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=30)
"""When the tests' runs were scheduled: the SLA of no job has run out yet."""
BREAK_TICKETS = "UPDATE {raw}.tickets SET priority = 'urgent' WHERE id IN ('tick_003', 'tick_007')"
MEND_TICKETS = "UPDATE {raw}.tickets SET priority = 'low' WHERE priority = 'urgent'"


def quiet(event: ProgressEvent) -> None:
    """A report that nobody reads."""


def planned(name: str, at: datetime = AT, **changes: Any) -> JobRun:
    """The run of a job that was scheduled for an instant; `changes` are to what jobs.yml says."""
    return JobRun(name, get_job(name).model_copy(update=changes), at)


def carry_out(settings: Settings, run: JobRun, report: Report = quiet, pause: float = 0) -> Outcome:
    """A run with all its attempts; `pause` is how long each is blocked on something first."""

    def attempts() -> Outcome:
        for number in range(1, run.job.attempts + 1):
            time.sleep(pause)
            with suppress(*[TransientError] * (number < run.job.attempts)):
                return jobs.attempt(settings, run, number, report)
        raise AssertionError("the last attempt neither succeeds nor fails")

    return jobs.run_with_alerts(settings, run, attempts, report)


def fail(settings: Settings, run: JobRun, report: Report = quiet) -> CrmIbisError:
    """A run that must fail; its error."""
    try:
        outcome = carry_out(settings, run, report)
    except CrmIbisError as error:
        return error
    raise AssertionError(f"did not fail: {outcome}")


def impatient(settings: Settings) -> Settings:
    """Waits for no lock."""
    return replace(settings, lock_timeout=0.05)


def execute(settings: Settings, *statements: str) -> None:
    """Runs statements; `{raw}`, `{analytics}` and `{meta}` stand for the schemas."""
    with open_warehouse(settings) as warehouse:
        for sql in statements:
            schemas = {"raw": warehouse.raw, "analytics": warehouse.analytics}
            warehouse.run(sql.format(**schemas, meta=warehouse.meta))


def fetch(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query, with schemas as in `execute`."""
    with open_warehouse(settings) as warehouse:
        schemas = {"raw": warehouse.raw, "analytics": warehouse.analytics}
        return warehouse.fetch(sql.format(**schemas, meta=warehouse.meta))


def log_run(
    settings: Settings,
    run_id: str,
    tables: Iterable[str],
    finished_at: datetime,
    state: str = "succeeded",
    seconds: float = 60,
    **columns: Any,
) -> None:
    """Writes a refresh into the log as if it had happened."""
    with prepared_log(settings) as warehouse:
        add_run(warehouse, run_id, tables, finished_at, state, seconds, **columns)


@contextmanager
def prepared_log(settings: Settings) -> Iterator[Warehouse]:
    """A database whose log is ready for `add_run`."""
    with open_warehouse(settings) as warehouse:
        runlog.prepare(warehouse)
        yield warehouse


def add_run(
    warehouse: Warehouse,
    run_id: str,
    tables: Iterable[str],
    finished_at: datetime,
    state: str = "succeeded",
    seconds: float = 60,
    **columns: Any,
) -> None:
    """Writes a refresh into the log of an open database as if it had happened."""
    tables = list(tables)
    began = finished_at - timedelta(seconds=seconds)
    row = {
        "run_id": run_id,
        "command": "refresh",
        "state": state,
        "started_at": began,
        "finished_at": finished_at,
        "as_of": began,
        "tables": ",".join(tables),
        **columns,
    }
    slots = ", ".join("?" * len(row))
    log = layout.log_table(warehouse, "runs")
    warehouse.run(f"INSERT INTO {log} ({', '.join(row)}) VALUES ({slots})", list(row.values()))
    for table in tables if state == "succeeded" else ():
        warehouse.run(
            f"INSERT INTO {layout.log_table(warehouse, 'run_tables')} "
            "(run_id, table_name, kind, row_count) VALUES (?, ?, 'published', 1)",
            [run_id, table],
        )


def logged(settings: Settings) -> list[dict[str, Any]]:
    """The log of runs, oldest first."""
    with open_warehouse(settings) as warehouse:
        return runs(warehouse)


def states(settings: Settings) -> list[str]:
    """How the logged runs ended, oldest first."""
    return [run["state"] for run in logged(settings)]


def current(settings: Settings) -> list[Incident]:
    """The incidents that have not ended."""
    with open_warehouse(settings) as warehouse:
        return incidents.current(warehouse)
