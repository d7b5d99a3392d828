"""The SQL of every table, as files, so that a review sees what a change does to it.

Each file is the query of one table over the tables it needs. `make generate` writes them anew. For
the other dialects it is enough that they compile.
"""

from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
import sqlglot

from crm_ibis.config.params import load_params
from crm_ibis.errors import UsageError
from crm_ibis.metrics import graph

GOLDEN = Path(__file__).parent / "golden"
AS_OF = datetime(2024, 3, 1)
TABLES = list(graph.table_functions())
COMPILE_ONLY = ["snowflake", "bigquery", "databricks", "trino"]
GAPS = {
    (dialect, table): "Quantile|Median"
    for dialect in ("bigquery", "trino")
    for table in ("ticket_sla_compliance", "satisfaction_rollups")
}
"""(dialect, table) -> what Ibis cannot write: exact percentiles."""


@cache
def queries(dialect: str) -> dict[str, str]:
    """Every table's query, but for gaps and what needs them."""
    lacking = {table for gap_dialect, table in GAPS if gap_dialect == dialect}
    tables = [table for table in TABLES if not lacking & set(graph.plan([table]))]
    return graph.queries(tables, dialect, graph.unbound_sources("raw"), load_params(), AS_OF)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("table", TABLES)
def test_sql_is_the_golden_sql(table: str, dialect: str, request: pytest.FixtureRequest) -> None:
    file = GOLDEN / dialect / f"{table}.sql"
    query = queries(dialect)[table] + "\n"
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(query, encoding="utf-8")
    assert query == file.read_text(encoding="utf-8"), (
        "run `make generate` and look at the difference"
    )


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.rglob("*.sql")} == set(TABLES)


@pytest.mark.parametrize("dialect", COMPILE_ONLY)
def test_compiles_for_other_dialects(dialect: str) -> None:
    for table, query in queries(dialect).items():
        (statement,) = sqlglot.parse(query, read=dialect)
        assert isinstance(statement, sqlglot.exp.Query), table


@pytest.mark.parametrize(("dialect", "table"), list(GAPS))
def test_gaps_are_real(dialect: str, table: str) -> None:
    with pytest.raises(UsageError, match=GAPS[dialect, table]):
        graph.queries([table], dialect, graph.unbound_sources("raw"), load_params(), AS_OF)


def test_a_whole_query_names_each_table_it_needs() -> None:
    query = graph.compile_table("conversion_funnel", "duckdb", "raw", load_params(), AS_OF)
    statement = sqlglot.parse_one(query, read="duckdb")
    assert isinstance(statement, sqlglot.exp.Query)
    named = {cte.alias for cte in statement.ctes}
    assert named == {"stg_leads", "stg_opportunities", "lead_milestones", "conversion_funnel"}


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UsageError, match="oracel"):
        graph.queries(
            ["conversion_funnel"], "oracel", graph.unbound_sources("raw"), load_params(), AS_OF
        )
