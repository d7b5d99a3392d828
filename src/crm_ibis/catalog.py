"""Who uses a KPI, who owns it, how critical it is and how old it may get: exposures and jobs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from crm_ibis import content, graph
from crm_ibis.errors import UsageError, near_match

Criticality = Literal["critical", "high", "medium", "low"]
Declared = TypeVar("Declared")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exposure(_Record):
    """A dashboard or report that people read, and the tables it shows."""

    of: list[str]
    owner: str
    criticality: Criticality
    description: str


class Job(_Record):
    """Tables that are refreshed together on a schedule."""

    refresh: list[str]
    schedule: str
    sla: str


class Jobs(_Record):
    """The jobs file."""

    time_zone: str
    jobs: dict[str, Job]


@dataclass(frozen=True)
class Entry:
    """A KPI with what the exposures and the jobs say about it; null where they say nothing."""

    name: str
    exposures: tuple[str, ...]
    owner: str | None
    criticality: str | None
    sla: str | None
    needs: tuple[str, ...]


def exposures() -> dict[str, Exposure]:
    """The exposures, by name; raises UsageError naming the key that is wrong."""
    return _read(content.path("schemas", "exposures.yml"), dict[str, Exposure])


def jobs() -> Jobs:
    """The jobs; raises UsageError naming the key that is wrong."""
    return _read(content.path("flows", "jobs.yml"), Jobs)


@cache
def entries() -> dict[str, Entry]:
    """Every KPI, the most critical first; raises UsageError when a file names one that is none."""
    shown, scheduled = exposures(), jobs().jobs
    _known_kpis("schemas/exposures.yml", {name: e.of for name, e in shown.items()})
    _known_kpis("flows/jobs.yml", {name: job.refresh for name, job in scheduled.items()})
    slas = {kpi: job.sla for job in scheduled.values() for kpi in job.refresh}
    found = []
    for name in graph.kpi_functions():
        users = [(key, exposure) for key, exposure in shown.items() if name in exposure.of]
        users.sort(key=lambda user: _rank(user[1].criticality))
        first = users[0][1] if users else None
        found.append(
            Entry(
                name=name,
                exposures=tuple(key for key, exposure in users),
                owner=first.owner if first else None,
                criticality=first.criticality if first else None,
                sla=slas.get(name),
                needs=tuple(graph.needs(name)),
            )
        )
    found.sort(key=lambda entry: (_rank(entry.criticality), entry.name))
    return {entry.name: entry for entry in found}


def _rank(criticality: str | None) -> int:
    order = get_args(Criticality)
    return order.index(criticality) if criticality else len(order)


def _known_kpis(file: str, named: dict[str, list[str]]) -> None:
    for key, kpis in named.items():
        for kpi in kpis:
            if kpi not in graph.kpi_functions():
                hint = near_match(kpi, graph.kpi_functions())
                raise UsageError(f'{file}: {key}: there is no KPI "{kpi}"{hint}')


def tagged(tag: str) -> list[str]:
    """The KPIs of a criticality; raises UsageError when there is none."""
    tags = {e.criticality for e in entries().values() if e.criticality}
    if tag not in tags:
        raise UsageError(
            f'no KPI has the tag "{tag}"{near_match(tag, tags)}; tags are {", ".join(sorted(tags))}'
        )
    return [entry.name for entry in entries().values() if entry.criticality == tag]


def _read(path: Path, kind: type[Declared]) -> Declared:
    try:
        given: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(kind).validate_python(given)
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from None
    except ValidationError as error:
        lines = "\n".join(
            f"  {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors()
        )
        raise UsageError(f"{path} is not valid:\n{lines}") from None
