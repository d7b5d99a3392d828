"""A sources.yml of the test's own, and a schema for landed tables that is dropped after it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mappings import SourcesFile

from crm_ibis.warehouse import Warehouse


@pytest.fixture
def sources_file(tmp_path: Path, monkeypatch: Any) -> SourcesFile:
    return SourcesFile(tmp_path, monkeypatch)


@pytest.fixture
def landed(warehouse: Warehouse) -> Iterator[str]:
    """The name of an empty schema."""
    schema = f"landed_{uuid.uuid4().hex[:8]}"
    warehouse.ensure_schema(schema)
    yield schema
    warehouse.run(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
