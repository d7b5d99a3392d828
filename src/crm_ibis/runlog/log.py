"""What ran, when, how long, how many rows, with which parameters.

The start of a run is committed before its transaction begins, so that a killed run is visible; its
success is written inside the transaction, so that the log and the tables cannot disagree.
"""

import getpass
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime

import crm_ibis
from crm_ibis.config.calendars import holidays_version
from crm_ibis.config.params import Params
from crm_ibis.config.reporting import Basis
from crm_ibis.errors import BrokenCheck, CrmIbisError, TransientError
from crm_ibis.runlog import clock
from crm_ibis.runlog.layout import log_table, upgrade
from crm_ibis.runlog.publications import active_run
from crm_ibis.warehouse import Warehouse

LONGEST_ERROR = 4000
ENDED_UNEXPECTEDLY = "the run ended unexpectedly (process killed or connection lost)"


@dataclass(frozen=True)
class TableRun:
    """What a run did with one table.

    `kind` is source, built, published, or snapshot; refused for a snapshot that was not merged;
    retired for a table that was dropped.
    """

    table: str
    kind: str
    rows: int
    checks: int
    seconds: float
    new: int = 0
    changed: int = 0
    gone: int = 0
    warnings: tuple[str, ...] = ()
    quarantined: int = 0
    """Rows of a source that were left out."""
    newest_at: datetime | None = None
    """When the newest row of a source by the run's instant was created or updated."""

    @property
    def changed_rows(self) -> int:
        """New, changed and gone rows."""
        return self.new + self.changed + self.gone


@dataclass(frozen=True)
class Attempt:
    """One attempt at a scheduled run of a job; the run log tells of it."""

    job: str
    scheduled_at: datetime
    due_at: datetime | None = None
    """When its SLA runs out."""
    number: int = 1
    retry_wait: float | None = None
    """Seconds within which another begins if this one fails through a transient error; null for
    the last."""


def prepare(warehouse: Warehouse, attempt: Attempt | None = None) -> None:
    """Makes or upgrades the tables of the log, and marks killed runs. Call under the lock.

    Whoever holds the lock is alone, so a run that still says it is running was killed, or lost its
    connection: then an `attempt` at the same scheduled run takes it up.
    """
    with warehouse.transaction():
        upgrade(warehouse)
    # In a transaction of its own: DuckDB updates no table that was altered in the same one.
    with warehouse.transaction():
        if attempt:
            warehouse.run(
                f"UPDATE {log_table(warehouse, 'runs')} SET state = 'retrying', finished_at = ? "
                "WHERE state = 'running' AND job = ? AND scheduled_at = ?",
                [clock.now(), attempt.job, attempt.scheduled_at],
            )
        warehouse.run(
            f"UPDATE {log_table(warehouse, 'runs')} SET state = CASE WHEN retry_wait IS NULL THEN "
            "'abandoned' ELSE 'retrying' END, finished_at = ?, error = ? WHERE state = 'running'",
            [clock.now(), ENDED_UNEXPECTEDLY],
        )
        _correct_clocks(warehouse)


def _correct_clocks(warehouse: Warehouse) -> None:
    """Ends at the database's now what a clock that was ahead logged as ending later.

    Or else such a run would be the newest one until then, whatever is published meanwhile.
    """
    moment = warehouse.now()
    instants = {"runs": ("started_at", "finished_at"), "alerts": ("told_at",)}
    for table, columns in instants.items():
        for column in columns:
            warehouse.run(
                f"UPDATE {log_table(warehouse, table)} SET {column} = ? WHERE {column} > ?",
                [moment, moment + clock.CLOCK_TOLERANCE],
            )


def prepare_unless_at_work(warehouse: Warehouse) -> None:
    """The same without the lock in hand: done if it is free, and so nobody is at work."""
    with suppress(TransientError), warehouse.lock(lambda: active_run(warehouse), wait=0):
        prepare(warehouse)


def start(
    warehouse: Warehouse,
    command: str,
    as_of: datetime,
    tables: Iterable[str],
    params: Params | None = None,
    attempt: Attempt | None = None,
) -> str:
    """Logs that a run began, with the parameters that it computes with, if any; its id.

    With the basis that it reports on, and the version of the library that holidays come from, where
    they have any: a newer one may change a past.
    """
    started = clock.now()
    run_id = f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    warehouse.run(
        f"INSERT INTO {log_table(warehouse, 'runs')} (run_id, command, state, started_at, as_of, "
        "tables, params, program_version, started_by, job, attempt, scheduled_at, due_at, "
        "retry_wait, holidays_version, basis) "
        "VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run_id,
            command,
            started,
            as_of,
            ",".join(tables),
            json.dumps(params.model_dump(mode="json")) if params else None,
            crm_ibis.__version__,
            f"{_user()}@{socket.gethostname()}, process {os.getpid()}",
            attempt and attempt.job,
            attempt and attempt.number,
            attempt and attempt.scheduled_at,
            attempt and attempt.due_at,
            attempt and attempt.retry_wait,
            holidays_version(params.calendars.values()) if params else None,
            params.reporting.basis.to_json() if params else None,
        ],
    )
    return run_id


def keep_basis(warehouse: Warehouse, run_id: str, basis: Basis) -> None:
    """Logs the basis of a run that computes nothing, but records what others published."""
    warehouse.run(
        f"UPDATE {log_table(warehouse, 'runs')} SET basis = ? WHERE run_id = ?",
        [basis.to_json(), run_id],
    )


@contextmanager
def logged_run(
    warehouse: Warehouse,
    command: str,
    tables: Iterable[str],
    as_of: datetime | Callable[[], datetime] | None,
    params: Params | None = None,
    attempt: Attempt | None = None,
    refuse: Callable[[datetime], None] = lambda moment: None,
) -> Iterator[tuple[str, datetime]]:
    """Takes the lock and logs the run's start, and its failure if it fails; its id and instant.

    The instant is `as_of`, or the clock's under the lock: a run that waited for it would else be
    refused as out of date. What `refuse` raises for it under the lock is no run, and not logged.

    Raises DataError when this machine's clock is ahead of the database's: nothing is logged.
    """
    with warehouse.lock(lambda: active_run(warehouse)):
        clock.refuse_clock_ahead(warehouse)
        moment = (as_of() if callable(as_of) else as_of) or clock.now()
        refuse(moment)
        prepare(warehouse, attempt)
        run_id = start(warehouse, command, moment, tables, params, attempt)
        try:
            yield run_id, moment
        except BaseException as error:
            # When the connection is gone too, the next run marks this one as abandoned.
            with suppress(Exception):
                log_failure(warehouse, run_id, error, attempt)
            if isinstance(error, CrmIbisError):
                error.run_id = run_id
            raise


def log_failure(
    warehouse: Warehouse, run_id: str, error: BaseException, attempt: Attempt | None
) -> None:
    """Logs how a run failed, over another connection too where its own was lost."""
    again = attempt and attempt.retry_wait is not None and isinstance(error, TransientError)
    stopped = not isinstance(error, Exception)  # Ctrl-C, or the scheduler's signal
    state = "cancelled" if stopped else "retrying" if again else "failed"
    broken = error.broken if isinstance(error, CrmIbisError) else ()
    _finish(warehouse, run_id, state, str(error) or type(error).__name__, broken)


def _record(warehouse: Warehouse, run_id: str, tables: Iterable[TableRun]) -> None:
    for table in tables:
        warehouse.run(
            f"INSERT INTO {log_table(warehouse, 'run_tables')} "
            "(run_id, table_name, kind, row_count, new_rows, changed_rows, gone_rows, checks, "
            "warnings, seconds, quarantined_rows, newest_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run_id,
                table.table,
                table.kind,
                table.rows,
                table.new,
                table.changed,
                table.gone,
                table.checks,
                json.dumps(table.warnings),
                table.seconds,
                table.quarantined,
                table.newest_at,
            ],
        )


def succeed(
    warehouse: Warehouse, run_id: str, tables: Iterable[TableRun], refused: str | None = None
) -> None:
    """Logs a success, and what was refused all the same; call inside the run's transaction."""
    _record(warehouse, run_id, tables)
    _finish(warehouse, run_id, "succeeded", refused)


def fail(warehouse: Warehouse, run_id: str, error: str, tables: Iterable[TableRun] = ()) -> None:
    """Logs a failure after the rollback, or inside the transaction what was done all the same."""
    _record(warehouse, run_id, tables)
    _finish(warehouse, run_id, "failed", error)


def _finish(
    warehouse: Warehouse,
    run_id: str,
    state: str,
    error: str | None,
    broken: Iterable[BrokenCheck] = (),
) -> None:
    warehouse.run(
        f"UPDATE {log_table(warehouse, 'runs')} "
        "SET state = ?, finished_at = ?, error = ?, broken = ? WHERE run_id = ?",
        [state, clock.now(), error and error[:LONGEST_ERROR], _as_json(broken), run_id],
    )


def _as_json(broken: Iterable[BrokenCheck]) -> str | None:
    listed = [asdict(check) for check in broken]
    return json.dumps(listed) if listed else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user, as in some containers
        return str(os.getuid())
