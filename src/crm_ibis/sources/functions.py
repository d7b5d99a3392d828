"""Functions of sources.yml: called, looked at before anything is read, and named where they fail.

What one returns is written to a temporary table once per run: a log that it reduces would else be
read again by every check and every KPI.
"""

import importlib.util
import inspect
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import ibis
import ibis.expr.operations as ops
from ibis import Table

from crm_ibis.engines import Engine
from crm_ibis.errors import CrmIbisError, DatabaseError, DataError, UsageError, near_match
from crm_ibis.warehouse.base import STAGED

Maker = Callable[..., Table]

NOT_EVERYWHERE = (ops.ToJSONArray,)
"""What connectors use and not every engine has: Ibis reads no list in JSON on Spark."""
OF_A_CONNECTION = (ops.DatabaseTable, ops.SQLQueryResult)


def load(file: Path, name: str) -> Maker:
    """The function of a source's name in a Python file."""
    if not file.is_file():
        raise UsageError(f"sources.yml: sources.{name}.file: there is no file {file}")
    spec = importlib.util.spec_from_file_location(f"_crm_ibis_sources_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UsageError(f"sources.yml: sources.{name}.file: {file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's own file may raise
        raise UsageError(f"cannot read {file}: {type(error).__name__}: {error}") from error
    known = dict(inspect.getmembers(module, inspect.isfunction))
    if name not in known:
        raise UsageError(
            f"{file} has no function {name}{near_match(name, known)}; it makes the source of its "
            "name from the landed tables that its parameters name"
        )
    return known[name]


def call(engine: Engine, maker: Maker, given: Mapping[str, Any], what: str) -> Table:
    """What a function makes of landed tables, in a form that the database can read.

    `given` are the tables, and what a connector is told beside them.

    Raises DataError, or what is wrong in the words of the program, with the line of the function's
    file; UsageError when it returns anything else than an expression over this database.
    """
    try:
        with engine.translate_errors():
            made = maker(**given)
    except DatabaseError as error:
        line = _line(error.__cause__ or error, maker)
        raise type(error)(f"{what} cannot be made: {error}{line}") from error
    except CrmIbisError as error:
        error.args = (f"{error}{_line(error, maker)}",)
        raise
    except (Exception, SystemExit) as error:  # whatever a function of the user's may raise
        gist = f"{type(error).__name__}: {error}{_line(error, maker)}"
        raise DataError(f"{what} cannot be made: {gist}") from error
    if not isinstance(made, Table):
        raise UsageError(f"{what}: the function returns no Ibis table")
    _refuse_foreign(engine, made, what)
    try:
        if not _is_ours(maker) or made.op().find(NOT_EVERYWHERE):
            engine.compile(made)
    except Exception as error:  # Ibis has errors of many kinds for what a database cannot do
        gist = f"{type(error).__name__}: {error}"
        raise DataError(f"{what}: {engine.dialect} cannot compute this: {gist}") from error
    return made


class Materialized:
    """What functions return, each written to a temporary table when it is first asked for.

    Use it in a `with` statement inside the transaction, which frees them.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.written: dict[str, Table] = {}

    def __enter__(self) -> "Materialized":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(DatabaseError):  # a transaction that has failed takes them with it
            self.free()

    def write(self, source: str, made: Table, what: str) -> Table:
        """The temporary table with the rows of an expression; the expression where none may be
        made."""
        if source in self.written:
            return self.written[source]
        if not self.engine.may_stage():
            return made
        name = f"function_{source}"
        try:
            self.engine.keep(name, made)
        except DatabaseError as error:
            raise type(error)(f"{what} cannot be computed: {error}") from error
        # In the types that Ibis infers, as it would have had them inside a query.
        self.written[source] = ibis.table(made.schema(), name=STAGED + name)
        return self.written[source]

    def free(self) -> None:
        """Drops the temporary tables where the end of the transaction does not."""
        for source in self.written:
            self.engine.unstage(f"function_{source}")
        self.written.clear()


def _line(error: BaseException, maker: Maker) -> str:
    """The innermost line of the function's file that an error came through."""
    code = getattr(inspect.unwrap(maker), "__code__", None)
    if code is None or _is_ours(maker):
        return ""
    file = code.co_filename
    lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return f" ({file}, line {lines[-1].lineno})" if lines else ""


def _is_ours(maker: Maker) -> bool:
    return maker.__module__.startswith("crm_ibis.")


def _refuse_foreign(engine: Engine, made: Table, what: str) -> None:
    operation = made.op()
    if operation.find(ops.InMemoryTable):
        raise UsageError(
            f"{what}: ibis.memtable holds its rows outside the database; load them into a table "
            "and name that as a parameter, or translate values with `values` in sources.yml"
        )
    foreign: list[Any] = [
        node for node in operation.find(OF_A_CONNECTION) if node.source is not engine.con
    ]
    if foreign:
        raise UsageError(
            f"{what}: it reads {getattr(foreign[0], 'name', 'a query')} over a connection of its "
            "own; use the tables that its parameters name"
        )
