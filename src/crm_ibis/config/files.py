"""The project's YAML files as records, laid over the shipped ones."""

import logging
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
)

from crm_ibis.config import project, tolerance
from crm_ibis.config.overlay import Layered, lay_over, modified
from crm_ibis.config.tolerance import Valid, readable
from crm_ibis.config.validation import explain
from crm_ibis.config.yaml_text import parse, read_text
from crm_ibis.errors import UsageError

logger = logging.getLogger(__name__)
Declared = TypeVar("Declared")


class Record(BaseModel):
    """What a YAML file declares; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def place(name: str, *key: str) -> str:
    """Where a value stands, or else what holds it: the file and the line."""
    layered = layered_file(name)
    found = layered.place_of(key)
    if found is None:
        return file_of(name)
    return f"{project.display(found.path)}, line {found.line}"


def is_left_over(name: str, *key: str) -> bool:
    """Whether a value is a shipped one that a project folder has kept as it is."""
    found = layered_file(name).place_of(key)
    return project.own_home() is not None and found is not None and project.is_shipped(found.path)


def file_of(name: str) -> str:
    """The file that declares something, as people know it: the team's if it has one."""
    paths = project.layers(name)
    return project.display(paths[-1]) if paths else name


def layered_file(name: str) -> Layered:
    """A file of the project, laid over the shipped one.

    Raises UsageError when there is neither, and when one is no YAML: while tolerating, only when
    that is the shipped one.
    """
    paths = _paths_of(name)
    return readable(name, paths)[0] if tolerance.is_tolerating() else lay_over(paths)


def read_layers(name: str, kind: type[Declared]) -> Declared:
    """A file of the project, laid over the shipped one, as a kind of record.

    Raises UsageError naming the key that is wrong, and the file and line that say so.
    """
    if tolerance.is_tolerating():
        return cast(Declared, valid_part(name, kind).declared)
    layered_file(name)
    paths = _paths_of(name)
    times = tuple(map(modified, paths))
    return cast(Declared, _validate_layers(paths, times, cast(Hashable, kind)))


def valid_part(name: str, kind: Any) -> Valid:
    """A file of the project, laid over the shipped one, and its wrong entries, which it is without.

    Raises UsageError when there is no such file, and where nothing can be left out.
    """
    paths = _paths_of(name)
    return tolerance.valid_part(name, paths, tuple(map(modified, paths)), kind)


def _paths_of(name: str) -> tuple[Path, ...]:
    paths = project.layers(name)
    if not paths:
        inner = project.SHIPPED_AT[name]
        raise UsageError(
            f"{project.home() / inner} is missing; copy it from {project.shipped_home() / inner}, "
            "or turn the folder into one that holds only what is your own: crm-ibis init --upgrade"
        )
    return tuple(paths)


@lru_cache(maxsize=32)
def _validate_layers(paths: tuple[Path, ...], modified: tuple[int, ...], kind: Any) -> Any:
    """Laid over one another once while the files stay as they are: asked for at every table."""
    layered = lay_over(paths)
    for problem in layered.problems:
        logger.warning(problem)
    try:
        return TypeAdapter(kind).validate_python(layered.values)
    except ValidationError as error:
        first = layered.place_of(error.errors()[0]["loc"])
        where = first.path if first else paths[-1]
        raise UsageError(f"{where} is not valid:\n{explain(error, kind, layered)}") from None


def layer_problems() -> list[str]:
    """What the project's files say of things that are not there, with file and line."""
    files = {name: paths for name in project.SHIPPED_AT if (paths := project.layers(name))}
    layered = [readable(name, paths)[0] for name, paths in files.items()]
    return [problem for layer in layered for problem in layer.problems]


def read(
    path: Path, kind: type[Declared], loader: type[yaml.SafeLoader] = yaml.SafeLoader
) -> Declared:
    """A YAML file as a kind of record; raises UsageError naming the key that is wrong."""
    try:
        modified = path.stat().st_mtime_ns
        return cast(Declared, _parse(path, modified, cast(Hashable, kind), cast(Hashable, loader)))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


@lru_cache(maxsize=32)
def _parse(path: Path, modified: int, kind: Any, loader: Any) -> Any:
    """Read once while the file stays as it is: it is asked for at every table."""
    given = parse(path, read_text(path), loader) or {}
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        raise UsageError(f"{path} is not valid:\n{explain(error, kind)}") from None
