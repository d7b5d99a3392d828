"""Rows of a source that break its contract, left out of a run where sources.yml says so.

Sources are settled parents first: rows that refer to a row in quarantine go with it, whatever the
policy of their own source. What is left is checked like any other source. A source whose own policy
is `fail` is checked with those rows, so that none of its violations goes with them unseen.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from graphlib import TopologicalSorter
from types import MappingProxyType

import ibis
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.contracts import audit, models
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import Rule
from crm_ibis.contracts.violations import Violation
from crm_ibis.engines import Engine
from crm_ibis.events import Report, to_log, warn
from crm_ibis.runlog.clock import now
from crm_ibis.sources import check, spec
from crm_ibis.sources.columns import casting
from crm_ibis.sources.connectors.unread import Unread
from crm_ibis.sources.currencies import RATES, rates_needed
from crm_ibis.sources.settled import (
    Settled,
    all_of,
    follows,
    keys_in_words,
    without_followers,
    without_keys,
)
from crm_ibis.warehouse import Staging, Warehouse

REPORT_TO_LOG = to_log(__name__)
TABLE = "quarantine"


class QuarantineLimitExceeded(ChecksFailed):
    """More rows than a source may leave out."""

    def __init__(self, excess: Mapping[str, list[Violation]]) -> None:
        super().__init__([violation for found in excess.values() for violation in found])
        self.excess = list(excess)
        self.args = ("\n".join([*excess, str(self)]),)

    @property
    def detailed(self) -> str:
        return "\n".join([*self.excess, super().detailed])


class Quarantine:
    """The sources of a run, settled; every method is called inside the run's transaction."""

    def __init__(
        self,
        engine: Engine,
        params: Params,
        report: Report = REPORT_TO_LOG,
        as_of: datetime | None = None,
        entered_by: datetime | None = None,
    ) -> None:
        """`entered_by` is the instant by which rows that are computed with were created, where that
        is another than `as_of`.
        """
        self.engine = engine
        self.params = params
        self.as_of = as_of or now()
        self.entered_by = entered_by or self.as_of
        self.report = report
        self.settled: dict[str, Settled] = {}
        self.whole: dict[str, Table] = {}
        """Each source with all of its rows, in the types of its contract; of rates, those that are
        left, as those in quarantine convert nothing."""
        self.landed: Mapping[str, Table] = {}
        self.staged: list[Staging] = []
        """The temporary tables with keys, to be freed with those of the run."""
        self.unread: Mapping[str, Sequence[Unread]] = {}
        self.excess: dict[str, list[Violation]] = {}
        """What is wrong with sources that leave out too much, by a sentence that says how much."""
        self.broken: list[Violation] = []
        """What is wrong with sources that leave out nothing but what follows their parents."""

    def settle(
        self,
        raw: Mapping[str, Table],
        unread: Mapping[str, Sequence[Unread]] = MappingProxyType({}),
    ) -> dict[str, Table]:
        """The sources without the rows that must not be read, nor those of which a connector left
        something `unread`.

        Raises QuarantineLimitExceeded when they are more than a source may leave out, ChecksFailed
        when a source that may leave out none of its own is broken.
        """
        declared = spec.load_spec()
        self.unread = unread
        self.landed = raw
        if not any(declared.of(name).quarantines for name in raw):
            return dict(raw)
        check.cast_sources(raw)  # or else told one by one which columns are missing
        for name in _parents_first(raw):
            self._settle(name, raw[name])
        if self.excess:
            raise QuarantineLimitExceeded(self.excess)
        if self.broken:
            raise ChecksFailed(self.broken)
        return {name: self.settled[name].table for name in raw}

    def unread_rules(self, name: str, whole: Table) -> list[Rule]:
        """What must not be unread of the tables that a source is made of, once it is settled.

        What is unread of its own rows went into quarantine with them, where sources.yml says so.
        """
        found = self.unread.get(name, ())
        if spec.load_spec().of(name).quarantines:
            return [unread.outside(name, whole) for unread in found]
        return [unread.rule for unread in found]

    def left_out(self, name: str) -> int:
        """How many rows of a source are in quarantine."""
        return self.settled[name].left_out if name in self.settled else 0

    def summaries(self, name: str) -> tuple[str, ...]:
        """What a source leaves out, in words; nothing when it leaves out nothing."""
        return (self.settled[name].summary,) if self.left_out(name) else ()

    def record(self, warehouse: Warehouse, run_id: str, names: Iterable[str]) -> None:
        """Brings the table of what is in quarantine up to date for the sources of a run."""
        for staging in self.staged:
            self.engine.hand_over(staging, warehouse, lambda words: None)
        for name in names:
            self._record(warehouse, run_id, name)

    def free(self) -> None:
        """Drops the temporary tables where the end of the transaction does not."""
        for staging in self.staged:
            self.engine.unstage(staging.name)

    def _settle(self, name: str, raw: Table) -> None:
        said = spec.load_spec().of(name)
        contract = models.contracts()[name]
        source = self.settled[name] = Settled(name, raw)
        violations = []
        followed = self._parents_in_quarantine(contract)
        demanded = [follows(column, parent) for column, parent in followed.items()]
        if said.quarantines:
            # Told by what the table holds, before it is read in the types of the contract.
            own = [unread.in_ours(name) for unread in self.unread.get(name, ())]
            as_read = [*casting.rules_of_raw(raw, contract), *(rule for rule in own if rule)]
            violations += self._take_out(source, raw, contract, as_read)
            source.table = casting.null_unreadable(source.table, contract)
            self.whole[name] = casting.cast_to_contract(
                casting.null_unreadable(raw, contract), contract
            )
            demanded += check.rules_of(contract, self.params, self.as_of, self.entered_by)
        else:
            self.whole[name] = casting.cast_to_contract(raw, contract)
        given = casting.cast_to_contract(source.table, contract)
        violations += self._take_out(source, given, contract, demanded, followed)
        if name == RATES:
            self.whole[name] = casting.cast_to_contract(source.table, contract)
        if violations:
            self._weigh(source, raw, said.max_quarantined_pct, violations)
            if not said.quarantines:
                self.broken += self._errors_in(name, raw)

    def _errors_in(self, name: str, raw: Table) -> list[Violation]:
        """What is wrong with a source, those rows included that follow their parents."""
        unread = self.unread_rules(name, raw)
        audits = check.source_audits(
            self.engine,
            name,
            self.landed,
            self.whole,
            self.params,
            self.as_of,
            unread=unread,
            entered_by=self.entered_by,
        )
        return audit.run_audits(audits).errors

    def _parents_in_quarantine(self, contract: Contract) -> dict[str, Settled]:
        """Parents with rows in quarantine, by the column that refers to them."""
        parents = {c.name: self.settled.get(c.references or "") for c in contract.columns}
        return {column: parent for column, parent in parents.items() if parent and parent.keys}

    def _take_out(
        self,
        source: Settled,
        given: Table,
        contract: Contract,
        demanded: Sequence[Rule],
        followed: Mapping[str, Settled] = MappingProxyType({}),
    ) -> list[Violation]:
        """Leaves out the rows that break a rule of severity error, of which there may be none.

        A row that follows its parent goes alone; one that breaks another rule takes all rows of its
        key with it.
        """
        if not demanded:
            return []
        absent = spec.load_spec().absent
        found = audit.audit(self.engine, given, contract, demanded, self.whole, absent).errors
        if found:
            names = {violation.check for violation in found}
            broken = [rule for rule in demanded if rule.name in names]
            keys = self._staged(source, given, contract, broken)
            source.keys.append(keys)
            source.checks += [violation.summary for violation in found]
            following = {follows(column, parent).name for column, parent in followed.items()}
            if own := names - following:
                broken_keys = keys.filter(keys.check_name.isin(sorted(own)))
                source.table = without_keys(source.table, broken_keys, contract)
            for column, parent in followed.items():
                source.table = without_followers(source.table, column, parent)
        return found

    def _staged(
        self, source: Settled, given: Table, contract: Contract, broken: Sequence[Rule]
    ) -> Table:
        """The keys of the rows that break rules, in a temporary table."""
        schema = contract.schema_of(contract.key)
        parts = []
        for rule in broken:
            rows = rule.rows(given, self.whole)
            key = {c: casting.cast_value(rows[c], dtype) for c, dtype in schema.items()}
            parts.append(rows.select(**key, check_name=ibis.literal(rule.name)))
        name = f"{TABLE}_{source.name}_{len(source.keys)}"
        columns = ibis.schema({**schema, "check_name": "string"})
        staging = self.engine.staging(name, all_of(parts), columns)
        self.engine.stage(staging)
        self.staged.append(staging)
        return staging.table

    def _weigh(
        self, source: Settled, raw: Table, allowed: float, violations: list[Violation]
    ) -> None:
        """Counts what is left out, and whether it is too much."""
        counted = raw.aggregate(rows=raw.count())
        kept = source.table.aggregate(rows=source.table.count())
        (whole,) = self.engine.rows(counted)
        (left,) = self.engine.rows(kept)
        source.rows = whole["rows"]
        source.left_out = whole["rows"] - left["rows"]
        warn(self.report, f"left out of {source.name}: {source.summary}", source.name)
        if 100 * source.left_out > allowed * source.rows:
            excess = (
                f"{source.left_out:,} of {source.rows:,} rows of {source.name} would go to "
                f"quarantine, more than max_quarantined_pct ({allowed:g} %) in sources.yml allows"
            )
            self.excess[excess] = violations

    def _record(self, warehouse: Warehouse, run_id: str, name: str) -> None:
        there = warehouse.quote(warehouse.meta, TABLE)
        settled = self.settled.get(name)
        contract = models.contracts()[name]
        if not settled or not settled.keys:
            warehouse.run(f"DELETE FROM {there} WHERE source_name = ?", [name])
            return
        found = warehouse.compile(all_of([keys_in_words(k, contract) for k in settled.keys]))
        same = "a.row_key = b.row_key AND a.check_name = b.check_name"
        warehouse.run(
            f"DELETE FROM {there} AS a WHERE a.source_name = ? AND NOT EXISTS "
            f"(SELECT 1 FROM ({found}) AS b WHERE {same})",
            [name],
        )
        warehouse.run(
            f"INSERT INTO {there} (source_name, row_key, check_name, found_at, run_id) "
            f"SELECT CAST(? AS TEXT), a.row_key, a.check_name, CAST(? AS TIMESTAMP), "
            f"CAST(? AS TEXT) FROM ({found}) AS a WHERE NOT EXISTS "
            f"(SELECT 1 FROM {there} AS b WHERE {same} AND b.source_name = ?)",
            [name, now(), run_id, name],
        )


def _parents_first(names: Iterable[str]) -> list[str]:
    declared = models.contracts()
    names = set(names)
    needed = {
        name: ((declared[name].parents | rates_needed({name})) & names) - {name}
        for name in sorted(names)
    }
    return list(TopologicalSorter(needed).static_order())
