"""Which run published or recorded each table last, and which is at work now."""

from datetime import datetime
from typing import Any

from crm_ibis.config.reporting import Basis
from crm_ibis.runlog.layout import HAS_BASIS, has_layout, log_table
from crm_ibis.warehouse import Warehouse

RETIRED = "retired"
"""The kind of a table that was dropped as the project no longer has it."""


def active_run(warehouse: Warehouse) -> str:
    """Who is at work now, in words."""
    if "runs" in warehouse.tables(warehouse.meta):
        found = warehouse.fetch(
            f"SELECT run_id, command, started_by, started_at FROM {log_table(warehouse, 'runs')} "
            "WHERE state = 'running' ORDER BY started_at DESC LIMIT 1"
        )
        for run_id, command, started_by, started_at in found:
            return f"run {run_id} ({command} by {started_by}, since {started_at:%H:%M:%S} UTC)"
    return "another run"


def publications(warehouse: Warehouse, kind: str = "published") -> dict[str, dict[str, Any]]:
    """The newest publication of each table: run_id, as_of, finished_at, rows, basis.

    Of the kind `snapshot`: the newest merge of each snapshot, but for those of a backfill. What was
    retired since is not among them.
    """
    if "run_tables" not in warehouse.tables(warehouse.meta):
        return {}
    basis = "r.basis"
    if not has_layout(warehouse, HAS_BASIS):
        basis = "NULL"
    found = warehouse.fetch(
        "SELECT DISTINCT ON (t.table_name) "
        f"t.table_name, t.kind, r.run_id, r.as_of, r.finished_at, t.row_count, {basis} "
        f"FROM {log_table(warehouse, 'run_tables')} t JOIN {log_table(warehouse, 'runs')} r "
        "ON r.run_id = t.run_id "
        "WHERE t.kind IN (?, ?) AND r.state = 'succeeded' AND r.command <> 'backfill' "
        "ORDER BY t.table_name, r.finished_at DESC, r.run_id DESC",
        [kind, RETIRED],
    )
    names = ("run_id", "as_of", "finished_at", "rows", "basis")
    return {
        table: dict(zip(names, (*rest, Basis.from_json(basis)), strict=True))
        for table, newest, *rest, basis in found
        if newest == kind
    }


def history_bases(warehouse: Warehouse, snapshot: str) -> list[Basis]:
    """The bases of all merges of a snapshot that the log knows, by the instant of the merge.

    A merge of an earlier version, and one without a record, is of UTC.
    """
    if not has_layout(warehouse, HAS_BASIS):
        return []
    found = warehouse.fetch(
        f"SELECT r.basis FROM {log_table(warehouse, 'run_tables')} t "
        f"JOIN {log_table(warehouse, 'runs')} r ON r.run_id = t.run_id "
        "WHERE t.kind = 'snapshot' AND t.table_name = ? AND r.state = 'succeeded' "
        "ORDER BY r.as_of, r.finished_at",
        [snapshot],
    )
    return [Basis.from_json(basis) for (basis,) in found]


def first_merge(warehouse: Warehouse, snapshot: str, since: datetime) -> datetime | None:
    """The earliest instant, not before `since`, as of which a snapshot was merged."""
    ((moment,),) = warehouse.fetch(
        f"SELECT min(r.as_of) FROM {log_table(warehouse, 'run_tables')} t "
        f"JOIN {log_table(warehouse, 'runs')} r ON r.run_id = t.run_id "
        "WHERE t.kind = 'snapshot' AND t.table_name = ? AND r.as_of >= ?",
        [snapshot, since],
    )
    return moment
