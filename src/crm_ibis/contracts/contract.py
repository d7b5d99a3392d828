"""A contract as the program reads it: columns, key and rules, made from a Pandera model."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.datatypes as dt

from crm_ibis.contracts import pandera_checks, rules
from crm_ibis.contracts.bases import Source
from crm_ibis.contracts.pandera_api import Check, pa
from crm_ibis.contracts.rules import Rule
from crm_ibis.contracts.types import FOREMOST, OPTIONAL, ORDER, Money, dtype_of, table_name

HIDDEN = "(not shown)"
ID = re.compile(r"[^\s@]{1,64}")
CATEGORY = re.compile(r"(?=.{1,30}$)[^\W\d_][\w.&/+-]*( [\w.&/+-]+){0,2}")
"""What looks like the name of a category: up to three words, the first begins with a letter."""


@dataclass(frozen=True)
class Column:
    """A column as its contract declares it."""

    name: str
    dtype: dt.DataType
    nullable: bool
    description: str
    references: str | None
    private: bool
    volatile: bool
    undecided_if_missing: bool = False
    """Whether a source without the column leaves what depends on it undecided."""
    refines: bool = False
    """Whether nothing is missed where a source does not have the column."""
    closed: bool = False
    """Whether its values are those of a list, or codes."""
    whole_month: bool = False
    """Whether it is a month, by its first day."""

    def may_show(self, value: Any) -> bool:
        """Whether a value may be shown to a person who looks at a broken check.

        Null, as it is often the fault, numbers, instants and flags; of text, ids, and values of a
        closed list that look like one: whatever landed there may be an address or a name.
        """
        if value is None:
            return True
        if self.private:
            return False
        if not isinstance(value, str):
            return True
        return bool(
            (self.references and ID.fullmatch(value)) or (self.closed and CATEGORY.fullmatch(value))
        )


@dataclass(frozen=True)
class Contract:
    """What a table promises: its columns, its key and its rules."""

    name: str
    kind: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    model: type[pa.DataFrameModel]
    declared: pa.DataFrameSchema
    """What Pandera validates names and types by."""

    @cached_property
    def schema(self) -> ibis.Schema:
        return ibis.schema({c.name: c.dtype for c in self.columns})

    def schema_of(self, names: Iterable[str]) -> ibis.Schema:
        """Types of some of the columns."""
        return ibis.schema({name: self.schema[name] for name in names})

    @property
    def is_optional(self) -> bool:
        """Whether it is a source that a database need not have."""
        return bool(self._metadata.get(OPTIONAL))

    @property
    def order(self) -> list[str]:
        """By which columns people read its rows, descending ones with a `-`; by its key, if by no
        others."""
        return [*self._metadata.get(ORDER, ()), *self.key]

    @property
    def foremost(self) -> list[str]:
        """The columns that people need first; none where all are alike."""
        return list(self._metadata.get(FOREMOST, ()))

    @property
    def _metadata(self) -> dict[str, Any]:
        config = self.model.__config__
        return (config and config.metadata) or {}

    @property
    def has_money(self) -> bool:
        """Whether a column of it is an amount of money."""
        return any(c.dtype == dtype_of(Money) for c in self.columns)

    @property
    def has_months(self) -> bool:
        """Whether a column of it is a month."""
        return any(c.whole_month for c in self.columns)

    @property
    def values(self) -> tuple[Column, ...]:
        """The columns that a table function computes: all but `updated_at`."""
        return tuple(c for c in self.columns if c.name != "updated_at" or self.kind == "source")

    def undecided_columns(self, given: Iterable[str]) -> tuple[str, ...]:
        """The columns that a source lacks and whose events are therefore unknown."""
        given = set(given)
        return tuple(c.name for c in self.columns if c.undecided_if_missing and c.name not in given)

    @property
    def parents(self) -> set[str]:
        """The sources that foreign keys of this table refer to."""
        return {c.references for c in self.columns if c.references}

    def rules_over(self, columns: Iterable[str]) -> list[Rule]:
        """The rules that need no other columns than these."""
        return [rule for rule in self.rules if set(rule.columns) <= set(columns)]

    def redact(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row in which nothing is shown that may be personal; its key is."""
        shown = {c.name: c for c in self.columns if c.name not in self.key or c.private}
        return {
            name: HIDDEN if name in shown and not shown[name].may_show(value) else value
            for name, value in row.items()
        }


def contract_of(model: type[pa.DataFrameModel]) -> Contract:
    """The contract that a Pandera model declares."""
    kind = "source" if issubclass(model, Source) else "published"
    return _contract(table_name(model.__name__), kind, model, model.to_schema())


def extend(contract: Contract, extension: type[pa.DataFrameModel]) -> Contract:
    """A contract with what an extension says: further or redeclared columns, and further checks."""
    more = extension.to_schema()
    merged = contract.declared.add_columns(more.columns)
    merged.checks = [*contract.declared.checks, *more.checks]
    return _contract(contract.name, contract.kind, contract.model, merged)


def complete(copied: Contract, shipped: Contract) -> Contract:
    """A copied contract, with the columns that only the shipped one has by now.

    A published table has no other columns than its shipped function computes.
    """
    further = {c: d for c, d in shipped.declared.columns.items() if c not in copied.schema}
    merged = copied.declared.add_columns(further)
    if copied.kind == "published":
        gone = [c for c in copied.schema if c not in shipped.schema]
        merged = merged.remove_columns(gone)
        merged.checks = [check for check in merged.checks if _reads_only(check, copied, shipped)]
    return _contract(copied.name, copied.kind, copied.model, merged)


def _reads_only(check: Check, copied: Contract, shipped: Contract) -> bool:
    types = {c.name: c.dtype for c in copied.columns}
    return set(pandera_checks.of_table(check, types).columns) <= set(shipped.schema)


def with_severities(contract: Contract, severities: Mapping[str, str]) -> Contract:
    """A contract of which some rules, by name, are errors or mere warnings."""
    changed = (replace(r, severity=severities.get(r.name, r.severity)) for r in contract.rules)
    return replace(contract, rules=tuple(changed))


def _contract(
    name: str, kind: str, model: type[pa.DataFrameModel], declared: pa.DataFrameSchema
) -> Contract:
    columns = [_column(column, field) for column, field in declared.columns.items()]
    columns.sort(key=lambda c: c.name == "updated_at" and kind == "published")
    key = tuple(declared.unique)
    types = {c.name: c.dtype for c in columns}
    demanded = [
        rules.unique(key),
        *(rule for c in columns for rule in _column_rules(c, kind, declared.columns[c.name])),
        *(pandera_checks.of_table(check, types) for check in declared.checks),
    ]
    return Contract(name, kind, tuple(columns), key, tuple(demanded), model, declared)


def _column(name: str, declared: Any) -> Column:
    said = declared.metadata
    return Column(
        name=name,
        dtype=declared.dtype.type,
        nullable=declared.nullable,
        description=declared.description or "",
        references=said["references"],
        private=said["private"],
        volatile=said["volatile"],
        undecided_if_missing=said["undecided_if_missing"],
        refines=said["refines"],
        closed=said["closed"]
        or any(check.name in ("isin", "currency_code") for check in declared.checks),
        whole_month=any(check.name == "whole_month" for check in declared.checks),
    )


def _column_rules(c: Column, kind: str, declared: Any) -> list[Rule]:
    severity = declared.metadata["severity"]
    demanded = [] if c.nullable else [rules.required(c.name, severity)]
    # PostgreSQL's decimals may be NaN and its timestamps infinite.
    if kind == "source" and (c.dtype.is_decimal() or c.dtype.is_timestamp()):
        demanded.append(rules.fits(c.name, c.dtype))
    demanded += [pandera_checks.of_column(c.name, check) for check in declared.checks]
    if c.references:
        demanded.append(rules.reference(c.name, c.references, severity))
    return demanded
