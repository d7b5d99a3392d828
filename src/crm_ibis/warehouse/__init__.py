"""The only package that opens connections: all that differs between databases is in here."""

from crm_ibis.config.settings import Settings, shown_url
from crm_ibis.errors import UsageError
from crm_ibis.warehouse.base import Warehouse
from crm_ibis.warehouse.places import Place, places
from crm_ibis.warehouse.sql import Query, Staging

__all__ = ["Place", "Query", "Staging", "Warehouse", "open_warehouse", "places"]


def open_warehouse(settings: Settings, read_only: bool = False, staging: bool = False) -> Warehouse:
    """A connection to the database of the settings; use it as a context manager.

    A read-only one leaves a DuckDB file to other readers; with `staging` it may still write
    temporary tables.

    Raises DatabaseError when the database cannot be reached, UsageError for an unknown kind of URL.
    """
    scheme, _, rest = settings.database_url.partition(":")
    if scheme == "duckdb":
        from crm_ibis.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(settings, read_only)
    if scheme in ("postgres", "postgresql") and rest.startswith("//"):
        from crm_ibis.warehouse.postgres import PostgresWarehouse

        return PostgresWarehouse(settings, read_only and not staging)
    raise UsageError(
        f"cannot use the database {shown_url(settings.database_url)}: the URL must start with "
        "duckdb:// or postgres://, such as duckdb://crm.duckdb or postgres://user@host/database"
    )
