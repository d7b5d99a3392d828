"""A team's functions as part of the graph: what each parameter names, and what is left out."""

import inspect
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from pydantic import BaseModel

from crm_ibis.config.overlay import Place
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import near_match
from crm_ibis.metrics.shipped import TableFunction
from crm_ibis.metrics.trial import Trial

if TYPE_CHECKING:  # it loads Pandera, which takes its time
    from crm_ibis.contracts.own import Own, OwnTable

RUN = ("params", "as_of")
"""What a run gives to every function that asks for it."""
SUFFIX = "_params"
LOST = "<lost>"
"""What a snapshot that cannot be keeps the history of; no table has such a name."""


@dataclass
class OwnFunctions:
    """The functions of a team that are in order, by kind and name."""

    by_kind: dict[str, dict[str, TableFunction]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    """Where each is declared."""
    asking: dict[str, str] = field(default_factory=dict)
    """The module whose own parameters each takes, of those that take any."""
    histories: set[str] = field(default_factory=set)
    """The snapshots that they read."""
    params: dict[str, type[BaseModel]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    """These, and all tables and sources of the package."""
    problems: list[Problem] = field(default_factory=list)

    def of(self, kind: str) -> dict[str, TableFunction]:
        return self.by_kind.get(kind, {})


def link(
    own: "Own",
    shipped: Mapping[str, TableFunction],
    sources: Iterable[str],
    histories: Mapping[str, str],
    wrong_params: Mapping[str, Exception],
    trial: Trial,
) -> OwnFunctions:
    """The own tables whose parameters all name something and that can be computed, in no circle.

    `own` is what the modules declare, `histories` are the snapshots, each with its KPI,
    `wrong_params` says why the parameters of a module are not valid.
    """
    linker = _Linker(own, {*shipped, *sources}, histories)
    linker.refuse_taken(shipped)
    linker.refuse_unknown_parameters()
    linker.refuse_circles()
    linker.leave_out_without_params(wrong_params)
    linker.try_out(trial)
    linker.leave_out_readers_of_lost_histories()
    return linker.linked()


class _Linker:
    """Leaves out one own table after the other, until those that remain are in order."""

    def __init__(self, own: "Own", known: set[str], histories: Mapping[str, str]) -> None:
        self.own = own
        self.known = known
        self.histories = histories
        self.problems: list[Problem] = []
        self.tables = {name: table for name, table in own.tables.items() if table.function}
        # A name that the package has taken still means the package's table.
        self.gone = {name for problem in own.problems for name in problem.tables} - known | {LOST}

    def refuse_taken(self, shipped: Collection[str]) -> None:
        for name in [name for name in self.tables if name in shipped]:
            self._leave_out(name, f"{name} is a table of the package; give yours another name")

    def refuse_unknown_parameters(self) -> None:
        for name, table in list(self.tables.items()):
            own = [_own_params(table)] if table.module in self.own.params else []
            names = {*self.known, *self.own.tables, *self.histories, *RUN, *own} - {name}
            if words := _unknown_parameter(table, names | self.gone):
                self._leave_out(name, words)

    def refuse_circles(self) -> None:
        while circle := _circle(self.tables):
            words = f"{' needs '.join(circle)}: a circle; take one of the parameters out"
            self._leave_out(circle[0], words)

    def leave_out_without_params(self, wrong: Mapping[str, Exception]) -> None:
        """Leaves out the tables that ask for parameters which are not valid."""
        for module, error in wrong.items():
            tables = self.tables.values()
            asking = [t.name for t in tables if t.module == module and _asks_for_params(t)]
            gone = f"; until then, without {', '.join(asking)}" if asking else ""
            self.problems.append(Problem(f"{error}{gone}", None, tuple(asking)))
            for name in asking:
                self._remove(name)

    def try_out(self, trial: Trial) -> None:
        """Calls each function, after those that it needs."""
        for name in TopologicalSorter(_needs(self.tables)).static_order():
            table = self.tables[name]
            contract = self.own.contracts.get(name)
            columns = {c.name: c.dtype for c in contract.values} if contract else None
            if self._lacks(table):
                self._leave_out_with(name)
            elif problem := trial.problem(table, columns):
                self._drop(name, problem)

    def leave_out_readers_of_lost_histories(self) -> None:
        """A history goes with its KPI, which may have been tried after those who read it."""
        while lacking := [name for name, table in self.tables.items() if self._lacks(table)]:
            self._leave_out_with(lacking[0])

    def _lacks(self, table: "OwnTable") -> list[str]:
        """What a table needs and is broken, or is the history of what is broken."""
        return [p for p in _parameters(table) if {p, self.histories.get(p)} & self.gone]

    def _leave_out_with(self, name: str) -> None:
        broken = self._lacks(self.tables[name])[0]
        self._leave_out(name, f"{name} is left out, as it needs {broken}, which is broken")

    def linked(self) -> OwnFunctions:
        linked = OwnFunctions(params=self.own.params, problems=self.problems)
        linked.known = {*self.known, *self.tables}
        for name, table in self.tables.items():
            assert table.function is not None
            linked.by_kind.setdefault(table.kind, {})[name] = table.function
            linked.places[name] = table.place
            linked.histories |= self.histories.keys() & set(_parameters(table))
            if _asks_for_params(table):
                linked.asking[name] = table.module
        return linked

    def _leave_out(self, name: str, words: str) -> None:
        self._drop(name, Problem(words, self.tables[name].place, (name,)))

    def _drop(self, name: str, problem: Problem) -> None:
        self.problems.append(problem)
        self._remove(name)

    def _remove(self, name: str) -> None:
        del self.tables[name]
        if name not in self.known:
            self.gone.add(name)


def _own_params(table: "OwnTable") -> str:
    """The parameter by which a function gets the parameters of its module."""
    return f"{table.module}{SUFFIX}"


def _asks_for_params(table: "OwnTable") -> bool:
    return _own_params(table) in _parameters(table)


def _parameters(table: "OwnTable") -> dict[str, inspect.Parameter]:
    assert table.function is not None
    return dict(inspect.signature(table.function).parameters)


def _unknown_parameter(table: "OwnTable", names: Collection[str]) -> str | None:
    for name, parameter in _parameters(table).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return f"{table.name}: {parameter} names no table; name each one that it needs"
        if name == table.name:
            return f"{table.name} needs itself; its history, as a snapshot, may be a parameter"
        if name not in names:
            return _unknown(name, table, names)
        if name in optional_sources() and parameter.default is not None:
            return (
                f"{table.name}: the source {name} is optional; write the parameter as "
                f"`{name}: Table | None = None`, and do without it where it is None"
            )
    return None


def _unknown(name: str, table: "OwnTable", names: Collection[str]) -> str:
    own = _own_params(table)
    if name == own:
        return (
            f"{table.name}: the module has no model of its parameters; write `class Params"
            f"(BaseModel)` in it, whose values are those under {table.module} in params.yml"
        )
    return (
        f'{table.name}: the parameter "{name}" names no table, source or snapshot'
        f"{near_match(name, names)}; it may name one, or be params, as_of or {own}"
    )


def _circle(tables: Mapping[str, "OwnTable"]) -> list[str]:
    try:
        TopologicalSorter(_needs(tables)).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _needs(tables: Mapping[str, "OwnTable"]) -> dict[str, list[str]]:
    """The own tables that each own table needs."""
    return {name: [p for p in _parameters(t) if p in tables] for name, t in tables.items()}
