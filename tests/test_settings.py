"""Settings: what may be shown of a database URL, and sizes."""

import pytest

from crm_ibis.errors import UsageError
from crm_ibis.settings import load_settings, shown_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("duckdb://crm.duckdb", "duckdb://crm.duckdb"),
        ("duckdb://crm.duckdb?token=geheim", "duckdb://crm.duckdb"),
        ("postgres://host/crm", "postgres://host/crm"),
        ("postgres://etl@host:5433/crm", "postgres://etl@host:5433/crm"),
        ("postgres://etl:geheim@host/crm?sslmode=require", "postgres://etl@host/crm"),
        ("postgres://etl:ge@heim@host/crm", "postgres://etl@host/crm"),
        ("postgres://etl:ge?heim@host/crm", "postgres:..."),
        ("postgres:etl:geheim@host/crm", "postgres:..."),
        ("postgres://host/crm?user=etl&password=geheim", "postgres://host/crm"),
        ("mysql://etl:geheim@host/crm", "mysql://etl@host/crm"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    ("text", "size"), [("4GB", 4 * 2**30), ("512MB", 2**29), ("1.5 GiB", 3 * 2**29), ("", None)]
)
def test_a_memory_limit_is_a_size(
    text: str, size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_IBIS_MEMORY_LIMIT", text)
    assert load_settings().memory_limit == size


@pytest.mark.parametrize("text", ["much", "4", "-1GB", "0GB"])
def test_a_memory_limit_that_is_no_size_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_IBIS_MEMORY_LIMIT", text)
    with pytest.raises(UsageError, match="CRM_IBIS_MEMORY_LIMIT"):
        load_settings()
