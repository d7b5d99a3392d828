"""Runs beside loaders that truncate, swap, alter and attach the tables that they read.

Only on PostgreSQL: nobody else can write to a DuckDB file while it is open.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from stored import Query, another_session, raw, runs

from crm_ibis.cli.rows import rows_of
from crm_ibis.config.settings import Settings
from crm_ibis.errors import TransientError
from crm_ibis.events import ProgressEvent
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.check import (
    check,
)
from crm_ibis.publishing.preflight import fit
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.data.reading import facility_names
from crm_ibis.sources import resolve
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

pytestmark = pytest.mark.parametrize("settings", ["postgres"], indirect=True)

AS_OF = datetime(2024, 3, 1)
KPI = ["ticket_sla_compliance"]
TICKETS = "id\n" + "\n".join(f"t{number}" for number in range(1, 8))
"""Seven tickets of one facility, month and priority."""


@contextmanager
def reloading(warehouse: Warehouse, table: str, seconds: float = 0.7) -> Iterator[Query]:
    """A loader that has truncated a table, and brings its rows back before it commits."""
    with another_session(warehouse) as query:
        query("BEGIN")
        query(f"CREATE TEMP TABLE kept AS SELECT * FROM {table}")
        query(f"TRUNCATE {table}")

        def finish() -> None:
            time.sleep(seconds)
            query(f"INSERT INTO {table} SELECT * FROM kept")
            query("COMMIT")

        thread = threading.Thread(target=finish)
        thread.start()
        try:
            yield query
        finally:
            thread.join()


def total(warehouse: Warehouse) -> int:
    return sum(row["total_tickets"] for row in read(warehouse, KPI[0]))


def checked_rows(warehouse: Warehouse) -> int:
    return check(warehouse, ["tickets"])[0].rows


def fitting_rows(warehouse: Warehouse) -> int | None:
    (found,) = (seen for seen in fit(warehouse).fits if seen.source == "tickets")
    assert not found.problem
    return found.rows


def refreshed(warehouse: Warehouse) -> int:
    refresh(warehouse, KPI, as_of=AS_OF)
    return total(warehouse)


def rehearsed(warehouse: Warehouse) -> int:
    result = refresh(warehouse, KPI, as_of=AS_OF, dry_run=True)
    return next(table.rows for table in result.tables if table.table == "tickets")


READERS = [refreshed, rehearsed, checked_rows, fitting_rows]


@pytest.mark.parametrize("reader", [*READERS, lambda w: len(rows_of(w, "tickets"))])
def test_what_reads_waits_for_a_loader_and_reads_all_rows(
    warehouse: Warehouse, reader: Callable[[Warehouse], int]
) -> None:
    store(warehouse, tickets=TICKETS)
    with reloading(warehouse, raw(warehouse, "tickets")):
        assert reader(warehouse) == 7


def test_the_names_of_the_site_wait_for_a_loader(warehouse: Warehouse) -> None:
    store(warehouse)
    with reloading(warehouse, raw(warehouse, "facilities")):
        assert facility_names(warehouse) == {"f1": "Northgate"}


def stage_counts(warehouse: Warehouse) -> list[int]:
    """Of the newest versions, by stage; of a lead that got no further: 1, 0, 0, 0."""
    table = warehouse.quote(warehouse.analytics, "conversion_funnel_snapshot")
    counted = f"SELECT stage_count FROM {table} WHERE valid_to IS NULL ORDER BY stage_position"
    return [count for (count,) in warehouse.fetch(counted)]


def test_a_backfill_waits_for_a_loader(warehouse: Warehouse) -> None:
    store(warehouse, leads="id\nl1\nl2")
    with reloading(warehouse, raw(warehouse, "leads")):
        backfill(warehouse, [AS_OF], ["conversion_funnel_snapshot"])
    assert stage_counts(warehouse) == [2, 0, 0, 0]


def test_a_history_waits_for_whoever_replaces_what_is_published(warehouse: Warehouse) -> None:
    store(warehouse, leads="id\nl1\nl2")
    refresh(warehouse, ["conversion_funnel"], as_of=AS_OF)
    with reloading(warehouse, warehouse.quote(warehouse.analytics, "conversion_funnel")):
        record(warehouse, ["conversion_funnel_snapshot"], as_of=AS_OF)
    assert stage_counts(warehouse) == [2, 0, 0, 0]


def through_a_view(warehouse: Warehouse) -> None:
    place = raw(warehouse, "tickets")
    warehouse.run(f"ALTER TABLE {place} RENAME TO landed")
    inner, landed = raw(warehouse, "inner_view"), raw(warehouse, "landed")
    warehouse.run(f"CREATE VIEW {inner} AS SELECT * FROM {landed}")
    warehouse.run(f"CREATE VIEW {place} AS SELECT * FROM {inner} WHERE id IS NOT NULL")


def through_a_partition(warehouse: Warehouse) -> None:
    place = raw(warehouse, "tickets")
    warehouse.run(f"ALTER TABLE {place} RENAME TO landed")
    landed = raw(warehouse, "landed")
    warehouse.run(f"CREATE TABLE {place} (LIKE {landed}) PARTITION BY RANGE (created_at)")
    warehouse.run(
        f"ALTER TABLE {place} ATTACH PARTITION {landed} FOR VALUES FROM ('2024-01-01') TO "
        "('2024-02-01')"
    )


MAPPING = "sources: {tickets: {table: landed, columns: {id: id}}}"
FUNCTION = "sources: {tickets: {file: ours.py}}"
IN_SQL = FUNCTION
SQL_TEXT = """
def tickets(facilities):
    return facilities.get_backend().sql('SELECT * FROM "{raw}".landed')
"""


@pytest.mark.parametrize("shape", [through_a_view, through_a_partition])
@pytest.mark.parametrize("reader", READERS[:3])
def test_tables_behind_views_and_partitions_are_waited_for(
    warehouse: Warehouse,
    shape: Callable[[Warehouse], None],
    reader: Callable[[Warehouse], int],
) -> None:
    store(warehouse, tickets=TICKETS)
    shape(warehouse)
    with reloading(warehouse, raw(warehouse, "landed")):
        assert reader(warehouse) == 7


@pytest.mark.parametrize(
    ("yaml", "code"),
    [
        (MAPPING, ""),
        (FUNCTION, "def tickets(landed):\n    return landed.filter(landed.id.notnull())\n"),
        (FUNCTION, SQL_TEXT),
    ],
    ids=["mapping", "function", "sql"],
)
@pytest.mark.parametrize("reader", READERS)
def test_tables_behind_sources_yml_are_waited_for(
    warehouse: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    yaml: str,
    code: str,
    reader: Callable[[Warehouse], int],
) -> None:
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(tmp_path / "sources.yml"))
    (tmp_path / "sources.yml").write_text(yaml, encoding="utf-8")
    (tmp_path / "ours.py").write_text(code.format(raw=warehouse.raw), encoding="utf-8")
    store(warehouse, tickets=TICKETS)
    warehouse.run(f"ALTER TABLE {raw(warehouse, 'tickets')} RENAME TO landed")
    with reloading(warehouse, raw(warehouse, "landed")):
        assert reader(warehouse) == 7


def test_tables_of_a_connector_are_waited_for(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(tmp_path / "sources.yml"))
    yaml = "sources: {facilities: {connector: hubspot}}"
    (tmp_path / "sources.yml").write_text(yaml, encoding="utf-8")
    store(warehouse)
    company = raw(warehouse, "company")
    warehouse.run(
        f"CREATE TABLE {company} (id BIGINT, property_name TEXT, "
        "property_createdate TIMESTAMP, property_hs_lastmodifieddate TIMESTAMP)"
    )
    warehouse.run(f"INSERT INTO {company} VALUES (1, 'Northgate', '2024-01-01', '2024-01-01')")
    with reloading(warehouse, company):
        outcome = refresh(warehouse, KPI, as_of=AS_OF)
    rows = {table.table: table.rows for table in outcome.tables}
    assert rows["facilities"] == 2, "the company, and the one for what belongs to none"


def test_a_loader_that_does_not_end_is_named_and_nobody_waits_for_us(settings: Settings) -> None:
    with open_warehouse(replace(settings, lock_timeout=1)) as warehouse:
        store(warehouse, tickets=TICKETS)
        with another_session(warehouse) as query:
            query("BEGIN")
            query(f"TRUNCATE {raw(warehouse, 'tickets')}")
            (pid,) = query("SELECT pg_backend_pid()")[0]
            taken: list[float] = []

            def take_another() -> None:
                time.sleep(0.3)
                began = time.monotonic()
                query(f"TRUNCATE {raw(warehouse, 'facilities')}")
                taken.append(time.monotonic() - began)

            loader = threading.Thread(target=take_another)
            loader.start()
            with pytest.raises(TransientError) as told:
                refresh(warehouse, KPI, as_of=AS_OF)
            loader.join()
            query("ROLLBACK")
        assert f"cannot read {warehouse.raw}.facilities: a loader" in str(told.value)
        assert f"process {pid} of " in str(told.value)
        assert "within 1 s" in str(told.value)
        assert "CRM_IBIS_LOCK_TIMEOUT" in str(told.value)
        assert taken[0] < 0.3, "a run that waits for one table holds no other"
        assert [run["state"] for run in runs(warehouse)] == ["failed"]
        refresh(warehouse, KPI, as_of=AS_OF)
        assert total(warehouse) == 7


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Does something once, after the sources were planned and before they are read."""
    planned = resolve.places
    done: list[bool] = []

    def places(warehouse: Warehouse, names: Any) -> Any:
        found = planned(warehouse, names)
        if not done:
            done.append(act())
        return found

    monkeypatch.setattr(resolve, "places", places)


def test_a_table_swapped_by_rename_is_read_as_it_is_then(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new one has eight tickets, and ids of another type."""
    store(warehouse, tickets=TICKETS)
    place, schema = raw(warehouse, "tickets"), warehouse.quote(warehouse.raw)
    with another_session(warehouse) as query:

        def swap() -> None:
            query("BEGIN")
            query(f"CREATE TABLE {schema}.fresh AS SELECT * FROM {place}")
            query(f"INSERT INTO {schema}.fresh SELECT * FROM {place} WHERE id = 't1'")
            query(f"UPDATE {schema}.fresh SET id = ctid::text")
            query(f"ALTER TABLE {schema}.fresh ALTER COLUMN id TYPE varchar(20)")
            query(f"ALTER TABLE {place} RENAME TO old")
            query(f"ALTER TABLE {schema}.fresh RENAME TO tickets")
            query("COMMIT")

        between(monkeypatch, swap)
        refresh(warehouse, KPI, as_of=AS_OF)
    assert total(warehouse) == 8


def test_a_column_that_is_rewritten_is_read_as_it_is_then(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(warehouse, tickets=TICKETS)
    rewrite = "ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC'"
    with another_session(warehouse) as query:
        between(monkeypatch, lambda: query(f"ALTER TABLE {raw(warehouse, 'tickets')} {rewrite}"))
        refresh(warehouse, KPI, as_of=AS_OF)
    assert total(warehouse) == 7


def test_nothing_is_rewritten_while_it_is_read(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TICKETS)
    refused: list[Any] = []
    with another_session(warehouse) as query:
        query("SET lock_timeout = '50ms'")

        def alter(event: ProgressEvent) -> None:
            if event.kind == "checked":
                with pytest.raises(psycopg.errors.LockNotAvailable) as told:
                    query(f"ALTER TABLE {raw(warehouse, 'tickets')} ADD COLUMN more TEXT")
                refused.append(told)

        refresh(warehouse, KPI, as_of=AS_OF, report=alter)
    assert refused


def test_a_partition_attached_while_a_run_reads_ends_it(warehouse: Warehouse) -> None:
    """Its rows were committed long before, so a query that plans anew reads them."""
    store(warehouse, tickets=TICKETS)
    through_a_partition(warehouse)
    place, more = raw(warehouse, "tickets"), raw(warehouse, "february")
    warehouse.run(f"CREATE TABLE {more} (LIKE {place})")
    copied, feb = f"SELECT * FROM {place} WHERE id = 't1'", "'2024-02-02'"
    warehouse.run(f"INSERT INTO {more} {copied}")
    warehouse.run(f"UPDATE {more} SET id = 't8', created_at = {feb}, updated_at = {feb}")
    bounds = "FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')"
    with another_session(warehouse) as query:

        def attach(event: ProgressEvent) -> None:
            if event.kind == "checked" and event.table == "tickets":
                query(f"ALTER TABLE {place} ATTACH PARTITION {more} {bounds}")

        with pytest.raises(TransientError, match=r"february was .* or became a partition"):
            refresh(warehouse, KPI, as_of=AS_OF, report=attach)
    refresh(warehouse, KPI, as_of=AS_OF)
    assert total(warehouse) == 8


def test_a_table_behind_a_function_in_a_view_ends_the_run_when_it_is_truncated(
    warehouse: Warehouse,
) -> None:
    """No lock reaches it, and the query that touches it first waits with an old snapshot."""
    store(warehouse, tickets=TICKETS)
    place, landed = raw(warehouse, "tickets"), raw(warehouse, "landed")
    warehouse.run(f"ALTER TABLE {place} RENAME TO landed")
    function = raw(warehouse, "all_landed")
    warehouse.run(
        f"CREATE FUNCTION {function}() RETURNS SETOF {landed} LANGUAGE plpgsql AS "
        f"$$ BEGIN RETURN QUERY SELECT * FROM {landed}; END $$"
    )
    warehouse.run(f"CREATE VIEW {place} AS SELECT * FROM {function}()")
    with reloading(warehouse, landed), pytest.raises(TransientError, match=r"landed was truncated"):
        refresh(warehouse, KPI, as_of=AS_OF)
    refresh(warehouse, KPI, as_of=AS_OF)
    assert total(warehouse) == 7


def test_a_schema_swapped_by_rename_while_a_run_reads_ends_it(warehouse: Warehouse) -> None:
    """It takes no lock on a table, and the rows of the new one are younger than the snapshot."""
    store(warehouse, tickets=TICKETS)
    place, schema = raw(warehouse, "tickets"), warehouse.quote(warehouse.raw)
    green, old = (warehouse.quote(warehouse.raw + end) for end in ("_green", "_old"))
    warehouse.run(f"CREATE SCHEMA {green}")
    for name in warehouse.tables(warehouse.raw):
        warehouse.run(f"CREATE TABLE {green}.{name} (LIKE {schema}.{name})")
    with another_session(warehouse) as query:
        swapped: list[str] = []

        def swap(event: ProgressEvent) -> None:
            if event.kind == "checked" and not swapped:
                swapped.append(str(event))
                query("BEGIN")
                for name in warehouse.tables(warehouse.raw):
                    query(f"INSERT INTO {green}.{name} SELECT * FROM {schema}.{name}")
                query(f"INSERT INTO {green}.tickets SELECT * FROM {place} WHERE id = 't1'")
                query(f"UPDATE {green}.tickets SET id = ctid::text")
                query(f"ALTER SCHEMA {schema} RENAME TO {old}")
                query(f"ALTER SCHEMA {green} RENAME TO {schema}")
                query("COMMIT")

        try:
            with pytest.raises(TransientError, match=r"tickets.* was truncated, rewritten or swap"):
                refresh(warehouse, KPI, as_of=AS_OF, report=swap)
            refresh(warehouse, KPI, as_of=AS_OF)
            assert total(warehouse) == 8
        finally:
            query(f"DROP SCHEMA {old} CASCADE")


def test_a_table_behind_a_function_in_a_view_ends_the_run_when_it_is_swapped(
    warehouse: Warehouse,
) -> None:
    store(warehouse, tickets=TICKETS)
    place, landed = raw(warehouse, "tickets"), raw(warehouse, "landed")
    warehouse.run(f"ALTER TABLE {place} RENAME TO landed")
    function, shape = raw(warehouse, "all_landed"), raw(warehouse, "shape")
    warehouse.run(f"CREATE TABLE {shape} (LIKE {landed})")
    warehouse.run(
        f"CREATE FUNCTION {function}() RETURNS SETOF {shape} LANGUAGE plpgsql "
        f"AS $$ BEGIN RETURN QUERY SELECT * FROM {landed}; END $$"
    )
    warehouse.run(f"CREATE VIEW {place} AS SELECT * FROM {function}()")
    fresh = raw(warehouse, "fresh")
    warehouse.run(f"CREATE TABLE {fresh} (LIKE {landed})")
    with another_session(warehouse) as query:

        def swap(event: ProgressEvent) -> None:
            if event.kind == "checked" and event.table == "facilities":
                query("BEGIN")
                query(f"INSERT INTO {fresh} SELECT * FROM {landed}")
                query(f"ALTER TABLE {landed} RENAME TO old")
                query(f"ALTER TABLE {fresh} RENAME TO landed")
                query("COMMIT")

        with pytest.raises(TransientError, match=r"landed was truncated, rewritten or swapped"):
            refresh(warehouse, KPI, as_of=AS_OF, report=swap)
    refresh(warehouse, KPI, as_of=AS_OF)
    assert total(warehouse) == 7


def test_a_materialised_view_is_read_and_stays_while_it_is_read(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TICKETS)
    place, landed = raw(warehouse, "tickets"), raw(warehouse, "landed")
    warehouse.run(f"ALTER TABLE {place} RENAME TO landed")
    warehouse.run(f"CREATE MATERIALIZED VIEW {place} AS SELECT * FROM {landed}")
    warehouse.run(f"DELETE FROM {landed}")
    with another_session(warehouse) as query:
        query("SET lock_timeout = '50ms'")

        def renew(event: ProgressEvent) -> None:
            if event.kind == "checked":
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    query(f"REFRESH MATERIALIZED VIEW {place}")

        refresh(warehouse, KPI, as_of=AS_OF, report=renew)
        assert total(warehouse) == 7
        query(f"REFRESH MATERIALIZED VIEW {place}")
    with reloading(warehouse, landed):  # it is not among what the run reads
        refresh(warehouse, KPI, as_of=AS_OF)
    assert total(warehouse) == 0


@pytest.mark.parametrize("granted", ["SELECT", "every column"])
def test_the_right_to_select_is_enough(
    warehouse: Warehouse, settings: Settings, role: str, granted: str
) -> None:
    store(warehouse, tickets=TICKETS)
    warehouse.run(f"GRANT USAGE ON SCHEMA {warehouse.quote(warehouse.raw)} TO {role}")
    for name in warehouse.tables(warehouse.raw):
        columns = warehouse.table(warehouse.raw, name).columns
        right = "SELECT" if granted == "SELECT" else f"SELECT ({', '.join(columns)})"
        warehouse.run(f"GRANT {right} ON {raw(warehouse, name)} TO {role}")
    separator = "&" if "?" in settings.database_url else "?"
    url = f"{settings.database_url}{separator}user={role}"
    with open_warehouse(replace(settings, database_url=url), read_only=True) as reader:
        assert reader.fetch("SELECT current_user")[0][0] == role
        with reloading(warehouse, raw(warehouse, "tickets")):
            assert checked_rows(reader) == 7
