"""Which columns of which sources a KPI is computed from."""

from collections.abc import Iterable
from datetime import datetime

import ibis
import sqlglot
from ibis import Table
from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from crm_ibis.config.params import load_params
from crm_ibis.metrics import graph

Columns = dict[str, set[str]]
"""Columns by source."""


def columns_read(names: Iterable[str]) -> dict[str, Columns]:
    """The columns of each source that each of the named tables reads."""
    names = list(names)
    sources = graph.unbound_sources("raw")
    built = graph.build(names, sources, load_params(), datetime(2024, 1, 1))
    return {name: _columns_read(built[name], sources) for name in names}


def _columns_read(table: Table, sources: dict[str, Table]) -> Columns:
    known: dict[str, object] = {
        "raw": {n: {c: str(t) for c, t in s.schema().items()} for n, s in sources.items()}
    }
    query = sqlglot.parse_one(str(ibis.to_sql(table, dialect="duckdb")), read="duckdb")
    qualified = qualify(query, dialect="duckdb", schema=known, validate_qualify_columns=False)
    read: Columns = {}
    for scope in traverse_scope(pushdown_projections(qualified, schema=known)):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table):
                columns = {column.name for column in scope.source_columns(alias)}
                read.setdefault(source.name, set()).update(columns)
    return read
