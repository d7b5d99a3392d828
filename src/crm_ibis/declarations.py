"""What the project's YAML files declare: exposures, jobs and snapshots."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from crm_ibis import content
from crm_ibis.errors import UsageError, near_match
from crm_ibis.validation import duration_microseconds, explained

Criticality = Literal["critical", "high", "medium", "low"]
Event = Literal[
    "failure", "sla_breach", "late", "recovered", "success", "slow_run", "contract_warning"
]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
OWNER = "owner"
"""The channel that stands for those of the table's owner."""
Declared = TypeVar("Declared")

RETENTION_DAYS = 365
MAX_MISSING_PCT = 50.0


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


def _span(text: str) -> str:
    duration_microseconds(text)
    return text


class Record(BaseModel):
    """What a YAML file declares; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Exposure(Record):
    """A dashboard or report that people read, and the tables it shows."""

    of: list[str]
    owner: str
    criticality: Criticality
    description: str


class Job(Record):
    """What runs together on a schedule: KPIs to refresh, or snapshots to merge."""

    refresh: list[str] = []
    snapshot: list[str] = []
    schedule: Annotated[str, AfterValidator(_cron)]
    time_zone: Annotated[str, AfterValidator(zone_name)] | None = None
    sla: Annotated[str, AfterValidator(_span)] | None = None
    attempts: Annotated[int, Field(ge=1, le=20)] = 1
    first_wait: Annotated[str, AfterValidator(_span)] = "60s"
    factor: Annotated[float, Field(ge=1, le=10)] = 1.5
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = RETENTION_DAYS
    max_missing_pct: Annotated[float, Field(ge=0, le=100)] = MAX_MISSING_PCT

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Job":
        if bool(self.refresh) == bool(self.snapshot):
            raise ValueError("names either tables to `refresh` or snapshots to `snapshot`")
        if self.refresh and not self.sla:
            raise ValueError("lacks `sla`, how old its tables may get, such as 2h")
        return self

    @property
    def allowed(self) -> timedelta | None:
        """The SLA: how long after its scheduled instant a publication may come."""
        return timedelta(microseconds=duration_microseconds(self.sla)) if self.sla else None

    @property
    def waits(self) -> list[float]:
        """Seconds before the second attempt, the third, ..."""
        first = duration_microseconds(self.first_wait) / 1_000_000
        return [first * self.factor**number for number in range(self.attempts - 1)]


class Route(Record):
    """Which events of which tables go to which channels; without tables or criticality, of all."""

    events: list[Event]
    tables: list[str] = []
    criticality: list[Criticality] = []
    to: list[Channel]


class Jobs(Record):
    """The jobs file."""

    time_zone: Annotated[str, AfterValidator(zone_name)]
    jobs: dict[str, Job]
    owners: dict[str, list[Channel]] = {}
    alerts: list[Route] = []

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


def exposures() -> dict[str, Exposure]:
    """The exposures, by name; raises UsageError naming the key that is wrong."""
    return read(content.path("schemas", "exposures.yml"), dict[str, Exposure])


def jobs() -> Jobs:
    """The jobs; raises UsageError naming the key that is wrong."""
    return read(content.path("flows", "jobs.yml"), Jobs)


def snapshots() -> dict[str, Snapshot]:
    """The snapshots, by name; none without the file. Raises UsageError naming what is wrong."""
    path = content.home() / "schemas" / "snapshots.yml"
    declared = read(path, dict[str, str]) if path.exists() else {}
    found = {name: Snapshot(name, kpi) for name, kpi in declared.items()}
    recorded_by: dict[str, str] = {}
    scheduled = (content.home() / "flows" / "jobs.yml").exists()
    for key, job in jobs().jobs.items() if scheduled else ():
        for name in job.snapshot:
            if other := recorded_by.get(name):
                raise UsageError(
                    f"flows/jobs.yml: both {other} and {key} record {name}; leave it to one of them"
                )
            recorded_by[name] = key
            if name not in found:
                raise UsageError(
                    f'flows/jobs.yml: {key}: there is no snapshot "{name}"{near_match(name, found)}'
                )
            found[name] = Snapshot(name, declared[name], job.retention_days, job.max_missing_pct)
    return found


def read(path: Path, kind: type[Declared]) -> Declared:
    """What a YAML file declares; raises UsageError naming the key that is wrong."""
    try:
        given: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return TypeAdapter(kind).validate_python(given)
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from None
    except ValidationError as error:
        raise UsageError(f"{path} is not valid:\n{explained(error, kind)}") from None
