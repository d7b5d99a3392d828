"""What the tests of contracts share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stored import Project, project_in


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project folder of the test's own, in use while the test runs."""
    with project_in(tmp_path / "project", monkeypatch) as opened:
        yield opened
