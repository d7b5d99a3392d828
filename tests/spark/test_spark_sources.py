"""Sources in Spark's catalog: contracts, quarantine, and errors."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.engines import spark_session
from crm_ibis.engines.spark import SparkEngine
from crm_ibis.errors import TransientError
from crm_ibis.publishing.check import check
from crm_ibis.publishing.refresh import ChecksFailed, refresh
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.warehouse import open_warehouse

AS_OF = datetime(2024, 3, 1)
LOCAL = "spark://local[2]"


@pytest.fixture(scope="module")
def session(spark_configuration: Path) -> Any:
    return spark_session.open_session(Settings(engine_url=LOCAL))


@pytest.fixture
def lake(session: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The seeds, as Parquet in Spark's catalog; the schema that holds them."""
    folder = tmp_path_factory.mktemp("seeds")
    schema = f"crm_{folder.name}"
    session.sql(f"CREATE DATABASE {schema}")
    with open_warehouse(Settings(database_url="duckdb://")) as duckdb:
        load_seeds(duckdb)
        for name in duckdb.tables(duckdb.raw) & {*contracts()}:
            file = folder / f"{name}.parquet"
            duckdb.run(f"COPY {duckdb.raw}.{name} TO '{file}' (FORMAT parquet)")
            session.read.parquet(str(file)).write.saveAsTable(f"{schema}.{name}")
    return schema


@pytest.fixture
def there(duckdb_settings: Settings, lake: str) -> Settings:
    return replace(duckdb_settings, engine_url=LOCAL, raw_schema=lake)


def test_a_broken_row_stops_the_run_and_goes_to_quarantine_where_allowed(
    there: Settings, lake: str, session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices = session.table(f"{lake}.invoices").limit(1)
    made = {"id": "'broken' AS id", "facility_id": "'nowhere' AS facility_id"}
    invoices.selectExpr(*[made.get(c, c) for c in invoices.columns]).write.insertInto(
        f"{lake}.invoices"
    )
    with open_warehouse(there) as warehouse:
        with pytest.raises(ChecksFailed, match="facility_id is an id of facilities: 1 row"):
            refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
        file = tmp_path / "sources.yml"
        file.write_text(
            "sources:\n  invoices: {on_violation: quarantine, max_quarantined_pct: 50}\n"
        )
        monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
        done = refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
        (invoices,) = [t for t in done.tables if t.table == "invoices"]
        assert invoices.quarantined == 1
        kept = warehouse.fetch(
            f"SELECT source_name, row_key FROM {warehouse.quote(warehouse.meta, 'quarantine')}"
        )
        assert kept == [("invoices", "broken")]
        checked = {outcome.table: outcome for outcome in check(warehouse)}
        assert [v.rows for v in checked["invoices"].errors] == [1]
        assert not checked["revenue_kpis"].violations
        assert not checked["revenue_kpis"].problem


def test_a_refresh_over_the_same_rows_changes_nothing(there: Settings) -> None:
    with open_warehouse(there) as warehouse:
        first = refresh(warehouse, ["revenue_kpis", "ticket_sla"], as_of=AS_OF)
        again = refresh(warehouse, ["revenue_kpis", "ticket_sla"], as_of=AS_OF)
    assert all(table.new for table in first.published)
    assert not any(t.new or t.changed or t.gone for t in again.published)


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The zone of the machine, which nothing may depend on."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york")
def test_rows_of_the_warehouse_are_read_by_spark(there: Settings) -> None:
    """An instant within the hour that the clocks of New York skip."""
    with open_warehouse(there) as warehouse, SparkEngine(there) as engine:
        warehouse.run(
            "CREATE TEMP TABLE few AS SELECT 1.5::DECIMAL(10, 2) AS d, NULL AS t, "
            "TIMESTAMP '2024-03-10 02:30:00.000001' AS at"
        )
        types = {"d": "decimal(10, 2)", "t": "string", "at": "timestamp(6)"}
        table = engine.borrow("few", ibis.table(types, name="few"), warehouse)
        moment = datetime(2024, 3, 10, 2, 30, 0, 1)
        assert engine.rows(table) == [{"d": Decimal("1.50"), "t": None, "at": moment}]
        assert engine.rows(table.select(text=table["at"].cast("string"))) == [
            {"text": "2024-03-10 02:30:00.000001"}
        ]


def test_a_job_that_takes_too_long_is_cancelled(there: Settings) -> None:
    slow = replace(there, statement_timeout=2)
    with SparkEngine(slow) as engine:
        pause = "java_method('java.lang.Thread', 'sleep', id * 0 + 100)"
        slept = engine.session.range(0, 1_000, 1, 2).selectExpr("id AS n", f"{pause} AS slept")
        slept.createOrReplaceTempView("numbers")
        table = ibis.table({"n": "int64", "slept": "string"}, name="numbers")
        with pytest.raises(TransientError, match=r"cancelled after 2 s, the `timeout`"):
            engine.rows(table.aggregate(n=table.slept.max()))
        engine.settings = there
        assert engine.rows(table.aggregate(n=table.n.max())) == [{"n": 999}]
