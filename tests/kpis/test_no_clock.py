"""What depends on "now" depends on `as_of`: no query reads the clock of the database."""

import pytest

from crm_ibis.config.params import load_params
from crm_ibis.metrics import graph
from crm_ibis.testing import AS_OF, check_no_clock

COMPUTED = [*graph.fact_functions(), *graph.kpi_functions()]
NEEDED = {needed for name in COMPUTED for needed in graph.needs(name)}


@pytest.mark.parametrize("name", [name for name in COMPUTED if name not in NEEDED])
def test_no_query_asks_for_the_current_time(name: str) -> None:
    sql = graph.compile_table(name, "duckdb", "raw", load_params(), AS_OF).lower()
    for clock in ("now(", "current_date", "current_time", "localtime", "getdate", "today("):
        assert clock not in sql


@pytest.mark.parametrize("name", graph.table_functions())
def test_no_function_asks_for_the_current_time(name: str) -> None:
    check_no_clock(name)
