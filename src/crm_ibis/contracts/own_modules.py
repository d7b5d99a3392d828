"""Executes the modules of a team's own tables, each once, and finds what stands in which line."""

import ast
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

from crm_ibis.config.overlay import Place
from crm_ibis.contracts.own_package import import_module, package_name
from crm_ibis.contracts.types import table_name
from crm_ibis.errors import near_match
from crm_ibis.text import undecodable

DECLARES = re.compile(r"^(?:class|def)\s+(?!Params\b|\w+\(Extension\b)([A-Za-z]\w*)", re.MULTILINE)
"""The tables of a module that cannot be read; what extends a shipped one is none."""


About = Literal["tables", "jobs", "exposures", "snapshots", "settings"]
"""What a problem is about; settings are what jobs.yml says beside its jobs."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a project, where, and the tables that are left out for it."""

    message: str
    place: Place | None = None
    tables: tuple[str, ...] = ()
    is_warning: bool = False
    """Whether all commands go on as if nothing was wrong."""
    about: About = "tables"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class Wrong(Exception):
    """What is wrong with a declaration, in words, and the names under which it stands."""

    def __init__(self, words: str, *names: str) -> None:
        super().__init__(words)
        self.names = names


class BrokenModule(Exception):
    """A module that cannot be executed: where that comes from, why, and its tables."""

    def __init__(self, place: Place, words: str, tables: tuple[str, ...]) -> None:
        super().__init__(f"{place}: {words}")
        self.place = place
        self.words = words
        self.tables = tables


@dataclass(frozen=True)
class Module:
    """A module of a team's, and the lines of what it declares."""

    name: str
    path: Path
    contents: ModuleType
    lines: dict[str, int]
    """By name of a class or function, and `Class.column`."""

    def place(self, *names: str) -> Place:
        """Where something is declared; of a column that is not there, its class."""
        while names and ".".join(names) not in self.lines:
            names = names[:-1]
        return Place(self.path, self.lines.get(".".join(names), 1))


def load_module(path: Path) -> Module:
    """Executes a module of an open package; raises BrokenModule with the line that stops it."""
    text = ""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8", errors="replace")
        tree = ast.parse(data.decode("utf-8"), str(path))
        return Module(path.stem, path, import_module(path), dict(_lines(tree.body)))
    except (Exception, SystemExit) as error:  # whatever a team's own file may raise
        tables = tuple(dict.fromkeys(table_name(name) for name in DECLARES.findall(text)))
        raise BrokenModule(_place(path, error), _gist(error, path.parent), tables) from error


def problems_of(broken: Iterable[BrokenModule]) -> list[Problem]:
    """A problem for each cause: a helper that several modules import stops all of these."""
    causes: dict[tuple[Place, str], list[str]] = {}
    for module in broken:
        causes.setdefault((module.place, module.words), []).extend(module.tables)
    return [_problem(place, words, tables) for (place, words), tables in causes.items()]


def _problem(place: Place, words: str, tables: list[str]) -> Problem:
    are = "is" if len(tables) == 1 else "are"
    gone = f"; until then {', '.join(tables)} {are} left out" if tables else ""
    return Problem(f"{words}{gone}", place, tuple(tables))


def _lines(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, int]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement.name, statement.lineno
            yield from _lines(statement.body, f"{statement.name}.")
        elif isinstance(statement, ast.FunctionDef):
            yield f"{within}{statement.name}", statement.lineno
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield f"{within}{statement.target.id}", statement.lineno


def _place(path: Path, error: BaseException) -> Place:
    """The innermost line in the module's folder that an error came through."""
    folder = path.parent
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).parent == folder:
        return Place(Path(error.filename), error.lineno or 1)
    if isinstance(error, UnicodeDecodeError):
        return Place(path, error.object.count(b"\n", 0, error.start) + 1)
    frames = traceback.extract_tb(error.__traceback__)
    inner = [f for f in frames if f.lineno and Path(f.filename).parent == folder]
    if not inner:
        return Place(path, 1)
    return Place(Path(inner[-1].filename), inner[-1].lineno or 1)


def _gist(error: BaseException, folder: Path) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it {undecodable(error.object, error)}; save it as UTF-8"
    if isinstance(error, SyntaxError):
        return f"{error.msg} ({type(error).__name__}); fix the line"
    if isinstance(error, ImportError) and (words := _import_gist(error, folder)):
        return words
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}; fix the line"


def _import_gist(error: ImportError, folder: Path) -> str | None:
    """What is wrong with an import of a package, or of another module of the folder."""
    own = package_name(folder)
    names = [path.stem for path in folder.glob("*.py")]
    name = error.name or ""
    missing = re.match(r"cannot import name '(\w+)'", str(error))
    if name == own and missing:
        return _no_module(missing[1], names)
    if missing and name in sys.modules:
        hint = near_match(missing[1], dir(sys.modules[name]))
        return f"{name} has no {missing[1]}{hint}; correct the import"
    if not isinstance(error, ModuleNotFoundError):
        return None
    package, _, module = name.partition(".")
    if package == own:
        return _no_module(module, names)
    if package in names:
        return (
            f"modules in metrics/ import one another by a dot: `from . import {package}`, or "
            f"`from .{package} import ...`; write it so"
        )
    return (
        f"there is no package {package}; install it where crm-ibis is installed, or do without "
        "its import"
    )


def _no_module(name: str, names: Iterable[str]) -> str:
    return f"there is no metrics/{name}.py{near_match(name, names)}; correct the import"
