"""Retires a table that nothing publishes any more: drops it, and notes that in the run log."""

from dataclasses import dataclass

from crm_ibis.config.declarations import snapshots
from crm_ibis.contracts import models
from crm_ibis.errors import DataError, UsageError, near_match
from crm_ibis.events import ProgressEvent, Report, to_log
from crm_ibis.metrics import catalog, graph, own
from crm_ibis.runlog import log, summaries
from crm_ibis.runlog.log import TableRun
from crm_ibis.runlog.publications import RETIRED
from crm_ibis.warehouse import Warehouse

REPORT_TO_LOG = to_log(__name__)


@dataclass(frozen=True)
class Retirement:
    """What was retired, and which tables were dropped for it."""

    run_id: str
    table: str
    dropped: tuple[str, ...]


def retire(
    warehouse: Warehouse,
    name: str,
    with_history: bool = False,
    report: Report = REPORT_TO_LOG,
) -> Retirement:
    """Drops a published table that the project no longer has, and shows it no more.

    Also a fact that was published by name, and that no job publishes: `refresh` by its name brings
    it back. A history goes only `with_history`, its archive with it: it cannot be computed again.
    Raises UsageError for any other table that the project has, or that this program never made,
    DataError when something of the user's depends on the table; then nothing is dropped.
    """
    _refuse_current(name)
    kind = _kind_of(name, summaries.recorded_tables(warehouse))
    if kind == "snapshot" and not with_history:
        raise UsageError(
            f"{name} is a history, which cannot be computed again once it is dropped; "
            "--with-history drops it and its archive all the same"
        )
    names = [name, f"{name}_archive"] if kind == "snapshot" else [name]
    with log.logged_run(warehouse, "retire", [name], None) as (run_id, _), warehouse.transaction():
        there = warehouse.tables(warehouse.analytics)
        dropped = tuple(table for table in names if table in there)
        for table in dropped:
            _drop(warehouse, table)
            report(ProgressEvent("dropped", f"dropped {warehouse.analytics}.{table}", table))
        note = TableRun(name, RETIRED, rows=0, checks=0, seconds=0.0)
        log.succeed(warehouse, run_id, [note])
    return Retirement(run_id, name, dropped)


def _refuse_current(name: str) -> None:
    kept = snapshots()
    archives = {snapshot.archive for snapshot in kept.values()}
    computed = {*graph.table_functions(), *own.broken_tables()}
    if catalog.is_unscheduled_fact(name) and not any(s.kpi == name for s in kept.values()):
        computed.discard(name)
    sources = {c.name for c in models.contracts().values() if c.kind == "source"}
    if name in {*computed, *sources, *kept, *archives}:
        raise UsageError(
            f"{name} is part of this project; take it out of the project first, then retire it"
        )


def _kind_of(name: str, made: dict[str, str]) -> str:
    """Published or snapshot; raises UsageError for a table that no run made."""
    if name in made:
        return made[name]
    if made.get(name.removesuffix("_archive")) == "snapshot":
        raise UsageError(
            f"{name} is the archive of a history; retire {name.removesuffix('_archive')}, and it "
            "goes too"
        )
    known = [t for t in made if not catalog.is_known(t) or catalog.is_unscheduled_fact(t)]
    listed = f"these can be: {', '.join(known)}" if known else "there is none to retire"
    raise UsageError(
        f'the run log knows no table "{name}" that nothing publishes any more'
        f"{near_match(name, known)}; {listed}"
    )


def _drop(warehouse: Warehouse, name: str) -> None:
    if not warehouse.is_table(warehouse.analytics, name):
        raise DataError(
            f"{warehouse.analytics}.{name} is a view, and none of this program's; rename or drop "
            "it, then try again"
        )
    warehouse.drop_table(warehouse.analytics, name)
