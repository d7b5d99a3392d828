"""What the tests of operations share: alert channels that lead to a receiver on this machine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from channels import Channels
from receivers import HttpSink

from crm_ibis.config.settings import Settings
from crm_ibis.operations import delivery

OUTSIDE = ("CRM_IBIS_CHANNEL_", "DD_")


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No channels or agents from the environment; a failing channel is given up at once."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in list(os.environ):
        if name.startswith(OUTSIDE):
            monkeypatch.delenv(name)
    monkeypatch.setattr(delivery, "WAIT", 0.0)
    monkeypatch.setattr(delivery, "_reported", set())


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    opened = HttpSink()
    yield opened
    opened.close()


@pytest.fixture
def channels(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> Channels:
    """All channels are set and work."""
    return Channels(sink, monkeypatch)


@pytest.fixture
def seeded(settings: Settings, seed: Callable[[Settings], None]) -> Settings:
    """A database with the seeds in it and nothing published, once for each kind."""
    seed(settings)
    return settings
