"""Instants that Python cannot hold are told like any other value, and stop no command."""

import json
from datetime import datetime
from decimal import Decimal

import pytest
from stored import raw

from crm_ibis.cli import terminal
from crm_ibis.cli.rows import rows_of
from crm_ibis.cli.sources import _source_lines
from crm_ibis.cli.terminal.layout import cell_text
from crm_ibis.publishing.check import (
    check,
)
from crm_ibis.publishing.preflight import fit
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse

ODD = ["-infinity", "infinity", "0044-03-15 BC", "12024-01-01"]
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)


def literal(warehouse: Warehouse, moment: str) -> str:
    """DuckDB writes the era in brackets."""
    return moment.replace(" BC", " (BC)") if warehouse.dialect == "duckdb" else moment


@pytest.mark.parametrize("moment", ODD)
def test_sources_tells_of_an_odd_instant(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str], moment: str
) -> None:
    """The span is that of the other tickets; the contract complains of the odd one."""
    store(warehouse, tickets="id | created_at\nt1 | 2024-01-10\nt2 | 2024-01-12\nt3 | 2024-01-11")
    odd = f"TIMESTAMP '{literal(warehouse, moment)}'"
    place = raw(warehouse, "tickets")
    warehouse.run(f"UPDATE {place} SET created_at = {odd}, updated_at = {odd} WHERE id = 't3'")
    found = fit(warehouse)
    (tickets,) = (seen for seen in found.fits if seen.source == "tickets")
    assert (tickets.first, tickets.last) == (datetime(2024, 1, 10), datetime(2024, 1, 12))
    assert tickets.newest == datetime(2024, 1, 12)
    finite = {v.check: v.rows for v in tickets.violations}
    assert finite["created_at is a finite instant"] == 1
    lines = "\n".join(_source_lines(found))
    assert "3 rows, created 2024-01-10 to 2024-01-12" in lines
    assert "created_at is a finite instant: 1 row" in lines
    terminal.print_json(found)
    assert json.loads(capsys.readouterr().out)["fits"]
    outcome = check(warehouse, ["tickets"])
    terminal.print_json(outcome)
    terminal.print_checks(outcome)
    rows = rows_of(warehouse, "tickets")
    terminal.print_json(rows)
    terminal.print_rows(rows, False)
    assert "t3" in capsys.readouterr().out


def test_a_source_of_odd_instants_alone_has_no_span(warehouse: Warehouse) -> None:
    store(warehouse, tickets="id\nt1")
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET created_at = TIMESTAMP '-infinity'")
    found = fit(warehouse)
    (tickets,) = (seen for seen in found.fits if seen.source == "tickets")
    assert (tickets.first, tickets.last, tickets.rows) == (None, None, 1)
    assert any("tickets: from" in line for line in _source_lines(found))


@on_postgres
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "infinity"),
        ("date", "0044-03-15 BC"),
        ("timestamptz", "-infinity"),
        ("timestamptz", "12024-01-01"),
        ("time", "24:00"),
    ],
)
def test_values_of_other_types_are_read_too(warehouse: Warehouse, kind: str, value: str) -> None:
    ((found,),) = warehouse.fetch(f"SELECT CAST('{value}' AS {kind})")
    assert str(found).startswith(value)


def test_a_number_without_end_is_shown() -> None:
    assert cell_text(Decimal("Infinity")) == "Infinity"
    assert cell_text(Decimal("NaN")) == "NaN"
    assert cell_text(Decimal("1234.50")) == "1,234.50"
