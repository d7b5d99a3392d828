"""The columns of all sources, shipped and own, without Pandera where no module asks for it."""

import ibis

from crm_ibis.config import project
from crm_ibis.contracts.types import declared_optional, declared_tables


def source_schemas() -> dict[str, ibis.Schema]:
    """Columns and types of each source.

    Those of a team's own sources and of extended ones are known once its modules are executed,
    which loads Pandera.
    """
    if project.own_modules():
        from crm_ibis.contracts.models import contracts

        return {c.name: c.schema for c in contracts().values() if c.kind == "source"}
    shipped = declared_tables(project.shipped_home() / "schemas" / "sources.py")
    if project.copied_home() is None:
        return shipped
    copied = declared_tables(project.path("schemas", "sources.py"))
    return {
        name: ibis.schema({**copied.get(name, {}), **_further(name, shipped, copied)})
        for name in {**copied, **shipped}
    }


def optional_sources() -> set[str]:
    """The sources that a database need not have."""
    if project.own_modules():
        from crm_ibis.contracts.models import contracts

        return {c.name for c in contracts().values() if c.is_optional}
    return declared_optional(project.shipped_home() / "schemas" / "sources.py")


def _further(
    name: str, shipped: dict[str, ibis.Schema], copied: dict[str, ibis.Schema]
) -> dict[str, ibis.DataType]:
    """The columns that only the shipped source has."""
    known = copied.get(name, {})
    return {c: t for c, t in shipped.get(name, {}).items() if c not in known}
