"""Runs that record history: merge published KPIs into snapshots, or compute the past anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis import Table

from crm_ibis.config.declarations import Snapshot
from crm_ibis.config.declarations import snapshots as declared_snapshots
from crm_ibis.contracts import models
from crm_ibis.errors import UsageError
from crm_ibis.events import ProgressEvent, Report, to_log
from crm_ibis.expressions import instant
from crm_ibis.history import future, reader
from crm_ibis.history import merge as snapshots
from crm_ibis.history.merge import Merged
from crm_ibis.publishing.scope import skipped_tables
from crm_ibis.publishing.upkeep import upkeep
from crm_ibis.runlog import clock, log
from crm_ibis.runlog.log import Attempt
from crm_ibis.runlog.publications import publications
from crm_ibis.warehouse import Place, Warehouse
from crm_ibis.warehouse.base import STAGED

DATED = "dated_"

REPORT_TO_LOG = to_log(__name__)


@dataclass(frozen=True)
class Recording:
    """One run's merges, as of one instant."""

    run_id: str
    as_of: datetime
    merged: list[Merged]

    @property
    def refused(self) -> list[Merged]:
        return [merge for merge in self.merged if merge.refused]


def select_snapshots(names: Iterable[str]) -> list[Snapshot]:
    """The named snapshots, or all; raises UsageError with a near match for an unknown name.

    Those whose KPI has no sources are left out of all, and an error by name.
    """
    named = [reader.get_snapshot(name) for name in dict.fromkeys(names)]
    wanted = named or list(declared_snapshots().values())
    without = skipped_tables([snapshot.kpi for snapshot in wanted])
    for snapshot in named:
        if snapshot.kpi in without:
            raise UsageError(
                f"{snapshot.name} cannot be recorded, as what {snapshot.kpi} is made of is absent "
                "in sources.yml; say there where it comes from"
            )
    return [snapshot for snapshot in wanted if snapshot.kpi not in without]


def record(
    warehouse: Warehouse,
    names: Iterable[str] = (),
    *,
    as_of: datetime | None = None,
    allow_mass_close: bool = False,
    allow_earlier: bool = False,
    undo_future: bool = False,
    attempt: Attempt | None = None,
    report: Report = REPORT_TO_LOG,
) -> Recording:
    """Merges published KPIs into their snapshots as of an instant (UTC, default now).

    Without names, all snapshots. They are merged in one transaction under the lock of refreshes;
    one that is refused stays as it was, is named in the result, and stops no other. One is refused
    also when its KPI is not published, or as of a later instant, unless this is an
    `attempt` at a scheduled run. `merge` explains what may be allowed. `undo_future`
    first takes back what a clock that was ahead recorded after the database's now.

    Raises UsageError for an unknown name or an `as_of` in the future.
    """
    wanted = select_snapshots(names)
    names = [snapshot.name for snapshot in wanted]
    given = clock.past(as_of)

    def held_up() -> datetime:
        """A scheduled run merges what is published by now, as of then if that is later."""
        published = publications(warehouse)
        moments = [published[s.kpi]["as_of"] for s in wanted if s.kpi in published]
        known = [m for m in moments if not clock.is_after_clock(warehouse, m)]
        return max([given or clock.now(), *known])

    moment = held_up if attempt else given

    def published() -> list[Place]:
        return [(warehouse.analytics, snapshot.kpi) for snapshot in wanted]

    run = log.logged_run(warehouse, "snapshot", names, moment, attempt=attempt)
    with run as (run_id, moment), warehouse.reading(published):
        for snapshot in wanted if undo_future else ():
            undone = future.undo_future(warehouse, snapshot)
            line = f"{snapshot.name}: took back {undone:,} versions of the future"
            report(ProgressEvent("note", line, snapshot.name))
        unfit = _unfit(warehouse, wanted, moment)
        fit = [snapshot for snapshot in wanted if snapshot.name not in unfit]
        allowed = (allow_mass_close, allow_earlier)
        merged = merge_snapshots(warehouse, fit, moment, *allowed, report=report)
        merged += [Merged(name, moment, refused=why) for name, why in unfit.items()]
        for name in unfit:
            report(ProgressEvent("merged", f"merged {name}: refused", name))
        recording = Recording(run_id, moment, merged)
        log_recording(warehouse, recording)
        _keep_basis(warehouse, run_id, wanted)
    upkeep(warehouse, report)
    return recording


def _keep_basis(warehouse: Warehouse, run_id: str, wanted: Iterable[Snapshot]) -> None:
    """Logs the basis of what was merged: that of the publications."""
    published = publications(warehouse)
    bases = [published[s.kpi]["basis"] for s in wanted if s.kpi in published]
    for found in bases[:1]:
        log.keep_basis(warehouse, run_id, found)


def merge_snapshots(
    warehouse: Warehouse,
    wanted: Iterable[Snapshot],
    as_of: datetime,
    allow_mass_close: bool = False,
    allow_earlier: bool = False,
    report: Report = REPORT_TO_LOG,
) -> list[Merged]:
    """Merges KPIs as they are published; call inside a transaction and under the lock."""
    merged = []
    for snapshot in wanted:
        given = warehouse.table(warehouse.analytics, snapshot.kpi)
        allowed = (allow_mass_close, allow_earlier)
        merged.append(snapshots.merge(warehouse, snapshot, given, as_of, *allowed))
        report(ProgressEvent("merged", f"merged {merged[-1]}", snapshot.name))
    return merged


def _unfit(warehouse: Warehouse, wanted: Iterable[Snapshot], as_of: datetime) -> dict[str, str]:
    """Snapshots whose KPI is not published, or as of a later instant, and that in words."""
    there = warehouse.tables(warehouse.analytics)
    published = publications(warehouse)
    found = {}
    for snapshot in wanted:
        known = published.get(snapshot.kpi, {}).get("as_of")
        if snapshot.kpi not in there:
            found[snapshot.name] = f"{snapshot.kpi} is not published yet; run crm-ibis refresh"
        elif known and clock.is_after_clock(warehouse, known):
            found[snapshot.name] = (
                f"{snapshot.kpi} is published as of {known}, which is in the future: a clock was "
                f"ahead. First run crm-ibis refresh {snapshot.kpi} --force"
            )
        elif known and known > as_of:
            found[snapshot.name] = (
                f"{snapshot.kpi} is published as of {known}, which is after {as_of}; give a later "
                "instant, or compute the past with crm-ibis backfill"
            )
    return {name: f"{name} was not merged: {why}" for name, why in found.items()}


def with_updated_at(
    warehouse: Warehouse, snapshot: Snapshot, as_of: datetime, restated: bool = False
) -> Table:
    """A staged KPI with `updated_at` as publishing would give it, had the current versions of the
    snapshot been what is published; `restated` makes all rows new, as these are of another basis.
    """
    contract = models.get_contract(snapshot.kpi)
    moment = instant(as_of)
    names = [c.name for c in contract.values]
    staged = ibis.table(contract.schema_of(names), name=STAGED + snapshot.kpi)
    dated = staged.mutate(updated_at=moment)
    there = reader.columns_of(warehouse, snapshot.name, models.get_contract(snapshot.name))
    if there and not restated:
        versions = warehouse.table(warehouse.analytics, snapshot.name)
        current = versions.filter(versions.valid_to.isnull())
        compared = [c.name for c in contract.values if c.name in there and not c.volatile]
        changed = ibis.or_(
            current.updated_at.isnull(), *(~staged[c].identical_to(current[c]) for c in compared)
        )
        dated = staged.left_join(current, list(contract.key)).select(
            *(staged[c] for c in names),
            updated_at=ibis.ifelse(changed, moment, current.updated_at),
        )
    staging = warehouse.staging(DATED + snapshot.name, dated, contract.schema)
    warehouse.stage(staging)
    return staging.table


def log_recording(warehouse: Warehouse, recording: Recording) -> None:
    tables = [merge.table_run() for merge in recording.merged]
    if not recording.refused:
        log.succeed(warehouse, recording.run_id, tables)
        return
    reasons = "\n".join(merge.refused or "" for merge in recording.refused)
    log.fail(warehouse, recording.run_id, reasons, tables)
