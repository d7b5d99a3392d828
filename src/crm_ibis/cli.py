"""The command line. Results go to stdout, progress and errors to stderr."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crm_ibis.errors import CrmIbisError, near_match
from crm_ibis.settings import Settings, load_settings, shown_url

if TYPE_CHECKING:  # what a command needs is imported when it runs: --help must be quick
    from crm_ibis.params import Params
    from crm_ibis.refresh import RefreshResult
    from crm_ibis.warehouse import Warehouse

DEMO_AS_OF = datetime(2024, 3, 1)
DEMO_URL = "duckdb://crm-demo.duckdb"


class Commands(click.Group):
    """A group that knows near matches of its commands."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            known = self.list_commands(ctx)
            raise click.UsageError(f'no such command "{args[0]}"{near_match(args[0], known)}')
        return super().resolve_command(ctx, args)


class Instant(click.ParamType):
    """A date or an instant; UTC unless it carries a zone of its own."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a date; give 2024-03-01 or 2024-03-01T06:00", param, ctx)
        if moment > datetime.now(UTC).replace(tzinfo=None):
            self.fail(f"{value} (UTC) is in the future; leave it out for now", param, ctx)
        return moment


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crm-ibis", prog_name="crm-ibis")
@click.option(
    "--database",
    metavar="URL",
    help="duckdb://FILE or postgres://...; else from "
    "CRM_IBIS_DATABASE_URL, else duckdb://crm.duckdb.",
)
@click.option(
    "--params", metavar="FILE", help="Business assumptions (YAML) that override the shipped ones."
)
@click.pass_context
def cli(ctx: click.Context, database: str | None, params: str | None) -> None:
    """CRM metrics, checked and published in one transaction, on DuckDB or PostgreSQL."""
    ctx.obj = load_settings(database, params)


as_of_option = click.option(
    "--as-of", type=Instant(), help="Compute the state at this UTC instant (default: now)."
)
mass_close_option = click.option(
    "--allow-mass-close", is_flag=True, help="Let most of the current rows end at once."
)
limit_option = click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(min=1), help="Rows at most."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@cli.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Load the seeds, refresh and record everything as of 2024-03-01, show the scorecard."""
    import os

    from crm_ibis import terminal
    from crm_ibis.refresh import refresh
    from crm_ibis.seeds import load_seeds

    chosen = click.get_current_context().parent
    named = (chosen and chosen.params["database"]) or os.environ.get("CRM_IBIS_DATABASE_URL")
    if not named:
        settings = replace(settings, database_url=DEMO_URL)
    with _open(settings) as warehouse:
        load_seeds(warehouse, report=_progress)
        result = refresh(
            warehouse,
            as_of=DEMO_AS_OF,
            params=_params(settings),
            force=not named,
            snapshot=True,
            report=_progress,
        )
        scorecard = warehouse.rows(
            warehouse.table(warehouse.analytics, "monthly_scorecard").order_by("month")
        )
    terminal.refreshed(result)
    terminal.scorecard(scorecard)
    program = "crm-ibis" if shutil.which("crm-ibis") else sys.argv[0]
    terminal.whereabouts(settings, program, "" if named else f"--database {DEMO_URL} ")
    _exit_if(result.refused)


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
@click.option("--force", is_flag=True, help="Overwrite raw tables that seed did not load.")
@click.pass_obj
def seed(settings: Settings, force: bool) -> None:
    """Load the sample data into the raw schema."""
    from crm_ibis.seeds import load_seeds

    with _open(settings) as warehouse:
        loaded = load_seeds(warehouse, force, report=_progress)
    click.echo(
        f"{len(loaded)} tables, {sum(loaded.values())} rows in schema {settings.raw_schema} "
        f"of {shown_url(settings.database_url)}"
    )


@cli.command()
@click.argument("kpis", nargs=-1)
@as_of_option
@click.option("--tag", help="All KPIs of a criticality: critical, high, medium.")
@click.option("--dry-run", is_flag=True, help="Stop before publishing; show what would change.")
@click.option("--force", is_flag=True, help="Publish even an instant before the published one.")
@click.option("--snapshot", is_flag=True, help="Merge what is published into its snapshots.")
@json_option
@click.pass_obj
def refresh(
    settings: Settings,
    kpis: tuple[str, ...],
    as_of: datetime | None,
    tag: str | None,
    dry_run: bool,
    force: bool,
    snapshot: bool,
    as_json: bool,
) -> None:
    """Compute, check and publish KPIs: all of them, or those named."""
    from crm_ibis import catalog, graph, terminal
    from crm_ibis.refresh import ChecksFailed
    from crm_ibis.refresh import refresh as run_refresh

    if dry_run and snapshot:
        raise click.UsageError("--dry-run merges no snapshot; leave out one of the two")
    names = [graph.publishable(name) for name in kpis] + (catalog.tagged(tag) if tag else [])
    params = _params(settings)
    try:
        with _open(settings, read_only=dry_run, staging=True) as warehouse:
            result: RefreshResult = run_refresh(
                warehouse,
                names,
                as_of=as_of,
                params=params,
                dry_run=dry_run,
                force=force,
                snapshot=snapshot,
                report=_progress,
            )
    except ChecksFailed as error:
        if as_json:
            terminal.print_json({"error": str(error), "violations": error.violations})
        raise
    if as_json:
        terminal.print_json(result)
    else:
        terminal.refreshed(result)
        if dry_run:
            terminal.previewed(result)
    _exit_if(result.refused)


@cli.command()
@click.argument("names", nargs=-1)
@click.option(
    "--as-of",
    type=Instant(),
    help="The UTC instant of the merge (default: now); not before that of the publication.",
)
@mass_close_option
@click.option("--allow-earlier", is_flag=True, help="Accept rows whose updated_at went back.")
@json_option
@click.pass_obj
def snapshot(
    settings: Settings,
    names: tuple[str, ...],
    as_of: datetime | None,
    allow_mass_close: bool,
    allow_earlier: bool,
    as_json: bool,
) -> None:
    """Merge published KPIs into their histories: all snapshots, or those named."""
    from crm_ibis import terminal
    from crm_ibis.recording import chosen, record

    chosen(names)
    with _open(settings) as warehouse:
        recording = record(
            warehouse,
            names,
            as_of=as_of,
            allow_mass_close=allow_mass_close,
            allow_earlier=allow_earlier,
            report=_progress,
        )
    terminal.print_json(recording) if as_json else terminal.recorded(recording.merged)
    _exit_if(recording.refused)


@cli.command()
@click.argument("dates", nargs=-1, type=Instant())
@click.option("--from", "first", type=Instant(), help="The first of a range of instants.")
@click.option("--to", "last", type=Instant(), help="The last of the range at most.")
@click.option("--every", type=click.Choice(["day", "week", "month"]), help="Steps of the range.")
@click.option("--snapshot", "names", multiple=True, help="Only this snapshot; may be repeated.")
@mass_close_option
@json_option
@click.pass_obj
def backfill(
    settings: Settings,
    dates: tuple[datetime, ...],
    first: datetime | None,
    last: datetime | None,
    every: str | None,
    names: tuple[str, ...],
    allow_mass_close: bool,
    as_json: bool,
) -> None:
    """Compute KPIs as of past dates and record them; publish nothing.

    For DATES, or --from, --to and --every.
    """
    from crm_ibis import terminal
    from crm_ibis.recording import backfill as run_backfill
    from crm_ibis.recording import chosen, instants_between

    instants = list(dates)
    if first and last and first > last:
        raise click.UsageError("--from is after --to")
    if first and last and every:
        instants += instants_between(first, last, every)
    elif first or last or every:
        raise click.UsageError("a range takes all of --from, --to and --every")
    if not instants:
        raise click.UsageError(
            "give dates, or a range: --from 2024-01-01 --to 2024-03-01 --every month"
        )
    chosen(names)
    with _open(settings) as warehouse:
        recordings = run_backfill(
            warehouse,
            instants,
            names,
            params=_params(settings),
            allow_mass_close=allow_mass_close,
            report=_progress,
        )
    if as_json:
        terminal.print_json(recordings)
    else:
        terminal.recorded([merge for recording in recordings for merge in recording.merged])
    _exit_if(recordings[-1].refused)


@cli.command()
@click.argument("name")
@click.option("--as-of", type=Instant(), help="As it stood at this UTC instant (default: now).")
@click.option("--key", metavar="COLUMN=VALUE,...", help="All versions of the rows with this key.")
@limit_option
@json_option
@click.pass_obj
def history(
    settings: Settings,
    name: str,
    as_of: datetime | None,
    key: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show a KPI as it stood, or all versions of a row."""
    from crm_ibis import history as reading
    from crm_ibis import terminal
    from crm_ibis.runlog import now

    wanted = {} if key is None else reading.key_of(name, key)
    reading.snapshot_named(name)
    with _open(settings, read_only=True) as warehouse:
        if as_of or not wanted:
            found = reading.as_it_stood(warehouse, name, as_of or now(), wanted)
        else:
            found = reading.versions(warehouse, name, wanted)
        rows = warehouse.rows(reading.in_order(found, name).limit(limit + 1))
    more, rows = len(rows) > limit, rows[:limit]
    terminal.print_json(rows) if as_json else terminal.shown(rows, more)


@cli.command()
@click.argument("tables", nargs=-1)
@json_option
@click.pass_obj
def check(settings: Settings, tables: tuple[str, ...], as_json: bool) -> None:
    """Check the contracts of sources and published tables; write nothing."""
    from crm_ibis import terminal
    from crm_ibis.checks import check as run_check

    with _open(settings, read_only=True) as warehouse:
        outcomes = run_check(warehouse, tables, report=_progress)
    terminal.print_json(outcomes) if as_json else terminal.checked(outcomes)
    if any(outcome.errors or outcome.problem for outcome in outcomes):
        sys.exit(1)


@cli.command(name="list")
@json_option
def list_kpis(as_json: bool) -> None:
    """List the KPIs with owner, criticality, SLA and what they need."""
    from crm_ibis import catalog, terminal

    found = list(catalog.entries().values())
    terminal.print_json(found) if as_json else terminal.listed(found)


@cli.command()
@click.argument("table")
@json_option
def describe(table: str, as_json: bool) -> None:
    """Describe a KPI, fact or source: meaning, grain, columns, checks."""
    from crm_ibis import docs, terminal

    description = docs.description(table)
    terminal.print_json(description) if as_json else terminal.described(description)


@cli.command()
@click.argument("kpi")
@click.option("--dialect", help="duckdb, postgres, snowflake, ...; default: the database's.")
@as_of_option
@click.pass_obj
def sql(settings: Settings, kpi: str, dialect: str | None, as_of: datetime | None) -> None:
    """Print a KPI's whole query, from the sources on."""
    from crm_ibis import graph

    spoken = "duckdb" if settings.database_url.startswith("duckdb") else "postgres"
    moment = as_of or datetime.now(UTC).replace(tzinfo=None)
    query = graph.compiled(
        graph.publishable(kpi), dialect or spoken, settings.raw_schema, _params(settings), moment
    )
    click.echo(query)


@cli.command()
@click.argument("table")
@click.option("--where", metavar="EXPR", help="An SQL condition, such as \"month = '2024-01-01'\".")
@limit_option
@json_option
@click.pass_obj
def show(settings: Settings, table: str, where: str | None, limit: int, as_json: bool) -> None:
    """Show rows of a published table or source."""
    from crm_ibis import terminal
    from crm_ibis.rows import rows_of

    with _open(settings, read_only=True) as warehouse:
        rows = rows_of(warehouse, table, where, limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    terminal.print_json(rows) if as_json else terminal.shown(rows, more)


@cli.command()
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show how old each KPI is, whether it is late, and what failed; exit 1 for either."""
    from crm_ibis import terminal
    from crm_ibis.status import statuses

    with _open(settings, read_only=True) as warehouse:
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
    sent = {channel: send_to(channel, title, body, _progress) for channel in all_channels()}
    found = [
        {"channel": channel, "variable": variable_of(channel), "sent": outcome}
        for channel, outcome in sent.items()
    ]
    terminal.print_json(found) if as_json else terminal.channels(found)
    if False in sent.values():
        sys.exit(1)


def _open(settings: Settings, read_only: bool = False, staging: bool = False) -> "Warehouse":
    from crm_ibis.warehouse import open_warehouse

    return open_warehouse(settings, read_only, staging)


def _params(settings: Settings) -> "Params":
    from crm_ibis.params import load_params

    return load_params(settings.params_file)


def _exit_if(refused: Sequence[Any]) -> None:
    """Says what was refused, and ends with a failure if anything was."""
    for merge in refused:
        click.secho("Error: ", fg="red", err=True, nl=False)
        click.echo(merge.refused, err=True)
    if refused:
        sys.exit(1)


def _progress(line: str) -> None:
    click.secho(line, err=True, dim=sys.stderr.isatty())


def main() -> None:
    """Runs a command; what a user can cause ends in one message, not in a traceback."""
    try:
        cli()
    except CrmIbisError as error:
        click.secho("Error: ", fg="red", err=True, nl=False)
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
