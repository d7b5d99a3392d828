"""The run: check the sources, build, audit, publish, log. All in one transaction."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import ibis
from ibis import Table

from crm_ibis import checks, contracts, graph, runlog
from crm_ibis.checks import Checked, ChecksFailed, Report
from crm_ibis.contracts import Contract
from crm_ibis.errors import DataError, UsageError
from crm_ibis.params import Params, load_params
from crm_ibis.publish import Changes, Publication
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
        run = _Run(warehouse, chosen, as_of or runlog.now(), params, report)
        with warehouse.transaction():
            return run.rehearse()
    with warehouse.lock(lambda: runlog.running(warehouse)):
        # The clock is read under the lock: whoever waited would else be refused as out of date.
        run = _Run(warehouse, chosen, as_of or runlog.now(), params, report)
        runlog.prepare(warehouse)
        run_id = runlog.start(warehouse, "refresh", run.as_of, run.names, run.params)
        try:
            if not force:
                _refuse_going_back(warehouse, run.names, run.as_of)
            with warehouse.transaction():
                return run.publish(run_id)
        except BaseException as error:
            _log_failure(warehouse, run_id, error)
            raise


class _Run:
    """One run over consistent sources; every method is called inside its transaction."""

    def __init__(
        self,
        warehouse: Warehouse,
        names: list[str],
        as_of: datetime,
        params: Params,
        report: Report,
    ) -> None:
        self.warehouse = warehouse
        self.names = names
        self.as_of = as_of
        self.params = params
        self.report = report
        self.began = time.perf_counter()
        self.sources: dict[str, Table] = {}
        self.staged: list[str] = []
        self.done: dict[str, TableRun] = {}
        self.outcomes: list[Checked] = []
        self.warnings: list[Violation] = []

    def publish(self, run_id: str) -> RefreshResult:
        """Builds, audits and merges; logs the success in the same transaction."""
        self._build()
        for name in self.names:
            began = time.perf_counter()
            publication = Publication(self.warehouse, contracts.declared(name))
            changes = publication.changes()
            publication.merge(changes, self.as_of)
            self._published(name, changes, began)
        self._unstage()
        runlog.succeed(self.warehouse, run_id, self.done.values())
        return self._result(run_id)

    def rehearse(self) -> RefreshResult:
        """Builds and audits, and shows what a publication would change."""
        self._build()
        previews = {}
        for name in self.names:
            began = time.perf_counter()
            publication = Publication(self.warehouse, contracts.declared(name))
            self._published(name, publication.changes(), began)
            previews[name] = publication.preview()
        self._unstage()
        return self._result(None, previews)

    def _build(self) -> None:
        needed = set(graph.sources_of(self.names))
        needed.update(*(contracts.declared(name).parents for name in self.names))
        self.sources = checks.read_sources(self.warehouse, checks.sources_with_parents(needed))
        for outcome in checks.check_sources(self.warehouse, self.sources, self.report):
            self._checked(outcome, "source")
        graph.build(self.names, self.sources, self.params, self.as_of, stage=self._stage)
        checks.raise_errors(self.outcomes)

    def _stage(self, name: str, table: Table) -> Table:
        """Writes and audits what is published, and what several others need.

        Of a fact that is not published the rules about single rows are checked: its keys are those
        of a source that was just checked.
        """
        publishing, is_fact = name in self.names, name in graph.fact_functions()
        users = [user for user in graph.plan(self.names) if name in graph.needs(user)]
        worth_writing = len(users) > 1 and (is_fact or name in graph.kpi_functions())
        if not publishing and not worth_writing:
            return table
        began = time.perf_counter()
        contract = contracts.declared(name)
        staged = self.warehouse.stage(name, *_as_declared(table, contract))
        self.staged.append(name)
        demanded = contract.rules_over(staged.columns)
        if is_fact and not publishing:
            demanded = [rule for rule in demanded if rule.violated]
        outcome = checks.audit(self.warehouse, staged, contract, demanded, self.sources)
        outcome = replace(outcome, seconds=time.perf_counter() - began)
        self.report(f"built {outcome}")
        checks.report_warnings(outcome, self.report)
        self._checked(outcome, "built")
        return staged

    def _checked(self, outcome: Checked, kind: str) -> None:
        self.outcomes.append(outcome)
        self.warnings += outcome.warnings
        words = tuple(warning.summary for warning in outcome.warnings)
        self.done[outcome.table] = TableRun(
            outcome.table, kind, outcome.rows, outcome.checks, outcome.seconds, warnings=words
        )

    def _published(self, name: str, changes: Changes, began: float) -> None:
        built = self.done.pop(name)
        self.done[name] = replace(
            built,
            kind="published",
            new=changes.new,
            changed=changes.changed,
            gone=changes.gone,
            seconds=built.seconds + time.perf_counter() - began,
        )

    def _unstage(self) -> None:
        for name in self.staged:
            self.warehouse.unstage(name)

    def _result(
        self, run_id: str | None, previews: dict[str, list[dict[str, Any]]] | None = None
    ) -> RefreshResult:
        return RefreshResult(
            run_id=run_id,
            as_of=self.as_of,
            dry_run=run_id is None,
            tables=list(self.done.values()),
            seconds=time.perf_counter() - self.began,
            warnings=self.warnings,
            previews=previews or {},
        )


def _as_declared(table: Table, contract: Contract) -> tuple[Table, ibis.Schema]:
    """A result with its columns in the contract's order; a UsageError for any other columns."""
    declared = {c.name: c.dtype for c in contract.values}
    given = {name: dtype.copy(nullable=True) for name, dtype in table.schema().items()}
    if given != declared:
        differing = set(given.items()) ^ set(declared.items())
        raise UsageError(
            f"the function {contract.name} and its contract in schemas/kpis.py differ in "
            f"{', '.join(sorted({name for name, dtype in differing}))}; bring them together"
        )
    columns = [c.name for c in contract.values]
    return table.select(columns), contract.schema_of(columns)


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
