"""DuckDB: one file, one writer at a time."""

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import duckdb
import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.settings import Settings, shown_url
from crm_ibis.errors import DatabaseError, TransientError, UsageError
from crm_ibis.warehouse.base import STAGED, Row, Warehouse
from crm_ibis.warehouse.driver_messages import csv_fault, driver_message, without_values
from crm_ibis.warehouse.files import Files
from crm_ibis.warehouse.places import Place

ABOUT_DATA = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)
ARRIVED = "crm_ibis_arrived"
"""A batch of rows from another engine, while it is read."""
COUNTED_PCT = 75
"""How much of the memory limit DuckDB is told: it takes more than it counts."""
_writers: dict[str, threading.Lock] = {}


class DuckDBWarehouse(Warehouse):
    """A DuckDB file, or a database in memory for `duckdb://`."""

    dialect = "duckdb"
    driver_error = duckdb.Error
    reads_files = True

    def __init__(self, settings: Settings, read_only: bool = False) -> None:
        super().__init__(settings)
        self.file = _file_of(settings.database_url)
        if self.file and self.file.stem in (self.raw, self.analytics, self.meta):
            raise UsageError(
                f"the DuckDB file {self.file} has the name of the schema {self.file.stem}, which "
                "DuckDB cannot tell apart; rename the file"
            )
        if read_only:
            refuse_missing_file(settings)
        self.read_only = read_only and self.file is not None
        self.con = self._connect(self.read_only)
        with self.translate_errors():
            # TIMESTAMPTZ is cast in the session's zone; sources are read as UTC.
            self.run("SET TimeZone = 'UTC'")
            self.run("SET preserve_insertion_order = false")
            if settings.memory_limit:
                counted = settings.memory_limit * COUNTED_PCT // 100
                self.run(f"SET memory_limit = '{counted // 1024}KiB'")

    def _connect(self, read_only: bool) -> Any:
        """Opens the file, waiting while another process has it."""
        deadline = time.monotonic() + self.settings.lock_timeout
        while True:
            try:
                return ibis.duckdb.connect(str(self.file or ":memory:"), read_only=read_only)
            except duckdb.IOException as error:
                busy = "Conflicting lock" in str(error)
                if not busy or time.monotonic() >= deadline:
                    kind = TransientError if busy else DatabaseError
                    raise kind(self._explain_open(error, busy)) from None
                time.sleep(0.1)
            except duckdb.Error as error:
                # Another thread of this process is opening or closing the file just now.
                passing = "Unique file handle conflict" in str(error)
                if not passing or time.monotonic() >= deadline:
                    raise DatabaseError(self._explain_open(error, False)) from None
                time.sleep(0.1)

    def _explain_open(self, error: Exception, busy: bool) -> str:
        if busy:
            pid = re.search(r"PID (\d+)", str(error))
            who = f"process {pid[1]}" if pid else "another process"
            return (
                f"{self.file} is in use by {who}; wait for it to end or raise "
                "CRM_IBIS_LOCK_TIMEOUT (DuckDB lets one process at a time open a file for writing)"
            )
        return (
            f"cannot open the DuckDB file {self.file}: {driver_message(error)}; check that the "
            "path is right, that it is a DuckDB file, and that you may read and write it"
        )

    def close(self) -> None:
        self.con.disconnect()

    @contextmanager
    def lock(
        self, holder: Callable[[], str], purpose: str = "", wait: float | None = None
    ) -> Iterator[None]:
        # Other processes cannot open the file at all; this keeps threads of this one apart.
        writer = self._writer(purpose)
        if not writer.acquire(timeout=self.settings.lock_timeout if wait is None else wait):
            raise TransientError(f"{holder()} has the database; wait for it to end and try again")
        try:
            yield
        finally:
            writer.release()

    def is_locked(self) -> bool:
        # Of this process: while another one is at work, the file cannot be opened.
        return self._writer().locked()

    def _writer(self, purpose: str = "") -> threading.Lock:
        name = f"{self.file.resolve() if self.file else id(self)} {purpose}"
        return _writers.setdefault(name, threading.Lock())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.translate_errors():
            self.con.con.begin()
        try:
            yield
            # After a swallowed error a commit may answer OK and roll back; a query notices.
            self.fetch("SELECT 1")
            with self.translate_errors():
                self.con.con.commit()
        except BaseException:
            with suppress(duckdb.Error):  # a fatal error has already ended the transaction
                self.con.con.rollback()
            raise

    def now(self) -> datetime:
        return datetime.now(UTC).replace(tzinfo=None)

    def reading(self, plan: Callable[[], Iterable[Place]]) -> AbstractContextManager[None]:
        # Its snapshots know of everything, and no other process writes to the file meanwhile.
        return self.transaction()

    def looking(self, plan: Callable[[], Iterable[Place]]) -> AbstractContextManager[None]:
        # Without a transaction, which would not survive a query that fails.
        return nullcontext()

    def attempt(self) -> AbstractContextManager[None]:
        return nullcontext()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        with self.translate_errors():
            answer = self._execute(sql, values).fetchone()
        return answer[0] if answer and isinstance(answer[0], int) else 0

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        with self.translate_errors():
            return self._execute(sql, values).fetchall()

    def _execute(self, sql: str, values: Sequence[Any]) -> Any:
        # Bound values would have the driver import pandas and pyarrow, to look at their types: that
        # takes longer than all the queries of `crm-ibis status`.
        literals = [_literal(value) for value in values]
        first, *parts = sql.split("?")
        # More question marks than values: one of them stands in a name.
        if not values or None in literals or len(parts) != len(values):
            return self.con.con.execute(sql, list(values))
        written = zip(literals, parts, strict=True)
        return self.con.con.execute(first + "".join(f"{value}{part}" for value, part in written))

    def explain(self, error: Exception) -> str:
        message = driver_message(error)
        if isinstance(error, duckdb.OutOfMemoryException):
            return (
                f"DuckDB ran out of memory or of disk for spilling: {message}; raise "
                "CRM_IBIS_MEMORY_LIMIT or free disk space. Nothing was published."
            )
        if "read-only" in message:
            return f"{self.file} cannot be written: {message}; check the rights of the file"
        if isinstance(error, duckdb.IOException):
            return f"DuckDB cannot read or write: {message}; check disk space and the file"
        if same := re.search(r"Ambiguous reference to catalog or schema \"(.+?)\"", message):
            return (
                f"the DuckDB file {self.file} has the name of the schema {same[1]}, which DuckDB "
                "cannot tell apart; rename the file"
            )
        if at_fault := csv_fault(str(error)):
            return f"{at_fault}; fix the file and run again"
        if isinstance(error, ABOUT_DATA):
            message = without_values(message)
        return f"DuckDB: {message}"

    def transient(self, error: Exception) -> bool:
        return isinstance(error, duckdb.TransactionException) and "onflict" in str(error)

    def repeats(self, column: ir.Column) -> ir.IntegerScalar:
        # Ordering a column takes half the time of grouping it.
        value = column.name("value").as_table().value
        before = value.lag().over(ibis.window(order_by=value))
        pairs = value.as_table().mutate(before=before)
        return pairs.count(where=pairs.value == pairs.before)

    def stage_sql(self, name: str, query: str) -> list[str]:
        return [f"CREATE TEMP TABLE {self.quote(name)} AS {query}"]

    def read_files(self, files: Files) -> Table:
        listed = ", ".join(map(_text, files.paths))
        # Said, as DuckDB would otherwise guess from the first rows and from names of folders.
        if files.format == "csv":
            columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in files.columns)
            scan = (
                f"read_csv([{listed}], auto_detect = false, header = true, "
                f"columns = {{{columns}}}, delim = {_text(files.delimiter)}, "
                "quote = '\"', escape = '\"', nullstr = '')"
            )
        else:
            scan = f"read_parquet([{listed}], hive_partitioning = false)"
        view = f"crm_ibis_files_{md5(scan.encode(), usedforsecurity=False).hexdigest()[:12]}"
        self.run(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {scan}")
        with self.translate_errors():
            return self.con.table(view)

    def receive(self, name: str, schema: ibis.Schema, batches: Iterable[Any]) -> None:
        import pyarrow as pa  # only for what another engine computes

        table = self.quote(STAGED + name)
        self.run(f"CREATE TEMP TABLE {table} ({self.column_list(schema)})")
        names = ", ".join(self.quote(column) for column in schema)
        for batch in batches:
            with self.translate_errors():
                self.con.con.register(ARRIVED, pa.Table.from_batches([batch]))
                self.con.con.execute(f"INSERT INTO {table} SELECT {names} FROM {ARRIVED}")
                self.con.con.unregister(ARRIVED)

    def unstage(self, name: str) -> None:
        self.run(f"DROP TABLE temp.{self.quote(STAGED + name)}")

    def load_csv(self, schema: str, name: str, columns: Sequence[str], file: Path) -> None:
        names = ", ".join(self.quote(c) for c in columns)
        self.run(
            f"COPY {self.quote(schema, name)} ({names}) FROM {_text(str(file))} "
            # Said, as DuckDB would otherwise guess from the first rows.
            "(FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')"
        )

    def remark(self, schema: str, name: str) -> str | None:
        found = self.fetch(
            "SELECT comment FROM duckdb_tables() "
            "WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
            [schema, name],
        )
        return found[0][0] if found else None

    def dependents(self, schema: str, name: str, column: str) -> list[str]:
        """None: DuckDB refuses to drop a column with an index, and views are tried afterwards."""
        return []

    def is_table(self, schema: str, name: str) -> bool:
        return bool(
            self.fetch(
                "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
                "AND schema_name = ? AND table_name = ?",
                [schema, name],
            )
        )

    def add_unique(self, name: str, what: str, columns: Sequence[str], where: str = "") -> None:
        """Nothing: DuckDB's unique indexes refuse a key deleted and inserted in one transaction."""

    def grant_read(self, name: str) -> None:
        """Nothing: a user who may read the file reads all of it."""

    def check_roles(self) -> None:
        """Nothing: DuckDB has no roles."""

    def readers(self) -> list[tuple[str, str, bool, bool]]:
        """None: DuckDB has no roles."""
        return []

    def comments(self) -> list[tuple[str, str, str | None]]:
        here = "database_name = current_database() AND schema_name = ? AND NOT internal"
        found = self.fetch(
            f"SELECT table_name, '', comment FROM duckdb_tables() WHERE {here} UNION ALL "
            f"SELECT table_name, column_name, comment FROM duckdb_columns() WHERE {here}",
            [self.analytics, self.analytics],
        )
        return cast(list[tuple[str, str, str | None]], found)

    def would_break(self, schema: str, name: str, column: str) -> list[str]:
        """Drops it and undoes that; a read-only connection cannot, and finds nothing."""
        if self.read_only:
            return []
        before = self.broken_views()
        with self.translate_errors():
            self.con.con.begin()
        try:
            table = self.quote(schema, name)
            self.con.con.execute(f"ALTER TABLE {table} DROP COLUMN {self.quote(column)}")
            return sorted(self.broken_views() - before)
        except duckdb.Error as error:
            return [self.explain(error)]
        finally:
            self.con.con.rollback()

    def unique_indexes(self, name: str) -> dict[str, set[str]]:
        """None: see `add_unique`."""
        return {}

    def rights_to_write(self, name: str, alters: bool) -> list[str]:
        """None: a user who may write the file may write all of it."""
        return []

    def rights_to_create(self) -> list[str]:
        """None: a user who may write the file may write all of it."""
        return []

    def broken_views(self) -> set[str]:
        views = self.fetch("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal")
        return {
            f"the view {schema}.{view}" for schema, view in views if not self._reads(schema, view)
        }

    def _reads(self, schema: str, view: str) -> bool:
        try:
            self.con.con.execute(f"DESCRIBE SELECT * FROM {self.quote(schema, view)}").fetchall()
        except duckdb.Error:
            return False
        return True


def refuse_missing_file(settings: Settings) -> None:
    """Raises DatabaseError for a file that is not there, before it is made by being opened."""
    file = _file_of(settings.database_url)
    if file and not file.exists():
        raise DatabaseError(
            f"there is no DuckDB file {file}; `crm-ibis seed` makes one with sample data, "
            "CRM_IBIS_DATABASE_URL or --database names another"
        )


def _file_of(url: str) -> Path | None:
    """`duckdb://crm.duckdb` -> crm.duckdb, `duckdb:///abs/crm.duckdb` -> /abs/crm.duckdb."""
    match = re.fullmatch(r"duckdb:(?://)?([^?]*)(\?.*)?", url)
    if not match or match[2] or match[1].endswith(("/", ":memory:")):
        raise UsageError(
            f"cannot read the database URL {shown_url(url)}: give duckdb://FILE, or duckdb:// for "
            "memory"
        )
    return Path(unquote(match[1])).expanduser() if match[1] else None


def _literal(value: object) -> str | None:
    """A value as SQL, where there is no doubt how."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, str) and "\0" not in value:
        return _text(value)
    if isinstance(value, int):
        return f"({value})"  # as a minus before a minus begins a comment
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    return None


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
