"""Reading the history of a KPI: as it stood at an instant, or every version of a row."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from ibis import Table

from crm_ibis.config.declarations import Snapshot, snapshots
from crm_ibis.contracts import models
from crm_ibis.contracts.models import Contract
from crm_ibis.errors import DataError, UsageError, near_match
from crm_ibis.expressions import instant
from crm_ibis.warehouse import Warehouse


def get_snapshot(name: str) -> Snapshot:
    """A declared snapshot; raises UsageError with a near match when there is none."""
    known = snapshots()
    if name not in known:
        raise UsageError(
            f'there is no snapshot "{name}"{near_match(name, known)}; there are {", ".join(known)}'
        )
    return known[name]


def as_it_stood(
    warehouse: Warehouse, name: str, as_of: datetime, key: Mapping[str, Any] | None = None
) -> Table:
    """A KPI as its snapshot says that it stood at an instant (UTC), the archive included.

    A row per key of the KPI: its columns, with `valid_from` and `valid_to` of the version that
    held then. Empty for an instant before the first version. `key` and errors as in `versions`.
    """
    found = versions(warehouse, name, key)
    at = instant(as_of)
    return found.filter(
        (found.valid_from <= at) & (found.valid_to.isnull() | (found.valid_to > at))
    )


def versions(warehouse: Warehouse, name: str, key: Mapping[str, Any] | None = None) -> Table:
    """All versions that a snapshot and its archive hold, or those of the rows with a key.

    `key` gives values of some or all key columns of the KPI, as they are or as text. A column that
    the KPI gained later is null in earlier versions, one that it lost in later ones. Raises
    UsageError for an unknown snapshot or key column, DataError when nothing was recorded yet.
    """
    found = recorded_versions(warehouse, get_snapshot(name))
    if found is None:
        raise DataError(f"nothing is recorded in {name} yet; run crm-ibis snapshot {name}")
    conditions = _conditions(found, key or {}, models.get_contract(name))
    return found.filter(*conditions) if conditions else found


def versions_or_none(warehouse: Warehouse, name: str) -> Table:
    """All versions in the columns of the snapshot's contract; no row before the first merge."""
    found = recorded_versions(warehouse, get_snapshot(name))
    schema = models.get_contract(name).schema
    if found is None:
        nothing = {c: ibis.null(dtype) for c, dtype in schema.items()}
        one = ibis.literal(1).name("one").as_table()
        return one.select(**nothing).filter(ibis.literal(False))
    return _with_columns(found, schema).select(*schema)


def tables_of(warehouse: Warehouse, name: str) -> list[str]:
    """The tables that hold a snapshot's versions: itself and its archive, where they are there."""
    snapshot = get_snapshot(name)
    there = warehouse.tables(warehouse.analytics)
    return [table for table in (snapshot.name, snapshot.archive) if table in there]


def recorded_versions(
    warehouse: Warehouse, snapshot: Snapshot, only: Iterable[str] = ()
) -> Table | None:
    """All versions in a snapshot and its archive, or `only` some columns; None without either."""
    contract = models.get_contract(snapshot.name)
    parts = {
        name: columns
        for name in (snapshot.name, snapshot.archive)
        if (columns := columns_of(warehouse, name, contract))
    }
    every = {c: t for columns in parts.values() for c, t in columns.items()}
    names = list(only) or [c for c in every if c not in models.VALIDITY]
    names = list(dict.fromkeys([*names, *models.VALIDITY]))
    tables = [
        _with_columns(warehouse.table(warehouse.analytics, name), every).select(*names)
        for name in parts
    ]
    return ibis.union(*tables) if len(tables) > 1 else next(iter(tables), None)


@dataclass(frozen=True)
class Span:
    """The instants between which a snapshot and its archive know what held."""

    first: datetime
    newest: datetime

    def side_of(self, moment: datetime) -> str:
        """Where an instant lies: `before` the first version, `after` the newest, or `within`."""
        if moment < self.first:
            return "before"
        return "after" if moment >= self.newest else "within"


def span(warehouse: Warehouse, snapshot: Snapshot) -> Span | None:
    """From the first version to the newest begin or end of one; None without any version."""
    contract = models.get_contract(snapshot.name)
    firsts = []
    newest = []
    for name in (snapshot.name, snapshot.archive):
        if columns_of(warehouse, name, contract):
            ((began, *ends),) = warehouse.fetch(
                "SELECT min(valid_from), max(valid_from), max(valid_to) "
                f"FROM {warehouse.quote(warehouse.analytics, name)}"
            )
            firsts += [began] if began else []
            newest += [end for end in ends if end]
    return Span(min(firsts), max(newest)) if firsts else None


def sort_versions(found: Table, name: str) -> Table:
    """Versions ordered by key, then by time."""
    return found.order_by(list(models.get_contract(name).key))


def key_of(name: str, text: str) -> dict[str, str]:
    """`facility_id=fac_001,month=2024-01-01` as a key of a snapshot; commas in values are kept.

    Raises UsageError when the text is none.
    """
    known = models.get_contract(get_snapshot(name).kpi).key
    parts = re.split(rf",\s*(?=(?:{'|'.join(map(re.escape, known))})=)", text.strip())
    key = dict(part.split("=", 1) for part in parts if "=" in part)
    if len(key) < len(parts):
        raise UsageError(
            f"cannot read the key {text!r}; give {','.join(f'{c}=...' for c in known)}, or some of "
            "it, each column once"
        )
    return key


def columns_of(warehouse: Warehouse, name: str, contract: Contract) -> dict[str, dt.DataType]:
    """The columns of a snapshot or archive; none when there is no such table.

    Raises DataError when it is none of ours or no longer fits its KPI.
    """
    if name not in warehouse.tables(warehouse.analytics):
        return {}
    if not warehouse.is_table(warehouse.analytics, name):
        raise DataError(
            f"{warehouse.analytics}.{name} is a view, where a history is kept; rename the view"
        )
    schema = warehouse.table(warehouse.analytics, name).schema()
    models.check_history(name, schema, contract)
    return {c: t.copy(nullable=True) for c, t in schema.items()}


def _with_columns(table: Table, wanted: Mapping[str, dt.DataType]) -> Table:
    missing = {c: ibis.null(t) for c, t in wanted.items() if c not in table.columns}
    return table.mutate(**missing) if missing else table


def _conditions(table: Table, key: Mapping[str, Any], contract: Contract) -> list[Any]:
    known = contract.key[:-1]
    if unknown := [c for c in key if c not in known]:
        raise UsageError(
            f"{contract.name} has no key column {unknown[0]}{near_match(unknown[0], known)}; "
            f"its key is {', '.join(known)}"
        )
    return [table[c] == _value(c, value, contract.schema[c]) for c, value in key.items()]


def _value(column: str, given: Any, dtype: dt.DataType) -> Any:
    """A value as a literal; text is read strictly, as Ibis would take `January` for a date."""
    try:
        if isinstance(given, str) and dtype.is_temporal():
            given = datetime.fromisoformat(given)
        if isinstance(given, datetime) and dtype.is_date():
            given = given.date()
        return ibis.literal(given, dtype)
    except (TypeError, ValueError):
        raise UsageError(f"{column}={given} is not a {dtype}") from None
