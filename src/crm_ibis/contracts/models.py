"""Contracts: what a table promises, declared as Pandera models in `schemas/`.

A model holds types, keys, ranges, categories, foreign keys and the description of every column, and
Pandera validates names and types; `rules` checks the data.
"""

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import pandera.ibis as pa
from ibis import Table
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrors

from crm_ibis.config import declarations, project
from crm_ibis.config.declarations import Snapshot
from crm_ibis.contracts import rules
from crm_ibis.contracts.rules import Rule
from crm_ibis.contracts.types import Instant, dtype_of, table_name
from crm_ibis.errors import DataError, UsageError, near_match

HIDDEN = "(not shown)"
ID = re.compile(r"[^\s@]{1,64}")
CATEGORY = re.compile(r"(?=.{1,30}$)[^\W\d_][\w.&/+-]*( [\w.&/+-]+){0,2}")
"""What looks like the name of a category: up to three words, the first begins with a letter."""
IDENTIFIER_BYTES = 63
VALIDITY = {
    "valid_from": "The instant from which this version of the row held (UTC).",
    "valid_to": "The instant at which it no longer held (UTC); null while it is current.",
}


def column(
    description: str,
    *,
    references: str | None = None,
    private: bool = False,
    volatile: bool = False,
    raise_warning: bool = False,
    undecided_if_missing: bool = False,
    refines: bool = False,
    **checks: Any,
) -> Any:
    """A described column of a contract.

    references: the source whose `id` it must be, when not null. private: free text or personal,
    never shown in samples. volatile: changes with the clock alone, so it is no change when
    publishing. raise_warning: what breaks a rule of this column is reported and logged, but does
    not stop a refresh. undecided_if_missing: a source without this column does not say whether the
    event happened, so it is not read as a column of nulls. refines: makes a value more exact where
    it is given, and is not missed where it is not. checks: whatever a Pandera field takes,
    `nullable=True` included.
    """
    metadata = {
        "references": references,
        "private": private,
        "volatile": volatile,
        "severity": "warn" if raise_warning else "error",
        "undecided_if_missing": undecided_if_missing,
        "refines": refines,
    }
    return pa.Field(
        description=description, metadata=metadata, raise_warning=raise_warning, **checks
    )


class Source(pa.DataFrameModel):
    """Base of the contracts of source tables."""

    class Config:
        strict = True


class Published(pa.DataFrameModel):
    """Base of the contracts of published tables: facts and KPIs."""

    updated_at: Instant = column(
        "The `as_of` of the run at which the values of this row last changed (UTC)."
    )

    class Config:
        strict = True


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
    """Whether its values are those of a list."""

    def may_show(self, value: Any) -> bool:
        """Whether a value may be shown to whoever looks at a broken check.

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

    @property
    def schema(self) -> ibis.Schema:
        return ibis.schema({c.name: c.dtype for c in self.columns})

    def schema_of(self, names: Iterable[str]) -> ibis.Schema:
        """Types of some of the columns."""
        return ibis.schema({name: self.schema[name] for name in names})

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
    schema = model.to_schema()
    kind = "source" if issubclass(model, Source) else "published"
    columns = [
        Column(
            name=name,
            dtype=dtype_of(model.__annotations__.get(name, Instant)),
            nullable=declared.nullable,
            description=declared.description or "",
            references=declared.metadata["references"],
            private=declared.metadata["private"],
            volatile=declared.metadata["volatile"],
            undecided_if_missing=declared.metadata["undecided_if_missing"],
            refines=declared.metadata["refines"],
            closed=any(check.name == "isin" for check in declared.checks),
        )
        for name, declared in schema.columns.items()
    ]
    columns.sort(key=lambda c: c.name == "updated_at" and kind == "published")
    key = tuple(schema.unique)
    demanded = [rules.unique(key)]
    for c in columns:
        severity = schema.columns[c.name].metadata["severity"]
        demanded += [] if c.nullable else [rules.required(c.name, severity)]
        # PostgreSQL's decimals may be NaN and its timestamps infinite.
        if kind == "source" and (c.dtype.is_decimal() or c.dtype.is_timestamp()):
            demanded.append(rules.fits(c.name, c.dtype))
        demanded += [rules.of_column(c.name, check) for check in schema.columns[c.name].checks]
        demanded += [rules.reference(c.name, c.references, severity)] if c.references else []
    types = {c.name: c.dtype for c in columns}
    demanded += [rules.of_table(check, types) for check in schema.checks]
    return Contract(table_name(model.__name__), kind, tuple(columns), key, tuple(demanded), model)


@cache
def contracts() -> dict[str, Contract]:
    """All contracts of the project, by table name: sources first, then published tables."""
    found = {}
    for file in ("sources.py", "kpis.py"):
        path = project.path("schemas", file)
        spec = importlib.util.spec_from_file_location(f"_crm_ibis_schemas_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
            for model in vars(module).values():
                if isinstance(model, type) and model.__module__ == module.__name__:
                    contract = contract_of(model)
                    found[contract.name] = contract
        except Exception as error:  # whatever the project's own file may raise
            raise UsageError(f"cannot read the contracts in {path}: {_gist(error)}") from error
    return found


@cache
def histories() -> dict[str, Contract]:
    """The contracts of the snapshots, by name; raises UsageError for one of an unknown KPI."""
    published = {c.name: c for c in contracts().values() if c.kind == "published"}
    found = {}
    for name, snapshot in declarations.snapshots().items():
        where = declarations.place("snapshots.yml", name)
        if snapshot.kpi not in published:
            raise UsageError(
                f'{where}: {name}: there is no KPI "{snapshot.kpi}"'
                f"{near_match(snapshot.kpi, published)}"
            )
        if VALIDITY.keys() & set(published[snapshot.kpi].schema):
            raise UsageError(
                f"{where}: {name}: {snapshot.kpi} has a column valid_from or valid_to of "
                "its own, so it can have no history"
            )
        _refuse_name(snapshot)
        found[name] = history_of(published[snapshot.kpi], name)
    return found


def _refuse_name(snapshot: Snapshot) -> None:
    where = declarations.place("snapshots.yml", snapshot.name)
    others = declarations.snapshots().values()
    taken = {*contracts(), *(other.archive for other in others)}
    if snapshot.name in taken or snapshot.archive in contracts():
        raise UsageError(
            f"{where}: {snapshot.name} or its archive {snapshot.archive} has the "
            "name of another table or archive; give the snapshot one of its own"
        )
    if len(snapshot.archive.encode()) > IDENTIFIER_BYTES:
        raise UsageError(
            f"{where}: {snapshot.name} is too long a name: PostgreSQL cuts names off "
            f"after {IDENTIFIER_BYTES} bytes, and its archive is {snapshot.archive}"
        )


def history_of(contract: Contract, name: str) -> Contract:
    """The contract of a KPI's history: the versions of each of its rows, one after the other."""
    instant = dtype_of(Instant)
    validity = (
        Column(name, instant, name == "valid_to", told, None, False, False)
        for name, told in VALIDITY.items()
    )
    kept = (*contract.key, "updated_at")
    columns = tuple(
        replace(c, nullable=c.name not in kept, references=None) for c in contract.columns
    )
    return Contract(
        name=name,
        kind="snapshot",
        columns=(*columns, *validity),
        key=(*contract.key, "valid_from"),
        rules=(
            rules.unique((*contract.key, "valid_from")),
            *(rules.required(c) for c in (*kept, "valid_from")),
            rules.before("valid_from", "valid_to"),
            rules.apart(contract.key, "valid_from", "valid_to"),
        ),
        model=contract.model,
    )


def check_history(name: str, there: ibis.Schema, contract: Contract) -> None:
    """Raises DataError unless the columns of a history are those that its contract knows.

    It may lack columns that its KPI has gained since, and have others that its KPI has lost.
    """
    if missing := [c for c in (*contract.key, "updated_at", "valid_to") if c not in there]:
        raise DataError(
            f"the snapshot {name} lacks the column {', '.join(missing)}, so it was not made by "
            "this program, or the grain of its KPI changed; rename it, and a new history begins"
        )
    for c in contract.columns:
        if c.name in there and there[c.name].copy(nullable=True) != c.dtype:
            raise DataError(
                f"column {c.name} of the snapshot {name} is {there[c.name]} in the database, but "
                f"{c.dtype} in its KPI; convert the column, in the snapshot and in its archive, or "
                "rename both, and a new history begins"
            )


def get_contract(name: str) -> Contract:
    """The contract of a table; raises UsageError with a near match when there is none."""
    known = contracts()
    if name not in known:
        known = {**known, **histories()}
    if name not in known:
        raise UsageError(
            f'there is no contract of a table "{name}"{near_match(name, known)}; '
            "`crm-ibis list` shows the KPIs"
        )
    return known[name]


def check_types(table: Table, contract: Contract) -> None:
    """Names and types as the contract has them, by Pandera, without a query."""
    try:
        with config_context(validation_depth=ValidationDepth.SCHEMA_ONLY):
            contract.model.validate(table, lazy=True)
    except (SchemaError, SchemaErrors) as error:
        raise DataError(
            f"{contract.name} does not have the columns of its contract: {error}"
        ) from None


def _gist(error: Exception) -> str:
    line = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
    return f"{line}{type(error).__name__}: {error}"
