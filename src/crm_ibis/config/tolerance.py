"""Reads a team's YAML files without their wrong entries, for commands that only read.

By default, the first mistake in a file is an error to all who ask for what it declares: no job
runs, and nothing is published, by another declaration than the team's. A command that only reads,
or for which the wrong entry does not matter, goes on with the others while it is `tolerating`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crm_ibis.config.overlay import Key, Layered, lay_over
from crm_ibis.config.validation import Mistake, explain, mistakes
from crm_ibis.errors import UsageError

NAMED = {"jobs.yml": ("jobs", "owners")}
"""The keys of a file whose values are entries by name; in other files, the file's own are."""

_tolerating = False


@contextmanager
def tolerating() -> Iterator[None]:
    """Lets declarations be read without what is wrong in them, by the whole process."""
    global _tolerating
    before = _tolerating
    _tolerating = True
    try:
        yield
    finally:
        _tolerating = before


def is_tolerating() -> bool:
    """Whether wrong entries are left out, and are no error."""
    return _tolerating


@dataclass(frozen=True)
class LeftOut:
    """An entry of a file that is not valid; without keys, the whole file."""

    file: str
    entry: Key
    words: str
    place: Any
    said: tuple[str, ...] = ()
    """All words that the team's entry and the shipped one hold: it may be about those tables."""

    def __str__(self) -> str:
        return f"{self.place}: {self.words}" if self.place else self.words


@dataclass(frozen=True)
class Valid:
    """What remains of a file without its wrong entries."""

    declared: Any
    left_out: tuple[LeftOut, ...] = ()


@lru_cache(maxsize=32)
def valid_part(name: str, paths: tuple[Path, ...], modified: tuple[int, ...], kind: Any) -> Valid:
    """A file of the project without its wrong entries: as shipped, or else not there.

    Read once while the files stay as they are. Raises UsageError where nothing can be left out.
    """
    layered, left_out = readable(name, paths)
    below = lay_over(paths[:-1]).values if len(paths) > 1 else {}
    values = deepcopy(layered.values)
    first: ValidationError | None = None
    while True:
        try:
            return Valid(TypeAdapter(kind).validate_python(values), tuple(left_out))
        except ValidationError as error:
            first = first or error
            known = {each.entry for each in left_out}
            found = _wrong_entries(name, mistakes(error, kind, layered), values, below)
            if not all(each.entry for each in found) or {each.entry for each in found} & known:
                lines = explain(first, kind, layered)
                raise UsageError(f"{paths[-1]} is not valid:\n{lines}") from None
            for each in found:
                _put_back(values, below, each.entry)
            left_out += found


def readable(name: str, paths: Sequence[Path]) -> tuple[Layered, list[LeftOut]]:
    """Files laid over one another, without the team's where that is no YAML."""
    try:
        return lay_over(paths), []
    except UsageError as error:
        if len(paths) < 2:
            raise
        words = f"{error}; until then, all of {name} is as shipped"
        return lay_over(paths[:-1]), [LeftOut(name, (), words, None)]


def _wrong_entries(
    name: str, found: Sequence[Mistake], values: dict[str, Any], below: dict[str, Any]
) -> list[LeftOut]:
    wrong = []
    for mistake in found:
        entry = _entry_of(name, mistake.keys)
        shipped = _at(below, entry)
        then = "is left out" if shipped is None else "is as shipped"
        words = f"{mistake.words}; until then, {'.'.join(entry)} {then}"
        said = (*_texts(_at(values, entry)), *_texts(shipped))
        wrong.append(LeftOut(name, entry, words, mistake.place, said))
    return wrong


def _entry_of(name: str, keys: Sequence[Any]) -> Key:
    depth = 2 if keys[:1] and keys[0] in NAMED.get(name, ()) else 1
    return tuple(map(str, keys[:depth]))


def _at(values: Any, entry: Key) -> Any:
    """What stands at an entry, None where nothing does; keys of YAML may be numbers."""
    for step in entry:
        if not isinstance(values, dict):
            return None
        values = next((value for key, value in values.items() if str(key) == step), None)
    return values


def _put_back(values: dict[str, Any], below: dict[str, Any], entry: Key) -> None:
    """Makes an entry what lies below the team's, or takes it away."""
    holder = values if len(entry) == 1 else _at(values, entry[:-1])
    for key in [key for key in holder if str(key) == entry[-1]]:
        del holder[key]
    shipped = _at(below, entry)
    if shipped is not None:
        holder[entry[-1]] = deepcopy(shipped)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
