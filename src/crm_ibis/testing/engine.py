"""Computes any table of the project from drawn ones, on one database."""

import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import ibis
from ibis import Table

from crm_ibis.config.params import Params, load_params
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.contracts.models import contracts
from crm_ibis.errors import UsageError, near_match
from crm_ibis.metrics import graph
from crm_ibis.metrics.columns import columns_of
from crm_ibis.metrics.own import broken_tables
from crm_ibis.publishing.compute import _align_to_contract
from crm_ibis.testing.built import BuiltTable, Row
from crm_ibis.testing.drawing import drawn, table_rows, value
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)
Key = tuple[str, datetime, str, tuple[str, ...], tuple[str, ...]]


def assuming(yaml: str) -> Params:
    """The parameters of the project, overridden by this text of a parameter file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "params.yml")
        file.write_text(dedent(yaml), encoding="utf-8")
        return load_params(file)


class Engine:
    """Computes tables of the project from drawn ones, on one database."""

    def __init__(self, warehouse: Warehouse, as_of: datetime = AS_OF) -> None:
        self.warehouse = warehouse
        self.as_of = as_of
        self.made = 0
        self.filled: dict[str, Table] = {}
        self.queries: dict[Key, str] = {}

    def build(
        self,
        name: str,
        /,
        *,
        as_of: datetime | str | None = None,
        params: Params | str | None = None,
        where: Row | None = None,
        missing: tuple[str, ...] = (),
        **tables: str | list[Row],
    ) -> BuiltTable:
        """A staging table, fact or KPI of the project, shipped or own, from drawn tables.

        Args:
            name: The table.
            as_of: The instant it is computed for; the fixture `as_of` unless given.
            params: Business assumptions, or YAML that overrides those of the project.
            where: Values that the returned rows have.
            missing: Columns, as source.column, that a source does not have.
            tables: Drawn tables by name: sources, or any staging table or fact in between, which
                then stands for all that it is computed from. Sources that are not drawn are empty,
                and missing where they are optional.

        Returns:
            Its rows, ordered by its key, in the types of its contract.

        Raises:
            UsageError: for an unknown name, and a staging table or fact that it does not need.
        """
        self._put(name, tables)
        moment = _instant(as_of or self.as_of)
        rows = self.rows(name, moment, _params(params), missing, tuple(sorted(tables)))
        contract = contracts().get(name)
        columns = tuple(columns_of(name)) if not rows else tuple(rows[0])
        key = contract.key if contract else ()
        order = key or columns[:1]
        rows.sort(key=lambda row: [str(row[column]) for column in order])
        rows = [row for row in rows if not where or where.items() <= row.items()]
        return BuiltTable(name, key, rows, columns)

    def _put(self, name: str, tables: Mapping[str, str | list[Row]]) -> None:
        """Fills the drawn tables, and empties the other sources."""
        refuse_unknown(name)
        # Any source may be drawn: that a table has no row because of it is worth a test.
        sources = [c.name for c in contracts().values() if c.kind == "source"]
        usable = {*graph.plan([name]), *sources} - {name}
        for table in tables:
            if table not in usable:
                raise UsageError(
                    f"{name} is not computed from {table}{near_match(table, usable)}; it is from "
                    f"{', '.join(each for each in graph.plan([name]) if each != name)}"
                )
        for table in sorted({*_inputs_of(name, tables), *tables}):
            self.fill(table, self._complete(table, tables.get(table, [])))

    def _complete(self, name: str, content: str | list[Row]) -> list[Row]:
        types = columns_of(name)
        if isinstance(content, str):
            return table_rows(name, types, content)
        return [{column: row.get(column) for column in types} for row in content]

    def fill(self, name: str, rows: list[Row]) -> None:
        """Puts these rows, and no others, into a source or a table in between."""
        if name not in self.filled:
            self.filled[name] = self.store(name, columns_of(name), [])
        table = self.filled[name].get_name()
        self.warehouse.run(f"DELETE FROM {table}")
        self.insert(table, rows)

    def rows(
        self,
        name: str,
        as_of: datetime,
        params: Params,
        missing: tuple[str, ...] = (),
        drawn_tables: tuple[str, ...] = (),
    ) -> list[Row]:
        """Rows of a table over what the drawn tables hold now; compiled at the first call only."""
        key = (name, as_of, params.model_dump_json(), missing, drawn_tables)
        if key not in self.queries:
            inputs = self._inputs(name, missing, drawn_tables)
            self.queries[key] = self.query(name, graph.build([name], inputs, params, as_of)[name])
        with self.warehouse.translate_errors():
            cursor = self.warehouse.con.con.execute(self.queries[key])
            columns = [column[0] for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def _inputs(
        self, name: str, missing: tuple[str, ...], drawn_tables: tuple[str, ...]
    ) -> dict[str, Table]:
        names = [*_inputs_of(name, drawn_tables), *drawn_tables]
        inputs = {source: self.filled[source] for source in names}
        for source, column in (each.split(".") for each in missing):
            inputs[source] = inputs[source].drop(column)
        return inputs

    def query(self, name: str, table: Table) -> str:
        """The SQL of a table, cast by the database, not by Ibis, to the types of its contract.

        Raises UsageError for a table that has not the columns of its contract.
        """
        types = table.schema()
        if contract := contracts().get(name):
            table, types = _align_to_contract(table, contract)
        names = {c: self.warehouse.type_name(t) for c, t in types.items()}
        casts = ", ".join(f'CAST("{c}" AS {kind}) AS "{c}"' for c, kind in names.items())
        return f"SELECT {casts} FROM ({self.warehouse.compile(table)}) AS q"

    def table(self, name: str, rows: list[Row]) -> Table:
        """A temporary table with these rows, of all columns of a contract."""
        return self.store(name, contracts()[name].schema, rows)

    def drawn(self, types: dict[str, str], text: str) -> Table:
        """A temporary table of any columns, drawn as text."""
        schema = ibis.schema(types)
        rows = [{c: value(row[c], dtype) for c, dtype in schema.items()} for row in drawn(text)]
        return self.store("drawn", schema, rows)

    def store(self, name: str, schema: ibis.Schema, rows: list[Row]) -> Table:
        """A temporary table with these rows, under a name of its own."""
        self.made += 1
        name = f"{name}_{self.made}"
        self.warehouse.run(f"CREATE TEMP TABLE {name} ({self.warehouse.column_list(schema)})")
        self.insert(name, rows)
        return ibis.table(schema, name=name)

    def insert(self, table: str, rows: list[Row]) -> None:
        """Appends rows to a table."""
        for row in rows:
            slots = ", ".join("?" for _ in row)
            self.warehouse.run(f"INSERT INTO {table} VALUES ({slots})", list(row.values()))


def refuse_unknown(name: str) -> None:
    """Raises UsageError for a table that the project does not compute, or that is broken."""
    broken = broken_tables()
    if name in broken:
        raise UsageError("\n".join(dict.fromkeys(map(str, broken.values()))))
    known = graph.table_functions()
    if name not in known:
        raise UsageError(
            f'there is no table "{name}" that is computed{near_match(name, known)}; '
            f"there are {', '.join(known)}"
        )


def _inputs_of(name: str, drawn_tables: Iterable[str]) -> list[str]:
    """The sources and histories that a table is computed from.

    Without the optional sources that are not drawn.
    """
    missing = optional_sources() - set(drawn_tables)
    sources = [source for source in graph.sources_of([name]) if source not in missing]
    return [*sources, *graph.histories_of([name])]


def _instant(moment: datetime | str) -> datetime:
    if isinstance(moment, str):
        return datetime.fromisoformat(moment)
    return moment


def _params(params: Params | str | None) -> Params:
    if isinstance(params, str):
        return assuming(params)
    return params or load_params()
