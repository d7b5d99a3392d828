"""What is wrong with Spark, its configuration or its tables: one line each, with the remedy."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crm_ibis.config.settings import Settings
from crm_ibis.engines import spark_session
from crm_ibis.engines.spark import SparkEngine
from crm_ibis.errors import CrmIbisError, DatabaseError, DataError, UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.warehouse import open_warehouse

LOCAL = "spark://local[2]"
CONTRADICTION = """
spark.sql.ansi.enabled false
spark.driver.memory 512m
spark.ui.enabled false
"""


@pytest.fixture(scope="module")
def session(spark_configuration: Path) -> Any:
    found = spark_session.open_session(Settings(engine_url=LOCAL))
    found.sql("CREATE DATABASE IF NOT EXISTS errors")
    found.sql(
        "CREATE TABLE errors.facilities USING parquet AS "
        "SELECT 'f1' AS id, 'One' AS name, timestamp '2024-01-01' AS created_at"
    )
    found.sql(
        "CREATE TABLE errors.invoices USING parquet AS "
        "SELECT 'i1' AS id, 'f1' AS facility_id, 'much' AS amount, 'paid' AS status, "
        "timestamp '2024-01-01' AS created_at, timestamp '2024-01-02' AS paid_at"
    )
    return found


@pytest.fixture
def there(duckdb_settings: Settings, session: Any) -> Settings:
    return replace(duckdb_settings, engine_url=LOCAL, raw_schema="errors")


def refusal(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    said: str,
    kind: type[CrmIbisError] = DataError,
) -> str:
    """Why revenue is not computed by a sources.yml."""
    file = folder / "sources.yml"
    file.write_text(f"sources:\n  applications: absent\n{said}", encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
    with open_warehouse(settings) as warehouse, pytest.raises(kind) as raised:
        refresh(warehouse, ["revenue_kpis"])
    return str(raised.value)


def test_a_missing_table(there: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert refusal(there, monkeypatch, tmp_path, "  invoices: {table: invoces}") == (
        'there is no source table errors.invoces (did you mean "invoices"?); load it, say in '
        "sources.yml where it comes from, or name another schema with CRM_IBIS_RAW_SCHEMA"
    )


def test_a_missing_catalog(
    there: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert refusal(there, monkeypatch, tmp_path, "  invoices: {schema: lak.crm}") == (
        'Spark has no catalog "lak" (did you mean "lake"?); set spark.sql.catalog.lak in '
        "spark-defaults.conf, or name another in sources.yml"
    )


def test_a_catalog_without_its_jar(
    there: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = refusal(there, monkeypatch, tmp_path, "  invoices: {schema: lake.crm}", DatabaseError)
    assert said == (
        "Spark's configuration names org.apache.spark.sql.NoSuchCatalog, which Spark does not "
        "have; put its jar into spark.jars or spark.jars.packages in spark-defaults.conf"
    )


def test_a_column_of_another_type(
    there: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = refusal(there, monkeypatch, tmp_path, "")
    assert "the source invoices does not fit its contract" in said
    assert "column amount is string, must be decimal(24, 6); sources.yml can read it: " in said


def test_another_master_than_that_of_the_session_is_refused(session: Any) -> None:
    with pytest.raises(UsageError, match=r"already has a session of Spark on local\[2\]"):
        spark_session.open_session(Settings(engine_url="spark://local[1]"))


def test_a_contradicting_configuration_is_refused() -> None:
    spark_session._refuse_contradictions({"spark.sql.session.timeZone": "Etc/UTC"})
    with pytest.raises(UsageError, match=r"says spark.sql.session.timeZone=Europe/Zurich"):
        spark_session._refuse_contradictions({"spark.sql.session.timeZone": "Europe/Zurich"})


def test_ansi_mode_that_is_switched_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spark-defaults.conf").write_text(CONTRADICTION, encoding="utf-8")
    environment = {
        **os.environ,
        "SPARK_CONF_DIR": str(tmp_path),
        "CRM_IBIS_ENGINE_URL": "spark://local[1]",
        "CRM_IBIS_DATABASE_URL": f"duckdb://{tmp_path / 'a.duckdb'}",
    }
    command = [sys.executable, "-m", "crm_ibis", "refresh", "revenue_kpis"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == (
        "Error: Spark's configuration says spark.sql.ansi.enabled=false, and the cells are right "
        "only with true; take it out of spark-defaults.conf"
    )


def test_another_version_of_the_server_is_refused() -> None:
    with pytest.raises(UsageError, match=r"pip install 'pyspark==4.0.\*'"):
        spark_session._refuse_version("4.0.1", "3.5")


def test_a_schema_that_is_not_there_has_no_tables(there: Settings) -> None:
    with SparkEngine(there) as engine:
        assert engine.tables("crn") == set()
