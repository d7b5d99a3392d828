"""Runs that record history: merge published KPIs into snapshots, or compute the past anew."""

from calendar import monthrange
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import ibis
from ibis import Table

from crm_ibis import contracts, history, runlog, snapshots
from crm_ibis.checks import Report
from crm_ibis.declarations import Snapshot
from crm_ibis.declarations import snapshots as declared_snapshots
from crm_ibis.errors import UsageError
from crm_ibis.measures import instant
from crm_ibis.params import Params, load_params
from crm_ibis.results import Results
from crm_ibis.runlog import Attempt
from crm_ibis.snapshots import Merged
from crm_ibis.sources import left_out
from crm_ibis.warehouse import Place, Warehouse
from crm_ibis.warehouse.base import STAGED

DATED = "dated_"


@dataclass(frozen=True)
class Recording:
    """One run's merges, as of one instant."""

    run_id: str
    as_of: datetime
    merged: list[Merged]

    @property
    def refused(self) -> list[Merged]:
        return [merge for merge in self.merged if merge.refused]


def instants_between(first: datetime, last: datetime, every: str) -> list[datetime]:
    """Instants from the first to the last at most, a `day`, a `week` or a `month` apart.

    Months are counted from the first; where one is too short, its last day stands in.
    """
    found, steps = [], count(1)
    moment = first
    while moment <= last:
        found.append(moment)
        step = next(steps)
        if every == "month":
            year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
            day = min(first.day, monthrange(year, month + 1)[1])
            moment = first.replace(year=year, month=month + 1, day=day)
        else:
            moment = first + timedelta(**{f"{every}s": step})
    return found


def chosen(names: Iterable[str]) -> list[Snapshot]:
    """The named snapshots, or all; raises UsageError with a near match for an unknown name.

    Those whose KPI has no sources are left out of all, and an error by name.
    """
    named = [history.snapshot_named(name) for name in dict.fromkeys(names)]
    wanted = named or list(declared_snapshots().values())
    without = left_out([snapshot.kpi for snapshot in wanted])
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
    attempt: Attempt | None = None,
    report: Report = lambda line: None,
) -> Recording:
    """Merges published KPIs into their snapshots as of an instant (UTC, default now).

    Without names, all snapshots. They are merged in one transaction under the lock of refreshes;
    one that is refused is left as it was, told in the result, and does not stop the others. One is
    refused also when its KPI is not published, or as of a later instant, unless this is an
    `attempt` at a scheduled run. What may be allowed is told at `snapshots.merge`.

    Raises UsageError for an unknown name or an `as_of` in the future.
    """
    wanted = chosen(names)
    names, given = [snapshot.name for snapshot in wanted], runlog.past(as_of)

    def held_up() -> datetime:
        """A scheduled run merges what is published by now, as of then if that is later."""
        published = runlog.publications(warehouse)
        moments = [published[s.kpi]["as_of"] for s in wanted if s.kpi in published]
        return max([given or runlog.now(), *moments])

    moment = held_up if attempt else given

    def published() -> list[Place]:
        return [(warehouse.analytics, snapshot.kpi) for snapshot in wanted]

    run = runlog.logged(warehouse, "snapshot", names, moment, attempt=attempt)
    with run as (run_id, moment), warehouse.reading(published):
        unfit = _unfit(warehouse, wanted, moment)
        fit = [snapshot for snapshot in wanted if snapshot.name not in unfit]
        allowed = (allow_mass_close, allow_earlier)
        merged = merge_published(warehouse, fit, moment, *allowed, report=report)
        merged += [Merged(name, moment, refused=why) for name, why in unfit.items()]
        for name in unfit:
            report(f"merged {name}: refused")
        recording = Recording(run_id, moment, merged)
        _log(warehouse, recording)
        return recording


def merge_published(
    warehouse: Warehouse,
    wanted: Iterable[Snapshot],
    as_of: datetime,
    allow_mass_close: bool = False,
    allow_earlier: bool = False,
    report: Report = lambda line: None,
) -> list[Merged]:
    """Merges KPIs as they are published; call inside a transaction and under the lock."""
    merged = []
    for snapshot in wanted:
        given = warehouse.table(warehouse.analytics, snapshot.kpi)
        allowed = (allow_mass_close, allow_earlier)
        merged.append(snapshots.merge(warehouse, snapshot, given, as_of, *allowed))
        report(f"merged {merged[-1]}")
    return merged


def _unfit(warehouse: Warehouse, wanted: Iterable[Snapshot], as_of: datetime) -> dict[str, str]:
    """Snapshots whose KPI is not published, or as of a later instant, and that in words."""
    there, published = warehouse.tables(warehouse.analytics), runlog.publications(warehouse)
    found = {}
    for snapshot in wanted:
        known = published.get(snapshot.kpi, {}).get("as_of")
        if snapshot.kpi not in there:
            found[snapshot.name] = f"{snapshot.kpi} is not published yet; run crm-ibis refresh"
        elif known and known > as_of:
            found[snapshot.name] = (
                f"{snapshot.kpi} is published as of {known}, which is after {as_of}; give a later "
                "instant, or compute the past with crm-ibis backfill"
            )
    return {name: f"{name} was not merged: {why}" for name, why in found.items()}


def backfill(
    warehouse: Warehouse,
    dates: Iterable[datetime],
    names: Iterable[str] = (),
    *,
    params: Params | None = None,
    allow_mass_close: bool = False,
    report: Report = lambda line: None,
) -> list[Recording]:
    """Computes KPIs as of each instant (UTC), in order, and merges them; publishes nothing.

    A row's `updated_at` is found by comparing it with the snapshot's current version, as publishing
    does with the published one: the history becomes what it would be had the KPI been refreshed
    and recorded on those days, given the same sources. Each instant is a transaction of its own.
    Stops at the first refusal, which the last result tells, or error: what earlier instants
    recorded stays. An instant before the newest recorded one is refused; go on with later ones.

    Raises UsageError for an unknown name or an instant in the future, ChecksFailed when a contract
    is broken.
    """
    wanted, params, recordings = chosen(names), params or load_params(), []
    instants = sorted({runlog.past(date) or date for date in dates})
    for date in instants:
        names = [s.name for s in wanted]
        kpis = list(dict.fromkeys(s.kpi for s in wanted))
        run = runlog.logged(warehouse, "backfill", names, date, params)
        with run as (run_id, moment), ExitStack() as reading:
            results = Results(warehouse, kpis, moment, params, report)
            reading.enter_context(warehouse.reading(results.places))
            results.build()
            merged = []
            for snapshot in wanted:
                given = _dated(warehouse, snapshot, moment)
                merged.append(snapshots.merge(warehouse, snapshot, given, moment, allow_mass_close))
                warehouse.unstage(DATED + snapshot.name)
                report(f"{moment}: merged {merged[-1]}")
            results.record_quarantine(run_id)
            results.free()
            recordings.append(Recording(run_id, moment, merged))
            _log(warehouse, recordings[-1])
        if recordings[-1].refused:
            break
    return recordings


def _dated(warehouse: Warehouse, snapshot: Snapshot, as_of: datetime) -> Table:
    """A staged KPI with `updated_at` as publishing would give it, had the current versions of the
    snapshot been what is published."""
    contract, moment = contracts.declared(snapshot.kpi), instant(as_of)
    names = [c.name for c in contract.values]
    staged = ibis.table(contract.schema_of(names), name=STAGED + snapshot.kpi)
    dated = staged.mutate(updated_at=moment)
    if there := history.columns_of(warehouse, snapshot.name, contracts.declared(snapshot.name)):
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


def _log(warehouse: Warehouse, recording: Recording) -> None:
    tables = [merge.logged() for merge in recording.merged]
    if not recording.refused:
        runlog.succeed(warehouse, recording.run_id, tables)
        return
    reasons = "\n".join(merge.refused or "" for merge in recording.refused)
    runlog.fail(warehouse, recording.run_id, reasons, tables)
