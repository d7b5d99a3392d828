"""A team's own tables: the contracts and functions of its metrics/*.py, and what is wrong there."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from crm_ibis.config.overlay import Place
from crm_ibis.config.params import may_hold_params
from crm_ibis.contracts.bases import BASES, Extension, Fact, Published, Source
from crm_ibis.contracts.contract import Contract, contract_of
from crm_ibis.contracts.extensions import extended
from crm_ibis.contracts.own_modules import (
    BrokenModule,
    Module,
    Problem,
    Wrong,
    load_module,
    problems_of,
)
from crm_ibis.contracts.own_package import open_package
from crm_ibis.contracts.pandera_api import FieldInfo, pa
from crm_ibis.contracts.types import table_name
from crm_ibis.errors import near_match

STAGING = "stg_"
PARAMS = "Params"


@dataclass(frozen=True)
class OwnTable:
    """A table of a team's: where it is declared, and its function, unless it is a source."""

    name: str
    kind: str
    """`kpi`, `fact`, `staging` or `source`."""
    module: str
    place: Place
    function: Callable[..., Any] | None = None
    model: type[pa.DataFrameModel] | None = None


@dataclass
class Own:
    """What the modules of a team declare."""

    tables: dict[str, OwnTable] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    """Of own tables, and of shipped ones that are extended."""
    params: dict[str, type[BaseModel]] = field(default_factory=dict)
    """By module."""
    without_params: list[str] = field(default_factory=list)
    """The other modules."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def named_in_problems(self) -> dict[str, Problem]:
        """The tables that are left out, each with the first thing that is wrong with it.

        A name that the package has taken still means the package's table.
        """
        return {name: p for p in reversed(self.problems) for name in p.tables}

    @property
    def broken(self) -> dict[str, Problem]:
        """Those whose contract is left out too."""
        named = self.named_in_problems
        return {name: problem for name, problem in named.items() if name not in self.contracts}


def read_own(
    paths: Collection[Path], shipped: Mapping[str, Contract], histories: Collection[str] = ()
) -> Own:
    """Everything that is in order in the modules; the rest are problems.

    `histories` are the names that the package's snapshots and archives take.
    """
    own = Own()
    taken: dict[str, list[OwnTable]] = {}
    modules = _load(own, paths)
    for module in modules:
        _read_params(own, module)
        for table in _tables(own, module):
            taken.setdefault(table.name, []).append(table)
    for name, tables in taken.items():
        _add(own, name, tables, shipped, histories)
    _refuse_unknown_parents(own, shipped)
    for module in modules:
        _extend(own, module, shipped)
    return own


def _load(own: Own, paths: Collection[Path]) -> list[Module]:
    """The modules that can be executed."""
    for folder in {path.parent for path in paths}:
        open_package(folder)
    modules, broken = [], []
    for path in paths:
        try:
            modules.append(load_module(path))
        except BrokenModule as error:
            broken.append(error)
    own.problems += problems_of(broken)
    return modules


def _classes(module: Module) -> dict[str, type]:
    return {
        name: value
        for name, value in vars(module.contents).items()
        if isinstance(value, type)
        and value.__module__ == module.contents.__name__
        and value.__name__ == name
        and not name.startswith("_")
    }


def _functions(module: Module) -> dict[str, Callable[..., Any]]:
    return {
        name: value
        for name, value in vars(module.contents).items()
        if inspect.isfunction(value)
        and value.__module__ == module.contents.__name__
        and not name.startswith("_")
    }


def _read_params(own: Own, module: Module) -> None:
    model = _classes(module).get(PARAMS)
    if model is None:
        own.without_params.append(module.name)
        return
    if not issubclass(model, BaseModel):
        words = f"{PARAMS} is no Pydantic model; write `class {PARAMS}(BaseModel)`"
    elif not may_hold_params(module.name):
        words = (
            f"{module.name} in params.yml cannot hold {PARAMS}, as it is a name of the package or "
            "none of Python's; give the file another name"
        )
    else:
        own.params[module.name] = model
        return
    own.problems.append(Problem(words, module.place(PARAMS)))


def _tables(own: Own, module: Module) -> Iterator[OwnTable]:
    """The tables of a module whose function and contract fit together."""
    functions = _functions(module)
    models = {}
    for class_name, kind in _classes(module).items():
        name = table_name(class_name)
        if problem := _no_contract(kind, name, functions):
            functions.pop(name, None)
            own.problems.append(Problem(problem, module.place(class_name), (name,)))
        elif issubclass(kind, Source | Published):
            models[name] = kind
    alone = set(functions) - set(models)
    for name, model in models.items():
        place = module.place(model.__name__)
        function = functions.pop(name, None)
        problem = _function_problem(name, model, function, alone)
        if problem:
            own.problems.append(Problem(problem, place, (name,)))
        else:
            yield OwnTable(name, _kind(model), module.name, place, function, model)
    for name, function in functions.items():
        place = module.place(name)
        if name.startswith(STAGING):
            yield OwnTable(name, "staging", module.name, place, function)
        else:
            hint = near_match(name, models)
            words = (
                f"the function {name} has no contract{hint}; write `class {_class_name(name)}"
                "(Published)` beside it, or begin its name with _ if it only helps others"
            )
            own.problems.append(Problem(words, place, (name,)))


def _no_contract(kind: type, name: str, functions: Mapping[str, Any]) -> str | None:
    """Why a class that is meant for a contract is none."""
    if kind.__name__ == PARAMS or issubclass(kind, BASES):
        return None
    fields = any(isinstance(value, FieldInfo) for value in vars(kind).values())
    if name not in functions and not fields and not issubclass(kind, pa.DataFrameModel):
        return None
    bases = ", ".join(base.__name__ for base in kind.__bases__ if base is not object)
    return (
        f"{kind.__name__} is the contract of no kind of table: its base is {bases or 'none'}; "
        f"write `class {kind.__name__}(Published)`, or Fact, Source or Extension in its place, "
        "all of which are in crm_ibis"
    )


def _function_problem(
    name: str, model: type, function: Callable[..., Any] | None, alone: set[str]
) -> str | None:
    if issubclass(model, Source) and function:
        return (
            f"{name} is a source, and has a function of its name; sources.yml says what a source "
            "is made of: leave the function out, or make its contract Published"
        )
    if issubclass(model, Published) and not function:
        return (
            f"the contract {model.__name__} has no function {name}{near_match(name, alone)}; write "
            "`def "
            f"{name}(...)` beside it, whose parameters name the tables that it needs"
        )
    return None


def _kind(model: type) -> str:
    if issubclass(model, Source):
        return "source"
    return "fact" if issubclass(model, Fact) else "kpi"


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _add(
    own: Own,
    name: str,
    tables: list[OwnTable],
    shipped: Mapping[str, Contract],
    histories: Collection[str],
) -> None:
    """Adds a table unless its name is taken or its contract does not stand."""
    first, *others = tables
    if others:
        places = " and ".join(str(table.place) for table in tables)
        words = f"there are two tables {name}: {places}; rename one, or leave it out"
        own.problems.append(Problem(words, None, (name,)))
        return
    try:
        _refuse_taken(name, shipped, histories)
        if first.model:
            _refuse_bare(first.model)
            own.contracts[name] = contract_of(first.model)
        own.tables[name] = first
    except Wrong as error:
        own.problems.append(Problem(str(error), first.place, (name,)))
    except Exception as error:  # Pandera has errors of many kinds for what it cannot read
        words = f"the contract of {name} cannot be read: {type(error).__name__}: {error}"
        own.problems.append(Problem(" ".join(words.split()), first.place, (name,)))


def _refuse_taken(name: str, shipped: Mapping[str, Contract], histories: Collection[str]) -> None:
    if name in histories:
        raise Wrong(f"{name} is a snapshot of the package, or its archive; give yours another name")
    if name in shipped:
        what = _class_name(name)
        raise Wrong(
            f"{name} is a table of the package; give yours another name, or write "
            f"`class {what}(Extension)` to add columns or checks to its contract"
        )


def _refuse_bare(model: type[pa.DataFrameModel]) -> None:
    """Raises Wrong for a contract without a grain or with a column that is not described."""
    schema = model.to_schema()
    if not schema.unique:
        raise Wrong(
            f"{model.__name__} does not say its grain; add `class Config: unique = [...]` with the "
            "columns that name a row"
        )
    if unknown := [c for c in schema.unique if c not in schema.columns]:
        raise Wrong(
            f'{model.__name__}.Config.unique names "{unknown[0]}", which is none of its '
            f"columns{near_match(unknown[0], schema.columns)}"
        )
    for name, declared in schema.columns.items():
        if "references" not in (declared.metadata or {}):
            raise Wrong(
                f"{model.__name__}.{name} is not described; write `{name}: ... = "
                'column("What it holds.")`'
            )


def _refuse_unknown_parents(own: Own, shipped: Mapping[str, Contract]) -> None:
    """Leaves out the tables whose foreign keys refer to what is no source."""
    while True:
        known = {c.name for c in (*shipped.values(), *own.contracts.values()) if c.kind == "source"}
        wrong = {n: c.parents - known for n, c in own.contracts.items() if c.parents - known}
        if not wrong:
            return
        for name, parents in wrong.items():
            parent = min(parents)
            place = own.tables.pop(name).place
            words = (
                f'{name} refers to "{parent}", which is no source{near_match(parent, known)}; '
                "`references` names one"
            )
            own.problems.append(Problem(words, place, (name,)))
            del own.contracts[name]


def _extend(own: Own, module: Module, shipped: Mapping[str, Contract]) -> None:
    for class_name, model in _classes(module).items():
        if issubclass(model, Extension):
            name = table_name(class_name)
            before = {**shipped, **own.contracts}
            try:
                own.contracts[name] = extended(name, model, before, shipped, own.tables)
            except Wrong as error:
                place = module.place(*(error.names or (class_name,)))
                own.problems.append(Problem(str(error), place))
            except Exception as error:  # Pandera has errors of many kinds for what it cannot read
                words = f"{class_name} cannot be read: {type(error).__name__}: {error}"
                own.problems.append(Problem(" ".join(words.split()), module.place(class_name)))
