"""Commands for production: status, watch, deployments, alerts, retired tables."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from crm_ibis.cli.base import (
    Commands,
    check_project,
    chosen_params,
    cli,
    json_option,
    open_database,
    progress,
    report_left_out_tables,
    report_problems,
)
from crm_ibis.config.settings import Settings
from crm_ibis.errors import DataError, UsageError

if TYPE_CHECKING:
    from crm_ibis.config.reporting import Basis
    from crm_ibis.operations.status import Status


@cli.command()
@click.option("--sources", "of_sources", is_flag=True, help="Show the sources only.")
@json_option
@click.pass_obj
def status(settings: Settings, of_sources: bool, as_json: bool) -> None:
    """Show how old each KPI is, which are late, and what failed.

    Exit 1 while any is late or failing, or a source is older than the max_age that sources.yml
    gives it. Also lists failures that would reach nobody, and how old the newest row of each source
    is, as of the run that last read it. --json lists the tables; with --sources, the sources.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.operations.source_ages import source_ages
    from crm_ibis.operations.status import statuses
    from crm_ibis.runlog import summaries
    from crm_ibis.runlog.clock import now

    report_problems()
    with open_database(settings, read_only=True) as warehouse:
        seen = summaries.source_ages(warehouse)
        ages = {age.source: age for age in source_ages(warehouse, now(), progress)}
        found = [] if of_sources else statuses(warehouse)
    if not of_sources:
        _warn_of_gaps()
    if as_json and of_sources:
        old = {name: age.too_old for name, age in ages.items()}
        terminal.print_json([{**asdict(each), "too_old": old.get(each.source)} for each in seen])
    elif as_json:
        terminal.print_json(found)
    else:
        if not of_sources:
            terminal.print_status(found, _said(settings))
        terminal.print_source_ages(seen, ages, now())
    _exit_unless_healthy(found)
    if any(age.is_wrong for age in ages.values()):
        sys.exit(1)


@cli.command()
@json_option
@click.pass_obj
def watch(settings: Settings, as_json: bool) -> None:
    """Notify the alert channels of late and failed tables, and of sources that are too old.

    Notifies once per incident, and once more when it is over. Exit 1 while any table is late or
    failing. A watch that fails notifies the default route.
    """
    report_left_out_tables()
    from crm_ibis.cli import terminal
    from crm_ibis.operations.watchdog import watch as look
    from crm_ibis.operations.watchdog import watch_or_alert

    found = watch_or_alert(settings, lambda: look(settings, progress), progress)
    if as_json:
        terminal.print_json(found)
    else:
        terminal.print_status(found, _said(settings))
    _exit_unless_healthy(found)


def _said(settings: Settings) -> "Basis | None":
    """What the parameters say that numbers are of; null where they cannot be read."""
    try:
        return chosen_params(settings).reporting.basis
    except UsageError:  # which the command has said already
        return None


def _exit_unless_healthy(found: "Sequence[Status]") -> None:
    if not all(state.is_healthy for state in found):
        sys.exit(1)


def _warn_of_gaps(in_environment: bool = True) -> None:
    """Says which failures would reach nobody."""
    from crm_ibis.operations.routes import gaps

    for gap in gaps(os.environ if in_environment else None):
        click.secho(f"alerts: {gap}", err=True, fg="yellow")


@cli.command()
@click.argument("table")
@click.option("--with-history", is_flag=True, help="Drop a history too, and its archive.")
@json_option
@click.pass_obj
def retire(settings: Settings, table: str, with_history: bool, as_json: bool) -> None:
    """Drop a published TABLE that the project no longer has, or a fact that no job publishes.

    status, watch and site no longer show it. A table that a view depends on stays. A history is
    dropped only --with-history: it cannot be computed again.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.publishing.retire import retire as run_retire

    with open_database(settings, must_exist=True) as warehouse:
        done = run_retire(warehouse, table, with_history, report=progress)
    if as_json:
        terminal.print_json(done)
    else:
        click.echo(f"retired {table}; status, watch and site no longer show it")


@cli.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the file is out of step.")
def deployments(check: bool) -> None:
    """Write prefect.yaml: a Prefect deployment for each job.

    From jobs.yml. --check writes nothing, and also lists tables whose failures would reach nobody.
    """
    from crm_ibis.config.files import file_of
    from crm_ibis.operations import deployments as making

    check_project(takes_tables=False, with_exposures=True)
    if not check:
        idle = making.losing_schedule()
        written = making.write()
        click.echo(f"wrote {written}; `prefect --no-prompt deploy --all` sends it to the server")
        for name in idle:
            click.echo(
                f"{name} has no schedule any more, and the server keeps the one that it has until "
                f"you run: prefect deployment schedule clear {name}"
            )
    elif making.is_current():
        click.echo(f"{making.FILE} says what {file_of('jobs.yml')} says")
    else:
        raise DataError(
            f"{making.FILE} is out of step with {file_of('jobs.yml')}; run crm-ibis deployments"
        )
    _warn_of_gaps(in_environment=False)


@cli.group(cls=Commands)
def alerts() -> None:
    """The channels that failures, breaches and lateness go to."""


@alerts.command()
@json_option
def test(as_json: bool) -> None:
    """Send a test message to each channel whose URL is set.

    Exit 1 when one fails or does not answer. Also names the channels without a URL, and the tables
    whose failures would reach nobody.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.operations.delivery import send_to
    from crm_ibis.operations.routes import all_channels, variable_of

    title = "crm_ibis: test message"
    body = "This channel works. Nothing has happened."
    found: list[dict[str, Any]] = []
    for channel in all_channels():
        variable = variable_of(channel)
        outcome = None
        if os.environ.get(variable):
            outcome = send_to(channel, title, body, report=progress, must_answer=True)
        found.append({"channel": channel, "variable": variable, "sent": outcome})
    _warn_of_gaps(in_environment=False)
    if as_json:
        terminal.print_json(found)
    else:
        terminal.print_channels(found)
    if any(channel["sent"] is False for channel in found):
        sys.exit(1)
