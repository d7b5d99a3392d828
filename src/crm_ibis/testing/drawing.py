"""Small tables drawn as text, and the rows that they stand for."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from textwrap import dedent
from typing import Any

import ibis
import ibis.expr.datatypes as dt

from crm_ibis.contracts.models import Column, Contract, contracts
from crm_ibis.errors import UsageError, near_match

Cells = dict[str, str | None]
Row = dict[str, Any]

DEFAULTS: dict[str, Cells] = {
    "facilities": {"name": "Northgate"},
    "exchange_rates": {"currency": "USD", "rate": "1"},
    "leads": {"rep_id": "r1", "status": "active", "stage": "lead", "amount": "0"},
    "opportunities": {"rep_id": "r1", "status": "open", "amount": "0"},
    "tickets": {"priority": "high", "status": "open"},
    "satisfaction": {"survey_type": "csat", "score": "5"},
    "outreach": {"channel": "email", "response_received": "false", "converted": "false"},
    "applications": {"candidate_id": "c1", "status": "pending", "has_violations": "false"},
    "invoices": {"amount": "0", "status": "pending"},
}
"""What the required columns of a shipped source hold where a drawing leaves them out."""
CREATED_AT = "2024-01-10"


def drawn(text: str) -> list[Cells]:
    """Rows of a table drawn with `|` between columns, the header first; `-` is null.

    Raises UsageError for a row with more or fewer cells than the header.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    header, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    for line, row in zip(lines[1:], rows, strict=True):
        if len(row) != len(header):
            raise UsageError(
                f"uneven rows: {line.strip()!r} has {len(row)} cells, and the header has "
                f"{len(header)}, in\n{dedent(text).strip()}"
            )
    return [
        {name: None if cell == "-" else cell for name, cell in zip(header, row, strict=True)}
        for row in rows
    ]


def value(cell: Any, dtype: dt.DataType) -> Any:
    """A drawn cell as a value of the type; dates as `2024-01-31 10:00`, months as `2024-01`.

    Raises UsageError for a cell that is no such value.
    """
    if cell is None or not isinstance(cell, str):
        return cell
    try:
        return _parse(cell, dtype)
    except (ValueError, KeyError, InvalidOperation):
        raise UsageError(f"{cell!r} is not a value of type {dtype}") from None


def _parse(cell: str, dtype: dt.DataType) -> Any:
    if dtype.is_boolean():
        return {"true": True, "false": False}[cell]
    if dtype.is_integer():
        return int(cell)
    if dtype.is_decimal():
        return Decimal(cell)
    if dtype.is_floating():
        return float(cell)
    if dtype.is_date():
        return date.fromisoformat(cell if len(cell) > 7 else f"{cell}-01")
    if dtype.is_timestamp():
        return datetime.fromisoformat(cell)
    return cell


def source_rows(name: str, text: str) -> list[Row]:
    """Drawn rows of a source, completed.

    Ids are numbered, `facility_id` is f1, dates follow `created_at` (itself 2024-01-10); any other
    required column gets a plain value that its contract allows; the rest is null.
    """
    return table_rows(name, contracts()[name].schema, text)


def table_rows(name: str, schema: ibis.Schema, text: str) -> list[Row]:
    """Drawn rows of any table; what a contract requires is completed, the rest is null.

    Raises UsageError for a column that the table does not have, and a cell that does not fit.
    """
    plain = plain_cells(contracts().get(name))
    rows = []
    for number, cells in enumerate(drawn(text), start=1):
        _refuse_unknown(name, schema, cells)
        row = {**plain, **_numbered(name, number), **_dates(schema, cells), **cells}
        rows.append({c: _value_of(name, c, row.get(c), dtype) for c, dtype in schema.items()})
    return rows


def _refuse_unknown(name: str, schema: ibis.Schema, cells: Mapping[str, Any]) -> None:
    for column in cells:
        if column not in schema:
            raise UsageError(
                f"{name} has no column {column}{near_match(column, schema)}; it has "
                f"{', '.join(schema)}"
            )


def _value_of(name: str, column: str, cell: Any, dtype: dt.DataType) -> Any:
    try:
        return value(cell, dtype)
    except UsageError as error:
        raise UsageError(f"{name}.{column}: {error}") from None


def _numbered(name: str, number: int) -> Cells:
    contract = contracts().get(name)
    if contract is None or len(contract.key) != 1:
        return {}
    (key,) = contract.key
    if not contract.schema[key].is_string():
        return {key: str(number)}
    return {key: f"{name}_{number}"}


def _dates(schema: ibis.Schema, cells: Cells) -> Cells:
    """When a row was entered and last changed, where its drawing does not say."""
    created = cells.get("created_at", cells.get("sent_at", CREATED_AT))
    names = ("created_at", "updated_at", "sent_at")
    return {name: created for name in names if name in schema}


def plain_cells(contract: Contract | None) -> Cells:
    """What the required columns of a table hold where a drawing leaves them out."""
    if contract is None:
        return {}
    cells = {c.name: _plain_cell(c, contract) for c in contract.columns if not c.nullable}
    return cells | DEFAULTS.get(contract.name, {})


def _plain_cell(c: Column, contract: Contract) -> str:
    """A value that the column's checks allow."""
    checks = contract.model.to_schema().columns[c.name].checks
    statistics = {key: value for check in checks for key, value in check.statistics.items()}
    if allowed := statistics.get("allowed_values"):
        return str(next(iter(allowed)))
    if c.references:
        return "f1" if c.references == "facilities" else f"{c.references}_1"
    if c.dtype.is_numeric():
        return str(statistics.get("min_value", 0))
    if c.dtype.is_boolean():
        return "false"
    if c.dtype.is_date():
        return "2024-01-01"
    if c.dtype.is_timestamp():
        return CREATED_AT
    return c.name
