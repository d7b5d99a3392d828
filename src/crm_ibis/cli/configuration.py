"""`crm-ibis config` in a terminal: lines of YAML, and comments where values are not shipped."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

import yaml

from crm_ibis.config.effective import Section
from crm_ibis.config.overlay import Key

WIDTH = 80


def render(sections: Mapping[str, Section], only_own: bool) -> str:
    """The sections as YAML; with `only_own`, what is not as shipped and what leads to it."""
    parts = []
    for name, section in sections.items():
        lines = list(_mapping(section, section.values, (), only_own))
        lines += [
            f"  # taken away: {'.'.join(key)} ({where})"
            for key, where in section.taken_away.items()
        ]
        lines += [_comment(words, 1) for words in (*section.warnings, *section.problems)]
        if only_own and not lines:
            continue
        parts.append("\n".join([f"{name}:" if lines else f"{name}: {{}}", *lines]))
    return "\n\n".join(parts) if parts else "# everything is as shipped"


def to_json(sections: Mapping[str, Section], only_own: bool) -> dict[str, Any]:
    """The same for scripts: values, and origins by dotted key."""
    shown = {
        name: {
            "values": _own(section, section.values, ()) if only_own else section.values,
            "origins": {".".join(key): where for key, where in section.origins.items()},
            "taken_away": {".".join(key): where for key, where in section.taken_away.items()},
            "problems": [*section.warnings, *section.problems],
        }
        for name, section in sections.items()
    }
    if not only_own:
        return shown
    return {name: part for name, part in shown.items() if any(part.values())}


def _own(section: Section, values: Mapping[str, Any], at: Key) -> dict[str, Any]:
    own = {}
    for name, value in values.items():
        key = (*at, str(name))
        if not _has_own(section, key):
            continue
        own[name] = _own(section, value, key) if isinstance(value, dict) and value else value
    return own


def _has_own(section: Section, key: Key) -> bool:
    """Whether a value, or a part of it, is not as shipped.

    A mapping is named by an overlay also where the overlay changes but one of its keys.
    """
    if key in section.origins:
        within = [other for other in section.origins if other[: len(key)] == key and other != key]
        at: Any = section.values
        for step in key:
            at = {str(name): value for name, value in at.items()}[step]
        return bool(within) or not isinstance(at, dict) or not at
    return False


def _mapping(section: Section, values: Mapping[str, Any], at: Key, only_own: bool) -> Iterator[str]:
    for name, value in values.items():
        key = (*at, str(name))
        if only_own and not _has_own(section, key):
            continue
        indent = "  " * len(key)
        if isinstance(value, dict) and value:
            yield f"{indent}{_scalar(name)}:"
            yield from _mapping(section, value, key, only_own)
        else:
            yield from _leaf(indent, _scalar(name), value, section.origins.get(key))


def _leaf(indent: str, name: str, value: Any, origin: str | None) -> Iterator[str]:
    """A key and its value, and its origin behind it, or before it where there is no room."""
    comment = f"  # {origin}" if origin else ""
    line = f"{indent}{name}: {_scalar(value)}"
    if len(line) + len(comment) <= WIDTH:
        yield line + comment
        return
    if origin:
        yield f"{indent}# {origin}"
    if len(line) <= WIDTH:
        yield line
    elif isinstance(value, list):
        yield f"{indent}{name}:"
        for each in value:
            yield from _item(indent, _scalar(each))
    elif "\n" in _scalar(value) or not isinstance(value, str) or _scalar(value) != value:
        yield line
    else:
        yield from wrap(line, WIDTH, subsequent_indent=f"{indent}  ", break_long_words=False)


def _item(indent: str, text: str) -> Iterator[str]:
    yield from wrap(
        f"{indent}- {text}",
        WIDTH,
        subsequent_indent=f"{indent}    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _scalar(value: Any) -> str:
    """A value as YAML writes it, on one line."""
    dumped = yaml.safe_dump(
        value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False
    )
    return dumped.removesuffix("\n").removesuffix("\n...")


def _comment(text: str, depth: int) -> str:
    mark = f"{'  ' * depth}# "
    lines = text.splitlines()
    return "\n".join(
        "\n".join(wrap(line, WIDTH, initial_indent=mark, subsequent_indent=mark)) for line in lines
    )
