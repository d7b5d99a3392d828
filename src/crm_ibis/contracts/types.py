"""The column types of every table, and what the sources declare.

Annotations of the contracts use these names; each stands for one Ibis type that DuckDB and
PostgreSQL store alike.
"""

import ast
from pathlib import Path
from typing import Annotated, Any, get_args

import ibis
import ibis.expr.datatypes as dt

Text = dt.String
Flag = dt.Boolean
Count = dt.Int64
Number = dt.Float64
Day = dt.Date
Money = Annotated[dt.Decimal, 18, 2, True]
Exact = Annotated[dt.Decimal, 24, 6, True]
Rate = Annotated[dt.Decimal, 20, 12, True]
Instant = Annotated[dt.Timestamp, None, 6, True]

OPTIONAL = "optional"
"""The key of a contract's `metadata` that says that its table may be missing."""
ORDER = "order"
"""The one that says in which order people read its rows: columns, descending ones with a `-`."""
FOREMOST = "foremost"
"""The one that says which columns people need first, where there is no room for all."""


def dtype_of(annotation: Any) -> dt.DataType:
    """The Ibis type that one of the names above stands for."""
    if args := get_args(annotation):
        return args[0](*args[1:])
    return annotation()


def table_name(model_name: str) -> str:
    """The table of a contract class: `LeadMilestones` -> `lead_milestones`."""
    return "".join("_" + c.lower() if c.isupper() else c for c in model_name).lstrip("_")


def declared_tables(path: Path) -> dict[str, ibis.Schema]:
    """Columns and types of the contract classes in a file, read without executing it.

    Compiling a KPI to SQL needs the sources' columns but none of their checks, and importing
    Pandera for them would take longer than everything else.
    """
    schemas = {}
    for model in _classes(path):
        columns = {
            line.target.id: dtype_of(globals()[line.annotation.id])
            for line in model.body
            if isinstance(line, ast.AnnAssign)
            and isinstance(line.target, ast.Name)
            and isinstance(line.annotation, ast.Name)
        }
        schemas[table_name(model.name)] = ibis.schema(columns)
    return schemas


def declared_optional(path: Path) -> set[str]:
    """The tables of the contract classes in a file that may be missing, read in the same way."""
    return {table_name(model.name) for model in _classes(path) if _metadata(model).get(OPTIONAL)}


def _classes(path: Path) -> list[ast.ClassDef]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    return [statement for statement in module.body if isinstance(statement, ast.ClassDef)]


def _metadata(model: ast.ClassDef) -> dict[str, Any]:
    """What the `Config` of a contract class says in `metadata`, as a literal."""
    for config in model.body:
        if isinstance(config, ast.ClassDef) and config.name == "Config":
            for line in config.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "metadata":
                    return dict(ast.literal_eval(line.value))
    return {}
