"""The Python files of a project folder's metrics/, without running them."""

import ast
from pathlib import Path

BASES = {"Published", "Fact", "Source", "Extension"}
"""What the contract of an own table is made of; nothing of it was in crm_ibis 0.1.0."""


def own_modules_in(folder: Path) -> list[Path]:
    """The modules of own tables, in order of name; one whose name begins with _ is a helper."""
    return [path for path in _files(folder) if not path.name.startswith("_")]


def helpers_in(folder: Path) -> list[Path]:
    """The modules that others import, in order of name."""
    return [path for path in _files(folder) if path.name.startswith("_")]


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "metrics").glob("*.py"))


def declares_tables(path: Path) -> bool:
    """Whether a module imports what contracts of own tables are made of."""
    try:
        statements = ast.parse(path.read_bytes()).body
    except (SyntaxError, ValueError, OSError):
        return False
    return any(
        isinstance(each, ast.ImportFrom)
        and each.module == "crm_ibis"
        and BASES & {alias.name for alias in each.names}
        for each in statements
    )
