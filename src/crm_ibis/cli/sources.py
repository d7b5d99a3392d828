"""Commands about where the sources come from."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from crm_ibis.cli.base import (
    Commands,
    chosen_params,
    cli,
    json_option,
    open_database,
    progress,
    report_problems,
)
from crm_ibis.config.settings import Settings
from crm_ibis.text import count_of

if TYPE_CHECKING:
    from crm_ibis.publishing.preflight import FitReport
    from crm_ibis.publishing.source_fit import Fit


UNDECIDED = "its target is undecided (if it never happens: {value: null})"


@cli.group(cls=Commands, invoke_without_command=True)
@json_option
@click.pass_context
def sources(ctx: click.Context, as_json: bool) -> None:
    """Show how well the sources fit, before any refresh.

    Writes nothing. Exit 1 when a refresh would fail.
    """
    if ctx.invoked_subcommand:
        return
    from crm_ibis.cli import terminal
    from crm_ibis.publishing.preflight import fit

    report_problems()
    with open_database(ctx.obj, read_only=True, staging=True) as warehouse:
        found = fit(warehouse, report=progress, params=chosen_params(ctx.obj))
    if as_json:
        terminal.print_json(found)
    else:
        click.echo("\n".join(_source_lines(found)))
    if found.fails:
        sys.exit(1)


@sources.command()
@click.option("--like", required=True, help="The system: hubspot, salesforce or zendesk.")
@click.pass_obj
def init(settings: Settings, like: str) -> None:
    """Write a commented sources.yml from what is in the database."""
    from crm_ibis.sources.scaffold import write

    with open_database(settings, read_only=True) as warehouse:
        path = write(warehouse, like)
    click.echo(f"wrote {path}; look at it, then: crm-ibis sources")


@sources.command()
@click.argument("source")
@click.pass_obj
def sql(settings: Settings, source: str) -> None:
    """Print the query that stands for a source.

    In the SQL of the database that is set.
    """
    from crm_ibis.publishing.source_fit import query_of

    with open_database(settings, read_only=True) as warehouse:
        click.echo(query_of(warehouse, source))


def _source_lines(found: "FitReport") -> Iterator[str]:
    for fit in found.fits:
        yield from _source(fit)
    if found.unread:
        yield f"no table needs {', '.join(found.unread)}, so a refresh does not read it"
    if found.left_out:
        yield f"skipped, as all their sources are marked absent: {', '.join(found.left_out)}"
    for lack in found.lacks:
        words = [f"{name} (absent)" for name in lack.absent]
        words += [
            f"{column} ({'missing, so undecided' if column in lack.undecided else 'null'})"
            for column in lack.empty
        ]
        yield f"{lack.kpi} will be computed without {', '.join(words)}"
    yield from found.health
    if found.problem:
        yield found.problem
    yield "a refresh would fail" if found.fails else "a refresh would run"


def _source(fit: "Fit") -> Iterator[str]:
    """A source's facts, a line each; what is fine is left out."""
    if not fit.is_there:
        yield f"{fit.source}: {fit.made_of}"
        return
    yield click.style(_title(fit), bold=True)
    yield from _columns(fit)
    yield from (f"  reads: {reading}" for reading in fit.readings)
    yield from _untranslated(fit)
    yield from (f"  note: {note}" for note in fit.notes)
    yield from (f"  warn: {hint}" for hint in fit.hints)
    for violation in (*fit.unexpected, *fit.violations):
        yield f"  {violation.severity}: {violation.detailed}".replace("\n", "\n  ")
    if fit.quarantined:
        yield f"  in quarantine: {count_of(fit.quarantined, 'row')}"
    if fit.problem:
        yield click.style("  problem: ", fg="red") + fit.problem.replace("\n", "\n  ")


def _title(fit: "Fit") -> str:
    rows = "" if fit.rows is None else f", {fit.rows:,} rows"
    span = ""
    if fit.first and fit.last:
        span = f", created {fit.first.date().isoformat()} to {fit.last.date().isoformat()}"
    return f"{fit.source}: from {fit.made_of}{rows}{span}"


def _columns(fit: "Fit") -> Iterator[str]:
    from crm_ibis.cli import terminal

    renamed = [f"{c} from {words}" for c, words in fit.mapped.items() if c != words]
    facts = {
        "mapped": "; ".join(renamed),
        "missing": ", ".join(fit.missing),
        "null": ", ".join(c for c in fit.empty if c not in fit.undecided),
        "undecided": ", ".join(f"{c} is missing, so {UNDECIDED}" for c in fit.undecided),
        "unused": ", ".join(fit.unused),
    }
    for title, words in facts.items():
        if words:
            yield from terminal.wrapped(f"{title}: {words}")


def _untranslated(fit: "Fit") -> Iterator[str]:
    for strange in fit.untranslated:
        yield (
            f"  not translated: {strange.column} {strange.value!r}, {strange.rows:,} rows; "
            f"it becomes {strange.becomes}"
        )
    for more in fit.more_untranslated:
        yield (
            f"  not translated: {more.column}, {count_of(more.values, 'more value')} in "
            f"{count_of(more.rows, 'row')}"
        )
