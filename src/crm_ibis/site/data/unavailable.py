"""Of which numbers nothing can be known, as the run that published them had no source for them."""

from collections.abc import Collection
from datetime import datetime

from crm_ibis.config.params import Params
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.metrics import graph
from crm_ibis.metrics.lineage import Origin, direct_origins
from crm_ibis.metrics.unavailable import Unavailable, unavailable_columns
from crm_ibis.runlog import summaries
from crm_ibis.runlog.publications import publications
from crm_ibis.warehouse import Warehouse


def unavailable_by_table(
    warehouse: Warehouse, params: Params, undecided: Collection[Origin] = ()
) -> dict[str, Unavailable]:
    """By published table: what its run had no source for, whatever sources.yml says now.

    `undecided` are columns that a source does not have now; they are named where nothing is known.
    """
    direct = direct_origins(params, datetime(2024, 1, 1), frozenset(undecided))
    published_by = {
        table: run["run_id"]
        for table, run in publications(warehouse).items()
        if table in graph.table_functions()
    }
    read = summaries.sources_read(warehouse, set(published_by.values()))
    # Without an optional source, what is made of it is known all the same.
    needed = {table: {*graph.sources_of([table])} - optional_sources() for table in published_by}
    absent = {
        table: frozenset(needed[table]) - read[run_id] for table, run_id in published_by.items()
    }
    found = {
        sources: unavailable_columns(
            direct, sources, graph.empty_without(list(direct), sources, params), undecided
        )
        for sources in set(absent.values())
        if sources or undecided
    }
    return {
        table: _columns_without_values(warehouse, table, found[sources][table])
        for table, sources in absent.items()
        if sources in found
    }


def _columns_without_values(warehouse: Warehouse, table: str, columns: Unavailable) -> Unavailable:
    """The columns without those that hold values, though a source does not have them now."""
    doubtful = [column for column, lacks in columns.items() if any("." in name for name in lacks)]
    if not doubtful or table not in warehouse.tables(warehouse.analytics):
        return columns
    published = warehouse.table(warehouse.analytics, table)
    there = [column for column in doubtful if column in published.columns]
    if not there:
        return columns
    (values,) = warehouse.rows(published.aggregate(**{c: published[c].count() for c in there}))
    return {column: lacks for column, lacks in columns.items() if not values.get(column)}
