"""Lays a team's YAML over the shipped one, and remembers where each value came from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from crm_ibis.errors import UsageError, near_match

Key = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}"


@dataclass(frozen=True)
class Layered:
    """YAML files, one laid over the other."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Key, Place] = field(default_factory=dict)
    """Where each key is that was given last, by the keys that lead to it."""
    problems: list[str] = field(default_factory=list)
    """What an overlay says of things that are not there."""

    def place_of(self, key: Sequence[Any]) -> Place | None:
        """Where a value stands, or else what holds it."""
        wanted = tuple(map(str, key))
        while wanted and wanted not in self.places:
            wanted = wanted[:-1]
        return self.places.get(wanted)


def lay_over(paths: Sequence[Path]) -> Layered:
    """Lays each file over those before it.

    Mappings are merged key by key; any other value stands for the one before it. In an overlay,
    null takes away what was there. Raises UsageError for a file that is no YAML mapping.
    """
    layered = Layered()
    for path in paths:
        given, lines = _read(path, path.stat().st_mtime_ns)
        layer = _Layer(layered, path, lines, is_base=path is paths[0])
        layer.lay(layered.values, given, ())
    return layered


@dataclass(frozen=True)
class _Layer:
    """One file on its way into the others."""

    layered: Layered
    path: Path
    lines: dict[Key, int]
    is_base: bool

    def lay(self, below: dict[str, Any], given: dict[str, Any], at: Key) -> None:
        for name, value in given.items():
            key = (*at, str(name))
            if value is None and not self.is_base:
                self._take_away(below, name, key)
            elif isinstance(value, dict):
                if not isinstance(below.get(name), dict):
                    self._forget(key)
                    below[name] = {}
                self.layered.places[key] = self._place(key)
                self.lay(below[name], value, key)
            else:
                self._forget(key)
                below[name] = value
                self.layered.places[key] = self._place(key)

    def _take_away(self, below: dict[str, Any], name: str, key: Key) -> None:
        if name not in below:
            self.layered.problems.append(
                f"{self._place(key)}: {'.'.join(key)}: null takes away what the package ships, and "
                f"it ships nothing of this name{near_match(str(name), map(str, below))}; leave the "
                "line out"
            )
            return
        del below[name]
        self._forget(key)

    def _forget(self, key: Key) -> None:
        for known in [known for known in self.layered.places if known[: len(key)] == key]:
            del self.layered.places[known]

    def _place(self, key: Key) -> Place:
        return Place(self.path, self.lines.get(key, 1))


@lru_cache(maxsize=32)
def _read(path: Path, modified: int) -> tuple[dict[str, Any], dict[Key, int]]:
    """The mapping in a file and the line of each key; read once while the file stays as it is."""
    try:
        text = path.read_text(encoding="utf-8")
        given = yaml.safe_load(text)
        lines = dict(_lines(yaml.compose(text), ()))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from None
    if given is None:
        return {}, {}
    if not isinstance(given, dict):
        raise UsageError(f"{path} must hold keys with values, such as `name: value`")
    return given, lines


def _lines(node: yaml.Node | None, at: Key) -> Iterator[tuple[Key, int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            key = (*at, str(name.value))
            yield key, name.start_mark.line + 1
            yield from _lines(value, key)
