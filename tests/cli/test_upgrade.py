"""A project goes on working when the package is upgraded, without a change to its files.

The next version has a further column, a further KPI and a renamed one.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from old_project import copy_to
from test_wheel import CHECKOUT, python

pytestmark = pytest.mark.e2e

NEW_KPI = '''

def invoice_counts(stg_invoices: Table) -> Table:
    """Invoices of a facility by month. Grain: facility_id, month."""
    return stg_invoices.group_by(GRAIN).agg(invoices=_.count())
'''
NEW_CONTRACT = '''

class InvoiceCounts(Published):
    """Invoices by month."""

    facility_id: Text = column("Facility.", references="facilities")
    month: Day = column("Month of the invoice.", whole_month=True)
    invoices: Count = column("Invoices.", ge=1)

    class Config:
        unique = ["facility_id", "month"]
'''


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def make_next_version(folder: Path) -> None:
    """Copies the sources, and changes what a later version may change."""
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in ("src", "schemas", "seeds", "flows", "docs"):
        if (CHECKOUT / part).exists():
            shutil.copytree(CHECKOUT / part, folder / part, ignore=skip)
    for file in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(CHECKOUT / file, folder / file)
    edit(folder / "pyproject.toml", ('version = "0.2.0"', 'version = "0.3.0"'))
    kpis = folder / "src" / "crm_ibis" / "metrics" / "kpis"
    grouped = "    totals = stg_invoices.group_by(GRAIN).agg(\n"
    counted = '        cancelled_invoices=_.count(where=_.status == "cancelled"),\n'
    chosen = '        "total_invoices",\n'
    also = '        "cancelled_invoices",\n'
    edit(kpis / "revenue.py", (grouped, grouped + counted), (chosen, chosen + also))
    with (kpis / "revenue.py").open("a", encoding="utf-8") as opened:
        opened.write(NEW_KPI)
    for module in (kpis / "outreach.py", kpis / "combined.py"):
        edit(module, ("outreach_kpis", "outreach_by_channel"))
    contracts = folder / "schemas" / "kpis.py"
    total = '    total_invoices: Count = column("Paid invoices.", ge=0)\n'
    cancelled = '    cancelled_invoices: Count = column("Cancelled invoices.", ge=0)\n'
    edit(contracts, (total, total + cancelled), ("class OutreachKpis", "class OutreachByChannel"))
    with contracts.open("a", encoding="utf-8") as opened:
        opened.write(NEW_CONTRACT)
    edit(
        folder / "flows" / "jobs.yml",
        ("      - outreach_kpis\n", "      - outreach_by_channel\n      - invoice_counts\n"),
    )
    with (folder / "schemas" / "renamed.yml").open("a", encoding="utf-8") as opened:
        opened.write("outreach_kpis: outreach_by_channel\n")


def install(sources: Path, folder: Path) -> Path:
    """Builds the wheel of some sources and installs it into a folder."""
    (folder / "wheel").mkdir(parents=True)
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "wheel"), ".")
    python(*build, cwd=sources)
    (wheel,) = (folder / "wheel").iterdir()
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    target = folder / "installed"
    python("-m", "pip", "install", *options, "--target", str(target), str(wheel), cwd=folder)
    return target


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """This version and the next one, installed."""
    folder = tmp_path_factory.mktemp("versions")
    make_next_version(folder / "sources")
    return install(CHECKOUT, folder / "now"), install(folder / "sources", folder / "next")


@dataclass(frozen=True)
class Project:
    """A project folder and the version that is installed for it."""

    folder: Path
    installed: Path

    def run(self, *arguments: str) -> str:
        """What a command that must succeed prints."""
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("CRM_IBIS_", "PYTHON"))
        }
        environment |= {
            "COLUMNS": "200",
            "CRM_IBIS_DATABASE_URL": "duckdb://acme.duckdb",
            "CRM_IBIS_HOME": str(self.folder),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": str(self.installed),
        }
        done = subprocess.run(
            [sys.executable, "-m", "crm_ibis", *arguments],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def publish(self) -> None:
        self.run("seed")
        self.run("refresh", "--snapshot")

    def check_everything(self) -> None:
        """Refreshes and looks at everything with the next version."""
        self.run("refresh", "--snapshot")
        assert "cancelled_invoices" in self.run("show", "revenue_kpis", "--json")
        listed = self.run("list")
        assert "invoice_counts" in listed
        assert "outreach_by_channel" in listed
        status = self.run("status")
        assert re.search(r"^ *outreach_kpis .* retired ", status, re.MULTILINE)
        assert "outreach_kpis: retired: it was renamed to outreach_by_channel" in status
        self.run("watch")
        self.run("site", "build")
        assert Path("site/index.html").is_file()
        self.run("retire", "outreach_kpis")
        assert "retired" not in self.run("status")


def test_a_folder_of_this_version_works_with_the_next_one(versions: tuple[Path, Path]) -> None:
    now, following = versions
    folder = Path("acme").resolve()
    python("-m", "crm_ibis", "init", "acme", cwd=Path.cwd(), installed=now)
    (folder / "exposures.yml").write_text(
        "outreach_review: {of: [outreach_kpis], owner: Sales, criticality: low, description: x}\n"
        "crm_cohort_retention: {owner: The Board}\n",
        encoding="utf-8",
    )
    (folder / "jobs.yml").write_text(
        "jobs:\n"
        "  supporting_kpis:\n"
        "    refresh: [pipeline_kpis, compliance_kpis, revenue_kpis, outreach_kpis,\n"
        "              combined_kpis, monthly_scorecard]\n"
        "owners: {Sales: [slack], The Board: [slack], Revenue Operations: null}\n",
        encoding="utf-8",
    )
    Project(folder, now).publish()
    upgraded = Project(folder, following)
    upgraded.check_everything()
    assert "outreach_review" in upgraded.run("describe", "outreach_by_channel", "--json")
    assert "outreach_by_channel" in upgraded.run("deployments") + (
        folder / "prefect.yaml"
    ).read_text(encoding="utf-8")


def test_an_old_folder_is_upgraded_by_the_next_version(versions: tuple[Path, Path]) -> None:
    now, following = versions
    folder = Path("acme").resolve()
    copy_to(folder)
    edit(folder / "flows" / "jobs.yml", ('"0 3 * * *"', '"0 5 * * *"'))
    edit(folder / "schemas" / "exposures.yml", ("of: [cohort_retention]", "of: [outreach_kpis]"))
    Project(folder, now).publish()
    upgraded = Project(folder, following)
    assert "jobs.health_scores.schedule" in upgraded.run("init", "--upgrade")
    upgraded.check_everything()


def test_an_old_folder_works_with_the_next_version(versions: tuple[Path, Path]) -> None:
    now, following = versions
    folder = Path("acme").resolve()
    copy_to(folder)
    Project(folder, now).publish()
    upgraded = Project(folder, following)
    upgraded.run("refresh")
    upgraded.run("list")
    upgraded.run("status")
    upgraded.run("watch")
    upgraded.run("site", "build")
    assert Path("site/index.html").is_file()
