"""Commands for whoever runs this in production: status, alerts, a project folder."""

import sys
from pathlib import Path

import click

from crm_ibis.cli.base import Commands, cli, json_option, open_database, progress
from crm_ibis.settings import Settings


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a project folder of your own: contracts, jobs, seeds, settings."""
    from crm_ibis import content

    content.copy_to(folder)
    click.echo(f"made {folder}; read {folder / 'README.md'}, then:")
    click.echo(f"  export CRM_IBIS_HOME={folder.resolve()}")
    click.echo("  crm-ibis demo")


@cli.command()
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show how old each KPI is, whether it is late, and what failed; exit 1 for either."""
    from crm_ibis import terminal
    from crm_ibis.status import statuses

    with open_database(settings, read_only=True) as warehouse:
        found = statuses(warehouse)
    terminal.print_json(found) if as_json else terminal.status(found)
    if not all(state.in_order for state in found):
        sys.exit(1)


@cli.group(cls=Commands)
def alerts() -> None:
    """Channels that hear of failures, breaches and lateness."""


@alerts.command()
@json_option
def test(as_json: bool) -> None:
    """Send a test message to each channel whose URL is set; exit 1 when one fails."""
    from crm_ibis import terminal
    from crm_ibis.alerts import all_channels, send_to, variable_of

    title, body = "crm_ibis: test message", "This channel works. Nothing has happened."
    sent = {channel: send_to(channel, title, body, progress) for channel in all_channels()}
    found = [
        {"channel": channel, "variable": variable_of(channel), "sent": outcome}
        for channel, outcome in sent.items()
    ]
    terminal.print_json(found) if as_json else terminal.channels(found)
    if False in sent.values():
        sys.exit(1)
