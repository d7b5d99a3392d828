"""Expressions in the SQL of a database: for a run, for `crm-ibis sql`, and for the golden files."""

from dataclasses import dataclass
from typing import Any

import ibis.backends.sql.compilers as compilers
from ibis import Table
from sqlglot import exp

from crm_ibis.warehouse.postgres_sql import tune

TUNED = {"postgres": tune}
"""What is changed for a database's planner; DuckDB's needs nothing."""


@dataclass(frozen=True)
class Query:
    """A query in the SQL of a database, and the names of its columns."""

    sql: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Staging:
    """Statements that put a query's rows into a temporary table, compiled and not yet run."""

    name: str
    statements: tuple[str, ...]
    table: Table
    """The temporary table as an expression."""


def to_sqlglot(query: Table, dialect: str) -> exp.Expression:
    """An expression as a tree of SQL, tuned for the dialect's planner.

    Raises ValueError for an unknown dialect.
    """
    written = compiler_of(dialect).to_sqlglot(query)
    return TUNED[dialect](written) if dialect in TUNED else written


def compiler_of(dialect: str) -> Any:
    """What writes a dialect: Ibis' own, or ours where that one is at fault.

    Raises ValueError for an unknown dialect.
    """
    if dialect == "pyspark":
        from crm_ibis.warehouse import spark_sql

        return spark_sql.compiler
    provider = getattr(compilers, dialect, None)
    if provider is None or not hasattr(provider, "compiler"):
        raise ValueError(f"unknown dialect {dialect}")
    return provider.compiler


def to_sql(query: Table, dialect: str) -> str:
    """An expression as formatted SQL. Its tables need no connection."""
    written = to_sqlglot(query.unbind(), dialect)
    return written.sql(dialect=compiler_of(dialect).dialect, pretty=True)
