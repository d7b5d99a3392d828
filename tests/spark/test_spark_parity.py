"""Computed on Spark over Parquet, published in DuckDB and PostgreSQL: the cells of DuckDB."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_parity import (
    AS_OF,
    EVERYTHING,
    NAMES,
    PERCENTILES,
    Edges,
    edges_of_everything,
    published,
    refreshed,
)

from crm_ibis.config.params import Params
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.engines import spark_session
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import assuming
from crm_ibis.warehouse import Warehouse, open_warehouse

LOCAL = "spark://local[2]"
MONEY = ["revenue_kpis", "weighted_pipeline_scenarios", "deal_queue", "lead_milestones"]
"""Tables with amounts of all three sources."""


def export(warehouse: Warehouse, folder: Path, schema: str) -> None:
    """Puts the sources of a DuckDB into a schema of Spark's catalog, as Parquet."""
    session = spark_session.open_session(replace(warehouse.settings, engine_url=LOCAL))
    session.sql(f"CREATE DATABASE IF NOT EXISTS {schema}")
    for name in warehouse.tables(warehouse.raw) & {*contracts()}:
        file = folder / f"{name}.parquet"
        warehouse.run(f"COPY {warehouse.raw}.{name} TO '{file}' (FORMAT parquet)")
        session.read.parquet(str(file)).write.mode("overwrite").saveAsTable(f"{schema}.{name}")


def cell(value: Any) -> Any:
    return struct.pack("d", value) if isinstance(value, float) else value


def assert_cells_of_duckdb(
    settings: Settings,
    folder: Path,
    schema: str,
    edges: Edges,
    params: Params | None = None,
    names: list[str] = NAMES,
) -> int:
    """How many cells were compared."""
    with open_warehouse(Settings(database_url="duckdb://")) as duckdb:
        refreshed(duckdb, folder, edges, params, names=names)
        export(duckdb, folder, schema)
        expected = {name: published(duckdb, name) for name in names}
    there = replace(settings, engine_url=LOCAL, raw_schema=schema)
    compared = 0
    with open_warehouse(there) as warehouse:
        refresh(warehouse, names, as_of=AS_OF, params=params)
        for name in names:
            ours = published(warehouse, name)
            assert len(ours) == len(expected[name]) > 0
            for one, other in zip(ours, expected[name], strict=True):
                for column in one:
                    compared += 1
                    if column.startswith(PERCENTILES) and one[column] is not None:
                        assert one[column] == pytest.approx(other[column], abs=1e-9)
                    else:
                        assert cell(one[column]) == cell(other[column]), (name, column)
                        assert type(one[column]) is type(other[column])
    return compared


@pytest.mark.parametrize(
    ("seed", "said"), [(1, ""), (2, "reporting: {time_zone: America/New_York}")]
)
def test_all_cells_are_those_of_duckdb(
    settings: Settings, tmp_path: Path, seed: int, said: str
) -> None:
    schema = f"messy_{seed}"
    compared = assert_cells_of_duckdb(settings, tmp_path, schema, Edges(seed), assuming(said))
    assert compared > 20_000


def test_calendars_pauses_and_currencies_give_the_cells_of_duckdb(
    postgres_settings: Settings, tmp_path: Path
) -> None:
    edges = edges_of_everything(3)
    params = assuming(EVERYTHING)
    compared = assert_cells_of_duckdb(postgres_settings, tmp_path, "messy_3", edges, params)
    assert compared > 20_000


def test_rates_of_one_day_give_the_cells_of_duckdb(
    duckdb_settings: Settings, tmp_path: Path
) -> None:
    edges = edges_of_everything(4)
    params = assuming(EVERYTHING.replace("currency: EUR", "currency: EUR, rates_as_of: 2024-02-01"))
    compared = assert_cells_of_duckdb(duckdb_settings, tmp_path, "messy_4", edges, params, MONEY)
    assert compared > 1_000
