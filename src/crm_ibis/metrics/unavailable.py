"""Columns whose values cannot be known: their sources are absent or lack a column."""

from collections.abc import Collection, Mapping

from crm_ibis.metrics import graph
from crm_ibis.metrics.lineage import Origin, Origins

Unavailable = Mapping[str, tuple[str, ...]]
"""Columns of a table of which nothing can be known, with what they lack: absent sources, and
columns, as source.column, that a source does not have."""


def unavailable_columns(
    direct: Origins,
    absent: Collection[str],
    left_out: Collection[str],
    undecided: Collection[Origin] = (),
) -> dict[str, Unavailable]:
    """By table, the columns of which nothing can be known, with what they lack.

    All that their values are made of is absent in sources.yml, left out for want of it, or among
    the undecided columns, which a source does not have: tables computed without those hold null
    there, or 0 where they count. `direct` must be the origins without the undecided columns.
    """
    found: dict[str, Unavailable] = {}

    def lacks(origin: Origin) -> set[str]:
        if origin.table in absent:
            return {origin.table}
        if origin in undecided:
            return {str(origin)}
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
