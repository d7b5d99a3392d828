"""`dbt build` of the same tables: a project made of the hand-written SQL and of the contracts.

Models are the hand-written queries; tests are what dbt knows of the contracts: unique,
not_null, accepted_values, relationships, ranges. dbt is no dependency: it is given by its path.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.databases import BY_DBT, RAW
from benchmarks.generate import AS_OF
from benchmarks.hand_written import needed_for, select
from benchmarks.usage import Usage, measured

from crm_ibis.contracts.contract import Column, Contract
from crm_ibis.contracts.models import contracts, get_contract

if TYPE_CHECKING:
    from benchmarks.commands import Subject

THREADS = 2
SERVER_SETTINGS = "-c work_mem=64MB -c jit=off"
"""Of PostgreSQL, as the hand-written SQL has them."""
TESTS = """
{% test unique_key(model, columns) %}
select {{ columns | join(', ') }} from {{ model }}
group by {{ columns | join(', ') }} having count(*) > 1
{% endtest %}

{% test holds(model, column_name, expression) %}
select * from {{ model }} where not ({{ expression }})
{% endtest %}
"""
RANGES = {
    "greater_than_or_equal_to": "{column} >= {min_value}",
    "less_than_or_equal_to": "{column} <= {max_value}",
    "greater_than": "{column} > {min_value}",
    "less_than": "{column} < {max_value}",
    "in_range": "{column} between {min_value} and {max_value}",
    "not_before": "{column} >= {not_before}",
    "whole_month": "extract(day from {column}) = 1",
}


class Dbt:
    """A project in a folder of its own, for one database."""

    def __init__(self, program: Path, subject: "Subject") -> None:
        self.program = program
        self.subject = subject
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        write_project(self.folder, subject.url, subject.tables)

    def build(self) -> Usage:
        """Builds and tests everything."""
        command = [str(self.program), "build", "--quiet", "--profiles-dir", str(self.folder)]
        env = {"PGOPTIONS": SERVER_SETTINGS, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        usage, _ = measured(command, env, cwd=self.folder, server=self.subject.server)
        return usage


def write_project(folder: Path, url: str, tables: Iterable[str]) -> None:
    """A dbt project that makes the tables, and tests them and the sources, but no fact of them."""
    for name in ("models", "macros"):
        (folder / name).mkdir()
    dialect = "duckdb" if url.startswith("duckdb:") else "postgres"
    for name in needed_for(tables):
        (folder / "models" / f"{name}.sql").write_text(model(name, dialect), encoding="utf-8")
    (folder / "macros" / "tests.sql").write_text(TESTS, encoding="utf-8")
    _write(folder / "models" / "models.yml", models=[_tested(get_contract(t)) for t in tables])
    sources = [_tested(contracts()[name]) for name in _sources()]
    _write(folder / "models" / "sources.yml", sources=[{"name": RAW, "tables": sources}])
    _write(
        folder / "dbt_project.yml",
        name="bench",
        version="1.0",
        profile="bench",
        models={"bench": {"materialized": "table"}},
    )
    output = {"schema": BY_DBT, "threads": THREADS, **_place(url)}
    _write(folder / "profiles.yml", bench={"target": "bench", "outputs": {"bench": output}})


def _sources() -> list[str]:
    return [c.name for c in contracts().values() if c.kind == "source" and not c.is_optional]


def model(name: str, dialect: str) -> str:
    """The hand-written query, with dbt's references to other tables and to sources."""
    sql = select(name, dialect, "$raw", AS_OF, lambda other: f"{{{{ ref('{other}') }}}}")
    for source in _sources():
        reference = f"{{{{ source('{RAW}', '{source}') }}}} as {source}"
        sql = sql.replace(f"$raw.{source}", reference)
    return sql


def _place(url: str) -> dict[str, Any]:
    if url.startswith("duckdb:"):
        return {"type": "duckdb", "path": url.removeprefix("duckdb://")}
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(url)
    return {
        "type": "postgres",
        "host": given.get("host", "localhost"),
        "port": int(str(given.get("port", 5432))),
        "user": given.get("user", "postgres"),
        "password": given.get("password", ""),
        "dbname": given["dbname"],
    }


def _tested(contract: Contract) -> dict[str, Any]:
    """A table and its columns with their tests."""
    key: list[Any] = ["unique"] if len(contract.key) == 1 else []
    columns = [
        {
            "name": column.name,
            "data_tests": [
                *(key if column.name in contract.key else []),
                *_column_tests(column, contract.declared.columns[column.name].checks),
            ],
        }
        for column in contract.values
    ]
    whole = {"unique_key": {"arguments": {"columns": list(contract.key)}}}
    return {"name": contract.name, "columns": columns, "data_tests": [] if key else [whole]}


def _column_tests(column: Column, checks: Any) -> Iterator[Any]:
    if not column.nullable:
        yield "not_null"
    if column.references:
        parent = f"source('{RAW}', '{column.references}')"
        yield {"relationships": {"arguments": {"to": parent, "field": "id"}}}
    for check in checks:
        facts = check.statistics or {}
        if check.name == "isin":
            yield {"accepted_values": {"arguments": {"values": list(facts["allowed_values"])}}}
        elif words := RANGES.get(check.name):
            expression = words.format(column=column.name, **facts)
            name = f"{column.name}_{check.name}"
            yield {"holds": {"name": name, "arguments": {"expression": expression}}}


def _write(path: Path, **content: Any) -> None:
    # JSON is YAML.
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
