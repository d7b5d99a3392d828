"""Short names for the fixtures of crm_ibis.testing, and how this package's tests are spread."""

import gc
import uuid
from collections.abc import Iterator
from typing import Any

import hypothesis  # noqa: F401 - before `freeze`, which hides from it what refers to what
import psycopg
import pytest
from xdist.scheduler import LoadScopeScheduling

from crm_ibis.config.settings import Settings

pytest_plugins = ["crm_ibis.testing.plugin"]

gc.set_threshold(50_000, 20, 50)
"""Ibis makes so many objects that Python would look for garbage for a seventh of the time."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write the golden SQL files anew."
    )


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a file's tests to one process, and all that share a site or a demo, which is made once
    then."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        shared = [folder for folder in ("tests/cli/", "tests/site/") if file.startswith(folder)]
        return shared[0] if shared else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Together(config, log)


def pytest_collection_finish() -> None:
    """What is there by now stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_url(crm_ibis_postgres_url: str) -> str:
    return crm_ibis_postgres_url


@pytest.fixture
def duckdb_settings(crm_ibis_duckdb_settings: Settings) -> Settings:
    return crm_ibis_duckdb_settings


@pytest.fixture
def postgres_settings(crm_ibis_postgres_settings: Settings) -> Settings:
    return crm_ibis_postgres_settings


@pytest.fixture(params=["duckdb", "postgres"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of an empty database, once for each kind; a test may choose one of them."""
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    return chosen


@pytest.fixture
def crm_ibis_settings(settings: Settings) -> Settings:
    """What `warehouse` opens."""
    return settings


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """A user of the PostgreSQL server without any rights."""
    name = f"role_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN")
        yield name
        server.execute(f"DROP OWNED BY {name}")
        server.execute(f"DROP ROLE {name}")
