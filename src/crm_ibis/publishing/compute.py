"""The tables of a run, computed from checked sources into temporary tables, and audited there."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import ibis
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.contracts import audit, models
from crm_ibis.contracts.audit import Audit, Checked
from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import Rule
from crm_ibis.contracts.violations import Violation
from crm_ibis.engines import Engine
from crm_ibis.errors import UsageError
from crm_ibis.events import Kind, ProgressEvent, Report, warn
from crm_ibis.history import reader
from crm_ibis.metrics import graph, own
from crm_ibis.metrics.business_time import needed_from
from crm_ibis.publishing.prefetch import ahead
from crm_ibis.reporting_zone import reporting_as
from crm_ibis.runlog.log import TableRun
from crm_ibis.runlog.summaries import SourceRun
from crm_ibis.sources import check, occurrences, resolve, spec, volume
from crm_ibis.sources.functions import Materialized
from crm_ibis.sources.occurrences import Named
from crm_ibis.sources.quarantine import Quarantine
from crm_ibis.warehouse import Place, Staging, Warehouse

TICKETS = "tickets"
"""The source that calendars judge."""


@dataclass(frozen=True)
class Step:
    """One table to check, and to write before that if need be; compiled, not yet run."""

    audits: list[Audit]
    kind: str
    """`source` or `built`, as the run log has it."""
    staging: Staging | None = None


def sources_to_check(names: Iterable[str]) -> list[str]:
    """The sources that are checked before the named tables are computed."""
    needed = set(graph.sources_of(names))
    needed.update(*(models.get_contract(name).parents for name in names))
    return check.sources_with_parents(needed)


def tables_to_audit(names: Iterable[str]) -> list[str]:
    """The facts and KPIs that are audited to compute the named ones, these included.

    All of them, so that no run builds upon a table whose contract is broken, whichever job
    publishes it.
    """
    publishable = {**graph.fact_functions(), **graph.kpi_functions()}
    return [name for name in graph.plan(names) if name in publishable]


class Results:
    """The named KPIs or facts as of an instant; all but `places` is called inside one transaction,
    which reads these."""

    def __init__(
        self,
        warehouse: Warehouse,
        engine: Engine,
        names: list[str],
        as_of: datetime,
        params: Params,
        report: Report,
        judged_as_of: datetime | None = None,
    ) -> None:
        """They are computed by the engine and published in the warehouse.

        `judged_as_of` is the instant by which the instants of the sources must be plausible,
        where that is another than `as_of`.
        """
        self.warehouse = warehouse
        self.engine = engine
        self.names = names
        self.as_of = as_of
        self.params = params
        self.report = report
        self.tables: dict[str, TableRun] = {}
        """What was done with each table, sources included."""
        self.warnings: list[Violation] = []
        self.hints: list[tuple[str, str]] = []
        """What is worth a word about sources that keep their contracts."""
        self.judged_as_of = judged_as_of or as_of
        self.quarantine = Quarantine(engine, params, report, self.judged_as_of, as_of)
        self._written = Materialized(engine)
        self._raw: dict[str, Table] = {}
        self._sources: dict[str, Table] = {}
        self._histories: dict[str, Table] = {}
        self._checked: list[str] = []
        self._before: dict[str, list[SourceRun]] = {}
        self._unread: dict[str, list[Rule]] = {}
        self._unseen: dict[str, list[Named]] = {}
        self._staged: list[str] = []
        self._earliest: datetime | None = None
        self._results: dict[str, Table] = {}
        self._outcomes: list[Checked] = []

    def places(self) -> set[Place]:
        """The tables that the sources and histories are made of; asked before the transaction."""
        read = graph.histories_of(self.names)
        kept = [table for name in read for table in reader.tables_of(self.warehouse, name)]
        made_of = resolve.places(self.engine, sources_to_check(self.names))
        return made_of | {(self.warehouse.analytics, table) for table in kept}

    def build(self) -> None:
        """Checks the sources, then computes and audits each table.

        Raises ChecksFailed with all that is broken in the sources, else in the results.
        """
        given = resolve.source_tables(self.engine, sources_to_check(self.names), self._written)
        unread = resolve.unread_of(self.engine, given)
        self._raw = self.quarantine.settle(given, unread)
        self._unread = {name: self.quarantine.unread_rules(name, given[name]) for name in unread}
        self._sources = check.cast_sources(self._raw)
        self._histories = {
            name: self.engine.borrow(
                name, reader.versions_or_none(self.warehouse, name), self.warehouse
            )
            for name in graph.histories_of(self.names)
        }
        absent = spec.load_spec().absent
        self._checked = [name for name in self._raw if name not in absent]
        self._before = volume.runs_before(self.warehouse, self._checked)
        self._unseen = {name: self._never(name) for name in self._checked}
        self._earliest = self._earliest_ticket()
        with ahead(self._plan) as steps:
            for step in islice(steps, len(self._checked)):
                self._run_step(step)
            audit.raise_errors(self._outcomes)
            for step in steps:
                self._run_step(step)
        audit.raise_errors(self._outcomes)

    def _earliest_ticket(self) -> datetime | None:
        """When the first ticket was created, where calendars judge tickets."""
        if not self.params.calendars or TICKETS not in self._sources:
            return None
        tickets = self._sources[TICKETS]
        (found,) = self.engine.rows(tickets.aggregate(earliest=tickets.created_at.min()))
        return found["earliest"]

    def settled_rows(self, name: str) -> int:
        """How many published rows go although the source has the row that each is about.

        A ticket leaves the queue when it is resolved, and is still in the source: nothing was
        removed there. 0 for a table whose key is not the id of a source.
        """
        contract = models.get_contract(name)
        about = [c for c in contract.columns if (c.name,) == contract.key and c.references]
        if not about:
            return 0
        (key,) = about
        published = self.warehouse.table(self.warehouse.analytics, name)
        going = published.anti_join(self._results[name], key.name).select(key.name)
        going = self.engine.borrow(f"going_{name}", going, self.warehouse)
        source = self._sources[str(key.references)]
        settled = going.semi_join(source, going[key.name] == source["id"])
        (counted,) = self.engine.rows(settled.aggregate(row_count=settled.count()))
        return int(counted["row_count"])

    def record_quarantine(self, run_id: str) -> None:
        """Writes down which rows of the sources were left out; call before `free`."""
        self.quarantine.record(self.warehouse, run_id, self._raw)

    def free(self) -> None:
        """Drops the temporary tables where the end of the transaction does not."""
        for name in self._staged:
            self.engine.unstage(name)
        self.quarantine.free()
        self._written.free()

    def _plan(self, emit: Callable[[Step], None]) -> None:
        """Compiles the audits of the sources, then each table to be built. Asks no database."""
        with reporting_as(self.params.reporting):
            self._plan_steps(emit)

    def _plan_steps(self, emit: Callable[[Step], None]) -> None:
        for name in self._checked:
            newest = {volume.NEWEST: volume.newest(self._sources[name], self.as_of)}
            audits = check.source_audits(
                self.engine,
                name,
                self._raw,
                self._sources,
                self.params,
                self.judged_as_of,
                also=newest,
                unread=self._unread.get(name, ()),
                entered_by=self.as_of,
            )
            emit(Step(audits, "source"))

        audited = tables_to_audit(self.names)

        def stage(name: str, table: Table) -> Table:
            if name not in audited:
                return table
            step = self._built(name, table)
            emit(step)
            return step.audits[0].table

        sources = {**check.drop_undecided(self._raw, self._sources), **self._histories}
        with needed_from(self._earliest):
            graph.build(self.names, sources, self.params, self.as_of, stage)

    def _built(self, name: str, table: Table) -> Step:
        """Auditing a table, and writing it before that if that is worth the while.

        Of a fact that is not published the rules about single rows are checked: its keys are those
        of a source that was just checked.
        """
        contract = models.get_contract(name)
        staging = None
        table, schema = _align_to_contract(table, contract)
        if self._should_materialize(name):
            staging = self.engine.staging(name, table, schema)
            table = staging.table
        demanded = contract.rules_over(table.columns)
        if name in graph.fact_functions() and name not in self.names:
            demanded = [rule for rule in demanded if rule.violated]
        absent = spec.load_spec().absent
        place = self.warehouse if name in self.names else self.engine
        audits = audit.plan_audits(
            place, self.engine, table, contract, demanded, self._sources, absent
        )
        return Step(audits, "built", staging)

    def _should_materialize(self, name: str) -> bool:
        """Whether a table is published, small, or read by several others.

        A fact has a row for each of a source: its one reader computes what it needs of it, and its
        audit again, in less time than writing all of it takes.
        """
        readers = [user for user in graph.plan(self.names) if name in graph.needs(user)]
        return name not in graph.fact_functions() or name in self.names or len(readers) > 1

    def _run_step(self, step: Step) -> None:
        began = time.perf_counter()
        if step.staging:
            self._stage(step.staging)
        outcome = audit.run_audits(step.audits)
        if step.kind == "source":
            violations = (*outcome.violations, *self._broken_expectations(outcome))
            outcome = replace(outcome, violations=violations)
        outcome = replace(outcome, seconds=time.perf_counter() - began)
        done: Kind = "built"
        if step.kind == "source":
            done = "checked"
        self.report(ProgressEvent(done, f"{done} {outcome}", outcome.table))
        audit.report_warnings(outcome, self.report)
        self._outcomes.append(outcome)
        self.warnings += outcome.warnings
        words = tuple(warning.summary for warning in outcome.warnings)
        if step.kind == "source":
            hints = occurrences.hints(outcome.rows, self._unseen[outcome.table])
            for hint in hints:
                warn(self.report, f"warning: {outcome.table}: {hint}", outcome.table)
            words += hints
            self.hints += [(outcome.table, hint) for hint in hints]
        self.tables[outcome.table] = TableRun(
            outcome.table,
            step.kind,
            outcome.rows,
            outcome.checks,
            outcome.seconds,
            warnings=words + self.quarantine.summaries(outcome.table),
            quarantined=self.quarantine.left_out(outcome.table),
            newest_at=outcome.also.get(volume.NEWEST),
        )

    def _stage(self, staging: Staging) -> None:
        """Writes a table, and takes it to the warehouse if it is to be published there."""
        self.engine.stage(staging)
        self._staged.append(staging.name)
        if staging.name in self.names:
            self.engine.hand_over(
                staging,
                self.warehouse,
                lambda words: self.report(ProgressEvent("note", words, staging.name)),
            )
            self._results[staging.name] = staging.table

    def _never(self, name: str) -> list[Named]:
        """The values that sources.yml names and that a landed table does not have."""
        declared = spec.load_spec()
        if not declared.of(name).is_mapped:
            return []
        landed = resolve.origin(self.engine, name, declared, self._written).table
        return occurrences.never(self.engine, name, landed, declared.of(name))

    def _broken_expectations(self, outcome: Checked) -> tuple[Violation, ...]:
        """What sources.yml says of a source as a whole, and does not hold."""
        name = outcome.table
        if volume.NEWEST not in outcome.also:  # its numbers are broken, so it was not read whole
            return ()
        newest_at = outcome.also[volume.NEWEST]
        before = self._before.get(name, [])
        return volume.violations(name, outcome.rows, newest_at, self.as_of, before)


def _align_to_contract(table: Table, contract: Contract) -> tuple[Table, ibis.Schema]:
    """A result with its columns in the contract's order; a UsageError for any other columns."""
    declared = {c.name: c.dtype for c in contract.values}
    given = {name: dtype.copy(nullable=True) for name, dtype in table.schema().items()}
    if given != declared:
        differing = set(given.items()) ^ set(declared.items())
        columns = sorted({name for name, dtype in differing})
        raise UsageError(
            f"the function {contract.name} and its contract in {own.contract_place(contract.name)}"
            f" differ in {', '.join(columns)}; make the two match"
        )
    names = [c.name for c in contract.values]
    return table.select(names), contract.schema_of(names)
