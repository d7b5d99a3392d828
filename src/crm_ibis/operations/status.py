"""When each KPI was last published; whether it is late, failing, blocked or slow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from crm_ibis.config.declarations import jobs, snapshots
from crm_ibis.config.reporting import Basis
from crm_ibis.errors import BrokenCheck
from crm_ibis.metrics import catalog, graph
from crm_ibis.operations import impact
from crm_ibis.operations.schedule import Deadline, deadlines, next_runs
from crm_ibis.publishing.scope import skipped_tables
from crm_ibis.runlog import clock, summaries
from crm_ibis.runlog.publications import publications
from crm_ibis.runlog.summaries import FailedRun, Pace
from crm_ibis.warehouse import Warehouse

State = Literal[
    "on time",
    "late",
    "failing",
    "blocked",
    "published",
    "stale",
    "left out",
    "paused",
    "clock ahead",
    "unscheduled",
    "retired",
]
CLOCKS_DIFFER = timedelta(minutes=1)
"""What is published as of a later instant than this was published by a clock that is ahead."""


@dataclass(frozen=True)
class Status:
    """One table as the run log and its schedule have it; null where there is nothing to say.

    `state` is retired for a table that the log knows and the project does not. Else it is failing
    when a run after the last publication failed; else clock ahead when it is published as of the
    future, so that later runs are refused until then; else late when nothing was published since
    `due_since`; else blocked when it needs a table whose contract was broken in another run; else
    paused when its job is. `published` is a table that owes nobody an SLA, `unscheduled` a fact
    that was published by name and that no job publishes, so that it grows old. `stale` was
    published before its sources became absent in sources.yml, and `left out` never was, for want of
    them. A snapshot is published when it is merged.
    """

    table: str
    owner: str | None
    criticality: str | None
    as_of: datetime | None
    published_at: datetime | None
    age_hours: float | None
    rows: int | None
    state: State
    late: bool
    failing: bool
    blocked_by: tuple[str, ...]
    """The tables that it needs and whose contract is broken."""
    sla: str | None
    due_since: datetime | None
    next_run: datetime | None
    seconds: float | None
    """How long the run took that published it."""
    usual_seconds: float | None
    """The median of the runs before that one."""
    slow: bool
    failed_run: str | None
    last_error: str | None
    broken: tuple[BrokenCheck, ...]
    """The checks that stopped the failed run."""
    quarantined: int = 0
    """Rows of its sources that their newest runs left out, as they break their contracts."""
    basis: Basis | None = None
    """The time zone of its months and the currency of its amounts; null before a publication, and
    of a snapshot, which may hold several."""

    @property
    def is_healthy(self) -> bool:
        return not self.late and not self.failing and self.state != "clock ahead"


@dataclass(frozen=True)
class _Known:
    """What log and schedule say of all tables, at an instant."""

    now: datetime
    done: Mapping[str, dict[str, Any]]
    due: Mapping[str, Deadline]
    coming: Mapping[str, datetime]
    failed: Mapping[str, FailedRun]
    broken: Mapping[str, summaries.Breach]
    paces: Mapping[str | None, Pace]
    quarantined: Mapping[str, int]
    without: frozenset[str]
    paused: frozenset[str]
    retired: frozenset[str]


def statuses(
    warehouse: Warehouse, now: datetime | None = None, killed: Mapping[str, str] | None = None
) -> list[Status]:
    """The status of every KPI, of every fact that was ever published, or that a job failed to
    publish, of every snapshot that was recorded or failed, and of what the project no longer has,
    at an instant (UTC).

    `killed` is what `runs.killed` said before the transaction that this is called in, if any.
    """
    now = now or clock.now()
    declared = jobs()
    kept = snapshots()
    listed = catalog.entries()
    published = publications(warehouse)
    recorded = publications(warehouse, "snapshot")
    due = deadlines(declared, now)
    gone = [name for name in summaries.recorded_tables(warehouse) if not catalog.is_known(name)]
    scheduled = catalog.scheduled_facts()
    facts = [n for n in {**published, **dict.fromkeys(scheduled)} if n not in (*listed, *gone)]
    done = {**published, **recorded}
    if killed is None:
        killed = summaries.killed_runs(warehouse)
    failed = _failures(warehouse, [*listed, *facts], done, now, killed)
    facts = [n for n in facts if n in published or n in failed]
    histories = [n for n in kept if n in recorded or n in failed or n in due]
    known = _Known(
        now,
        done,
        due,
        next_runs(declared, now),
        failed,
        summaries.broken_contracts(warehouse),
        _paces(warehouse),
        summaries.quarantined_rows(warehouse),
        frozenset(skipped_tables([n for n in [*listed, *facts] if n in graph.table_functions()])),
        frozenset(t for job in declared.jobs.values() if job.paused for t in job.outputs),
        frozenset(gone),
    )
    return [_status(name, known) for name in [*listed, *facts, *histories, *sorted(gone)]]


def _status(name: str, known: _Known) -> Status:
    last = known.done.get(name, {})
    published_at = last.get("finished_at")
    idle = name in known.without or name in known.retired
    deadline = None if idle else known.due.get(name)
    failure = None if idle else _failure(name, published_at, known)
    late = bool(deadline and deadline.is_late(published_at))
    blockers: tuple[str, ...] = ()
    if known.broken:
        needed = impact.upstream(name) & known.broken.keys()
        # A table published since then no longer needs the source, which is absent now, or gone.
        blockers = tuple(
            sorted(
                table
                for table in needed
                if published_at is None or published_at < known.broken[table].finished_at
            )
        )
    entry = catalog.entry_of(name)
    pace = known.paces.get(last.get("run_id"))
    return Status(
        table=name,
        owner=entry.owner if entry else None,
        criticality=entry.criticality if entry else None,
        as_of=last.get("as_of"),
        published_at=published_at,
        age_hours=(known.now - published_at) / timedelta(hours=1) if published_at else None,
        rows=last.get("rows"),
        state=_state(name, known, deadline, late, failure is not None, blockers),
        late=late,
        failing=failure is not None,
        blocked_by=blockers,
        sla=deadline.sla if deadline else None,
        due_since=deadline.due_since if deadline else None,
        next_run=known.coming.get(name),
        seconds=pace.seconds if pace else None,
        usual_seconds=pace.usual_seconds if pace else None,
        slow=bool(pace and pace.slow),
        failed_run=failure.run_id if failure else None,
        last_error=failure.error if failure else None,
        broken=failure.broken if failure else (),
        quarantined=_quarantined(name, known),
        basis=None if name in snapshots() else last.get("basis"),
    )


def _quarantined(name: str, known: _Known) -> int:
    sources = graph.sources_of([name]) if name not in known.retired else []
    return sum(known.quarantined.get(source, 0) for source in sources)


def _failure(name: str, published_at: datetime | None, known: _Known) -> FailedRun | None:
    """The newest run that failed to publish a table, unless it was published since."""
    failure = known.failed.get(name)
    if failure is None or not _answers_for(name, failure):
        return None
    return failure if not published_at or failure.finished_at > published_at else None


def _answers_for(name: str, failure: FailedRun) -> bool:
    """Whether a failed run counts: of a fact that no job publishes, only one of facts alone."""
    of_facts_alone = graph.fact_functions().keys() >= set(failure.tables)
    return of_facts_alone or not catalog.is_unscheduled_fact(name)


def _failures(
    warehouse: Warehouse,
    names: Iterable[str],
    done: Mapping[str, dict[str, Any]],
    now: datetime,
    killed: Mapping[str, str],
) -> dict[str, FailedRun]:
    """The newest failed run of each table; of runs before all publications nothing is asked."""
    never = not all(name in done for name in names)
    oldest = min((run["finished_at"] for run in done.values()), default=datetime.min)
    found: dict[str, FailedRun] = {}
    for run in summaries.failures(warehouse, datetime.min if never else oldest, now, killed):
        for table in run.tables:
            found.setdefault(table, run)
    return found


def _paces(warehouse: Warehouse) -> dict[str | None, Pace]:
    """The paces by the run that they are of."""
    return {pace.run_id: pace for pace in summaries.paces(warehouse).values()}


def _state(
    name: str,
    known: _Known,
    deadline: Deadline | None,
    late: bool,
    failing: bool,
    blockers: tuple[str, ...],
) -> State:
    last = known.done.get(name)
    states: dict[State, bool] = {
        "retired": name in known.retired,
        "stale": name in known.without and last is not None,
        "left out": name in known.without,
        "failing": failing,
        "clock ahead": last is not None and _is_ahead(last, known.now),
        "late": late,
        "blocked": bool(blockers),
        "paused": name in known.paused,
        "on time": deadline is not None,
        "unscheduled": last is not None and catalog.is_unscheduled_fact(name),
    }
    return next((state for state, holds in states.items() if holds), "published")


def _is_ahead(last: Mapping[str, Any], now: datetime) -> bool:
    """Whether a publication is of the future, by the clock on the wall."""
    newest = max(moment for moment in (last["as_of"], last["finished_at"]) if moment)
    return bool(newest > max(now, clock.now()) + CLOCKS_DIFFER)
