"""`path:` of sources.yml: Parquet and CSV files that are read where they lie, like a table."""

import csv
import glob
import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO, cast

from ibis import Table

from crm_ibis.config import project
from crm_ibis.engines import Engine
from crm_ibis.errors import DataError, UsageError, near_match
from crm_ibis.warehouse.files import Files, Format

SUFFIXES: dict[str, Format] = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}
DELIMITERS = ",;\t|"
GLOB = "*?["
SPECIAL = "*?[]{}\\"
"""What DuckDB or Spark would take for a pattern."""
TABLE_FORMATS = {"_delta_log": "Delta", "metadata": "Iceberg"}
"""Folders beside the files of a table that has versions: not all of its files are rows of it."""


def is_url(path: str) -> bool:
    return "://" in path


def words(path: str) -> str:
    """A path as people know it."""
    return path if is_url(path) else project.display(Path(path))


def read_path(engine: Engine, path: str, where: str) -> Table:
    """The files of a path as a table."""
    return engine.read_files(files_of(engine, path, where))


def files_of(engine: Engine, path: str, where: str) -> Files:
    """The files of a path, as they are by now.

    Raises UsageError where the engine reads no such files, DataError where there are none, or where
    they differ in their columns.
    """
    if not engine.reads_files:
        raise UsageError(
            f"sources.yml: {where}: PostgreSQL reads no files; load {words(path)} into a table, "
            "publish in a DuckDB file, or compute on Spark (CRM_IBIS_ENGINE_URL)"
        )
    return _behind_url(engine, path, where) if is_url(path) else find_files(path, where)


def _behind_url(engine: Engine, url: str, where: str) -> Files:
    if not engine.reads_urls:
        raise UsageError(
            f"sources.yml: {where}: {url} is a URL, which Spark alone reads; name a path, or "
            "compute on Spark (CRM_IBIS_ENGINE_URL)"
        )
    return Files(_format(Path(url)) or "parquet", (url,))


def find_files(path: str, where: str) -> Files:
    """The files of a file, a folder or a pattern such as `exports/leads-*.csv`, by name."""
    matches = sorted(glob.glob(path, recursive=True)) if _is_pattern(path) else [path]
    files = [file for match in matches for file in _files_in(Path(match), where)]
    if not files:
        raise DataError(f"sources.yml: {where}: {_nothing_there(Path(path))}")
    for file in files:
        _refuse_names(file, Path(path), where)
    formats = {_format(file) for file in files}
    if formats != {"csv"} and formats != {"parquet"}:
        raise DataError(
            f"sources.yml: {where}: {words(path)} holds CSV and Parquet files; name those of one "
            "format, such as *.parquet"
        )
    paths = tuple(map(str, files))
    if formats == {"parquet"}:
        _refuse_other_columns(files, where)
        return Files("parquet", paths)
    delimiter, columns = _read_header(files[0], where)
    for file in files[1:]:
        if (other := _read_header(file, where, delimiter)[1]) != columns:
            raise DataError(
                f"sources.yml: {where}: {words(str(file))} has the columns {', '.join(other)}, and "
                f"{words(str(files[0]))} has {', '.join(columns)}; give files of the same columns "
                "in the same order"
            )
    return Files("csv", paths, columns, delimiter)


def _is_pattern(path: str) -> bool:
    return any(sign in path for sign in GLOB) and not Path(path).exists()


def _files_in(place: Path, where: str) -> Iterable[Path]:
    """A file itself, or all below a folder but hidden ones, as Spark takes them."""
    if place.is_file():
        if _format(place) is None:
            raise DataError(
                f"sources.yml: {where}: {words(str(place))} is no .parquet, .csv or .csv.gz file"
            )
        return [place]
    for below, kind in TABLE_FORMATS.items():
        if (place / below).is_dir():
            raise DataError(
                f"sources.yml: {where}: {words(str(place))} is a table of {kind}, of which not "
                "every file counts; read it on Spark (CRM_IBIS_ENGINE_URL) as a table of its "
                "catalog: `schema` and `table`"
            )
    return sorted(
        file
        for file in place.rglob("*")
        if file.is_file() and _format(file) and not _is_hidden(file.relative_to(place))
    )


def _is_hidden(below: Path) -> bool:
    return any(part.startswith((".", "_")) for part in below.parts)


def _format(file: Path) -> Format | None:
    name = file.name.lower()
    return next((found for suffix, found in SUFFIXES.items() if name.endswith(suffix)), None)


def _nothing_there(path: Path) -> str:
    if path.is_dir():
        return f"the folder {words(str(path))} holds no .parquet, .csv or .csv.gz file"
    if _is_pattern(str(path)):
        return f"no file is called {words(str(path))}; correct the pattern, or put files there"
    missing = path
    while not missing.parent.is_dir():
        missing = missing.parent
    near = near_match(missing.name, (other.name for other in missing.parent.iterdir()))
    return f"there is no {words(str(missing))}{near}; put it there, or correct the path"


def _refuse_names(file: Path, path: Path, where: str) -> None:
    if any(sign in str(file) for sign in SPECIAL):
        raise DataError(
            f"sources.yml: {where}: {words(str(file))} has one of the signs {SPECIAL} in its name, "
            "which DuckDB and Spark take for a pattern; rename it"
        )
    base = path
    while not base.is_dir():
        base = base.parent
    partition = next((part for part in file.relative_to(base).parts[:-1] if "=" in part), None)
    if partition:
        raise DataError(
            f"sources.yml: {where}: the folder {partition} holds a column in its name; name it as "
            "`path`, or read all of them on Spark as a table of its catalog"
        )


def _refuse_other_columns(files: list[Path], where: str) -> None:
    """DuckDB and Spark each take what the first file has, and leave out the rest unseen."""
    if len(files) == 1:
        return
    import pyarrow as pa
    import pyarrow.parquet as pq  # only for those who read files

    first = None
    for file in files:
        try:
            found = {field.name: str(field.type) for field in pq.read_schema(file)}
        except (pa.ArrowException, OSError) as error:
            line = str(error).splitlines()[0]
            raise DataError(
                f"sources.yml: {where}: cannot read {words(str(file))}: {line}"
            ) from None
        first = found if first is None else first
        if found != first:
            differing = sorted(name for name, _ in first.items() ^ found.items())
            raise DataError(
                f"sources.yml: {where}: {words(str(file))} and {words(str(files[0]))} differ in "
                f"{', '.join(dict.fromkeys(differing))}; give files of the same columns and types"
            )


def _read_header(
    file: Path, where: str, delimiter: str | None = None
) -> tuple[str, tuple[str, ...]]:
    """The sign between columns, unless it is given, and their names."""
    place = f"sources.yml: {where}: {words(str(file))}"
    try:
        with _open(file) as text:
            line = text.readline() if delimiter is None else ""
            delimiter = delimiter or _delimiter(line)
            text.seek(0)
            columns = tuple(next(csv.reader(text, delimiter=delimiter), ()))
    except UnicodeDecodeError:
        raise DataError(f"{place} is not UTF-8; save it as UTF-8") from None
    except (OSError, EOFError) as error:
        raise DataError(f"{place} cannot be read: {error}") from None
    if not columns:
        raise DataError(f"{place} is empty; its first line names the columns")
    lower = [column.lower() for column in columns]
    for number, column in enumerate(lower):
        if not column.strip():
            raise DataError(f"{place}: column {number + 1} has no name in the first line")
        if column in lower[:number]:
            raise DataError(f"{place}: the column {columns[number]} is there twice; rename one")
    return delimiter, columns


def _open(file: Path) -> TextIO:
    if file.name.lower().endswith(".gz"):
        return cast(TextIO, gzip.open(file, "rt", encoding="utf-8-sig", newline=""))
    return file.open(encoding="utf-8-sig", newline="")


def _delimiter(header: str) -> str:
    """Of the usual ones, that which makes most columns of the header."""
    columns = {sign: len(next(csv.reader([header], delimiter=sign), ())) for sign in DELIMITERS}
    return max(DELIMITERS, key=lambda sign: columns[sign])
