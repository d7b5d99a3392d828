"""A sources.yml to start from: what a connector can make of the tables that are in the database."""

import json
from collections.abc import Callable
from pathlib import Path

from ibis import Table

from crm_ibis.config import new_project, project
from crm_ibis.contracts.known_sources import optional_sources, source_schemas
from crm_ibis.errors import UsageError
from crm_ibis.sources import connectors, spec
from crm_ibis.sources.connectors import options
from crm_ibis.warehouse import Warehouse

HEAD = """\
# Where each source comes from. `crm-ibis sources` shows how well it fits, before any refresh.
# What the connector makes of {system}'s tables, what it imputes and what cannot be known is in
# docs/connectors/{system}.md. Where your {system} is used in another way, put
# `file: mine.py` in place of `connector: {system}`: a function of the source's name, whose
# parameters name landed tables, and which may call the connector's. How to rename, translate and
# read columns, reduce event logs and join tables is in docs/sources.md; whole cases are in
# docs/mapping-recipes.md.

# The schema of the landed tables.
schema: {schema}

sources:
"""
MADE = """\
  # From {tables}{others}.
  {source}:
    connector: {system}
    # `fail` stops at rows that break the contract; `quarantine` leaves them out, up to a share.
    on_violation: fail
    # max_quarantined_pct: 1
{options}"""
NEEDED = """\
  # From {tables}{others}, once you say {needed}:
  # {source}:
  #   connector: {system}
  #   {key}: [{example}]
"""
OPTIONS = {
    "pause_on": "    # The clock stands still on hold, or in the statuses that are named here.\n"
    "    # pause_on: [hold, pending]\n",
    "reopened": "    # Of a ticket that was opened again, the last resolution counts, or the\n"
    "    # first.\n"
    "    # reopened: last\n",
}
"""What may be told to a connector, by key."""
WAITING = {"hubspot": "Waiting on contact", "salesforce": "On Hold"}
"""Where tickets wait in systems that let their users name it, for an example."""
LACKING = """\
  # The connector would make it from {tables}, but there is no {missing}.
  {source}: absent
"""
NOT_NEEDED = """\
  # Optional, and nothing to make it of. If it is somewhere:
  # {source}: {{table: schema.table, columns: {{{first}: name_of_the_{first}_there}}}}
"""
NOT_MADE = """\
  # The connector has nothing to make it of. If it is somewhere else:
  # {source}: {{table: schema.table, columns: {{id: name_of_the_id_there}}}}
  {source}: absent
"""


def write(warehouse: Warehouse, system: str) -> Path:
    """Writes the file where the program looks for it; never over one that says something.

    Raises UsageError when there is one, for an unknown system, or when none of its tables is found.
    """
    path = spec.spec_path()
    if path.exists() and not new_project.is_template(path):
        raise UsageError(f"{path} is there already; name another file with CRM_IBIS_SOURCES")
    if project.home().name == "_content" and path.parent == project.home():
        raise UsageError(
            "there is no project folder to write it to; name a file with CRM_IBIS_SOURCES, or a "
            "folder made by `crm-ibis init` with CRM_IBIS_HOME"
        )
    text = render(warehouse, system)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    return path


def render(warehouse: Warehouse, system: str) -> str:
    """The text of the file."""
    made = connectors.table_functions(system)
    wanted = {p.name for function in made.values() for p in options.tables_of(function)}
    schema, there = _fullest(warehouse, wanted)
    if not there:
        raise UsageError(
            f"no schema has a table of {system}'s: {', '.join(sorted(wanted))}; load them first"
        )
    known = source_schemas()
    ordered = sorted(known, key=lambda source: source not in made)
    parts = [_part(source, system, made.get(source), there) for source in ordered]
    # JSON's quotes are YAML's: a schema may be called 2024 or no, or hold a colon.
    return HEAD.format(system=system, schema=json.dumps(schema)) + "\n".join(parts)


def _fullest(warehouse: Warehouse, wanted: set[str]) -> tuple[str, set[str]]:
    """The schema that has most of the wanted tables, and those that it has."""
    found: dict[str, set[str]] = {}
    listed = "SELECT table_schema, table_name FROM information_schema.tables"
    for schema, table in warehouse.fetch(listed):
        if table in wanted:
            found.setdefault(schema, set()).add(table)
    return max(found.items(), key=lambda pair: (len(pair[1]), pair[0]), default=("", set()))


def _part(source: str, system: str, function: Callable[..., Table] | None, there: set[str]) -> str:
    is_optional = source in optional_sources()
    if function is None:
        if is_optional:
            return NOT_NEEDED.format(source=source, first=next(iter(source_schemas()[source])))
        return NOT_MADE.format(source=source)
    parameters = options.tables_of(function)
    required = [p.name for p in parameters if p.default is p.empty]
    optional = [p.name for p in parameters if p.default is not p.empty]
    if alternatives := options.ONE_OF.get((system, source), ()):
        optional = [table for table in optional if table not in alternatives]
        found = [table for table in alternatives if table in there]
        if not found:
            tables = ", ".join([*required, alternatives[0]])
            lacking = " or ".join(alternatives)
            return LACKING.format(source=source, tables=tables, missing=lacking)
        required.append(found[0])
    if missing := [table for table in required if table not in there]:
        return LACKING.format(source=source, tables=", ".join(required), missing=", ".join(missing))
    if not required:  # any of them will do
        required = [table for table in optional if table in there]
        optional = [table for table in optional if table not in there]
    if not required and is_optional:
        return NOT_NEEDED.format(source=source, first=next(iter(source_schemas()[source])))
    others = [f"{t}{'' if t in there else ' (which is not there)'}" for t in optional]
    beside = f", and where it is there {', '.join(others)}" if others else ""
    facts = {"source": source, "system": system, "tables": ", ".join(required), "others": beside}
    told = options.options_of(function)
    for key, parameter in told.items():
        if parameter.default is parameter.empty:
            needed = options.NEEDED[system]
            return NEEDED.format(**facts, key=key, needed=needed, example=WAITING[system])
    return MADE.format(**facts, options="".join(OPTIONS[key] for key in told))
