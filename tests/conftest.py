"""Short names for the fixtures of crm_ibis.testing, and how this package's tests are spread."""

import gc
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis  # noqa: F401 - before `freeze`, which hides from it what refers to what
import psycopg
import pytest
from xdist.scheduler import LoadScopeScheduling

from crm_ibis.config.settings import Settings

if TYPE_CHECKING:
    from commands import Demo

pytest_plugins = ["crm_ibis.testing.plugin"]

gc.set_threshold(50_000, 20, 50)
"""Ibis makes so many objects that Python would look for garbage for a seventh of the time."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write the golden SQL files anew."
    )


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a file's tests to one process, and all that look at the demo, which then runs once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "the demo" if file.startswith(("tests/cli/", "tests/site/")) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a file that says so, the tests on PostgreSQL are among the slow ones: what it tries is no
    SQL of its own, or others try that SQL on both databases."""
    for item in items:
        asked = getattr(item, "callspec", None)
        is_postgres = asked is not None and asked.params.get("settings") == "postgres"
        if is_postgres and getattr(getattr(item, "module", None), "POSTGRES_IS_SLOW", False):
            item.add_marker(pytest.mark.e2e)


def pytest_collection_finish() -> None:
    """What is there by now stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def compile_once() -> Iterator[None]:
    """A test compiles no expression that another has compiled."""
    from compiled import compiled_once

    with compiled_once():
        yield


@pytest.fixture(scope="session")
def postgres_url(crm_ibis_postgres_url: str) -> str:
    return crm_ibis_postgres_url


@pytest.fixture
def duckdb_settings(crm_ibis_duckdb_settings: Settings) -> Settings:
    return crm_ibis_duckdb_settings


@pytest.fixture(scope="session")
def postgres_server(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A session that no test uses."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        yield server


@pytest.fixture
def postgres_settings(postgres_url: str, postgres_server: psycopg.Connection) -> Iterator[Settings]:
    """Schemas of the test's own, dropped after it; called alike, so that their SQL is alike."""
    settings = Settings(
        database_url=postgres_url,
        raw_schema="raw_of_a_test",
        analytics_schema="analytics_of_a_test",
        lock_timeout=5,
    )
    yield settings
    for schema in (settings.raw_schema, settings.analytics_schema, settings.meta_schema):
        postgres_server.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


@pytest.fixture(params=["duckdb", "postgres"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of an empty database, once for each kind; a test may choose one of them."""
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    return chosen


@pytest.fixture
def crm_ibis_settings(settings: Settings) -> Settings:
    """What `warehouse` opens."""
    return settings


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> "Demo":
    """The demo, run once: what is published and the site are looked at, and never changed."""
    from commands import run_demo

    return run_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def seeds_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with the seeds, made once."""
    from crm_ibis.sources.seeds import load_seeds
    from crm_ibis.warehouse import open_warehouse

    file = tmp_path_factory.mktemp("seeds") / "seeds.duckdb"
    with open_warehouse(Settings(database_url=f"duckdb://{file}")) as warehouse:
        load_seeds(warehouse)
    return file


@pytest.fixture
def seed(seeds_file: Path) -> Callable[[Settings], None]:
    """Puts the seeds into an empty database."""
    from crm_ibis.sources.seeds import load_seeds
    from crm_ibis.warehouse import open_warehouse

    def fill(settings: Settings) -> None:
        if settings.database_url.startswith("duckdb://"):
            shutil.copy(seeds_file, settings.database_url.removeprefix("duckdb://"))
            return
        with open_warehouse(settings) as warehouse:
            load_seeds(warehouse)

    return fill


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """A user of the PostgreSQL server without any rights."""
    name = f"role_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN")
        yield name
        server.execute(f"DROP OWNED BY {name}")
        server.execute(f"DROP ROLE {name}")
