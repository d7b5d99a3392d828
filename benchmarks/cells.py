"""Whether what the package published equals what was computed by hand, cell by cell.

    python -m benchmarks.cells duckdb://crm.duckdb health_scores ...

compares the schemas `bench_kpis` and `bench_by_hand` and exits 1 when they differ.
"""

import argparse
from collections.abc import Iterable

from benchmarks.databases import BY_HAND, settings_of

from crm_ibis.contracts.contract import Column, Contract
from crm_ibis.contracts.models import get_contract
from crm_ibis.warehouse import Warehouse, open_warehouse
from crm_ibis.warehouse.base import Row

TOLERANCE = "1e-9"
"""Of floats: the hand-written queries add and divide in another order."""


def differences(warehouse: Warehouse, schema: str, name: str) -> list[str]:
    """A line for each column of a table that differs from the one of the same name in a schema."""
    contract = get_contract(name)
    there = warehouse.table(schema, name).columns
    if missing := [c.name for c in contract.values if c.name not in there]:
        return [f"{name}: the SQL by hand lacks {', '.join(missing)}; add it in hand_written/"]
    total, unmatched, *cells = _count(warehouse, schema, contract)
    if not total:
        return [f"{name}: no row at all"]
    ours, theirs = (_rows(warehouse, each, name) for each in (warehouse.analytics, schema))
    if ours != theirs:
        return [f"{name}: {ours:,} rows, and {theirs:,} by hand"]
    if unmatched:
        return [f"{name}: {unmatched:,} of {total:,} rows are on one side only"]
    wrong = zip(contract.values, cells, strict=True)
    return [f"{name}.{c.name}: {n:,} of {total:,} cells differ" for c, n in wrong if n]


def _rows(warehouse: Warehouse, schema: str, name: str) -> int:
    ((rows,),) = warehouse.fetch(f"SELECT count(*) FROM {warehouse.quote(schema, name)}")
    return int(rows)


def _count(warehouse: Warehouse, schema: str, contract: Contract) -> Row:
    """All rows of both sides, those without a partner, and the unequal cells of each column."""
    first = contract.key[0]
    alone = f"o.{first} IS NULL OR h.{first} IS NULL"
    cells = ", ".join(f"count(*) FILTER (WHERE {_differs(c)})" for c in contract.values)
    (row,) = warehouse.fetch(
        f"SELECT count(*), count(*) FILTER (WHERE {alone}), {cells} "
        f"FROM {warehouse.quote(warehouse.analytics, contract.name)} AS o "
        f"FULL JOIN {warehouse.quote(schema, contract.name)} AS h "
        f"ON {' AND '.join(f'o.{c} = h.{c}' for c in contract.key)}"
    )
    return row


def _differs(column: Column) -> str:
    ours = f"o.{column.name}"
    theirs = f"h.{column.name}"
    if not column.dtype.is_floating():
        return f"{ours} IS DISTINCT FROM {theirs}"
    null = f"({ours} IS NULL) <> ({theirs} IS NULL)"
    return f"{null} OR abs({ours} - {theirs}) > {TOLERANCE}"


def all_differences(warehouse: Warehouse, schema: str, names: Iterable[str]) -> list[str]:
    """The differences of several tables."""
    return [line for name in names for line in differences(warehouse, schema, name)]


def main() -> None:
    """Reads the command line and compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("tables", nargs="+")
    given = parser.parse_args()
    with open_warehouse(settings_of(given.url)) as warehouse:
        if lines := all_differences(warehouse, BY_HAND, given.tables):
            raise SystemExit("\n".join(["not equal to what was computed by hand:", *lines]))


if __name__ == "__main__":
    main()
