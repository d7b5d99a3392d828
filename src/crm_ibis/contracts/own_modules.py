"""Executes the modules of a team's own tables, each once, and finds what stands in which line."""

import ast
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from crm_ibis.config.overlay import Place
from crm_ibis.contracts.types import table_name
from crm_ibis.text import undecodable

DECLARES = re.compile(r"^(?:class|def)\s+(?!Params\b|\w+\(Extension\b)([A-Za-z]\w*)", re.MULTILINE)
"""The tables of a module that cannot be read; what extends a shipped one is none."""
PREFIX = "_crm_ibis_metrics_"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a project, where, and the tables that are left out for it."""

    message: str
    place: Place | None = None
    tables: tuple[str, ...] = ()
    is_warning: bool = False
    """Whether all commands go on as if nothing was wrong."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class Wrong(Exception):
    """What is wrong with a declaration, in words, and the names under which it stands."""

    def __init__(self, words: str, *names: str) -> None:
        super().__init__(words)
        self.names = names


class BrokenModule(Exception):
    """A module that cannot be executed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


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
    """Executes a module; raises BrokenModule with the line that stops it."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, str(path))
        return Module(path.stem, path, _execute(path), dict(_lines(tree.body)))
    except (Exception, SystemExit) as error:  # whatever a team's own file may raise
        place = Place(path, _line(path, error))
        tables = tuple(dict.fromkeys(table_name(name) for name in DECLARES.findall(text)))
        raise BrokenModule(Problem(_gist(error, tables), place, tables)) from error


def _execute(path: Path) -> ModuleType:
    module = ModuleType(PREFIX + path.stem)
    module.__file__ = str(path)
    # Annotations that are kept as text are looked up there.
    sys.modules[module.__name__] = module
    try:
        # Not by an import, whose bytecode would outlive a change within the same second, and would
        # lie in the team's folder.
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module


def _lines(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, int]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement.name, statement.lineno
            yield from _lines(statement.body, f"{statement.name}.")
        elif isinstance(statement, ast.FunctionDef):
            yield f"{within}{statement.name}", statement.lineno
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield f"{within}{statement.target.id}", statement.lineno


def _line(path: Path, error: BaseException) -> int:
    """The innermost line of the file that an error came through."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path) and f.lineno), 1)


def _gist(error: BaseException, tables: tuple[str, ...]) -> str:
    are = "is" if len(tables) == 1 else "are"
    gone = f"; until then {', '.join(tables)} {are} left out" if tables else ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return (
            f"there is no package {package}; install it where crm-ibis is installed, or do without "
            f"its import{gone}"
        )
    if isinstance(error, UnicodeDecodeError):
        return f"it {undecodable(error.object, error)}; save it as UTF-8{gone}"
    if isinstance(error, SyntaxError):
        return f"{error.msg} ({type(error).__name__}); fix the line{gone}"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}; fix the line{gone}"
