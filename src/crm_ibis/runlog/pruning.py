"""Forgets runs that ended long ago, but for those that something still goes by."""

from datetime import datetime, timedelta

from crm_ibis.config import declarations
from crm_ibis.runlog import clock, layout, summaries
from crm_ibis.warehouse import Warehouse

KEPT_OF_EACH = 2 * summaries.USUAL_OF
"""So many of the newest runs of the same tables with the same end stay, however old: paces, and
tables that have failed ever since, are told by them."""


def prune(warehouse: Warehouse) -> int:
    """Deletes runs older than the retention of the jobs file; how many. Call in a transaction.

    The newest publication and merge of each table stay, the first merge of each history, and what
    open incidents, broken contracts and the quarantine refer to.
    """
    limit = clock.now() - timedelta(days=declarations.run_retention_days())
    log, tables = (layout.log_table(warehouse, name) for name in ("runs", "run_tables"))
    alerts = layout.log_table(warehouse, "alerts")
    broken = [breach.run_id for breach in summaries.broken_contracts(warehouse).values()]
    kept = _runs_to_keep(warehouse)
    others = f"AND run_id NOT IN ({', '.join('?' * len(broken))}) " if broken else ""
    old = [
        run_id
        for (run_id,) in warehouse.fetch(
            f"SELECT run_id FROM {log} WHERE finished_at < ? {others}AND run_id NOT IN ({kept})",
            [limit, *broken],
        )
    ]
    for start in range(0, len(old), 1000):
        some = old[start : start + 1000]
        marks = ", ".join("?" * len(some))
        for name in (tables, log):
            warehouse.run(f"DELETE FROM {name} WHERE run_id IN ({marks})", some)
    warehouse.run(f"DELETE FROM {alerts} WHERE ended_at < ?", [limit])
    return len(old)


def _runs_to_keep(warehouse: Warehouse) -> str:
    """A query for the runs that stay, however old."""
    log, tables = (layout.log_table(warehouse, name) for name in ("runs", "run_tables"))
    newest = (
        "SELECT run_id FROM (SELECT run_id, row_number() OVER (PARTITION BY command, tables, "
        f"state ORDER BY finished_at DESC) AS n FROM {log}) AS a WHERE n <= {KEPT_OF_EACH}"
    )
    results = (
        "SELECT run_id FROM (SELECT t.run_id, t.kind, "
        "row_number() OVER (PARTITION BY t.table_name, t.kind, r.state, r.command = 'backfill' "
        "ORDER BY r.finished_at DESC) AS n, "
        "row_number() OVER (PARTITION BY t.table_name, t.kind ORDER BY r.as_of) AS m "
        f"FROM {tables} AS t JOIN {log} AS r ON r.run_id = t.run_id "
        "WHERE r.state = 'succeeded' OR t.kind = 'snapshot') AS b "
        "WHERE n = 1 OR (m = 1 AND kind = 'snapshot')"
    )
    alerts = (
        f"SELECT run_id FROM {layout.log_table(warehouse, 'alerts')} "
        "WHERE ended_at IS NULL AND run_id IS NOT NULL"
    )
    quarantine = (
        f"SELECT run_id FROM {layout.log_table(warehouse, 'quarantine')} WHERE run_id IS NOT NULL"
    )
    return " UNION ".join((newest, results, alerts, quarantine))


def is_due(warehouse: Warehouse) -> bool:
    """Whether the run that has just ended is the first success of the day (UTC): then it is time.

    Of successes, as a job that fails every night would else keep the log from ever being pruned.
    """
    today = datetime.combine(clock.now().date(), datetime.min.time())
    log = layout.log_table(warehouse, "runs")
    ((done,),) = warehouse.fetch(
        f"SELECT count(*) FROM {log} WHERE state = 'succeeded' AND finished_at >= ?", [today]
    )
    return bool(done <= 1)
