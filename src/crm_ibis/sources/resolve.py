"""The sources as sources.yml has them: expressions over the tables of the database.

Nothing is copied: a mapping, a connector or a function of one's own becomes part of every query.
"""

import inspect
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from ibis import Table

from crm_ibis.contracts import models
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.engines import Engine
from crm_ibis.errors import CrmIbisError, DataError, UsageError, near_match
from crm_ibis.sources import connectors, functions, landed_files, transform
from crm_ibis.sources import spec as mapping
from crm_ibis.sources.columns import joining
from crm_ibis.sources.connectors import options
from crm_ibis.sources.connectors.landed import local_times_of
from crm_ibis.sources.connectors.readings import readings
from crm_ibis.sources.connectors.unread import Unread, noting
from crm_ibis.sources.currencies import CURRENCY as CURRENCY
from crm_ibis.sources.currencies import MONEY
from crm_ibis.sources.functions import Maker, Materialized
from crm_ibis.sources.spec import SourcesFile, SourceSpec
from crm_ibis.warehouse import Place


@dataclass(frozen=True)
class Origin:
    """What a source is made of, before its columns are mapped."""

    table: Table
    words: str
    """In words: the table, the connector or the file, and the tables that it reads."""
    readings: tuple[str, ...] = ()
    """How a connector reads them, where they land in several ways."""
    unread: tuple[Unread, ...] = ()
    """What a connector, or a function that calls it, may be unable to read of them."""


class NotThere(DataError):
    """Tables that a source is made of are not in the database."""


def source_tables(
    engine: Engine, names: Iterable[str], written: Materialized | None = None
) -> dict[str, Table]:
    """The named sources as expressions, not yet in the types of their contracts.

    Without the optional ones that are missing. What functions return is `written` where that is
    given. Raises DataError naming all that cannot be made, UsageError for a mapping that is wrong.
    """
    declared = mapping.load_spec()
    found = {}
    missing: list[str] = []
    problems: list[str] = []
    for name in names:
        if is_missing(engine, name, declared):
            continue
        try:
            found[name] = build_source(engine, name, declared, written)
        except NotThere as error:
            missing.append(str(error))
        except DataError as error:
            problems.append(str(error))
    if missing:
        problems.append(_explain_missing(missing, engine))
    if problems:
        raise DataError("\n".join(problems))
    return found


def is_missing(engine: Engine, name: str, declared: SourcesFile) -> bool:
    """Whether an optional source is nowhere: sources.yml says nothing of it, or that it is absent,
    and no raw table has its name."""
    if not models.contracts()[name].is_optional:
        return False
    if name in declared.sources:
        return declared.of(name).absent
    return name not in engine.tables(engine.raw)


def missing_optional(engine: Engine, declared: SourcesFile) -> set[str]:
    """The optional sources that are nowhere."""
    return {name for name in optional_sources() if is_missing(engine, name, declared)}


def _explain_missing(tables: list[str], engine: Engine) -> str:
    there = f"there is no source table {tables[0]}; load it, say in sources.yml where it comes from"
    if len(tables) > 1:
        there = (
            f"there are no source tables {', '.join(tables)}; load them, say in sources.yml where "
            "they come from"
        )
    if engine.con is None:  # `crm-ibis seed` fills the warehouse
        return f"{there}, or name another schema with CRM_IBIS_RAW_SCHEMA"
    return (
        f"{there}, name another schema with CRM_IBIS_RAW_SCHEMA, or try the sample data: "
        "crm-ibis seed"
    )


def places(engine: Engine, names: Iterable[str]) -> set[Place]:
    """The tables that the named sources read, as far as these can be made."""
    declared = mapping.load_spec()
    found = set()
    for name in names:
        if not declared.of(name).absent and not is_missing(engine, name, declared):
            with suppress(CrmIbisError):  # reading the source raises it
                made = origin(engine, name, declared).table
                found |= engine.places([made])
    return found


def unread_of(engine: Engine, names: Iterable[str]) -> dict[str, tuple[Unread, ...]]:
    """What the functions that make the named sources may be unable to read."""
    declared = mapping.load_spec()
    return {
        name: origin(engine, name, declared).unread for name in names if declared.of(name).maker
    }


def build_source(
    engine: Engine, name: str, declared: SourcesFile, written: Materialized | None = None
) -> Table:
    """One source, mapped."""
    if declared.of(name).absent:
        return transform.absent(models.contracts()[name])
    return apply_spec(origin(engine, name, declared, written), name, declared)


def apply_spec(origin: Origin, name: str, declared: SourcesFile) -> Table:
    """What a source is made of, under our column names."""
    said = declared.of(name)
    if not said.is_mapped:
        return origin.table
    found = transform.apply_columns(origin.table, name, said, models.contracts()[name])
    needs_unassigned = name == "facilities" and not said.connector
    if needs_unassigned and declared.may_be_unassigned and found.id.type().is_string():
        return transform.add_unassigned(found)
    return found


def origin(
    engine: Engine, name: str, declared: SourcesFile, written: Materialized | None = None
) -> Origin:
    """What a source that is not absent is made of, `written` to a temporary table if asked.

    Raises NotThere for a missing table, DataError when a function fails.
    """
    said = declared.of(name)
    found = _base_origin(engine, name, declared, written)
    if not said.join:
        return found
    others = {alias: _joined(engine, name, alias, declared, written) for alias in said.join}
    joined = joining.join_tables(found.table, name, said, {a: o.table for a, o in others.items()})
    words = ", ".join(other.words for other in others.values())
    return replace(found, table=joined, words=f"{found.words} with {words}")


def _base_origin(
    engine: Engine, name: str, declared: SourcesFile, written: Materialized | None
) -> Origin:
    """What a source is made of, without the tables that are joined to it."""
    said = declared.of(name)
    if said.constant:
        return Origin(transform.constant(said, models.contracts()[name]), "constant rows")
    if said.maker:
        schema = said.schema_ or declared.schema_ or engine.raw
        made = _call_function(engine, schema, name, said)
        if written is None:
            return made
        return replace(made, table=written.write(name, made.table, f"{name} by {made.words}"))
    if said.path:
        return _landed_files(engine, said.path, name, f"sources.{name}.path", written)
    schema, table = _place(engine, name, declared)
    return _landed_in(engine, schema, table)


def _landed_files(
    engine: Engine, path: str, name: str, where: str, written: Materialized | None
) -> Origin:
    """Files; of CSV a copy, as a run would else read them again for every check and every KPI."""
    words = landed_files.words(path)
    files = landed_files.files_of(engine, path, where)
    table = engine.read_files(files)
    if written is not None and files.format == "csv":
        table = written.write(name, table, f"{name} from {words}")
    return Origin(table, words)


def _joined(
    engine: Engine, name: str, alias: str, declared: SourcesFile, written: Materialized | None
) -> Origin:
    said = declared.of(name)
    join = said.join[alias]
    if join.path:
        where = f"sources.{name}.join.{alias}.path"
        return _landed_files(engine, join.path, f"{name}_{alias}", where, written)
    return _landed_table(engine, cast(str, join.table), declared, said)


def _landed_table(engine: Engine, place: str, declared: SourcesFile, said: SourceSpec) -> Origin:
    """A landed table that sources.yml names, with a schema or without."""
    schema, _, table = place.rpartition(".")
    return _landed_in(engine, schema or said.schema_ or declared.schema_ or engine.raw, table)


def _landed_in(engine: Engine, schema: str, table: str) -> Origin:
    there = engine.tables(schema)
    if table not in there:
        raise NotThere(f"{schema}.{table}{near_match(table, there)}")
    return Origin(engine.table(schema, table), f"{schema}.{table}")


def origin_in_words(engine: Engine, name: str, declared: SourcesFile) -> str:
    """Where sources.yml says that a source comes from, whether or not that is there."""
    said = declared.of(name)
    if said.absent:
        return "absent in sources.yml"
    if said.constant:
        return "constant rows"
    if said.path:
        return landed_files.words(said.path)
    return said.maker or ".".join(_place(engine, name, declared))


def _place(engine: Engine, name: str, declared: SourcesFile) -> tuple[str, str]:
    """The schema and the name of the table that a source comes from."""
    said = declared.of(name)
    if said.table is None:
        return said.schema_ or engine.raw, name
    schema, _, table = said.table.rpartition(".")
    return schema or said.schema_ or declared.schema_ or engine.raw, table


def _maker(said: SourceSpec, name: str) -> Maker:
    """The function that makes a source of landed tables."""
    if said.connector:
        return connectors.table_function(said.connector, name)
    return functions.load(cast(Path, said.file), name)


def _table_parameters(maker: Maker, said: SourceSpec) -> list[inspect.Parameter]:
    """The parameters that name landed tables."""
    if said.connector:
        return options.tables_of(maker)
    return list(inspect.signature(maker).parameters.values())


def _call_function(engine: Engine, schema: str, name: str, said: SourceSpec) -> Origin:
    """What a function makes of the landed tables that its parameters name.

    A parameter with a default is a table that may be missing. `tables` says where a table is that
    is in another schema, or has a name that no parameter can have.
    """
    maker = _maker(said, name)
    words = cast(str, said.maker)
    tables = said.tables
    wanted = {p.name: p for p in _table_parameters(maker, said)}
    for key, named in {"tables": tables, "paths": said.paths}.items():
        if unknown := [parameter for parameter in named if parameter not in wanted]:
            raise UsageError(
                f"sources.yml: sources.{name}.{key}: {words} has no parameter "
                f'"{unknown[0]}"{near_match(unknown[0], wanted)}; it has {", ".join(wanted)}'
            )
    others = [parameter for p, parameter in wanted.items() if p not in said.paths]
    landed = _landed_tables(engine, schema, tables, others, f"{name} by {words}")
    given = {p: engine.table(*place) for p, place in landed.items()}
    for p, path in said.paths.items():
        given[p] = landed_files.read_path(engine, path, f"sources.{name}.paths.{p}")
    over = [*map(".".join, landed.values()), *map(landed_files.words, said.paths.values())]
    words = f"{words} over {', '.join(over)}"
    with local_times_of(said.time_zone), noting() as notes:
        made = functions.call(engine, maker, {**given, **said.options}, f"{name} by {words}")
    unread = notes.unread({table.op().name: p for p, table in given.items()})
    if not said.connector:
        return Origin(made, words, unread=unread)
    if name in MONEY and not connectors.lands_currency(said.connector, given):
        made = made.drop(*({CURRENCY} & set(made.columns)))
    read = readings(said.connector, name, given, said.time_zone, said.options)
    return Origin(made, words, read, unread)


def _landed_tables(
    engine: Engine,
    schema: str,
    tables: Mapping[str, str],
    parameters: Iterable[inspect.Parameter],
    purpose: str,
) -> dict[str, tuple[str, str]]:
    """Schema and name of the table that each parameter names.

    Raises NotThere for tables that are missing and may not be.
    """
    landed = {}
    missing = []
    for parameter in parameters:
        within, _, table = tables.get(parameter.name, parameter.name).rpartition(".")
        there = engine.tables(within or schema)
        if table in there:
            landed[parameter.name] = (within or schema, table)
        elif parameter.default is parameter.empty or parameter.name in tables:
            missing.append(f"{within or schema}.{table}{near_match(table, there)}")
    if missing:
        raise NotThere(f"{', '.join(missing)} (for {purpose})")
    return landed
