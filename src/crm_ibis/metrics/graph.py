"""The graph of tables: each function is a table, each parameter's name the table it needs."""

import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from textwrap import indent
from types import ModuleType
from typing import Any

import ibis
from ibis import Table
from ibis.common.exceptions import IbisError
from pydantic import BaseModel

from crm_ibis.config import project
from crm_ibis.config.declarations import snapshots
from crm_ibis.config.params import Params, load_params
from crm_ibis.contracts.known_sources import source_schemas
from crm_ibis.contracts.own_modules import Problem
from crm_ibis.errors import UsageError, near_match
from crm_ibis.expressions import known_versions
from crm_ibis.metrics import facts, kpis, staging
from crm_ibis.metrics.emptiness import is_empty
from crm_ibis.metrics.own import RUN, SUFFIX, OwnFunctions, TableFunction, link, own_params
from crm_ibis.metrics.trial import Trial

Stage = Callable[[str, Table], Table]


def _functions_of(module: ModuleType) -> dict[str, TableFunction]:
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


@cache
def kpi_functions() -> dict[str, TableFunction]:
    """Every KPI, by name: the shipped ones, then a team's own."""
    return {**_shipped_kpis(), **own_functions().of("kpi")}


@cache
def fact_functions() -> dict[str, TableFunction]:
    """Every fact, by name."""
    return {**_functions_of(facts), **own_functions().of("fact")}


@cache
def staging_functions() -> dict[str, TableFunction]:
    """Every staging table, by name."""
    return {**_functions_of(staging), **own_functions().of("staging")}


@cache
def table_functions() -> dict[str, TableFunction]:
    """Every table that is computed: staging, facts and KPIs."""
    return {**staging_functions(), **fact_functions(), **kpi_functions()}


def _shipped_kpis() -> dict[str, TableFunction]:
    modules = (
        import_module(f"{kpis.__name__}.{info.name}")
        for info in pkgutil.iter_modules(kpis.__path__)
    )
    return {name: f for module in modules for name, f in sorted(_functions_of(module).items())}


@cache
def own_functions() -> OwnFunctions:
    """The functions of the modules in a team's metrics/, those that are in order."""
    if not project.own_modules():  # Pandera, which contracts need, takes its time
        return OwnFunctions()
    from crm_ibis.contracts import models

    shipped = {**_functions_of(staging), **_functions_of(facts), **_shipped_kpis()}
    sources = {name: ibis.table(schema, name=name) for name, schema in source_schemas().items()}
    own = models.own_tables()
    kept = {**sources, **_unbound_histories("analytics", models.histories())}
    trial = Trial(
        {**shipped, **{n: t.function for n, t in own.tables.items() if t.function}},
        kept,
        _settings(own.params),
    )
    return link(own, shipped, sources, snapshots(), trial)


def _settings(models: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """What functions get beside tables, as far as params.yml is valid: a run refuses the rest."""
    found: dict[str, Any] = {}
    with suppress(UsageError):
        found["params"] = load_params()
        for module, model in models.items():
            with suppress(UsageError):
                found[f"{module}{SUFFIX}"] = own_params(module, model, found["params"])
    return found


def contract_file(name: str) -> str:
    """Where the contract of a published table is written down, for whoever has to change it."""
    if name not in own_functions().modules:
        return "schemas/kpis.py"
    from crm_ibis.contracts import models

    return str(models.own_tables().tables[name].place)


def broken_tables() -> dict[str, Problem]:
    """A team's own tables that are left out, each with what is wrong."""
    if not project.own_modules():
        return {}
    from crm_ibis.contracts import models

    problems = [*models.own_tables().problems, *own_functions().problems]
    broken = {name: problem for problem in reversed(problems) for name in problem.tables}
    return {name: p for name, p in broken.items() if name not in table_functions()}


def publishable(name: str) -> str:
    """The name of a fact or KPI; raises UsageError with a near match for any other."""
    known = [*kpi_functions(), *fact_functions()]
    if name not in known:
        if problem := broken_tables().get(name):
            raise UsageError(str(problem))
        raise UsageError(
            f'there is no KPI "{name}"{near_match(name, known)}; `crm-ibis list` shows them all'
        )
    return name


def needs(name: str) -> list[str]:
    """The tables that a table is computed from; none for a source."""
    if name not in table_functions():
        return []
    settings = {*RUN, *_own_params_name(name)}
    parameters = inspect.signature(table_functions()[name]).parameters
    return [p for p in parameters if p not in settings]


def _own_params_name(table: str) -> list[str]:
    """The parameter by which a function of a team's gets the parameters of its module."""
    own = own_functions()
    module = own.modules.get(table)
    return [f"{module}{SUFFIX}"] if module in own.params else []


def plan(names: Iterable[str]) -> list[str]:
    """The named tables and everything they need, sources included, each after what it needs."""
    needed: dict[str, list[str]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = needs(name)
            waiting.extend(needed[name])
    return list(TopologicalSorter(needed).static_order())


def sources_of(names: Iterable[str]) -> list[str]:
    """The source tables that the named tables are computed from, in order of name."""
    computed = {*table_functions(), *own_functions().histories}
    return sorted(name for name in plan(names) if name not in computed)


def histories_of(names: Iterable[str]) -> list[str]:
    """The snapshots that the named tables are computed from, in order of name."""
    return sorted(set(plan(names)) & own_functions().histories)


def build(
    names: Iterable[str],
    sources: Mapping[str, Table],
    params: Params,
    as_of: datetime,
    stage: Stage = lambda name, table: table,
) -> dict[str, Table]:
    """The named tables, and those they need, over the given sources.

    A snapshot among these is all its versions; a table gets those that were known at `as_of`.
    `stage` is called with each computed table as soon as it is built, and what it returns stands
    for the table from there on: a refresh puts the heavy ones into temporary tables there.
    """
    histories = own_functions().histories
    tables: dict[str, Any] = {
        name: known_versions(table, as_of) if name in histories else table
        for name, table in sources.items()
    }
    for name in plan(names):
        if name not in tables:
            function = table_functions()[name]
            given = {**tables, **_own_params(params, name), "params": params, "as_of": as_of}
            arguments = {p: given[p] for p in inspect.signature(function).parameters}
            tables[name] = stage(name, function(**arguments))
    return tables


def _own_params(params: Params, name: str) -> dict[str, BaseModel]:
    """The own parameters that the function of a table may ask for, by their name there."""
    own = own_functions()
    module = own.modules.get(name, "")
    if module not in own.params:
        return {}
    return {f"{module}{SUFFIX}": own_params(module, own.params[module], params)}


def check_own_params(params: Params) -> None:
    """Raises UsageError when own parameters in params.yml are not valid."""
    for module, model in own_functions().params.items():
        own_params(module, model, params)


def empty_without(names: Collection[str], absent: Collection[str], params: Params) -> list[str]:
    """Those of the named tables that can have no row when the absent sources have none."""
    built = build(names, unbound_sources("raw"), params, datetime(2024, 1, 1))
    return [name for name in names if is_empty(built[name], absent)]


def unbound_sources(raw_schema: str, analytics: str = "analytics") -> dict[str, Table]:
    """The sources as tables without a connection, for compiling a KPI to SQL.

    With the snapshots that own tables read, without their archives.
    """
    sources = {
        name: ibis.table(schema, name=name, database=raw_schema)
        for name, schema in source_schemas().items()
    }
    if read := own_functions().histories:
        from crm_ibis.contracts.models import histories  # only own tables read them

        kept = _unbound_histories(analytics, histories())
        sources |= {name: kept[name] for name in read}
    return sources


def _unbound_histories(analytics: str, histories: Mapping[str, Any]) -> dict[str, Table]:
    return {
        name: ibis.table(contract.schema, name=name, database=analytics)
        for name, contract in histories.items()
    }


def queries(
    names: Iterable[str],
    dialect: str,
    sources: Mapping[str, Table],
    params: Params,
    as_of: datetime,
) -> dict[str, str]:
    """The query of each named table and of all it computes, in the SQL of a dialect.

    Each reads the others by name. Raises UsageError for a dialect that is unknown or lacks
    something.
    """
    found: dict[str, str] = {}

    def write(name: str, table: Table) -> Table:
        found[name] = table_sql(name, table, dialect)
        return ibis.table(table.schema(), name=name)

    build(names, sources, params, as_of, stage=write)
    return found


def table_sql(name: str, table: Table, dialect: str) -> str:
    """The query of a table in the SQL of a dialect.

    Raises UsageError for a dialect that is unknown or lacks something.
    """
    try:
        return str(ibis.to_sql(table, dialect=dialect))
    except (IbisError, AttributeError, ValueError) as error:
        _refuse_unknown_dialect(dialect)
        raise UsageError(f"{name} cannot be written in the SQL of {dialect}: {error}") from None


def _refuse_unknown_dialect(dialect: str) -> None:
    from ibis.backends.sql import compilers  # two dozen dialects: only when something is wrong

    spoken = {name.removesuffix("Compiler").lower() for name in compilers.__all__}
    if dialect not in spoken:
        raise UsageError(
            f'there is no dialect "{dialect}"{near_match(dialect, spoken)}; '
            f"there are {', '.join(sorted(spoken))}"
        ) from None


def compile_table(
    name: str,
    dialect: str,
    raw_schema: str,
    params: Params,
    as_of: datetime,
    analytics: str = "analytics",
) -> str:
    """The whole query of a table, from the sources on: what it needs as named subqueries first."""
    sources = unbound_sources(raw_schema, analytics)
    return as_one(name, queries([name], dialect, sources, params, as_of))


def as_one(name: str, parts: Mapping[str, str]) -> str:
    """A table's query with the queries of all it needs, which are among the parts."""
    needed = ",\n".join(
        f"{part} AS (\n{indent(parts[part], '  ')}\n)" for part in plan([name]) if part in parts
    )
    return f"WITH {needed}\nSELECT *\nFROM {name}"
