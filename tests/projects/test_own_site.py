"""A team's own tables on the site: pages, lineage, search, charts, and what is wrong with some."""

import re
from pathlib import Path

import pytest
from folders import Folder, fill

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.publishing.refresh import refresh
from crm_ibis.site.build import build
from crm_ibis.warehouse import open_warehouse

REP_SALES = """
    class Targets(Source):
        '''What each rep is to sell.'''

        id: Text = column("The target.")
        rep_id: Text = column("The rep.")
        deals: Count = column("Deals to win.", ge=0)

        class Config:
            unique = ["id"]


    class WonDeals(Fact):
        '''Deals that were won.'''

        opportunity_id: Text = column("The deal.")
        rep_id: Text = column("The rep.")
        month: Day = column("Month it was opened in.", whole_month=True)
        amount: Money = column("What it is worth.", ge=0)

        class Config:
            unique = ["opportunity_id"]


    class LargeDeals(Fact):
        '''Those of them that are large.'''

        opportunity_id: Text = column("The deal.")

        class Config:
            unique = ["opportunity_id"]


    class RepSales(Published):
        rep_id: Text = column("The rep.")
        month: Day = column("Month the deals were opened in.", whole_month=True)
        deals: Count = column("Deals won.", ge=0)
        large_deals: Count = column("Large ones.", ge=0)
        revenue: Money = column("What they are worth.", ge=0)
        target: Count = column("Deals to win.", nullable=True)

        class Config:
            unique = ["rep_id", "month"]


    def stg_targets(targets: Table) -> Table:
        '''Targets, by rep.'''
        return targets.group_by("rep_id").agg(target=_.deals.sum().cast("int64"))


    def stg_high_targets(stg_targets: Table) -> Table:
        '''The high ones.'''
        return stg_targets.filter(_.target > 1)


    def won_deals(stg_opportunities: Table) -> Table:
        '''Deals that were won by then.'''
        won = stg_opportunities.filter(_.status == "won")
        return won.select("opportunity_id", "rep_id", "month", amount=money(won.amount))


    def large_deals(won_deals: Table) -> Table:
        '''Deals of 100 and more.'''
        return won_deals.filter(_.amount >= 100).select("opportunity_id")


    def rep_sales(won_deals: Table, large_deals: Table, stg_high_targets: Table) -> Table:
        '''What each rep won, against the target.'''
        deals = won_deals.left_join(large_deals.mutate(is_large=True), "opportunity_id")
        sales = deals.group_by("rep_id", "month").agg(
            deals=_.count(), large_deals=_.is_large.count(), revenue=money(_.amount.sum())
        )
        joined = sales.left_join(stg_high_targets, "rep_id")
        return joined.select("rep_id", "month", "deals", "large_deals", "revenue", "target")
"""
HISTORY = """
    class SalesChanges(Published):
        rep_id: Text = column("The rep.")
        versions: Count = column("How often a month of theirs changed.", ge=0)

        class Config:
            unique = ["rep_id"]


    def sales_changes(rep_sales_snapshot: Table) -> Table:
        '''How often the numbers of a rep changed.'''
        return rep_sales_snapshot.group_by("rep_id").agg(versions=_.count())
"""
BROKEN = "def half(stg_leads: Table) -> Table:\n    return (\n"
EXPOSURE = """
    sales_board:
      of: [rep_sales]
      owner: Sales
      criticality: high
      description: What each rep won.
"""


@pytest.fixture
def site(folder: Folder, database: Settings) -> Path:
    """The site of a project with own tables, one of whose modules is broken."""
    folder.module("sales", REP_SALES)
    folder.module("changes", HISTORY)
    folder.module("broken", BROKEN)
    folder.write("snapshots.yml", "rep_sales_snapshot: rep_sales")
    folder.write("exposures.yml", EXPOSURE)
    folder.write("sources.yml", "sources: {targets: {columns: {deals: goal}}}\n")
    fill(database, targets="id | rep_id | deals\nt1 | ann | 3")
    with open_warehouse(database) as warehouse:
        column = warehouse.quote("deals")
        place = warehouse.quote(warehouse.raw, "targets")
        warehouse.run(f"ALTER TABLE {place} RENAME COLUMN {column} TO goal")
        refresh(warehouse, ["rep_sales", "won_deals"], snapshot=True)
        refresh(warehouse, ["sales_changes"])
        build(warehouse, folder.path / "out", load_params())
    return folder.path / "out"


def words(page: Path) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")).split())


@pytest.mark.e2e
def test_own_tables_are_on_every_page(site: Path) -> None:
    scorecard = (site / "index.html").read_text(encoding="utf-8")
    assert 'id="table-rep_sales"' in scorecard
    assert '"rep_sales (sums)"' in scorecard
    assert "Sales, high" in words(site / "index.html")
    catalog = words(site / "catalog.html")
    for name in (
        "rep_sales",
        "won_deals",
        "large_deals",
        "stg_targets",
        "targets",
        "sales_changes",
    ):
        assert name in catalog
        assert (site / "tables" / f"{name}.html").is_file()
        assert f'"tables/{name}.html"' in (site / "assets" / "search.js").read_text(
            encoding="utf-8"
        )
        assert f'data-name="{name}"' in (site / "lineage.html").read_text(encoding="utf-8")
    assert "sales_board: What each rep won." in words(site / "tables" / "rep_sales.html")
    assert "goal" in words(site / "tables" / "targets.html")
    assert "rep_sales" in words(site / "runs.html")


@pytest.mark.e2e
def test_what_is_made_of_its_own_kind_stands_behind_it(site: Path) -> None:
    drawing = (site / "lineage.html").read_text(encoding="utf-8")
    node = r'data-name="{}".*?<rect x="(\d+)"'
    names = ("targets", "stg_targets", "stg_high_targets", "won_deals", "large_deals", "rep_sales")
    places = []
    for name in names:
        found = re.search(node.format(name), drawing, re.DOTALL)
        assert found
        places.append(int(found[1]))
    assert places == sorted(set(places))


@pytest.mark.e2e
def test_a_broken_module_is_named_and_the_rest_is_there(site: Path, folder: Folder) -> None:
    catalog = words(site / "catalog.html")
    assert "1 problem in this project" in catalog
    assert "metrics/broken.py, line" in catalog
    assert str(folder.path) not in catalog
    assert "rep_sales" in catalog


@pytest.mark.e2e
def test_no_box_of_the_lineage_is_cut_off_or_covers_a_title(site: Path) -> None:
    drawing = (site / "lineage.html").read_text(encoding="utf-8")
    highest = min(int(y) for y in re.findall(r'<rect x="\d+" y="(-?\d+)"', drawing))
    assert 30 <= highest < 80  # lines may pass above the boxes
    titles = re.findall(r'class="layer" x="\d+" y="14">([^<]*)', drawing)
    assert titles == [
        *("Sources", "Staging", "Staging of staging", "Facts", "Facts of facts"),
        *("KPIs", "KPIs of KPIs", "Dashboards"),
    ]
