"""Lays a team's YAML over the shipped one, and remembers where each value came from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from crm_ibis.config.yaml_text import explain, parse, read_text
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
    added: set[Key] = field(default_factory=set)
    """The keys of overlays that nothing below them has."""
    taken_away: dict[Key, Place] = field(default_factory=dict)
    """The null that took each key away."""
    problems: list[str] = field(default_factory=list)
    """What an overlay says of things that are not there."""

    def place_of(self, key: Sequence[Any]) -> Place | None:
        """Where a value stands, or else what holds it."""
        wanted = tuple(map(str, key))
        while wanted and wanted not in self.places:
            wanted = wanted[:-1]
        return self.places.get(wanted)

    def added_entry(self, key: Sequence[Any]) -> Key | None:
        """The outermost key on the way to a value that nothing below an overlay has."""
        wanted = tuple(map(str, key))
        ways = (wanted[:length] for length in range(1, len(wanted) + 1))
        return next((way for way in ways if way in self.added), None)

    def names_below(self, entry: Sequence[str]) -> list[str]:
        """The names that stand beside an entry and that no overlay added."""
        at: Any = self.values
        for step in entry[:-1]:
            at = at[step]
        names = [str(name) for name in at]
        return [name for name in names if (*entry[:-1], name) not in self.added]


def lay_over(paths: Sequence[Path]) -> Layered:
    """Lays each file over those before it.

    Mappings are merged key by key; any other value stands for the one before it. In an overlay,
    null takes away what was there. What is returned is shared: nobody changes it. Raises UsageError
    for a file that is no YAML mapping.
    """
    return _lay_over(tuple(paths), tuple(map(modified, paths)))


@lru_cache(maxsize=64)
def _lay_over(paths: tuple[Path, ...], times: tuple[int, ...]) -> Layered:
    """Laid over one another once while the files stay as they are: asked for at every table."""
    layered = Layered()
    for path, time in zip(paths, times, strict=True):
        given, lines = _read(path, time)
        layer = _Layer(layered, path, lines, is_base=path is paths[0])
        layer.lay(layered.values, given, ())
    return layered


def modified(path: Path) -> int:
    """When a file was changed last; raises UsageError when it cannot be read."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


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
            else:
                self._lay_value(below, name, value, key)

    def _lay_value(self, below: dict[str, Any], name: str, value: Any, key: Key) -> None:
        if name not in below and not self.is_base:
            self.layered.added.add(key)
        if not (isinstance(value, dict) and isinstance(below.get(name), dict)):
            self._forget(key)
            below[name] = {} if isinstance(value, dict) else value
        self.layered.places[key] = self._place(key)
        self.layered.taken_away.pop(key, None)
        if isinstance(value, dict):
            self.lay(below[name], value, key)

    def _take_away(self, below: dict[str, Any], name: str, key: Key) -> None:
        if name not in below:
            self.layered.problems.append(
                f"{self._place(key)}: {'.'.join(key)}: null takes away what the package ships, but "
                f"it ships nothing of this name{near_match(str(name), map(str, below))}; delete "
                "the line"
            )
            return
        del below[name]
        self._forget(key)
        self.layered.taken_away[key] = self._place(key)

    def _forget(self, key: Key) -> None:
        for known in [known for known in self.layered.places if known[: len(key)] == key]:
            del self.layered.places[known]

    def _place(self, key: Key) -> Place:
        # What a YAML alias or merge key brings has no line of its own.
        while key and key not in self.lines:
            key = key[:-1]
        return Place(self.path, self.lines.get(key, 1))


@lru_cache(maxsize=32)
def _read(path: Path, modified: int) -> tuple[dict[str, Any], dict[Key, int]]:
    """The mapping in a file and the line of each key; read once while the file stays as it is."""
    text = read_text(path)
    given = parse(path, text)
    try:
        lines = dict(_lines(yaml.compose(text), ()))
    except yaml.YAMLError as error:
        raise UsageError(explain(path, text, error)) from None
    if given is None:
        return {}, {}
    if not isinstance(given, dict):
        raise UsageError(f"{path} must hold keys such as `name: value`")
    return given, lines


def _lines(
    node: yaml.Node | None, at: Key, within: tuple[yaml.Node, ...] = ()
) -> Iterator[tuple[Key, int]]:
    if isinstance(node, yaml.MappingNode):
        if any(node is other for other in within):
            problem = "an alias stands within itself"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        for name, value in node.value:
            key = (*at, str(name.value))
            yield key, name.start_mark.line + 1
            yield from _lines(value, key, (*within, node))
