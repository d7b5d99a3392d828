"""What all commands share: the group, its options, the database and the parameters."""

import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from crm_ibis.config.settings import Settings, load_settings
from crm_ibis.errors import near_match

if TYPE_CHECKING:  # what a command needs is imported when it runs: --help must be quick
    from crm_ibis.config.params import Params
    from crm_ibis.contracts.own_modules import Problem
    from crm_ibis.events import ProgressEvent
    from crm_ibis.warehouse import Warehouse


class Commands(click.Group):
    """A group that knows near matches of its commands."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            known = self.list_commands(ctx)
            raise click.UsageError(f'no such command "{args[0]}"{near_match(args[0], known)}')
        return super().resolve_command(ctx, args)


class Instant(click.ParamType[datetime]):
    """An instant, UTC unless it carries a zone of its own; or a day, which begins in the reporting
    zone."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: Any) -> datetime:
        try:
            moment = _day_begin(value, ctx) or datetime.fromisoformat(value)
            moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a date; give 2024-03-01 or 2024-03-01T06:00", param, ctx)
        if moment > datetime.now(UTC).replace(tzinfo=None):
            self.fail(f"{value} (UTC) is in the future; leave it out for now", param, ctx)
        return moment


def _day_begin(value: str, ctx: click.Context | None) -> datetime | None:
    """When a day begins in the reporting zone (UTC); null for what is no day alone."""
    from crm_ibis.config.time_zones import day_begin

    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    settings = ctx and ctx.find_object(Settings)
    if not settings:
        return None
    return day_begin(chosen_params(settings).reporting.time_zone, day)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crm-ibis", prog_name="crm-ibis")
@click.option(
    "--database",
    metavar="URL",
    help="duckdb://FILE or postgres://...; else from "
    "CRM_IBIS_DATABASE_URL, else crm.duckdb in the project folder or the current one.",
)
@click.option(
    "--params", metavar="FILE", help="Business assumptions (YAML) that override the shipped ones."
)
@click.pass_context
def cli(ctx: click.Context, database: str | None, params: str | None) -> None:
    """CRM metrics, checked and published in one transaction, on DuckDB or PostgreSQL."""
    settings = load_settings(database, params)
    ctx.obj = replace(settings, application=f"crm_ibis {ctx.invoked_subcommand}")
    if ctx.invoked_subcommand != "init":
        _hint_at_project_above()


def _hint_at_project_above() -> None:
    from crm_ibis.config.project import folder_above

    if folder := folder_above():
        progress(
            f"{folder} is a project folder, but is not in use from here: run crm-ibis there, or "
            f"export CRM_IBIS_HOME={folder}"
        )


as_of_option = click.option(
    "--as-of",
    type=Instant(),
    help="Compute the state at this UTC instant, or where this day of the reporting zone begins "
    "(default: now).",
)
mass_close_option = click.option(
    "--allow-mass-close", is_flag=True, help="Let most of the current rows end at once."
)
limit_option = click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="Maximum number of rows.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def open_database(
    settings: Settings, read_only: bool = False, staging: bool = False, must_exist: bool = False
) -> "Warehouse":
    """Opens the database; with `must_exist`, a command that needs tables makes no DuckDB file."""
    from crm_ibis.warehouse import open_warehouse

    if must_exist and settings.database_url.startswith("duckdb"):
        from crm_ibis.warehouse.duckdb import refuse_missing_file

        refuse_missing_file(settings)
    return open_warehouse(settings, read_only, staging)


def chosen_params(settings: Settings) -> "Params":
    from crm_ibis.config.params import load_params

    return load_params(settings.params_file)


def exit_if(refused: Sequence[Any]) -> None:
    """Says what was refused, and ends with a failure if anything was."""
    for merge in refused:
        click.secho("Error: ", fg="red", err=True, nl=False)
        click.echo(merge.refused, err=True)
    if refused:
        sys.exit(1)


def report_problems(computed: Collection[str] = ()) -> None:
    """Warns of what is wrong with the project's own files; the command goes on with the rest.

    But not why the first table cannot be computed that the command is to compute: it will raise
    that.
    """
    from crm_ibis.config.tolerance import tolerating
    from crm_ibis.metrics.own import broken_tables
    from crm_ibis.metrics.problems import project_problems

    click.get_current_context().with_resource(tolerating())
    broken = broken_tables()
    raised = next((broken[name] for name in computed if name in broken), None)
    _warn_of(problem for problem in project_problems() if problem != raised)


def report_left_out_tables() -> None:
    """Warns of the project's tables that are left out; another mistake ends the command."""
    from crm_ibis.metrics.problems import project_problems

    _warn_of(problem for problem in project_problems() if problem.about == "tables")


def _warn_of(problems: "Iterable[Problem]") -> None:
    for problem in problems:
        click.secho("Warning: ", fg="yellow", err=True, nl=False)
        click.echo(str(problem), err=True)


def without_contract(names: Collection[str]) -> list[str]:
    """Those of the named tables whose contract cannot be read, which ends what needs it."""
    from crm_ibis.contracts.models import own_tables

    broken = own_tables().broken
    return [name for name in names if name in broken]


def check_project(
    names: Sequence[str] = (), takes_tables: bool = True, with_exposures: bool = False
) -> None:
    """Warns of the project's problems; raises UsageError where no tables are named."""
    from crm_ibis.metrics.problems import project_problems, refuse_problems

    if names:
        report_problems(computed=without_contract(names))
    else:
        refuse_problems(takes_tables, with_exposures)
        _warn_of(project_problems())


def progress(event: "ProgressEvent | str") -> None:
    """Prints an event, or another line that is no result."""
    click.secho(str(event), err=True, dim=sys.stderr.isatty())
