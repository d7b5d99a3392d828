"""When each KPI was last published, whether it is late, and whether its last run failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from crm_ibis import catalog, graph, runlog
from crm_ibis.deadlines import Deadline, deadlines
from crm_ibis.declarations import jobs
from crm_ibis.sources import left_out
from crm_ibis.warehouse import Warehouse

State = Literal["on time", "late", "failing", "published", "stale", "left out"]


@dataclass(frozen=True)
class Status:
    """One table as the run log and its schedule have it; null where there is nothing to say.

    `state` is failing when a run after the last publication failed; else late when nothing was
    published since `due_since`; `published` is a table without a schedule; `stale` was published
    before its sources became absent in sources.yml, and `left out` never was, for want of them.
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
    sla: str | None
    due_since: datetime | None
    next_run: datetime | None
    last_error: str | None
    quarantined: int = 0
    """Rows of its sources that their newest runs left out, as they break their contracts."""

    @property
    def in_order(self) -> bool:
        return not self.late and not self.failing


def statuses(warehouse: Warehouse, now: datetime | None = None) -> list[Status]:
    """The status of every KPI, and of every fact that was ever published, at an instant (UTC)."""
    published, now = runlog.publications(warehouse), now or runlog.now()
    due, listed = deadlines(jobs(), now), catalog.entries()
    names = [*listed, *(name for name in published if name not in listed)]
    never = not all(name in published for name in names)
    oldest = min((run["finished_at"] for run in published.values()), default=datetime.min)
    failed = runlog.failures(warehouse, since=datetime.min if never else oldest)
    kept_out = runlog.quarantined(warehouse)
    without = left_out([name for name in names if name in graph.table_functions()])
    found = []
    for name in names:
        entry, last, deadline = listed.get(name), published.get(name, {}), due.get(name)
        published_at = last.get("finished_at")
        failure = next((run for run in failed if name in run["tables"]), None)
        failure, deadline = (None, None) if name in without else (failure, deadline)
        failing = bool(failure and (not published_at or failure["finished_at"] > published_at))
        late = bool(deadline and deadline.missed(published_at))
        found.append(
            Status(
                table=name,
                owner=entry.owner if entry else None,
                criticality=entry.criticality if entry else None,
                as_of=last.get("as_of"),
                published_at=published_at,
                age_hours=(now - published_at) / timedelta(hours=1) if published_at else None,
                rows=last.get("rows"),
                state=_unmade(published_at) if name in without else _state(deadline, late, failing),
                late=late,
                failing=failing,
                sla=deadline.sla if deadline else None,
                due_since=deadline.due_since if deadline else None,
                next_run=deadline.next_run if deadline else None,
                last_error=failure["error"] if failure and failing else None,
                quarantined=sum(kept_out.get(source, 0) for source in graph.sources_of([name])),
            )
        )
    return found


def _unmade(published_at: datetime | None) -> State:
    """The state of a table whose sources are absent."""
    return "stale" if published_at else "left out"


def _state(deadline: Deadline | None, late: bool, failing: bool) -> State:
    if failing:
        return "failing"
    if late:
        return "late"
    return "on time" if deadline else "published"
