"""The run: check the sources, build, audit, publish, log. All in one transaction."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from crm_ibis.config.declarations import MAX_REMOVED_PCT, removable_pct, snapshots
from crm_ibis.config.params import Params, load_params
from crm_ibis.contracts import models
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.violations import Violation
from crm_ibis.engines import computing
from crm_ibis.errors import DataError, Superseded
from crm_ibis.events import ProgressEvent, Report, to_log
from crm_ibis.history.merge import Merged
from crm_ibis.metrics import catalog, graph, own
from crm_ibis.metrics.problems import refuse_problems
from crm_ibis.publishing import basis, publish, shape
from crm_ibis.publishing.compute import Results
from crm_ibis.publishing.publish import Changes, Publication
from crm_ibis.publishing.record import merge_snapshots
from crm_ibis.publishing.scope import computable_tables
from crm_ibis.publishing.upkeep import upkeep
from crm_ibis.runlog import clock, log
from crm_ibis.runlog.log import Attempt, TableRun
from crm_ibis.runlog.publications import publications
from crm_ibis.warehouse import Warehouse

REPORT_TO_LOG = to_log(__name__)

__all__ = ["ChecksFailed", "RefreshResult", "refresh"]


@dataclass(frozen=True)
class RefreshResult:
    """What a refresh did, or would do."""

    run_id: str | None
    as_of: datetime
    dry_run: bool
    tables: list[TableRun]
    seconds: float
    warnings: list[Violation] = field(default_factory=list)
    previews: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)
    hints: list[tuple[str, str]] = field(default_factory=list)
    """Sources without a row or with values that never occur, and a sentence about each."""
    excess: dict[str, str] = field(default_factory=dict)
    """Tables of a dry run that would lose too many rows, and a sentence about each."""

    @property
    def refused(self) -> list[Merged]:
        """Snapshots that were left as they were; the publication stands all the same."""
        return [merge for merge in self.merged if merge.refused]

    @property
    def published(self) -> list[TableRun]:
        return [table for table in self.tables if table.kind == "published"]


def refresh(
    warehouse: Warehouse,
    names: Iterable[str] = (),
    *,
    as_of: datetime | None = None,
    params: Params | None = None,
    dry_run: bool = False,
    force: bool = False,
    allow_mass_removal: bool = False,
    snapshot: bool = False,
    attempt: Attempt | None = None,
    report: Report = REPORT_TO_LOG,
) -> RefreshResult:
    """Computes KPIs or facts as of an instant (UTC, default now) and publishes them, all or none.

    Without names, all KPIs and the facts that jobs publish. A table whose sources are all absent in
    sources.yml is left out, and `report` says so; what was published of it stays. What the named
    ones need is computed in the same run and not published. `dry_run` stops before publishing,
    takes no lock and writes nothing. `force` allows an `as_of` before the published one, and takes
    back what was published as of the future by a clock that was ahead. Without names, it also
    rebuilds all that is published of another time zone or currency than the parameters say: every
    row counts as changed then, so that histories begin new versions.
    `allow_mass_removal` lets a table lose more of its published rows than its job allows (50 %
    unless jobs.yml says otherwise, of at least 20); a dry run has it in its result. `snapshot`
    merges what was published into its snapshots, in the same transaction; a snapshot that is
    refused is in the result and undoes nothing. `attempt` says for which scheduled run of a
    job this is. `report` is called with an event per step.

    Raises UsageError for an unknown name, names of which all are left out, or an `as_of` in the
    future, BasisChanged when what is published is of another time zone or currency and is not all
    rebuilt, Superseded when a table is published as of a later instant, DataError before anything
    is computed when a published table is not as its contract has it, ChecksFailed when a contract
    is broken, MassRemoval when too many rows would go, DataError or DatabaseError otherwise. After
    any of them, readers have what they had.
    """
    as_of = clock.past(as_of)
    names = [graph.publishable(name) for name in names]
    chosen = [*names]
    if not chosen:
        refuse_problems()
        chosen = catalog.published_tables()
    chosen = computable_tables(dict.fromkeys(chosen), report)
    params = params or load_params()
    reported = params.reporting.basis
    if force and not names:
        others = basis.of_another_basis(warehouse, reported)
        chosen += [name for name in others if name not in chosen]
    own.check_own_params(params, graph.plan(chosen))
    if dry_run:
        clock.refuse_clock_ahead(warehouse)
        shape.check_shapes(warehouse, chosen, to_write=False)
        with computing(warehouse) as engine:
            results = Results(warehouse, engine, chosen, as_of or clock.now(), params, report)
            with warehouse.reading(results.places):
                others = basis.of_another_basis(warehouse, reported)
                for published in dict.fromkeys(others.values()):
                    report(ProgressEvent("note", basis.needs_force(published, reported)))
                return _Run(results, force, allow_mass_removal, others).rehearse()

    def refuse(moment: datetime) -> None:
        if not force:
            _refuse_going_back(warehouse, chosen, moment)

    run = log.logged_run(warehouse, "refresh", chosen, as_of, params, attempt, refuse)
    with run as (run_id, moment):
        others = basis.of_another_basis(warehouse, reported)
        basis.refuse_another_basis(others, reported, force, names)
        shape.check_shapes(warehouse, chosen, to_write=True)
        with computing(warehouse) as engine:
            results = Results(warehouse, engine, chosen, moment, params, report)
            with warehouse.reading(results.places):
                done = _Run(results, force, allow_mass_removal, others).publish(run_id, snapshot)
    upkeep(warehouse, report)
    return done


class _Run:
    """One run over consistent sources; every method is called inside its transaction."""

    def __init__(
        self,
        results: Results,
        force: bool,
        allow_mass_removal: bool,
        restated: Collection[str],
    ) -> None:
        """`restated` are the tables that are published on another basis."""
        self.results = results
        self.restated = restated
        self.force = force
        self.warehouse = results.warehouse
        self.allow_mass_removal = allow_mass_removal
        self.began = time.perf_counter()
        self.merged: list[Merged] = []
        self.excess: dict[str, str] = {}

    def publish(self, run_id: str, snapshot: bool) -> RefreshResult:
        """Builds, audits, compares all tables, then merges them; logs the success in the same
        transaction."""
        self.results.build()
        compared = self._compare()
        publish.refuse_mass_removal(self.excess)
        for name, (publication, changes) in compared.items():
            began = time.perf_counter()
            publication.merge(changes, self.results.as_of)
            if self.force:
                publication.take_back_future(self.results.as_of)
            self._add_seconds(name, began)
        self.results.record_quarantine(run_id)
        self.results.free()
        if snapshot:
            published = [s for s in snapshots().values() if s.kpi in self.results.names]
            if not published:
                self.results.report(ProgressEvent("note", "no snapshot keeps what was published"))
            self.merged = merge_snapshots(
                self.warehouse, published, self.results.as_of, report=self.results.report
            )
        refused = "\n".join(merge.refused for merge in self.merged if merge.refused)
        tables = [*self.results.tables.values(), *(merge.table_run() for merge in self.merged)]
        log.succeed(self.warehouse, run_id, tables, refused or None)
        return self._result(run_id)

    def rehearse(self) -> RefreshResult:
        """Builds and audits, and shows what a publication would change."""
        self.results.build()
        previews = {
            name: publication.preview() for name, (publication, _) in self._compare().items()
        }
        self.results.free()
        return self._result(None, previews)

    def _compare(self) -> dict[str, tuple[Publication, Changes]]:
        """How each result differs from what is published, and which tables lose too many rows."""
        compared = {}
        removable = removable_pct()
        for name in self.results.names:
            began = time.perf_counter()
            restated = name in self.restated
            publication = Publication(self.warehouse, models.get_contract(name), restated)
            changes = publication.changes()
            self._published(name, changes, began)
            compared[name] = publication, changes
            allowed = removable.get(name, MAX_REMOVED_PCT)
            if not self.allow_mass_removal and publication.excess(changes, allowed):
                settled = self.results.settled_rows(name)
                if excess := publication.excess(changes, allowed, settled):
                    self.excess[name] = excess
        return compared

    def _published(self, name: str, changes: Changes, began: float) -> None:
        built = self.results.tables.pop(name)
        self.results.tables[name] = replace(
            built,
            kind="published",
            new=changes.new,
            changed=changes.changed,
            gone=changes.gone,
            seconds=built.seconds + time.perf_counter() - began,
        )

    def _add_seconds(self, name: str, began: float) -> None:
        run = self.results.tables[name]
        seconds = run.seconds + time.perf_counter() - began
        self.results.tables[name] = replace(run, seconds=seconds)

    def _result(
        self, run_id: str | None, previews: dict[str, list[dict[str, Any]]] | None = None
    ) -> RefreshResult:
        return RefreshResult(
            run_id=run_id,
            as_of=self.results.as_of,
            dry_run=run_id is None,
            tables=list(self.results.tables.values()),
            seconds=time.perf_counter() - self.began,
            warnings=self.results.warnings,
            previews=previews or {},
            merged=self.merged,
            hints=self.results.hints,
            excess=self.excess,
        )


def _refuse_going_back(warehouse: Warehouse, names: list[str], as_of: datetime) -> None:
    published = publications(warehouse)
    later = [name for name in names if name in published and published[name]["as_of"] > as_of]
    if later:
        known = published[later[0]]["as_of"]
        if clock.is_after_clock(warehouse, known):
            raise DataError(
                f"{later[0]} is published as of {known}, which is in the future: a clock was "
                f"ahead. crm-ibis refresh {later[0]} --force publishes the present state, and "
                f"crm-ibis snapshot --undo-future takes it back from its history"
            )
        raise Superseded(
            f"{later[0]} is published as of {known}, which is after {as_of}; "
            "--force publishes the earlier state all the same, --dry-run only shows it",
            later,
        )
