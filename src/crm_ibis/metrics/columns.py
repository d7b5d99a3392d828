"""The columns of any table, by its contract or by its function."""

from datetime import datetime

import ibis

from crm_ibis.config.params import load_params
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.metrics import graph

ANY_INSTANT = datetime(2024, 1, 1)


def columns_of(name: str) -> ibis.Schema:
    """The columns that a source or a history has, or a function computes; asks no database."""
    if contract := contracts().get(name):
        return contract.schema_of(c.name for c in contract.values)
    if history := histories().get(name):
        return history.schema
    sources = graph.unbound_sources("raw")
    return graph.build([name], sources, load_params(), ANY_INSTANT)[name].schema()
