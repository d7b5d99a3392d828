"""Which roles of CRM_IBIS_READER_ROLES may read what is published, and giving them that right.

Rights are only given, never taken: who gave a role what it has is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crm_ibis.publishing.comments import commented_tables
from crm_ibis.warehouse import Warehouse


@dataclass(frozen=True)
class Access:
    """Whether a role may read a table, and whether the user may give it that right."""

    table: str
    role: str
    reads: bool
    grantable: bool


def accesses(warehouse: Warehouse) -> list[Access]:
    """Every published table, snapshot and archive with every reader role; none on DuckDB."""
    warehouse.check_roles()
    tables = commented_tables(warehouse)
    return [Access(*found) for found in warehouse.readers() if found[0] in tables]


def grant(warehouse: Warehouse, found: Sequence[Access]) -> list[Access]:
    """Gives roles the rights that they lack; those that the user cannot give. Call in a
    transaction."""
    lacking = [access for access in found if not access.reads]
    for table in dict.fromkeys(access.table for access in lacking if access.grantable):
        warehouse.grant_read(table)
    return [access for access in lacking if not access.grantable]
