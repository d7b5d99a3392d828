"""What a staging table is: it has no contract, so its source's contract says what columns mean."""

from typing import Any

from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.contracts.models import Column, contracts
from crm_ibis.metrics import graph
from crm_ibis.metrics.columns import columns_of

ADDED = {
    "month": "Month that the row counts in.",
    "cohort_month": "Month of the cohort that the row belongs to.",
}
"""Columns that staging tables add to those of their source."""


def staging_key(name: str) -> tuple[str, ...]:
    """The key of a staging table: one row of its source is one row of it."""
    return tuple(columns_of(name))[:1] if len(_required(name)) == 1 else ()


def staging_columns(name: str) -> list[dict[str, Any]]:
    """The columns of a staging table, as `describe` shows them."""
    key = staging_key(name)
    known = _source_columns(name)
    columns = []
    for column, dtype in columns_of(name).items():
        same = known.get("id" if (column,) == key and column not in known else column)
        columns.append(
            {
                "name": column,
                "type": str(dtype.copy(nullable=True)),
                "unit": None,
                "nullable": same.nullable if same else column not in ADDED,
                "may_be_missing": False,
                "description": same.description if same else ADDED.get(column, ""),
                "checks": [],
            }
        )
    return columns


def _source_columns(name: str) -> dict[str, Column]:
    known = contracts()
    needed = [known[table] for table in _required(name) if table in known]
    return {c.name: c for contract in needed for c in contract.columns}


def _required(name: str) -> list[str]:
    """What a staging table needs but optional sources, which add to its rows at most."""
    return [table for table in graph.needs(name) if table not in optional_sources()]
