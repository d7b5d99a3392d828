"""The time zone and the currency that all published tables share, and how they come by others.

A month of one zone beside one of another, or euros beside dollars, would look like a trend.
"""

from collections.abc import Collection, Iterable

from crm_ibis.config.declarations import Snapshot
from crm_ibis.config.reporting import Basis
from crm_ibis.errors import BasisChanged
from crm_ibis.metrics import graph
from crm_ibis.publishing.scope import skipped_tables
from crm_ibis.runlog.publications import history_bases, publications
from crm_ibis.text import count_of
from crm_ibis.warehouse import Warehouse


def of_another_basis(warehouse: Warehouse, basis: Basis) -> dict[str, Basis]:
    """The published tables of the project that are of another basis, and which.

    Without those that cannot be computed, as all their sources are absent in sources.yml: these
    stay as they are.
    """
    there = warehouse.tables(warehouse.analytics)
    known = {*graph.kpi_functions(), *graph.fact_functions()}
    others = {
        name: found["basis"]
        for name, found in publications(warehouse).items()
        if found["basis"] != basis and name in there & known
    }
    without = skipped_tables(others) if others else []
    return {name: other for name, other in others.items() if name not in without}


def refuse_another_basis(
    others: dict[str, Basis], basis: Basis, force: bool, names: Collection[str]
) -> None:
    """Raises BasisChanged when published tables are of another basis, unless all are rebuilt."""
    if not others or (force and not names):
        return
    first, published = next(iter(others.items()))
    more = f" and {count_of(len(others) - 1, 'other table')}" if len(others) > 1 else ""
    remedy = "crm-ibis refresh --force rebuilds all tables"
    if force:
        remedy = f"leave out {', '.join(names)}: crm-ibis refresh --force rebuilds all tables"
    raise BasisChanged(
        f"{first}{more}: published with {published}, while params.yml says {basis}. Nothing was "
        f"published, as the two must not stand side by side. To change it, {remedy}, and histories "
        f"begin new versions; to keep it, write {published.to_yaml()} in params.yml"
    )


def needs_force(published: Basis, basis: Basis) -> str:
    """What a dry run says of tables that are published on another basis."""
    return (
        f"published with {published}, while params.yml says {basis}: to publish it takes "
        "crm-ibis refresh --force, which rebuilds all tables"
    )


def refuse_backfill(warehouse: Warehouse, wanted: Iterable[Snapshot], basis: Basis) -> None:
    """Raises BasisChanged when what is published, or else recorded last, is of another basis."""
    published = publications(warehouse)
    for snapshot in wanted:
        known = history_bases(warehouse, snapshot.name)[-1:]
        if snapshot.kpi in published:
            known = [published[snapshot.kpi]["basis"]]
        for other in known:
            if other != basis:
                raise BasisChanged(
                    f"{snapshot.kpi} has {other}, while params.yml says {basis}; nothing was "
                    f"recorded in {snapshot.name}. To change it, run crm-ibis refresh --force "
                    f"first; to keep it, write {other.to_yaml()} in params.yml"
                )


def refuse_before(warehouse: Warehouse, wanted: Iterable[Snapshot], basis: Basis) -> None:
    """Raises BasisChanged when nothing can be put before a history, as it begins on another one."""
    for snapshot in wanted:
        for first in history_bases(warehouse, snapshot.name)[:1]:
            if first != basis:
                raise BasisChanged(
                    f"{snapshot.name} begins with {first}, and versions with {basis} cannot come "
                    "before these; nothing was recorded. Give instants from its newest one on"
                )


def is_restated(warehouse: Warehouse, snapshot: Snapshot, basis: Basis) -> bool:
    """Whether a history was last merged on another basis, so that all its rows begin anew."""
    known = history_bases(warehouse, snapshot.name)[-1:]
    return bool(known) and known != [basis]
