"""What DuckDB and PostgreSQL have in common, and what each must say for itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import Table
from sqlglot import exp

from crm_ibis.config.settings import Settings
from crm_ibis.errors import DatabaseError, DataError, TransientError
from crm_ibis.warehouse.files import Files
from crm_ibis.warehouse.places import Place, places
from crm_ibis.warehouse.sql import Query, Staging, to_sqlglot

STAGED = "crm_ibis_staged_"
IDENTIFIER_BYTES = 63
"""PostgreSQL cuts names off after so many."""
Row = tuple[Any, ...]


class Warehouse(ABC):
    """One connection to one database, for reading sources and writing published tables.

    Every failure of the driver comes out as a DatabaseError that says what to do.
    """

    dialect: str
    driver_error: type[Exception]
    con: Any
    reads_files = False
    reads_urls = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.raw = settings.raw_schema
        self.analytics = settings.analytics_schema
        self.meta = settings.meta_schema
        self._type_names: dict[dt.DataType, str] = {}

    def __enter__(self) -> "Warehouse":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Ends the connection; what was not committed is gone."""

    @abstractmethod
    def lock(
        self, holder: Callable[[], str], purpose: str = "", wait: float | None = None
    ) -> AbstractContextManager[None]:
        """Keeps others with the same purpose out of the same analytics schema.

        Waits so many seconds, by default the lock timeout; raises TransientError naming the
        `holder` when the time is up. Runs have no purpose but to run.
        """

    @abstractmethod
    def is_locked(self) -> bool:
        """Whether a run holds the lock; asks without taking it, so a reader may."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and one consistent picture of the database from begin to end.

        Of sources, which others may truncate or swap, only `reading` has one.
        """

    @abstractmethod
    def reading(self, plan: Callable[[], Iterable[Place]]) -> AbstractContextManager[None]:
        """A transaction in which tables stay as they are, and as one moment left them.

        `plan` looks up the tables that are to be read, and may name more. It is asked before the
        transaction, so what it found has to be looked up again inside. Raises TransientError when
        somebody is replacing a table and does not end within the lock timeout.
        """

    def looking(self, plan: Callable[[], Iterable[Place]]) -> AbstractContextManager[None]:
        """Like `reading`, for looking only: what fails in an `attempt` does not end it."""
        return self.reading(plan)

    @abstractmethod
    def attempt(self) -> AbstractContextManager[None]:
        """Part of a look at the tables that may fail without ending it."""

    @abstractmethod
    def now(self) -> datetime:
        """The clock of the database, UTC without a zone."""

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Executes a statement with `?` for each value; the number of rows it changed."""

    @abstractmethod
    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query with `?` for each value."""

    @abstractmethod
    def explain(self, error: Exception) -> str:
        """What a driver's error means and what to do about it."""

    @abstractmethod
    def transient(self, error: Exception) -> bool:
        """Whether a driver's error may well be over at another attempt."""

    def may_stage(self) -> bool:
        """Whether this user may write temporary tables over this connection."""
        return True

    @abstractmethod
    def repeats(self, column: ir.Column) -> ir.IntegerScalar:
        """0 where no value of a column comes twice, else more: what this database is quickest at.

        A grouping of millions of different texts is slow on both.
        """

    @abstractmethod
    def stage_sql(self, name: str, query: str) -> list[str]:
        """Statements that put the rows of a query into a temporary table."""

    @abstractmethod
    def unstage(self, name: str) -> None:
        """Frees a staged table where the end of the transaction does not."""

    @abstractmethod
    def load_csv(self, schema: str, name: str, columns: Sequence[str], file: Path) -> None:
        """Appends a CSV file with a header; empty fields are null."""

    @abstractmethod
    def remark(self, schema: str, name: str) -> str | None:
        """The comment of a table, if there is such a table and it has one."""

    @abstractmethod
    def is_table(self, schema: str, name: str) -> bool:
        """Whether there is a table of this name, and not a view."""

    @abstractmethod
    def add_unique(self, name: str, what: str, columns: Sequence[str], where: str = "") -> None:
        """An index `<name>_<what>` that keeps a published table from repeating these columns."""

    @abstractmethod
    def grant_read(self, name: str) -> None:
        """Gives the roles of the settings the right to read a new published table."""

    @abstractmethod
    def check_roles(self) -> None:
        """Raises UsageError when the settings name a role that there is not."""

    @abstractmethod
    def readers(self) -> list[tuple[str, str, bool, bool]]:
        """Each table of the analytics schema, each role of the settings, whether it may read the
        table, and whether the user may let it."""

    @abstractmethod
    def comments(self) -> list[tuple[str, str, str | None]]:
        """Each table of the analytics schema that the user may comment on, each of its columns and
        the comment there; the table's own has no column."""

    def comment(self, name: str, column: str, text: str) -> None:
        """Says of a table of the analytics schema, or of a column, what it means."""
        place = self.quote(self.analytics, name, *([column] if column else []))
        literal = text.replace("'", "''")
        self.run(f"COMMENT ON {'COLUMN' if column else 'TABLE'} {place} IS '{literal}'")

    @abstractmethod
    def dependents(self, schema: str, name: str, column: str) -> list[str]:
        """What of the user's would go with a column without a word."""

    @abstractmethod
    def would_break(self, schema: str, name: str, column: str) -> list[str]:
        """What of the user's depends on a column, found without a lasting change."""

    @abstractmethod
    def unique_indexes(self, name: str) -> dict[str, set[str]]:
        """The columns of each index that keeps a published table from repeating them, by name."""

    @abstractmethod
    def rights_to_write(self, name: str, alters: bool) -> list[str]:
        """What the user lacks to write a published table, or to alter its columns, in words."""

    @abstractmethod
    def rights_to_create(self) -> list[str]:
        """What the user lacks to make a published table, in words."""

    @abstractmethod
    def broken_views(self) -> set[str]:
        """Views that cannot be read; a dropped column must not add to them."""

    def quote(self, *names: str) -> str:
        """A qualified name, quoted."""
        return ".".join('"' + name.replace('"', '""') + '"' for name in names)

    def compile(self, query: Table, inline: bool = False) -> str:
        """The SQL of an expression in this database's dialect.

        Ibis names a part that is used twice, and both databases write such a part to memory first.
        `inline` has them read it where it is used: quicker where it is little more than a table.
        """
        written = to_sqlglot(query, self.dialect)
        if inline:
            for part in written.find_all(exp.CTE):
                part.set("materialized", False)
        return written.sql(dialect=self.con.dialect)

    def query(self, query: Table, inline: bool = False) -> Query:
        """An expression compiled, to be run later."""
        return Query(self.compile(query, inline), tuple(query.columns))

    def rows(self, query: Table | Query) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        if isinstance(query, Table):
            query = self.query(query)
        return [dict(zip(query.columns, row, strict=True)) for row in self.fetch(query.sql)]

    def tables(self, schema: str) -> set[str]:
        """Names of the tables and views in a schema; none when there is no such schema."""
        found = self.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = ?", [schema]
        )
        return {name for (name,) in found}

    def columns(self, schema: str, name: str) -> set[str]:
        """Names of a table's columns, for less than `table` takes to find out their types."""
        found = self.fetch(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ?",
            [schema, name],
        )
        return {name for (name,) in found}

    def table(self, schema: str, name: str) -> Table:
        """A table of the database as an expression."""
        try:
            with self.translate_errors():
                return self.con.table(name, database=schema)
        except AttributeError:  # Ibis, for a few of PostgreSQL's system types
            raise DataError(
                f"{schema}.{name} has a column of a type that cannot be read; put a view without "
                "it in its place"
            ) from None

    def read_files(self, files: Files) -> Table:
        """Files as one table, where `reads_files`; every column of CSV files is text."""
        raise NotImplementedError

    def staging(self, name: str, query: Table, schema: ibis.Schema) -> Staging:
        """How a query's rows get into a temporary table with exactly the types of the schema."""
        # Cast here and not by Ibis, which leaves out a cast to the type that it infers, while the
        # database may well have another: a sum of integers is HUGEINT on DuckDB.
        types = {c: self.type_name(t) for c, t in schema.items()}
        casts = ", ".join(
            f"CAST({self.quote(c)} AS {kind}) AS {self.quote(c)}" for c, kind in types.items()
        )
        staged = STAGED + name
        statements = self.stage_sql(staged, f"SELECT {casts} FROM ({self.compile(query)}) AS q")
        return Staging(name, tuple(statements), ibis.table(schema, name=staged))

    def stage(self, staging: Staging) -> None:
        """Writes the temporary table."""
        try:
            for sql in staging.statements:
                self.run(sql)
        except DatabaseError as error:
            raise type(error)(f"while computing {staging.name}: {error}") from error

    def keep(self, name: str, query: Table) -> None:
        """Puts a query's rows into a temporary table, in the types that they have."""
        for sql in self.stage_sql(STAGED + name, self.compile(query)):
            self.run(sql)

    def places(self, tables: Iterable[Table]) -> set[Place]:
        """The tables that expressions read, those that they name in SQL of their own included."""
        return places(tables, self.dialect)

    def hand_over(  # noqa: B027 - what it has staged is in the warehouse
        self, staging: Staging, warehouse: "Warehouse", tell: Callable[[str], None]
    ) -> None:
        """Nothing: what it has staged is in the warehouse."""

    def borrow(self, name: str, query: Table, warehouse: "Warehouse") -> Table:
        """The query itself, as it is one over this database."""
        return query

    @abstractmethod
    def receive(self, name: str, schema: ibis.Schema, batches: Iterable[Any]) -> None:
        """Makes a staged table of Arrow's record batches, in the types of the schema."""

    def ensure_schema(self, schema: str) -> None:
        """Creates a schema unless it is there: asking first needs no right to create one."""
        if not self.fetch(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", [schema]
        ):
            self.run(f"CREATE SCHEMA {self.quote(schema)}")

    def create_table(self, schema: str, name: str, columns: ibis.Schema) -> None:
        """Creates a table with these columns."""
        self.run(f"CREATE TABLE {self.quote(schema, name)} ({self.column_list(columns)})")

    def column_list(self, columns: ibis.Schema) -> str:
        """Columns with their types in this database, as CREATE TABLE wants them."""
        return ", ".join(f"{self.quote(c)} {self.type_name(t)}" for c, t in columns.items())

    def type_name(self, dtype: dt.DataType) -> str:
        """What a type is called in this database."""
        if dtype not in self._type_names:
            self._type_names[dtype] = self.con.compiler.type_mapper.to_string(dtype)
        return self._type_names[dtype]

    def add_column(self, schema: str, name: str, columns: ibis.Schema) -> None:
        """Adds columns to a table; its rows have null there."""
        for c, t in columns.items():
            declared = self.column_list(ibis.schema({c: t}))
            self.run(f"ALTER TABLE {self.quote(schema, name)} ADD COLUMN {declared}")

    def drop_column(self, schema: str, name: str, column: str) -> None:
        """Drops a column, unless something of the user's depends on it: then a DataError."""
        broken_before = self.broken_views()
        dependents = self.dependents(schema, name, column)
        try:
            if not dependents:
                self.run(f"ALTER TABLE {self.quote(schema, name)} DROP COLUMN {self.quote(column)}")
                dependents = sorted(self.broken_views() - broken_before)
        except TransientError:
            raise
        except DatabaseError as error:
            dependents = [str(error)]
        self.refuse_dependents(schema, name, column, dependents)

    def refuse_dependents(
        self, schema: str, name: str, column: str, dependents: Sequence[str]
    ) -> None:
        """Raises DataError when something of the user's depends on a column that is to go."""
        if dependents:
            raise DataError(
                f"column {column} of {schema}.{name} is no longer part of its contract, but "
                f"something depends on it: {', '.join(dependents)}; change or drop that, then "
                "refresh again"
            )

    def drop_table(self, schema: str, name: str) -> None:
        """Drops a table, unless something of the user's depends on it: then a DataError."""
        broken_before = self.broken_views()
        try:
            self.run(f"DROP TABLE {self.quote(schema, name)}")
            dependents = sorted(self.broken_views() - broken_before)
        except TransientError:
            raise
        except DatabaseError as error:
            dependents = [str(error)]
        if dependents:
            raise DataError(
                f"{schema}.{name} cannot be dropped, as something depends on it: "
                f"{', '.join(dependents)}; change or drop that, then try again"
            )

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turns the driver's errors into ours."""
        try:
            yield
        except self.driver_error as error:
            kind = TransientError if self.transient(error) else DatabaseError
            raise kind(self.explain(error)) from error
