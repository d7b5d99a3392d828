"""Histories that tests begin with."""

import pytest
from histories import History

from crm_ibis.warehouse import Warehouse


@pytest.fixture
def hiring(warehouse: Warehouse) -> History:
    """The history of pipeline_kpis, empty: per facility and month."""
    return History(warehouse, "pipeline_kpi_snapshot", "pipeline_kpis")


@pytest.fixture
def funnel(warehouse: Warehouse) -> History:
    """The history of conversion_funnel, empty: per facility, rep, month and stage."""
    return History(warehouse, "conversion_funnel_snapshot", "conversion_funnel")
