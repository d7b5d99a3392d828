"""What the database itself says of published tables: comments from docstrings and contracts.

BI tools show them. A comment that somebody else wrote is left alone: the meta schema keeps what was
written from here, and only that is brought in line when a contract's text changes.
"""

from typing import NamedTuple

from crm_ibis.config.declarations import snapshots
from crm_ibis.contracts import models
from crm_ibis.contracts.models import Contract
from crm_ibis.metrics.describe import meaning
from crm_ibis.runlog import layout
from crm_ibis.warehouse import Warehouse


class Place(NamedTuple):
    """A table, or a column of it."""

    table: str
    column: str = ""


def update_comments(warehouse: Warehouse) -> int:
    """Writes the comments that are missing or out of date; how many. Call in a transaction."""
    wanted = _wanted(warehouse)
    found = {Place(table, column): text for table, column, text in warehouse.comments()}
    if all(found.get(place) == text for place, text in wanted.items() if place in found):
        return 0
    ours = _ours(warehouse)
    changed = {
        place: text
        for place, text in wanted.items()
        if place in found and found[place] != text and found[place] in (None, ours.get(place))
    }
    for place, text in changed.items():
        warehouse.comment(place.table, place.column, text)
    _remember(warehouse, changed)
    return len(changed)


def commented_tables(warehouse: Warehouse) -> dict[str, Contract]:
    """The published tables, snapshots and archives that are there, with their contracts."""
    found = {c.name: c for c in models.contracts().values() if c.kind == "published"}
    for name, contract in models.histories().items():
        found |= dict.fromkeys((name, snapshots()[name].archive), contract)
    there = warehouse.tables(warehouse.analytics)
    return {name: contract for name, contract in found.items() if name in there}


def _wanted(warehouse: Warehouse) -> dict[Place, str]:
    wanted = {}
    for name, contract in commented_tables(warehouse).items():
        archived = name != contract.name and contract.kind == "snapshot"
        archive_meaning = f"Versions of {contract.name} that ended long ago." if archived else None
        wanted[Place(name)] = archive_meaning or meaning(contract)
        wanted |= {Place(name, c.name): c.description for c in contract.columns}
    return {place: text for place, text in wanted.items() if text}


def _ours(warehouse: Warehouse) -> dict[Place, str]:
    log = layout.log_table(warehouse, "comments")
    found = warehouse.fetch(f"SELECT table_name, column_name, comment FROM {log}")
    return {Place(table, column): text for table, column, text in found}


def _remember(warehouse: Warehouse, written: dict[Place, str]) -> None:
    log = layout.log_table(warehouse, "comments")
    for table in {place.table for place in written}:
        places = {place: text for place, text in written.items() if place.table == table}
        marks = ", ".join("?" * len(places))
        columns = [place.column for place in places]
        warehouse.run(
            f"DELETE FROM {log} WHERE table_name = ? AND column_name IN ({marks})",
            [table, *columns],
        )
        rows = ", ".join("(?, ?, ?)" for _ in places)
        values = [value for place, text in places.items() for value in (*place, text)]
        warehouse.run(f"INSERT INTO {log} (table_name, column_name, comment) VALUES {rows}", values)
