"""The names that a new table of one's own may have, and those that it refers to."""

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from crm_ibis.config import project
from crm_ibis.config.declarations import jobs, snapshots
from crm_ibis.contracts.models import contracts
from crm_ibis.errors import UsageError, near_match
from crm_ibis.metrics import graph
from crm_ibis.warehouse.base import IDENTIFIER_BYTES

NAME = re.compile(r"[a-z][a-z0-9_]*[a-z0-9]")
RESERVED = {"params", "as_of", "metrics", "tests"}
PACKAGES = {"ibis", "crm_ibis", "pandera", "pydantic"}
"""What modules of own tables import, if not the draft."""


def own_folder() -> Path:
    """The project folder; raises UsageError where there is none."""
    folder = project.own_home()
    if folder is None:
        raise UsageError(
            f"{Path.cwd()} is no project folder of your own: it has no {project.MARK}. Run this in "
            "one, or name it by CRM_IBIS_HOME; `crm-ibis init DIR` makes one"
        )
    return folder


def refuse_name(name: str) -> None:
    """Raises UsageError for a name that no table can have, and for one that is taken."""
    if keyword.iskeyword(name):
        raise UsageError(f'"{name}" is a word of Python\'s grammar; give the table another name')
    if not NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" is no name of a table; use lower-case letters, digits and _, beginning with '
            "a letter, such as deals_by_rep"
        )
    if name in RESERVED or name.startswith("stg_"):
        raise UsageError(f'"{name}" means something else to crm-ibis; give the table another name')
    if len(name.encode()) > IDENTIFIER_BYTES - len("_grain"):
        raise UsageError(
            f'"{name}" is too long: PostgreSQL cuts names off after {IDENTIFIER_BYTES} bytes, and '
            f"the index of the table is {name}_grain"
        )
    if name in taken_names():
        raise UsageError(f'there is a table "{name}" already; give the new one another name')


def refuse_shadowing(name: str, class_name: str, module: str) -> None:
    """Raises UsageError where a table would hide a name that the text of its module uses."""
    imported = {*_imported(ast.parse(module)), *PACKAGES}
    for kind, hidden in (("function", name), ("class", class_name)):
        if hidden in imported:
            raise UsageError(
                f'"{name}" is no name for a table: its {kind} {hidden} would hide the {hidden} '
                "that its module imports; give the table another name"
            )
        if hasattr(builtins, hidden):
            raise UsageError(
                f'"{name}" is no name for a table: its {kind} {hidden} would hide Python\'s own '
                f"{hidden}; give the table another name"
            )


def _imported(module: ast.Module) -> Iterator[str]:
    for statement in module.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in statement.names)


def taken_names() -> set[str]:
    """Names of tables, of snapshots and of their archives."""
    histories = snapshots().values()
    kept = {each.name for each in histories} | {each.archive for each in histories}
    return {*contracts(), *graph.table_functions(), *kept}


def refuse_job(name: str) -> None:
    """Raises UsageError when there is a job of this name."""
    if name in jobs().jobs:
        raise UsageError(f'there is a job "{name}" already; give the table another name')


def known_table(name: str) -> str:
    """A source, staging table, fact or KPI; raises UsageError with a near match for any other."""
    known = [*graph.table_functions(), *(c.name for c in contracts().values())]
    if name not in known:
        raise UsageError(
            f'--from: there is no table "{name}"{near_match(name, known)}; there are '
            f"{', '.join(dict.fromkeys(known))}"
        )
    return name


def known_column(name: str, columns: Iterable[str], table: str) -> str:
    """A column of a table; raises UsageError with a near match for any other."""
    columns = list(columns)
    if name not in columns:
        raise UsageError(
            f'--grain: {table} has no column "{name}"{near_match(name, columns)}; it has '
            f"{', '.join(columns)}"
        )
    return name
