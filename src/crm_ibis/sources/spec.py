"""sources.yml: where each source comes from, and what its columns are called there.

Without the file, every source is the table of its name in the raw schema.
"""

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from crm_ibis.config import project
from crm_ibis.config.files import Record, read
from crm_ibis.config.literal_yaml import Loader, source_text
from crm_ibis.contracts.known_sources import source_schemas
from crm_ibis.contracts.plausible import PlausibleYears
from crm_ibis.errors import UsageError, near_match
from crm_ibis.sources import connectors
from crm_ibis.sources.column_spec import Choices, Columns, Name, Names, Single, Values, Zone
from crm_ibis.sources.connectors import options
from crm_ibis.sources.expectations import Expectation

FILE = "sources.yml"
MAX_QUARANTINED_PCT = 1.0
DEMANDS = {"on_violation", "max_quarantined_pct", "expect"}
OPTIONS = ("pause_on", "reopened")
"""What is told to a connector, by the name of its functions' parameters."""
ORIGINS = ("table", "path", "connector", "file", "constant", "absent")


def _pairs(given: Any) -> Any:
    """Columns of the same name on both sides may be named once."""
    if isinstance(given, str):
        return {given: given}
    return {name: name for name in given} if isinstance(given, list) else given


def _expectations(given: Any) -> Any:
    return given if isinstance(given, list) else [given]


def _rows(given: Any) -> Any:
    rows = given if isinstance(given, list) else [given]
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise ValueError("is a row such as {id: main, name: Main}, or a list of rows")
    return rows


def _word(given: Any) -> str:
    if given is None or isinstance(given, bool | list | dict):
        raise ValueError("is a word; put it in quotes where YAML reads something else")
    return source_text(given).strip()


def _words(given: Any) -> Any:
    words = given if isinstance(given, list) else [given]
    if not words:
        raise ValueError("names one at least")
    return words


def _join_words(keys: Iterable[str]) -> str:
    return " and ".join(f"`{key.rstrip('_')}`" for key in sorted(keys))


Words = Annotated[list[Annotated[str, BeforeValidator(_word)]], BeforeValidator(_words)]


def locate(folder: Path, path: str) -> str:
    """A path from the folder of sources.yml on; a URL stays as it is."""
    if "://" in path:
        return path
    return str(folder.absolute() / Path(path).expanduser())


class Join(Record):
    """Another landed table, of which each row gets the one that has the same key, if any has."""

    table: str | None = None
    path: str | None = None
    on: Annotated[dict[str, Name], BeforeValidator(_pairs)]
    only: Choices = {}
    leave_out: Choices = {}

    @model_validator(mode="before")
    @classmethod
    def _reads_on(cls, given: Any) -> Any:
        """YAML takes an unquoted `on` for true."""
        if isinstance(given, dict) and True in given:
            return {("on" if key is True else key): value for key, value in given.items()}
        return given

    @model_validator(mode="after")
    def _has_a_table_and_a_key(self) -> "Join":
        if (self.table is None) == (self.path is None):
            raise ValueError("has a `table` or a `path`, and not both")
        if not self.on:
            raise ValueError("`on` names a column at least, ours and theirs: {deal_id: id}")
        return self


class SourceSpec(Record):
    """How a source is made: from a table or files, by a connector, by a function, or not at all."""

    table: str | None = None
    path: str | None = None
    connector: str | None = None
    file: Path | None = None
    absent: bool = False
    schema_: Annotated[str | None, Field(alias="schema")] = None
    constant: Annotated[list[dict[str, Single]], BeforeValidator(_rows)] = []
    tables: dict[str, str] = {}
    paths: dict[str, str] = {}
    join: dict[str, Join] = {}
    columns: Columns = {}
    only: Choices = {}
    leave_out: Choices = {}
    null_values: Values = []
    one_row_per: Names = []
    distinct: bool = False
    time_zone: Zone | None = None
    on_violation: Literal["fail", "quarantine"] = "fail"
    max_quarantined_pct: Annotated[float, Field(ge=0, le=100)] = MAX_QUARANTINED_PCT
    expect: Annotated[list[Expectation], BeforeValidator(_expectations)] = []
    pause_on: Words | None = None
    reopened: options.Reopened | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> "SourceSpec":
        origins = self.model_fields_set & set(ORIGINS)
        if len(origins) > 1:
            raise ValueError(f"has {' and '.join(sorted(origins))}; it comes from one of them")
        if self.absent and len(self.model_fields_set) > 1:
            raise ValueError("is absent, so there is nothing else to say of it")
        if self.constant and (more := self.model_fields_set - {"constant", *DEMANDS}):
            raise ValueError(f"is constant, so {_join_words(more)} cannot be said of it")
        if self.tables and not self.maker:
            raise ValueError("has `tables`, which go with `file` or `connector`")
        if self.paths and not self.file:
            raise ValueError("has `paths`, which go with `file`")
        if both := self.tables.keys() & self.paths.keys():
            raise ValueError(f"has {min(both)} in `tables` and in `paths`; it is in one of them")
        if self.options and not self.connector:
            where = "; hand it to the connector's function that yours calls" if self.file else ""
            raise ValueError(f"has {_join_words(self.options)}, for a `connector` only{where}")
        return self

    @model_validator(mode="after")
    def _groups_or_not(self) -> "SourceSpec":
        if self.one_row_per and self.distinct:
            raise ValueError("has `one_row_per` and `distinct`; leave out `distinct`")
        for name, column in self.columns.items():
            if column.groups and not self.one_row_per:
                raise ValueError(
                    f"columns.{name}: `first`, `last`, `first_value` and `last_value` make one "
                    "value of several rows; say of which, with `one_row_per: their_key`"
                )
        return self

    def placed(self, folder: Path) -> "SourceSpec":
        """With its files as they are found from the folder of sources.yml on."""
        update: dict[str, Any] = {}
        if self.file:
            update["file"] = folder / self.file
        if self.path:
            update["path"] = locate(folder, self.path)
        if self.paths:
            update["paths"] = {p: locate(folder, path) for p, path in self.paths.items()}
        if any(join.path for join in self.join.values()):
            update["join"] = {
                alias: join.model_copy(update={"path": join.path and locate(folder, join.path)})
                for alias, join in self.join.items()
            }
        return self.model_copy(update=update)

    @property
    def is_mapped(self) -> bool:
        """Whether anything but what is demanded of it is said of it."""
        return bool(self.model_fields_set - DEMANDS)

    @property
    def maker(self) -> str | None:
        """The connector or the Python file that makes it of landed tables, if one does."""
        if self.connector:
            return f"connector {self.connector}"
        return self.file.name if self.file else None

    @property
    def options(self) -> dict[str, Any]:
        """What a connector is told beside where its tables are."""
        said = {name: getattr(self, name) for name in OPTIONS}
        return {name: value for name, value in said.items() if value is not None}

    @property
    def may_be_unassigned(self) -> bool:
        """Whether its `facility_id` may become `unassigned`."""
        column = self.columns.get("facility_id")
        return "unassigned" in column.results if column else bool(self.connector)

    @property
    def named(self) -> list[str]:
        """The columns that constant rows name."""
        return list(dict.fromkeys(column for row in self.constant for column in row))

    @property
    def chosen(self) -> dict[str, list[Any]]:
        """The values of landed columns that rows or values depend on, by column."""
        pairs = [*self.only.items(), *self.leave_out.items()]
        for alias, join in self.join.items():
            choices = (*join.only.items(), *join.leave_out.items())
            pairs += [(f"{alias}.{column}", values) for column, values in choices]
        for declared in self.columns.values():
            pairs += [(column, c.choices) for column, c in declared.conditions.items()]
        found: dict[str, list[Any]] = {}
        for column, values in pairs:
            found[column] = [*found.get(column, []), *values]
        return found

    @property
    def reads(self) -> set[str]:
        """The columns of the table that are read, whatever our columns are made of."""
        read = {*self.chosen, *self.one_row_per}
        for alias, join in self.join.items():
            read |= {*join.on, *(f"{alias}.{column}" for column in join.on.values())}
        return read

    @property
    def literals(self) -> list[Any]:
        """The values that the file gives."""
        literals = [value for column in self.columns.values() for value in column.literals]
        literals += [value for values in self.chosen.values() for value in values]
        literals += [value for row in self.constant for value in row.values()]
        return [*literals, *self.null_values]

    @property
    def quarantines(self) -> bool:
        return self.on_violation == "quarantine"


def _mapping(given: Any) -> Any:
    if given == "absent":
        return {"absent": True}
    return {} if given is None else given


class SourcesFile(Record):
    """The file."""

    schema_: Annotated[str | None, Field(alias="schema")] = None
    plausible_years: PlausibleYears = PlausibleYears()
    sources: dict[str, Annotated[SourceSpec, BeforeValidator(_mapping)]] = {}

    def of(self, name: str) -> SourceSpec:
        """What is said of a source; of one that is not named, nothing."""
        return self.sources.get(name, SourceSpec())

    @property
    def may_be_unassigned(self) -> bool:
        """Whether a source may refer to the facility `unassigned`, as connectors' sources do."""
        others = [said for name, said in self.sources.items() if name != "facilities"]
        return any(said.may_be_unassigned for said in others)

    @property
    def absent(self) -> set[str]:
        return {name for name, mapping in self.sources.items() if mapping.absent}


def spec_path() -> Path:
    """Where the file is, or would be."""
    named = os.environ.get("CRM_IBIS_SOURCES")
    return Path(named).expanduser() if named else project.home() / FILE


def load_spec() -> SourcesFile:
    """The mapping; raises UsageError naming the key that is wrong, with a near match."""
    path = spec_path()
    if not path.exists():
        if os.environ.get("CRM_IBIS_SOURCES"):
            raise UsageError(
                f"CRM_IBIS_SOURCES names {path}, which is not there; unset it, or write the file "
                "with crm-ibis sources init"
            )
        return SourcesFile()
    modules = [*project.own_modules(), *project.own_helpers()]
    own = tuple((module, module.stat().st_mtime_ns) for module in modules)
    return _known_sources(path, path.stat().st_mtime_ns, own)


@lru_cache(maxsize=8)
def _load_file(path: Path, modified: int) -> SourcesFile:
    found = read(path, SourcesFile, Loader)
    placed = {name: mapping.placed(path.parent) for name, mapping in found.sources.items()}
    return found.model_copy(update={"sources": placed})


@lru_cache(maxsize=8)
def _known_sources(path: Path, modified: int, own: tuple[tuple[Path, int], ...]) -> SourcesFile:
    """The file without sources whose own module is broken, which says so itself; `own` are the
    modules as they are now, on which that depends."""
    found = _load_file(path, modified)
    unknown = found.sources.keys() - source_schemas().keys()
    if unknown:
        from crm_ibis.contracts import models  # loads Pandera

        broken = unknown & models.own_tables().broken.keys()
        kept = {name: spec for name, spec in found.sources.items() if name not in broken}
        found = found.model_copy(update={"sources": kept})
    _refuse_unknown(path, found)
    return found


def _refuse_unknown(path: Path, found: SourcesFile) -> None:
    known = source_schemas()
    for name, mapping in found.sources.items():
        if name not in known:
            raise UsageError(
                f'{path}: sources: there is no source "{name}"{near_match(name, known)}; '
                f"there are {', '.join(known)}"
            )
        for key, columns in {"columns": mapping.columns, "constant": mapping.named}.items():
            for column in columns:
                if column not in known[name]:
                    raise UsageError(
                        f"{path}: sources.{name}.{key}: {name} has no column "
                        f'"{column}"{near_match(column, known[name])}'
                    )
        if problem := _wrong_option(name, mapping):
            raise UsageError(f"{path}: sources.{name}.{problem}")
        for column, said in mapping.columns.items():
            if problem := said.misfit(known[name][column]):
                raise UsageError(f"{path}: sources.{name}.columns.{column}: {problem}")


def _wrong_option(name: str, mapping: SourceSpec) -> str | None:
    """The key that is wrong of what a connector is told, and why.

    That there is no such connector, or that it does not make the source, is told where it is asked.
    """
    system = mapping.connector
    if system not in connectors.SYSTEMS:
        return None
    function = connectors.table_functions(system).get(name)
    if function is None:
        return None
    problem = options.misfit(system, name, function, mapping.options)
    return ": ".join(problem) if problem else None
