"""The SQL of every connector's sources over landed tables, as files for a review to see.

`make generate` writes them anew.
"""

from pathlib import Path

import ibis
import ibis.expr.operations as ops
import pytest
from systems import LANDED, unbound

from crm_ibis.contracts.models import contracts
from crm_ibis.sources import connectors
from crm_ibis.sources.connectors.options import ONE_OF

GOLDEN = Path(__file__).parent / "golden"
SOURCES = [
    (system, source)
    for system in connectors.SYSTEMS
    for source in connectors.table_functions(system)
]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize(("system", "source"), SOURCES)
def test_sql_is_the_golden_sql(
    system: str, source: str, dialect: str, request: pytest.FixtureRequest
) -> None:
    file = GOLDEN / dialect / f"{system}_{source}.sql"
    query = str(ibis.to_sql(unbound(system, source), dialect=dialect)) + "\n"
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(query, encoding="utf-8")
    assert query == file.read_text(encoding="utf-8"), (
        "run `make generate` and look at the difference"
    )


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.rglob("*.sql")} == {f"{s}_{n}" for s, n in SOURCES}


@pytest.mark.parametrize(("system", "source"), SOURCES)
def test_a_connector_makes_columns_of_the_contract(system: str, source: str) -> None:
    """In its types or ones that become them; what it adds is told by its name."""
    made, contract = unbound(system, source).schema(), contracts()[source]
    required = {c.name for c in contract.columns if not c.nullable}
    assert required <= set(made)
    assert set(made) - set(contract.schema) <= {"priority_given"}


def test_every_landed_table_is_read_by_its_connector() -> None:
    """But for those that take the place of one that did not land."""
    instead = {later for _, *others in ONE_OF.values() for later in others}
    for system, tables in LANDED.items():
        read = set()
        for source in connectors.table_functions(system):
            query = unbound(system, source).op()
            read |= {table.name for table in query.find(ops.UnboundTable)}
        assert read == set(tables) - instead
