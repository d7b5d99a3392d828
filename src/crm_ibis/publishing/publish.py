"""Merging a checked result into its published table: only rows whose values changed are touched.

Published tables are ordinary tables that stay: grants, indexes, views and open readers survive.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis

from crm_ibis.config.declarations import MASS_CHANGE_MIN_ROWS
from crm_ibis.contracts.models import Contract
from crm_ibis.errors import MassRemoval
from crm_ibis.publishing import shape
from crm_ibis.publishing.shape import Columns
from crm_ibis.warehouse import Warehouse
from crm_ibis.warehouse.base import STAGED

PREVIEW_ROWS = 5


@dataclass(frozen=True)
class Changes:
    """How a result differs from what is published, in rows."""

    rows: int
    new: int
    changed: int
    gone: int
    filled: int = 0
    """Rows in which only volatile or newly added columns differ: written, but not as a change."""

    @property
    def published(self) -> int:
        """Rows that are published now."""
        return self.rows - self.new + self.gone


def refuse_mass_removal(excess: Mapping[str, str]) -> None:
    """Raises MassRemoval when there are tables that would lose too many rows."""
    if excess:
        raise MassRemoval(
            f"{'; '.join(excess.values())}. Nothing was published, because an emptied source looks "
            "the same. Check the sources (crm-ibis sources); if the rows are really gone: "
            f"crm-ibis refresh {' '.join(excess)} --allow-mass-removal",
            excess,
        )


class Publication:
    """One staged result against its published table, inside the run's transaction."""

    def __init__(self, warehouse: Warehouse, contract: Contract, restated: bool = False) -> None:
        """`restated`: what is published is of another basis, so that all rows count as changed."""
        self.warehouse = warehouse
        self.contract = contract
        self.restated = restated
        self.exists = contract.name in warehouse.tables(warehouse.analytics)
        self.columns = shape.columns_of(warehouse, contract) if self.exists else Columns()
        self.published = warehouse.quote(warehouse.analytics, contract.name)
        self.staged = warehouse.quote(STAGED + contract.name)
        self.values = [c.name for c in contract.values if c.name not in contract.key]
        quiet = {c.name for c in contract.columns if c.volatile} | set(self.columns.added)
        self.compared = [c for c in self.values if c not in quiet]
        self.quiet = [c for c in self.values if c in quiet]
        self.same_key = " AND ".join(f"{self._s(c)} = {self._p(c)}" for c in contract.key)

    def changes(self) -> Changes:
        """Counts new, changed and gone rows without writing anything."""
        key = self.contract.key[0]
        if not self.exists:
            ((rows,),) = self.warehouse.fetch(f"SELECT count(*) FROM {self.staged}")
            return Changes(rows=rows, new=rows, changed=0, gone=0)
        both = f"{self._s(key)} IS NOT NULL AND {self._p(key)} IS NOT NULL"
        changed = self._changed()
        filled = self._differs([c for c in self.quiet if c not in self.columns.added])
        if self.columns.added:
            filled = "TRUE"
        (counts,) = self.warehouse.fetch(
            f"SELECT count({self._s(key)}), "
            f"count(*) FILTER (WHERE {self._p(key)} IS NULL), "
            f"count(*) FILTER (WHERE {both} AND ({changed})), "
            f"count(*) FILTER (WHERE {self._s(key)} IS NULL), "
            f"count(*) FILTER (WHERE {both} AND NOT ({changed}) AND ({filled})) "
            f"FROM {self.staged} AS s FULL JOIN {self.published} AS p ON {self.same_key}"
        )
        return Changes(*counts)

    def excess(self, changes: Changes, allowed_pct: float, settled: int = 0) -> str | None:
        """That more rows would go than may at once, in words; nothing when they are few enough.

        `settled` rows go for a reason that their source gives, and count as if they stayed.
        """
        before = changes.published
        removed = changes.gone - settled
        if before < MASS_CHANGE_MIN_ROWS or 100 * removed <= allowed_pct * before:
            return None
        return (
            f"{self.contract.name}: {removed:,} of its {before:,} published rows would be "
            f"removed, more than the {allowed_pct:g} % that may go at once"
        )

    def preview(self) -> list[dict[str, Any]]:
        """The first few changed rows: key, and old and new value of each column that differs."""
        if not self.exists:
            return []
        key = list(self.contract.key)
        columns = ", ".join(
            [self._s(c) for c in key]
            + [f"{side(c)}" for c in self.compared for side in (self._p, self._s)]
        )
        found = self.warehouse.fetch(
            f"SELECT {columns} FROM {self.staged} AS s JOIN {self.published} AS p "
            f"ON {self.same_key} WHERE {self._differs(self.compared)} "
            f"ORDER BY {', '.join(self._s(c) for c in key)} LIMIT {PREVIEW_ROWS}"
        )
        rows = []
        for row in found:
            pairs = zip(row[len(key) :: 2], row[len(key) + 1 :: 2], strict=True)
            cells = dict(zip(self.compared, pairs, strict=True))
            rows.append(
                {
                    "key": dict(zip(key, row, strict=False)),
                    "cells": {c: (old, new) for c, (old, new) in cells.items() if old != new},
                }
            )
        return rows

    def merge(self, changes: Changes, as_of: datetime) -> None:
        """Brings the published table to the staged rows; `as_of` marks those that changed."""
        self._bring_columns()
        moment = as_of.isoformat(sep=" ")
        if changes.gone:
            table = self.warehouse.quote(self.contract.name)
            same = " AND ".join(
                f"{self._s(c)} = {table}.{self.warehouse.quote(c)}" for c in self.contract.key
            )
            self.warehouse.run(
                f"DELETE FROM {self.published} "
                f"WHERE NOT EXISTS (SELECT 1 FROM {self.staged} AS s WHERE {same})"
            )
        if changes.changed or changes.filled:
            quote = self.warehouse.quote
            cells = ", ".join(f"{quote(c)} = {self._s(c)}" for c in self.values)
            written = "TRUE" if self.restated else self._differs(self.values)
            self.warehouse.run(
                f"UPDATE {self.published} AS p SET {cells}, updated_at = CASE "
                f"WHEN {self._changed()} THEN TIMESTAMP '{moment}' "
                f"ELSE p.updated_at END FROM {self.staged} AS s "
                f"WHERE {self.same_key} AND ({written})"
            )
        if changes.new:
            names = [c.name for c in self.contract.values]
            listed = ", ".join(self.warehouse.quote(c) for c in names)
            self.warehouse.run(
                f"INSERT INTO {self.published} ({listed}, updated_at) "
                f"SELECT {', '.join(self._s(c) for c in names)}, TIMESTAMP '{moment}' "
                f"FROM {self.staged} AS s "
                f"WHERE NOT EXISTS (SELECT 1 FROM {self.published} AS p WHERE {self.same_key})"
            )

    def take_back_future(self, as_of: datetime) -> None:
        """Marks rows that a clock that was ahead changed later than now as changed by this run."""
        self.warehouse.run(
            f"UPDATE {self.published} SET updated_at = TIMESTAMP '{as_of.isoformat(sep=' ')}' "
            f"WHERE updated_at > TIMESTAMP '{self.warehouse.now().isoformat(sep=' ')}'"
        )

    def _bring_columns(self) -> None:
        """Creates the table, or gives it the columns of the contract."""
        schema = self.warehouse.analytics
        name = self.contract.name
        if not self.exists:
            self.warehouse.ensure_schema(schema)
            self.warehouse.create_table(schema, name, self.contract.schema)
            self.warehouse.add_unique(name, "grain", self.contract.key)
            self.warehouse.grant_read(name)
            return
        added = {c: self.contract.schema[c] for c in self.columns.added}
        self.warehouse.add_column(schema, name, ibis.schema(added))
        for column in self.columns.dropped:
            self.warehouse.drop_column(schema, name, column)

    def _changed(self) -> str:
        return "TRUE" if self.restated else self._differs(self.compared)

    def _differs(self, columns: Iterable[str]) -> str:
        tests = (f"{self._p(c)} IS DISTINCT FROM {self._s(c)}" for c in columns)
        return " OR ".join(tests) or "FALSE"

    def _s(self, column: str) -> str:
        return f"s.{self.warehouse.quote(column)}"

    def _p(self, column: str) -> str:
        return f"p.{self.warehouse.quote(column)}"
