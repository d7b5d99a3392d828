"""Compares computed rows with drawn ones, and says how they differ."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from textwrap import indent
from typing import Any

from crm_ibis.errors import UsageError, near_match
from crm_ibis.testing.built import BuiltTable, Row, draw, show
from crm_ibis.testing.drawing import Cells, drawn

TOLERANCE = 1e-9


def expect(table: BuiltTable | Sequence[Row], drawing: str) -> None:
    """The table holds the drawn rows and no others, in the drawn columns; floats to 1e-9.

    A table that an engine built is compared by its key, in whatever order its rows are drawn.
    Where only a part of the key is drawn, each drawn row must be there; where none of it is, rows
    are drawn in the order of their keys. A list of rows is compared in its own order. A float may
    be drawn as a fraction, such as `100/3`; a date by its first characters, such as `2024-01`.

    Raises:
        AssertionError: with each difference, and the rows that were computed.
        UsageError: for a drawn column that the table does not have.
    """
    __tracebackhide__ = True
    expected = drawn(drawing)
    rows = list(table)
    header = [cell.strip() for cell in drawing.strip().partition("\n")[0].split("|")]
    _refuse_unknown(header, table, rows)
    differences = list(_differences(table, rows, expected, header))
    if differences:
        name = table.name if isinstance(table, BuiltTable) else "the table"
        listed = indent("\n".join(differences), "  ")
        computed = indent(draw(rows, _shown(table, rows, header)), "  ")
        raise AssertionError(f"{name} is not as drawn:\n{listed}\ncomputed were:\n{computed}")


def _refuse_unknown(header: list[str], table: Sequence[Row], rows: list[Row]) -> None:
    known = table.columns if isinstance(table, BuiltTable) else tuple(rows[0] if rows else header)
    for column in header:
        if column not in known:
            raise UsageError(
                f"there is no column {column}{near_match(column, known)}; there are "
                f"{', '.join(known)}"
            )


def _shown(table: Sequence[Row], rows: list[Row], header: list[str]) -> list[str]:
    """The key and the drawn columns: what it takes to see which row is which."""
    key = table.key if isinstance(table, BuiltTable) else ()
    return list(dict.fromkeys([*key, *header]))


def _differences(
    table: Sequence[Row], rows: list[Row], expected: list[Cells], header: list[str]
) -> Iterator[str]:
    key = table.key if isinstance(table, BuiltTable) else ()
    drawn_key = [column for column in key if column in header]
    if not drawn_key:
        yield from _in_order(rows, expected)
    elif len(drawn_key) < len(key):
        yield from _unmatched(rows, expected, header)
    else:
        yield from _by_key(rows, expected, drawn_key)


def _in_order(rows: list[Row], expected: list[Cells]) -> Iterator[str]:
    if len(rows) != len(expected):
        yield f"{len(rows)} rows instead of {len(expected)}"
        return
    for number, (row, cells) in enumerate(zip(rows, expected, strict=True), start=1):
        yield from _cells(row, cells, f"row {number}")


def _unmatched(rows: list[Row], expected: list[Cells], header: list[str]) -> Iterator[str]:
    left = list(rows)
    for cells in expected:
        match = next((row for row in left if not list(_cells(row, cells, ""))), None)
        if match is None:
            yield f"no row is {_label(cells, header)}"
        else:
            left.remove(match)
    for row in left:
        yield f"not drawn: {_label(row, header)}"


def _by_key(rows: list[Row], expected: list[Cells], key: list[str]) -> Iterator[str]:
    left = list(rows)
    for cells in expected:
        named = {column: cells[column] for column in key}
        match = next((row for row in left if not list(_cells(row, named, ""))), None)
        if match is None:
            yield f"no row has {_label(cells, key)}"
            continue
        left.remove(match)
        yield from _cells(match, cells, _label(cells, key))
    for row in left:
        yield f"not drawn: {_label(row, key)}"


def _label(row: Row | Cells, columns: Sequence[str]) -> str:
    return ", ".join(f"{column}={show(row[column])}" for column in columns)


def _cells(row: Row, cells: Cells, label: str) -> Iterator[str]:
    for column, expected in cells.items():
        if not _equal(row[column], expected):
            yield f"{label}: {column} is {show(row[column])}, expected {show(expected)}"


def _equal(got: Any, expected: str | None) -> bool:
    if expected is None or got is None:
        return got is None and expected is None
    if isinstance(got, bool):
        return expected == str(got).lower()
    if isinstance(got, float):
        part, _, whole = expected.partition("/")
        return abs(got - float(part) / float(whole or 1)) <= TOLERANCE
    if isinstance(got, Decimal):
        return str(got) == expected
    if isinstance(got, datetime):
        return got == datetime.fromisoformat(expected)
    if isinstance(got, date):
        return str(got)[: len(expected)] == expected
    return str(got) == expected
