"""A team's functions as part of the graph: what each parameter names, and what is left out."""

import inspect
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from pydantic import BaseModel

from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import near_match
from crm_ibis.metrics.shipped import TableFunction
from crm_ibis.metrics.trial import Trial

if TYPE_CHECKING:  # it loads Pandera, which takes its time
    from crm_ibis.contracts.own import Own, OwnTable

RUN = ("params", "as_of")
"""What a run gives to every function that asks for it."""
SUFFIX = "_params"


@dataclass
class OwnFunctions:
    """The functions of a team that are in order, by kind and name."""

    by_kind: dict[str, dict[str, TableFunction]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    """The module of each."""
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
    histories: Collection[str],
    trial: Trial,
) -> OwnFunctions:
    """The own tables whose parameters all name something and that can be computed, in no circle.

    `own` is what the modules declare, `histories` are the names of the snapshots.
    """
    known = {*shipped, *sources}
    linked = OwnFunctions(params=own.params, known=set(known))
    tables = {name: table for name, table in own.tables.items() if table.function}
    # A name that the package has taken still means the package's table.
    gone = {name for problem in own.problems for name in problem.tables} - known

    def leave_out(name: str, words: str) -> None:
        linked.problems.append(Problem(words, tables.pop(name).place, (name,)))
        if name not in known:
            gone.add(name)

    for name in [name for name in tables if name in shipped]:
        leave_out(name, f"{name} is a table of the package; give yours another name")
    for name, table in list(tables.items()):
        settings = {*RUN, *([f"{table.module}{SUFFIX}"] if table.module in own.params else [])}
        names = {*known, *tables, *histories, *settings} - {name}
        if words := _unknown_parameter(table, names, gone):
            leave_out(name, words)
    while circle := _circle(tables):
        leave_out(circle[0], f"{' needs '.join(circle)}: a circle; take one of the parameters out")
    for name in _in_order(tables):
        needed = [p for p in _parameters(tables[name]) if p in gone]
        contract = own.contracts.get(name)
        columns = {c.name: c.dtype for c in contract.values} if contract else None
        if needed:
            leave_out(name, f"{name} is left out, as it needs {needed[0]}, which is broken")
        elif problem := trial.problem(tables[name], columns):
            linked.problems.append(problem)
            gone.add(tables.pop(name).name)
    for name, table in tables.items():
        assert table.function is not None
        linked.by_kind.setdefault(table.kind, {})[name] = table.function
        linked.modules[name] = table.module
        linked.known.add(name)
        linked.histories |= set(_parameters(table)) & set(histories)
    return linked


def _parameters(table: "OwnTable") -> dict[str, inspect.Parameter]:
    assert table.function is not None
    return dict(inspect.signature(table.function).parameters)


def _unknown_parameter(
    table: "OwnTable", names: Collection[str], gone: Collection[str]
) -> str | None:
    for name, parameter in _parameters(table).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return f"{table.name}: {parameter} names no table; name each one that it needs"
        if name == table.name:
            return f"{table.name} needs itself; its history, as a snapshot, may be a parameter"
        if name not in names and name not in gone:
            own = f"{table.module}{SUFFIX}"
            if name == own:
                return (
                    f"{table.name}: the module has no model of its parameters; write `class Params"
                    f"(BaseModel)` in it, whose values are those under {table.module} in params.yml"
                )
            return (
                f'{table.name}: the parameter "{name}" names no table, source or snapshot'
                f"{near_match(name, names)}; it may name one, or be params, as_of or {own}"
            )
    return None


def _circle(tables: Mapping[str, "OwnTable"]) -> list[str]:
    try:
        TopologicalSorter(_needs(tables)).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _needs(tables: Mapping[str, "OwnTable"]) -> dict[str, list[str]]:
    """The own tables that each own table needs."""
    return {name: [p for p in _parameters(t) if p in tables] for name, t in tables.items()}


def _in_order(tables: Mapping[str, "OwnTable"]) -> list[str]:
    return list(TopologicalSorter(_needs(tables)).static_order())
