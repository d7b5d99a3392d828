"""Spark: reads the sources and computes over them; what is published travels to the warehouse."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, TypeVar
from uuid import uuid4

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.settings import Settings
from crm_ibis.engines.spark_errors import driver_errors, driver_is_gone, explain, is_transient
from crm_ibis.engines.spark_session import open_session
from crm_ibis.engines.spark_tables import SparkTables
from crm_ibis.engines.worker import Worker
from crm_ibis.errors import DatabaseError, TransientError
from crm_ibis.warehouse import Place, Query, Staging, Warehouse
from crm_ibis.warehouse.base import STAGED
from crm_ibis.warehouse.files import Files
from crm_ibis.warehouse.spark_sql import compiler, quoted, type_name
from crm_ibis.warehouse.sql import to_sqlglot

Answer = TypeVar("Answer")
BATCH_BYTES = 64 * 1024 * 1024
"""So much of a result is in the driver at a time, or a little more."""
TOLD_FROM = 10 * 1024 * 1024
"""What is smaller moves without a word."""


class SparkEngine:
    """A session of Spark for one run, with temporary views of its own.

    Use it as a context manager. Every failure comes out as a DatabaseError that says what to do.
    """

    dialect = "pyspark"
    con = None
    reads_files = True
    reads_urls = True

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.raw = settings.raw_schema
        self.session = open_session(settings)
        self.is_remote = not hasattr(self.session, "_jsparkSession")
        self.driver_errors = driver_errors()
        self._worker = Worker()
        self.sources = SparkTables(self.session)
        self._staged: dict[str, Any] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._handed: dict[str, Warehouse] = {}

    def __enter__(self) -> "SparkEngine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Frees what is cached; the application of Spark goes with the process."""
        if not self._worker.is_busy:
            with suppress(DatabaseError):
                self._call(self._free)

    def _free(self) -> None:
        for staged in self._staged.values():
            staged.unpersist()
        if self.is_remote:
            self.session.stop()

    def tables(self, schema: str) -> set[str]:
        return self._call(lambda: self.sources.names(schema))

    def table(self, schema: str, name: str) -> Table:
        return self._call(lambda: self.sources.table(schema, name))

    def read_files(self, files: Files) -> Table:
        return self._call(lambda: self.sources.files(files))

    def places(self, tables: Iterable[Table]) -> set[Place]:
        """None: what Spark reads is not in the warehouse."""
        return set()

    def compile(self, query: Table, inline: bool = False) -> str:
        return to_sqlglot(query, self.dialect).sql(dialect=compiler.dialect)

    def query(self, query: Table, inline: bool = False) -> Query:
        return Query(self.compile(query, inline), tuple(query.columns))

    def rows(self, query: Table | Query) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries, with instants in UTC and without a zone."""
        asked = self.query(query) if isinstance(query, Table) else query

        def collect() -> list[dict[str, Any]]:
            frame = self.session.sql(asked.sql)
            zoned = [name for name, kind in frame.dtypes if kind == "timestamp"]
            for name in zoned:  # Python would get them in the zone of its own machine
                frame = frame.withColumn(name, frame[quoted(name)].cast("timestamp_ntz"))
            return [dict(zip(asked.columns, row, strict=True)) for row in frame.collect()]

        return self._call(collect)

    def repeats(self, column: ir.Column) -> ir.IntegerScalar:
        return column.count() - column.nunique()

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        try:
            yield
        except self.driver_errors as error:
            kind = TransientError if is_transient(error) else DatabaseError
            raise kind(explain(error, self.settings.statement_timeout)) from error

    def attempt(self) -> AbstractContextManager[None]:
        return nullcontext()

    def may_stage(self) -> bool:
        return True

    def keep(self, name: str, query: Table) -> None:
        self._keep(name, self.compile(query), query.schema())

    def staging(self, name: str, query: Table, schema: ibis.Schema) -> Staging:
        types = {column: type_name(dtype) for column, dtype in schema.items()}
        casts = ", ".join(
            f"CAST({quoted(c)} AS {kind}) AS {quoted(c)}" for c, kind in types.items()
        )
        sql = f"SELECT {casts} FROM ({self.compile(query)}) AS q"
        return Staging(name, (sql,), ibis.table(schema, name=STAGED + name))

    def stage(self, staging: Staging) -> None:
        try:
            for sql in staging.statements:
                self._keep(staging.name, sql, staging.table.schema())
        except DatabaseError as error:
            raise type(error)(f"while computing {staging.name}: {error}") from error

    def _keep(self, name: str, sql: str, schema: ibis.Schema) -> None:
        """Caches the rows of a query, in memory and on the executors' disks, and counts them."""
        texts = [column for column, dtype in schema.items() if dtype.is_string()]
        lengths = [f"coalesce(sum(octet_length({quoted(text)})), 0)" for text in texts]

        def keep() -> tuple[int, int]:
            frame = self.session.sql(sql).persist()
            self._staged[name] = frame
            frame.createOrReplaceTempView(STAGED + name)
            (counted,) = frame.selectExpr("count(*)", " + ".join([*lengths, "0"])).collect()
            return counted[0], counted[1]

        rows, texts_bytes = self._call(keep)
        fixed = sum(_width(dtype) for dtype in schema.types)
        self._sizes[name] = (rows, rows * fixed + texts_bytes)

    def unstage(self, name: str) -> None:
        if name in self._staged:
            staged = self._staged.pop(name)
            self._call(staged.unpersist)
            self._call(lambda: self.session.catalog.dropTempView(STAGED + name))
        if name in self._handed:
            self._handed.pop(name).unstage(name)

    def hand_over(
        self, staging: Staging, warehouse: Warehouse, tell: Callable[[str], None]
    ) -> None:
        if staging.name in self._handed:
            return
        rows, size = self._sizes[staging.name]
        if size >= TOLD_FROM:
            tell(f"moving {staging.name} from Spark: {rows:,} rows, {size / 1e6:,.0f} MB")
        batches = self._batches(staging, 1 + size // BATCH_BYTES)
        warehouse.receive(staging.name, staging.table.schema(), batches)
        self._handed[staging.name] = warehouse

    def _batches(self, staging: Staging, parts: int) -> Iterator[Any]:
        """The rows of a staged table as Arrow's batches, a part of the table at a time."""
        frame = self._staged[staging.name]
        columns = ", ".join(quoted(column) for column in staging.table.columns)
        for part in range(parts):
            condition = f"pmod(xxhash64({columns}), {parts}) = {part}" if parts > 1 else "true"
            yield from self._call(partial(self._collect, frame, condition))

    def _collect(self, frame: Any, condition: str) -> Any:
        frame = frame.where(condition)
        if hasattr(frame, "toArrow"):  # from 4.0 on
            return frame.toArrow().to_batches()
        if self.is_remote:
            client = self.session.client
            return client.to_table(frame._plan.to_proto(client))[0].to_batches()
        return frame._collect_as_arrow()

    def borrow(self, name: str, query: Table, warehouse: Warehouse) -> Table:
        """By way of the driver: meant for histories and lists of keys, not for large tables."""
        schema = query.schema()
        rows = [tuple(map(_in_utc, row.values())) for row in warehouse.rows(query)]
        columns = ", ".join(f"{quoted(c)} {type_name(t)}" for c, t in schema.items())
        view = f"crm_ibis_borrowed_{name}"
        frame = self._call(lambda: self.session.createDataFrame(rows, columns))
        self._call(lambda: frame.createOrReplaceTempView(view))
        return ibis.table(schema, name=view)

    def _call(self, call: Callable[[], Answer]) -> Answer:
        """What Spark answers. Its job ends when the run is interrupted, or takes longer than it
        may."""
        group = f"crm_ibis {uuid4().hex}"

        def grouped() -> Answer:
            if not self.is_remote:
                self.session.sparkContext.setJobGroup(
                    group, self.settings.application, interruptOnCancel=True
                )
            try:
                return call()
            except self.driver_errors:
                raise
            except Exception as error:  # pyspark's own, where Java answers nothing
                if not self.is_remote and driver_is_gone():
                    raise ConnectionError("the driver ended") from error
                raise

        def cancel() -> None:
            with suppress(*self.driver_errors):
                if self.is_remote:
                    self.session.interruptAll()
                else:
                    self.session.sparkContext.cancelJobGroup(group)

        with self.translate_errors():
            return self._worker.run(grouped, cancel, self.settings.statement_timeout)


def _in_utc(value: Any) -> Any:
    """An instant with its zone: Spark would take it for one of the machine's."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _width(dtype: dt.DataType) -> int:
    """Bytes of a value in Arrow, without what a text holds."""
    return 16 if dtype.is_decimal() else 8
