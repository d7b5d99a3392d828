"""Tables that the package renamed: their old names stand for the new ones."""

from typing import Annotated

from pydantic import AfterValidator

from crm_ibis.config import project
from crm_ibis.config.files import read


def new_name(table: str) -> str:
    """The name of a table, also where it is called by a name that it no longer has."""
    return renamed_tables().get(table, table)


TableName = Annotated[str, AfterValidator(new_name)]


def renamed_tables() -> dict[str, str]:
    """The new name of each table that the package renamed, by its old one."""
    path = project.shipped_home() / project.RENAMED
    return read(path, dict[str, str]) if path.exists() else {}
