"""The command line. Results go to stdout, progress and errors to stderr."""

import gc
import logging
import sys

import click

from crm_ibis.cli import (  # noqa: F401 - they add their commands
    grants,
    histories,
    new,
    operations,
    project,
    reading,
    runs,
    site,
    sources,
)
from crm_ibis.cli.base import cli as cli
from crm_ibis.config import process
from crm_ibis.errors import CrmIbisError


class _Warnings(logging.Handler):
    """Prints warnings as commands print theirs."""

    def emit(self, record: logging.LogRecord) -> None:
        click.secho("Warning: ", fg="yellow", err=True, nl=False)
        click.echo(record.getMessage(), err=True)


def main() -> None:
    """Runs a command; what a user can cause ends in one message, not in a traceback."""
    process.is_command = True
    # Pandera imports Hypothesis where it is installed, to make up data. With the plugins that come
    # with it, that takes a third as long as all of Pandera, and no command needs it.
    sys.modules.setdefault("hypothesis", None)  # type: ignore[arg-type]
    # A command keeps most of the objects that it makes, modules and expressions. To look them over
    # for garbage as often as Python does by itself takes a tenth of a refresh of small tables.
    gc.set_threshold(1_000_000)
    # Commands print what they have to say; the library's log would say it a second time.
    logging.getLogger("crm_ibis").addHandler(logging.NullHandler())
    # But for what is found out while the project folder is looked for, before any command.
    logging.getLogger("crm_ibis.config.project").addHandler(_Warnings())
    try:
        cli()
    except CrmIbisError as error:
        click.secho("Error: ", fg="red", err=True, nl=False)
        click.echo(error.detailed, err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
