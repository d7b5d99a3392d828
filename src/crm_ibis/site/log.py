"""What the run log says, for the pages: no error texts, hosts, users or sample rows.

An error may quote a file's path, a server's address or a key; the site names the tables whose
contract was broken, and leaves the words to `crm-ibis status`.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm_ibis import runlog
from crm_ibis.incidents import Incident, current
from crm_ibis.runs import checks_in
from crm_ibis.status import Status, statuses
from crm_ibis.warehouse import Warehouse

RUNS = 50
VERSIONS = 10


@dataclass(frozen=True)
class Run:
    """A run as the log has it."""

    run_id: str
    command: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    as_of: datetime | None
    tables: tuple[str, ...]
    job: str | None
    broken: tuple[str, ...]

    @property
    def seconds(self) -> float | None:
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at) / timedelta(seconds=1)


@dataclass(frozen=True)
class Version:
    """What a run did with one table."""

    run_id: str
    kind: str
    finished_at: datetime | None
    as_of: datetime | None
    rows: int
    new: int
    changed: int
    gone: int
    checks: int
    warnings: int
    seconds: float


@dataclass(frozen=True)
class Log:
    """Everything that the pages tell of runs."""

    runs: list[Run]
    versions: dict[str, list[Version]]
    statuses: list[Status]
    incidents: list[Incident]


def read(warehouse: Warehouse) -> Log:
    """The newest runs, the newest versions of each table, who is late, and what is not over."""
    return Log(_runs(warehouse), _versions(warehouse), statuses(warehouse), current(warehouse))


def _runs(warehouse: Warehouse) -> list[Run]:
    if not runlog.has_layout(warehouse, 2):
        return []
    found = warehouse.fetch(
        "SELECT run_id, command, state, started_at, finished_at, as_of, tables, job, broken "
        f"FROM {runlog.log_table(warehouse, 'runs')} ORDER BY started_at DESC LIMIT {RUNS}"
    )
    return [
        Run(run, command, state, began, ended, as_of, _names(tables), job, _tables(broken))
        for run, command, state, began, ended, as_of, tables, job, broken in found
    ]


def _versions(warehouse: Warehouse) -> dict[str, list[Version]]:
    if not runlog.has_layout(warehouse, 1):
        return {}
    found = warehouse.fetch(
        "SELECT table_name, run_id, kind, finished_at, as_of, row_count, new_rows, changed_rows, "
        "gone_rows, checks, warnings, seconds FROM ("
        "SELECT t.*, r.finished_at, r.as_of, row_number() OVER "
        "(PARTITION BY t.table_name ORDER BY r.started_at DESC) AS n "
        f"FROM {runlog.log_table(warehouse, 'run_tables')} t "
        f"JOIN {runlog.log_table(warehouse, 'runs')} r ON r.run_id = t.run_id "
        "WHERE t.kind <> 'built') AS q "
        f"WHERE n <= {VERSIONS} ORDER BY table_name, n"
    )
    versions: dict[str, list[Version]] = defaultdict(list)
    for table, *told, warnings, seconds in found:
        told = [*told, _count(warnings), seconds]
        versions[table].append(Version(*told))
    return versions


def _names(text: Any) -> tuple[str, ...]:
    return tuple(filter(None, (text or "").split(",")))


def _tables(broken: str | None) -> tuple[str, ...]:
    """The tables whose contracts stopped a run."""
    return tuple(dict.fromkeys(check.table for check in checks_in(broken)))


def _count(warnings: Any) -> int:
    """Warnings are a JSON list of texts, which may quote keys: only their number is told."""
    return len(json.loads(warnings or "[]"))
