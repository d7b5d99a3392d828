"""Who uses a KPI, who owns it, how critical it is and how old it may get: exposures and jobs."""

from dataclasses import dataclass
from typing import get_args

from crm_ibis.config.alerting import Criticality
from crm_ibis.config.declarations import Job, exposures, jobs, snapshots
from crm_ibis.config.files import is_left_over, place
from crm_ibis.config.remembered import PerProject
from crm_ibis.config.remembered import forget as forget
from crm_ibis.config.tolerance import is_tolerating
from crm_ibis.errors import UsageError, near_match
from crm_ibis.metrics import graph, own
from crm_ibis.metrics.contradictions import contradictions


@dataclass(frozen=True)
class Entry:
    """A KPI with what the exposures and the jobs say about it; null where they say nothing."""

    name: str
    exposures: tuple[str, ...]
    owner: str | None
    criticality: str | None
    sla: str | None
    needs: tuple[str, ...]


@PerProject
def entries() -> dict[str, Entry]:
    """Every KPI, the most critical first; raises UsageError when a file names one that is none."""
    wrong = contradictions()
    if wrong and not is_tolerating():
        raise UsageError(wrong[0].words)
    shown = exposures()
    scheduled = jobs().jobs
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


def entry_of(table: str) -> Entry | None:
    """The entry of a KPI, or of the KPI that a snapshot keeps."""
    return entries().get(kpi_of(table))


def is_known(table: str) -> bool:
    """Whether the project has a table of this name that it publishes or records."""
    known = table in graph.table_functions() or table in snapshots()
    return known or table in own.broken_tables()


def kpi_of(table: str) -> str:
    """The KPI that a snapshot keeps, or the table itself."""
    snapshot = snapshots().get(table)
    return snapshot.kpi if snapshot else table


def _rank(criticality: str | None) -> int:
    order = get_args(Criticality)
    return order.index(criticality) if criticality else len(order)


def scheduled_facts() -> list[str]:
    """The facts that jobs publish beside their KPIs, without names of no fact."""
    known = {*graph.fact_functions(), *own.broken_tables()}
    return [fact for job in jobs().jobs.values() for fact in job.facts if fact in known]


def is_unscheduled_fact(table: str) -> bool:
    """Whether a table is a fact that is published by name only: no job publishes it."""
    return table in graph.fact_functions() and table not in scheduled_facts()


def published_tables() -> list[str]:
    """What is published: all KPIs, and the facts that jobs publish."""
    facts = [fact for fact in scheduled_facts() if fact not in own.broken_tables()]
    return [*graph.kpi_functions(), *facts]


def facts_apart(job: Job) -> list[str]:
    """The facts of a job that its KPIs are not computed from, so that they can do without them."""
    needed = graph.plan(job.refresh)
    return [fact for fact in job.facts if fact not in needed]


def check_owners() -> None:
    """Raises UsageError for channels of an owner that no exposure has: they are never used.

    A team that changes or takes away an exposure need not do so with the shipped channels.
    """
    owners = {exposure.owner for exposure in exposures().values()}
    for owner in jobs().owners:
        if owner not in owners and not is_left_over("jobs.yml", "owners", owner):
            raise UsageError(
                f'{place("jobs.yml", "owners", owner)}: owners: no exposure has the owner "{owner}"'
                f"{near_match(owner, owners)}"
            )


def tables_with_tag(tag: str) -> list[str]:
    """The KPIs of a criticality; raises UsageError when there is none."""
    tags = {e.criticality for e in entries().values() if e.criticality}
    if tag not in tags:
        raise UsageError(
            f'no KPI has the tag "{tag}"{near_match(tag, tags)}; tags are {", ".join(sorted(tags))}'
        )
    return [entry.name for entry in entries().values() if entry.criticality == tag]
