"""A project folder of the test's own, and a database that the command line uses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import use
from folders import Folder

from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """A project folder that the program uses for as long as the test runs."""
    for name in list(os.environ):
        if name.startswith("CRM_IBIS_") and name != "CRM_IBIS_TEST_POSTGRES_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path / "acme"))
    monkeypatch.chdir(tmp_path)
    yield Folder(tmp_path / "acme")
    monkeypatch.undo()
    catalog.forget()


@pytest.fixture
def database(settings: Settings, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty database that the command line uses, once for each kind."""
    return use(settings, monkeypatch)
