"""A project folder of the test's own, a command line that reads it, and a database for it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import use
from folders import Folder

from crm_ibis.cli import terminal
from crm_ibis.config.project import MARK
from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def nothing_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings, an empty working folder, a terminal of 80 columns, nothing remembered."""
    for name in list(os.environ):
        if name.startswith("CRM_IBIS_") and name != "CRM_IBIS_TEST_POSTGRES_URL":
            monkeypatch.delenv(name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(terminal.console, "width", 80)
    catalog.forget()
    yield
    catalog.forget()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file into a project folder that is in use."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / MARK).write_text('made_with: "0.1.0"\n', encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_HOME", str(folder))

    def write_file(name: str, text: str) -> Path:
        (folder / name).write_text(text, encoding="utf-8")
        catalog.forget()
        return folder / name

    return write_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """A project folder that the program uses for as long as the test runs."""
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path / "acme"))
    monkeypatch.chdir(tmp_path)
    yield Folder(tmp_path / "acme")
    monkeypatch.undo()
    catalog.forget()


@pytest.fixture
def database(settings: Settings, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty database that the command line uses, once for each kind."""
    return use(settings, monkeypatch)
