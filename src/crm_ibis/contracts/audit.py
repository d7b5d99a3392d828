"""Runs contracts against the database: sources before a refresh reads them, results before anybody
else does."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.declarations import snapshots
from crm_ibis.contracts import models, rules
from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import Rule, Violation
from crm_ibis.errors import BrokenCheck, DataError
from crm_ibis.history import reader
from crm_ibis.runlog.log import now
from crm_ibis.sources import spec
from crm_ibis.sources.columns import casting
from crm_ibis.sources.connectors import CURRENCIES
from crm_ibis.sources.functions import Written
from crm_ibis.sources.resolve import CURRENCY, places, source_tables, unread_of
from crm_ibis.sources.spec import PlausibleYears
from crm_ibis.warehouse import Place, Query, Warehouse

Report = Callable[[str], None]

SAMPLE_KEYS = 2
"""So many keys of a broken check are told."""


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
    """What may be told of a violation outside the database."""
    key = violation.key or models.declared(violation.table).key
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


def sources_with_parents(names: Iterable[str]) -> list[str]:
    """The named sources and those that their foreign keys refer to, in order of name."""
    declared = models.contracts()
    needed = set(names)
    while more := {p for name in needed for p in declared[name].parents} - needed:
        needed |= more
    return sorted(needed)


def conformed(raw: Mapping[str, Table]) -> dict[str, Table]:
    """Sources in the types of their contracts, not checked yet.

    Raises DataError naming every column that is missing or of another family of types.
    """
    sources, unfit = {}, []
    for name, table in raw.items():
        try:
            sources[name] = casting.conformed(table, models.contracts()[name])
        except DataError as error:
            unfit.append(str(error))
    if unfit:
        raise DataError("\n".join(unfit))
    return sources


def without_undecided(raw: Mapping[str, Table], sources: Mapping[str, Table]) -> dict[str, Table]:
    """The sources as tables are computed from them: a column that tells whether an event happened
    is missing where it is missing in the source, as null would say that it did not."""
    found = {}
    for name, table in sources.items():
        undecided = models.contracts()[name].undecided(raw[name].columns)
        found[name] = table.drop(*undecided) if undecided else table
    return found


def read_sources(
    warehouse: Warehouse, names: Iterable[str], written: Written | None = None
) -> dict[str, Table]:
    """Sources in the types of their contracts, not checked yet."""
    return conformed(source_tables(warehouse, names, written))


@dataclass(frozen=True)
class Audit:
    """Rules over a table as one checking query, compiled and not yet run."""

    table: Table
    contract: Contract
    rules: Sequence[Rule]
    sources: Mapping[str, Table]
    query: Query
    also: tuple[str, ...] = ()
    """Columns of its answer that count no violations."""


def planned_audit(
    warehouse: Warehouse,
    table: Table,
    contract: Contract,
    demanded: Sequence[Rule],
    sources: Mapping[str, Table],
    inline: bool = True,
    also: Mapping[str, ir.Scalar] = MappingProxyType({}),
) -> Audit:
    """The audit of a table by some of its contract's rules; nothing is asked of the database.

    `inline` reads the table wherever it is needed, instead of computing it once. What refers to a
    source that is absent has nothing to be held against. What is `also` asked of the table comes
    with its outcome.
    """
    absent = spec.declared().absent
    demanded = [rule for rule in demanded if rule.refers_to not in absent]
    in_order = warehouse.orders_quickly
    query = warehouse.query(rules.counts(table, demanded, sources, in_order, also), inline)
    return Audit(table, contract, demanded, sources, query, tuple(also))


def source_rules(
    contract: Contract, as_of: datetime, years: PlausibleYears | None = None
) -> list[Rule]:
    """What a source must keep, its instants as of an instant; the years are those of sources.yml
    where none are given."""
    years = years or spec.declared().plausible_years
    instants = [c.name for c in contract.columns if c.dtype.is_timestamp()]
    return [
        *contract.rules,
        *(rules.plausible(name, years.from_, years.ahead, as_of) for name in instants),
    ]


def source_audits(
    warehouse: Warehouse,
    name: str,
    raw: Table,
    sources: Mapping[str, Table],
    as_of: datetime,
    also: Mapping[str, ir.Scalar] = MappingProxyType({}),
    unread: Sequence[Rule] = (),
) -> list[Audit]:
    """The audits of a source, each of which makes sense only if the one before finds nothing.

    What is `unread` of landed tables is null in the source. Numbers that would not survive the
    conversion to the contract's type are looked for first too: the database would stop at them
    without naming a row.
    """
    contract = models.contracts()[name]
    demanded = source_rules(contract, as_of)
    audits = [planned_audit(warehouse, sources[name], contract, demanded, sources, also=also)]
    if conversions := casting.rules_of_raw(raw, contract):
        audits.insert(0, planned_audit(warehouse, raw, contract, conversions, {}))
    if unread:
        audits.insert(0, planned_audit(warehouse, raw, contract, unread, {}))
    if currency := one_currency(name, raw):
        audits.append(planned_audit(warehouse, raw, contract, currency, {}))
    return audits


def one_currency(name: str, raw: Table) -> list[Rule]:
    """The rule that a connector's amounts are in one currency, where it says which they are in.

    A function of the user's may have converted them, whatever the column still says.
    """
    connector = spec.declared().of(name).connector
    if not connector or CURRENCY not in raw.columns:
        return []
    words = (
        f"{'.'.join(CURRENCIES[connector])} is one currency, as amounts are added up (convert them "
        f"in a function of your own, or keep one by `only: {{{CURRENCY}: ...}}`)"
    )
    return [rules.one_value(CURRENCY, "amount", words)]


def run_audits(warehouse: Warehouse, audits: Sequence[Audit]) -> Checked:
    """Runs a table's audits up to the first that finds an error.

    Each is one query, and another for the samples of each broken rule.
    """
    began, checks = time.perf_counter(), 0
    rows = 0
    violations: list[Violation] = []
    also: dict[str, Any] = {}
    for audit in audits:
        (counted,) = warehouse.rows(audit.query)
        checks += len(audit.rules)
        rows = counted["row_count"]
        also |= {column: counted[column] for column in audit.also}
        broken = [(rule, counted[f"rule_{i}"]) for i, rule in enumerate(audit.rules)]
        violations += [_violation(warehouse, audit, rule, int(n)) for rule, n in broken if n]
        if any(violation.severity == "error" for violation in violations):
            break
    seconds = time.perf_counter() - began
    table = audits[0].contract.name
    return Checked(table, rows, checks, seconds, tuple(violations), also=also)


def _violation(warehouse: Warehouse, audit: Audit, rule: Rule, rows: int) -> Violation:
    contract = audit.contract
    found = warehouse.rows(rules.samples(audit.table, rule, contract.key, audit.sources))
    samples = [contract.without_personal(row) for row in found]
    key = rule.key or contract.key
    return Violation(contract.name, rule.name, rule.columns, rule.severity, rows, samples, key)


def audit(
    warehouse: Warehouse,
    table: Table,
    contract: Contract,
    demanded: Sequence[Rule],
    sources: Mapping[str, Table],
) -> Checked:
    """The rules that a table breaks, with samples."""
    return run_audits(warehouse, [planned_audit(warehouse, table, contract, demanded, sources)])


def check_source(
    warehouse: Warehouse,
    name: str,
    sources: Mapping[str, Table],
    written: Written | None = None,
    as_of: datetime | None = None,
) -> Checked:
    """The contract of one source, as of an instant or now."""
    raw = source_tables(warehouse, [name], written)[name]
    unread = [found.rule for found in unread_of(warehouse, [name]).get(name, ())]
    moment = as_of or now()
    audits = source_audits(warehouse, name, raw, sources, moment, unread=unread)
    return run_audits(warehouse, audits)


def report_warnings(outcome: Checked, report: Report) -> None:
    """A line for each broken check of severity warn."""
    for warning in outcome.warnings:
        report(f"warning: {warning}")


def raise_errors(outcomes: Iterable[Checked]) -> None:
    """Raises ChecksFailed when a check of severity error is broken."""
    if errors := [violation for outcome in outcomes for violation in outcome.errors]:
        raise ChecksFailed(errors)


def check(
    warehouse: Warehouse, names: Iterable[str] = (), report: Report = lambda line: None
) -> list[Checked]:
    """Checks sources, published tables and snapshots as they are, and writes nothing.

    Without names: all sources but absent ones, and whatever is there. Violations are told whatever
    sources.yml does about them. Raises UsageError for an unknown name.
    """
    chosen = [models.declared(name.removeprefix(f"{warehouse.raw}.")) for name in names]
    if not chosen:
        published = warehouse.tables(warehouse.analytics)
        known = [*models.contracts().values(), *models.histories().values()]
        present = published | {c.name for c in known if c.kind == "source"}
        chosen = [c for c in known if c.name in present - spec.declared().absent]
    outcomes = []
    with warehouse.reading(lambda: _places(warehouse, chosen)), Written(warehouse) as written:
        for contract in chosen:
            outcomes.append(_as_it_is(warehouse, contract, written))
            report(f"checked {outcomes[-1]}")
    return outcomes


def _places(warehouse: Warehouse, chosen: Iterable[Contract]) -> set[Place]:
    """The tables that checking some contracts reads."""
    there = warehouse.tables(warehouse.analytics)
    needed = {c.name for c in chosen if c.kind == "source"}.union(*(c.parents for c in chosen))
    own = {c.name for c in chosen if c.kind != "source"}
    own |= {snapshot.archive for name, snapshot in snapshots().items() if name in own}
    made_of = places(warehouse, sources_with_parents(needed))
    return made_of | {(warehouse.analytics, name) for name in own & there}


def _as_it_is(warehouse: Warehouse, contract: Contract, written: Written) -> Checked:
    try:
        if contract.kind == "source":
            sources = read_sources(warehouse, sources_with_parents([contract.name]), written)
            return check_source(warehouse, contract.name, sources, written)
        if contract.name not in warehouse.tables(warehouse.analytics):
            remedy = "snapshot" if contract.kind == "snapshot" else "refresh"
            raise DataError(f"{contract.name} is not there yet; run crm-ibis {remedy}")
        table = warehouse.table(warehouse.analytics, contract.name)
        if contract.kind == "snapshot":
            table = reader.versions(warehouse, contract.name)
        else:
            models.check_types(table, contract)
        sources = read_sources(warehouse, sources_with_parents(contract.parents), written)
        return audit(warehouse, table, contract, contract.rules, sources)
    except DataError as error:
        return Checked(contract.name, 0, 0, 0.0, problem=str(error))
