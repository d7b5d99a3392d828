"""examples/acme, in an empty folder with the installed wheel: from its tests to its site."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_wheel import CHECKOUT
from test_wheel import installed as installed
from test_wheel import wheel as wheel

from crm_ibis.config.settings import Settings

pytestmark = pytest.mark.e2e

AS_OF = "2024-03-01"
Acme = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example, far from the checkout."""
    copy = tmp_path / "acme"
    skip = shutil.ignore_patterns("__pycache__", "*.duckdb", "site")
    shutil.copytree(CHECKOUT / "examples" / "acme", copy, ignore=skip)
    return copy


def python_in(folder: Path, installed: Path, *arguments: str, **environment: str) -> str:
    """Runs Python in a folder with the installed package and no settings but these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_IBIS_", "PY"))}
    if url := os.environ.get("CRM_IBIS_TEST_POSTGRES_URL"):
        kept["CRM_IBIS_TEST_POSTGRES_URL"] = url
    kept |= {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def acme(folder: Path, installed: Path, settings: Settings) -> Acme:
    """Runs crm-ibis in the folder, on an empty database of each kind."""
    environment = {
        "CRM_IBIS_DATABASE_URL": settings.database_url,
        "CRM_IBIS_RAW_SCHEMA": settings.raw_schema,
        "CRM_IBIS_ANALYTICS_SCHEMA": settings.analytics_schema,
    }

    def run(*arguments: str) -> str:
        return python_in(folder, installed, "-m", "crm_ibis", *arguments, **environment)

    return run


def test_its_tests_are_green_on_both_databases(folder: Path, installed: Path) -> None:
    """pytest finds the plugin by itself; half of the tests of a kind run on PostgreSQL."""
    printed = python_in(folder, installed, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "13 passed" in printed
    assert "skipped" not in printed


def test_its_files_use_the_public_face_only(folder: Path) -> None:
    """Own modules import what the pages offer, own tests nothing but crm_ibis.testing."""
    for file in (folder / "tests").glob("*.py"):
        imports = [line for line in file.read_text().splitlines() if line.startswith("from ")]
        assert {line.split()[1] for line in imports} == {"crm_ibis.testing"}
    for file in (folder / "metrics").glob("*.py"):
        imports = [line for line in file.read_text().splitlines() if line.startswith("from crm")]
        assert {line.split()[1] for line in imports} <= {
            *("crm_ibis", "crm_ibis.expressions", "crm_ibis.types")
        }


def test_it_is_published_kept_and_shown(acme: Acme, folder: Path) -> None:
    """In February fac_001 pays 1,200 for records (1,000 in August) and nothing for scheduling (400
    in August): (1,400 + 200 - 400) / 1,400. fac_002 paid nothing in August yet."""
    assert "9 tables" in acme("seed")
    assert ".subscriptions, 5 rows" in acme("sources")
    acme("refresh", "--as-of", AS_OF)
    rows = json.loads(acme("show", "net_revenue_retention", "--json", "--limit", "50"))
    february = {row["facility_id"]: row for row in rows if row["month"] == "2024-02-01"}
    northgate = february["fac_001"]
    assert [northgate[f"{part}_mrr"] for part in ("starting", "expansion", "lost", "new")] == [
        *("1400.00", "200.00", "400.00", "0.00")
    ]
    assert northgate["net_revenue_retention_pct"] == pytest.approx(100 * 1200 / 1400)
    assert february["fac_002"]["new_mrr"] == "950.50"
    assert february["fac_002"]["net_revenue_retention_pct"] is None
    deals = json.loads(acme("show", "deal_size", "--json"))
    assert sum(row["won_deals"] for row in deals) == 4
    assert len(json.loads(acme("show", "subscription_months", "--json", "--limit", "50"))) == 22

    assert "net_revenue_retention" in acme("check")
    acme("snapshot", "net_revenue_retention_snapshot", "--as-of", AS_OF)
    kept = acme("history", "net_revenue_retention_snapshot", "--as-of", AS_OF, "--json")
    assert len(json.loads(kept)) == len(rows) == 14
    statuses = {entry["table"] for entry in json.loads(acme("status", "--json"))}
    assert {"deal_size", "net_revenue_retention", "subscription_months"} <= statuses

    acme("site", "build")
    page = (folder / "site" / "tables" / "net_revenue_retention.html").read_text(encoding="utf-8")
    assert "How much of what it paid some months earlier" in page
    assert "subscription_months" in page
    scorecard = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert "Net revenue retention" in scorecard
    assert "net_revenue_retention" in (folder / "site" / "lineage.html").read_text("utf-8")


def test_it_is_listed_described_and_written_as_sql(acme: Acme) -> None:
    listed = {entry["name"]: entry for entry in json.loads(acme("list", "--json"))}
    assert listed["net_revenue_retention"]["owner"] == "Customer Success"
    assert listed["net_revenue_retention"]["exposures"] == ["renewals_review"]
    assert listed["health_scores"]["sla"] == "1h"
    assert listed["rep_activity_by_channel"]["exposures"] == []
    assert "`compared_months`" in acme("describe", "net_revenue_retention")
    for dialect in ("duckdb", "postgres"):
        assert "subscription_months" in acme("sql", "net_revenue_retention", "--dialect", dialect)
    acme("deployments", "--check")
    assert "net_revenue_retention" in acme("config", "--own")
