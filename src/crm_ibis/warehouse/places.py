"""Which tables of the database an expression reads."""

from collections.abc import Iterable

import ibis.expr.operations as ops
import sqlglot
from ibis import Table
from sqlglot import exp

Place = tuple[str | None, str]
"""The schema of a table, if it is known, and its name."""

BY_NAME = (ops.DatabaseTable, ops.UnboundTable)
SQL_TEXT = (ops.SQLQueryResult, ops.SQLStringView)


def places(tables: Iterable[Table], dialect: str) -> set[Place]:
    """The tables that expressions read, those that they name in SQL of their own included."""
    found: set[Place] = set()
    for table in tables:
        operation = table.op()
        found |= {(node.namespace.database, node.name) for node in operation.find(BY_NAME)}
        for node in operation.find(SQL_TEXT):
            found |= _named_in(node.query, dialect)
    return found


def _named_in(sql: str, dialect: str) -> set[Place]:
    query = sqlglot.parse_one(sql, dialect=dialect)
    return {(table.db or None, table.name) for table in query.find_all(exp.Table)}
