"""Loads the sample data of seeds/ into the raw schema."""

from collections.abc import Callable
from csv import reader
from pathlib import Path

from ibis import Schema

from crm_ibis import content
from crm_ibis.contracts import Contract, contracts
from crm_ibis.errors import DatabaseError, DataError
from crm_ibis.warehouse import Warehouse

MARK = "loaded by crm-ibis seed"
"""The comment on every table that `seed` made: it belongs to nobody else."""


def load_seeds(
    warehouse: Warehouse, force: bool = False, report: Callable[[str], None] = lambda line: None
) -> dict[str, int]:
    """Replaces the raw tables by the seeds, all in one transaction; rows per table.

    Raises DataError when a raw table is not one that `seed` made, unless `force`.
    """
    sources = [c for c in contracts().values() if c.kind == "source"]
    files = {c.name: content.path("seeds", f"{c.name}.csv") for c in sources}
    loaded = {}
    with warehouse.lock(lambda: "another run"), warehouse.transaction():
        warehouse.ensure_schema(warehouse.raw)
        there = warehouse.tables(warehouse.raw)
        foreign = [
            c.name
            for c in sources
            if c.name in there and warehouse.remark(warehouse.raw, c.name) != MARK
        ]
        if foreign and not force:
            listed = ", ".join(f"{warehouse.raw}.{name}" for name in foreign)
            raise DataError(
                f"{listed} was not loaded by `seed` and will not be overwritten; seed another "
                "database, name another schema with CRM_IBIS_RAW_SCHEMA, or use --force"
            )
        for contract in sources:
            _replace(warehouse, contract, files[contract.name], contract.name in there)
            table = warehouse.quote(warehouse.raw, contract.name)
            ((loaded[contract.name],),) = warehouse.fetch(f"SELECT count(*) FROM {table}")
            report(f"loaded {warehouse.raw}.{contract.name}: {loaded[contract.name]} rows")
    return loaded


def _replace(warehouse: Warehouse, contract: Contract, file: Path, there: bool) -> None:
    table = warehouse.quote(warehouse.raw, contract.name)
    columns = _header(file, contract)
    schema = _schema(contract, columns)
    if there and _fits(warehouse, contract.name, schema):
        # Emptied rather than dropped, so that grants and views on it survive.
        warehouse.run(f"DELETE FROM {table}")
    else:
        if there:
            is_table = warehouse.is_table(warehouse.raw, contract.name)
            warehouse.run(f"DROP {'TABLE' if is_table else 'VIEW'} {table}")
        warehouse.create_table(warehouse.raw, contract.name, schema)
        warehouse.run(f"COMMENT ON TABLE {table} IS '{MARK}'")
    try:
        warehouse.load_csv(warehouse.raw, contract.name, columns, file)
    except DatabaseError as error:
        raise DataError(f"{file} does not fit its contract, nothing was loaded: {error}") from None


def _schema(contract: Contract, columns: list[str]) -> Schema:
    """The table's columns: those that the file lacks are null, unless the contract says that a
    missing one is not."""
    undecided = contract.undecided(columns)
    return contract.schema_of(name for name in contract.schema if name not in undecided)


def _fits(warehouse: Warehouse, name: str, schema: Schema) -> bool:
    there = warehouse.table(warehouse.raw, name).schema()
    same_types = {n: t.copy(nullable=True) for n, t in there.items()} == dict(schema)
    return same_types and warehouse.remark(warehouse.raw, name) == MARK


def _header(file: Path, contract: Contract) -> list[str]:
    with file.open(encoding="utf-8", newline="") as lines:
        columns = next(reader(lines), [])
    required = {c.name for c in contract.columns if not c.nullable}
    if not required <= set(columns) <= set(contract.schema):
        raise DataError(
            f"{file} has the columns {', '.join(columns)}; "
            f"the contract of {contract.name} has {', '.join(contract.schema)}"
        )
    return columns
