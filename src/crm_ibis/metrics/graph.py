"""The graph of tables: each function is a table, each parameter's name the table it needs."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from graphlib import TopologicalSorter
from textwrap import indent
from typing import Any

import ibis
from ibis import Table
from ibis.common.exceptions import IbisError

from crm_ibis.config.params import Params
from crm_ibis.config.remembered import PerProject
from crm_ibis.contracts.known_sources import optional_sources, source_schemas
from crm_ibis.errors import UsageError, near_match
from crm_ibis.expressions import known_versions
from crm_ibis.metrics.emptiness import is_empty
from crm_ibis.metrics.linking import RUN, SUFFIX
from crm_ibis.metrics.own import (
    call,
    named_in_problems,
    own_functions,
    params_of,
    unbound_histories,
)
from crm_ibis.metrics.shipped import (
    TableFunction,
    shipped_facts,
    shipped_kpis,
    shipped_staging,
)
from crm_ibis.reporting_zone import reporting_as

Stage = Callable[[str, Table], Table]


@PerProject
def kpi_functions() -> dict[str, TableFunction]:
    """Every KPI, by name: the shipped ones, then a team's own."""
    return {**shipped_kpis(), **own_functions().of("kpi")}


@PerProject
def fact_functions() -> dict[str, TableFunction]:
    """Every fact, by name."""
    return {**shipped_facts(), **own_functions().of("fact")}


@PerProject
def staging_functions() -> dict[str, TableFunction]:
    """Every staging table, by name."""
    return {**shipped_staging(), **own_functions().of("staging")}


@PerProject
def table_functions() -> dict[str, TableFunction]:
    """Every table that is computed: staging, facts and KPIs."""
    return {**staging_functions(), **fact_functions(), **kpi_functions()}


def publishable(name: str) -> str:
    """The name of a fact or KPI; raises UsageError with a near match for any other."""
    known = [*kpi_functions(), *fact_functions()]
    if name not in known:
        if problem := named_in_problems().get(name):
            raise UsageError(str(problem))
        raise UsageError(
            f'there is no KPI "{name}"{near_match(name, known)}; `crm-ibis list` shows them all'
        )
    return name


def needs(name: str) -> list[str]:
    """The tables that a table is computed from; none for a source."""
    if name not in table_functions():
        return []
    own = f"{own_functions().asking.get(name)}{SUFFIX}"
    parameters = inspect.signature(table_functions()[name]).parameters
    return [p for p in parameters if p not in (*RUN, own)]


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


def readers_of(names: Iterable[str], sources: Collection[str]) -> list[str]:
    """Those of the named tables that are computed from one of the sources."""
    return [name for name in names if not set(sources).isdisjoint(sources_of([name]))]


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
    for the table from there on: a refresh puts the heavy ones into temporary tables there. Where an
    optional source is not among these, the function that takes it gets its default.
    """
    histories = own_functions().histories
    tables: dict[str, Any] = {
        name: known_versions(table, as_of) if name in histories else table
        for name, table in sources.items()
    }
    for name in plan(names):
        if name not in tables and name in table_functions():
            function = table_functions()[name]
            given = {**tables, **params_of(name, params), "params": params, "as_of": as_of}
            arguments = {
                p.name: given[p.name]
                for p in inspect.signature(function).parameters.values()
                if p.name in given or p.default is p.empty
            }
            with reporting_as(params.reporting):
                made = call(name, function, arguments)
            tables[name] = stage(name, made)
    return tables


def empty_without(names: Collection[str], absent: Collection[str], params: Params) -> list[str]:
    """Those of the named tables that can have no row when the absent sources have none."""
    readers = readers_of(names, absent)
    built = build(readers, unbound_sources("raw"), params, datetime(2024, 1, 1))
    return [name for name in readers if is_empty(built[name], absent)]


def read_by(params: Params) -> set[str]:
    """The optional sources that tables are computed from by what the parameters say, wherever these
    sources come from."""
    return {"exchange_rates"} if params.reporting.currency is not None else set()


def unbound_sources(
    raw_schema: str, analytics: str = "analytics", optional: Collection[str] = ()
) -> dict[str, Table]:
    """The sources as tables without a connection, for compiling a KPI to SQL.

    With the snapshots that own tables read, without their archives; of the optional sources only
    those that are named.
    """
    missing = optional_sources() - set(optional)
    sources = {
        name: ibis.table(schema, name=name, database=raw_schema)
        for name, schema in source_schemas().items()
        if name not in missing
    }
    if read := own_functions().histories:
        kept = unbound_histories(analytics)
        # The history of a broken table is left out, and with it the tables that read it.
        sources |= {name: kept[name] for name in read if name in kept}
    return sources


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
    from crm_ibis.warehouse.sql import to_sql  # loads the compilers of all dialects

    try:
        return to_sql(table, dialect)
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
    optional: Collection[str] = (),
) -> str:
    """The whole query of a table, from the sources on: what it needs as named subqueries first.

    `optional` names the optional sources that it reads, beside those that the parameters ask for.
    """
    sources = unbound_sources(raw_schema, analytics, {*optional, *read_by(params)})
    return as_one(name, queries([name], dialect, sources, params, as_of))


def as_one(name: str, parts: Mapping[str, str]) -> str:
    """A table's query with the queries of all it needs, which are among the parts."""
    needed = ",\n".join(
        f"{part} AS (\n{indent(parts[part], '  ')}\n)" for part in plan([name]) if part in parts
    )
    return f"WITH {needed}\nSELECT *\nFROM {name}"
