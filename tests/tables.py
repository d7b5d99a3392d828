"""Small tables drawn as text, and an engine that computes others from them."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from ibis import Table

from crm_ibis.config.params import Params, load_params
from crm_ibis.contracts.models import contracts
from crm_ibis.metrics import graph
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)

DEFAULTS: dict[str, dict[str, Any]] = {
    "facilities": {"name": "Northgate"},
    "leads": {"rep_id": "r1", "status": "active", "stage": "lead", "amount": "0"},
    "opportunities": {"rep_id": "r1", "status": "open", "amount": "0"},
    "tickets": {"priority": "high", "status": "open"},
    "satisfaction": {"survey_type": "csat", "score": "5"},
    "outreach": {"channel": "email", "response_received": "false", "converted": "false"},
    "applications": {"candidate_id": "c1", "status": "pending", "has_violations": "false"},
    "invoices": {"amount": "0", "status": "pending"},
}
"""What a source's required columns hold where a test does not say; see also `source_rows`."""


def drawn(text: str) -> list[dict[str, str | None]]:
    """Rows of a table drawn with `|` between columns, the header first; `-` is null."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    header, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    assert all(len(row) == len(header) for row in rows), f"uneven rows in {text}"
    return [
        {name: None if cell == "-" else cell for name, cell in zip(header, row, strict=True)}
        for row in rows
    ]


def value(cell: Any, dtype: dt.DataType) -> Any:
    """A drawn cell as a value of the type; dates as `2024-01-31 10:00`, months as `2024-01`."""
    if cell is None or not isinstance(cell, str):
        return cell
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
    return datetime.fromisoformat(cell) if dtype.is_timestamp() else cell


def source_rows(name: str, text: str) -> list[dict[str, Any]]:
    """Drawn rows of a source, completed: ids are numbered, `facility_id` is f1, dates follow
    `created_at` (itself 2024-01-10), and the rest comes from DEFAULTS, else is null."""
    schema = contracts()[name].schema
    rows = []
    for number, given in enumerate(drawn(text), start=1):
        assert set(given) <= set(schema), f"{set(given) - set(schema)} not in {name}"
        row: dict[str, Any] = {
            "id": f"{name}_{number}",
            "facility_id": "f1",
            **DEFAULTS.get(name, {}),
        }
        row["created_at"] = given.get("sent_at", "2024-01-10")
        row.update(given)
        row.setdefault("updated_at", row["created_at"])
        row.setdefault("sent_at", row["created_at"])
        rows.append({c: value(row.get(c), dtype) for c, dtype in schema.items()})
    return rows


class Engine:
    """Computes tables of the package from drawn sources, on one database."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.made = 0
        self.filled: dict[str, Table] = {}
        self.queries: dict[tuple[str, datetime, str, tuple[str, ...]], str] = {}

    def compute(
        self,
        name: str,
        *,
        as_of: datetime = AS_OF,
        params: Params | None = None,
        columns: Iterable[str] | None = None,
        where: dict[str, Any] | None = None,
        missing: tuple[str, ...] = (),
        **sources: str,
    ) -> list[dict[str, Any]]:
        """Rows of a staging table, fact or KPI, ordered by their leading columns.

        Sources are drawn as text; those that are not given are empty. `missing` names columns, as
        source.column, that a source does not have. Cast to the types of the table's contract where
        it has one, as a refresh would.
        """
        for source in graph.sources_of([name]):
            self.fill(source, source_rows(source, sources.get(source, "id")))
        rows = self.rows(name, as_of, params or load_params(), missing)
        contract = contracts().get(name)
        order = list(contract.key) if contract else list(rows[0] if rows else ())[:1]
        rows.sort(key=lambda row: [str(row[column]) for column in order])
        rows = [row for row in rows if not where or where.items() <= row.items()]
        return [{column: row[column] for column in columns or row} for row in rows]

    def fill(self, source: str, rows: list[dict[str, Any]]) -> None:
        """Puts these rows, and no others, into the table of a source."""
        if source not in self.filled:
            self.filled[source] = self.table(source, [])
        table = self.filled[source].get_name()
        self.warehouse.run(f"DELETE FROM {table}")
        self.insert(table, rows)

    def rows(
        self, name: str, as_of: datetime, params: Params, missing: tuple[str, ...] = ()
    ) -> list[dict[str, Any]]:
        """Rows of a table over what the sources hold now; compiled at the first call only."""
        key = (name, as_of, params.model_dump_json(), missing)
        if key not in self.queries:
            sources = {source: self.filled[source] for source in graph.sources_of([name])}
            for source, column in (each.split(".") for each in missing):
                sources[source] = sources[source].drop(column)
            self.queries[key] = self.query(name, graph.build([name], sources, params, as_of)[name])
        with self.warehouse.translate_errors():
            cursor = self.warehouse.con.con.execute(self.queries[key])
            columns = [column[0] for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def query(self, name: str, table: Table) -> str:
        """The SQL of a table, cast by the database, not by Ibis, to the types of its contract."""
        contract = contracts().get(name)
        types = {c.name: c.dtype for c in contract.values} if contract else table.schema()
        to_string = self.warehouse.con.compiler.type_mapper.to_string
        casts = ", ".join(f'CAST("{c}" AS {to_string(t)}) AS "{c}"' for c, t in types.items())
        return f"SELECT {casts} FROM ({self.warehouse.compile(table)}) AS q"

    def table(self, source: str, rows: list[dict[str, Any]]) -> Table:
        """A temporary table with the rows of a source."""
        return self.store(source, contracts()[source].schema, rows)

    def drawn(self, types: dict[str, str], text: str) -> Table:
        """A temporary table of any columns, drawn as text."""
        schema = ibis.schema(types)
        rows = [{c: value(row[c], dtype) for c, dtype in schema.items()} for row in drawn(text)]
        return self.store("drawn", schema, rows)

    def store(self, name: str, schema: ibis.Schema, rows: list[dict[str, Any]]) -> Table:
        """A temporary table with these rows, under a name of its own."""
        self.made += 1
        name = f"{name}_{self.made}"
        self.warehouse.run(f"CREATE TEMP TABLE {name} ({self.warehouse.column_list(schema)})")
        self.insert(name, rows)
        return ibis.table(schema, name=name)

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            slots = ", ".join("?" for _ in row)
            self.warehouse.run(f"INSERT INTO {table} VALUES ({slots})", list(row.values()))


def assuming(folder: Path, yaml: str) -> Params:
    """The shipped parameters, overridden by a file with this text."""
    file = folder / "params.yml"
    file.write_text(dedent(yaml), encoding="utf-8")
    return load_params(file)


def expect(rows: list[dict[str, Any]], text: str) -> None:
    """The rows, in the drawn columns, are the drawn ones; floats to 1e-9."""
    expected = drawn(text)
    names = list(expected[0]) if expected else []
    assert len(rows) == len(expected), f"{len(rows)} rows instead of {len(expected)}: {rows}"
    for row, wanted in zip(rows, expected, strict=True):
        for name in names:
            assert _equal(row[name], wanted[name]), (
                f"{name} is {row[name]!r}, expected {wanted[name]} in {row}"
            )


def _equal(got: Any, wanted: str | None) -> bool:
    if wanted is None or got is None:
        return got is None and wanted is None
    if isinstance(got, bool):
        return wanted == str(got).lower()
    if isinstance(got, float):
        part, _, whole = wanted.partition("/")
        return abs(got - float(part) / float(whole or 1)) <= 1e-9
    if isinstance(got, Decimal):
        return str(got) == wanted
    if isinstance(got, datetime):
        return got == datetime.fromisoformat(wanted)
    if isinstance(got, date):
        return str(got)[: len(wanted)] == wanted
    return str(got) == wanted
