"""The catalog, and a page for each table: what it means, how it is made, how it has fared."""

from collections.abc import Sequence
from typing import Any

from crm_ibis.config import project
from crm_ibis.config.declarations import Job, exposures, jobs
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.metrics import catalog, describe, graph
from crm_ibis.metrics.describe import Description
from crm_ibis.metrics.lineage import ROWS, Origin, Origins
from crm_ibis.metrics.problems import project_problems
from crm_ibis.site.charts.defaults import all_sections
from crm_ibis.site.data.reading import Reading
from crm_ibis.site.data.run_history import Log
from crm_ibis.site.data.work_lists import LISTS
from crm_ibis.site.pages.queries import Queries
from crm_ibis.site.pages.renderer import Pages
from crm_ibis.site.pages.sla_clocks import JUDGED, paused_tickets

KINDS = {
    "kpi": ("KPIs", "What people read."),
    "fact": ("Facts", "Hard questions, settled once."),
    "staging": ("Staging", "Sources made clean: one row in, one row out."),
    "source": ("Sources", "What the CRM delivers."),
    "snapshot": ("Histories", "Every version of every row of a KPI."),
}


def all_descriptions() -> list[Description]:
    """All tables: KPIs first, the most critical on top; staging and sources, in order of name."""
    kpis = list(catalog.entries())
    facts = list(graph.fact_functions())
    staging = list(graph.staging_functions())
    sources = [c.name for c in contracts().values() if c.kind == "source"]
    with_contract = [describe.description(n) for n in (*kpis, *facts, *sources, *histories())]
    return [*with_contract, *(_staging(name) for name in staging)]


def _staging(name: str) -> Description:
    """Staging has no contract, as it is never published: its columns are those of its source."""
    return Description(
        name=name,
        kind="staging",
        meaning=(graph.table_functions()[name].__doc__ or "").strip(),
        grain=(),
        owner=None,
        criticality=None,
        exposures=(),
        needs=tuple(graph.needs(name)),
        needed_by=tuple(n for n in graph.table_functions() if name in graph.needs(n)),
        columns=[],
        checks=[],
    )


def write(
    pages: Pages,
    tables: list[Description],
    direct: Origins,
    settled: Origins,
    log: Log,
    queries: Queries,
    assumptions: dict[str, dict[str, str]],
    reading: Reading,
    clocks: Sequence[str] = (),
) -> None:
    """The catalog and a page for each table; `reading` says what months and amounts are of,
    `clocks` by which calendars tickets are judged."""
    charts = {section.table: section for section in all_sections()}
    status = {s.table: s for s in log.statuses}
    unused = optional_sources() - queries.sources.keys()
    groups = [(KINDS[k], [t for t in tables if t.kind == k]) for k in KINDS]
    pages.write(
        "catalog.html",
        "catalog",
        groups=groups,
        status=status,
        entries=catalog.entries(),
        sources=queries.sources,
        unused=unused,
        problems=_problems(),
    )
    effects = _effects(settled)
    dashboards = exposures()
    paused = paused_tickets(reading.paused)
    for table in tables:
        pages.write(
            f"tables/{table.name}.html",
            "table",
            table=table,
            kind=KINDS[table.kind][0],
            columns=_columns(table, direct, settled, effects),
            status=status.get(table.name),
            section=charts.get(table.name),
            lists=[each for each in LISTS if each.table == table.name],
            job=_job(table.name),
            shown={name: dashboards[name] for name in table.exposures},
            assumptions=_assumptions(table.name, assumptions),
            clocks=clocks if table.name in JUDGED else (),
            paused=paused if table.name in JUDGED else (),
            is_unused=table.name in unused,
            currency=reading.currencies.get(table.name),
            zone=reading.zones.get(table.name),
            sql=queries,
            source=queries.sources.get(table.name),
            quarantined=log.quarantined.get(table.name),
            versions=log.versions.get(table.name, []),
        )


def _problems() -> list[str]:
    """What is wrong with the project's files, with the files as the project names them."""
    shown = [_shown(problem) for problem in project_problems()]
    return list(dict.fromkeys(shown))


def _shown(problem: Problem) -> str:
    """Without values of channels, addresses and deployments: the site is not for them."""
    if problem.about == "settings":
        return "jobs.yml is not valid, in what is not shown here; `crm-ibis config jobs` tells more"
    return str(problem).replace(f"{project.home()}/", "")


def _job(table: str) -> tuple[str, Job] | None:
    """The job that publishes or records a table, with its name."""
    made_by = {t: (name, j) for name, j in jobs().jobs.items() for t in j.outputs}
    return made_by.get(table)


def _columns(
    table: Description, direct: Origins, settled: Origins, effects: dict[Origin, list[Origin]]
) -> list[dict[str, Any]]:
    computed = direct.get(table.name, {})
    known = {column["name"]: column for column in table.columns}
    plain: dict[str, Any] = {
        "type": "",
        "unit": None,
        "nullable": None,
        "may_be_missing": False,
        "description": "",
        "checks": [],
    }
    names = list(known) or [c for c in computed if c != ROWS]
    return [
        {
            **plain,
            **known.get(name, {}),
            "name": name,
            "from": sorted(computed.get(name, ())),
            "sources": sorted(settled.get(table.name, {}).get(name, ())),
            "effects": effects.get(Origin(table.name, name), []),
        }
        for name in names
    ]


def _effects(settled: Origins) -> dict[Origin, list[Origin]]:
    """Of each source column: the KPI columns that are computed from it."""
    found: dict[Origin, list[Origin]] = {}
    for name in graph.kpi_functions():
        for column, origins in settled[name].items():
            for origin in origins if column != ROWS else ():
                found.setdefault(origin, []).append(Origin(name, column))
    return found


def _assumptions(name: str, own: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    """Parameter, value, and the table that uses it: this one or one that it needs."""
    found: dict[str, tuple[str, str, str]] = {}
    for table in reversed(graph.plan([name]) if name in own else []):
        for path, value in own.get(table, {}).items():
            found.setdefault(path, (path, value, table))
    return sorted(found.values())
