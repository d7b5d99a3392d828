"""CRM_IBIS_ENGINE_URL names an engine that cannot be used: one line, with the remedy."""

import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from commands import crm_ibis, only_the_command_line_counts

from crm_ibis.config.settings import Settings
from crm_ibis.engines.spark_session import open_session
from crm_ibis.errors import CrmIbisError, TransientError, UsageError


def refusal(url: str, kind: type[CrmIbisError]) -> str:
    with pytest.raises(kind) as raised:
        open_session(Settings(engine_url=url))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def pretend_pyspark(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    module = ModuleType("pyspark")
    module.__version__ = version  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyspark", module)


def test_without_pyspark_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only_the_command_line_counts(tmp_path, monkeypatch)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setenv("CRM_IBIS_ENGINE_URL", "spark://local[1]")
    outcome = crm_ibis("refresh", "revenue_kpis")
    assert outcome.exit_code == 2
    assert outcome.err.splitlines()[-1] == (
        "Error: CRM_IBIS_ENGINE_URL is set, and pyspark is not installed; "
        "pip install 'crm-ibis[spark]'"
    )


@pytest.mark.parametrize("version", ["2.4.8", "3.4.4", "4.1.0", "5.0.0.dev1"])
def test_a_pyspark_that_is_not_tried_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    pretend_pyspark(monkeypatch, version)
    assert refusal("spark://local[1]", UsageError) == (
        f"pyspark {version} is installed, and only 3.5 and 4.0 are tried; pip install "
        "'pyspark==3.5.*', or the version of the cluster among these"
    )


@pytest.mark.parametrize(
    "url", ["spork://local", "spark://", "duckdb://x", "spark://:7077", "spark://host:port"]
)
def test_a_url_that_names_no_engine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    pretend_pyspark(monkeypatch, "3.5.9")
    assert "give spark://local[2], spark://HOST:7077 or sc://HOST:15002" in refusal(url, UsageError)


@pytest.mark.parametrize("url", ["spark://127.0.0.1:1", "sc://127.0.0.1:1"])
def test_an_unreachable_master_is_a_matter_of_moments(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    pretend_pyspark(monkeypatch, "3.5.9")
    began = time.monotonic()
    assert refusal(url, TransientError) == (
        "cannot reach Spark at 127.0.0.1:1: Connection refused; check host and port in "
        "CRM_IBIS_ENGINE_URL and that the server runs"
    )
    assert time.monotonic() - began < 5
