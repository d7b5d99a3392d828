"""Runs that record history: merge published KPIs into snapshots, or compute the past anew."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import ibis
from ibis import Table

from crm_ibis.config.declarations import Snapshot
from crm_ibis.config.declarations import snapshots as declared_snapshots
from crm_ibis.config.params import Params, load_params
from crm_ibis.contracts import models
from crm_ibis.errors import UsageError
from crm_ibis.events import ProgressEvent, Report, to_log
from crm_ibis.expressions import instant
from crm_ibis.history import merge as snapshots
from crm_ibis.history import reader
from crm_ibis.history.merge import Merged
from crm_ibis.history.prepend import Prepending
from crm_ibis.history.reader import Span
from crm_ibis.publishing import shape
from crm_ibis.publishing.compute import Results
from crm_ibis.publishing.scope import skipped_tables
from crm_ibis.publishing.upkeep import upkeep
from crm_ibis.runlog import log
from crm_ibis.runlog.log import Attempt
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


def instants_between(first: datetime, last: datetime, every: str) -> list[datetime]:
    """Instants from the first to the last at most, a `day`, a `week` or a `month` apart.

    Months are counted from the first; where one is too short, its last day stands in.
    """
    found = []
    steps = count(1)
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
    one that is refused is left as it was, told in the result, and does not stop the others. One is
    refused also when its KPI is not published, or as of a later instant, unless this is an
    `attempt` at a scheduled run. What may be allowed is told at `snapshots.merge`. `undo_future`
    first takes back what a clock that was ahead recorded after the database's now.

    Raises UsageError for an unknown name or an `as_of` in the future.
    """
    wanted = select_snapshots(names)
    names = [snapshot.name for snapshot in wanted]
    given = log.past(as_of)

    def held_up() -> datetime:
        """A scheduled run merges what is published by now, as of then if that is later."""
        published = log.publications(warehouse)
        moments = [published[s.kpi]["as_of"] for s in wanted if s.kpi in published]
        known = [m for m in moments if not log.is_after_clock(warehouse, m)]
        return max([given or log.now(), *known])

    moment = held_up if attempt else given

    def published() -> list[Place]:
        return [(warehouse.analytics, snapshot.kpi) for snapshot in wanted]

    run = log.logged_run(warehouse, "snapshot", names, moment, attempt=attempt)
    with run as (run_id, moment), warehouse.reading(published):
        for snapshot in wanted if undo_future else ():
            undone = snapshots.undo_future(warehouse, snapshot)
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
        _log(warehouse, recording)
    upkeep(warehouse, report)
    return recording


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
    published = log.publications(warehouse)
    found = {}
    for snapshot in wanted:
        known = published.get(snapshot.kpi, {}).get("as_of")
        if snapshot.kpi not in there:
            found[snapshot.name] = f"{snapshot.kpi} is not published yet; run crm-ibis refresh"
        elif known and log.is_after_clock(warehouse, known):
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


def backfill(
    warehouse: Warehouse,
    dates: Iterable[datetime],
    names: Iterable[str] = (),
    *,
    params: Params | None = None,
    allow_mass_close: bool = False,
    report: Report = REPORT_TO_LOG,
) -> list[Recording]:
    """Computes KPIs as of each instant (UTC) and records them in their histories; publishes
    nothing.

    Histories grow at both ends: instants before the first version of a history are put before it,
    latest first; then instants from the newest one on are merged, earliest first. A row's
    `updated_at` is found by comparing it with the snapshot's current version, as publishing does
    with the published one: the history becomes what it would be had the KPI been refreshed and
    recorded on those days, given the same sources.

    Each instant is a transaction of its own, over all chosen snapshots: all of them record it, or
    none. When an instant lies within a history, or before one and after another, nothing is
    computed. Stops at the first refusal, which the last result tells, or error: what other
    instants recorded stays, and `report` says which those are.

    Raises UsageError for an unknown name or an instant in the future, DataError when a history is
    not as its contract has it, ChecksFailed when a contract is broken.
    """
    wanted = select_snapshots(names)
    params = params or load_params()
    recordings: list[Recording] = []
    instants = sorted({log.past(date) or date for date in dates})
    spans = _spans(warehouse, wanted)
    ordered = _backfill_order(instants, spans)
    misplaced = [date for date in ordered if _refused_instants(spans, date)]
    if misplaced:
        return [_refuse_date(warehouse, wanted, misplaced[0], params, spans)]
    known_from = {name: span.first if span else None for name, span in spans.items()}
    work = _Backfill(warehouse, wanted, params, known_from, allow_mass_close, report)
    try:
        for date in ordered:
            recordings.append(work.record(date))
            if recordings[-1].refused:
                break
    finally:
        done = {recording.as_of for recording in recordings if not recording.refused}
        if left := [date for date in instants if date not in done]:
            line = (
                f"recorded: {_format_instants(sorted(done))}; "
                f"not recorded: {_format_instants(left)}"
            )
            report(ProgressEvent("note", line))
    if done:
        upkeep(warehouse, report)
    return recordings


class _DateRefused(Exception):
    """Undoes the transaction of an instant that a snapshot refused."""


@dataclass(frozen=True)
class _Backfill:
    """What all instants of a backfill share."""

    warehouse: Warehouse
    wanted: list[Snapshot]
    params: Params
    known_from: dict[str, datetime | None]
    """Where each history began before; None without a history."""
    allow_mass_close: bool
    report: Report

    def record(self, date: datetime) -> Recording:
        """Records an instant in all snapshots or in none."""
        names = [snapshot.name for snapshot in self.wanted]
        run = log.logged_run(self.warehouse, "backfill", names, date, self.params)
        with run as (run_id, moment):
            shape.preflight_histories(self.warehouse, self.wanted)
            spans = _spans(self.warehouse, self.wanted)
            refused = _refused_instants(spans, moment)
            merged: list[Merged] = []
            if not refused:
                try:
                    return self._record(run_id, moment, spans, merged)
                except _DateRefused:
                    refused = {m.snapshot: m.refused for m in merged if m.refused}
            recording = Recording(run_id, moment, _refusals(self.wanted, moment, refused))
            _log(self.warehouse, recording)
            return recording

    def _record(
        self,
        run_id: str,
        moment: datetime,
        spans: Mapping[str, Span | None],
        merged: list[Merged],
    ) -> Recording:
        kpis = list(dict.fromkeys(s.kpi for s in self.wanted))
        # The sources are today's: what was entered since the instant is no mistake.
        today = log.now()
        results = Results(
            self.warehouse, kpis, moment, self.params, self.report, judged_as_of=today
        )
        with self.warehouse.reading(results.places):
            results.build()
            merged += [self._merge(s, moment, spans[s.name]) for s in self.wanted]
            if any(merge.refused for merge in merged):
                raise _DateRefused
            results.record_quarantine(run_id)
            results.free()
            recording = Recording(run_id, moment, merged)
            _log(self.warehouse, recording)
        for merge in merged:
            self.report(ProgressEvent("merged", f"{moment}: merged {merge}", merge.snapshot))
        return recording

    def _merge(self, snapshot: Snapshot, moment: datetime, span: Span | None) -> Merged:
        if span and span.side_of(moment) == "before":
            known_from = self.known_from[snapshot.name]
            step = Prepending(self.warehouse, snapshot, moment, span, known_from)
            return step.run(self.allow_mass_close)
        given = _with_updated_at(self.warehouse, snapshot, moment)
        merged = snapshots.merge(self.warehouse, snapshot, given, moment, self.allow_mass_close)
        self.warehouse.unstage(DATED + snapshot.name)
        return merged


def _spans(warehouse: Warehouse, wanted: Iterable[Snapshot]) -> dict[str, Span | None]:
    return {snapshot.name: reader.span(warehouse, snapshot) for snapshot in wanted}


def _backfill_order(
    instants: Iterable[datetime], spans: Mapping[str, Span | None]
) -> list[datetime]:
    """Instants before a history, latest first, as it grows away from its first version; then the
    others, earliest first."""
    before = [i for i in instants if any(s and s.side_of(i) == "before" for s in spans.values())]
    return [*reversed(before), *(i for i in instants if i not in before)]


def _refused_instants(spans: Mapping[str, Span | None], date: datetime) -> dict[str, str | None]:
    """The snapshots that cannot record an instant, and why."""
    sides = {name: span.side_of(date) for name, span in spans.items() if span}
    apart = len(set(sides.values())) > 1
    return {
        name: _allowed(name, span, date, apart)
        for name, span in spans.items()
        if span and (apart or sides[name] == "within")
    }


def _allowed(name: str, span: Span, date: datetime, apart: bool) -> str:
    """Why an instant is refused, and which ones are not."""
    told = (
        f"{name} was not merged as of {date}: it knows what held from {span.first} to "
        f"{span.newest}, and a history grows at its ends, never in the middle; give instants "
        f"before {span.first}, or from {span.newest} on"
    )
    if span.newest > log.now():
        return f"{told}. {span.newest} is in the future: {snapshots.undo_future_with(name)}"
    if apart:
        return f"{told}. The chosen histories differ: record them one by one, with --snapshot"
    return told


def _refuse_date(
    warehouse: Warehouse,
    wanted: Sequence[Snapshot],
    date: datetime,
    params: Params,
    spans: Mapping[str, Span | None],
) -> Recording:
    """Logs that an instant was refused before anything was computed."""
    names = [snapshot.name for snapshot in wanted]
    with log.logged_run(warehouse, "backfill", names, date, params) as (run_id, moment):
        merged = _refusals(wanted, moment, _refused_instants(spans, moment))
        recording = Recording(run_id, moment, merged)
        _log(warehouse, recording)
        return recording


def _refusals(
    wanted: Iterable[Snapshot], date: datetime, refused: Mapping[str, str | None]
) -> list[Merged]:
    """Every snapshot with the reason why it did not record an instant."""
    others = (
        f"as {', '.join(refused)} refused it: an instant is recorded in all chosen snapshots or "
        "in none"
    )
    return [
        Merged(s.name, date, refused=refused.get(s.name) or f"{s.name} was not merged, {others}")
        for s in wanted
    ]


def _format_instants(instants: Sequence[datetime]) -> str:
    return ", ".join(map(str, instants)) or "none"


def _with_updated_at(warehouse: Warehouse, snapshot: Snapshot, as_of: datetime) -> Table:
    """A staged KPI with `updated_at` as publishing would give it, had the current versions of the
    snapshot been what is published."""
    contract = models.get_contract(snapshot.kpi)
    moment = instant(as_of)
    names = [c.name for c in contract.values]
    staged = ibis.table(contract.schema_of(names), name=STAGED + snapshot.kpi)
    dated = staged.mutate(updated_at=moment)
    if there := reader.columns_of(warehouse, snapshot.name, models.get_contract(snapshot.name)):
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
    tables = [merge.table_run() for merge in recording.merged]
    if not recording.refused:
        log.succeed(warehouse, recording.run_id, tables)
        return
    reasons = "\n".join(merge.refused or "" for merge in recording.refused)
    log.fail(warehouse, recording.run_id, reasons, tables)
