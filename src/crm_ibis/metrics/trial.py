"""Own functions, called once over tables without a connection, before any run."""

import inspect
import traceback
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import ibis.expr.operations as ops
from ibis import Table

from crm_ibis.config.overlay import Place
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.metrics.mistakes import gist

AS_OF = datetime(2024, 1, 1)
"""Which columns a table has does not depend on the instant."""


class Untried(Exception):
    """A table that needs something missing, so that it cannot be tried; reading it says why."""


class Trial:
    """Builds tables as the graph does, from whatever functions it is given."""

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Table]],
        sources: Mapping[str, Table],
        settings: Mapping[str, Any],
    ) -> None:
        """`settings` are what parameters stand for that name no table, such as `params`."""
        self.functions = functions
        self.settings = {"as_of": AS_OF, **settings}
        self.tables: dict[str, Table] = dict(sources)

    def problem(self, table: Any, columns: Mapping[str, Any] | None) -> Problem | None:
        """Why an own table cannot be computed, or differs from its contract's columns."""
        try:
            self._build(table.name, table.function, left_out=optional_sources())
            built = self._build(table.name, table.function)
        except Untried:
            return None
        except (Exception, SystemExit) as error:  # whatever a team's own function may raise
            place = innermost(error, table.place)
            return Problem(f"{table.name}: {gist(error)}", place, (table.name,))
        words = _misfit(table.name, built, columns)
        if words:
            return Problem(words, table.place, (table.name,))
        self.tables[table.name] = built
        return None

    def _build(
        self, name: str, function: Callable[..., Table], left_out: Collection[str] = ()
    ) -> Any:
        wanted = inspect.signature(function).parameters.keys() - left_out
        return function(**{p: self._argument(p) for p in wanted})

    def _argument(self, name: str) -> Any:
        if name in self.settings:
            return self.settings[name]
        if name not in self.tables:
            if name not in self.functions:
                raise Untried(name)
            self.tables[name] = self._build(name, self.functions[name])
        return self.tables[name]


def innermost(error: BaseException, place: Place) -> Place:
    """The innermost line of the module that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if f.filename == str(place.path) and f.lineno]
    return Place(place.path, lines[-1]) if lines else place


def _misfit(name: str, built: Any, columns: Mapping[str, Any] | None) -> str | None:
    if not isinstance(built, Table):
        return f"the function {name} returns no Ibis table; let it return one"
    if built.op().find(ops.InMemoryTable):
        return (
            f"{name}: ibis.memtable holds its rows outside the database; load them into a table "
            "and declare that as a Source, or write them as values of `ibis.cases`"
        )
    given = {c: dtype.copy(nullable=True) for c, dtype in built.schema().items()}
    if columns is None or given == columns:
        return None
    both = sorted({c for c, _ in set(given.items()) ^ set(columns.items())})
    listed = ", ".join(_difference(c, given.get(c), columns.get(c)) for c in both)
    return f"the function {name} and its contract differ: {listed}; make the two match"


def _difference(column: str, computed: Any, declared: Any) -> str:
    if computed is None:
        return f"{column} is only in the contract"
    if declared is None:
        return f"{column} is only in what the function returns"
    return f"{column} is {computed} in the function and {declared} in the contract"
