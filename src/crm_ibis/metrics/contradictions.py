"""What exposures.yml and jobs.yml say of tables that there are not, or say twice."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from crm_ibis.config.declarations import Contradiction, Job, exposures, jobs, left_out
from crm_ibis.config.files import place
from crm_ibis.config.tolerance import tolerating
from crm_ibis.errors import UsageError, near_match
from crm_ibis.metrics import graph, own

JOBS = "jobs.yml"
EXPOSURES = "exposures.yml"


def contradictions() -> list[Contradiction]:
    """All of them, in the order of the files.

    Nothing is said of a job that is itself left out or as shipped for now.
    """
    unsure = {entry.entry[-1] for entry in left_out() if entry.entry[:-1] == ("jobs",)}
    scheduled = {name: job for name, job in jobs().jobs.items() if name not in unsure}
    broken = own.named_in_problems().keys()
    known = {*graph.kpi_functions(), *broken}
    read_by = {name: graph.sources_of([name]) for name in graph.fact_functions()}
    found: list[Contradiction] = []
    for name, exposure in exposures().items():
        found += _unknown_kpis(known, EXPOSURES, name, exposure.of, name, "of")
    for name, job in scheduled.items():
        found += _unknown_kpis(known, JOBS, name, job.refresh, "jobs", name, "refresh")
        if broken.isdisjoint([*job.refresh, *job.facts]):
            found += _unused_facts(name, job, read_by)
    routed = [table for route in jobs().alerts for table in route.tables]
    found += _unknown_kpis(known, JOBS, "alerts", routed, "alerts")
    return [*found, *_published_twice(scheduled)]


def refuse_wrong_job(name: str) -> None:
    """Raises UsageError when a job names what there is not, whatever else is wrong."""
    with tolerating():
        found = contradictions()
    for wrong in found:
        if wrong.file == JOBS and wrong.names[0] == name:
            raise UsageError(wrong.words)


def _unknown_kpis(
    known: Collection[str], file: str, entry: str, kpis: Iterable[str], *at: str
) -> Iterator[Contradiction]:
    for kpi in kpis:
        if kpi not in known:
            hint = near_match(kpi, graph.kpi_functions())
            words = f'{place(file, *at)}: {entry}: there is no KPI "{kpi}"{hint}'
            yield Contradiction(words, file, (entry, kpi))


def _unused_facts(
    key: str, job: Job, read_by: Mapping[str, Iterable[str]]
) -> Iterator[Contradiction]:
    """A fact that shares no source with the KPIs belongs to another job."""
    read = set(graph.sources_of(job.refresh))
    used = [fact for fact, sources in read_by.items() if not read.isdisjoint(sources)]
    for fact in job.facts:
        if fact not in used:
            words = (
                f'{place(JOBS, "jobs", key, "facts")}: {key}: facts: "{fact}" is no fact that '
                f"shares a source with {', '.join(job.refresh)}{near_match(fact, used)}; these do: "
                f"{', '.join(used) or 'none'}"
            )
            yield Contradiction(words, JOBS, (key, fact))


def _published_twice(scheduled: Mapping[str, Job]) -> Iterator[Contradiction]:
    published_by: dict[str, str] = {}
    for name, job in scheduled.items():
        for table in job.published_tables:
            if other := published_by.get(table):
                who = f"both {other} and {name} refresh" if other != name else f"{name} names twice"
                words = f"{place(JOBS, 'jobs', name)}: {who} {table}; leave it to one"
                yield Contradiction(words, JOBS, (name, table))
            published_by[table] = name
