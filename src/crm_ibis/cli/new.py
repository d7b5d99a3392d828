"""Commands that write the first version of a table of your own."""

from pathlib import Path

import click

from crm_ibis.cli.base import Commands, cli


@cli.group(cls=Commands)
def new() -> None:
    """Write a KPI, fact, source or snapshot of your own.

    Into the project folder, with its test. It runs as written; then make it yours.
    """


@new.command()
@click.argument("name")
@click.option("--grain", required=True, help="Columns that a row stands for: facility_id,month.")
@click.option("--from", "table", required=True, help="The table that is counted.")
def kpi(name: str, grain: str, table: str) -> None:
    """Write a KPI that counts the rows of a table: function, contract, test, job."""
    from crm_ibis.scaffold.write import new_kpi

    _report(new_kpi(name, _listed(grain), table))
    click.echo(f"next: pytest tests/test_{name}.py; crm-ibis refresh {name}; crm-ibis deployments")


@new.command()
@click.argument("name")
@click.option("--from", "table", required=True, help="The table whose rows it is about.")
@click.option("--grain", help="The column that a row stands for, unless the first one.")
def fact(name: str, table: str, grain: str | None) -> None:
    """Write a fact with a row for each row of a table: function, contract, test."""
    from crm_ibis.scaffold.write import new_fact

    _report(new_fact(name, table, grain))
    click.echo(
        f"next: pytest tests/test_{name}.py. KPIs that name {name} as a parameter are computed "
        "from it; to publish its rows, name it under `facts:` of their job in jobs.yml"
    )


@new.command()
@click.argument("name")
@click.option("--columns", default="", help="Beside id and created_at: facility_id:Text,fee:Money.")
@click.option("--table", help="The landed table, schema.table; absent for now without it.")
def source(name: str, columns: str, table: str | None) -> None:
    """Write a source: contract, staging table, test, line in sources.yml.

    It has the columns id and created_at, which says how new a row is, and those of --columns.
    """
    from crm_ibis.scaffold.write import new_source

    _report(new_source(name, _listed(columns), table))
    click.echo(f"next: pytest tests/test_{name}.py; crm-ibis sources")
    if not table:
        click.echo(
            f"once there are rows (seeds/{name}.csv and crm-ibis seed, or a landed table), replace "
            f"`{name}: absent` in sources.yml: until then every refresh does without them"
        )


@new.command()
@click.argument("name")
@click.option("--of", "kpi", required=True, help="The KPI whose history it keeps.")
def snapshot(name: str, kpi: str) -> None:
    """Write a history of a KPI: its line in snapshots.yml, and its job."""
    from crm_ibis.scaffold.write import new_snapshot

    _report(new_snapshot(name, kpi))
    click.echo(f"next: crm-ibis refresh {kpi}; crm-ibis snapshot {name}; crm-ibis deployments")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _report(files: list[Path]) -> None:
    for file in files:
        click.echo(f"wrote {file}")
