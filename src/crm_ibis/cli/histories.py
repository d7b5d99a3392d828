"""Commands that write histories: merges of what is published, and of past days."""

from datetime import datetime

import click

from crm_ibis.cli.base import (
    Instant,
    check_project,
    chosen_params,
    cli,
    exit_if,
    json_option,
    mass_close_option,
    open_database,
    progress,
)
from crm_ibis.config.settings import Settings


@cli.command()
@click.argument("names", nargs=-1)
@click.option(
    "--as-of",
    type=Instant(),
    help="The UTC instant of the merge, or a day, which is where it begins in the reporting zone "
    "(default: now); not before that of the publication.",
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
    with open_database(settings, must_exist=True) as warehouse:
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

    Publishes nothing. For DATES, or --from, --to and --every. A date is the instant at which it
    begins in the reporting zone.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.publishing.backfill import backfill as run_backfill
    from crm_ibis.publishing.record import select_snapshots

    params = chosen_params(settings)
    instants = [*dates, *_range_of(first, last, every, params.reporting.time_zone)]
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
            params=params,
            allow_mass_close=allow_mass_close,
            report=progress,
        )
    if as_json:
        terminal.print_json(recordings)
    else:
        terminal.print_merges([merge for recording in recordings for merge in recording.merged])
    exit_if(recordings[-1].refused)


def _range_of(
    first: datetime | None, last: datetime | None, every: str | None, zone: str
) -> list[datetime]:
    """The instants of a range, whose steps are those of the reporting zone."""
    from crm_ibis.publishing.backfill import instants_between

    if first and last and first > last:
        raise click.UsageError("--from is after --to")
    if first and last and every:
        return instants_between(first, last, every, zone)
    if first or last or every:
        raise click.UsageError("a range takes all of --from, --to and --every")
    return []
