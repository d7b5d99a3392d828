"""What past runs tell: which contracts are broken, and how long a run usually takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from crm_ibis import runlog
from crm_ibis.warehouse import Warehouse

USUAL_OF = 10
USUAL_FROM = 5
"""What a run usually takes is the median of its last ten successes, known from five on."""
SLOW = 1.5
"""A run that takes more than this many times as long as usual is slow."""


def broken_contracts(warehouse: Warehouse) -> dict[str, str]:
    """The tables whose contract was broken when a run last looked at them, and that run."""
    if not runlog.has_layout(warehouse, 2):
        return {}
    runs, tables = runlog.log_table(warehouse, "runs"), runlog.log_table(warehouse, "run_tables")
    kept: dict[str, datetime] = dict(
        warehouse.fetch(
            f"SELECT t.table_name, max(r.finished_at) FROM {tables} t JOIN {runs} r "
            "ON r.run_id = t.run_id WHERE r.state = 'succeeded' GROUP BY t.table_name"
        )
    )
    found = warehouse.fetch(
        f"SELECT run_id, finished_at, broken FROM {runs} WHERE broken <> '' ORDER BY finished_at"
    )
    return {
        table: run_id
        for run_id, finished_at, broken in found
        for table in broken.split(",")
        if table not in kept or kept[table] < finished_at
    }


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
    if not runlog.has_layout(warehouse, 1):
        return {}
    found = warehouse.fetch(
        "SELECT command, tables, run_id, started_at, finished_at FROM ("
        "SELECT *, row_number() OVER (PARTITION BY command, tables ORDER BY finished_at DESC) AS n "
        f"FROM {runlog.log_table(warehouse, 'runs')} WHERE state = 'succeeded') AS q "
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
