"""What came of a command, and what is in a database before and after it."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from crm_ibis.cli import main, terminal
from crm_ibis.config.settings import Settings
from crm_ibis.warehouse import open_warehouse


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: exit code, standard output, standard error."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, all of it, as JSON."""
        return json.loads(self.out)

    @property
    def cells(self) -> dict[str, list[str]]:
        """Lines of a printed table: the first cell, and the others."""
        lines = [line.split("  ") for line in self.out.splitlines()]
        rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
        return {row[0]: row[1:] for row in rows if len(row) > 1}


Run = Callable[..., Outcome]


def crm_ibis(*arguments: object) -> Outcome:
    """Runs the command line in this process, with its output kept apart from the test's."""
    out, err = StringIO(), StringIO()
    with (
        patch.object(sys, "argv", ["crm-ibis", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Outcome(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def only_the_command_line_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings from outside, a working folder, a terminal of 80 columns."""
    for name in list(os.environ):
        if name.startswith("CRM_IBIS_") and name != "CRM_IBIS_TEST_POSTGRES_URL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(terminal.console, "width", 80)


@dataclass(frozen=True)
class Demo:
    """What `crm-ibis demo` did in an empty folder."""

    folder: Path
    outcome: Outcome

    @property
    def database(self) -> Path:
        return self.folder / "crm-demo.duckdb"


def run_demo(folder: Path) -> Demo:
    """The demo, without settings."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        only_the_command_line_counts(folder, monkeypatch)
        return Demo(folder, crm_ibis("demo"))


def use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Puts the settings into the environment, where the command line looks for them."""
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", settings.raw_schema)
    monkeypatch.setenv("CRM_IBIS_ANALYTICS_SCHEMA", settings.analytics_schema)
    monkeypatch.setenv("CRM_IBIS_LOCK_TIMEOUT", str(settings.lock_timeout))
    return settings


def file_of(settings: Settings) -> Path:
    """The file of a DuckDB database."""
    return Path(settings.database_url.removeprefix("duckdb://"))


def execute(settings: Settings, *statements: str) -> None:
    """Runs statements; `{raw}` and `{analytics}` stand for the schemas."""
    with open_warehouse(settings) as warehouse:
        for statement in statements:
            warehouse.run(statement.format(raw=warehouse.raw, analytics=warehouse.analytics))


def contents(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all sources and published tables, in an order of no meaning."""
    if settings.database_url.startswith("duckdb") and not file_of(settings).exists():
        return {}
    with open_warehouse(settings, read_only=True) as warehouse:
        return {
            f"{schema}.{name}": sorted(
                warehouse.fetch(f"SELECT * FROM {warehouse.quote(schema, name)}"), key=str
            )
            for schema in (warehouse.raw, warehouse.analytics)
            for name in warehouse.tables(schema)
        }


def logged_runs(settings: Settings) -> int:
    """How many runs the log knows."""
    with open_warehouse(settings, read_only=True) as warehouse:
        if "runs" not in warehouse.tables(warehouse.meta):
            return 0
        return int(warehouse.fetch(f'SELECT count(*) FROM "{warehouse.meta}".runs')[0][0])


def words(text: str) -> str:
    """A text without its line breaks, to look for what a terminal may have wrapped."""
    return " ".join(text.split())
