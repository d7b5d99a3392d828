"""What the site shows of the database: published rows, when they are of, names of facilities.

Reads each published table once. What is not there yet is left out, and the pages say so.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ibis import Table
from ibis.common.exceptions import IbisError

from crm_ibis.config.declarations import snapshots
from crm_ibis.config.time_zones import UTC_ZONE, month_at
from crm_ibis.contracts import models
from crm_ibis.errors import CrmIbisError, TransientError
from crm_ibis.metrics.lineage import Origin
from crm_ibis.metrics.unavailable import Unavailable
from crm_ibis.operations.status import Status, statuses
from crm_ibis.runlog.publications import publications
from crm_ibis.site.data import work_lists
from crm_ibis.site.data.datasets import Dataset
from crm_ibis.site.data.defaults import MAX_ROWS, DefaultDataset, all_datasets
from crm_ibis.site.data.work_lists import Listed
from crm_ibis.sources import resolve, spec
from crm_ibis.warehouse import Place, Warehouse

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Reading:
    """The rows of the datasets, by name; those whose tables are published."""

    rows: dict[str, Rows]
    currencies: dict[str, str]
    """What the amounts of each published table are in, in words; those that have and say it."""
    zones: dict[str, str]
    """The time zone that the months of each published table are of; those of UTC left out."""
    published: dict[str, datetime]
    """The instant (`as_of`) of each published table."""
    standing: dict[str, Status] = field(default_factory=dict)
    """The status of each table."""
    facilities: dict[str, str] = field(default_factory=dict)
    """The names that people know facilities by; their ids where the source cannot be read."""
    lacking: Mapping[str, Unavailable] = field(default_factory=dict)
    """By table: the columns that are null here, whatever it holds, as its run had no source."""
    undecided: Collection[Origin] = ()
    """Columns that a source does not have, so that nobody knows whether their events happened."""
    lists: Mapping[str, Listed] = field(default_factory=dict)
    """The lists of what is open, by name; those whose tables are published."""
    paused: int | None = None
    """How many open tickets were paused; null where nobody knows."""

    def has(self, name: str) -> bool:
        """Whether there are rows to show."""
        return bool(self.rows.get(name))

    @property
    def as_of(self) -> datetime | None:
        """The newest instant that anything on the site is as of."""
        return max(self.published.values(), default=None)

    @property
    def running_month(self) -> date | None:
        """The month of the reporting zone that the newest publication falls in."""
        zone = next(iter(self.zones.values()), UTC_ZONE)
        return month_at(zone, self.as_of) if self.as_of else None


def read(
    warehouse: Warehouse,
    names: dict[str, str],
    lacking: Mapping[str, Unavailable],
    undecided: Collection[Origin] = (),
    killed: Mapping[str, str] | None = None,
    of_calendars: bool = False,
) -> Reading:
    """Everything that the scorecard shows, with the names of facilities by id.

    `killed` is what `runs.killed` said before the transaction that this is called in. What is worth
    showing only where calendars judge tickets is read where they do.
    """
    there = warehouse.tables(warehouse.analytics)
    known = publications(warehouse)
    wanted = [
        d for d in all_datasets() if d.table in there and (of_calendars or not d.of_calendars)
    ]
    tables = {d.table: warehouse.table(warehouse.analytics, d.table) for d in wanted}
    # A table that another version published may lack a column.
    readable = [d for d in wanted if set(d.columns) <= set(tables[d.table].columns)]
    rows = {
        d.name: _rows(warehouse, d, tables[d.table], lacking.get(d.table, ())) for d in readable
    }
    lists = work_lists.read(warehouse, there)
    used = {row["facility_id"] for each in rows.values() for row in each if "facility_id" in row}
    used |= work_lists.facilities_in(lists)
    declared = {name: models.contracts()[name] for name in known.keys() & models.contracts()}
    return Reading(
        rows=rows,
        currencies={
            name: words
            for name, contract in declared.items()
            if contract.has_money and (words := known[name]["basis"].amounts)
        },
        zones={
            name: zone
            for name, contract in declared.items()
            if contract.has_months and (zone := known[name]["basis"].months)
        },
        published={name: known[name]["as_of"] for name in sorted(there & known.keys())},
        standing={status.table: status for status in statuses(warehouse, killed=killed)},
        facilities=_unique_names(used, names),
        lacking=lacking,
        undecided=undecided,
        lists=lists,
        paused=work_lists.count_paused(warehouse, there),
    )


def published_places(warehouse: Warehouse) -> set[Place]:
    """All tables of the analytics schema that this program publishes."""
    known = {*models.contracts(), *models.histories()}
    known |= {snapshot.archive for snapshot in snapshots().values()}
    return {(warehouse.analytics, name) for name in warehouse.tables(warehouse.analytics) & known}


def _rows(
    warehouse: Warehouse,
    dataset: Dataset | DefaultDataset,
    table: Table,
    unknown: Collection[str],
) -> Rows:
    """The dataset's rows, with null for what cannot be known."""
    nothing = dict.fromkeys(set(unknown) & {*dataset.sums, *dataset.values})
    return [{**row, **nothing} for row in _queried(warehouse, dataset, table)]


def _queried(warehouse: Warehouse, dataset: Dataset | DefaultDataset, table: Table) -> Rows:
    """The rows; of a table that nobody chose the columns of, no more than a page carries."""
    if isinstance(dataset, Dataset):
        return warehouse.rows(dataset.query(table))
    rows = warehouse.rows(dataset.query(table).limit(MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        return warehouse.rows(dataset.without_facility().query(table).limit(MAX_ROWS))
    return rows


def facility_names(warehouse: Warehouse) -> dict[str, str]:
    """The names in the source, as sources.yml has it; none when it cannot be read."""
    declared = spec.load_spec()
    try:
        with warehouse.reading(lambda: resolve.places(warehouse, ["facilities"])):
            found = resolve.build_source(warehouse, "facilities", declared)
            if not {"id", "name"} <= set(found.columns):
                return {}
            return {row["id"]: row["name"] for row in warehouse.rows(found.select("id", "name"))}
    except TransientError:
        raise
    except (CrmIbisError, IbisError):
        return {}


def _unique_names(ids: set[str], names: dict[str, str]) -> dict[str, str]:
    """Names by id, in order of name, Site 2 before Site 10; where two are the same, with the id."""
    labels = {i: names.get(i) or i for i in ids}
    shared = {label for label in labels.values() if [*labels.values()].count(label) > 1}
    labels = {i: f"{label} ({i})" if label in shared else label for i, label in labels.items()}
    return dict(sorted(labels.items(), key=lambda item: (_natural_order(item[1]), item[0])))


def _natural_order(name: str) -> list[Any]:
    """Words and numbers in turn."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if at % 2 else part for at, part in enumerate(parts)]
