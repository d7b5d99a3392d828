"""Commands that only read: tables, their meaning, their contracts, their history."""

import sys
from datetime import UTC, datetime

import click

from crm_ibis.cli.base import (
    Instant,
    as_of_option,
    check_project,
    chosen_params,
    cli,
    json_option,
    limit_option,
    open_database,
    progress,
    report_problems,
    without_contract,
)
from crm_ibis.config.settings import Settings


@cli.command()
@click.argument("name")
@click.option(
    "--as-of",
    type=Instant(),
    help="As it stood at this UTC instant, or where this day of the reporting zone begins "
    "(default: now).",
)
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
    from crm_ibis.cli import terminal
    from crm_ibis.history import reader as reading
    from crm_ibis.runlog.clock import now

    report_problems()
    wanted = {} if key is None else reading.key_of(name, key)
    reading.get_snapshot(name)
    with open_database(settings, read_only=True) as warehouse:
        if as_of or not wanted:
            found = reading.as_it_stood(warehouse, name, as_of or now(), wanted)
        else:
            found = reading.versions(warehouse, name, wanted)
        rows = warehouse.rows(reading.sort_versions(found, name).limit(limit + 1))
    shown = rows[:limit]
    if as_json:
        terminal.print_json(shown)
    else:
        terminal.print_rows(shown, more=len(rows) > limit)


@cli.command()
@click.argument("tables", nargs=-1)
@json_option
@click.pass_obj
def check(settings: Settings, tables: tuple[str, ...], as_json: bool) -> None:
    """Check the contracts of sources and published tables.

    Nothing is written. Exit 1 when a contract is broken.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.publishing.check import check as run_check
    from crm_ibis.sources import spec

    check_project(tables)
    # Of what functions return, a temporary table is made.
    staging = any(source.maker for source in spec.load_spec().sources.values())
    with open_database(settings, read_only=True, staging=staging) as warehouse:
        outcomes = run_check(warehouse, tables, progress, chosen_params(settings))
    if as_json:
        terminal.print_json(outcomes)
    else:
        terminal.print_checks(outcomes)
    if any(outcome.errors or outcome.problem for outcome in outcomes):
        sys.exit(1)


@cli.command(name="list")
@json_option
def list_kpis(as_json: bool) -> None:
    """List the KPIs: owner, criticality, SLA, what they need."""
    from crm_ibis.cli import terminal
    from crm_ibis.metrics import catalog

    report_problems()
    found = list(catalog.entries().values())
    if as_json:
        terminal.print_json(found)
    else:
        terminal.print_list(found)


@cli.command()
@click.argument("table")
@json_option
def describe(table: str, as_json: bool) -> None:
    """Describe a KPI, fact, staging table, source or snapshot.

    Its meaning, key, columns and checks, and what it is computed from.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.metrics import describe as docs

    report_problems(computed=without_contract([table]))
    description = docs.description(table)
    if as_json:
        terminal.print_json(description)
    else:
        terminal.print_description(description)


@cli.command()
@click.argument("kpi")
@click.option("--dialect", help="duckdb, postgres, snowflake, ...; default: the database's.")
@as_of_option
@click.pass_obj
def sql(settings: Settings, kpi: str, dialect: str | None, as_of: datetime | None) -> None:
    """Print a KPI's whole query, over sources of our own shape."""
    from crm_ibis.metrics import graph
    from crm_ibis.sources import spec

    report_problems(computed=[kpi])
    spoken = "duckdb" if settings.database_url.startswith("duckdb") else "postgres"
    moment = as_of or datetime.now(UTC).replace(tzinfo=None)
    declared = spec.load_spec()
    query = graph.compile_table(
        graph.publishable(kpi),
        dialect or spoken,
        settings.raw_schema,
        chosen_params(settings),
        moment,
        settings.analytics_schema,
        declared.sources.keys() - declared.absent,
    )
    if mapped := [name for name in graph.sources_of([kpi]) if declared.of(name).is_mapped]:
        progress(
            f"from tables of our own shape on, but sources.yml maps {', '.join(mapped)}: "
            "crm-ibis sources sql SOURCE prints what stands for one"
        )
    click.echo(query)


@cli.command()
@click.argument("table")
@click.option("--where", metavar="EXPR", help="An SQL condition, such as \"month = '2024-01-01'\".")
@click.option("--columns", metavar="A,B,...", help="Only these columns, in this order.")
@click.option("--sort", metavar="A,-B,...", help="Order by these columns; -B is descending.")
@limit_option
@json_option
@click.pass_obj
def show(
    settings: Settings,
    table: str,
    where: str | None,
    columns: str | None,
    sort: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show rows of a published table or source.

    Lists of tickets and deals begin with what is most urgent; where the terminal has no room for
    all of their columns, those that are needed first are shown.
    """
    from crm_ibis.cli import terminal
    from crm_ibis.cli.rows import Choice, basis_of, foremost_columns, rows_of

    report_problems()
    chosen = _names(columns)
    with open_database(settings, read_only=True) as warehouse:
        rows = rows_of(warehouse, table, Choice(where, chosen, _names(sort), limit + 1))
        basis = basis_of(warehouse, table)
        foremost = [] if chosen else foremost_columns(warehouse, table)
    shown = rows[:limit]
    if as_json:
        terminal.print_json(shown)
    else:
        terminal.print_rows(shown, len(rows) > limit, basis, foremost)


def _names(listed: str | None) -> list[str]:
    return [name.strip() for name in listed.split(",")] if listed else []
