"""A project folder of version 0.1.0 is a copy of all contracts, and works after an upgrade."""

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from commands import crm_ibis, use
from folders import fill

from crm_ibis.config import project
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.metrics import catalog, graph
from crm_ibis.metrics.problems import project_problems, refuse_problems
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

AS_OF = datetime(2024, 3, 1)


class Copy:
    """A copy of the shipped files, edited as an older version would have had them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for part in ("schemas", "flows"):
            shutil.copytree(project.shipped_home() / part, path / part)

    def edit(self, file: str, pattern: str, new: str = "") -> None:
        """Replaces what a pattern finds once in a file of schemas/."""
        place = self.path / "schemas" / file
        text, found = re.subn(pattern, new, place.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert found == 1, f"{pattern} occurs {found} times"
        place.write_text(text, encoding="utf-8")
        catalog.forget()


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copy]:
    made = Copy(tmp_path / "old")
    monkeypatch.setenv("CRM_IBIS_HOME", str(made.path))
    catalog.forget()
    yield made
    monkeypatch.undo()
    catalog.forget()


@pytest.mark.e2e
def test_a_column_that_is_new_in_the_package_is_filled_in(copy: Copy, settings: Settings) -> None:
    copy.edit(
        "kpis.py",
        r"    outstanding_amount: Money = column\(.*?\n    class Config",
        "\n    class Config",
    )
    copy.edit("sources.py", r"    qualified_at: Instant = column\(.*?(?=    closed_at)")
    fill(settings, invoices="id | amount | status\ni1 | 7 | pending")
    with open_warehouse(settings) as warehouse:
        refresh(warehouse, as_of=AS_OF)
        (row,) = read(warehouse, "revenue_kpis")
    assert str(row["outstanding_amount"]) == "7.00"
    assert "outstanding_amount is not null" in [r.name for r in contracts()["revenue_kpis"].rules]
    names = list(contracts()["leads"].schema)
    assert names[-1] == "qualified_at"
    rules = [rule.name for rule in contracts()["leads"].rules]
    assert "qualified_at is not before created_at" in rules
    assert "qualified_at" in graph.unbound_sources("raw")["leads"].columns
    assert project_problems() == []


def test_a_table_that_is_new_in_the_package_is_there(copy: Copy) -> None:
    copy.edit("kpis.py", r"class RevenueKpis\(.*?(?=\nclass )")
    copy.edit("sources.py", r"class Invoices\(.*\Z")
    assert "revenue_kpis" in contracts()
    assert contracts()["invoices"].kind == "source"
    assert "invoices" in graph.unbound_sources("raw")
    assert project_problems() == []


def test_what_the_copy_says_of_a_shipped_table_stands(copy: Copy) -> None:
    copy.edit("sources.py", r'"What the deal would be worth.", ge=0', '"Worth.", ge=5')
    rules = [rule.name for rule in contracts()["leads"].rules]
    assert "amount >= 5" in rules
    assert "amount >= 0" not in rules
    assert (
        next(c for c in contracts()["leads"].columns if c.name == "amount").description == "Worth."
    )


def test_a_column_that_the_package_lost_is_left_out(copy: Copy, settings: Settings) -> None:
    copy.edit(
        "kpis.py",
        r"    outstanding_amount: Money",
        '    margin: Money = column("x", ge=0)\n    outstanding_amount: Money',
    )
    fill(settings)
    with open_warehouse(settings) as warehouse:
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    (problem,) = project_problems()
    assert problem.is_warning
    assert "computes no margin of revenue_kpis any more" in str(problem)
    assert "margin" not in contracts()["revenue_kpis"].schema
    assert "margin >= 0" not in [rule.name for rule in contracts()["revenue_kpis"].rules]


@pytest.mark.e2e
def test_a_table_that_the_package_lost_is_left_out_with_a_warning(
    copy: Copy, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy.edit("kpis.py", r"class RevenueKpis\(", "class OldRevenue(")
    assert "old_revenue" not in contracts()
    assert "revenue_kpis" in contracts()
    (problem,) = project_problems()
    assert problem.is_warning
    file = copy.path / "schemas" / "kpis.py"
    line = file.read_text(encoding="utf-8").splitlines().index("class OldRevenue(Published):") + 1
    assert str(problem) == (
        f"{file}, line {line}: the package has no table old_revenue any more, so its contract is "
        "left out; delete it"
    )
    refuse_problems()
    use(settings, monkeypatch)
    fill(settings)
    done = crm_ibis("refresh", "--as-of", "2024-03-01")
    assert done.exit_code == 0, done.err
    assert "Warning: " in done.err


def test_a_source_that_only_the_copy_has_stays(copy: Copy) -> None:
    copy.edit("sources.py", r"class Invoices\(", "class Receipts(")
    assert {"receipts", "invoices"} <= contracts().keys()
    assert {"receipts", "invoices"} <= graph.unbound_sources("raw").keys()


def test_a_copy_that_cannot_be_read_leaves_the_catalog(copy: Copy) -> None:
    copy.edit("kpis.py", r"class RevenueKpis\(", "class RevenueKpis((")
    done = crm_ibis("list")
    assert done.exit_code == 0
    assert "health_scores" in done.out
    assert "kpis.py: line" in done.err
    assert crm_ibis("deployments", "--check").exit_code == 2
