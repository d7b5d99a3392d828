"""Commands about the project folder: make one, bring one up to date, show what holds in it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crm_ibis.cli.base import cli, json_option
from crm_ibis.config.settings import Settings
from crm_ibis.errors import UsageError, near_match

if TYPE_CHECKING:
    from crm_ibis.config.effective import Section
    from crm_ibis.config.upgrade import Upgrade

SECTIONS = ("settings", "params", "jobs", "exposures", "snapshots", "sources")


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
    """A line for each file; files of a folder that had the same done to them share one."""
    together: dict[tuple[str, str], list[str]] = {}
    for file, what in done.notes.items():
        together.setdefault((file.rpartition("/")[0], what), []).append(file)
    lines = []
    for (part, what), files in together.items():
        shown = files[0] if len(files) == 1 else f"{part}/ ({len(files)} files)"
        lines.append(f"{shown}: {what}")
    return lines


@cli.command()
@click.argument("section", required=False)
@click.option("--own", "only_own", is_flag=True, help="Show only what is not as shipped.")
@json_option
@click.pass_context
def config(ctx: click.Context, section: str | None, only_own: bool, as_json: bool) -> None:
    """Show what holds, and where each value comes from.

    SECTION is one of settings, params, jobs, exposures, snapshots, sources. What is not as shipped
    has a comment: the file and line, the variable or the option. Passwords are not shown. What is
    not valid is named beside what is; then it ends with exit code 2.
    """
    from crm_ibis.cli import configuration, terminal

    if section not in (None, *SECTIONS):
        raise UsageError(
            f'there is no section "{section}"{near_match(str(section), SECTIONS)}; there are '
            f"{', '.join(SECTIONS)}"
        )
    names = [section] if section else SECTIONS
    sections = {name: _section(ctx, name) for name in names}
    if as_json:
        terminal.print_json(configuration.to_json(sections, only_own))
    else:
        click.echo(configuration.render(sections, only_own))
    problems = [problem for shown in sections.values() for problem in shown.problems]
    if problems:
        raise UsageError("\n".join(problems))


def _section(ctx: click.Context, name: str) -> "Section":
    from crm_ibis.config import effective, project
    from crm_ibis.contracts.types import declared_tables
    from crm_ibis.sources import spec

    settings: Settings = ctx.obj
    if name == "settings":
        options = ctx.parent.params if ctx.parent else {}
        named = {"database_url": ("database", "--database"), "params_file": ("params", "--params")}
        given = {key: option for key, (param, option) in named.items() if options.get(param)}
        return effective.settings_section(settings, given, str(spec.spec_path()))
    if name == "params":
        return effective.params_section(settings)
    if name != "sources":
        return effective.declared_section(name)
    problems = []
    try:
        spec.load_spec()
    except UsageError as error:
        problems.append(str(error))
    known = declared_tables(project.path("schemas", "sources.py"))
    tables = {source: {"table": f"{settings.raw_schema}.{source}"} for source in known}
    return effective.sources_section(spec.spec_path(), tables, problems)
