"""Any sequence of states of a KPI, merged one after the other, keeps its history whole."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stored import analytics

from crm_ibis.config.declarations import Snapshot
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import get_contract
from crm_ibis.history import merge as snapshots
from crm_ibis.history import reader
from crm_ibis.history.merge import Merged
from crm_ibis.warehouse import Warehouse, open_warehouse

SNAPSHOT = Snapshot("pipeline_kpi_snapshot", "pipeline_kpis", retention_days=30)
BEGIN = datetime(2024, 1, 1)
KEYS = [("f1", date(2024, 1, 1)), ("f1", date(2024, 2, 1)), ("f2", date(2024, 1, 1))]
COLUMNS = ("total_applications", "avg_time_to_fill_days", "updated_at")
CELLS = [(1, 0.5), (1, None), (2, 0.5), None]
"""Values that a row may have in COLUMNS, or no row."""

Key = tuple[str, date]
Cells = tuple[int, float | None]


@dataclass(frozen=True)
class Row:
    """A published row, without its key."""

    cells: Cells
    updated_at: datetime


State = dict[Key, Row]


@dataclass(frozen=True)
class Version:
    """A row of the history."""

    key: Key
    row: Row
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class Step:
    """A publication, some days after the last one, and what becomes of it."""

    days: int
    cells: dict[Key, Cells | None]
    replayed: int | None
    """Instead of `cells`, a state that was merged before, its old `updated_at` included."""
    merged: bool
    allow_earlier: bool
    repeated_after: int | None
    """Days until the same rows are merged again, if they are."""


steps = st.lists(
    st.builds(
        Step,
        days=st.sampled_from([0, 1, 40]),
        cells=st.fixed_dictionaries({key: st.sampled_from(CELLS) for key in KEYS}),
        replayed=st.sampled_from([None, None, None, None, 0, 1]),
        merged=st.sampled_from([True, True, True, False]),
        allow_earlier=st.booleans(),
        repeated_after=st.sampled_from([None, 0, 40]),
    ),
    min_size=2,
    max_size=6,
)

A, B, C, NONE = ([cells, CELLS[0], CELLS[0]] for cells in CELLS)


def step(days: int, cells: list[Any], **rest: Any) -> Step:
    drawn: dict[str, Any] = {"merged": True, "allow_earlier": False, "repeated_after": 0}
    drawn |= {"days": days, "cells": dict(zip(KEYS, cells, strict=True)), "replayed": None}
    return Step(**drawn | rest)


ENDED = [
    step(1, A),
    step(1, B),
    step(0, C),  # corrects it
    step(1, NONE, repeated_after=40),  # by then it is in the archive
    step(1, A, merged=False),
    step(1, A),  # comes back after it was published
    step(0, NONE),  # cannot end when it began
    step(1, A),
]
RESTORED = [
    step(1, A),
    step(1, B),
    step(1, NONE),
    step(1, NONE, replayed=0),  # comes back as it was at first
    step(0, NONE, replayed=1),  # is older than its return
    step(0, C),  # is as old as its return, and corrects it
    step(1, NONE, replayed=0),  # is older, and another
    step(1, NONE, replayed=0, allow_earlier=True),
    step(1, C, allow_earlier=True),
]
EARLIER = [
    step(1, A),
    step(1, B),
    step(1, A),
    step(1, NONE, replayed=0),  # the same values since an earlier instant
    step(1, NONE, replayed=0, allow_earlier=True),
    step(1, B),
    step(0, NONE, replayed=0, allow_earlier=True),  # B cannot end when it began
]


class Kpi:
    """A published table and its history."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.table = analytics(warehouse, SNAPSHOT.kpi)
        self.at = BEGIN
        self.rows: State = {}
        for name in self.tables():
            warehouse.run(f"DROP TABLE {analytics(warehouse, name)}")

    def tables(self) -> list[str]:
        """The history and its archive, as far as they are there."""
        there = self.warehouse.tables(self.warehouse.analytics)
        return [name for name in (SNAPSHOT.name, SNAPSHOT.archive) if name in there]

    def publish(self, rows: State) -> None:
        self.rows = rows
        self.warehouse.run(f"DELETE FROM {self.table}")
        for key, row in rows.items():
            self.warehouse.run(
                f"INSERT INTO {self.table} (facility_id, month, {', '.join(COLUMNS)}) "
                "VALUES (?, ?, ?, ?, ?)",
                [*key, *row.cells, row.updated_at],
            )

    def dated(self, cells: dict[Key, Cells | None]) -> State:
        """Rows with `updated_at` as publishing gives it: the old one unless values change."""
        return {
            key: old
            if (old := self.rows.get(key)) and old.cells == new
            else Row(new, updated_at=self.at)
            for key, new in cells.items()
            if new
        }

    def merge(self, allow_earlier: bool = False) -> Merged:
        with self.warehouse.transaction():
            given = self.warehouse.table(self.warehouse.analytics, SNAPSHOT.kpi)
            return snapshots.merge(
                self.warehouse, SNAPSHOT, given, self.at, allow_earlier=allow_earlier
            )

    def stored(self) -> list[list[tuple[Any, ...]]]:
        """The tables, and on PostgreSQL where their rows lie: a row written anew moves."""
        place = "ctid::text, xmin::text, " * (self.warehouse.dialect == "postgres")
        tables = [analytics(self.warehouse, name) for name in self.tables()]
        return [
            sorted(self.warehouse.fetch(f"SELECT {place}* FROM {table}"), key=str)
            for table in tables
        ]

    def versions(self) -> list[Version]:
        """History and archive, read without the program."""
        columns = f"facility_id, month, {', '.join(COLUMNS)}, valid_from, valid_to"
        return [
            Version((facility, month), Row((total, mean), updated_at), valid_from, valid_to)
            for name in self.tables()
            for facility, month, total, mean, updated_at, valid_from, valid_to in (
                self.warehouse.fetch(f"SELECT {columns} FROM {analytics(self.warehouse, name)}")
            )
        ]

    def as_it_stood(self, at: datetime) -> list[tuple[Key, Cells]]:
        found = self.warehouse.rows(reader.as_it_stood(self.warehouse, SNAPSHOT.name, at))
        rows = [
            (
                (row["facility_id"], row["month"]),
                (row["total_applications"], row["avg_time_to_fill_days"]),
            )
            for row in found
        ]
        return sorted(rows, key=str)


class Definition:
    """What a merge is to do, on a list of versions."""

    def __init__(self) -> None:
        self.versions: dict[tuple[Key, datetime], Version] = {}

    def merge(self, rows: State, at: datetime, allow_earlier: bool) -> bool:
        """Merges unless that must be refused; whether it was merged."""
        current = {v.key: v for v in self.versions.values() if v.valid_to is None}
        known = {v.key for v in self.versions.values()}
        earlier = {
            key
            for key, row in rows.items()
            if (now := current.get(key))
            and row.updated_at < now.valid_from
            and row.updated_at != now.row.updated_at
        }
        ended = {key for key in earlier if rows[key].cells != current[key].row.cells}
        ended |= current.keys() - rows.keys()
        if any(max(v.valid_from, v.valid_to or BEGIN) > at for v in self.versions.values()):
            return False
        if earlier and not allow_earlier:
            return False
        if any(current[key].valid_from == at for key in ended):  # it would have held for no time
            return False
        for key in ended:
            self.put(replace(current[key], valid_to=at))
        for key, row in rows.items():
            now = current.get(key)
            if key in ended or (not now and key in known):
                self.put(Version(key, row, at, None))
            elif not now:
                self.put(Version(key, row, row.updated_at, None))
            elif key in earlier or row.updated_at in (now.row.updated_at, now.valid_from):
                self.put(replace(now, row=row))
            else:
                self.put(replace(now, valid_to=row.updated_at))
                self.put(Version(key, row, row.updated_at, None))
        return True

    def put(self, version: Version) -> None:
        self.versions[version.key, version.valid_from] = version


def check_invariants(versions: list[Version]) -> None:
    for key in KEYS:
        ours = sorted((v for v in versions if v.key == key), key=lambda v: v.valid_from)
        assert all(v.valid_to is None or v.valid_from < v.valid_to for v in ours)
        for before, after in pairwise(ours):
            assert before.valid_to is not None
            assert before.valid_to <= after.valid_from


def follow(warehouse: Warehouse, drawn: list[Step]) -> None:
    """Takes the steps, and looks after each of them."""
    kpi, definition = Kpi(warehouse), Definition()
    stood: dict[datetime, State] = {}
    for step in drawn:
        kpi.at += timedelta(days=step.days)
        earlier = list(stood.values())
        stood.pop(kpi.at, None)  # another state of the same instant takes its place
        if step.replayed is not None and step.replayed < len(earlier):
            kpi.publish(earlier[step.replayed])
        else:
            kpi.publish(kpi.dated(step.cells))
        if not step.merged:
            continue
        before = kpi.stored()
        merged = kpi.merge(step.allow_earlier)
        expected = definition.merge(kpi.rows, kpi.at, step.allow_earlier)
        assert (merged.refused is None) == expected, merged.refused
        if merged.refused:
            assert kpi.stored() == before
            continue
        stood[kpi.at] = kpi.rows
        check_invariants(kpi.versions())
        assert sorted(kpi.versions(), key=str) == sorted(definition.versions.values(), key=str)

        if step.repeated_after is not None:
            before = kpi.stored()
            kpi.at += timedelta(days=step.repeated_after)
            again = kpi.merge()
            assert (again.refused, again.current) == (None, len(kpi.rows))
            assert (again.new, again.changed, again.corrected, again.gone) == (0, 0, 0, 0)
            assert sorted(kpi.versions(), key=str) == sorted(definition.versions.values(), key=str)
            assert again.archived or kpi.stored() == before
            assert step.repeated_after or not again.archived
            stood[kpi.at] = kpi.rows
    for at, rows in stood.items():
        cells = [(key, row.cells) for key, row in rows.items()]
        assert kpi.as_it_stood(at) == sorted(cells, key=str)


def prepared(warehouse: Warehouse) -> Warehouse:
    """A database with an empty published KPI."""
    warehouse.ensure_schema(warehouse.analytics)
    contract = get_contract(SNAPSHOT.kpi)
    warehouse.create_table(warehouse.analytics, contract.name, contract.schema)
    return warehouse


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Warehouse]:
    with open_warehouse(Settings(database_url="duckdb://")) as warehouse:
        yield prepared(warehouse)


@pytest.fixture(scope="module")
def postgres(postgres_url: str) -> Iterator[Warehouse]:
    names = Settings(database_url=postgres_url, analytics_schema="analytics_of_merges")
    with open_warehouse(names) as warehouse:
        yield prepared(warehouse)
        warehouse.run(f"DROP SCHEMA {warehouse.quote(warehouse.analytics)} CASCADE")


@pytest.mark.e2e
@settings(max_examples=10, deadline=None)
@example(ENDED)
@example(RESTORED)
@example(EARLIER)
@given(drawn=steps)
def test_a_history_holds_what_was_merged_on_duckdb(duckdb: Warehouse, drawn: list[Step]) -> None:
    follow(duckdb, drawn)


@pytest.mark.e2e
@settings(max_examples=3, deadline=None)
@example(ENDED)
@example(RESTORED)
@example(EARLIER)
@given(drawn=steps)
def test_a_history_holds_what_was_merged_on_postgres(
    postgres: Warehouse, drawn: list[Step]
) -> None:
    follow(postgres, drawn)
