"""The command line as a user runs it, but in the process of the test, which is quicker."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import Demo, Run, crm_ibis, file_of, only_the_command_line_counts, use

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.metrics import catalog


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
def seeded(database: Settings, seed: Callable[[Settings], None]) -> Settings:
    """A database with the seeds in it and nothing published, once for each kind."""
    seed(database)
    return database


@pytest.fixture
def published(demo: Demo, duckdb_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A DuckDB file with the seeds, and all KPIs published as of 2024-03-01."""
    shutil.copy(demo.database, file_of(duckdb_settings))
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
