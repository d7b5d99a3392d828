"""A run of the tests compiles each expression once: thousands of them audit the same tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import pytest
from ibis import Table
from ibis.backends import BaseBackend
from ibis.expr.operations import Node

from crm_ibis.warehouse.base import Warehouse

LIMIT = 1000
"""How many expressions are kept; each holds on to the tables that it is made of."""


@contextmanager
def compiled_once() -> Iterator[None]:
    """Keeps the SQL of expressions that are equal but for the connection they were made with."""
    compile_anew = Warehouse.compile
    kept: dict[tuple[Node, str, bool], str] = {}
    room = Lock()

    def compile_once(warehouse: Warehouse, query: Table, inline: bool = False) -> str:
        key = (query.op(), warehouse.dialect, inline)
        sql = kept.get(key) or compile_anew(warehouse, query, inline)
        with room:
            while len(kept) >= LIMIT:
                del kept[next(iter(kept))]
            kept[key] = sql
        return sql

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Warehouse, "compile", compile_once)
        # What Ibis compares connections by: those of one kind of database are equal.
        monkeypatch.setattr(BaseBackend, "db_identity", property(lambda backend: backend.name))
        yield
