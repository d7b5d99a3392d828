"""YAML that remembers how a value was written.

YAML reads 0123 as 83, 1_000 as 1000, 12:30 as 750 and 2024-01-01 as a date. A column of text holds
what people write, so each such value keeps its letters beside what YAML makes of them.
"""

from datetime import date, datetime
from typing import Any

import yaml


class WrittenInt(int):
    """A whole number and its letters."""

    written: str


class WrittenFloat(float):
    """A number and its letters."""

    written: str


class WrittenDate(date):
    """A day and its letters."""

    written: str


class WrittenDatetime(datetime):
    """An instant and its letters."""

    written: str


class Loader(yaml.SafeLoader):
    """Reads what a safe loader reads, and keeps the letters of numbers and instants."""


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> WrittenInt:
    value = WrittenInt(loader.construct_yaml_int(node))
    value.written = node.value
    return value


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> WrittenFloat:
    value = WrittenFloat(loader.construct_yaml_float(node))
    value.written = node.value
    return value


def _moment(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> date:
    moment: Any = loader.construct_yaml_timestamp(node)
    value: WrittenDatetime | WrittenDate
    if isinstance(moment, datetime):
        value = WrittenDatetime.fromisoformat(moment.isoformat())
    else:
        value = WrittenDate.fromisoformat(moment.isoformat())
    value.written = node.value
    return value


Loader.add_constructor("tag:yaml.org,2002:int", _int)
Loader.add_constructor("tag:yaml.org,2002:float", _float)
Loader.add_constructor("tag:yaml.org,2002:timestamp", _moment)


def source_text(value: Any) -> str:
    """A value of a YAML file in the letters of the file."""
    if isinstance(value, bool):
        return str(value).lower()
    return getattr(value, "written", None) or str(value)
