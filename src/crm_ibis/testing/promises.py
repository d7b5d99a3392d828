"""What every table of the project keeps, shipped or own, checked over drawn tables."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import isclose
from types import FrameType
from typing import Any

import ibis.expr.operations as ops

from crm_ibis.config.params import load_params
from crm_ibis.contracts.audit import audit
from crm_ibis.contracts.models import get_contract
from crm_ibis.metrics import graph
from crm_ibis.testing.built import BuiltTable, Row, show
from crm_ibis.testing.engine import AS_OF, Engine, refuse_unknown
from crm_ibis.testing.expectation import TOLERANCE

CLOCKS = (ops.TimestampNow, ops.DateNow, ops.RandomScalar, ops.RandomUUID)
"""What a database answers differently each time."""
CLOCK_CALLS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time", "time_ns", "monotonic", "gmtime", "localtime", "Random.random", "urandom"),
}
"""Python's clocks, and what else differs from one call to the next."""


def check_promises(engines: Sequence[Engine], name: str, **tables: Any) -> None:
    """A KPI or fact keeps what every table promises.

    Its function asks no clock; over the drawn tables its rows keep its contract, so its grain is
    unique and there is a row at least; and all databases give the same cells, floats to 1e-9.

    Args:
        engines: The fixture `engines`: DuckDB, and PostgreSQL where there is one.
        name: The table.
        tables: What `Engine.build` takes: drawn tables, `as_of`, `params`.

    Raises:
        AssertionError: for a promise that is broken.
    """
    __tracebackhide__ = True
    check_no_clock(name)
    results = []
    for engine in engines:
        built = engine.build(name, **tables)
        assert len(built), f"{name} has no rows over these tables, so nothing was checked"
        check_contract(engine, built)
        results.append(built)
    for one, other in pairwise(results):
        check_agreement(one, other)


def check_contract(engine: Engine, built: BuiltTable) -> None:
    """The rows keep the contract of their table; references only to tables that were drawn."""
    __tracebackhide__ = True
    contract = get_contract(built.name)
    table = engine.store(built.name, contract.schema_of(built.columns), list(built))
    parents = {name: engine.filled[name] for name in contract.parents if name in engine.filled}
    absent = {name for name in contract.parents if not _has_rows(engine, name)}
    rules = contract.rules_over(built.columns)
    outcome = audit(engine.warehouse, table, contract, rules, parents, absent)
    broken = "\n".join(violation.detailed for violation in outcome.errors)
    assert not outcome.errors, f"{built.name} breaks its contract:\n{broken}"


def _has_rows(engine: Engine, name: str) -> bool:
    if name not in engine.filled:
        return False
    table = engine.filled[name].get_name()
    return bool(engine.warehouse.fetch(f"SELECT 1 FROM {table} LIMIT 1"))


def check_agreement(one: BuiltTable, other: BuiltTable) -> None:
    """Two databases gave the same rows."""
    __tracebackhide__ = True
    assert len(one) == len(other), (
        f"{one.name} has {len(one)} rows on one database and {len(other)} on another"
    )
    for row, counterpart in zip(one, other, strict=True):
        for column in one.columns:
            assert _same(row[column], counterpart[column]), (
                f"{one.name}: {column} is {show(row[column])} on one database and "
                f"{show(counterpart[column])} on another, in {_key(one, row)}"
            )


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, float) and isinstance(other, float):
        return isclose(value, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(value == other)


def _key(built: BuiltTable, row: Row) -> str:
    return ", ".join(f"{column}={show(row[column])}" for column in built.key)


def check_no_clock(name: str) -> None:
    """The function of a table asks neither Python's clock nor the database's; `as_of` is now."""
    __tracebackhide__ = True
    refuse_unknown(name)
    calls: list[str] = []
    sources = graph.unbound_sources("raw")
    with _clock_calls(graph.table_functions()[name], calls):
        table = graph.build([name], sources, load_params(), AS_OF)[name]
    calls += [type(operation).__name__ for operation in table.op().find(CLOCKS)]
    assert not calls, (
        f"{name} asks for {', '.join(sorted(set(calls)))}, so it gives other rows each time; "
        "let it take `as_of`, the instant of the run, as a parameter"
    )


@contextmanager
def _clock_calls(function: Any, calls: list[str]) -> Iterator[None]:
    """Notes the calls of a clock that are made by the module of a function."""
    file = function.__code__.co_filename

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or frame.f_code.co_filename != file:
            return
        if called.__qualname__ in CLOCK_CALLS:
            calls.append(called.__qualname__)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
