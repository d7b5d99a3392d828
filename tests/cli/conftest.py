"""The command line as a user runs it, but in the process of the test, which is quicker."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import Demo, Run, crm_ibis, file_of, use

from crm_ibis.cli import terminal
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.metrics import catalog
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.warehouse import open_warehouse


def only_the_command_line_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings from outside, a working folder, a terminal of 80 columns."""
    for name in list(os.environ):
        if name.startswith("CRM_IBIS_") and name != "CRM_IBIS_TEST_POSTGRES_URL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(terminal.console, "width", 80)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in an empty working folder and without settings."""
    (tmp_path / "here").mkdir()
    only_the_command_line_counts(tmp_path / "here", monkeypatch)


@pytest.fixture
def run() -> Run:
    """Runs `crm-ibis` with arguments; an exception that would be a traceback fails the test."""
    return crm_ibis


@pytest.fixture
def database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty database that the environment names, once for each kind."""
    return use(settings, monkeypatch)


@pytest.fixture
def seeded(database: Settings) -> Settings:
    """A database with the seeds in it and nothing published, once for each kind."""
    with open_warehouse(database) as warehouse:
        load_seeds(warehouse)
    return database


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, run once, without settings."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as monkeypatch:
        only_the_command_line_counts(folder, monkeypatch)
        return Demo(folder, crm_ibis("demo"))


@pytest.fixture
def published(demo: Demo, duckdb_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A DuckDB file with the seeds, and all KPIs published as of 2024-03-01."""
    shutil.copy(demo.folder / "crm-demo.duckdb", file_of(duckdb_settings))
    return use(duckdb_settings, monkeypatch)


@pytest.fixture
def own_project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Makes the program use a project folder for as long as the test runs."""

    def forget() -> None:
        contracts.cache_clear()
        histories.cache_clear()
        catalog.entries.cache_clear()

    def use_project(folder: Path) -> None:
        monkeypatch.setenv("CRM_IBIS_HOME", str(folder))
        forget()

    yield use_project
    forget()
