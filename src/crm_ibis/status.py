"""When each KPI was last published, and whether its last run failed."""

from dataclasses import dataclass
from datetime import datetime

from crm_ibis import catalog, runlog
from crm_ibis.warehouse import Warehouse


@dataclass(frozen=True)
class Status:
    """One KPI as the run log knows it; null where it was never published or never failed."""

    table: str
    owner: str | None
    criticality: str | None
    as_of: datetime | None
    published_at: datetime | None
    age_hours: float | None
    rows: int | None
    failing: bool
    last_error: str | None


def statuses(warehouse: Warehouse) -> list[Status]:
    """The status of every KPI, and of every fact that was ever published.

    Failing means that a run after the last publication failed.
    """
    published, now = runlog.publications(warehouse), runlog.now()
    listed = catalog.entries()
    names = [*listed, *(name for name in published if name not in listed)]
    never = not all(name in published for name in names)
    oldest = min((run["finished_at"] for run in published.values()), default=datetime.min)
    failed = runlog.failures(warehouse, since=datetime.min if never else oldest)
    found = []
    for name in names:
        entry = listed.get(name)
        last = published.get(name, {})
        published_at = last.get("finished_at")
        failure = next((run for run in failed if name in run["tables"]), None)
        failing = bool(failure and (not published_at or failure["finished_at"] > published_at))
        found.append(
            Status(
                table=name,
                owner=entry.owner if entry else None,
                criticality=entry.criticality if entry else None,
                as_of=last.get("as_of"),
                published_at=published_at,
                age_hours=(now - published_at).total_seconds() / 3600 if published_at else None,
                rows=last.get("rows"),
                failing=failing,
                last_error=failure["error"] if failure and failing else None,
            )
        )
    return found
