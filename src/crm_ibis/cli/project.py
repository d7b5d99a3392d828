"""Commands about the project folder: make one, bring one up to date, show what holds in it."""

import os
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crm_ibis.cli.base import cli

if TYPE_CHECKING:
    from crm_ibis.config.upgrade import Upgrade


@cli.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--upgrade",
    "to_upgrade",
    is_flag=True,
    help="Turn a folder made by version 0.1.0 into one that holds only what is your own.",
)
@click.pass_context
def init(ctx: click.Context, folder: Path | None, to_upgrade: bool) -> None:
    """Make a project folder of your own.

    It holds only what is your own; what it does not mention is as the package ships it. --upgrade
    takes FOLDER, CRM_IBIS_HOME or the current folder, and leaves a backup beside it.
    """
    if to_upgrade:
        _upgrade(folder or Path(os.environ.get("CRM_IBIS_HOME") or "."))
    elif folder is None:
        raise click.UsageError("Missing argument 'FOLDER'.", ctx)
    else:
        _make(folder)


def _make(folder: Path) -> None:
    from crm_ibis.config import new_project, project
    from crm_ibis.operations import deployments

    new_project.make(folder)
    with project.using(folder):
        deployments.write(folder)
    click.echo(f"made {folder}; read {folder / 'README.md'}, then:")
    click.echo(f"  export CRM_IBIS_HOME={folder.resolve()}")
    click.echo("  crm-ibis demo            # everything on sample data")
    click.echo("  crm-ibis config          # what holds, and where it comes from")
    click.echo("  crm-ibis sources         # how well do your sources fit?")


def _upgrade(folder: Path) -> None:
    from crm_ibis.config.upgrade import upgrade
    from crm_ibis.operations import deployments

    done = upgrade(folder, lambda: deployments.write(folder))
    if done is None:
        click.echo(f"{folder} holds only what is your own already; nothing to do")
        return
    click.echo(f"{folder} holds only what is your own now:")
    for line in _lines(done):
        click.echo(f"  {line}")
    click.echo(f"as it was: {done.backup}")


def _lines(done: "Upgrade") -> list[str]:
    """A line for each file; files of a folder that all had the same done to them share one."""
    lines = []
    by_part = groupby(done.notes.items(), lambda note: (note[0].rpartition("/")[0], note[1]))
    for (part, what), group in by_part:
        names = [name for name, _ in group]
        shown = names[0] if len(names) == 1 else f"{part}/ ({len(names)} files)"
        lines.append(f"{shown}: {what}")
    return lines
