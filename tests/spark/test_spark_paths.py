"""`path:` on Spark: the rows of DuckDB, from the same files."""

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from crm_ibis.config.settings import Settings
from crm_ibis.engines import Engine
from crm_ibis.engines.spark import SparkEngine
from crm_ibis.errors import CrmIbisError, DatabaseError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources import check, resolve
from crm_ibis.warehouse import open_warehouse

sys.path.append(str(Path(__file__).parents[1] / "sources"))
from mappings import SourcesFile
from paths import FACILITIES, INVOICE_ROWS, LEADS, RATE_ROWS, SOURCES, write_exports, write_parquet

LOCAL = "spark://local[2]"


@pytest.fixture
def sources_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourcesFile:
    return SourcesFile(tmp_path, monkeypatch)


@pytest.fixture
def there(duckdb_settings: Settings) -> Settings:
    return replace(duckdb_settings, engine_url=LOCAL)


def rows_of(engine: Engine, source: str) -> list[dict[str, object]]:
    given = resolve.source_tables(engine, [source])
    rows = engine.rows(check.cast_sources(given)[source])
    return sorted(rows, key=lambda row: str(row.get("id", row.get("currency"))))


def test_csv_exports_are_read_as_duckdb_reads_them(
    there: Settings, sources_file: SourcesFile
) -> None:
    sources_file.write(SOURCES)
    write_exports(sources_file.folder)
    with open_warehouse(there) as duckdb, SparkEngine(there) as spark:
        for source in ("facilities", "invoices", "exchange_rates", "applications"):
            assert rows_of(spark, source) == rows_of(duckdb, source)
        invoices = rows_of(spark, "invoices")
        assert [{c: row[c] for c in INVOICE_ROWS[0]} for row in invoices] == INVOICE_ROWS
        assert rows_of(spark, "exchange_rates") == RATE_ROWS


def test_parquet_in_a_folder_by_a_pattern_and_by_url(
    there: Settings, sources_file: SourcesFile
) -> None:
    lake = sources_file.folder / "lake" / "leads"
    for number in (1, 2):
        write_parquet(lake / f"{number}.parquet", LEADS.format(n=number))
    sources_file.beside("facilities.csv", FACILITIES)
    with SparkEngine(there) as spark:
        for path in ("lake/leads", "lake/*/*.parquet", f"file://{lake}"):
            sources_file.write(
                f"sources: {{leads: {{path: '{path}'}}, facilities: {{path: facilities.csv}}}}"
            )
            (first, second) = rows_of(spark, "leads")
            assert second["id"] == "2"
            assert first["created_at"] == first["updated_at"] == datetime(2024, 1, 1, 1)
        sources_file.write(f"sources: {{leads: {{path: 'file://{lake}/nothing'}}}}")
        with pytest.raises(DatabaseError, match=r"PATH_NOT_FOUND.* file:.*/lake/leads/nothing"):
            rows_of(spark, "leads")


def test_files_with_a_mapping_a_function_and_quarantine_are_published(
    there: Settings, sources_file: SourcesFile
) -> None:
    sources_file.write("""
        sources:
          facilities: {file: ours.py, paths: {clients: clients.csv}}
          applications: absent
          invoices:
            path: bills.csv
            columns:
              id: Nr
              facility_id: client
              amount: {from: total, number: "1.234,5"}
              status: {value: paid}
              created_at: {from: day, format: "%d.%m.%Y"}
              updated_at: {from: day, format: "%d.%m.%Y"}
            on_violation: quarantine
            max_quarantined_pct: 50
    """)
    sources_file.beside("clients.csv", FACILITIES)
    sources_file.beside("ours.py", "def facilities(clients):\n    return clients\n")
    bills = "Nr;client;total;day\n1;f1;1.000,5;31.01.2024\n2;f9;1,0;01.02.2024\n"
    sources_file.beside("bills.csv", bills)
    with open_warehouse(there) as warehouse:
        done = refresh(warehouse, ["revenue_kpis"], as_of=datetime(2024, 3, 1))
        (invoices,) = [table for table in done.tables if table.table == "invoices"]
        assert (invoices.rows, invoices.quarantined) == (1, 1)
        revenue = warehouse.fetch(f"SELECT total_revenue FROM {warehouse.analytics}.revenue_kpis")
        assert [float(total) for (total,) in revenue] == [1000.5]
        sources_file.beside("bills.csv", bills + "secret;f1;1;31.01.2024;more\n")
        with pytest.raises(CrmIbisError) as raised:
            refresh(warehouse, ["revenue_kpis"], as_of=datetime(2024, 3, 1))
        assert str(raised.value) == (
            f"invoices from {sources_file.folder}/bills.csv cannot be computed: a line of a CSV "
            "file has more or fewer columns than the header; fix the file and run again"
        )
