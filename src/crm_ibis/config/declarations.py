"""What the project's YAML files declare: exposures, jobs and snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator

from crm_ibis.config import project
from crm_ibis.config.alerting import Channel, Criticality, Links, Metrics, Route
from crm_ibis.config.files import Record, file_of, place, read_layers, valid_part
from crm_ibis.config.overlay import Key
from crm_ibis.config.renamed import TableName
from crm_ibis.config.tolerance import LeftOut, is_tolerating
from crm_ibis.config.validation import Span, duration_microseconds
from crm_ibis.errors import UsageError, near_match

NO_SLA_BUDGET = timedelta(hours=1)
"""How long all attempts at a job without an SLA may take."""
RETENTION_DAYS = 365
RUN_RETENTION_DAYS = 400
MAX_MISSING_PCT = 50.0
MAX_REMOVED_PCT = 50.0
MASS_CHANGE_MIN_ROWS = 20
"""Below this, the guards on mass removal and mass close are off."""


def _cron(schedule: str) -> str:
    try:
        CronSim(schedule, datetime(2024, 1, 1))
    except CronSimError as error:
        raise ValueError(f"is not a cron schedule such as `15 * * * *`: {error}") from None
    return schedule


def zone_name(name: str) -> str:
    """The name of a time zone, or a ValueError."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as UTC or Europe/Zurich") from None
    return name


class Exposure(Record):
    """A dashboard or report that people read, and the tables it shows."""

    of: list[TableName]
    owner: str
    criticality: Criticality
    description: str


class Job(Record):
    """What runs together: KPIs to refresh, snapshots to merge, or the watch.

    On a schedule, or without one by hand or by an event. Nothing is late while a job has no
    schedule or is paused; the SLA of a run without a schedule counts from its start.
    """

    refresh: list[TableName] = []
    facts: list[TableName] = []
    """Published by the same run, for those who work from the rows; they have no SLA."""
    snapshot: list[TableName] = []
    watch: bool = False
    schedule: Annotated[str, AfterValidator(_cron)] | None = None
    paused: bool = False
    """Its schedule starts no run; by hand it can be run all the same."""
    time_zone: Annotated[str, AfterValidator(zone_name)] | None = None
    sla: Span | None = None
    attempts: Annotated[int, Field(ge=1, le=20)] = 1
    first_wait: Span = "60s"
    factor: Annotated[float, Field(ge=1, le=10)] = 1.5
    timeout: Span | None = None
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = RETENTION_DAYS
    max_missing_pct: Annotated[float, Field(ge=0, le=100)] = MAX_MISSING_PCT
    max_removed_pct: Annotated[float, Field(ge=0, le=100)] = MAX_REMOVED_PCT
    """The share of the rows of a published table that one refresh may remove."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Job":
        if self.facts and not self.refresh:
            raise ValueError("has `facts`, which go with tables to `refresh`")
        if [bool(self.refresh), bool(self.snapshot), self.watch].count(True) != 1:
            raise ValueError(
                "names tables to `refresh`, or snapshots to `snapshot`, or says `watch: true`"
            )
        if self.refresh and self.schedule and not self.sla:
            raise ValueError("lacks `sla`, how old its tables may get, such as 2h")
        if self.paused and not self.schedule:
            raise ValueError("is `paused`, but has no `schedule` to pause")
        return self

    @property
    def sla_duration(self) -> timedelta | None:
        """The SLA: how long after its scheduled instant a publication may come."""
        return timedelta(microseconds=duration_microseconds(self.sla)) if self.sla else None

    @property
    def waits(self) -> list[float]:
        """Seconds before the second attempt, the third, ..."""
        first = duration_microseconds(self.first_wait) / 1_000_000
        return [first * self.factor**number for number in range(self.attempts - 1)]

    @property
    def flow(self) -> str:
        """The module in flows/ that runs it, and the flow in there."""
        return "refresh" if self.refresh else "snapshot" if self.snapshot else "watch"

    @property
    def tables(self) -> tuple[str, ...]:
        """What it publishes or records and answers for."""
        return (*self.refresh, *self.snapshot)

    @property
    def published_tables(self) -> list[str]:
        """All that it publishes."""
        return [*self.refresh, *self.facts]

    @property
    def outputs(self) -> list[str]:
        """All that it publishes or records."""
        return [*self.published_tables, *self.snapshot]

    @property
    def statement_seconds(self) -> float:
        """How long a statement may take: `timeout`, else what the SLA leaves for each attempt."""
        if self.timeout:
            return duration_microseconds(self.timeout) / 1_000_000
        whole = self.sla_duration or NO_SLA_BUDGET
        return max(whole.total_seconds() - sum(self.waits), 60) / self.attempts


class Deployment(Record):
    """Where the jobs run: a Prefect work pool, and the steps that bring the project there."""

    work_pool: str = "crm-ibis"
    pull: list[dict[str, Any]] = []


class RunLog(Record):
    """How long the log of runs is kept."""

    retention_days: Annotated[int, Field(ge=1, le=36_500)] = RUN_RETENTION_DAYS


class Jobs(Record):
    """The jobs file."""

    time_zone: Annotated[str, AfterValidator(zone_name)]
    jobs: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Job]
    owners: dict[str, list[Channel]] = {}
    alerts: list[Route] = []
    default_route: list[Channel] = []
    """Notified of failures and lateness for which no route finds a channel."""
    links: Links = Links()
    metrics: Metrics = Metrics()
    deployment: Deployment = Deployment()
    runs: RunLog = RunLog()

    def zone_of(self, job: Job) -> ZoneInfo:
        """The time zone of a job's schedule."""
        return ZoneInfo(job.time_zone or self.time_zone)


@dataclass(frozen=True)
class Snapshot:
    """The history of a KPI, and what its job says about it."""

    name: str
    kpi: str
    retention_days: int = RETENTION_DAYS
    """Versions that ended longer ago than this are kept in the archive."""
    max_missing_pct: float = MAX_MISSING_PCT
    """The share of current keys that may disappear at once."""

    @property
    def archive(self) -> str:
        return f"{self.name}_archive"


KINDS: dict[str, Any] = {
    "exposures.yml": dict[str, Exposure],
    "jobs.yml": Jobs,
    "snapshots.yml": dict[TableName, TableName],
}
"""What each file declares."""


def exposures() -> dict[str, Exposure]:
    """The exposures, by name; raises UsageError naming the key that is wrong."""
    return read_layers("exposures.yml", dict[str, Exposure])


def jobs() -> Jobs:
    """The jobs; raises UsageError naming the key that is wrong."""
    return read_layers("jobs.yml", Jobs)


@dataclass(frozen=True)
class Contradiction:
    """What a file says of something that the project has not, or has otherwise."""

    words: str
    """With file and line."""
    file: str
    names: tuple[str, ...]
    """The entry, and what it is about."""


def left_out() -> list[LeftOut]:
    """The entries of these files that are not valid, whether or not that is an error now."""
    return [
        entry
        for name, kind in KINDS.items()
        if project.layers(name)
        for entry in valid_part(name, kind).left_out
    ]


def _left_out_of(name: str) -> set[Key]:
    return {entry.entry for entry in left_out() if entry.file == name}


def get_job(name: str) -> Job:
    """A job; raises UsageError with a near match when there is none."""
    known = jobs().jobs
    if name not in known:
        raise UsageError(
            f'{file_of("jobs.yml")} has no job "{name}"{near_match(name, known)}; it has '
            f"{', '.join(known)}"
        )
    return known[name]


def watch_job() -> Job:
    """The job of the watch; raises UsageError when there is none."""
    for job in jobs().jobs.values():
        if job.watch:
            return job
    raise UsageError(f"{file_of('jobs.yml')} has no job with `watch: true`")


def removable_pct() -> dict[str, float]:
    """The share of its rows that each table may lose at once, for tables that a job publishes.

    The smallest where several jobs publish a table; MAX_REMOVED_PCT for all other tables.
    """
    found: dict[str, float] = {}
    if _has_jobs():
        for job in jobs().jobs.values():
            for table in job.published_tables:
                found[table] = min(job.max_removed_pct, found.get(table, 100))
    return found


def run_retention_days() -> int:
    """How many days a run stays in the log."""
    return jobs().runs.retention_days if _has_jobs() else RUN_RETENTION_DAYS


def _has_jobs() -> bool:
    """Whether the project has a jobs file, without which it can be run by hand."""
    return bool(project.layers("jobs.yml"))


def snapshots() -> dict[str, Snapshot]:
    """The snapshots, by name; none without the file. Raises UsageError naming what is wrong."""
    found, wrong = _snapshots()
    if wrong and not is_tolerating():
        raise UsageError(wrong[0].words)
    return found


def wrong_recordings() -> list[Contradiction]:
    """What jobs say of snapshots that cannot be; such a job has no say in them."""
    return _snapshots()[1]


def _snapshots() -> tuple[dict[str, Snapshot], list[Contradiction]]:
    there = project.layers("snapshots.yml")
    declared = read_layers("snapshots.yml", dict[TableName, TableName]) if there else {}
    found = {name: Snapshot(name, kpi) for name, kpi in declared.items()}
    recorded_by: dict[str, str] = {}
    wrong = []
    for key, job in jobs().jobs.items() if _has_jobs() else ():
        for name in job.snapshot:
            if words := _recording_problem(key, name, found, recorded_by):
                where = place("jobs.yml", "jobs", key, "snapshot")
                wrong.append(Contradiction(f"{where}: {words}", "jobs.yml", (key, name)))
                continue
            if name not in found:  # it is left out, and that is said already
                continue
            recorded_by[name] = key
            found[name] = Snapshot(name, declared[name], job.retention_days, job.max_missing_pct)
    return found, wrong


def _recording_problem(
    job: str, name: str, known: Mapping[str, Snapshot], recorded_by: Mapping[str, str]
) -> str | None:
    if other := recorded_by.get(name):
        return f"both {other} and {job} record {name}; leave it to one of them"
    if name not in known and not {(name,), ()} & _left_out_of("snapshots.yml"):
        return f'{job}: there is no snapshot "{name}"{near_match(name, known)}'
    return None
