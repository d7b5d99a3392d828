"""What version 0.1.0 shipped, which its project folders are copies of.

Its YAML files are kept whole, so that a copy can be compared key by key; of all others, digests.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from crm_ibis.config import project
from crm_ibis.config.overlay import lay_over

BEFORE = Path(__file__).parent / "templates" / "shipped_by_0_1_0"


def digest(text: str) -> str:
    """The digest of a text, whatever ends its lines."""
    return sha256("\n".join(text.splitlines()).encode()).hexdigest()[:16]


@cache
def _digests() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((BEFORE / "digests.yml").read_text(encoding="utf-8"))
    return loaded


def is_as_shipped(folder: Path, file: str) -> bool:
    """Whether a file of a copy is that of 0.1.0, or that of the installed package."""
    text = (folder / file).read_text(encoding="utf-8", errors="replace")
    known = {_digests()["files"].get(file)}
    shipped = project.shipped_home() / file
    if shipped.is_file():
        known.add(digest(shipped.read_text(encoding="utf-8")))
    return digest(text) in known


def changed_contracts(folder: Path, file: str) -> dict[str, int]:
    """The classes in a copy of the contracts that are not as shipped, and their lines.

    What stands outside of classes is called "the rest". Raises SyntaxError.
    """
    text = (folder / file).read_text(encoding="utf-8")
    shipped = (project.shipped_home() / file).read_text(encoding="utf-8")
    before = _digests()["classes"][file]
    now = {name: found for name, found, _ in parts(shipped)}
    return {
        name: line
        for name, found, line in parts(text)
        if found not in (before.get(name), now.get(name))
    }


def parts(text: str) -> Iterator[tuple[str, str, int]]:
    """Each class of a module with its digest and its line, then all else but comments."""
    rest = []
    for statement in ast.parse(text).body:
        segment = ast.get_source_segment(text, statement) or ""
        if isinstance(statement, ast.ClassDef):
            yield statement.name, digest(segment), statement.lineno
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            rest.append(segment)
    yield "the rest", digest("\n".join(rest)), 1


def own_values(name: str, copy: Path) -> dict[str, Any]:
    """What an overlay says that stands for a copy of jobs.yml, exposures.yml or snapshots.yml.

    What is as in 0.1.0 or as in the installed package is left out; what is missing is null, unless
    the package ships it no more or did not ship it then.
    """
    before = lay_over([BEFORE / name]).values
    now = lay_over([project.shipped_home() / project.SHIPPED_AT[name]]).values
    return _difference(lay_over([copy]).values, before, now)


def _difference(
    copy: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for key, value in copy.items():
        if key in before and value == before[key]:
            continue
        if key in now and value == now[key]:
            continue
        if isinstance(value, dict) and isinstance(now.get(key), dict):
            own[key] = _difference(value, _mapping(before.get(key)), now[key])
        elif value is not None or key in now:
            own[key] = value
    gone = [key for key in before if key not in copy and key in now]
    return own | dict.fromkeys(gone)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
