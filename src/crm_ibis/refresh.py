"""The run: check the sources, build, audit, publish, log. All in one transaction."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ibis import Table

from crm_ibis import contracts, graph, runlog
from crm_ibis.contracts import Contract, Rule, Violation
from crm_ibis.errors import DataError, UsageError
from crm_ibis.params import Params, load_params
from crm_ibis.publish import Publication
from crm_ibis.runlog import TableRun
from crm_ibis.warehouse import Warehouse

Report = Callable[[str], None]


class ChecksFailed(DataError):
    """Broken checks of severity error; nothing was published."""

    def __init__(self, violations: list[Violation]) -> None:
        self.violations = violations
        listed = "\n".join(str(violation) for violation in violations)
        tables = ", ".join(dict.fromkeys(violation.table for violation in violations))
        super().__init__(
            f"checks failed; nothing was published:\n{listed}\n"
            f"mend the rows in {tables} and run again"
        )


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
    started = runlog.now()
    as_of = as_of or started
    if as_of > started:
        raise UsageError(f"as_of {as_of} is in the future; it is {started:%Y-%m-%d %H:%M:%S} UTC")
    chosen = [graph.publishable(name) for name in names] or list(graph.kpi_functions())
    run = _Run(warehouse, list(dict.fromkeys(chosen)), as_of, params or load_params(), report)
    if dry_run:
        with warehouse.transaction():
            return run.rehearse()
    with warehouse.lock(lambda: runlog.running(warehouse)):
        runlog.prepare(warehouse)
        if not force:
            _refuse_going_back(warehouse, run.names, as_of)
        run_id = runlog.start(warehouse, "refresh", as_of, run.names, run.params)
        try:
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
        self.started = time.perf_counter()
        self.contracts = contracts.contracts()
        self.done: list[TableRun] = []
        self.warnings: list[Violation] = []
        self.staged: list[str] = []

    def publish(self, run_id: str) -> RefreshResult:
        """Builds, audits and merges; logs the success in the same transaction."""
        self._build()
        for name in self.names:
            began = time.perf_counter()
            publication = Publication(self.warehouse, self.contracts[name])
            changes = publication.changes()
            publication.merge(changes, self.as_of)
            self._publish_done(name, changes, began)
        for name in self.staged:
            self.warehouse.unstage(name)
        runlog.succeed(self.warehouse, run_id, self.done)
        return self._result(run_id)

    def rehearse(self) -> RefreshResult:
        """Builds and audits, and shows what a publication would change."""
        self._build()
        previews = {}
        for name in self.names:
            began = time.perf_counter()
            publication = Publication(self.warehouse, self.contracts[name])
            self._publish_done(name, publication.changes(), began)
            previews[name] = publication.preview()
        for name in self.staged:
            self.warehouse.unstage(name)
        return self._result(None, previews)

    def _result(
        self, run_id: str | None, previews: dict[str, list[dict[str, Any]]] | None = None
    ) -> RefreshResult:
        return RefreshResult(
            run_id=run_id,
            as_of=self.as_of,
            dry_run=run_id is None,
            tables=self.done,
            seconds=time.perf_counter() - self.started,
            warnings=self.warnings,
            previews=previews or {},
        )

    def _build(self) -> None:
        self.sources = check_sources(
            self.warehouse, self._sources_needed(), self.done, self.warnings, self.report
        )
        graph.build(self.names, self.sources, self.params, self.as_of, stage=self._stage)

    def _sources_needed(self) -> set[str]:
        needed = set(graph.sources_of(self.names))
        for name in self.names:
            needed |= self.contracts[name].parents
        return needed

    def _stage(self, name: str, table: Table) -> Table:
        """Writes and audits what is published, or computed once for several others."""
        needed_by = [n for n in graph.plan(self.names) if name in graph.needs(n)]
        heavy = name in graph.kpi_functions() or name in graph.fact_functions()
        if name not in self.names and not (heavy and len(needed_by) > 1):
            return table
        began = time.perf_counter()
        contract = self.contracts[name]
        staged = self.warehouse.stage(name, *_as_declared(table, contract))
        self.staged.append(name)
        if name not in self.names and name in graph.fact_functions():
            return staged  # its rows are those of a source that was just checked
        rules = contract.rules_over(staged.columns)
        rows, violations = audit(self.warehouse, staged, contract, rules, self.sources)
        seconds = time.perf_counter() - began
        self._settle(violations)
        self.done.append(
            TableRun(name, "built", rows, len(rules), seconds, warnings=_words(violations))
        )
        self.report(f"built {name}: {rows:,} rows, {len(rules)} checks, {seconds:.2f} s")
        return staged

    def _settle(self, violations: list[Violation]) -> None:
        _settle(violations, self.warnings, self.report)

    def _publish_done(self, name: str, changes: Any, began: float) -> None:
        (built,) = (t for t in self.done if t.table == name and t.kind == "built")
        seconds = built.seconds + time.perf_counter() - began
        self.done.remove(built)
        self.done.append(
            TableRun(
                name,
                "published",
                changes.rows,
                built.checks,
                seconds,
                changes.new,
                changes.changed,
                changes.gone,
                built.warnings,
            )
        )


def check_sources(
    warehouse: Warehouse,
    names: Iterable[str],
    done: list[TableRun],
    warnings: list[Violation],
    report: Report = lambda line: None,
) -> dict[str, Table]:
    """The named sources and those they refer to, in the types of their contracts, all checked.

    Appends to `done` and `warnings`; raises DataError or ChecksFailed naming everything wrong.
    """
    declared = contracts.contracts()
    needed = set(names)
    while more := {p for name in needed for p in declared[name].parents} - needed:
        needed |= more
    there = warehouse.tables(warehouse.raw)
    if missing := sorted(needed - there):
        listed = ", ".join(f"{warehouse.raw}.{name}" for name in missing)
        raise DataError(
            f"there is no source table {listed}; load it, name another schema with "
            "CRM_IBIS_RAW_SCHEMA, or try the sample data: crm-ibis seed"
        )
    raw = {name: warehouse.table(warehouse.raw, name) for name in sorted(needed)}
    sources, unfit = {}, []
    for name, table in raw.items():
        try:
            sources[name] = contracts.conformed(table, declared[name])
        except DataError as error:
            unfit.append(str(error))
    if unfit:
        raise DataError("\n".join(unfit))
    broken: list[Violation] = []
    for name, source in sources.items():
        began = time.perf_counter()
        contract = declared[name]
        conversions = contracts.conversions(raw[name], contract)
        if conversions:
            rows, violations = audit(warehouse, raw[name], contract, conversions, {})
        if not conversions or not violations:
            rows, violations = audit(warehouse, source, contract, contract.rules, sources)
        seconds = time.perf_counter() - began
        count = len(contract.rules) + len(conversions)
        broken += violations
        done.append(TableRun(name, "source", rows, count, seconds, warnings=_words(violations)))
        report(f"checked {warehouse.raw}.{name}: {rows:,} rows, {count} checks, {seconds:.2f} s")
    _settle(broken, warnings, report)
    return sources


def audit(
    warehouse: Warehouse,
    table: Table,
    contract: Contract,
    rules: Iterable[Rule],
    sources: Mapping[str, Table],
) -> tuple[int, list[Violation]]:
    """Rows of the table, and the rules it breaks, with samples: one query when it breaks none."""
    rules = list(rules)
    ((rows, *counted),) = warehouse.fetch(
        warehouse.compile(contracts.counts(table, rules, sources))
    )
    violations = []
    for rule, count in zip(rules, counted, strict=True):
        if count:
            found = warehouse.rows(contracts.samples(table, rule, contract, sources))
            violations.append(
                Violation(
                    table=contract.name,
                    check=rule.name,
                    columns=rule.columns,
                    severity=rule.severity,
                    rows=int(count),
                    samples=[contracts.without_private(row, contract) for row in found],
                )
            )
    return rows, violations


def _settle(violations: list[Violation], warnings: list[Violation], report: Report) -> None:
    for violation in violations:
        if violation.severity == "warn":
            warnings.append(violation)
            report(f"warning: {violation}")
    if errors := [v for v in violations if v.severity == "error"]:
        raise ChecksFailed(errors)


def _words(violations: list[Violation]) -> tuple[str, ...]:
    return tuple(f"{v.check}: {v.rows} rows" for v in violations if v.severity == "warn")


def _as_declared(table: Table, contract: Contract) -> tuple[Table, Any]:
    """A result with its columns in the contract's order; a TypeError for any other columns."""
    declared = {c.name: c.dtype for c in contract.values}
    given = {name: dtype.copy(nullable=True) for name, dtype in table.schema().items()}
    if given != declared:
        differing = set(given.items()) ^ set(declared.items())
        raise TypeError(
            f"the function {contract.name} and its contract differ in "
            f"{', '.join(sorted({name for name, dtype in differing}))}"
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
