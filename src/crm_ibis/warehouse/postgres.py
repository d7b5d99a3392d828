"""PostgreSQL: many readers, advisory locks, REPEATABLE READ."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import psycopg
from ibis import Table
from psycopg import IsolationLevel

from crm_ibis.config.settings import Settings, shown_url
from crm_ibis.errors import DatabaseError, TransientError, UsageError
from crm_ibis.warehouse import locks
from crm_ibis.warehouse.base import IDENTIFIER_BYTES, STAGED, Row
from crm_ibis.warehouse.places import Place
from crm_ibis.warehouse.postgres_catalog import PostgresCatalog
from crm_ibis.warehouse.postgres_errors import (
    TRANSIENT_ERRORS,
    explain,
    explain_refusal,
    is_final_refusal,
)
from crm_ibis.warehouse.postgres_session import connection_defaults, set_up
from crm_ibis.warehouse.postgres_values import LOADERS

COPY_BLOCK = 1 << 20


# Ibis gives its decorator no types.
@ibis.udf.scalar.builtin(name="hash_array_extended")  # type: ignore[untyped-decorator]
def _hash(values: list[str], seed: int) -> int:
    """PostgreSQL's own, of 64 bits. By way of an array, it is that of the values' own type: equal
    values of an enum or of citext, which look like text to Ibis, have equal hashes."""
    raise NotImplementedError


class PostgresWarehouse(PostgresCatalog):
    """A PostgreSQL database."""

    dialect = "postgres"
    driver_error = psycopg.Error

    def __init__(self, settings: Settings, read_only: bool = False) -> None:
        super().__init__(settings)
        self.where = shown_url(settings.database_url)
        try:
            self.con = ibis.connect(settings.database_url, **connection_defaults(settings))
        except psycopg.Error as error:
            kind = DatabaseError if is_final_refusal(error) else TransientError
            raise kind(explain_refusal(error, settings)) from None
        except ValueError:  # its text may hold a part of the password
            raise UsageError(
                f"cannot read the database URL {self.where}; give postgres://USER:PASSWORD@HOST:PORT/"
                "DATABASE, special characters of the password percent-encoded, such as %23 for #"
            ) from None
        self.con.con.isolation_level = IsolationLevel.REPEATABLE_READ
        for type_name, loader in LOADERS.items():
            self.con.con.adapters.register_loader(type_name, loader)
        self.read_only = read_only
        self._held: set[Place] | None = None
        """The tables that are locked for reading, while some are."""
        self._looked_up: set[Place] | None = None
        """The tables that a plan of what to read has asked for, while it is made."""
        try:
            set_up(self, settings, read_only)
            if not read_only:
                self.check_roles()
        except BaseException:
            self.close()
            raise

    def check_roles(self) -> None:
        there = {name for (name,) in self.fetch("SELECT rolname FROM pg_roles")}
        if missing := [role for role in self.settings.reader_roles if role not in there]:
            raise UsageError(
                f"CRM_IBIS_READER_ROLES names {', '.join(missing)}, which {self.where} does not "
                "know; create the role or take it out"
            )

    def close(self) -> None:
        self.con.disconnect()

    @contextmanager
    def lock(
        self, holder: Callable[[], str], purpose: str = "", wait: float | None = None
    ) -> Iterator[None]:
        # Session-level and taken before the transaction: a snapshot taken while waiting would be
        # stale. The server frees it when the connection ends, however it ends.
        key = "hashtextextended('crm_ibis.' || ?, 0)"
        name = f"{self.analytics}{purpose}"
        deadline = time.monotonic() + (self.settings.lock_timeout if wait is None else wait)
        while not self.fetch(f"SELECT pg_try_advisory_lock({key})", [name])[0][0]:
            if time.monotonic() >= deadline:
                raise TransientError(
                    f"{holder()} holds the lock on schema {self.analytics}; wait for it to end, "
                    "or raise CRM_IBIS_LOCK_TIMEOUT"
                )
            time.sleep(0.2)
        try:
            yield
        finally:
            with suppress(DatabaseError):  # a lost connection has freed it already
                self.fetch(f"SELECT pg_advisory_unlock({key})", [name])

    def is_locked(self) -> bool:
        # The key of a lock is shown as its upper and its lower half, both without a sign. A standby
        # knows nothing of the locks of its primary: there, somebody may well be at work.
        return bool(
            self.fetch(
                "SELECT 1 WHERE pg_is_in_recovery() UNION ALL "
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                "AND ((classid::bigint << 32) | objid::bigint) = "
                "hashtextextended('crm_ibis.' || ?, 0)",
                [self.analytics],
            )
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.translate_errors(), self.con.con.transaction():
            yield

    def now(self) -> datetime:
        ((moment,),) = self.fetch("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
        return cast(datetime, moment)

    @contextmanager
    def reading(self, plan: Callable[[], Iterable[Place]]) -> Iterator[None]:
        places = self._places_of(plan)
        timeout = self.settings.lock_timeout
        deadline = time.monotonic() + timeout
        while True:
            with self.transaction():
                self._held = locks.lock_tables(self.con.con, places, timeout, deadline)
                try:
                    stale = locks.changed_tables(self.con.con)
                    if not stale:
                        yield
                        self._refuse_changed(locks.changed_tables(self.con.con))
                        return
                finally:
                    self._held = None
            if time.monotonic() >= deadline:
                self._refuse_changed(stale)

    def _places_of(self, plan: Callable[[], Iterable[Place]]) -> set[Place]:
        self._looked_up = set()
        try:
            return {*plan(), *self._looked_up}
        finally:
            self._looked_up = None

    def _refuse_changed(self, tables: list[str]) -> None:
        if tables:
            raise TransientError(
                f"{', '.join(tables)} was truncated, rewritten or swapped, or became a partition, "
                "while the run began or read it; nothing was published. Run again"
            )

    @contextmanager
    def attempt(self) -> Iterator[None]:
        with self.translate_errors(), self.con.con.transaction():
            yield

    def table(self, schema: str, name: str) -> Table:
        if self._looked_up is not None:
            self._looked_up.add((schema, name))
        held = self._held is None or (schema, name) in self._held
        if not held and schema not in (self.analytics, self.meta):
            raise TransientError(
                f"{schema}.{name} appeared while the run began, so it is not locked; run again"
            )
        return super().table(schema, name)

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        with self.translate_errors():
            return max(self._execute(sql, values).rowcount, 0)

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        with self.translate_errors():
            return self._execute(sql, values).fetchall()

    def _execute(self, sql: str, values: Sequence[Any]) -> Any:
        if not values:
            return self.con.con.execute(sql)
        return self.con.con.execute(sql.replace("%", "%%").replace("?", "%s"), list(values))

    def explain(self, error: Exception) -> str:
        return explain(error, self.settings, self.read_only, self._is_lost(error))

    def transient(self, error: Exception) -> bool:
        return self._is_lost(error) or isinstance(error, TRANSIENT_ERRORS)

    def _is_lost(self, error: Exception) -> bool:
        return isinstance(error, psycopg.OperationalError) and self.con.con.broken

    def may_stage(self) -> bool:
        allowed = (
            "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' "
            "AND has_database_privilege(current_database(), 'TEMPORARY')"
        )
        return bool(self.fetch(allowed)[0][0])

    def repeats(self, column: ir.Column) -> ir.IntegerScalar:
        # Hashes are ordered quickly, whatever the collation. Two values that share one make it more
        # than 0; then the rows are looked for.
        values = column
        if column.type().is_string():
            values = _hash(ibis.array([column]), 0)
        return column.count() - values.nunique(where=column.notnull())

    def stage_sql(self, name: str, query: str) -> list[str]:
        quoted = self.quote(name)
        return [f"CREATE TEMP TABLE {quoted} ON COMMIT DROP AS {query}", f"ANALYZE {quoted}"]

    def receive(self, name: str, schema: ibis.Schema, batches: Iterable[Any]) -> None:
        import io

        from pyarrow import csv  # only for what another engine computes

        table = self.quote(STAGED + name)
        self.run(f"CREATE TEMP TABLE {table} ({self.column_list(schema)}) ON COMMIT DROP")
        names = ", ".join(self.quote(column) for column in schema)
        # Texts come quoted and nulls as nothing at all, so that an empty text stays one.
        said = csv.WriteOptions(include_header=False, quoting_style="needed")
        with (
            self.translate_errors(),
            self.con.con.cursor() as cursor,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy,
        ):
            for batch in batches:
                written = io.BytesIO()
                csv.write_csv(batch, written, said)
                copy.write(written.getvalue())
        self.run(f"ANALYZE {table}")

    def unstage(self, name: str) -> None:
        """Nothing: the table goes with its transaction."""

    def load_csv(self, schema: str, name: str, columns: Sequence[str], file: Path) -> None:
        names = ", ".join(self.quote(c) for c in columns)
        sql = f"COPY {self.quote(schema, name)} ({names}) FROM STDIN (FORMAT csv, HEADER true)"
        with (
            file.open("rb") as data,
            self.translate_errors(),
            self.con.con.cursor() as cursor,
            cursor.copy(sql) as copy,
        ):
            while block := data.read(COPY_BLOCK):
                copy.write(block)
        self.run(f"ANALYZE {self.quote(schema, name)}")

    def add_unique(self, name: str, what: str, columns: Sequence[str], where: str = "") -> None:
        index = self.quote(f"{name}_{what}"[-IDENTIFIER_BYTES:])
        taken = "SELECT to_regclass(?)"
        if self.fetch(taken, [f"{self.quote(self.analytics)}.{index}"])[0][0]:
            index = ""  # of a table that was renamed since; the server finds another name
        listed = ", ".join(self.quote(c) for c in columns)
        condition = f" WHERE {where}" if where else ""
        table = self.quote(self.analytics, name)
        self.run(f"CREATE UNIQUE INDEX {index} ON {table} ({listed}){condition}")

    def grant_read(self, name: str) -> None:
        for role in self.settings.reader_roles:
            self.run(f"GRANT USAGE ON SCHEMA {self.quote(self.analytics)} TO {self.quote(role)}")
            self.run(f"GRANT SELECT ON {self.quote(self.analytics, name)} TO {self.quote(role)}")

    def broken_views(self) -> set[str]:
        """None: PostgreSQL itself refuses to drop what a view depends on, and names the view."""
        return set()
