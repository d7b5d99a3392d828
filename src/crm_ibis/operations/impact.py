"""What cannot be computed while the contract of a table is broken, whichever job is to do it."""

from collections.abc import Iterable

from crm_ibis.config.declarations import snapshots
from crm_ibis.metrics import catalog, graph


def upstream(table: str) -> set[str]:
    """What a KPI or fact needs, sources included.

    Nothing for a snapshot: it reads what is published, which keeps its contract. Nothing for what
    the project no longer has.
    """
    if table in snapshots() or table not in graph.table_functions():
        return set()
    from crm_ibis.publishing import compute  # loads Pandera, which a healthy status does not need

    return {*graph.plan([table]), *compute.sources_to_check([table])} - {table}


def downstream(tables: Iterable[str]) -> list[str]:
    """The KPIs that need one of the tables and are not among them, the most critical first."""
    broken = set(tables)
    return [kpi for kpi in catalog.entries() if kpi not in broken and upstream(kpi) & broken]
