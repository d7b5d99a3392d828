"""What the tests of refreshing share."""

import pytest

from crm_ibis.sources.seeds import load_seeds
from crm_ibis.warehouse import Warehouse


@pytest.fixture
def seeded(warehouse: Warehouse) -> Warehouse:
    """A database with the seeds in it and nothing published, once for each kind."""
    load_seeds(warehouse)
    return warehouse
