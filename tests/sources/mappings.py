"""Landed tables in a database, and a sources.yml over them."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import ibis

from crm_ibis.config.params import load_params
from crm_ibis.contracts.models import contracts
from crm_ibis.publishing import source_fit
from crm_ibis.sources import check, resolve
from crm_ibis.sources.functions import Materialized
from crm_ibis.testing import drawn, value
from crm_ibis.warehouse import Warehouse


def land(warehouse: Warehouse, place: str, types: dict[str, str], text: str) -> None:
    """Makes the table `schema.name` with these rows; columns that are not drawn are null."""
    schema_name, name = place.split(".")
    schema = ibis.schema(types)
    warehouse.ensure_schema(schema_name)
    warehouse.create_table(schema_name, name, schema)
    slots = ", ".join("?" for _ in schema)
    for row in drawn(text):
        values = [value(row.get(c), dtype) for c, dtype in schema.items()]
        warehouse.run(f"INSERT INTO {warehouse.quote(schema_name, name)} VALUES ({slots})", values)


class SourcesFile:
    """A sources.yml of a test's own."""

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        self.path = folder / "sources.yml"
        monkeypatch.setenv("CRM_IBIS_SOURCES", str(self.path))
        self.folder = folder
        self.written = 0

    def write(self, yaml: str) -> None:
        self.path.write_text(dedent(yaml), encoding="utf-8")

    def beside(self, name: str, text: str) -> None:
        """Another file in the same folder."""
        (self.folder / name).write_text(dedent(text), encoding="utf-8")


def rows_of(warehouse: Warehouse, source: str) -> list[dict[str, Any]]:
    """The rows of a source as a refresh reads them, ordered by id."""
    given = resolve.source_tables(warehouse, [source])
    rows = warehouse.rows(check.cast_sources(given)[source])
    assert list(rows[0] if rows else contracts()[source].schema) == list(contracts()[source].schema)
    return sorted(rows, key=lambda row: row["id"])


def fit_of(warehouse: Warehouse, source: str = "tickets") -> source_fit.Fit:
    """The fit of a source, as `preflight.fit` has it; of the others only its parents are read."""
    names = check.sources_with_parents([source])
    with (
        warehouse.looking(lambda: resolve.places(warehouse, names)),
        Materialized(warehouse) as written,
    ):
        params = load_params()
        found = source_fit.fits_of(warehouse, warehouse, names, written, params, lambda line: None)
        return found[source]
