"""What the run log says, for the pages: no error texts, hosts, users or sample rows.

An error may quote a file's path, a server's address or a key; the site names the tables whose
contract was broken, and leaves the words to `crm-ibis status`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crm_ibis.operations.alerts import DUE_SOON
from crm_ibis.operations.incidents import Incident, current
from crm_ibis.operations.status import Status, statuses
from crm_ibis.runlog import layout, summaries
from crm_ibis.runlog.summaries import NOT_RETRIED_SQL, SourceSeen, checks_in
from crm_ibis.text import first_line
from crm_ibis.warehouse import Warehouse

RUNS = 50
VERSIONS = 10
FAILED = 1000
"""Among so many failed runs, the newest, those of a table are looked for."""


@dataclass(frozen=True)
class Run:
    """A run as the log has it."""

    run_id: str
    command: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    as_of: datetime | None
    tables: tuple[str, ...]
    job: str | None
    broken: tuple[str, ...]

    @property
    def seconds(self) -> float | None:
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at) / timedelta(seconds=1)


@dataclass(frozen=True)
class Version:
    """What a run did with one table; of a run that failed, no number is known."""

    run_id: str
    started_at: datetime
    finished_at: datetime | None
    as_of: datetime | None
    rows: int | None = None
    new: int | None = None
    changed: int | None = None
    gone: int | None = None
    checks: int | None = None
    warnings: int | None = None
    seconds: float | None = None
    trouble: str | None = None
    """Refused, retired, or how the run ended: failed, abandoned (killed), cancelled, retrying."""
    broken: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    """What the warnings are, without the keys of rows."""


@dataclass(frozen=True)
class Quarantined:
    """What of a source is in quarantine: counts only, as keys may be personal."""

    rows: int = 0
    """Left out by the newest run that read it."""
    checks: dict[str, int] = field(default_factory=dict)
    """Broken checks, and how many keys of rows are in quarantine for each."""


@dataclass(frozen=True)
class Log:
    """Everything that the pages show of runs."""

    runs: list[Run]
    versions: dict[str, list[Version]]
    statuses: list[Status]
    incidents: list[Incident]
    """Without tickets that are due soon: the work lists show these."""
    quarantined: dict[str, Quarantined]
    sources: list[SourceSeen]
    """What the newest run that read each source found of it."""


def read(warehouse: Warehouse, killed: Mapping[str, str] | None = None) -> Log:
    """The newest runs, the newest versions of each table, who is late, and what is not over.

    `killed` is what `summaries.killed_runs` said before the transaction that this is called in.
    """
    killed = killed or {}
    return Log(
        _runs(warehouse, killed),
        versions(warehouse, killed),
        statuses(warehouse, killed=killed),
        [incident for incident in current(warehouse) if incident.event != DUE_SOON],
        quarantined_sources(warehouse),
        summaries.source_ages(warehouse),
    )


def _runs(warehouse: Warehouse, killed: Mapping[str, str]) -> list[Run]:
    if not layout.has_layout(warehouse, 2):
        return []
    found = warehouse.fetch(
        "SELECT run_id, command, state, started_at, finished_at, as_of, tables, job, broken "
        f"FROM {layout.log_table(warehouse, 'runs')} ORDER BY started_at DESC LIMIT {RUNS}"
    )
    return [
        Run(
            *(run, command, killed.get(run, state), began, ended, as_of),
            *(_names(tables), job, _tables(broken)),
        )
        for run, command, state, began, ended, as_of, tables, job, broken in found
    ]


def versions(
    warehouse: Warehouse, killed: Mapping[str, str] | None = None
) -> dict[str, list[Version]]:
    """The newest versions of each table, with the runs among them that failed to make one."""
    found = _made(warehouse)
    for table, failures in _failed(warehouse, killed or {}).items():
        made = {version.run_id for version in found[table]}
        found[table] += [failure for failure in failures if failure.run_id not in made]
        found[table].sort(key=lambda version: version.started_at, reverse=True)
    return {table: newest[:VERSIONS] for table, newest in found.items()}


def quarantined_sources(warehouse: Warehouse) -> dict[str, Quarantined]:
    """The sources that rows were left out of, or are in quarantine of."""
    if not layout.has_layout(warehouse, 3):
        return {}
    rows = summaries.quarantined_rows(warehouse)
    checks = defaultdict[str, dict[str, int]](dict)
    found = warehouse.fetch(
        "SELECT source_name, check_name, count(*) AS keys "
        f"FROM {layout.log_table(warehouse, 'quarantine')} "
        "GROUP BY source_name, check_name ORDER BY keys DESC, check_name"
    )
    for source, check, keys in found:
        checks[source][check] = keys
    return {name: Quarantined(rows.get(name, 0), checks[name]) for name in {**rows, **checks}}


def _made(warehouse: Warehouse) -> dict[str, list[Version]]:
    versions: dict[str, list[Version]] = defaultdict(list)
    if not layout.has_layout(warehouse, 1):
        return versions
    found = warehouse.fetch(
        "SELECT table_name, run_id, started_at, finished_at, as_of, row_count, new_rows, "
        "changed_rows, gone_rows, checks, warnings, seconds, "
        "CASE WHEN kind IN ('refused', 'retired') THEN kind END FROM ("
        "SELECT t.*, r.started_at, r.finished_at, r.as_of, row_number() OVER "
        "(PARTITION BY t.table_name ORDER BY r.started_at DESC) AS n "
        f"FROM {layout.log_table(warehouse, 'run_tables')} t "
        f"JOIN {layout.log_table(warehouse, 'runs')} r ON r.run_id = t.run_id "
        "WHERE t.kind <> 'built') AS q "
        f"WHERE n <= {VERSIONS} ORDER BY table_name, n"
    )
    for table, *version, warnings, seconds, trouble in found:
        warned = _warned(warnings)
        version += [len(warned), seconds, trouble, (), warned]
        versions[table].append(Version(*version))
    return versions


def _failed(warehouse: Warehouse, killed: Mapping[str, str]) -> dict[str, list[Version]]:
    """Of each table, the runs that were to publish it or found its contract broken, newest first.

    Of attempts at one run, only the last one is shown.
    """
    failures: dict[str, list[Version]] = defaultdict(list)
    if not layout.has_layout(warehouse, 2):
        return failures
    log = layout.log_table(warehouse, "runs")
    marks = ", ".join("?" * len(killed)) or "NULL"
    found = warehouse.fetch(
        f"SELECT run_id, started_at, finished_at, as_of, state, tables, broken FROM {log} AS a "
        "WHERE (state IN ('failed', 'abandoned', 'cancelled', 'retrying') "
        f"OR run_id IN ({marks})) {NOT_RETRIED_SQL.format(log=log)} "
        f"ORDER BY started_at DESC LIMIT {FAILED}",
        list(killed),
    )
    for run_id, began, ended, as_of, state, tables, broken in found:
        trouble = killed.get(run_id, state)
        failure = Version(run_id, began, ended, as_of, trouble=trouble, broken=_tables(broken))
        for table in dict.fromkeys((*_names(tables), *failure.broken)):
            failures[table].append(failure)
    return failures


def _names(text: Any) -> tuple[str, ...]:
    return tuple(filter(None, (text or "").split(",")))


def _tables(broken: str | None) -> tuple[str, ...]:
    """The tables whose contracts stopped a run."""
    return tuple(dict.fromkeys(check.table for check in checks_in(broken)))


def _warned(warnings: Any) -> tuple[str, ...]:
    """Warnings are a JSON list of texts, of which only the first line never quotes keys."""
    return tuple(first_line(warning) for warning in json.loads(warnings or "[]"))
