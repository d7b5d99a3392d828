"""Settings: what may be shown of a database URL, and sizes."""

import pytest

from crm_ibis.config.settings import is_ambiguous, load_settings, redact, shown_url
from crm_ibis.config.validation import duration_microseconds
from crm_ibis.errors import UsageError


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


@pytest.mark.parametrize(
    ("url", "message", "shown"),
    [
        ("postgres://etl:geheim@host/crm", "geheim is wrong", "*** is wrong"),
        ("postgres://etl:geheim@host/crm", "no host host", "no host host"),
        ("postgres://etl:ge%23heim@host/crm", "ge#heim or ge%23heim", "*** or ***"),
        ("postgres://etl:ge+heim@host/crm", "ge heim or ge+heim", "*** or ***"),
        # What follows an unescaped @, with another special character, is taken for the host.
        ("postgres://etl:ge@heim/nis@host/crm", "no host 'heim'", "no host '***'"),
        ("postgres://etl:ge@heim#nis@host/crm", "no host 'heim'", "no host '***'"),
        ("postgres://etl:ge@heim@host/crm", "ge@heim, heim, ge", "***, ***, ***"),
        ("postgres://etl:ge/heim@host/crm", "Port 'ge' is none", "Port '***' is none"),
        ("postgres://etl:a@b@host/crm", "a database b", "*** database ***"),
        ("postgres://etl:geheim@host/crm?options=-c@x", "geheim", "***"),
        ("postgres://host/crm?password=geheim", "geheim", "***"),
        ("postgres://etl@host/crm", "no password for etl", "no password for etl"),
        ("postgres://host/crm", "no password", "no password"),
    ],
)
def test_no_part_of_a_password_is_told(url: str, message: str, shown: str) -> None:
    assert redact(message, url) == shown


def test_a_password_with_special_characters_is_ambiguous() -> None:
    assert is_ambiguous("postgres://etl:ge@heim@host/crm")
    assert is_ambiguous("postgres://etl:ge/heim@host/crm")
    assert not is_ambiguous("postgres://etl:geheim@host/crm")
    assert not is_ambiguous("postgres://etl:ge%40heim@host/crm")
    assert not is_ambiguous("postgres://host/crm?options=x")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("45m", 45), ("45min", 45), ("2h", 120), ("1d", 1440), ("90s", 1.5), ("1.5", 90), (2, 120)],
)
def test_a_duration_has_a_unit_or_is_hours(text: str | int, minutes: float) -> None:
    assert duration_microseconds(text) == minutes * 60_000_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("45 mins", 'did you mean "min"'),
        ("2hrs", 'did you mean "h"'),
        ("2 Hours", 'did you mean "h"'),
        ("3days", 'did you mean "d"'),
        ("5M", 'did you mean "m"'),
        ("2w", "there are s, m"),
        ("soon", "not a duration"),
    ],
)
def test_another_unit_is_told_with_the_likely_one(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="not a duration") as refused:
        duration_microseconds(text)
    assert told in str(refused.value)
