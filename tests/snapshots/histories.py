"""Histories fed with small tables drawn as text, and read back as such."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import ibis
from stored import analytics, leftovers

from crm_ibis.config.declarations import Snapshot
from crm_ibis.contracts.models import contracts
from crm_ibis.history import merge as snapshots
from crm_ibis.history.merge import Merged
from crm_ibis.testing import drawn, value
from crm_ibis.warehouse import Warehouse

DEFAULTS = {"month": "2024-01"}
"""What key columns hold where a drawn table does not say."""

KINDS = ("new", "changed", "corrected", "gone", "archived")
Rows = list[tuple[Any, ...]]


class History:
    """A snapshot in a database, and the KPI that it is of, published as a test draws it."""

    def __init__(self, warehouse: Warehouse, name: str, kpi: str) -> None:
        self.warehouse = warehouse
        self.snapshot = Snapshot(name, kpi)
        self.name, self.archive, self.kpi = name, self.snapshot.archive, kpi
        self.types = contracts()[kpi].schema
        instants = dict.fromkeys(("valid_from", "valid_to"), self.types["updated_at"])
        self.types = ibis.schema({**self.types, **instants})
        warehouse.ensure_schema(warehouse.analytics)

    def publish(self, text: str) -> None:
        """Makes the table of the KPI, with the key, the drawn columns and the drawn rows."""
        header = [c.strip() for c in text.strip().splitlines()[0].split("|")]
        names = [*header, *(c for c in DEFAULTS if c not in header)]
        if self.kpi in self.warehouse.tables(self.warehouse.analytics):
            self.warehouse.run(f"DROP TABLE {analytics(self.warehouse, self.kpi)}")
        nullable = ibis.schema({c: self.types[c].copy(nullable=True) for c in names})
        self.warehouse.create_table(self.warehouse.analytics, self.kpi, nullable)
        if rows := self.parsed(text, names):
            slots = ", ".join(["(" + ", ".join("?" * len(names)) + ")"] * len(rows))
            insert = f"INSERT INTO {analytics(self.warehouse, self.kpi)} VALUES {slots}"
            self.warehouse.run(insert, [cell for row in rows for cell in row])

    def merge(
        self,
        as_of: str,
        text: str = "",
        allow_mass_close: bool = False,
        allow_earlier: bool = False,
        **job: Any,
    ) -> Merged:
        """Merges the drawn KPI, or the one there is; `job` is what the job says of the snapshot."""
        if text:
            self.publish(text)
        with self.warehouse.transaction():
            return self.merge_inside(as_of, allow_mass_close, allow_earlier, **job)

    def merge_inside(
        self,
        as_of: str,
        allow_mass_close: bool = False,
        allow_earlier: bool = False,
        **job: Any,
    ) -> Merged:
        """Merges the KPI as it is published, inside a transaction of the caller's."""
        given = self.warehouse.table(self.warehouse.analytics, self.kpi)
        snapshot, moment = replace(self.snapshot, **job), datetime.fromisoformat(as_of)
        allowed = (allow_mass_close, allow_earlier)
        return snapshots.merge(self.warehouse, snapshot, given, moment, *allowed)

    def accept(self, as_of: str, text: str = "", **how: Any) -> dict[str, int]:
        """A merge that must not be refused; what it did, in rows by kind, zeros left out."""
        merged = self.merge(as_of, text, **how)
        assert merged.refused is None
        assert merged.current == len(self.read(self.kpi, ["updated_at"]))
        assert leftovers(self.warehouse) == []
        return {kind: n for kind in KINDS if (n := getattr(merged, kind))}

    def refuse(self, as_of: str, text: str = "", **how: Any) -> str:
        """A merge that must be refused and write nothing; the reason."""
        before = self.stored()
        merged = self.merge(as_of, text, **how)
        assert merged.refused is not None, f"merged: {merged}"
        assert self.stored() == before
        assert leftovers(self.warehouse) == []
        return merged.refused

    def repeat(self, as_of: str) -> None:
        """Merges what was merged before once more, which must change nothing."""
        before = self.stored()
        assert self.accept(as_of) == {}
        assert self.stored() == before

    def expect(self, versions: str, archived: str | None = None) -> None:
        """The snapshot and, if drawn, its archive hold these versions, in the drawn columns."""
        for table, text in ((self.name, versions), (self.archive, archived)):
            if text is not None:
                names = [c.strip() for c in text.strip().splitlines()[0].split("|")]
                assert self.read(table, names) == sorted(self.parsed(text, names), key=str)

    def read(self, table: str, names: list[str]) -> Rows:
        """These columns of a table, in an order of no meaning; no rows when it is not there."""
        if table not in self.warehouse.tables(self.warehouse.analytics):
            return []
        listed = ", ".join(map(self.warehouse.quote, names))
        found = self.warehouse.fetch(f"SELECT {listed} FROM {analytics(self.warehouse, table)}")
        return sorted(found, key=str)

    def parsed(self, text: str, names: list[str]) -> Rows:
        """Drawn rows as tuples of these columns."""
        return [
            tuple(value(row.get(c, DEFAULTS.get(c)), self.types[c]) for c in names)
            for row in drawn(text)
        ]

    def stored(self) -> dict[str, tuple[list[str], Rows]]:
        """Columns and rows of snapshot and archive; on PostgreSQL also where each row lies and
        which transaction wrote it."""
        place = "xmin::text, ctid::text, " * (self.warehouse.dialect == "postgres")
        found = {}
        for table in {self.name, self.archive} & self.warehouse.tables(self.warehouse.analytics):
            columns = list(self.warehouse.table(self.warehouse.analytics, table).columns)
            rows = self.warehouse.fetch(f"SELECT {place}* FROM {analytics(self.warehouse, table)}")
            found[table] = columns, sorted(rows, key=str)
        return found

    def places(self) -> dict[tuple[str, datetime], tuple[str, str]]:
        """Where each version lies and which transaction wrote it (PostgreSQL)."""
        found = self.warehouse.fetch(
            "SELECT facility_id, valid_from, xmin::text, ctid::text "
            f"FROM {analytics(self.warehouse, self.name)}"
        )
        return {(facility, began): (xmin, ctid) for facility, began, xmin, ctid in found}

    def run(self, sql: str) -> None:
        """A statement of somebody's who meddles with the snapshot, `{history}`."""
        names = {"history": self.name, "archive": self.archive, "kpi": self.kpi}
        self.warehouse.run(
            sql.format(**{n: analytics(self.warehouse, table) for n, table in names.items()})
        )

    def insert_version(self, facility: str, valid_from: str, valid_to: str | None) -> None:
        """A version that nothing but a hand would write."""
        instants = [datetime.fromisoformat(i) if i else None for i in (valid_from, valid_to)]
        self.warehouse.run(
            f"INSERT INTO {analytics(self.warehouse, self.name)} "
            "(facility_id, month, updated_at, valid_from, valid_to) VALUES (?, ?, ?, ?, ?)",
            [facility, date(2024, 1, 1), instants[0], *instants],
        )

    def drop_indexes(self) -> None:
        """Lets a test damage the history by hand."""
        if self.warehouse.dialect == "postgres":
            for what in ("grain", "current"):
                self.warehouse.run(f"DROP INDEX {analytics(self.warehouse, f'{self.name}_{what}')}")
