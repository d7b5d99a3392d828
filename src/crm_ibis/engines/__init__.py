"""Where tables are computed: in the warehouse that they are published in, or on Spark."""

from collections.abc import Iterator
from contextlib import contextmanager

from crm_ibis.engines.base import Engine
from crm_ibis.warehouse import Warehouse

__all__ = ["Engine", "computing"]


@contextmanager
def computing(warehouse: Warehouse) -> Iterator[Engine]:
    """The engine of the settings, for one run.

    The warehouse itself unless CRM_IBIS_ENGINE_URL names another. Raises UsageError for a URL that
    names none, and for a Spark that cannot be used, TransientError for one that is not reached.
    """
    if not warehouse.settings.engine_url:
        yield warehouse
        return
    from crm_ibis.engines.spark import SparkEngine  # loads pyspark

    with SparkEngine(warehouse.settings) as engine:
        yield engine
