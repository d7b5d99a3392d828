"""The command that shows and grants what reader roles may read."""

import sys
from typing import TYPE_CHECKING

import click

from crm_ibis.cli.base import (
    cli,
    json_option,
    open_database,
)
from crm_ibis.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_ibis.publishing.grants import Access


@cli.command()
@click.option("--apply", "to_apply", is_flag=True, help="Grant what is missing.")
@json_option
@click.pass_obj
def grants(settings: Settings, to_apply: bool, as_json: bool) -> None:
    """Show which reader roles may read what.

    The roles are those of CRM_IBIS_READER_ROLES. Exit 1 when one lacks a right.
    Every run that publishes or records grants what is missing, too.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.publishing.grants import accesses, grant

    with open_database(settings, read_only=not to_apply, must_exist=True) as warehouse:
        found = accesses(warehouse)
        if to_apply:
            with warehouse.transaction():
                grant(warehouse, found)
            found = accesses(warehouse)
        dialect = warehouse.dialect
    if as_json:
        terminal.print_json(found)
    elif dialect == "duckdb":
        click.echo("DuckDB has no roles: a user who may read the file reads all of it")
    elif not settings.reader_roles:
        click.echo("CRM_IBIS_READER_ROLES names no role, so there is nothing to grant")
    else:
        _show_grants(found)
    if not all(access.reads for access in found):
        sys.exit(1)


def _show_grants(found: "Sequence[Access]") -> None:
    for table in dict.fromkeys(access.table for access in found):
        reads = [a.role for a in found if a.table == table and a.reads]
        lacks = [a.role for a in found if a.table == table and not a.reads]
        words = f"{table}: {', '.join(reads) or 'nobody'}"
        click.echo(f"{words}; not yet {', '.join(lacks)}" if lacks else words)
    if owned := dict.fromkeys(a.table for a in found if not a.reads and not a.grantable):
        click.echo(f"only their owner can grant the right to read {', '.join(owned)}")
    elif not all(access.reads for access in found):
        click.echo("crm-ibis grants --apply grants what is missing")
