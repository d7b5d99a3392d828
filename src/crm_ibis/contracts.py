"""A Pandera model -> one checking query per table, violations with samples.

Pandera holds the declaration and validates names and types. Its data checks are not run by Pandera:
on Ibis tables it joins results back by position, which reports wrong rows under concurrent scans,
and pulls whole columns into pandas on failure. Here all checks of a table become one aggregate
query; rows are fetched only for the checks that failed.
"""

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis import Table
from pandera.api.checks import Check
from pandera.api.extensions import register_check_method
from pandera.api.ibis.types import IbisData
from pandera.backends.ibis.register import register_ibis_backends
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrors

from crm_ibis import content
from crm_ibis.errors import DataError
from crm_ibis.types import Instant, dtype_of, table_name

SAMPLES = 20
HIDDEN = "(not shown)"

register_ibis_backends()


@register_check_method(statistics=["not_before"])
def not_before(data: IbisData, *, not_before: str) -> ir.BooleanColumn:
    """The instant is not earlier than the one in the named column."""
    return data.table[data.key] >= data.table[not_before]


@register_check_method(statistics=["whole_month"])
def whole_month(data: IbisData, *, whole_month: bool) -> ir.BooleanColumn:
    """The date is the first day of a month."""
    return (data.table[data.key].day() == 1) == whole_month


def column(
    description: str,
    *,
    references: str | None = None,
    private: bool = False,
    volatile: bool = False,
    **checks: Any,
) -> Any:
    """A described column of a contract.

    references: the source whose `id` it must be, when not null. private: free text or personal,
    never shown in samples. volatile: changes with the clock alone, so it is no change when
    publishing. checks: whatever a Pandera field takes, `nullable=True` and `raise_warning=True`
    (reported, but not stopping a refresh) included.
    """
    metadata = {"references": references, "private": private, "volatile": volatile}
    return pa.Field(description=description, metadata=metadata, **checks)


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


@dataclass(frozen=True)
class Rule:
    """One check of a table. Row rules have a predicate; the others find their rows themselves."""

    name: str
    columns: tuple[str, ...]
    severity: str = "error"
    violated: Callable[[Table], ir.BooleanColumn] | None = None
    find: Callable[[Table, Mapping[str, Table]], Table] | None = None

    def rows(self, table: Table, parents: Mapping[str, Table]) -> Table:
        """The rows that break the rule."""
        if self.violated is not None:
            return table.filter(self.violated(table))
        assert self.find is not None
        return self.find(table, parents)


@dataclass(frozen=True)
class Violation:
    """A broken check: how many rows, and up to 20 of them (key and offending columns only)."""

    table: str
    check: str
    columns: tuple[str, ...]
    severity: str
    rows: int
    samples: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        few = "\n".join(
            "    " + ", ".join(f"{name}={_shown(value)}" for name, value in sample.items())
            for sample in self.samples[:5]
        )
        more = f"\n    ... and {self.rows - 5} more" if self.rows > 5 and few else ""
        rows = "1 row" if self.rows == 1 else f"{self.rows} rows"
        return f"{self.table}: {self.check}: {rows}\n{few}{more}".rstrip()


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

    @property
    def parents(self) -> set[str]:
        """The sources that foreign keys of this table refer to."""
        return {c.references for c in self.columns if c.references}

    def rules_over(self, columns: Iterable[str]) -> list[Rule]:
        """The rules that need no other columns than these."""
        return [rule for rule in self.rules if set(rule.columns) <= set(columns)]


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
        )
        for name, declared in schema.columns.items()
    ]
    columns.sort(key=lambda c: c.name == "updated_at" and kind == "published")
    key = tuple(schema.unique)
    rules = [_unique(key)]
    for c in columns:
        rules += [_required(c)] if not c.nullable else []
        rules += [_of_column(c.name, check) for check in schema.columns[c.name].checks]
        rules += [_reference(c.name, c.references)] if c.references else []
    rules += [_of_table(check, schema) for check in schema.checks]
    return Contract(table_name(model.__name__), kind, tuple(columns), key, tuple(rules), model)


@cache
def contracts() -> dict[str, Contract]:
    """All contracts of the project, by table name: sources first, then published tables."""
    found = {}
    for file in ("sources.py", "kpis.py"):
        path = content.path("schemas", file)
        spec = importlib.util.spec_from_file_location(f"_crm_ibis_schemas_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for model in vars(module).values():
            if isinstance(model, type) and model.__module__ == module.__name__:
                contract = contract_of(model)
                found[contract.name] = contract
    return found


def conformed(raw: Table, contract: Contract) -> Table:
    """A source's columns in the contract's types; other columns are left out.

    Raises DataError naming every column that is missing or of another family of types.
    """
    problems = []
    for c in contract.columns:
        if c.name not in raw.columns:
            problems.append(f"column {c.name} ({c.dtype}) is missing")
        elif _family(raw.schema()[c.name]) != _family(c.dtype):
            problems.append(f"column {c.name} is {raw.schema()[c.name]}, must be {c.dtype}")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise DataError(
            f"the source {contract.name} does not fit its contract:\n{listed}\n"
            "mend the table, or put a view with the right columns in its place"
        )
    return raw.select(**{c.name: _cast(raw[c.name], c.dtype) for c in contract.columns})


def conversions(raw: Table, contract: Contract) -> list[Rule]:
    """Rules that a source's numbers must keep so that none is changed by the contract's type."""
    types = raw.schema()
    return [_conversion(c) for c in contract.columns if _may_not_fit(types[c.name], c.dtype)]


def check_types(table: Table, contract: Contract) -> None:
    """Names and types as the contract has them, by Pandera, without a query."""
    try:
        with config_context(validation_depth=ValidationDepth.SCHEMA_ONLY):
            contract.model.validate(table, lazy=True)
    except (SchemaError, SchemaErrors) as error:
        raise DataError(
            f"{contract.name} does not have the columns of its contract: {error}"
        ) from None


def counts(table: Table, rules: list[Rule], parents: Mapping[str, Table]) -> Table:
    """The one checking query of a table: a row with the number of violations of each rule."""
    by_row = {
        f"rule_{i}": table.count(where=rule.violated(table))
        for i, rule in enumerate(rules)
        if rule.violated is not None
    }
    found = table.aggregate(row_count=table.count(), **by_row)
    others = {
        f"rule_{i}": _row_total(rule.rows(table, parents)).as_scalar()
        for i, rule in enumerate(rules)
        if rule.violated is None
    }
    return found.mutate(**others).select("row_count", *(f"rule_{i}" for i in range(len(rules))))


def samples(table: Table, rule: Rule, contract: Contract, parents: Mapping[str, Table]) -> Table:
    """Up to 20 rows that break a rule: the key and the offending columns."""
    shown = list(dict.fromkeys([*contract.key, *rule.columns]))
    rows = rule.rows(table, parents)
    return (
        rows.select(*(c for c in rows.columns if c in shown or c == "row_count"))
        .order_by(list(contract.key))
        .limit(SAMPLES)
    )


def without_private(row: dict[str, Any], contract: Contract) -> dict[str, Any]:
    """A sample row with private values hidden; null stays visible, as it is often the fault."""
    private = {c.name for c in contract.columns if c.private}
    return {n: HIDDEN if n in private and v is not None else v for n, v in row.items()}


def _row_total(rows: Table) -> ir.IntegerScalar:
    if "row_count" in rows.columns:  # one row per duplicated key
        return rows.row_count.sum().fill_null(0)
    return rows.count()


def _unique(key: tuple[str, ...]) -> Rule:
    def duplicated(table: Table, parents: Mapping[str, Table]) -> Table:
        groups = table.group_by(list(key)).agg(row_count=table.count())
        return groups.filter(groups.row_count > 1, *(groups[c].notnull() for c in key))

    return Rule(name=f"{', '.join(key)} is unique", columns=key, find=duplicated)


def _required(c: Column) -> Rule:
    return Rule(
        name=f"{c.name} is not null",
        columns=(c.name,),
        violated=lambda table: table[c.name].isnull(),
    )


def _reference(name: str, parent: str) -> Rule:
    def orphans(table: Table, parents: Mapping[str, Table]) -> Table:
        known = parents[parent].select(parent_id="id")
        return table.filter(table[name].notnull()).anti_join(known, [(name, "parent_id")])

    return Rule(name=f"{name} is an id of {parent}", columns=(name,), find=orphans)


WORDS = {
    "greater_than_or_equal_to": "{column} >= {min_value}",
    "less_than_or_equal_to": "{column} <= {max_value}",
    "greater_than": "{column} > {min_value}",
    "less_than": "{column} < {max_value}",
    "in_range": "{column} is between {min_value} and {max_value}",
    "isin": "{column} is one of {allowed_values}",
    "not_before": "{column} is not before {not_before}",
    "whole_month": "{column} is the first day of a month",
}


def _of_column(name: str, check: Check) -> Rule:
    facts = {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple | set) else value
        for key, value in (check.statistics or {}).items()
    }
    words = WORDS.get(check.name or "", "{column}: " + str(check.name))
    others = tuple(v for k, v in facts.items() if k == "not_before")

    def violated(table: Table) -> ir.BooleanColumn:
        return ~_verdict(check, table, name)

    return Rule(
        name=words.format(column=name, **facts),
        columns=(name, *others),
        severity="warn" if check.raise_warning else "error",
        violated=violated,
    )


def _of_table(check: Check, schema: pa.DataFrameSchema) -> Rule:
    blank = ibis.table({n: dtype_of_column(c) for n, c in schema.columns.items()}, name="blank")
    used = _verdict(check, blank, None).op().find(ops.Field)

    def violated(table: Table) -> ir.BooleanColumn:
        return ~_verdict(check, table, None)

    return Rule(
        name=str(check.description or check.name),
        columns=tuple(dict.fromkeys(f.name for f in used)),
        severity="warn" if check.raise_warning else "error",
        violated=violated,
    )


def dtype_of_column(c: Any) -> dt.DataType:
    """The Ibis type of a Pandera column."""
    return c.dtype.type


def _verdict(check: Check, table: Table, key: str | None) -> ir.BooleanColumn:
    # Pandera's own checks answer with a table that holds the verdict, ours with the verdict.
    verdict = check._check_fn(IbisData(table, key), **check._check_kwargs)
    if isinstance(verdict, ir.Table):
        (expression,) = verdict.op().values.values()
        verdict = expression.to_expr()
    if verdict.type().is_boolean():
        return verdict
    raise TypeError(f"the check {check.name} of {key or 'the table'} does not return a boolean")


def _family(dtype: dt.DataType) -> str:
    if dtype.is_numeric() and not dtype.is_boolean():
        return "number"
    if dtype.is_string() or dtype.is_uuid():
        return "text"
    return "instant" if dtype.is_timestamp() else type(dtype).__name__


def _cast(value: ir.Value, dtype: dt.DataType) -> ir.Value:
    same = value.type().copy(nullable=True) == dtype
    return value if same else value.cast(dtype)


def _may_not_fit(given: dt.DataType, wanted: dt.DataType) -> bool:
    """Whether a number of one type may be cut, rounded to a whole or refused by another."""
    if wanted.is_integer():
        return not given.is_integer()
    if not wanted.is_decimal() or given.is_integer():
        return False
    digits = _digits(given) if given.is_decimal() else None
    return digits is None or digits > _digits(wanted)


def _digits(dtype: dt.DataType) -> float:
    """Digits before the point; PostgreSQL's bare numeric has any number."""
    return float("inf") if dtype.precision is None else dtype.precision - (dtype.scale or 0)


def _conversion(c: Column) -> Rule:
    def misfit(table: Table) -> ir.BooleanColumn:
        value = table[c.name]
        limit = 10 ** _digits(c.dtype) if c.dtype.is_decimal() else 2.0**63
        fits = value.abs() < ibis.literal(float(limit), "float64")  # false for infinity
        if value.type().is_floating():
            fits &= ~value.isnan()
        if c.dtype.is_integer():
            fits &= value == value.round()
        return ~fits

    return Rule(name=f"{c.name} fits into {c.dtype}", columns=(c.name,), violated=misfit)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
