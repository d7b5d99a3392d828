"""Contracts: what a table promises, declared as Pandera models in `schemas/`.

A model holds types, keys, ranges, categories, foreign keys and the description of every column, and
Pandera validates names and types; `rules` checks the data.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import ibis
from ibis import Table

from crm_ibis.config import declarations, files, project
from crm_ibis.config.declarations import Contradiction, Snapshot
from crm_ibis.config.remembered import PerProject
from crm_ibis.config.tolerance import is_tolerating, tolerating
from crm_ibis.contracts import rules
from crm_ibis.contracts.bases import Extension as Extension
from crm_ibis.contracts.bases import Fact as Fact
from crm_ibis.contracts.bases import Published as Published
from crm_ibis.contracts.bases import Source as Source
from crm_ibis.contracts.bases import column as column
from crm_ibis.contracts.contract import HIDDEN as HIDDEN
from crm_ibis.contracts.contract import Column as Column
from crm_ibis.contracts.contract import Contract as Contract
from crm_ibis.contracts.own import Own, read_own
from crm_ibis.contracts.pandera_api import (
    SchemaError,
    SchemaErrors,
    ValidationDepth,
    config_context,
)
from crm_ibis.contracts.shipped import shipped_contracts as shipped_contracts
from crm_ibis.contracts.types import Instant, dtype_of
from crm_ibis.errors import DataError, UsageError, near_match
from crm_ibis.warehouse.base import IDENTIFIER_BYTES

VALIDITY = {
    "valid_from": "The instant from which this version of the row held (UTC).",
    "valid_to": "The instant at which it no longer held (UTC); null while it is current.",
}


@PerProject
def contracts() -> dict[str, Contract]:
    """All contracts of the project, by table name: sources first, then published tables.

    The shipped ones, or those of a copied folder; with a team's own ones, and as these extend them.
    """
    everything = {**shipped_contracts().contracts, **own_tables().contracts}
    by_kind = sorted(everything.values(), key=lambda c: c.kind != "source")
    return {contract.name: contract for contract in by_kind}


def own_tables() -> Own:
    """What the modules in a team's metrics/ declare."""
    paths = project.own_modules()
    read = [*paths, *project.own_helpers()]
    modified = tuple((path, path.stat().st_mtime_ns) for path in read)
    return _own(tuple(paths), modified, _shipped_histories() if paths else ())


@lru_cache(maxsize=8)
def _own(
    paths: tuple[Path, ...], modified: tuple[tuple[Path, int], ...], histories: tuple[str, ...]
) -> Own:
    """Executed once while the modules stay as they are."""
    return read_own(paths, shipped_contracts().contracts, histories)


def _shipped_histories() -> tuple[str, ...]:
    """The names that the package's snapshots and their archives take."""
    with tolerating():
        kept = [
            snapshot
            for name, snapshot in declarations.snapshots().items()
            if files.is_left_over("snapshots.yml", name)
        ]
    return tuple(name for each in kept for name in (each.name, each.archive))


@PerProject
def histories() -> dict[str, Contract]:
    """The contracts of the snapshots, by name; raises UsageError for one of an unknown KPI."""
    found, wrong = _histories()
    if wrong and not is_tolerating():
        raise UsageError(wrong[0].words)
    return found


def wrong_histories() -> list[Contradiction]:
    """The snapshots that there cannot be."""
    return _histories()[1]


def _histories() -> tuple[dict[str, Contract], list[Contradiction]]:
    published = {c.name: c for c in contracts().values() if c.kind == "published"}
    found: dict[str, Contract] = {}
    wrong = []
    for name, snapshot in declarations.snapshots().items():
        if snapshot.kpi not in published and snapshot.kpi in own_tables().named_in_problems:
            continue
        if words := _kpi_problem(snapshot, published) or _name_problem(snapshot):
            where = files.place("snapshots.yml", name)
            names = (name, snapshot.kpi)
            wrong.append(Contradiction(f"{where}: {words}", "snapshots.yml", names))
        else:
            found[name] = history_of(published[snapshot.kpi], name)
    return found, wrong


def _kpi_problem(snapshot: Snapshot, published: Mapping[str, Contract]) -> str | None:
    name, kpi = snapshot.name, snapshot.kpi
    if kpi not in published:
        return f'{name}: there is no KPI "{kpi}"{near_match(kpi, published)}'
    if VALIDITY.keys() & set(published[kpi].schema):
        return (
            f"{name}: {kpi} has a column valid_from or valid_to of its own, so it can have no "
            "history"
        )
    return None


def _name_problem(snapshot: Snapshot) -> str | None:
    others = declarations.snapshots().values()
    taken = {*contracts(), *(other.archive for other in others)}
    if snapshot.name in taken or snapshot.archive in contracts():
        return (
            f"{snapshot.name} or its archive {snapshot.archive} has the name of another table or "
            "archive; give the snapshot one of its own"
        )
    if len(snapshot.archive.encode()) > IDENTIFIER_BYTES:
        return (
            f"{snapshot.name} is too long a name: PostgreSQL cuts names off after "
            f"{IDENTIFIER_BYTES} bytes, and its archive is {snapshot.archive}"
        )
    return None


def history_of(contract: Contract, name: str) -> Contract:
    """The contract of a KPI's history: the versions of each of its rows, one after the other."""
    instant = dtype_of(Instant)
    validity = (
        Column(name, instant, name == "valid_to", meaning, None, False, False)
        for name, meaning in VALIDITY.items()
    )
    kept = (*contract.key, "updated_at")
    columns = tuple(
        replace(c, nullable=c.name not in kept, references=None) for c in contract.columns
    )
    return Contract(
        name=name,
        kind="snapshot",
        columns=(*columns, *validity),
        key=(*contract.key, "valid_from"),
        rules=(
            rules.unique((*contract.key, "valid_from")),
            *(rules.required(c) for c in (*kept, "valid_from")),
            rules.before("valid_from", "valid_to"),
            rules.apart(contract.key, "valid_from", "valid_to"),
        ),
        model=contract.model,
        declared=contract.declared,
    )


def check_history(name: str, there: ibis.Schema, contract: Contract) -> None:
    """Raises DataError unless the columns of a history are those that its contract knows.

    It may lack columns that its KPI has gained since, and have others that its KPI has lost.
    """
    if missing := [c for c in (*contract.key, "updated_at", "valid_to") if c not in there]:
        raise DataError(
            f"the snapshot {name} lacks the column {', '.join(missing)}, so it was not made by "
            "this program, or the grain of its KPI changed; rename it, and a new history begins"
        )
    for c in contract.columns:
        if c.name in there and there[c.name].copy(nullable=True) != c.dtype:
            raise DataError(
                f"column {c.name} of the snapshot {name} is {there[c.name]} in the database, but "
                f"{c.dtype} in its KPI; convert the column, in the snapshot and in its archive, or "
                "rename both, and a new history begins"
            )


def get_contract(name: str) -> Contract:
    """The contract of a table; raises UsageError with a near match when there is none."""
    known = contracts()
    if name not in known:
        known = {**known, **histories()}
    if name not in known:
        kept = declarations.snapshots().get(name)
        if problem := own_tables().broken.get(kept.kpi if kept else name):
            raise UsageError(str(problem))
        raise UsageError(
            f'there is no contract of a table "{name}"{near_match(name, known)}; '
            "`crm-ibis list` shows the KPIs"
        )
    return known[name]


def check_types(table: Table, contract: Contract) -> None:
    """Names and types as the contract has them, by Pandera, without a query."""
    try:
        with config_context(validation_depth=ValidationDepth.SCHEMA_ONLY):
            contract.declared.validate(table, lazy=True)
    except (SchemaError, SchemaErrors) as error:
        raise DataError(
            f"{contract.name} does not have the columns of its contract: {error}"
        ) from None
