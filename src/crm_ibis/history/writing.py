"""Writes the versions of a history: ends, corrects and begins them, and archives old ones."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import ibis
import ibis.expr.datatypes as dt

from crm_ibis.contracts import models
from crm_ibis.history.diff import CHANGE, Differences, Known, literal


def write_versions(found: Differences) -> None:
    """Ends, corrects and begins versions; the others are not touched."""
    _bring_columns(found)
    _end_versions(found)
    _correct_versions(found)
    _begin_versions(found)


def _end_versions(found: Differences) -> None:
    if found.any_of("changed", "gone", "backwards"):
        found.warehouse.run(
            f"UPDATE {found.history} AS h SET valid_to = CASE WHEN x.{CHANGE} = 'changed' "
            f"THEN x.updated_at ELSE {found.moment} END {_from_current(found)} "
            f"AND x.{CHANGE} IN ('changed', 'gone', 'backwards')"
        )


def _correct_versions(found: Differences) -> None:
    quote = found.warehouse.quote
    if found.any_of("corrected", "earlier"):
        cells = ", ".join(f"{quote(c)} = {quote('x', c)}" for c in found.values)
        found.warehouse.run(
            f"UPDATE {found.history} AS h SET {cells} {_from_current(found)} "
            f"AND x.{CHANGE} IN ('corrected', 'earlier')"
        )


def _begin_versions(found: Differences) -> None:
    quote = found.warehouse.quote
    if found.any_of("new", "back", "changed", "backwards"):
        names = [*found.grain, *found.values]
        found.warehouse.run(
            f"INSERT INTO {found.history} ({', '.join(map(quote, names))}, valid_from) "
            f"SELECT {', '.join(quote('x', c) for c in names)}, "
            f"CASE WHEN x.{CHANGE} IN ('back', 'backwards') THEN {found.moment} "
            f"ELSE x.updated_at END FROM {found.table} AS x "
            f"WHERE x.{CHANGE} IN ('new', 'back', 'changed', 'backwards')"
        )


def _from_current(found: Differences) -> str:
    """What joins the changes with the current versions."""
    return f"FROM {found.table} AS x WHERE {found.same('x', 'h')} AND h.valid_to IS NULL"


def _bring_columns(found: Differences) -> None:
    """Creates the table, or gives it the columns that the KPI has gained."""
    schema = found.warehouse.analytics
    wanted = {c: t.copy(nullable=True) for c, t in found.given.schema().items()}
    wanted |= {c: found.contract.schema[c] for c in models.VALIDITY}
    if not found.columns:
        _create(found, found.snapshot.name, wanted)
        found.warehouse.add_unique(found.snapshot.name, "current", found.grain, "valid_to IS NULL")
    else:
        added = {c: t for c, t in wanted.items() if c not in found.columns}
        found.warehouse.add_column(schema, found.snapshot.name, ibis.schema(added))
    found.columns = {**found.columns, **wanted}


def move_to_archive(found: Differences, known: Known, as_of: datetime) -> int:
    """Moves versions that ended longer ago than the retention; how many."""
    schema = found.warehouse.analytics
    ends = [end for end in (known.first_end, found.first_change) if end]
    age = as_of - min(ends, default=as_of)
    if age <= timedelta(days=found.snapshot.retention_days):
        return 0
    limit = as_of - timedelta(days=found.snapshot.retention_days)
    if not found.archive:
        _create(found, found.snapshot.archive, found.columns)
    else:
        added = {c: t for c, t in found.columns.items() if c not in found.archive}
        found.warehouse.add_column(schema, found.snapshot.archive, ibis.schema(added))
    names = ", ".join(map(found.warehouse.quote, found.columns))
    old = f"FROM {found.history} WHERE valid_to < {literal(limit)}"
    archive = found.warehouse.quote(schema, found.snapshot.archive)
    moved = found.warehouse.run(f"INSERT INTO {archive} ({names}) SELECT {names} {old}")
    found.warehouse.run(f"DELETE {old}")
    return moved


def _create(found: Differences, name: str, columns: Mapping[str, dt.DataType]) -> None:
    found.warehouse.ensure_schema(found.warehouse.analytics)
    found.warehouse.create_table(found.warehouse.analytics, name, ibis.schema(columns))
    found.warehouse.add_unique(name, "grain", found.contract.key)
    found.warehouse.grant_read(name)
