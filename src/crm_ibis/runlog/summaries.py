"""Summaries of past runs: failures, broken contracts, quarantine, how long a run usually takes."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from statistics import median

from crm_ibis.errors import BrokenCheck
from crm_ibis.runlog import clock, layout
from crm_ibis.runlog import log as runlog
from crm_ibis.runlog.publications import RETIRED
from crm_ibis.warehouse import Warehouse

USUAL_OF = 10
USUAL_FROM = 5
"""What a run usually takes is the median of its last ten successes, known from five on."""
SLOW = 1.5
"""A run that takes more than this many times as long as usual is slow."""
UNCHANGED_FROM = 3
"""A source that was the same in so many runs in a row is reported."""
UNCHANGED_OF = 100
"""So many runs back, at most, a source is compared."""

NOT_RETRIED_SQL = (
    "AND (state <> 'retrying' OR NOT EXISTS (SELECT 1 FROM {log} AS b WHERE b.job = a.job "
    "AND b.scheduled_at = a.scheduled_at AND b.started_at > a.started_at))"
)
"""A run that was to be followed by another attempt, and was not."""


@dataclass(frozen=True)
class FailedRun:
    """A run that failed for good, or was killed."""

    run_id: str
    finished_at: datetime
    tables: tuple[str, ...]
    error: str
    broken: tuple[BrokenCheck, ...]


@dataclass(frozen=True)
class Breach:
    """The run that last found the contract of a table broken."""

    run_id: str
    finished_at: datetime


def killed_runs(warehouse: Warehouse) -> dict[str, str]:
    """Runs that the log has as running though nobody is at work, with the state that is due.

    Whatever writes next marks them: this is for those who only read. A run that ended between two
    looks is not among them; inside a transaction, which sees one picture only, it might be.
    """
    if not layout.has_layout(warehouse, 1):
        return {}
    before = _running(warehouse)
    if not before or warehouse.is_locked():
        return {}
    return {run: state for run, state in _running(warehouse).items() if run in before}


def _running(warehouse: Warehouse) -> dict[str, str]:
    """The runs that say they are running, and what each is if it was killed."""
    again = "retry_wait IS NOT NULL" if layout.has_layout(warehouse, 2) else "1 = 0"
    return dict(
        warehouse.fetch(
            f"SELECT run_id, CASE WHEN {again} THEN 'retrying' ELSE 'abandoned' END "
            f"FROM {layout.log_table(warehouse, 'runs')} WHERE state = 'running'"
        )
    )


def failures(
    warehouse: Warehouse,
    since: datetime = datetime.min,
    now: datetime | None = None,
    killed: Mapping[str, str] | None = None,
) -> list[FailedRun]:
    """Runs that failed or were killed after an instant, newest first; no backfills.

    An attempt that was to be followed by another counts once that one is overdue. Runs that were
    `killed` and are not marked yet count as ended now, which is after all publications.
    """
    if not layout.has_layout(warehouse, 1):
        return []
    log = layout.log_table(warehouse, "runs")
    now = now or clock.now()
    more = "NULL, NULL"
    unfollowed = ""
    if layout.has_layout(warehouse, 2):
        more = "broken, retry_wait"
        unfollowed = NOT_RETRIED_SQL.format(log=log)
    found = warehouse.fetch(
        f"SELECT run_id, state, finished_at, tables, error, {more} FROM {log} AS a "
        "WHERE state IN ('failed', 'abandoned', 'retrying') AND finished_at > ? "
        f"AND command <> 'backfill' {unfollowed} "
        "ORDER BY finished_at DESC",
        [since],
    )
    return [*_abandoned(warehouse, killed or {}, max(now, clock.now()))] + [
        FailedRun(run_id, finished_at, tuple(tables.split(",")), error or "", checks_in(broken))
        for run_id, state, finished_at, tables, error, broken, wait in found
        if state != "retrying" or finished_at + timedelta(seconds=wait or 0) < now
    ]


def _abandoned(
    warehouse: Warehouse, killed: Mapping[str, str], now: datetime
) -> Iterator[FailedRun]:
    """Killed runs that no other attempt is to follow."""
    for run_id in (run for run, state in killed.items() if state == "abandoned"):
        for tables, command in warehouse.fetch(
            f"SELECT tables, command FROM {layout.log_table(warehouse, 'runs')} WHERE run_id = ?",
            [run_id],
        ):
            if command != "backfill":
                names = tuple(tables.split(","))
                yield FailedRun(run_id, now, names, runlog.ENDED_UNEXPECTEDLY, ())


def recorded_tables(warehouse: Warehouse) -> dict[str, str]:
    """All tables that runs have published or recorded and none has retired since, with their kind.

    Histories that were only backfilled are among them.
    """
    if not layout.has_layout(warehouse, 1):
        return {}
    found = warehouse.fetch(
        "SELECT DISTINCT ON (t.table_name) t.table_name, t.kind "
        f"FROM {layout.log_table(warehouse, 'run_tables')} t "
        f"JOIN {layout.log_table(warehouse, 'runs')} r ON r.run_id = t.run_id "
        "WHERE t.kind IN ('published', 'snapshot', ?) AND r.state = 'succeeded' "
        "ORDER BY t.table_name, r.finished_at DESC",
        [RETIRED],
    )
    return {table: kind for table, kind in found if kind != RETIRED}


def broken_contracts(warehouse: Warehouse) -> dict[str, Breach]:
    """The tables whose contract was broken when a run last looked at them, and that run.

    A source that has since been marked absent, or an optional one that is gone, stays among them.
    """
    if not layout.has_layout(warehouse, 2):
        return {}
    log = layout.log_table(warehouse, "runs")
    tables = layout.log_table(warehouse, "run_tables")
    kept: dict[str, datetime] = dict(
        warehouse.fetch(
            f"SELECT t.table_name, max(r.finished_at) FROM {tables} t JOIN {log} r "
            "ON r.run_id = t.run_id WHERE r.state = 'succeeded' GROUP BY t.table_name"
        )
    )
    found = warehouse.fetch(
        f"SELECT run_id, finished_at, broken FROM {log} WHERE broken IS NOT NULL "
        "AND command <> 'backfill' ORDER BY finished_at"
    )
    return {
        check.table: Breach(run_id, finished_at)
        for run_id, finished_at, broken in found
        for check in checks_in(broken)
        if check.table not in kept or kept[check.table] < finished_at
    }


def checks_in(broken: str | None) -> tuple[BrokenCheck, ...]:
    """The broken checks of a run, from what the log has of them."""
    listed = json.loads(broken) if broken else []
    return tuple(BrokenCheck(**{**check, "keys": tuple(check["keys"])}) for check in listed)


def quarantined_rows(warehouse: Warehouse) -> dict[str, int]:
    """How many rows of each source its newest successful run left out."""
    if "quarantine" not in warehouse.tables(warehouse.meta):  # a layout from before
        return {}
    found = warehouse.fetch(
        "SELECT DISTINCT ON (t.table_name) t.table_name, t.quarantined_rows "
        f"FROM {layout.log_table(warehouse, 'run_tables')} t "
        f"JOIN {layout.log_table(warehouse, 'runs')} r "
        "ON r.run_id = t.run_id WHERE t.kind = 'source' AND r.state = 'succeeded' "
        "ORDER BY t.table_name, r.finished_at DESC"
    )
    return {table: rows or 0 for table, rows in found}


def sources_read(warehouse: Warehouse, run_ids: Collection[str]) -> dict[str, set[str]]:
    """The sources that each of some runs read: all that it needed and were not absent."""
    found: dict[str, set[str]] = {run_id: set() for run_id in run_ids}
    if found:
        marks = ", ".join("?" * len(found))
        for run_id, table in warehouse.fetch(
            f"SELECT run_id, table_name FROM {layout.log_table(warehouse, 'run_tables')} "
            f"WHERE kind = 'source' AND run_id IN ({marks})",
            list(found),
        ):
            found[run_id].add(table)
    return found


@dataclass(frozen=True)
class SourceRun:
    """What a successful refresh found of a source."""

    run_id: str
    finished_at: datetime
    rows: int
    newest_at: datetime | None
    """When its newest row by the run's instant was created or updated, if that is known."""

    def is_as(self, rows: int, newest_at: datetime | None) -> bool:
        """Whether it found as many rows, and the same newest one."""
        return self.rows == rows and newest_at is not None and self.newest_at == newest_at


def source_runs(warehouse: Warehouse, count: int) -> dict[str, list[SourceRun]]:
    """What the newest successful refreshes that read a source found of it, newest first."""
    if "run_tables" not in warehouse.tables(warehouse.meta):
        return {}
    known = warehouse.columns(warehouse.meta, "run_tables")
    newest = "t.newest_at" if "newest_at" in known else "CAST(NULL AS TIMESTAMP)"
    rows = warehouse.fetch(
        "SELECT table_name, run_id, finished_at, row_count, newest_at FROM ("
        f"SELECT t.table_name, t.run_id, r.finished_at, t.row_count, {newest} AS newest_at, "
        "row_number() OVER (PARTITION BY t.table_name ORDER BY r.finished_at DESC) AS n "
        f"FROM {layout.log_table(warehouse, 'run_tables')} t "
        f"JOIN {layout.log_table(warehouse, 'runs')} r ON r.run_id = t.run_id "
        "WHERE t.kind = 'source' AND r.state = 'succeeded' AND r.command = 'refresh'"
        ") AS q WHERE n <= ? ORDER BY table_name, finished_at DESC",
        [count],
    )
    found: dict[str, list[SourceRun]] = {}
    for table, *facts in rows:
        found.setdefault(table, []).append(SourceRun(*facts))
    return found


@dataclass(frozen=True)
class SourceSeen:
    """A source as the newest successful refresh that read it found it."""

    source: str
    run_id: str
    read_at: datetime
    rows: int
    newest_at: datetime | None
    unchanged_runs: int
    """How many of the newest runs in a row, this one included, found the same."""

    @property
    def is_unchanged(self) -> bool:
        """Whether it has been the same for so long that ingestion may have stopped."""
        return self.unchanged_runs >= UNCHANGED_FROM

    def age_hours(self, now: datetime) -> float | None:
        """How old its newest row is, if that is known."""
        return (now - self.newest_at) / timedelta(hours=1) if self.newest_at else None


def source_ages(warehouse: Warehouse) -> list[SourceSeen]:
    """Every source that a run read, in order of name."""
    return [
        SourceSeen(source, last.run_id, last.finished_at, last.rows, last.newest_at, same)
        for source, (last, *before) in sorted(source_runs(warehouse, UNCHANGED_OF).items())
        for same in [1 + sum(1 for _ in takewhile(_same_as(last), before))]
    ]


def _same_as(last: SourceRun) -> Callable[[SourceRun], bool]:
    return lambda run: run.is_as(last.rows, last.newest_at)


@dataclass(frozen=True)
class Pace:
    """How long the newest successful run of the same tables took, and what they usually take."""

    run_id: str
    seconds: float
    usual_seconds: float | None

    @property
    def slow(self) -> bool:
        return self.usual_seconds is not None and self.seconds > SLOW * self.usual_seconds


def paces(warehouse: Warehouse) -> dict[tuple[str, str], Pace]:
    """The pace of each command and list of tables that ever succeeded."""
    if not layout.has_layout(warehouse, 1):
        return {}
    found = warehouse.fetch(
        "SELECT command, tables, run_id, started_at, finished_at FROM ("
        "SELECT *, row_number() OVER (PARTITION BY command, tables ORDER BY finished_at DESC) AS n "
        f"FROM {layout.log_table(warehouse, 'runs')} WHERE state = 'succeeded') AS q "
        f"WHERE n <= {USUAL_OF + 1} ORDER BY finished_at DESC"
    )
    seconds: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for command, tables, run_id, started_at, finished_at in found:
        took = (finished_at - started_at) / timedelta(seconds=1)
        seconds.setdefault((command, tables), []).append((run_id, took))
    return {kind: _pace(*runs) for kind, runs in seconds.items()}


def _pace(newest: tuple[str, float], *earlier: tuple[str, float]) -> Pace:
    known = len(earlier) >= USUAL_FROM
    return Pace(*newest, median(took for run_id, took in earlier) if known else None)
