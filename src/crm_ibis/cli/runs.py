"""Commands that write: seeds, refreshes, histories, and the demo of all of them."""

import shutil
import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from crm_ibis.cli.base import (
    as_of_option,
    check_project,
    chosen_params,
    cli,
    exit_if,
    json_option,
    open_database,
    progress,
    report_problems,
)
from crm_ibis.cli.site import build_or_leave
from crm_ibis.config.settings import Settings, shown_url

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """Load the sample data, and seeds/ of the project folder, into the raw schema."""
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
    help="Publish even an instant before the published one, or one of the future; rebuild all "
    "tables where params.yml has another time zone or currency.",
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
