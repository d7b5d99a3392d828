"""sources.yml: where each source comes from, and what its columns are called there.

Without the file, every source is the table of its name in the raw schema.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from crm_ibis import content
from crm_ibis.declarations import Record, read, zone_name
from crm_ibis.errors import UsageError, near_match
from crm_ibis.expectations import Expectation
from crm_ibis.types import declared_tables

FILE = "sources.yml"
MAX_QUARANTINED_PCT = 1.0


def _single(value: Any) -> Any:
    if isinstance(value, list | dict):
        raise ValueError("must be a single value")
    return value


def _several(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Single = Annotated[Any, AfterValidator(_single)]
Choices = dict[str, Annotated[list[Single], BeforeValidator(_several)]]


class Column(Record):
    """One of our columns: a column of the table, a constant, or the latest of several columns.

    `values` translates; what it does not name becomes `else`, or stays as it is. Null stays null
    unless `missing` says otherwise.
    """

    from_: Annotated[str | None, Field(alias="from")] = None
    value: Single = None
    latest: list[str] = []
    values: dict[Any, Single] = {}
    else_: Annotated[Single, Field(alias="else")] = None
    missing: Single = None

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> "Column":
        given = self.model_fields_set & {"from_", "value", "latest"}
        if len(given) != 1:
            raise ValueError("needs one of `from`, `value` and `latest`")
        if given == {"from_"} and not self.from_:
            raise ValueError("`from` names a column; for null in every row, `value: null`")
        if given == {"latest"} and not self.latest:
            raise ValueError("`latest` names columns, one at least")
        if given != {"from_"} and self.model_fields_set - given:
            raise ValueError("`values`, `else` and `missing` go with `from`")
        return self

    @property
    def translates(self) -> bool:
        return bool({"values", "else_"} & self.model_fields_set)

    @property
    def words(self) -> str:
        """What it is made of."""
        if self.latest:
            return f"the latest of {', '.join(self.latest)}"
        return f"the constant {self.value}" if self.from_ is None else self.from_

    @property
    def literals(self) -> list[Any]:
        """The values that the file gives."""
        return [self.value, self.missing, self.else_, *self.values, *self.values.values()]

    def has(self, key: str) -> bool:
        """Whether the file gives this key, be it null."""
        return key in self.model_fields_set

    @property
    def reads(self) -> list[str]:
        """The columns of the table that it is made of."""
        return [self.from_] if self.from_ else self.latest


def _column(given: Any) -> Any:
    if isinstance(given, bool | int | float):
        raise ValueError("put the name in quotes: YAML takes it for a number, or no for false")
    return {"from": given} if isinstance(given, str) else given


class Mapping(Record):
    """How a source is made: from a table, by a connector, by a function, or not at all."""

    table: str | None = None
    connector: str | None = None
    file: Path | None = None
    absent: bool = False
    schema_: Annotated[str | None, Field(alias="schema")] = None
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]] = {}
    only: Choices = {}
    leave_out: Choices = {}
    distinct: bool = False
    time_zone: Annotated[str, AfterValidator(zone_name)] | None = None
    on_violation: Literal["fail", "quarantine"] = "fail"
    max_quarantined_pct: Annotated[float, Field(ge=0, le=100)] = MAX_QUARANTINED_PCT
    expect: Annotated[list[Expectation], BeforeValidator(_several)] = []

    @model_validator(mode="after")
    def _has_one_origin(self) -> "Mapping":
        origins = self.model_fields_set & {"table", "connector", "file", "absent"}
        if len(origins) > 1:
            raise ValueError(f"has {' and '.join(sorted(origins))}; it comes from one of them")
        if self.absent and len(self.model_fields_set) > 1:
            raise ValueError("is absent, so there is nothing else to say of it")
        return self

    @property
    def is_mapped(self) -> bool:
        """Whether anything but what is demanded of it is said of it."""
        return bool(self.model_fields_set - {"on_violation", "max_quarantined_pct", "expect"})

    @property
    def maker(self) -> str | None:
        """The connector or the Python file that makes it of landed tables, if one does."""
        if self.connector:
            return f"connector {self.connector}"
        return self.file.name if self.file else None

    @property
    def quarantines(self) -> bool:
        return self.on_violation == "quarantine"


def _mapping(given: Any) -> Any:
    if given == "absent":
        return {"absent": True}
    return {} if given is None else given


class Sources(Record):
    """The file."""

    schema_: Annotated[str | None, Field(alias="schema")] = None
    sources: dict[str, Annotated[Mapping, BeforeValidator(_mapping)]] = {}

    def of(self, name: str) -> Mapping:
        """What is said of a source; of one that is not named, nothing."""
        return self.sources.get(name, Mapping())

    @property
    def absent(self) -> set[str]:
        return {name for name, mapping in self.sources.items() if mapping.absent}


def place() -> Path:
    """Where the file is, or would be."""
    named = os.environ.get("CRM_IBIS_SOURCES")
    return Path(named).expanduser() if named else content.home() / FILE


def declared() -> Sources:
    """The mapping; raises UsageError naming the key that is wrong, with a near match."""
    path = place()
    if not path.exists():
        if os.environ.get("CRM_IBIS_SOURCES"):
            raise UsageError(
                f"CRM_IBIS_SOURCES names {path}, which is not there; unset it, or write the file "
                "with crm-ibis sources init"
            )
        return Sources()
    return _declared_in(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _declared_in(path: Path, modified: int) -> Sources:
    found = read(path, Sources)
    _refuse_unknown(path, found)
    placed = {
        name: mapping.model_copy(update={"file": path.parent / mapping.file})
        for name, mapping in found.sources.items()
        if mapping.file
    }
    return found.model_copy(update={"sources": {**found.sources, **placed}})


def _refuse_unknown(path: Path, found: Sources) -> None:
    known = declared_tables(content.path("schemas", "sources.py"))
    for name, mapping in found.sources.items():
        if name not in known:
            raise UsageError(
                f'{path}: sources: there is no source "{name}"{near_match(name, known)}; '
                f"there are {', '.join(known)}"
            )
        for column in mapping.columns:
            if column not in known[name]:
                raise UsageError(
                    f"{path}: sources.{name}.columns: {name} has no column "
                    f'"{column}"{near_match(column, known[name])}'
                )
