"""Adds lines to a YAML file and leaves every other line, comments included, as it is."""

import re
from pathlib import Path
from typing import Any

import yaml

from crm_ibis.config.yaml_text import parse, read_text
from crm_ibis.errors import UsageError


def with_entry(path: Path, parents: tuple[str, ...], name: str, lines: list[str]) -> str:
    """The text of the file with one more entry.

    Args:
        path: The file; it may be missing.
        parents: The keys that lead to the mapping that the entry is added to.
        name: The entry.
        lines: What stands there, the name included, without the indentation of the mapping.

    Raises:
        UsageError: when the entry is there already, or the file is written in a way that no line
            can be added to.
    """
    text = _read(path)
    before = _parse(path, text)
    wanted = _added(path, before, parents, name, _value(lines, name))
    for candidate in _candidates(text, parents, lines):
        try:
            if yaml.safe_load(candidate) == wanted:
                return candidate
        except yaml.YAMLError:
            continue
    listed = "\n".join(_nested(parents, lines, ""))
    raise UsageError(f"{path} is written in a way that no line can be added to; add\n{listed}")


def _read(path: Path) -> str:
    return read_text(path) if path.exists() else ""


def _parse(path: Path, text: str) -> dict[str, Any]:
    values = parse(path, text)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise UsageError(f"{path} must hold keys with values, such as `name: value`")
    return values


def _value(lines: list[str], name: str) -> Any:
    return yaml.safe_load("\n".join(lines))[name]


def _added(
    path: Path, values: dict[str, Any], parents: tuple[str, ...], name: str, value: Any
) -> dict[str, Any]:
    if not parents:
        if name in values:
            raise UsageError(f"{path} has an entry {name} already; give another name")
        return {**values, name: value}
    first, *others = parents
    below = values.get(first) or {}
    return {**values, first: _added(path, below, tuple(others), name, value)}


def _candidates(text: str, parents: tuple[str, ...], lines: list[str]) -> list[str]:
    """Texts with the lines added where they belong; the one that means what it should is taken."""
    ended = text if not text or text.endswith("\n") else f"{text}\n"
    appended = f"{ended}{_gap(ended)}" + "".join(
        f"{line}\n" for line in _nested(parents, lines, "")
    )
    mapping = _mapping(text, parents)
    if mapping is None or not mapping.value:
        return [_filled(ended, parents, lines) or appended]
    if mapping.flow_style:
        return []
    indent = " " * mapping.value[0][0].start_mark.column
    at = _last_line(mapping) + 1
    rows = ended.splitlines(keepends=True)
    rows[at:at] = [f"{indent}{line}\n" for line in lines]
    return ["".join(rows)]


def _filled(text: str, parents: tuple[str, ...], lines: list[str]) -> str | None:
    """The text with the lines under a key that is there and holds nothing."""
    for row in text.splitlines(keepends=True) if parents else ():
        if re.fullmatch(rf"{re.escape(parents[0])}:\s*({{}}|null|~)?\s*(#.*)?", row.rstrip()):
            nested = "".join(f"{line}\n" for line in _nested(parents, lines, ""))
            return text.replace(row, nested, 1)
    return None


def _gap(text: str) -> str:
    return "\n" if text.strip() and not text.endswith("\n\n") else ""


def _nested(parents: tuple[str, ...], lines: list[str], indent: str) -> list[str]:
    if not parents:
        return [f"{indent}{line}" for line in lines]
    first, *others = parents
    return [f"{indent}{first}:", *_nested(tuple(others), lines, f"{indent}  ")]


def _mapping(text: str, parents: tuple[str, ...]) -> yaml.MappingNode | None:
    node: Any = yaml.compose(text)
    for parent in parents:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == parent), None)
    return node if isinstance(node, yaml.MappingNode) else None


def _last_line(node: yaml.Node) -> int:
    """The last line with content of a node; the end of a mapping is where the next thing begins."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    end = int(node.end_mark.line)
    if node.end_mark.column == 0 and end > node.start_mark.line:
        return end - 1  # a block of text ends where the next line begins
    return end
