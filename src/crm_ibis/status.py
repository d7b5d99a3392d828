"""When each KPI was last published; whether it is late, failing, blocked or slow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from crm_ibis import blocking, catalog, graph, runlog, runs
from crm_ibis.deadlines import Deadline, deadlines, next_runs
from crm_ibis.declarations import jobs, snapshots
from crm_ibis.errors import BrokenCheck
from crm_ibis.runs import FailedRun, Pace
from crm_ibis.sources import left_out
from crm_ibis.warehouse import Warehouse

State = Literal["on time", "late", "failing", "blocked", "published", "stale", "left out"]


@dataclass(frozen=True)
class Status:
    """One table as the run log and its schedule have it; null where there is nothing to say.

    `state` is failing when a run after the last publication failed; else late when nothing was
    published since `due_since`; else blocked when it needs a table whose contract was broken in
    another run; `published` is a table without an SLA. `stale` was published before its sources
    became absent in sources.yml, and `left out` never was, for want of them. A snapshot is
    published when it is merged.
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

    @property
    def in_order(self) -> bool:
        return not self.late and not self.failing


def statuses(warehouse: Warehouse, now: datetime | None = None) -> list[Status]:
    """The status of every KPI, of every fact that was ever published, and of every snapshot that
    was recorded or failed, at an instant (UTC)."""
    now = now or runlog.now()
    published, recorded = runlog.publications(warehouse), runlog.publications(warehouse, "snapshot")
    done, due, listed = {**published, **recorded}, deadlines(jobs(), now), catalog.entries()
    names = [*listed, *(name for name in published if name not in listed)]
    failed = _failures(warehouse, names, done, now)
    names += [n for n in snapshots() if n in recorded or n in failed or n in due]
    broken, paces = runs.broken_contracts(warehouse), _paces(warehouse)
    coming, kept_out = next_runs(jobs(), now), runs.quarantined(warehouse)
    without = left_out([name for name in names if name in graph.table_functions()])
    found = []
    for name in names:
        last, deadline, failure = done.get(name, {}), due.get(name), failed.get(name)
        failure, deadline = (None, None) if name in without else (failure, deadline)
        failure = failure if _answers_for(name, failure) else None
        published_at, pace = last.get("finished_at"), paces.get(last.get("run_id"))
        failing = bool(failure and (not published_at or failure.finished_at > published_at))
        failure = failure if failing else None
        late = bool(deadline and deadline.missed(published_at))
        blockers = tuple(sorted(blocking.upstream(name) & broken.keys()))
        entry = catalog.entry_of(name)
        found.append(
            Status(
                table=name,
                owner=entry.owner if entry else None,
                criticality=entry.criticality if entry else None,
                as_of=last.get("as_of"),
                published_at=published_at,
                age_hours=(now - published_at) / timedelta(hours=1) if published_at else None,
                rows=last.get("rows"),
                state=(
                    _unmade(published_at)
                    if name in without
                    else _state(deadline, late, failing, blockers)
                ),
                late=late,
                failing=failing,
                blocked_by=blockers,
                sla=deadline.sla if deadline else None,
                due_since=deadline.due_since if deadline else None,
                next_run=coming.get(name),
                seconds=pace.seconds if pace else None,
                usual_seconds=pace.usual_seconds if pace else None,
                slow=bool(pace and pace.slow),
                failed_run=failure.run_id if failure else None,
                last_error=failure.error if failure else None,
                broken=failure.broken if failure else (),
                quarantined=sum(kept_out.get(source, 0) for source in graph.sources_of([name])),
            )
        )
    return found


def _answers_for(name: str, failure: FailedRun | None) -> bool:
    """Whether a failed run counts: of a fact that no job publishes, only one of facts alone."""
    facts = graph.fact_functions().keys()
    if failure is None or name not in facts or name in catalog.scheduled_facts():
        return True
    return facts >= set(failure.tables)


def _unmade(published_at: datetime | None) -> State:
    """The state of a table whose sources are absent."""
    return "stale" if published_at else "left out"


def _failures(
    warehouse: Warehouse,
    names: Iterable[str],
    done: Mapping[str, dict[str, Any]],
    now: datetime,
) -> dict[str, FailedRun]:
    """The newest failed run of each table; of runs before all publications nothing is asked."""
    never = not all(name in done for name in names)
    oldest = min((run["finished_at"] for run in done.values()), default=datetime.min)
    found: dict[str, FailedRun] = {}
    for run in runs.failures(warehouse, datetime.min if never else oldest, now):
        for table in run.tables:
            found.setdefault(table, run)
    return found


def _paces(warehouse: Warehouse) -> dict[str | None, Pace]:
    """The paces by the run that they are of."""
    return {pace.run_id: pace for pace in runs.paces(warehouse).values()}


def _state(
    deadline: Deadline | None, late: bool, failing: bool, blockers: tuple[str, ...]
) -> State:
    if failing:
        return "failing"
    if late:
        return "late"
    if blockers:
        return "blocked"
    return "on time" if deadline else "published"
