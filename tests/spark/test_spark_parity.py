"""Computed on Spark over Parquet, published in DuckDB and PostgreSQL: the cells of DuckDB."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_parity import AS_OF, NAMES, PERCENTILES, Edges, published, refreshed

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.engines import spark_session
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import assuming
from crm_ibis.warehouse import Warehouse, open_warehouse

LOCAL = "spark://local[2]"


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


@pytest.mark.parametrize(
    ("seed", "said"), [(1, ""), (2, "reporting: {time_zone: America/New_York}")]
)
def test_all_cells_are_those_of_duckdb(
    settings: Settings, tmp_path: Path, seed: int, said: str
) -> None:
    schema = f"messy_{seed}"
    params = assuming(said)
    with open_warehouse(Settings(database_url="duckdb://")) as duckdb:
        refreshed(duckdb, tmp_path, Edges(seed), params)
        export(duckdb, tmp_path, schema)
        expected = {name: published(duckdb, name) for name in NAMES}
    there = replace(settings, engine_url=LOCAL, raw_schema=schema)
    with open_warehouse(there) as warehouse:
        refresh(warehouse, NAMES, as_of=AS_OF, params=params)
        compared = 0
        for name in NAMES:
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
        assert compared > 20_000
