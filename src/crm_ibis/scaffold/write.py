"""Writes new tables into a project folder: everything, or nothing at all."""

import keyword
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from crm_ibis.contracts.models import Column, contracts
from crm_ibis.errors import UsageError, near_match
from crm_ibis.metrics import graph
from crm_ibis.metrics.columns import columns_of
from crm_ibis.scaffold import fact_draft, kpi_draft, source_draft
from crm_ibis.scaffold.columns import TYPE_NAMES, TakenColumn, origin_of, taken
from crm_ibis.scaffold.names import (
    known_column,
    known_table,
    own_folder,
    refuse_job,
    refuse_name,
    refuse_shadowing,
)
from crm_ibis.scaffold.words import model_name
from crm_ibis.scaffold.yaml_lines import with_entry

KPI_SCHEDULE = "45 3 * * *"
SNAPSHOT_SCHEDULE = "45 4 * * *"
LANDED = re.compile(r"[\w-]+\.[\w-]+")
REQUIRED = {"id": "Text", "created_at": "Instant"}
"""The columns that every new source has."""


def new_kpi(name: str, grain: Sequence[str], table: str) -> list[Path]:
    """Writes a KPI that counts the rows of a table per grain, its test and its job.

    Returns the files. Raises UsageError for a name that is taken, an unknown table or column, and
    a file that is there already; then nothing is written.
    """
    folder = own_folder()
    refuse_name(name)
    refuse_job(name)
    if len(set(grain)) < len(grain):
        raise UsageError(f"--grain: a column stands there twice: {', '.join(grain)}")
    origin = origin_of(known_table(table), grain)
    module = kpi_draft.kpi(name, origin)
    refuse_shadowing(name, model_name(name), module)
    job = [f"{name}:", f"  refresh: [{name}]", f'  schedule: "{KPI_SCHEDULE}"', "  sla: 4h"]
    jobs_file = folder / "jobs.yml"
    return _write(
        {
            folder / "metrics" / f"{name}.py": module,
            folder / "tests" / f"test_{name}.py": kpi_draft.kpi_test(name, origin),
        },
        {jobs_file: with_entry(jobs_file, ("jobs",), name, job)},
    )


def new_fact(name: str, table: str, key: str | None = None) -> list[Path]:
    """Writes a fact with a row for each row of a table, and its test; see `new_kpi`."""
    folder = own_folder()
    refuse_name(name)
    columns = columns_of(known_table(table))
    key_name = known_column(key or origin_of(table, []).key, columns, table)
    others = [taken(table, c) for c in columns if c not in (key_name, "updated_at")]
    private = {c.name for c in _contract_columns(table) if c.private}
    kept = [c for c in others if c.name not in private]
    own_key = taken(table, key_name)
    module = fact_draft.fact(name, table, own_key, kept)
    refuse_shadowing(name, model_name(name), module)
    return _write(
        {
            folder / "metrics" / f"{name}.py": module,
            folder / "tests" / f"test_{name}.py": fact_draft.fact_test(name, table, own_key, kept),
        }
    )


def new_source(name: str, columns: Sequence[str], table: str | None = None) -> list[Path]:
    """Writes the contract of a source, its staging table, its test and its line in sources.yml.

    Args:
        name: The source.
        columns: Its columns as `name:Type`, beside `id` and `created_at`.
        table: The landed table, as schema.table; without it the source is absent for now.
    """
    folder = own_folder()
    refuse_name(name)
    if f"stg_{name}" in graph.table_functions():
        raise UsageError(f"there is a table stg_{name} already; give the source another name")
    declared = [_source_column(*pair) for pair in {**REQUIRED, **_typed(columns)}.items()]
    module = source_draft.source(name, declared)
    refuse_shadowing(name, model_name(name), module)
    line = f"{name}: absent"
    if table:
        if not LANDED.fullmatch(table):
            raise UsageError(f'--table: "{table}" is not a table; write it like schema.table')
        line = f"{name}: {{table: {table}}}"
    sources_file = folder / "sources.yml"
    return _write(
        {
            folder / "metrics" / f"{name}.py": module,
            folder / "tests" / f"test_{name}.py": source_draft.source_test(name),
        },
        {sources_file: with_entry(sources_file, ("sources",), name, [line])},
    )


def new_snapshot(name: str, kpi: str) -> list[Path]:
    """Adds the history of a KPI to snapshots.yml, and its job to jobs.yml."""
    folder = own_folder()
    refuse_name(name)
    refuse_job(name)
    if kpi not in graph.kpi_functions():
        known = graph.kpi_functions()
        raise UsageError(
            f'--of: there is no KPI "{kpi}"{near_match(kpi, known)}; `crm-ibis list` shows them all'
        )
    job = [f"{name}:", f"  snapshot: [{name}]", f'  schedule: "{SNAPSHOT_SCHEDULE}"']
    snapshots_file = folder / "snapshots.yml"
    jobs_file = folder / "jobs.yml"
    return _write(
        {},
        {
            snapshots_file: with_entry(snapshots_file, (), name, [f"{name}: {kpi}"]),
            jobs_file: with_entry(jobs_file, ("jobs",), name, job),
        },
    )


def _contract_columns(table: str) -> Iterable[Column]:
    if table in contracts():
        return contracts()[table].columns
    return ()


def _typed(columns: Sequence[str]) -> dict[str, str]:
    """`{"signed_at": "Instant"}` for `signed_at:Instant`."""
    pairs = {}
    for column in columns:
        name, _, kind = column.partition(":")
        names = {each.lower(): each for each in TYPE_NAMES}
        if kind.lower() not in names:
            raise UsageError(
                f"--columns: {column!r} is not name:Type{near_match(kind, TYPE_NAMES)}; types are "
                f"{', '.join(TYPE_NAMES)}"
            )
        refuse_column(name)
        if name in pairs or name in REQUIRED:
            raise UsageError(
                f"--columns: {name} is there already; each column once, without those that every "
                f"source has: {', '.join(REQUIRED)}"
            )
        pairs[name] = names[kind.lower()]
    return pairs


def refuse_column(name: str) -> None:
    """Raises UsageError for a name that no column can have."""
    if not name.isidentifier() or name != name.lower() or keyword.iskeyword(name):
        raise UsageError(f'--columns: "{name}" is no name of a column; write it like signed_at')
    if name == "column":
        raise UsageError(
            '--columns: a column called "column" would hide the `column` that describes those '
            "after it; give it another name"
        )


def _source_column(name: str, type_name: str) -> TakenColumn:
    if name == "facility_id":
        return TakenColumn(name, type_name, "The facility.", references="facilities")
    known = {"id": "Id of the row.", "created_at": "When it was entered (UTC)."}
    words = f"{name.replace('_', ' ').capitalize()}."
    return TakenColumn(name, type_name, known.get(name, words), nullable=name not in REQUIRED)


def _write(new: dict[Path, str], changed: dict[Path, str] | None = None) -> list[Path]:
    """Writes files; raises UsageError, with everything as it was, when that fails."""
    for path in new:
        if path.exists():
            raise UsageError(f"{path} is there already; give another name, or move it away")
    texts = {**new, **(changed or {})}
    before = {path: path.read_bytes() for path in texts if path.exists()}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        _restore(texts, before)
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}; nothing was written"
        ) from None
    return list(texts)


def _restore(texts: Iterable[Path], before: dict[Path, bytes]) -> None:
    for path in texts:
        if path in before:
            path.write_bytes(before[path])
        else:
            path.unlink(missing_ok=True)
