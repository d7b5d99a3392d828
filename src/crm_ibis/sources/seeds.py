"""Loads the sample data of seeds/ into the raw schema: the shipped one, and the team's.

A seed is a CSV file in UTF-8, with or without a byte order mark: commas, double quotes, a header
with the columns of its contract in any order. Columns that may be null may be missing; the raw
table then has no such column, as a missing column is not a column of nulls. An empty field is null,
quoted or not: no source has an empty text. Instants are ISO 8601; one with an offset
(`2024-02-01T05:00:00+08:00`, or `Z`) is turned into UTC, one without is UTC. Every value is read
here and not by the database, so that a file means the same on all of them.
"""

import csv
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from math import isfinite
from pathlib import Path

import ibis
import ibis.expr.datatypes as dt

from crm_ibis.config import project
from crm_ibis.contracts.models import Contract, contracts
from crm_ibis.errors import DatabaseError, DataError, UsageError, near_match
from crm_ibis.events import ProgressEvent, Report, to_log, warn
from crm_ibis.sources.spec import load_spec
from crm_ibis.text import count_of, undecodable
from crm_ibis.warehouse import Warehouse

REPORT_TO_LOG = to_log(__name__)

MARK = "loaded by crm-ibis seed"
"""The comment on every table that `seed` made: it belongs to nobody else."""

BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
NUMBERS = {
    "integer": re.compile(r"[+-]?[0-9]+"),
    "number": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
}
FLAGS = {"true": "true", "t": "true", "1": "true", "false": "false", "f": "false", "0": "false"}

WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "date": "a date such as 2024-01-31",
    "instant": "an instant such as 2024-01-31 09:30:00 or 2024-01-31T09:30:00+01:00",
    "number": "a number such as 9800.50",
}


def load_seeds(
    warehouse: Warehouse, force: bool = False, report: Report = REPORT_TO_LOG
) -> dict[str, int]:
    """Replaces the raw tables by the seeds, all in one transaction; rows per table.

    Raises DataError when a raw table is not one that `seed` made, unless `force`, and when a file
    cannot be read: then nothing is loaded.
    """
    found = {c.name: project.seed_file(c.name) for c in contracts().values() if c.kind == "source"}
    files = {name: file for name, file in found.items() if file}
    for file in project.seed_files():
        if file.stem not in found:
            warn(
                report,
                f"warning: {file} is not loaded: there is no source "
                f'"{file.stem}"{near_match(file.stem, found)}',
            )
    sources = [contracts()[name] for name in files]
    loaded = {}
    with warehouse.lock(lambda: "another run"), warehouse.transaction():
        warehouse.ensure_schema(warehouse.raw)
        there = warehouse.tables(warehouse.raw)
        foreign = [
            c.name
            for c in sources
            if c.name in there and warehouse.remark(warehouse.raw, c.name) != MARK
        ]
        if foreign and not force:
            listed = ", ".join(f"{warehouse.raw}.{name}" for name in foreign)
            raise DataError(
                f"{listed} was not loaded by `seed` and will not be overwritten; seed another "
                "database, name another schema with CRM_IBIS_RAW_SCHEMA, or use --force"
            )
        for contract in sources:
            _replace(warehouse, contract, files[contract.name], contract.name in there)
            table = warehouse.quote(warehouse.raw, contract.name)
            ((loaded[contract.name],),) = warehouse.fetch(f"SELECT count(*) FROM {table}")
    # Not before the commit: a file that cannot be read takes back all that was loaded before it.
    for name, rows in loaded.items():
        line = f"loaded {warehouse.raw}.{name}: {count_of(rows, 'row')}"
        report(ProgressEvent("loaded", line, name))
    for name in sorted(_absent() & loaded.keys()):
        line = f"sources.yml says `{name}: absent`, so no refresh reads it; delete that line"
        warn(report, f"warning: {name}: {line}", name)
    return loaded


def _absent() -> set[str]:
    """The sources that sources.yml says are absent; a wrong file is for those who read sources."""
    try:
        return set(load_spec().absent)
    except UsageError:
        return set()


def _replace(warehouse: Warehouse, contract: Contract, file: Path, there: bool) -> None:
    table = warehouse.quote(warehouse.raw, contract.name)
    rows = _rows(file, contract)
    columns = next(rows)
    # Columns that no sample has are made, so that `crm-ibis sql` runs on it; others stay missing.
    made = {*columns, *(c.name for c in contract.columns if c.refines)}
    schema = contract.schema_of(c for c in contract.schema if c in made)
    if there and _fits(warehouse, contract.name, schema):
        # Emptied rather than dropped, so that grants and views on it survive.
        warehouse.run(f"DELETE FROM {table}")
    else:
        if there:
            is_table = warehouse.is_table(warehouse.raw, contract.name)
            warehouse.run(f"DROP {'TABLE' if is_table else 'VIEW'} {table}")
        warehouse.create_table(warehouse.raw, contract.name, schema)
        warehouse.run(f"COMMENT ON TABLE {table} IS '{MARK}'")
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / file.name
        with plain.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
        try:
            warehouse.load_csv(warehouse.raw, contract.name, columns, plain)
        except DatabaseError as error:
            raise DataError(
                f"{file} does not fit its contract, nothing was loaded: {error}"
            ) from None


def _fits(warehouse: Warehouse, name: str, schema: ibis.Schema) -> bool:
    there = warehouse.table(warehouse.raw, name).schema()
    same_types = {n: t.copy(nullable=True) for n, t in there.items()} == dict(schema)
    return same_types and warehouse.remark(warehouse.raw, name) == MARK


def _rows(file: Path, contract: Contract) -> Iterator[list[str]]:
    """The header, then each row with its values as every database reads them; "" is null."""
    lines = csv.reader(StringIO(_text(file), newline=""), strict=True)
    try:
        columns = _header(next(lines, []), file, contract)
        yield columns
        types = [contract.schema[c] for c in columns]
        for row in lines:
            if not row:
                continue  # a blank line
            if len(row) != len(columns):
                raise DataError(
                    f"{file}, line {lines.line_num}: {len(row)} values for {len(columns)} columns; "
                    "nothing was loaded. A value with a comma needs double quotes"
                )
            yield [
                _value(cell, dtype, f"{file}, line {lines.line_num}: {column}")
                for cell, dtype, column in zip(row, types, columns, strict=True)
            ]
    except csv.Error as error:
        raise DataError(
            f"{file}, line {lines.line_num} is not CSV: {error}; nothing was loaded"
        ) from None


def _text(file: Path) -> str:
    """The text of a file; raises DataError for one that is not in UTF-8."""
    data = file.read_bytes()
    remedy = "nothing was loaded. Save it as UTF-8 (in Excel: CSV UTF-8)"
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            raise DataError(f"{file} is in {encoding}, and seeds are in UTF-8; {remedy}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{file} {undecodable(data, error)}; {remedy}") from None
    if "\0" in text:
        raise DataError(f"{file} holds zero bytes, as UTF-16 does; {remedy}")
    return text


def _header(columns: list[str], file: Path, contract: Contract) -> list[str]:
    known = {c.name: c for c in contract.columns}
    problems = [f"{c} is unknown{near_match(c, known)}" for c in columns if c not in known]
    problems += [f"{c} is there twice" for c in dict.fromkeys(columns) if columns.count(c) > 1]
    problems += [f"{n} is missing" for n, c in known.items() if n not in columns and not c.nullable]
    if problems:
        raise DataError(
            f"the columns of {file} do not fit the contract of {contract.name}: "
            f"{', '.join(problems)}; nothing was loaded. The contract has {', '.join(known)}"
        )
    return columns


def _value(cell: str, dtype: dt.DataType, where: str) -> str:
    """A value as every database reads it; raises DataError for one that is not of its type."""
    if not cell or dtype.is_string():
        return cell
    try:
        return _plain(cell.strip(), dtype)
    except OverflowError:
        raise DataError(f"{where} is out of the range of {dtype}; nothing was loaded") from None
    except (ValueError, KeyError):
        raise DataError(f"{where} is not {WORDS[_kind(dtype)]}; nothing was loaded") from None


def _plain(cell: str, dtype: dt.DataType) -> str:
    kind = _kind(dtype)
    if kind == "boolean":
        return FLAGS[cell.lower()]
    if kind == "date":
        return date.fromisoformat(cell).isoformat()
    if kind == "instant":
        moment = datetime.fromisoformat(cell)
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        return moment.isoformat(sep=" ")
    if not NUMBERS[kind].fullmatch(cell):
        raise ValueError
    if not _is_in_range(Decimal(cell), dtype):
        raise OverflowError
    return cell


def _is_in_range(number: Decimal, dtype: dt.DataType) -> bool:
    if dtype.is_integer():
        return bool(dtype.bounds.lower <= number <= dtype.bounds.upper)
    if dtype.is_decimal():
        # Half of the last place more would be rounded up to a digit too many.
        last = Decimal(10) ** (dtype.precision - dtype.scale) - Decimal(10) ** -dtype.scale / 2
        return abs(number) < last
    return isfinite(float(number))


def _kind(dtype: dt.DataType) -> str:
    if dtype.is_boolean():
        return "boolean"
    if dtype.is_integer():
        return "integer"
    if dtype.is_date():
        return "date"
    return "instant" if dtype.is_timestamp() else "number"
