"""Sources stored in a database, published tables read back, and a project folder of one's own."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from crm_ibis.config import project as content
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.warehouse import Warehouse

Query = Callable[..., list[tuple[Any, ...]]]


def raw(warehouse: Warehouse, name: str) -> str:
    """The quoted name of a source table."""
    return warehouse.quote(warehouse.raw, name)


def analytics(warehouse: Warehouse, name: str) -> str:
    """The quoted name of a published table."""
    return warehouse.quote(warehouse.analytics, name)


def read_all(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of everything in the analytics schema, in an order of no meaning."""
    return {
        name: sorted(warehouse.fetch(f"SELECT * FROM {analytics(warehouse, name)}"), key=str)
        for name in warehouse.tables(warehouse.analytics)
    }


def runs(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The log of runs, oldest first."""
    table = warehouse.table(warehouse.meta, "runs")
    return warehouse.rows(table.order_by(table.started_at))


def leftovers(warehouse: Warehouse) -> list[str]:
    """Temporary and staged tables of any session, and tables that are nobody's, in the database."""
    if warehouse.dialect == "duckdb":
        sql = "SELECT table_name FROM duckdb_tables() WHERE temporary OR table_name LIKE '%staged%'"
    else:
        sql = "SELECT relname FROM pg_class WHERE relname LIKE 'crm_ibis_staged%'"
    return [name for (name,) in warehouse.fetch(sql)]


@contextmanager
def another_session(warehouse: Warehouse) -> Iterator[Query]:
    """Somebody else on the same database: a function that executes SQL and returns the rows."""
    if warehouse.dialect == "duckdb":
        session: Any = warehouse.con.con.cursor()
    else:
        session = psycopg.connect(warehouse.settings.database_url, autocommit=True)

    def query(sql: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        cursor = session.execute(sql, values) if values else session.execute(sql)
        return cursor.fetchall() if cursor.description else []

    try:
        yield query
    finally:
        session.close()


class Project:
    """A project folder with the contracts and seeds of this one, for a test to change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("schemas", "seeds"):
            shutil.copytree(
                content.path(part), folder / part, ignore=shutil.ignore_patterns("__pycache__")
            )

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces a piece of text that occurs once in a file."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        contracts.cache_clear()
        histories.cache_clear()


@contextmanager
def project_in(folder: Path, monkeypatch: Any) -> Iterator[Project]:
    """A project folder that the program uses for as long as the test runs."""
    project = Project(folder)
    monkeypatch.setenv("CRM_IBIS_HOME", str(folder))
    contracts.cache_clear()
    histories.cache_clear()
    try:
        yield project
    finally:
        contracts.cache_clear()
        histories.cache_clear()
