"""Drawn sources in the raw schema of a database, and published tables read back."""

from typing import Any

from crm_ibis.contracts.models import contracts
from crm_ibis.testing.drawing import source_rows
from crm_ibis.warehouse import Warehouse


def store(warehouse: Warehouse, **sources: str) -> None:
    """Makes all raw tables: those drawn with their rows, facilities with f1, the others empty.

    Optional ones only where they are drawn.
    """
    sources.setdefault("facilities", "id\nf1")
    with warehouse.transaction():
        warehouse.ensure_schema(warehouse.raw)
        for contract in contracts().values():
            wanted = contract.name in sources or not contract.is_optional
            if contract.kind == "source" and wanted:
                warehouse.create_table(warehouse.raw, contract.name, contract.schema)
                slots = ", ".join("?" for _ in contract.columns)
                place = warehouse.quote(warehouse.raw, contract.name)
                insert = f"INSERT INTO {place} VALUES ({slots})"
                for row in source_rows(contract.name, sources.get(contract.name, "id")):
                    warehouse.run(insert, list(row.values()))


def read(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    """The rows of a published table, ordered by its key."""
    table = warehouse.table(warehouse.analytics, name)
    return warehouse.rows(table.order_by(list(contracts()[name].key)))
