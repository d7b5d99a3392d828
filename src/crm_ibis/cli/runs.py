"""Commands that write: seeds, refreshes, histories, and the demo of all of them."""

import shutil
import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from crm_ibis.cli.base import (
    Instant,
    as_of_option,
    check_project,
    chosen_params,
    cli,
    exit_if,
    json_option,
    mass_close_option,
    open_database,
    progress,
    report_problems,
)
from crm_ibis.cli.site import build_or_leave
from crm_ibis.config.settings import Settings, shown_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_ibis.publishing.grants import Access
    from crm_ibis.publishing.refresh import RefreshResult

DEMO_AS_OF = datetime(2024, 3, 1)
DEMO_URL = "duckdb://crm-demo.duckdb"


@cli.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Load the sample data and compute everything from it.

    Refreshes and records as of 2024-03-01, shows the scorecard and builds the site.
    """
    import os

    from crm_ibis.cli import terminal
    from crm_ibis.publishing.refresh import refresh
    from crm_ibis.sources.seeds import load_seeds

    chosen = click.get_current_context().parent
    named = (chosen and chosen.params["database"]) or os.environ.get("CRM_IBIS_DATABASE_URL")
    if not named:
        settings = replace(settings, database_url=DEMO_URL)
    with open_database(settings) as warehouse:
        load_seeds(warehouse, report=progress)
        result = refresh(
            warehouse,
            as_of=DEMO_AS_OF,
            params=chosen_params(settings),
            force=not named,
            snapshot=True,
            report=progress,
        )
        scorecard = warehouse.rows(
            warehouse.table(warehouse.analytics, "monthly_scorecard").order_by("month")
        )
    terminal.print_refresh(result)
    terminal.print_scorecard(scorecard)
    program = "crm-ibis" if shutil.which("crm-ibis") else sys.argv[0]
    terminal.print_whereabouts(settings, program, "" if named else f"--database {DEMO_URL} ")
    build_or_leave(settings)
    exit_if(result.refused)


@cli.command()
@click.option("--force", is_flag=True, help="Overwrite raw tables that seed did not load.")
@click.pass_obj
def seed(settings: Settings, force: bool) -> None:
    """Load the sample data into the raw schema."""
    from crm_ibis.sources.seeds import load_seeds

    with open_database(settings) as warehouse:
        loaded = load_seeds(warehouse, force, report=progress)
    click.echo(
        f"{len(loaded)} tables, {sum(loaded.values())} rows in schema {settings.raw_schema} "
        f"of {shown_url(settings.database_url)}"
    )


@cli.command()
@click.argument("kpis", nargs=-1)
@as_of_option
@click.option("--tag", help="All KPIs of a criticality: critical, high, medium.")
@click.option("--dry-run", is_flag=True, help="Stop before publishing; show what would change.")
@click.option(
    "--force",
    is_flag=True,
    help="Publish even an instant before the published one, or one of the future.",
)
@click.option(
    "--allow-mass-removal",
    is_flag=True,
    help="Publish even where most of a table's published rows go.",
)
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
    allow_mass_removal: bool,
    snapshot: bool,
    as_json: bool,
) -> None:
    """Compute, check and publish KPIs: all of them, or those named."""
    from crm_ibis.cli import terminal
    from crm_ibis.metrics import catalog, graph
    from crm_ibis.publishing import publish
    from crm_ibis.publishing.refresh import ChecksFailed
    from crm_ibis.publishing.refresh import refresh as run_refresh

    if dry_run and snapshot:
        raise click.UsageError("--dry-run merges no snapshot; leave out one of the two")
    _check_run(kpis, tag, snapshot)
    names = [graph.publishable(name) for name in kpis] + (
        catalog.tables_with_tag(tag) if tag else []
    )
    params = chosen_params(settings)
    try:
        with open_database(settings, read_only=dry_run, staging=True) as warehouse:
            result: RefreshResult = run_refresh(
                warehouse,
                names,
                as_of=as_of,
                params=params,
                dry_run=dry_run,
                force=force,
                allow_mass_removal=allow_mass_removal,
                snapshot=snapshot,
                report=progress,
            )
    except ChecksFailed as error:
        if as_json:
            terminal.print_json({"error": str(error), "violations": error.violations})
        raise
    if as_json:
        terminal.print_json(result)
    else:
        terminal.print_refresh(result)
        if dry_run:
            terminal.print_preview(result)
    publish.refuse_mass_removal(result.excess)
    exit_if(result.refused)


def _check_run(kpis: "Sequence[str]", tag: str | None, snapshot: bool) -> None:
    """Prints the project's problems; raises UsageError for those that this refresh goes by."""
    from crm_ibis.config.declarations import snapshots
    from crm_ibis.config.tolerance import tolerating
    from crm_ibis.metrics import catalog, problems

    if not kpis and not tag:
        check_project()
        return
    if tag:
        problems.refuse_wrong_exposures()
    with tolerating():
        names = [*kpis, *(catalog.tables_with_tag(tag) if tag else [])]
        kept = [each.name for each in snapshots().values() if snapshot and each.kpi in names]
    problems.refuse_wrong_jobs([*names, *kept])
    if snapshot:
        problems.refuse_wrong_snapshots()
    report_problems(computed=names)


@cli.command()
@click.argument("names", nargs=-1)
@click.option(
    "--as-of",
    type=Instant(),
    help="The UTC instant of the merge (default: now); not before that of the publication.",
)
@mass_close_option
@click.option("--allow-earlier", is_flag=True, help="Accept rows whose updated_at went back.")
@click.option(
    "--undo-future", is_flag=True, help="First take back what a clock that was ahead recorded."
)
@json_option
@click.pass_obj
def snapshot(
    settings: Settings,
    names: tuple[str, ...],
    as_of: datetime | None,
    allow_mass_close: bool,
    allow_earlier: bool,
    undo_future: bool,
    as_json: bool,
) -> None:
    """Merge published KPIs into their histories.

    All snapshots, or those named.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.metrics.problems import refuse_wrong_jobs, refuse_wrong_snapshots
    from crm_ibis.publishing.record import record, select_snapshots

    if names:
        refuse_wrong_jobs(names)
        refuse_wrong_snapshots(names)
    check_project(names)
    select_snapshots(names)
    with open_database(settings) as warehouse:
        recording = record(
            warehouse,
            names,
            as_of=as_of,
            allow_mass_close=allow_mass_close,
            allow_earlier=allow_earlier,
            undo_future=undo_future,
            report=progress,
        )
    if as_json:
        terminal.print_json(recording)
    else:
        terminal.print_merges(recording.merged)
    exit_if(recording.refused)


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
    """Compute KPIs as of past dates and record them.

    Publishes nothing. For DATES, or --from, --to and --every.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.publishing.backfill import backfill as run_backfill
    from crm_ibis.publishing.backfill import instants_between
    from crm_ibis.publishing.record import select_snapshots

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
    select_snapshots(names)
    with open_database(settings) as warehouse:
        recordings = run_backfill(
            warehouse,
            instants,
            names,
            params=chosen_params(settings),
            allow_mass_close=allow_mass_close,
            report=progress,
        )
    if as_json:
        terminal.print_json(recordings)
    else:
        terminal.print_merges([merge for recording in recordings for merge in recording.merged])
    exit_if(recordings[-1].refused)


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

    with open_database(settings, read_only=not to_apply) as warehouse:
        found = accesses(warehouse)
        if to_apply:
            with warehouse.transaction():
                grant(warehouse, found)
            found = accesses(warehouse)
        dialect = warehouse.dialect
    if as_json:
        terminal.print_json(found)
    elif dialect == "duckdb":
        click.echo("DuckDB has no roles: whoever may read the file reads all of it")
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
