"""Which business assumptions a table uses: those that its function looks at."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, get_args

import ibis
from ibis import Table
from pydantic import BaseModel

from crm_ibis.config.params import Params
from crm_ibis.config.sla import SlaTarget, Target
from crm_ibis.expressions import HOUR
from crm_ibis.metrics import graph


class Watched:
    """Parameters that note which of them are read."""

    def __init__(self, record: BaseModel, note: Callable[[str], None], path: str = "") -> None:
        self._record = record
        self._note = note
        self._path = path

    def __getattr__(self, name: str) -> Any:
        kind = type(self._record)
        if isinstance(getattr(kind, name, None), property):
            return getattr(self._record, name)
        if name not in kind.model_fields:
            return partial(getattr(kind, name), self)  # a method: it reads through this object
        value = getattr(self._record, name)
        path = f"{self._path}{name}"
        if isinstance(value, BaseModel) and not self._path:
            return Watched(value, self._note, f"{path}.")
        self._note(path)
        return value


def params_by_table(params: Params, as_of: datetime) -> dict[str, dict[str, str]]:
    """The parameters that each table's own function reads, with their values as text."""
    found: dict[str, dict[str, str]] = {}
    read: set[str] = set()

    def settle(name: str, table: Table) -> Table:
        found[name] = {k: v for path in sorted(read) for k, v in _values(path, _at(params, path))}
        read.clear()
        return ibis.table(table.schema(), name=name)

    watched: Any = Watched(params, read.add)
    sources = graph.unbound_sources("raw")
    graph.build(graph.table_functions(), sources, watched, as_of, stage=settle)
    return found


def _at(params: Params, path: str) -> Any:
    value: Any = params
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _values(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, SlaTarget):
        for name in get_args(Target):
            yield f"{path}.{name}", f"{value.of(name) / HOUR:g} h"
        if value.calendar is not None:
            yield f"{path}.calendar", value.calendar
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _values(f"{path}.{name}", getattr(value, name))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _values(f"{path}.{name}", each)
    elif isinstance(value, tuple):
        if value:
            yield path, ", ".join(map(str, value))
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
