"""Fills a history with the versions that past dates would have left."""

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from crm_ibis.config.declarations import Snapshot
from crm_ibis.config.params import Params, load_params
from crm_ibis.config.time_zones import UTC_ZONE, first_instant, shown_at
from crm_ibis.engines import computing
from crm_ibis.events import ProgressEvent, Report
from crm_ibis.history import merge as snapshots
from crm_ibis.history import reader
from crm_ibis.history.future import undo_future_with
from crm_ibis.history.merge import Merged
from crm_ibis.history.prepend import Prepending
from crm_ibis.history.reader import Span
from crm_ibis.publishing import basis, shape
from crm_ibis.publishing.compute import Results
from crm_ibis.publishing.record import (
    DATED,
    REPORT_TO_LOG,
    Recording,
    log_recording,
    select_snapshots,
    with_updated_at,
)
from crm_ibis.publishing.upkeep import upkeep
from crm_ibis.runlog import clock, log
from crm_ibis.warehouse import Warehouse


def instants_between(
    first: datetime, last: datetime, every: str, zone: str = UTC_ZONE
) -> list[datetime]:
    """Instants (UTC) from the first to the last at most, a `day`, a `week` or a `month` apart by
    the clocks of a zone.

    Months are counted from the first; where one is too short, its last day stands in.
    """
    found = []
    steps = count(1)
    begin = shown_at(zone, first)
    moment = first
    while moment <= last:
        found.append(moment)
        step = next(steps)
        if every == "month":
            year, month = divmod(begin.year * 12 + begin.month - 1 + step, 12)
            day = min(begin.day, monthrange(year, month + 1)[1])
            shown = begin.replace(year=year, month=month + 1, day=day)
        else:
            shown = begin + timedelta(**{f"{every}s": step})
        moment = first_instant(zone, shown)
    return found


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
    computed. Stops at the first refusal, which the last result names, or error: what other
    instants recorded stays, and `report` says which those are.

    Raises UsageError for an unknown name or an instant in the future, BasisChanged when what is
    published, or the history before that, is of another time zone or currency, DataError when a
    history is not as its contract has it, ChecksFailed when a contract is broken.
    """
    wanted = select_snapshots(names)
    params = params or load_params()
    recordings: list[Recording] = []
    instants = sorted({clock.past(date) or date for date in dates})
    spans = _spans(warehouse, wanted)
    reported = params.reporting.basis
    basis.refuse_backfill(warehouse, wanted, reported)
    grown = [s for s in wanted if any(_is_before(spans[s.name], date) for date in instants)]
    basis.refuse_before(warehouse, grown, reported)
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
        _report_left(instants, done, report)
    if done:
        upkeep(warehouse, report)
    return recordings


def _report_left(instants: Iterable[datetime], done: Collection[datetime], report: Report) -> None:
    """Says which instants were recorded, unless all were."""
    if left := [date for date in instants if date not in done]:
        line = f"recorded: {_format_instants(sorted(done))}; not recorded: {_format_instants(left)}"
        report(ProgressEvent("note", line))


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
            log_recording(self.warehouse, recording)
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
        today = clock.now()
        with computing(self.warehouse) as engine:
            results = Results(
                self.warehouse, engine, kpis, moment, self.params, self.report, judged_as_of=today
            )
            with self.warehouse.reading(results.places):
                results.build()
                merged += [self._merge(s, moment, spans[s.name]) for s in self.wanted]
                if any(merge.refused for merge in merged):
                    raise _DateRefused
                results.record_quarantine(run_id)
                results.free()
                recording = Recording(run_id, moment, merged)
                log_recording(self.warehouse, recording)
        for merge in merged:
            self.report(ProgressEvent("merged", f"{moment}: merged {merge}", merge.snapshot))
        return recording

    def _merge(self, snapshot: Snapshot, moment: datetime, span: Span | None) -> Merged:
        if span and span.side_of(moment) == "before":
            known_from = self.known_from[snapshot.name]
            step = Prepending(self.warehouse, snapshot, moment, span, known_from)
            return step.run(self.allow_mass_close)
        restated = basis.is_restated(self.warehouse, snapshot, self.params.reporting.basis)
        given = with_updated_at(self.warehouse, snapshot, moment, restated)
        merged = snapshots.merge(self.warehouse, snapshot, given, moment, self.allow_mass_close)
        self.warehouse.unstage(DATED + snapshot.name)
        return merged


def _is_before(span: Span | None, date: datetime) -> bool:
    return span is not None and span.side_of(date) == "before"


def _spans(warehouse: Warehouse, wanted: Iterable[Snapshot]) -> dict[str, Span | None]:
    return {snapshot.name: reader.span(warehouse, snapshot) for snapshot in wanted}


def _backfill_order(
    instants: Iterable[datetime], spans: Mapping[str, Span | None]
) -> list[datetime]:
    """Instants before a history, latest first, as it grows away from its first version; then the
    others, earliest first."""
    before = [i for i in instants if any(_is_before(span, i) for span in spans.values())]
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
    refusal = (
        f"{name} was not merged as of {date}: it knows what held from {span.first} to "
        f"{span.newest}, and a history grows at its ends, never in the middle; give instants "
        f"before {span.first}, or from {span.newest} on"
    )
    if span.newest > clock.now():
        return f"{refusal}. {span.newest} is in the future: {undo_future_with(name)}"
    if apart:
        return f"{refusal}. The chosen histories differ: record them one by one, with --snapshot"
    return refusal


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
        log_recording(warehouse, recording)
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
