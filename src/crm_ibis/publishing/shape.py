"""Whether published tables are as their contracts have them: looked at before a run does its work.

What is wrong with a table's columns, grain or rights would else be found out at the end of a run,
when all of it is computed and has to be thrown away.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crm_ibis.config.declarations import Snapshot
from crm_ibis.contracts import models
from crm_ibis.contracts.models import Contract
from crm_ibis.errors import DataError
from crm_ibis.history import reader
from crm_ibis.warehouse import Warehouse


@dataclass(frozen=True)
class Columns:
    """How the columns of a published table differ from its contract's."""

    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def check_shapes(warehouse: Warehouse, names: Iterable[str], to_write: bool) -> None:
    """Raises one DataError with all that keeps the named results from being published.

    Call it outside the run's transaction, which is to see the sources as they are when it begins.
    `to_write` asks for the rights to write, too; what it tries out, it undoes.
    """
    there = warehouse.tables(warehouse.analytics)
    problems = []
    for name in names:
        contract = models.get_contract(name)
        try:
            if name in there:
                _check(warehouse, contract, to_write)
            elif to_write:
                _refuse_without(name, warehouse.rights_to_create())
        except DataError as problem:
            problems.append(str(problem))
    if problems:
        raise DataError("\n".join(dict.fromkeys(problems)))


def preflight_histories(warehouse: Warehouse, snapshots: Iterable[Snapshot]) -> None:
    """Raises one DataError with all that keeps KPIs from being merged into their histories."""
    problems = []
    for snapshot in snapshots:
        contract = models.get_contract(snapshot.name)
        for name in (snapshot.name, snapshot.archive):
            try:
                reader.columns_of(warehouse, name, contract)
            except DataError as problem:
                problems.append(str(problem))
    if problems:
        raise DataError("\n".join(problems))


def columns_of(warehouse: Warehouse, contract: Contract) -> Columns:
    """How the columns of a table that is there differ; DataError where it cannot be published."""
    name = f"{warehouse.analytics}.{contract.name}"
    if not warehouse.is_table(warehouse.analytics, contract.name):
        raise DataError(f"{name} is a view, where a table is published; rename the view")
    there = warehouse.table(warehouse.analytics, contract.name).schema()
    wanted = contract.schema
    for column in wanted:
        if column in there and there[column].copy(nullable=True) != wanted[column]:
            raise DataError(
                f"column {column} of {name} is {there[column]} in the database, but "
                f"{wanted[column]} in the contract; convert the column or drop the table, "
                "then refresh again"
            )
    missing = [c for c in contract.key if c not in there]
    if missing or "updated_at" not in there:
        raise DataError(
            f"{name} lacks the column {', '.join(missing) or 'updated_at'}, so it was not "
            "published by this program, or its grain changed; rename or drop it, then refresh "
            "again"
        )
    return Columns(
        added=tuple(c for c in wanted if c not in there),
        dropped=tuple(c for c in there if c not in wanted),
    )


def _check(warehouse: Warehouse, contract: Contract, to_write: bool) -> None:
    columns = columns_of(warehouse, contract)
    _refuse_another_grain(warehouse, contract)
    if to_write:
        alters = bool(columns.added or columns.dropped)
        _refuse_without(contract.name, warehouse.rights_to_write(contract.name, alters))
    for column in columns.dropped:
        warehouse.refuse_dependents(
            warehouse.analytics,
            contract.name,
            column,
            warehouse.would_break(warehouse.analytics, contract.name, column),
        )


def _refuse_another_grain(warehouse: Warehouse, contract: Contract) -> None:
    """Raises DataError where a table has several rows per key, or an index of another key."""
    name = f"{warehouse.analytics}.{contract.name}"
    key = set(contract.key)
    unique = warehouse.unique_indexes(contract.name)
    former = unique.get(f"{contract.name}_grain")
    if former and not key <= former:
        raise DataError(
            f"{name} was published with another grain, {', '.join(sorted(former))}; rename or "
            "drop it, then refresh again"
        )
    if any(columns <= key for columns in unique.values()):
        return
    keys = ", ".join(warehouse.quote(c) for c in contract.key)
    table = warehouse.quote(warehouse.analytics, contract.name)
    if warehouse.fetch(f"SELECT 1 FROM {table} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"):
        raise DataError(
            f"{name} has several rows per {', '.join(contract.key)}, so it was published with "
            "another grain; rename or drop it, then refresh again"
        )


def _refuse_without(name: str, missing: list[str]) -> None:
    if missing:
        raise DataError(f"{name} cannot be published: the user lacks {', '.join(missing)}")
