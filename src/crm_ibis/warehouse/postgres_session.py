"""What a session on PostgreSQL is given: time zone, time limits, memory, signs of life."""

import os
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crm_ibis.config.settings import Settings
from crm_ibis.errors import DatabaseError
from crm_ibis.warehouse.base import Warehouse

SURE_TO_END = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 5,
}
"""Of the connection, unless its URL says otherwise: by default a machine that has vanished is
noticed after minutes while connecting and after hours while waiting for an answer."""
CLIENT_CHECKS = {
    "client_connection_check_interval": "10s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "5",
}
"""How soon the server notices that a client was killed or its machine has vanished, and frees the
lock."""
HASH_MEMORY_KB = 64 * 1024
"""What a hash table may take before it spills. `work_mem` stays as it is: with more of it, sorts
of millions of rows get slower."""


def connection_defaults(settings: Settings) -> dict[str, Any]:
    """What is said of the connection where its URL, or libpq's environment, is silent."""
    given = parse_qs(urlsplit(settings.database_url).query)
    wanted: dict[str, Any] = dict(SURE_TO_END)
    if "PGAPPNAME" not in os.environ:
        wanted["application_name"] = settings.application
    return {name: value for name, value in wanted.items() if name not in given}


def set_up(warehouse: Warehouse, settings: Settings, read_only: bool) -> None:
    """Gives a new session its settings; none of them needs a superuser."""
    warehouse.run("SET TIME ZONE 'UTC'")
    # So that a new column does not wait for a reader while all others wait behind it.
    warehouse.run(f"SET lock_timeout = {_milliseconds(settings.lock_timeout)}")
    if settings.statement_timeout:
        warehouse.run(f"SET statement_timeout = {_milliseconds(settings.statement_timeout)}")
    for setting, value in CLIENT_CHECKS.items():
        with suppress(DatabaseError):  # an old server, or on a system that cannot do it
            warehouse.run(f"SET {setting} = '{value}'")
    if read_only:
        warehouse.run("SET default_transaction_read_only = on")
    if settings.memory_limit:
        warehouse.run(f"SET work_mem = '{_work_mem_kb(settings.memory_limit)}kB'")
    else:
        _widen_hashes(warehouse)


def _widen_hashes(warehouse: Warehouse) -> None:
    """Gives hash tables `HASH_MEMORY_KB`, unless they have more, or the URL, the role or the
    database says how much memory there is."""
    found = warehouse.fetch(
        "SELECT name, setting::float, source IN ('default', 'configuration file') "
        "FROM pg_settings WHERE name IN ('work_mem', 'hash_mem_multiplier')"
    )
    settings = {name: value for name, value, _ in found}
    if len(settings) < 2 or not all(by_default for *_, by_default in found):  # before 13
        return
    factor = min(HASH_MEMORY_KB / settings["work_mem"], 1000)
    if factor > settings["hash_mem_multiplier"]:
        warehouse.run(f"SET hash_mem_multiplier = {factor}")


def _milliseconds(seconds: float) -> int:
    """As PostgreSQL takes them: 0 would mean no limit, and 24 days are the most."""
    return max(1, min(int(seconds * 1000), 2**31 - 1))


def _work_mem_kb(limit: int) -> int:
    """A sixteenth of the limit for each sort or hash, of which a query may hold several."""
    return max(64, min(limit // 1024 // 16, 2**31 // 1024 - 1))
