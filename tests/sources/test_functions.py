"""Functions of sources.yml: where they fail is named, and what they return is computed once."""

from collections.abc import Callable
from datetime import datetime

import pytest
from mappings import SourcesFile, fit_of
from stored import leftovers, raw

from crm_ibis.errors import CrmIbisError, DatabaseError, DataError, UsageError
from crm_ibis.publishing.check import (
    check,
)
from crm_ibis.publishing.preflight import fit
from crm_ibis.publishing.refresh import refresh
from crm_ibis.publishing.source_fit import query_of
from crm_ibis.sources.functions import Materialized
from crm_ibis.sources.resolve import source_tables
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

POSTGRES_IS_SLOW = True

AT = datetime(2024, 3, 1)
KPI = ["ticket_sla_compliance"]
FILE = "sources: {tickets: {file: ours.py}}"
TICKETS = "id\nt1\nt2\nt3"


ODD = """
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.rules as rlz


class Odd(ops.Unary):
    dtype = dt.string
    shape = rlz.shape_like("arg")


def tickets(facilities):"""
"""A function that may use an operation which no database knows."""


def failing(warehouse: Warehouse, file: SourcesFile, code: str, kind: type[CrmIbisError]) -> str:
    """What is said when the source cannot be made."""
    file.write(FILE)
    file.beside("ours.py", code)
    with pytest.raises(kind) as told:
        source_tables(warehouse, ["tickets"])
    return str(told.value)


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("def tickets(landed):\n    return landed.mutate(\n        id=landed.nope)", 3, "nope"),
        ("def tickets(landed):\n    return _one(landed)\ndef _one(t):\n    return t.x", 4, "x"),
        ("def tickets(landed):\n    raise SystemExit(3)", 2, "SystemExit: 3"),
        (
            "from crm_ibis.errors import DataError\ndef tickets(landed):\n"
            "    raise DataError('there is no customer')",
            3,
            "there is no customer",
        ),
        (
            "from crm_ibis.connectors import zendesk\ndef tickets(landed):\n"
            "    return zendesk.tickets(landed.drop('id'), landed)",
            3,
            "tickets",
        ),
    ],
)
def test_an_error_in_a_function_carries_its_file_and_line(
    warehouse: Warehouse, sources_file: SourcesFile, code: str, line: int, words: str
) -> None:
    store(warehouse)
    warehouse.run(f"CREATE TABLE {raw(warehouse, 'landed')} (id TEXT)")
    told = failing(warehouse, sources_file, code, CrmIbisError)
    assert f"({sources_file.folder / 'ours.py'}, line {line})" in told
    assert words in told


def test_a_database_s_own_error_in_a_function_is_told_likewise(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse)
    code = "def tickets(facilities):\n    return facilities.get_backend().sql('SELECT nope')\n"
    told = failing(warehouse, sources_file, code, CrmIbisError)
    assert "nope" in told
    assert "ours.py, line 2)" in told


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        ("ibis.memtable({'id': ['t1']})", UsageError, "ibis.memtable holds its rows outside"),
        (
            "facilities.join(ibis.memtable({'id': ['f1']}), 'id')",
            UsageError,
            "load them into a table",
        ),
        (
            "ibis.duckdb.connect().sql('SELECT 1 AS id')",
            UsageError,
            "over a connection of its own",
        ),
        ("facilities.id", UsageError, "the function returns no Ibis table"),
        ("facilities.mutate(x=Odd(facilities.id).to_expr())", DataError, "cannot compute this"),
    ],
)
def test_what_cannot_be_computed_is_refused_before_it_is_read(
    warehouse: Warehouse,
    sources_file: SourcesFile,
    made: str,
    kind: type[CrmIbisError],
    words: str,
) -> None:
    store(warehouse)
    told = failing(warehouse, sources_file, f"{ODD}\n    return {made}\n", kind)
    assert "tickets by ours.py over" in told
    assert words in told


def test_a_value_that_stops_the_database_names_the_file(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets="id\nt1")
    warehouse.run(f"ALTER TABLE {raw(warehouse, 'tickets')} RENAME TO landed")
    sources_file.write(FILE)
    code = "def tickets(landed):\n    return landed.mutate(n=landed.id.cast('int64'))\n"
    sources_file.beside("ours.py", code)
    words = r"tickets by ours.py over .*landed cannot be computed: .*(?:INT64|bigint)"
    with pytest.raises(DatabaseError, match=words):
        refresh(warehouse, KPI, as_of=AT)
    assert "cannot be computed" in (fit_of(warehouse).problem or "")
    assert not leftovers(warehouse)


COUNTED = """
def tickets(landed):
    return landed.order_by("id").limit(1000)
"""


@pytest.fixture
def with_function(warehouse: Warehouse, sources_file: SourcesFile) -> Warehouse:
    store(warehouse, tickets=TICKETS)
    warehouse.run(f"ALTER TABLE {raw(warehouse, 'tickets')} RENAME TO landed")
    sources_file.write(FILE)
    sources_file.beside("ours.py", COUNTED)
    return warehouse


@pytest.mark.parametrize(
    "run",
    [
        lambda w: refresh(w, KPI, as_of=AT),
        lambda w: refresh(w, KPI, as_of=AT, dry_run=True),
        lambda w: check(w, ["tickets"]),
        fit,
    ],
    ids=["refresh", "dry run", "check", "sources"],
)
def test_what_a_function_returns_is_written_once_and_freed(
    with_function: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[Warehouse], object],
) -> None:
    ran: list[str] = []
    for name in ("run", "fetch"):
        execute = getattr(with_function, name)

        def spied(
            sql: str, values: object = (), execute: Callable[..., object] = execute
        ) -> object:
            ran.append(sql)
            return execute(sql, values)

        monkeypatch.setattr(with_function, name, spied)
    run(with_function)
    reading = [sql for sql in ran if '"landed"' in sql]
    assert len(reading) == 1, reading
    assert reading[0].startswith("CREATE TEMP TABLE")
    assert not leftovers(with_function)


def test_what_a_function_returns_is_what_is_published(with_function: Warehouse) -> None:
    refresh(with_function, KPI, as_of=AT)
    (row,) = read(with_function, KPI[0])
    assert row["total_tickets"] == 3
    assert fit_of(with_function).rows == 3


def test_a_source_in_quarantine_is_written_once_too(
    with_function: Warehouse, sources_file: SourcesFile
) -> None:
    sources_file.write("sources: {tickets: {file: ours.py, on_violation: quarantine}}")
    refresh(with_function, KPI, as_of=AT)
    assert not leftovers(with_function)
    assert fit_of(with_function).rows == 3


def test_the_query_that_stands_for_a_source_reads_no_temporary_table(
    with_function: Warehouse,
) -> None:
    assert "landed" in query_of(with_function, "tickets")
    assert "crm_ibis_staged" not in query_of(with_function, "tickets")


def test_who_may_write_no_temporary_table_reads_all_the_same(
    with_function: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(with_function, "may_stage", lambda: False)
    with Materialized(with_function) as written:
        (table,) = source_tables(with_function, ["tickets"], written).values()
        assert len(with_function.rows(table)) == 3
    assert check(with_function, ["tickets"])[0].rows == 3


def test_at_most_twenty_values_are_named_and_the_rest_is_counted(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """25 priorities, of which p25 is translated: 20 are named and four more have a row each."""
    rows = [f"t{n} | p{n:02} | s{n}" for n in range(1, 26)] + ["u1 | p01 | s1"]
    store(warehouse, tickets="id | priority | status\n" + "\n".join(rows))
    sources_file.write(
        """
        sources:
          tickets:
            columns:
              priority: {from: priority, values: {p25: low}}
              status: {from: status, values: {s1: open}, else: closed}
        """
    )
    seen = fit_of(warehouse)
    assert {value.column for value in seen.untranslated} == {"priority"}
    assert len(seen.untranslated) == 20
    assert (seen.untranslated[0].value, seen.untranslated[0].rows) == ("p01", 2)
    (more,) = seen.more_untranslated
    assert (more.column, more.values, more.rows) == ("priority", 4, 4)


def test_no_more_than_twenty_values_leave_none_to_count(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    rows = [f"t{n} | p{n:02}" for n in range(1, 21)]
    store(warehouse, tickets="id | priority\n" + "\n".join(rows))
    sources_file.write("sources: {tickets: {columns: {priority: {from: priority, values: {}}}}}")
    seen = fit_of(warehouse)
    assert len(seen.untranslated) == 20
    assert seen.more_untranslated == ()
