"""What a session on PostgreSQL is given, and what it is left."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from crm_ibis.config.settings import Settings
from crm_ibis.warehouse import open_warehouse


def session(settings: Settings) -> dict[str, str]:
    """The memory settings of a new session."""
    with open_warehouse(settings) as warehouse:
        names = ("work_mem", "hash_mem_multiplier")
        return {name: warehouse.fetch("SELECT current_setting(?)", [name])[0][0] for name in names}


def with_options(settings: Settings, options: str) -> Settings:
    """The same database, with options in its URL."""
    join = "&" if urlsplit(settings.database_url).query else "?"
    return replace(settings, database_url=f"{settings.database_url}{join}options={options}")


def test_hash_tables_get_64_mb_and_sorts_what_the_server_gives(postgres_settings: Settings) -> None:
    found = session(postgres_settings)
    assert found["work_mem"] == "4MB"  # the server's default
    assert float(found["hash_mem_multiplier"]) == 16


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("-c%20hash_mem_multiplier%3D3", {"work_mem": "4MB", "hash_mem_multiplier": "3"}),
        ("-c%20work_mem%3D32MB", {"work_mem": "32MB", "hash_mem_multiplier": "2"}),
    ],
)
def test_what_the_url_sets_is_left_alone(
    postgres_settings: Settings, options: str, expected: dict[str, str]
) -> None:
    assert session(with_options(postgres_settings, options)) == expected


def test_what_the_role_has_is_left_alone(postgres_settings: Settings) -> None:
    with open_warehouse(postgres_settings) as warehouse:
        warehouse.run("ALTER ROLE CURRENT_USER SET work_mem = '12MB'")
    try:
        assert session(postgres_settings) == {"work_mem": "12MB", "hash_mem_multiplier": "2"}
    finally:
        with open_warehouse(postgres_settings) as warehouse:
            warehouse.run("ALTER ROLE CURRENT_USER RESET work_mem")


def test_a_memory_limit_goes_first(postgres_settings: Settings) -> None:
    limited = replace(postgres_settings, memory_limit=1 << 30)
    assert session(limited) == {"work_mem": "64MB", "hash_mem_multiplier": "2"}
