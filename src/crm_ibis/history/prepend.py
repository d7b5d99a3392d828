"""Putting an earlier instant before everything that a history knows.

Versions that were known before are never touched, and what the history says of an instant at which
it was merged stays as it is. A version that is put before them ends where the first known version
of its key begins, or, of a key that the first merge did not find, at that merge.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import ibis

from crm_ibis.config.declarations import MASS_CHANGE_MIN_ROWS, Snapshot
from crm_ibis.contracts import audit, models
from crm_ibis.errors import DataError
from crm_ibis.history import reader
from crm_ibis.history.diff import BEGAN, literal
from crm_ibis.history.merge import Merged
from crm_ibis.history.reader import Span
from crm_ibis.runlog.publications import first_merge
from crm_ibis.warehouse import Warehouse
from crm_ibis.warehouse.base import STAGED

ENDS = "crm_ibis_ends"
"""A column of the temporary table that no KPI has."""


@dataclass(frozen=True)
class Prepending:
    """A staged KPI as of an instant before the first known one, and the history of it.

    Call inside the run's transaction; the KPI is in a temporary table of its columns.
    """

    warehouse: Warehouse
    snapshot: Snapshot
    as_of: datetime
    span: Span
    known_from: datetime | None
    """From here on, versions were known before this backfill; None when there was none."""

    def run(self, allow_mass_close: bool) -> Merged:
        """Adds the versions; the result names a refusal, and nothing was written then.

        Raises DataError if what was written breaks an invariant: then the transaction must be
        undone.
        """
        began = time.perf_counter()
        self._stage()
        rows, missing = self._counts()
        allowed = self.snapshot.max_missing_pct
        if rows >= MASS_CHANGE_MIN_ROWS and 100 * missing > allowed * rows and not allow_mass_close:
            self.warehouse.unstage(self.snapshot.name)
            return Merged(self.snapshot.name, self.as_of, refused=self._too_many(rows, missing))
        self._add_columns()
        self._extend()
        added = self._insert()
        self._audit()
        self.warehouse.unstage(self.snapshot.name)
        seconds = time.perf_counter() - began
        return Merged(self.snapshot.name, self.as_of, current=rows, new=added, seconds=seconds)

    def _stage(self) -> None:
        """A temporary table: each row of the KPI, with the end of its version."""
        began = f"f.{BEGAN}"
        ends = f"CASE WHEN {began} <= {literal(self._first_merge)} THEN {began} ELSE "
        ends += f"{literal(self._first_merge)} END"
        versions = " UNION ALL ".join(
            f"SELECT {self._keys()}, valid_from FROM {self._table(name)}" for name in self._parts
        )
        firsts = (
            f"SELECT {self._keys()}, min(valid_from) AS {BEGAN} FROM ({versions}) AS v "
            f"GROUP BY {self._keys()}"
        )
        query = (
            f"SELECT s.*, {began}, {ends} AS {ENDS} "
            f"FROM {self.warehouse.quote(STAGED + self.snapshot.kpi)} AS s "
            f"LEFT JOIN ({firsts}) AS f ON {self._same('s', 'f')}"
        )
        for statement in self.warehouse.stage_sql(STAGED + self.snapshot.name, query):
            self.warehouse.run(statement)

    def _counts(self) -> tuple[int, int]:
        """All rows, and those whose keys the first merge did not find."""
        ((rows, missing),) = self.warehouse.fetch(
            f"SELECT count(*), count(*) FILTER (WHERE {BEGAN} IS NULL OR {BEGAN} > {ENDS}) "
            f"FROM {self._staged_table}"
        )
        return rows, missing

    def _too_many(self, rows: int, missing: int) -> str:
        return (
            f"{self.snapshot.name} was not merged: {missing:,} of the {rows:,} keys of "
            f"{self.snapshot.kpi} as of {self.as_of} are not in the history at "
            f"{self._first_merge}, more than the {self.snapshot.max_missing_pct:g} % that may "
            "disappear at once; if they were gone then: --allow-mass-close"
        )

    def _add_columns(self) -> None:
        there = reader.columns_of(self.warehouse, self.snapshot.name, self._history)
        added = {c.name: c.dtype for c in self._kpi.columns if c.name not in there}
        self.warehouse.add_column(self.warehouse.analytics, self.snapshot.name, ibis.schema(added))

    def _extend(self) -> None:
        """Lets versions of this backfill begin earlier where the values are the same."""
        own = f"AND x.{BEGAN} < {literal(self.known_from)} " if self.known_from else ""
        quote = self.warehouse.quote
        compared = [c.name for c in self._kpi.values if not c.volatile]
        differs = " OR ".join(f"{quote('h', c)} IS DISTINCT FROM {quote('x', c)}" for c in compared)
        moment = literal(self.as_of)
        self.warehouse.run(
            f"UPDATE {self._table(self.snapshot.name)} AS h "
            f"SET valid_from = {moment}, updated_at = {moment} FROM {self._staged_table} AS x "
            f"WHERE {self._same('x', 'h')} AND h.valid_from = x.{BEGAN} "
            f"AND x.{ENDS} = x.{BEGAN} {own}AND NOT ({differs})"
        )

    def _insert(self) -> int:
        quote = self.warehouse.quote
        moment = literal(self.as_of)
        names = [c.name for c in self._kpi.values]
        table = self._table(self.snapshot.name)
        return self.warehouse.run(
            f"INSERT INTO {table} ({', '.join(map(quote, names))}, updated_at, valid_from, "
            f"valid_to) SELECT {', '.join(quote('x', c) for c in names)}, {moment}, {moment}, "
            f"x.{ENDS} FROM {self._staged_table} AS x WHERE NOT EXISTS "
            f"(SELECT 1 FROM {table} AS h WHERE {self._same('x', 'h')} AND h.valid_from = {moment})"
        )

    def _audit(self) -> None:
        """Holds the versions of the keys of this instant against the contract of the history."""
        grain = self._kpi.key
        versions = reader.recorded_versions(self.warehouse, self.snapshot, (*grain, "updated_at"))
        assert versions is not None
        keys = ibis.table(self._kpi.schema_of(grain), name=STAGED + self.snapshot.kpi)
        touched = versions.semi_join(keys, list(grain))
        found = audit.audit(self.warehouse, touched, self._history, self._history.rules, {})
        if found.violations:
            raise DataError(
                f"the backfill would have damaged {self.snapshot.name}, so everything of this "
                "date was undone; please report it:\n" + "\n".join(map(str, found.violations))
            )

    @cached_property
    def _first_merge(self) -> datetime:
        """When the history first looked at its KPI, as far as the run log knows."""
        known = first_merge(self.warehouse, self.snapshot.name, self.span.first)
        return known or self.span.first

    @property
    def _kpi(self) -> models.Contract:
        return models.get_contract(self.snapshot.kpi)

    @property
    def _history(self) -> models.Contract:
        return models.get_contract(self.snapshot.name)

    @cached_property
    def _parts(self) -> list[str]:
        there = self.warehouse.tables(self.warehouse.analytics)
        return [name for name in (self.snapshot.name, self.snapshot.archive) if name in there]

    @property
    def _staged_table(self) -> str:
        return self.warehouse.quote(STAGED + self.snapshot.name)

    def _table(self, name: str) -> str:
        return self.warehouse.quote(self.warehouse.analytics, name)

    def _keys(self) -> str:
        return ", ".join(map(self.warehouse.quote, self._kpi.key))

    def _same(self, one: str, other: str) -> str:
        quote = self.warehouse.quote
        return " AND ".join(f"{quote(one, c)} = {quote(other, c)}" for c in self._kpi.key)
