"""Commands for the static site."""

from pathlib import Path

import click

from crm_ibis.cli.base import Commands, chosen_params, cli, open_database, progress, report_problems
from crm_ibis.config.settings import Settings
from crm_ibis.errors import UsageError

FOLDER = "site"
out_option = click.option(
    "--out",
    default=FOLDER,
    show_default=True,
    type=click.Path(path_type=Path),
    help="The site's folder.",
)


@cli.group(cls=Commands)
def site() -> None:
    """A static site: scorecard, catalog, lineage, runs."""


@site.command(name="build")
@out_option
@click.pass_obj
def build_site(settings: Settings, out: Path) -> None:
    """Write the site from the database and the contracts; it opens without a server."""
    build_and_tell(settings, out)


@site.command()
@out_option
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def serve(out: Path, port: int) -> None:
    """Show a built site on this machine, until interrupted."""
    from crm_ibis.site.serving import server

    with server(out, port) as listening:
        click.echo(f"{out} is at http://127.0.0.1:{listening.server_port}/ until Ctrl-C")
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            click.echo("")


def build_and_tell(settings: Settings, folder: Path) -> None:
    """Builds the site and says where it is."""
    from crm_ibis.site.build import build

    report_problems()
    params = chosen_params(settings)
    with open_database(settings, read_only=True) as warehouse:
        built = build(warehouse, folder, params, progress)
    click.echo(f"{built.pages} pages, {built.bytes / 1e6:.1f} MB; open {built.index}")


def build_or_leave(settings: Settings) -> None:
    """Builds the site where it can be built; else says in a line why there is none."""
    from crm_ibis.site.build import missing_packages

    try:
        if missing_packages():
            raise UsageError("no site: pip install 'crm-ibis[site]', then crm-ibis site build")
        build_and_tell(settings, Path(FOLDER))
    except UsageError as error:
        progress(str(error))
