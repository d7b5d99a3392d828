"""Of which numbers nothing can be known, as the run that published them had no source for them."""

from collections.abc import Collection, Mapping

from crm_ibis import graph, runlog, runs
from crm_ibis.params import Params
from crm_ibis.site.columns import Origin, Origins
from crm_ibis.warehouse import Warehouse

Lacking = Mapping[str, tuple[str, ...]]
"""Columns of a table of which nothing can be known, with the absent sources that they lack."""


def lacking(warehouse: Warehouse, direct: Origins, params: Params) -> dict[str, Lacking]:
    """By published table: what its run had no source for, whatever sources.yml says now."""
    published_by = {
        table: run["run_id"]
        for table, run in runlog.publications(warehouse).items()
        if table in graph.table_functions()
    }
    read = runs.sources_read(warehouse, set(published_by.values()))
    absent = {
        table: frozenset(graph.sources_of([table])) - read[run_id]
        for table, run_id in published_by.items()
    }
    found = {
        sources: unknown(direct, sources, graph.empty_without(list(direct), sources, params))
        for sources in set(absent.values())
        if sources
    }
    return {table: found[sources][table] for table, sources in absent.items() if sources}


def unknown(
    direct: Origins, absent: Collection[str], left_out: Collection[str]
) -> dict[str, Lacking]:
    """By table, the columns of which nothing can be known, with the absent sources that they lack.

    All that their values are made of is absent in sources.yml, or left out for want of it: tables
    computed without those hold null there, or 0 where they count.
    """
    found: dict[str, Lacking] = {}

    def lacks(origin: Origin) -> set[str]:
        if origin.table in absent:
            return {origin.table}
        if origin.table in left_out:
            return set(graph.sources_of([origin.table])) & set(absent)
        return set(found.get(origin.table, {}).get(origin.column, ()))

    for name in graph.plan(direct):
        found[name] = {
            column: tuple(sorted(set().union(*map(lacks, origins))))
            for column, origins in direct.get(name, {}).items()
            if origins and all(map(lacks, origins))
        }
    return found
