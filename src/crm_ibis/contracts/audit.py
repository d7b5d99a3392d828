"""Runs contracts against the database, a query per table."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir
from ibis import Table

from crm_ibis.contracts import models, rules
from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.plausible import PlausibleYears
from crm_ibis.contracts.rules import Rule
from crm_ibis.contracts.violations import Violation
from crm_ibis.engines import Engine
from crm_ibis.errors import BrokenCheck, DataError
from crm_ibis.events import Report, warn
from crm_ibis.warehouse import Query

SAMPLE_KEYS = 2
"""How many keys a broken check shows."""


class ChecksFailed(DataError):
    """Broken checks of severity error; nothing was published."""

    def __init__(self, violations: list[Violation]) -> None:
        self.violations = violations
        self.broken = tuple(broken_check(violation) for violation in violations)
        super().__init__(self._message(map(str, violations)))

    @property
    def detailed(self) -> str:
        return self._message(violation.detailed for violation in self.violations)

    def _message(self, listed: Iterable[str]) -> str:
        tables = ", ".join(dict.fromkeys(violation.table for violation in self.violations))
        return (
            "checks failed; nothing was published:\n" + "\n".join(listed) + "\n"
            f"fix the rows in {tables} and rerun"
        )


def broken_check(violation: Violation) -> BrokenCheck:
    """What logs and alerts may hold of a violation."""
    key = violation.key or models.get_contract(violation.table).key
    keys = tuple(
        ", ".join(f"{column}={row[column]}" for column in key if column in row)
        for row in violation.samples[:SAMPLE_KEYS]
    )
    return BrokenCheck(violation.table, violation.check, violation.rows, keys)


@dataclass(frozen=True)
class Checked:
    """The outcome of a table's contract."""

    table: str
    rows: int
    checks: int
    seconds: float
    violations: tuple[Violation, ...] = ()
    problem: str | None = None
    """Why the table could not be checked at all: not there, or with other columns."""
    also: Mapping[str, Any] = field(default_factory=dict)
    """What else was asked of the table."""

    @property
    def errors(self) -> list[Violation]:
        return [v for v in self.violations if v.severity == "error"]

    @property
    def warnings(self) -> list[Violation]:
        return [v for v in self.violations if v.severity == "warn"]

    def __str__(self) -> str:
        return f"{self.table}: {self.rows:,} rows, {self.checks} checks, {self.seconds:.2f} s"


@dataclass(frozen=True)
class Audit:
    """Rules over a table as one checking query, compiled and not yet run."""

    engine: Engine
    """Who runs it."""
    table: Table
    contract: Contract
    rules: Sequence[Rule]
    sources: Mapping[str, Table]
    query: Query
    also: tuple[str, ...] = ()
    """Columns of its answer that count no violations."""
    inline: bool = True
    """Whether its queries read the table wherever it is needed."""


def plan_audit(
    engine: Engine,
    table: Table,
    contract: Contract,
    demanded: Sequence[Rule],
    sources: Mapping[str, Table],
    inline: bool = True,
    also: Mapping[str, ir.Scalar] = MappingProxyType({}),
    absent: Collection[str] = (),
) -> Audit:
    """The audit of a table by some of its contract's rules; nothing is asked of the database.

    `inline` reads the table wherever it is needed, instead of computing it once. What refers to an
    `absent` source has nothing to be held against. What is `also` asked of the table comes with its
    outcome.
    """
    demanded = [rule for rule in demanded if rule.refers_to not in absent]
    counted = rules.counts(table, demanded, sources, engine.repeats, also)
    query = engine.query(counted, inline)
    return Audit(engine, table, contract, demanded, sources, query, tuple(also), inline)


def source_rules(contract: Contract, as_of: datetime, years: PlausibleYears) -> list[Rule]:
    """What a source must keep, its instants as of an instant."""
    instants = [c.name for c in contract.columns if c.dtype.is_timestamp()]
    return [
        *contract.rules,
        *(rules.plausible(name, years.from_, years.ahead, as_of) for name in instants),
    ]


def run_audits(audits: Sequence[Audit]) -> Checked:
    """Runs a table's audits up to the first that finds an error.

    Each is one query, and another for the samples of each broken rule; where a proof failed, one
    more counts the rows.
    """
    began = time.perf_counter()
    checks = 0
    rows = 0
    violations: list[Violation] = []
    also: dict[str, Any] = {}
    for audit in audits:
        (counted,) = audit.engine.rows(audit.query)
        checks += len(audit.rules)
        rows = counted["row_count"]
        also |= {column: counted[column] for column in audit.also}
        broken = [(rule, int(counted[f"rule_{i}"])) for i, rule in enumerate(audit.rules)]
        found = [(rule, _rows(audit, rule, n)) for rule, n in broken if n]
        violations += [_violation(audit, rule, n) for rule, n in found if n]
        if any(violation.severity == "error" for violation in violations):
            break
    seconds = time.perf_counter() - began
    table = audits[0].contract.name
    return Checked(table, rows, checks, seconds, tuple(violations), also=also)


def _rows(audit: Audit, rule: Rule, counted: int) -> int:
    """How many rows break a rule, where the checking query says that some may."""
    if not rule.has_proof:
        return counted
    total = rules.row_total(rule.rows(audit.table, audit.sources)).name("rows")
    (found,) = audit.engine.rows(audit.engine.query(total.as_table(), audit.inline))
    return int(found["rows"])


def _violation(audit: Audit, rule: Rule, rows: int) -> Violation:
    contract = audit.contract
    found = audit.engine.rows(rules.samples(audit.table, rule, contract.key, audit.sources))
    samples = [contract.redact(row) for row in found]
    key = rule.key or contract.key
    return Violation(contract.name, rule.name, rule.columns, rule.severity, rows, samples, key)


def audit(
    engine: Engine,
    table: Table,
    contract: Contract,
    demanded: Sequence[Rule],
    sources: Mapping[str, Table],
    absent: Collection[str] = (),
) -> Checked:
    """The rules that a table breaks, with samples."""
    planned = plan_audit(engine, table, contract, demanded, sources, absent=absent)
    return run_audits([planned])


def plan_audits(
    place: Engine,
    engine: Engine,
    table: Table,
    contract: Contract,
    demanded: Sequence[Rule],
    sources: Mapping[str, Table],
    absent: Collection[str] = (),
    there: Table | None = None,
) -> list[Audit]:
    """The audits of a table that is in one place, by rules some of which need the sources that an
    engine reads.

    One, where the two are the same. Else the table is looked at where it is, and by the engine for
    what refers to a source; there it has the same name, unless another expression is given.
    """
    referring = [rule for rule in demanded if rule.refers_to and rule.refers_to not in absent]
    if place is engine or not referring:
        return [plan_audit(place, table, contract, demanded, sources, absent=absent)]
    own = [rule for rule in demanded if rule.refers_to is None]
    return [
        plan_audit(place, table, contract, own, {}),
        plan_audit(engine, table if there is None else there, contract, referring, sources),
    ]


def report_warnings(outcome: Checked, report: Report) -> None:
    """A line for each broken check of severity warn."""
    for warning in outcome.warnings:
        warn(report, f"warning: {warning}", outcome.table)


def raise_errors(outcomes: Iterable[Checked]) -> None:
    """Raises ChecksFailed when a check of severity error is broken."""
    if errors := [violation for outcome in outcomes for violation in outcome.errors]:
        raise ChecksFailed(errors)
