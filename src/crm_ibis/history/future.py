"""What a clock that was ahead wrote into a history, taken back."""

from crm_ibis.config.declarations import Snapshot
from crm_ibis.contracts import models
from crm_ibis.history import reader
from crm_ibis.history.diff import literal
from crm_ibis.warehouse import Warehouse


def undo_future_with(name: str) -> str:
    """How a history gets rid of what a clock that was ahead wrote into it, in words."""
    return f"a clock was ahead. crm-ibis snapshot {name} --undo-future takes that back"


def undo_future(warehouse: Warehouse, snapshot: Snapshot) -> int:
    """Takes back what begins or ends after the database's now; the number of versions concerned.

    Versions that begin later are deleted, and those that end later are current again: the history
    is what it says that held now. Call inside the run's transaction.
    """
    contract = models.get_contract(snapshot.name)
    moment = literal(warehouse.now())
    there = reader.columns_of(warehouse, snapshot.name, contract)
    archived = reader.columns_of(warehouse, snapshot.archive, contract)
    current = warehouse.quote(warehouse.analytics, snapshot.name)
    archive = warehouse.quote(warehouse.analytics, snapshot.archive)
    concerned = 0
    for table in [current] * bool(there) + [archive] * bool(archived):
        concerned += warehouse.run(f"DELETE FROM {table} WHERE valid_from > {moment}")
    if archived:
        names = ", ".join(map(warehouse.quote, archived))
        later = f"FROM {archive} WHERE valid_to > {moment}"
        warehouse.run(f"INSERT INTO {current} ({names}) SELECT {names} {later}")
        warehouse.run(f"DELETE {later}")
    if there:
        concerned += warehouse.run(
            f"UPDATE {current} SET valid_to = NULL WHERE valid_to > {moment}"
        )
    return concerned
