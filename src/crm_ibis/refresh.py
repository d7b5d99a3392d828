"""The run: check the sources, build, audit, publish, log. All in one transaction."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from crm_ibis import contracts, graph, runlog
from crm_ibis.checks import ChecksFailed, Report
from crm_ibis.errors import DataError, UsageError
from crm_ibis.params import Params, load_params
from crm_ibis.publish import Changes, Publication
from crm_ibis.results import Results
from crm_ibis.rules import Violation
from crm_ibis.runlog import TableRun
from crm_ibis.warehouse import Warehouse

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
    report: Report = lambda line: None,
) -> RefreshResult:
    """Computes KPIs or facts as of an instant (UTC, default now) and publishes them, all or none.

    Without names, all KPIs. What the named ones need is computed in the same run and not published.
    `dry_run` stops before publishing, takes no lock and writes nothing. `force` allows an `as_of`
    before the published one. `report` is called with a line per step.

    Raises UsageError for an unknown name or an `as_of` in the future, ChecksFailed when a contract
    is broken, DataError or DatabaseError otherwise. After any of them, readers have what they had.
    """
    if as_of and as_of.tzinfo:
        as_of = as_of.astimezone(UTC).replace(tzinfo=None)
    if as_of and as_of > (now := runlog.now()):
        raise UsageError(f"as_of {as_of} is in the future; it is {now:%Y-%m-%d %H:%M:%S} UTC")
    chosen = [graph.publishable(name) for name in names] or list(graph.kpi_functions())
    chosen, params = list(dict.fromkeys(chosen)), params or load_params()
    if dry_run:
        results = Results(warehouse, chosen, as_of or runlog.now(), params, report)
        with warehouse.transaction():
            return _Run(results).rehearse()
    with warehouse.lock(lambda: runlog.running(warehouse)):
        # The clock is read under the lock: whoever waited would else be refused as out of date.
        moment = as_of or runlog.now()
        runlog.prepare(warehouse)
        run_id = runlog.start(warehouse, "refresh", moment, chosen, params)
        try:
            if not force:
                _refuse_going_back(warehouse, chosen, moment)
            with warehouse.transaction():
                return _Run(Results(warehouse, chosen, moment, params, report)).publish(run_id)
        except BaseException as error:
            _log_failure(warehouse, run_id, error)
            raise


class _Run:
    """One run over consistent sources; every method is called inside its transaction."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.warehouse = results.warehouse
        self.began = time.perf_counter()

    def publish(self, run_id: str) -> RefreshResult:
        """Builds, audits and merges; logs the success in the same transaction."""
        self.results.build()
        for name in self.results.names:
            began = time.perf_counter()
            publication = Publication(self.warehouse, contracts.declared(name))
            changes = publication.changes()
            publication.merge(changes, self.results.as_of)
            self._published(name, changes, began)
        self.results.free()
        runlog.succeed(self.warehouse, run_id, self.results.tables.values())
        return self._result(run_id)

    def rehearse(self) -> RefreshResult:
        """Builds and audits, and shows what a publication would change."""
        self.results.build()
        previews = {}
        for name in self.results.names:
            began = time.perf_counter()
            publication = Publication(self.warehouse, contracts.declared(name))
            self._published(name, publication.changes(), began)
            previews[name] = publication.preview()
        self.results.free()
        return self._result(None, previews)

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
        )


def _refuse_going_back(warehouse: Warehouse, names: list[str], as_of: datetime) -> None:
    published = runlog.publications(warehouse)
    for name in names:
        if name in published and published[name]["as_of"] > as_of:
            raise DataError(
                f"{name} is published as of {published[name]['as_of']}, which is after {as_of}; "
                "--force publishes the earlier state all the same, --dry-run only shows it"
            )


def _log_failure(warehouse: Warehouse, run_id: str, error: BaseException) -> None:
    try:
        runlog.fail(warehouse, run_id, str(error) or type(error).__name__)
    except Exception:
        # The connection is gone too; the next run marks this one as abandoned.
        return
