"""Who uses a KPI, who owns it, how critical it is and how old it may get: exposures and jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from crm_ibis.config.alerting import Criticality
from crm_ibis.config.declarations import Job, exposures, jobs, snapshots
from crm_ibis.config.files import is_left_over, place
from crm_ibis.errors import UsageError, near_match
from crm_ibis.metrics import graph, own


@dataclass(frozen=True)
class Entry:
    """A KPI with what the exposures and the jobs say about it; null where they say nothing."""

    name: str
    exposures: tuple[str, ...]
    owner: str | None
    criticality: str | None
    sla: str | None
    needs: tuple[str, ...]


@cache
def entries() -> dict[str, Entry]:
    """Every KPI, the most critical first; raises UsageError when a file names one that is none."""
    shown = exposures()
    scheduled = jobs().jobs
    for name, exposure in shown.items():
        _known_kpis(name, exposure.of, "exposures.yml", name, "of")
    for name, job in scheduled.items():
        _known_kpis(name, job.refresh, "jobs.yml", "jobs", name, "refresh")
        _used_facts(name, job)
    routed = [table for route in jobs().alerts for table in route.tables]
    _known_kpis("alerts", routed, "jobs.yml", "alerts")
    _one_job_each(scheduled)
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
    """The facts that jobs publish beside their KPIs."""
    return [fact for job in jobs().jobs.values() for fact in job.facts]


def published_tables() -> list[str]:
    """What is published: all KPIs, and the facts that jobs publish."""
    facts = [fact for fact in scheduled_facts() if fact not in own.broken_tables()]
    return [*graph.kpi_functions(), *facts]


def forget() -> None:
    """Forgets what was read of the project's files: where they may have changed, or are others."""
    from crm_ibis.contracts import models

    for remembered in (
        models.contracts,
        models.histories,
        own.own_functions,
        graph.kpi_functions,
        graph.fact_functions,
        graph.staging_functions,
        graph.table_functions,
        entries,
    ):
        remembered.cache_clear()


def _known_kpis(entry: str, kpis: list[str], *at: str) -> None:
    for kpi in kpis:
        if kpi not in graph.kpi_functions() and kpi not in own.broken_tables():
            hint = near_match(kpi, graph.kpi_functions())
            raise UsageError(f'{place(*at)}: {entry}: there is no KPI "{kpi}"{hint}')


def _used_facts(key: str, job: Job) -> None:
    """A fact of other sources would let the KPIs fail for what they do not need."""
    used = [name for name in graph.plan(job.refresh) if name in graph.fact_functions()]
    if own.broken_tables().keys() & {*job.refresh, *job.facts}:
        return
    for fact in job.facts:
        if fact not in used:
            where = place("jobs.yml", "jobs", key, "facts")
            raise UsageError(
                f'{where}: {key}: facts: "{fact}" is no fact that '
                f"{', '.join(job.refresh)} is computed from{near_match(fact, used)}; these are: "
                f"{', '.join(used) or 'none'}"
            )


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


def _one_job_each(scheduled: Mapping[str, Job]) -> None:
    refreshed_by: dict[str, str] = {}
    for name, job in scheduled.items():
        for table in job.published_tables:
            if other := refreshed_by.get(table):
                who = f"both {other} and {name} refresh" if other != name else f"{name} names twice"
                where = place("jobs.yml", "jobs", name)
                raise UsageError(f"{where}: {who} {table}; leave it to one")
            refreshed_by[table] = name


def tables_with_tag(tag: str) -> list[str]:
    """The KPIs of a criticality; raises UsageError when there is none."""
    tags = {e.criticality for e in entries().values() if e.criticality}
    if tag not in tags:
        raise UsageError(
            f'no KPI has the tag "{tag}"{near_match(tag, tags)}; tags are {", ".join(sorted(tags))}'
        )
    return [entry.name for entry in entries().values() if entry.criticality == tag]
