"""Reads YAML files, and says in a sentence what is wrong with one, and in which line."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from crm_ibis.errors import UsageError
from crm_ibis.text import undecodable

FLOWS = {"while parsing a flow sequence": "[]", "while parsing a flow mapping": "{}"}
WORDS = {
    "found character '\\t'": "it is indented by a tab; use spaces",
    "mapping values are not allowed": "it has one colon too many, or wrong indentation; put text "
    "that holds a colon and a space in quotes",
    "expected <block end>, but found '<scalar>'": "text goes on behind its closing quote; within "
    "single quotes, a quote is written twice",
    "expected <block end>": "it is not indented like the lines that it belongs to",
    "expected the node content": "a value is missing, or a bracket is closed that none opens",
    "found undefined alias": "its * names no anchor (&) above; put text that begins with * "
    "in quotes",
    "but found another document": "a second document begins; leave out the ---",
    "could not determine a constructor": "put text that begins with ! in quotes",
    "found unhashable key": "a list or a mapping cannot be a key",
    "found unknown escape character": "\\ within double quotes means something else; use single "
    "quotes",
    "that cannot start any token": "put text that begins with @, %, ` or another sign of YAML in "
    "quotes",
}
"""What PyYAML says, and how a person would."""


def read_text(path: Path) -> str:
    """The text of a file; raises UsageError when it cannot be read or is not in UTF-8."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} {undecodable(data, error)}; save it as UTF-8") from None


def parse(path: Path, text: str, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> Any:
    """The values in the text of a file; raises UsageError naming the line that is wrong."""
    try:
        return yaml.load(text, loader)
    except yaml.YAMLError as error:
        raise UsageError(explain(path, text, error)) from None
    except ValueError:  # a date that the calendar does not have
        line, day = next(_impossible_dates(yaml.compose(text, loader)), (1, "one of its dates"))
        raise UsageError(
            f"{path}, line {line} is not valid YAML: {day} is no day of the calendar; correct it, "
            "or put it in quotes if it is text"
        ) from None


def _impossible_dates(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """The lines of dates such as 2026-02-30, and the dates as they are written."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:timestamp":
        try:
            yaml.SafeLoader("").construct_yaml_timestamp(node)
        except ValueError:
            yield node.start_mark.line + 1, str(node.value)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _impossible_dates(part)
    elif isinstance(node, yaml.MappingNode):
        for part in chain.from_iterable(node.value):
            yield from _impossible_dates(part)


def explain(path: Path, text: str, error: yaml.YAMLError) -> str:
    """File, line and what is wrong there."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        why = f"it holds the control character 0x{error.character:02x}; delete it"
    elif isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        line, why = _line_and_reason(error)
    else:
        return f"{path} is not valid YAML: {error}"
    return f"{path}, line {line} is not valid YAML: {why}"


def _line_and_reason(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line that a person has to look at: what is not closed is noticed only further down."""
    noticed = error.problem_mark.line + 1 if error.problem_mark else 1
    opened = error.context_mark.line + 1 if error.context_mark else noticed
    problem = str(error.problem)
    if brackets := FLOWS.get(str(error.context)):
        return opened, _unclosed(brackets, opened, noticed, problem)
    if error.context == "while scanning a quoted scalar":
        return opened, "the quote that opens here is never closed"
    if error.context == "while scanning a simple key":
        return opened, "it has no colon; write it like `name: value`"
    return noticed, next((words for start, words in WORDS.items() if start in problem), problem)


def _unclosed(brackets: str, opened: int, noticed: int, problem: str) -> str:
    opening = brackets[0]
    closing = brackets[1]
    if "<stream end>" in problem:
        return f"the {opening} that opens here is never closed"
    if noticed == opened:
        return f"a comma or the closing {closing} is missing"
    return f"the {opening} that opens here lacks a comma or its {closing} before line {noticed}"
