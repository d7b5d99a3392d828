"""Rows of a published table or source, for reading."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from crm_ibis.config.reporting import Basis
from crm_ibis.contracts.models import Contract, get_contract
from crm_ibis.errors import DatabaseError, UsageError, near_match
from crm_ibis.runlog.publications import publications
from crm_ibis.sources import spec
from crm_ibis.sources.check import read_sources
from crm_ibis.sources.resolve import places
from crm_ibis.warehouse import Place, Warehouse


@dataclass(frozen=True)
class Choice:
    """Which rows of a table are shown, and how."""

    where: str | None = None
    """An SQL condition on the columns that may be shown."""
    columns: Sequence[str] = ()
    """All that may be shown, if none are named."""
    sort: Sequence[str] = ()
    """Columns, descending ones with a `-` before them; as people read the table, if none."""
    limit: int = 20


def rows_of(warehouse: Warehouse, name: str, choice: Choice = Choice()) -> list[dict[str, Any]]:
    """The first rows of a published table or source, without private columns; nulls come last.

    Raises UsageError for an unknown table or column, and for a condition that is none,
    DatabaseError when the table is not there.
    """
    contract = get_contract(name.removeprefix(f"{warehouse.raw}."))

    def read_tables() -> set[Place]:
        if contract.kind == "source":
            return places(warehouse, [contract.name])
        return {(warehouse.analytics, contract.name)}

    with warehouse.reading(read_tables):
        return _rows_of(warehouse, contract, choice)


def basis_of(warehouse: Warehouse, name: str) -> list[str]:
    """What the months and amounts of a published table are of, in words.

    Nothing of what it has none of, of months in UTC, and where nobody says it, or the run log may
    not be read.
    """
    contract = get_contract(name.removeprefix(f"{warehouse.raw}."))
    if contract.kind == "source":
        return []
    try:
        found = publications(warehouse).get(contract.name)
    except DatabaseError:
        return []
    basis = found["basis"] if found else Basis()
    months = f"months of {basis.months}" if contract.has_months and basis.months else None
    amounts = f"amounts in {basis.amounts}" if contract.has_money and basis.amounts else None
    return [words for words in (months, amounts) if words]


def foremost_columns(warehouse: Warehouse, name: str) -> list[str]:
    """The columns of a table that people need first; none where all are alike."""
    return get_contract(name.removeprefix(f"{warehouse.raw}.")).foremost


def _rows_of(warehouse: Warehouse, contract: Contract, choice: Choice) -> list[dict[str, Any]]:
    if contract.kind == "source" and spec.load_spec().of(contract.name).is_mapped:
        mapped = read_sources(warehouse, [contract.name])[contract.name]
        return _rows(warehouse, contract, f"({warehouse.compile(mapped)}) AS q", choice)
    schema = warehouse.raw if contract.kind == "source" else warehouse.analytics
    if contract.name not in warehouse.tables(schema):
        # By its name, as a plain refresh leaves out facts that no job publishes.
        remedy = f"crm-ibis refresh {contract.name}"
        if contract.is_optional:
            raise DatabaseError(f"there is no table {schema}.{contract.name}, which is optional")
        if contract.kind == "source":
            remedy = "crm-ibis seed"
        raise DatabaseError(f"there is no table {schema}.{contract.name} yet; run {remedy}")
    there = warehouse.table(schema, contract.name).columns
    place = warehouse.quote(schema, contract.name)
    return _rows(warehouse, contract, place, choice, there)


def _rows(
    warehouse: Warehouse,
    contract: Contract,
    place: str,
    choice: Choice,
    there: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Rows of a table or subquery that has the columns of a contract, or those that are there."""
    known = [c for c in contract.columns if there is None or c.name in there]
    columns = [c.name for c in known if not c.private]
    chosen = list(dict.fromkeys(choice.columns)) or columns
    _refuse_unknown("--columns", chosen, columns)
    _refuse_unknown("--sort", [c.removeprefix("-") for c in choice.sort], columns)
    where = choice.where
    condition = f" WHERE {_condition(where, columns, warehouse.dialect)}" if where else ""
    usual = [c for c in contract.order if c.removeprefix("-") in columns]
    order = ", ".join(_ordered(warehouse, column) for column in [*choice.sort, *usual])
    listed = ", ".join(warehouse.quote(c) for c in chosen)
    query = f"SELECT {listed} FROM {place}{condition} ORDER BY {order} LIMIT {choice.limit:d}"
    try:
        return [dict(zip(chosen, row, strict=True)) for row in warehouse.fetch(query)]
    except DatabaseError as error:
        if where is None:
            raise
        raise UsageError(f"cannot use --where {where!r}: {error}") from None


def _refuse_unknown(option: str, named: Iterable[str], columns: Sequence[str]) -> None:
    for name in named:
        if name not in columns:
            raise UsageError(
                f'{option}: no column "{name}" is shown{near_match(name, columns)}; there are '
                f"{', '.join(columns)}"
            )


def _ordered(warehouse: Warehouse, column: str) -> str:
    name = column.removeprefix("-")
    direction = "ASC" if name == column else "DESC"
    return f"{warehouse.quote(name)} {direction} NULLS LAST"


def _condition(where: str, columns: list[str], dialect: str) -> str:
    """The condition written anew: one expression over the columns shown and nothing else.

    So it cannot bring out what is private, by a subquery, a union, a comment or an error.
    """
    try:
        condition = sqlglot.condition(where, dialect=dialect)
    except sqlglot.errors.SqlglotError as error:
        gist = str(error).splitlines()[0].split(" into <class")[0]
        raise UsageError(
            f"cannot use --where {where!r}: {gist}; give one SQL condition, such as "
            "\"facility_id = 'fac_001'\""
        ) from None
    foreign = condition.find(exp.Query, exp.Columns, exp.Star, exp.Anonymous)
    if foreign is not None:
        raise UsageError(
            f"cannot use --where {where!r}: {foreign.sql(dialect, comments=False)} may not stand "
            "in it; give a condition on the table's columns"
        )
    for column in condition.find_all(exp.Column):
        if column.name not in columns or column.table:
            raise UsageError(
                f"cannot use --where {where!r}: no column {column.sql(comments=False)} is shown"
                f"{near_match(column.name, columns)}; there are {', '.join(columns)}"
            )
    return f"({condition.sql(dialect, comments=False)})"
