"""PostgreSQL: many readers, advisory locks, REPEATABLE READ."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import ibis
import ibis.expr.types as ir
import psycopg
from ibis import Table
from psycopg import IsolationLevel, errors

from crm_ibis.config.settings import Settings, is_ambiguous, redact, shown_url
from crm_ibis.errors import DatabaseError, TransientError, UsageError
from crm_ibis.warehouse import locks
from crm_ibis.warehouse.base import IDENTIFIER_BYTES, Row, driver_message, without_values
from crm_ibis.warehouse.places import Place
from crm_ibis.warehouse.postgres_catalog import PostgresCatalog
from crm_ibis.warehouse.postgres_values import LOADERS

COPY_BLOCK = 1 << 20
RESOURCES = (errors.DiskFull, errors.OutOfMemory, errors.ConfigurationLimitExceeded)
PASSING = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.TooManyConnections,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
)
REFUSED = "FATAL:"
UNREADY = (
    "starting up",
    "shutting down",
    "recovery",
    "not yet accepting",
    "too many",
    "reserved",
    "terminating",
)
"""What a server says that will take the connection later; other refusals are final."""

SURE_TO_END = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 5,
}
"""Of the connection, unless its URL says otherwise: by default a machine that has vanished is
noticed after minutes while connecting and after hours while waiting for an answer."""
CLIENT_CHECKS = {
    "client_connection_check_interval": "10s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "5",
}
"""How soon the server notices that a client was killed or its machine has vanished, and frees the
lock."""


HASH_MEMORY_KB = 64 * 1024
"""What a hash table may take before it spills. `work_mem` stays as it is: with more of it, sorts
of millions of rows get slower."""


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
            self.con = ibis.connect(settings.database_url, **_defaults(settings))
        except psycopg.Error as error:
            final = REFUSED in str(error) and not any(word in str(error) for word in UNREADY)
            kind = DatabaseError if final else TransientError
            raise kind(self._explain_open(error)) from None
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
            self._set_up(settings, read_only)
        except BaseException:
            self.close()
            raise

    def _set_up(self, settings: Settings, read_only: bool) -> None:
        self.run("SET TIME ZONE 'UTC'")
        # So that a new column does not wait for a reader while all others wait behind it.
        self.run(f"SET lock_timeout = {_milliseconds(settings.lock_timeout)}")
        if settings.statement_timeout:
            self.run(f"SET statement_timeout = {_milliseconds(settings.statement_timeout)}")
        for setting, value in CLIENT_CHECKS.items():
            with suppress(DatabaseError):  # an old server, or on a system that cannot do it
                self.run(f"SET {setting} = '{value}'")
        if read_only:
            self.run("SET default_transaction_read_only = on")
        else:
            self.check_roles()
        if settings.memory_limit:
            self.run(f"SET work_mem = '{_work_mem_kb(settings.memory_limit)}kB'")
        else:
            self._widen_hashes()

    def _widen_hashes(self) -> None:
        """Gives hash tables `HASH_MEMORY_KB`, unless the URL, the role or the database says more of
        it than the server does for all."""
        found = self.fetch(
            "SELECT name, setting::float, source IN ('default', 'configuration file') "
            "FROM pg_settings WHERE name IN ('work_mem', 'hash_mem_multiplier')"
        )
        settings = {name: value for name, value, _ in found}
        if len(settings) < 2 or not all(by_default for *_, by_default in found):  # before 13
            return
        factor = min(HASH_MEMORY_KB / settings["work_mem"], 1000)
        if factor > settings["hash_mem_multiplier"]:
            self.run(f"SET hash_mem_multiplier = {factor}")

    def _explain_open(self, error: Exception) -> str:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        # The remedy asks the same.
        message = "; ".join(line for line in lines if not line.startswith("Is the server running"))
        if "password authentication failed" in message or "no password supplied" in message:
            remedy = "check user and password in CRM_IBIS_DATABASE_URL, or ~/.pgpass"
        elif "does not exist" in message:
            remedy = "create it, or name another in CRM_IBIS_DATABASE_URL"
        elif is_ambiguous(self.settings.database_url):
            remedy = (
                "user or password in the URL hold an @, /, ? or # that is not percent-encoded; "
                "write %40, %2F, %3F or %23"
            )
        else:
            remedy = "check host, port and that the server runs"
        return f"cannot connect to {self.where}: {self._without_password(message)}; {remedy}"

    def check_roles(self) -> None:
        there = {name for (name,) in self.fetch("SELECT rolname FROM pg_roles")}
        if missing := [role for role in self.settings.reader_roles if role not in there]:
            raise UsageError(
                f"CRM_IBIS_READER_ROLES names {', '.join(missing)}, which {self.where} does not "
                "know; create the role or take it out"
            )

    def _without_password(self, message: str) -> str:
        return redact(message, self.settings.database_url)

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
        message = self._without_password(driver_message(error))
        if isinstance(error, psycopg.DataError):
            return f"PostgreSQL: {without_values(message)}"
        if isinstance(error, errors.InsufficientPrivilege) and self.read_only:
            remedy = "grant the user USAGE on that schema and SELECT on its tables"
        elif isinstance(error, errors.LockNotAvailable):
            remedy = (
                "somebody has been reading or changing that table in an open transaction for "
                f"{self.settings.lock_timeout:g} s; end that, or raise CRM_IBIS_LOCK_TIMEOUT"
            )
        elif isinstance(error, errors.QueryCanceled):
            remedy = "nothing was published; run again, or raise `timeout` of the job in jobs.yml"
        elif isinstance(error, errors.UniqueViolation):
            remedy = "is its grain another one than before? Rename or drop the table, then refresh"
        elif isinstance(error, errors.InsufficientPrivilege):
            remedy = (
                f"grant the user CREATE on the database, or on the schemas {self.analytics} and "
                f"{self.meta}, TEMPORARY on the database, and SELECT on {self.raw}"
            )
        elif isinstance(error, RESOURCES):
            remedy = "free space or memory on the server and run again. Nothing was published."
        elif isinstance(error, errors.SerializationFailure | errors.DeadlockDetected):
            remedy = "somebody else changed the same rows meanwhile; run again"
        elif isinstance(error, errors.DependentObjectsStillExist):
            return f"PostgreSQL: {message}: {error.diag.message_detail}"
        elif isinstance(error, psycopg.OperationalError) and self.con.con.broken:
            remedy = (
                "the connection was lost; unless that happened while committing, nothing was "
                "published. Run again"
            )
        else:
            return f"PostgreSQL: {message}"
        return f"PostgreSQL: {message}; {remedy}"

    def transient(self, error: Exception) -> bool:
        lost = isinstance(error, psycopg.OperationalError) and self.con.con.broken
        return lost or isinstance(error, PASSING)

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


def _defaults(settings: Settings) -> dict[str, Any]:
    """What is said of the connection where its URL, or libpq's environment, is silent."""
    given = parse_qs(urlsplit(settings.database_url).query)
    wanted: dict[str, Any] = dict(SURE_TO_END)
    if "PGAPPNAME" not in os.environ:
        wanted["application_name"] = settings.application
    return {name: value for name, value in wanted.items() if name not in given}


def _milliseconds(seconds: float) -> int:
    """As PostgreSQL takes them: 0 would mean no limit, and 24 days are the most."""
    return max(1, min(int(seconds * 1000), 2**31 - 1))


def _work_mem_kb(limit: int) -> int:
    """A sixteenth of the limit for each sort or hash, of which a query may hold several."""
    return max(64, min(limit // 1024 // 16, 2**31 // 1024 - 1))
