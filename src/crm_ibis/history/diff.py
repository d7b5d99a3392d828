"""How a KPI differs from the versions that its snapshot holds as current."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ibis import Table

from crm_ibis.config.declarations import Snapshot
from crm_ibis.contracts import models
from crm_ibis.history import reader
from crm_ibis.text import count_of
from crm_ibis.warehouse import Warehouse
from crm_ibis.warehouse.base import STAGED

CHANGE = "crm_ibis_change"
BEGAN = "crm_ibis_began"
"""Columns of the temporary table that no KPI has."""

SHOWN_KEYS = 3


@dataclass(frozen=True)
class Known:
    """What a snapshot and its archive hold before a merge."""

    current: int = 0
    newest: datetime | None = None
    first_end: datetime | None = None
    """Of the versions that are not in the archive."""


class Differences:
    """A temporary table of the rows in which a KPI and the current versions differ, one per key.

    The kinds of change: `new` and `back` (a row that is not current; it never was, or it was),
    `gone`, `changed` (a later `updated_at`), `corrected` (the same instant, other values),
    `backwards` (an earlier `updated_at` than the current version knows, and other values) and
    `earlier` (an earlier one with the same values).
    """

    def __init__(
        self, warehouse: Warehouse, snapshot: Snapshot, given: Table, as_of: datetime
    ) -> None:
        self.warehouse = warehouse
        self.snapshot = snapshot
        self.given = given
        self.contract = models.get_contract(snapshot.name)
        self.grain = models.get_contract(snapshot.kpi).key
        self.values = [c for c in given.columns if c not in self.grain]
        self.columns = reader.columns_of(warehouse, snapshot.name, self.contract)
        self.archive = reader.columns_of(warehouse, snapshot.archive, self.contract)
        self.history = warehouse.quote(warehouse.analytics, snapshot.name)
        self.name = STAGED + snapshot.name
        self.table = warehouse.quote(self.name)
        self.moment = literal(as_of)
        self.counts: Counter[str] = Counter()
        self.rows = 0
        self.first_change: datetime | None = None
        """The earliest `updated_at` of a changed row."""

    def recorded_counts(self) -> Known:
        """What is recorded so far."""
        found = []
        for name in self._recorded():
            table = self.warehouse.quote(self.warehouse.analytics, name)
            found += self.warehouse.fetch(
                "SELECT count(*) FILTER (WHERE valid_to IS NULL), "
                f"greatest(max(valid_from), max(valid_to)), min(valid_to) FROM {table}"
            )
        if not self.columns:
            found.insert(0, (0, None, None))
        newest = max((row[1] for row in found if row[1]), default=None)
        return Known(current=found[0][0], newest=newest, first_end=found[0][2])

    def find(self) -> None:
        """Fills the temporary table and counts its rows by kind; and all rows of the KPI."""
        for statement in self.warehouse.stage_sql(self.name, self._query()):
            self.warehouse.run(statement)
        for name in self._recorded():
            versions = self.warehouse.quote(self.warehouse.analytics, name)
            self.warehouse.run(
                f"UPDATE {self.table} AS x SET {CHANGE} = 'back' WHERE {CHANGE} = 'new' AND "
                f"EXISTS (SELECT 1 FROM {versions} AS v WHERE {self.same('x', 'v')})"
            )
        kinds = self.warehouse.fetch(
            f"SELECT {CHANGE}, count(*), min(updated_at) FROM {self.table} GROUP BY {CHANGE}"
        )
        self.counts = Counter({kind: count for kind, count, _ in kinds})
        self.rows = self.counts.total()
        self.first_change = next((first for kind, _, first in kinds if kind == "changed"), None)
        ((self.counts["input"],),) = self.warehouse.fetch(
            f"SELECT count(*) FROM ({self.warehouse.compile(self.given)}) AS i"
        )

    def any_of(self, *kinds: str) -> bool:
        """Whether there are changes of these kinds."""
        return any(self.counts[kind] for kind in kinds)

    def count(self, condition: str) -> int:
        """Rows of the temporary table with a condition."""
        ((rows,),) = self.warehouse.fetch(f"SELECT count(*) FROM {self.table} WHERE {condition}")
        return rows

    def some(self, condition: str) -> str:
        """How many rows have a condition, and a few of their keys, in words."""
        keys = ", ".join(map(self.warehouse.quote, self.grain))
        found = self.warehouse.fetch(
            f"SELECT {keys} FROM {self.table} WHERE {condition} ORDER BY {keys} LIMIT {SHOWN_KEYS}"
        )
        shown = "; ".join(
            ", ".join(f"{c}={v}" for c, v in zip(self.grain, row, strict=True)) for row in found
        )
        return f"{count_of(self.count(condition), 'row')} ({shown})"

    def free(self) -> None:
        """Drops the temporary table where the end of the transaction does not."""
        self.warehouse.unstage(self.snapshot.name)

    def same(self, one: str, other: str) -> str:
        """That the rows of two aliases have the same key."""
        quote = self.warehouse.quote
        return " AND ".join(f"{quote(one, c)} = {quote(other, c)}" for c in self.grain)

    def _recorded(self) -> list[str]:
        tables = {self.snapshot.name: self.columns, self.snapshot.archive: self.archive}
        return [name for name, columns in tables.items() if columns]

    def _query(self) -> str:
        quote = self.warehouse.quote
        key = self.grain[0]
        keys = ", ".join(
            f"coalesce({quote('i', c)}, {quote('c', c)}) AS {quote(c)}" for c in self.grain
        )
        values = ", ".join(quote("i", c) for c in self.values)
        given = f"({self.warehouse.compile(self.given)})"
        current = f"(SELECT * FROM {self.history} WHERE valid_to IS NULL)"
        if not self.columns:
            current = f"(SELECT *, updated_at AS valid_from FROM {given} AS i WHERE 1 = 0)"
        cells = [c for c in self.values if c != "updated_at"]
        recorded = [c for c in cells if c in self._kept]
        earlier = (
            "(i.updated_at < c.updated_at OR "
            "(i.updated_at > c.updated_at AND i.updated_at < c.valid_from))"
        )
        change = (
            f"CASE WHEN {quote('c', key)} IS NULL THEN 'new' "
            f"WHEN {quote('i', key)} IS NULL THEN 'gone' "
            f"WHEN {earlier} AND ({self._differs(recorded)}) THEN 'backwards' "
            f"WHEN {earlier} THEN 'earlier' "
            "WHEN i.updated_at > c.updated_at AND i.updated_at > c.valid_from THEN 'changed' "
            "ELSE 'corrected' END"
        )
        return (
            f"SELECT {keys}, {values}, {change} AS {CHANGE}, c.valid_from AS {BEGAN} "
            f"FROM {given} AS i FULL JOIN {current} AS c ON {self.same('i', 'c')} "
            f"WHERE {quote('c', key)} IS NULL OR {quote('i', key)} IS NULL "
            f"OR {self._differs(self.values)}"
        )

    @property
    def _kept(self) -> set[str]:
        """Columns that the history has, and whose values do not change with the clock alone."""
        steady = {c.name for c in self.contract.columns if not c.volatile}
        return steady & set(self.columns)

    def _differs(self, columns: Iterable[str]) -> str:
        """Whether a value differs, or there is one in a column that the snapshot lacks."""
        quote = self.warehouse.quote
        tests = [
            f"{quote('i', c)} IS DISTINCT FROM {quote('c', c)}"
            if c in self.columns or not self.columns
            else f"{quote('i', c)} IS NOT NULL"
            for c in columns
        ]
        return " OR ".join(tests) or "1 = 0"


def literal(moment: datetime) -> str:
    """An instant in SQL."""
    return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
