"""What an engine does for a run: it reads sources, computes over them, and hands results over."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.warehouse import Place, Query, Staging, Warehouse
from crm_ibis.warehouse.files import Files


class Engine(Protocol):
    """Where tables are computed: the warehouse itself, or what reads the sources in its place.

    A table that is staged has the same name on the engine and, once it is handed over, in the
    warehouse. So an expression over it reads the one or the other, by who runs it.
    """

    raw: str
    """The schema of sources that sources.yml does not mention."""
    dialect: str
    con: Any
    """The connection that its tables belong to; None where they belong to none."""
    reads_files: bool
    """Whether it reads files of this machine."""
    reads_urls: bool
    """Whether it reads files behind URLs such as s3a://bucket/leads."""

    def tables(self, schema: str) -> set[str]:
        """Names of the tables and views in a schema; none when there is no such schema."""

    def table(self, schema: str, name: str) -> Table:
        """A table as an expression."""

    def read_files(self, files: Files) -> Table:
        """Files as one table; every column of CSV files is text."""

    def places(self, tables: Iterable[Table]) -> set[Place]:
        """The tables of the warehouse that expressions read."""

    def compile(self, query: Table, inline: bool = False) -> str:
        """The SQL of an expression in this engine's dialect."""

    def query(self, query: Table, inline: bool = False) -> Query:
        """An expression compiled, to be run later."""

    def rows(self, query: Table | Query) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""

    def repeats(self, column: ir.Column) -> ir.IntegerScalar:
        """0 where no value of a column comes twice, else more: what it is quickest at."""

    def translate_errors(self) -> AbstractContextManager[None]:
        """Turns the driver's errors into ours."""

    def attempt(self) -> AbstractContextManager[None]:
        """Part of a look at the tables that may fail without ending it."""

    def may_stage(self) -> bool:
        """Whether this user may write temporary tables."""

    def keep(self, name: str, query: Table) -> None:
        """Puts a query's rows into a temporary table, in the types that they have."""

    def staging(self, name: str, query: Table, schema: ibis.Schema) -> Staging:
        """How a query's rows get into a temporary table with exactly the types of the schema."""

    def stage(self, staging: Staging) -> None:
        """Writes the temporary table."""

    def unstage(self, name: str) -> None:
        """Frees a staged table, and what was handed over of it, where the end of the transaction
        does not."""

    def hand_over(
        self, staging: Staging, warehouse: Warehouse, tell: Callable[[str], None]
    ) -> None:
        """Sees that a staged table is in the warehouse, in its transaction.

        Tells, before it moves, how much has to.
        """

    def borrow(self, name: str, query: Table, warehouse: Warehouse) -> Table:
        """The rows of a query of the warehouse, as a table for this engine."""
