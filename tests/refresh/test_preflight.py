"""What keeps a result from being published is found out before it is computed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from reports import into
from stored import analytics, leftovers, raw, read_all, runs

from crm_ibis.config.settings import Settings
from crm_ibis.errors import DataError
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse, open_warehouse

AS_OF = datetime(2024, 3, 1)
LATER = AS_OF + timedelta(days=1)
KPI, SNAPSHOT = "pipeline_kpis", "pipeline_kpi_snapshot"
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)


@pytest.fixture
def published(warehouse: Warehouse) -> Warehouse:
    """Two published KPIs, one with its history, and sources that break their contract since.

    So whatever is said of anything else was found before the sources were looked at.
    """
    store(warehouse, invoices="amount\n5", applications="id\na1")
    refresh(warehouse, ["revenue_kpis", KPI], as_of=AS_OF, snapshot=True)
    warehouse.run(f"UPDATE {raw(warehouse, 'invoices')} SET status = 'broken'")
    warehouse.run(f"UPDATE {raw(warehouse, 'applications')} SET status = 'broken'")
    return warehouse


def foreign(warehouse: Warehouse) -> str:
    table = analytics(warehouse, "revenue_kpis")
    warehouse.run(f"DROP TABLE {table}")
    warehouse.run(f"CREATE TABLE {table} (month DATE, revenue INTEGER)")
    return "lacks the column facility_id"


def view(warehouse: Warehouse) -> str:
    table = analytics(warehouse, "revenue_kpis")
    warehouse.run(f"DROP TABLE {table}")
    warehouse.run(f"CREATE VIEW {table} AS SELECT 1 AS facility_id")
    return "revenue_kpis is a view"


def another_type(warehouse: Warehouse) -> str:
    table = analytics(warehouse, "revenue_kpis")
    warehouse.run(f"ALTER TABLE {table} ALTER COLUMN total_invoices TYPE DOUBLE PRECISION")
    return "column total_invoices of"


def several_rows(warehouse: Warehouse) -> str:
    table = analytics(warehouse, "revenue_kpis")
    if warehouse.dialect == "postgres":
        warehouse.run(f"DROP INDEX {analytics(warehouse, 'revenue_kpis_grain')}")
    warehouse.run(f"INSERT INTO {table} SELECT * FROM {table}")
    return "has several rows per facility_id, month"


def a_view_on_a_column_that_goes(warehouse: Warehouse) -> str:
    table = analytics(warehouse, "revenue_kpis")
    warehouse.run(f"ALTER TABLE {table} ADD COLUMN mine INTEGER")
    warehouse.run(f"CREATE VIEW {raw(warehouse, 'my_view')} AS SELECT mine FROM {table}")
    return "column mine of .*something depends on it: .*my_view"


SPOILT = [foreign, view, another_type, several_rows, a_view_on_a_column_that_goes]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_table_of_another_shape_is_found_before_the_work(
    published: Warehouse, spoil: Callable[[Warehouse], str]
) -> None:
    told = spoil(published)
    before = read_all(published)
    lines: list[str] = []
    with pytest.raises(DataError, match=told):
        refresh(published, [KPI, "revenue_kpis"], as_of=LATER, report=into(lines))
    with pytest.raises(DataError, match=told):
        refresh(published, [KPI, "revenue_kpis"], as_of=LATER, dry_run=True, report=into(lines))
    assert lines == []
    assert read_all(published) == before
    assert leftovers(published) == []
    last = runs(published)[-1]
    assert (last["state"], "revenue_kpis" in last["error"]) == ("failed", True)


def test_all_that_is_wrong_is_one_error(published: Warehouse) -> None:
    foreign(published)
    published.run(
        f"ALTER TABLE {analytics(published, KPI)} ALTER COLUMN hired_count TYPE DOUBLE PRECISION"
    )
    with pytest.raises(DataError) as refused:
        refresh(published, [KPI, "revenue_kpis"], as_of=LATER)
    first, second = str(refused.value).splitlines()
    assert "column hired_count" in first
    assert "lacks the column facility_id" in second


def test_a_backfill_looks_at_its_histories_first(published: Warehouse) -> None:
    table = analytics(published, SNAPSHOT)
    published.run(f"ALTER TABLE {table} ALTER COLUMN hired_count TYPE DOUBLE PRECISION")
    lines: list[str] = []
    with pytest.raises(DataError, match=f"column hired_count of the snapshot {SNAPSHOT}"):
        backfill(published, [LATER], [SNAPSHOT], report=into(lines))
    assert lines == []


@on_postgres
def test_an_index_of_another_grain_is_found_before_the_work(published: Warehouse) -> None:
    index = analytics(published, "revenue_kpis_grain")
    published.run(f"DROP INDEX {index}")
    published.run(
        f'CREATE UNIQUE INDEX "revenue_kpis_grain" ON '
        f"{analytics(published, 'revenue_kpis')} (facility_id)"
    )
    with pytest.raises(DataError, match="published with another grain, facility_id;"):
        refresh(published, ["revenue_kpis"], as_of=LATER)


@pytest.fixture
def publisher(
    postgres_settings: Settings, postgres_url: str, role: str
) -> Iterator[tuple[Warehouse, Settings]]:
    """A database in which everything is published, and settings of a user who may only read."""
    with open_warehouse(postgres_settings) as owner:
        store(owner, invoices="amount\n5")
        refresh(owner, ["revenue_kpis"], as_of=AS_OF)
        owner.run(f"UPDATE {raw(owner, 'invoices')} SET status = 'broken'")
        for schema in (owner.raw, owner.analytics, owner.meta):
            quoted = owner.quote(schema)
            owner.run(f"GRANT USAGE ON SCHEMA {quoted} TO {role}")
            owner.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {quoted} TO {role}")
        meta = owner.quote(owner.meta)
        owner.run(f"GRANT ALL ON ALL TABLES IN SCHEMA {meta} TO {role}")
        url = urlsplit(postgres_url)
        place = url.netloc.rpartition("@")[2]
        theirs = urlunsplit(url._replace(netloc=f"{role}@{place}"))
        yield owner, replace(postgres_settings, database_url=theirs)


def test_rights_that_are_missing_are_named_before_the_work(
    publisher: tuple[Warehouse, Settings],
) -> None:
    owner, theirs = publisher
    try:
        psycopg.connect(theirs.database_url).close()
    except psycopg.OperationalError:
        pytest.skip("this server lets no user in without a password")
    with open_warehouse(theirs) as warehouse:
        with pytest.raises(DataError) as refused:
            refresh(warehouse, ["revenue_kpis", KPI], as_of=LATER)
        first, second = str(refused.value).splitlines()
        name = f"{warehouse.analytics}.revenue_kpis"
        assert first == (
            "revenue_kpis cannot be published: the user lacks "
            f"INSERT on {name}, UPDATE on {name}, DELETE on {name}"
        )
        assert second == (
            f"{KPI} cannot be published: the user lacks CREATE on schema {warehouse.analytics}"
        )
    assert len(read(owner, "revenue_kpis")) == 1
