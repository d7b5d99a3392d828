"""What a team adds to shipped contracts, without a copy of them."""

from datetime import datetime

import pytest
from commands import crm_ibis
from folders import Folder, fill

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.errors import DataError
from crm_ibis.metrics import graph
from crm_ibis.metrics.problems import project_problems
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

AS_OF = datetime(2024, 3, 1)

REGIONS = """
    class Leads(Extension):
        region: Text = column("Region of the lead.", nullable=True, isin=["north", "south"])
        amount: Exact = column("What the deal would be worth.", ge=10, raise_warning=True)

        @pa.dataframe_check(description="a southern lead has a rep called s...")
        def southern_reps(cls, data):
            table = data.table
            return (table.region != "south") | table.rep_id.startswith("s")

        class Config:
            severities = {"updated_at is not before created_at": "warn"}


    class LeadsByRegion(Published):
        region: Text = column("The region.")
        leads: Count = column("Leads.", ge=0)

        class Config:
            unique = ["region"]


    def leads_by_region(leads: Table) -> Table:
        '''Leads of each region.'''
        return leads.group_by(region=leads.region.fill_null("none")).agg(leads=_.count())
"""


@pytest.fixture
def regions(folder: Folder) -> Folder:
    folder.module("regions", REGIONS)
    assert [str(problem) for problem in project_problems()] == []
    return folder


def test_a_further_column_reaches_own_tables(regions: Folder, database: Settings) -> None:
    fill(
        database,
        leads="id | region | amount | rep_id\nl1 | south | 10 | sue\nl2 | - | 10 | ann\n"
        "l3 | south | 12 | sam",
        opportunities="id",
    )
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["leads_by_region", "conversion_funnel"], as_of=AS_OF)
        rows = read(warehouse, "leads_by_region")
    assert [(row["region"], row["leads"]) for row in rows] == [("none", 1), ("south", 2)]


def test_a_further_check_stops_a_refresh(regions: Folder, database: Settings) -> None:
    fill(database, leads="id | region | amount\nl1 | south | 10", opportunities="id")
    with (
        open_warehouse(database) as warehouse,
        pytest.raises(DataError, match=r"leads: a southern lead has a rep called s\.\.\.: 1 row"),
    ):
        refresh(warehouse, ["leads_by_region"], as_of=AS_OF)


def test_a_column_declared_again_has_other_checks(regions: Folder, database: Settings) -> None:
    fill(database, leads="id | amount\nl1 | 5", opportunities="id")
    said: list[str] = []
    with open_warehouse(database) as warehouse:
        refresh(
            warehouse,
            ["leads_by_region"],
            as_of=AS_OF,
            report=lambda event: said.append(str(event)),
        )
    assert [line.splitlines()[0] for line in said if "warning" in line] == [
        "warning: leads: amount >= 10: 1 row"
    ]


def test_another_severity_of_a_shipped_rule(regions: Folder, database: Settings) -> None:
    fill(
        database,
        leads="id | amount | created_at | updated_at\nl1 | 10 | 2024-01-02 | 2024-01-01",
        opportunities="id",
    )
    said: list[str] = []
    with open_warehouse(database) as warehouse:
        refresh(
            warehouse,
            ["leads_by_region"],
            as_of=AS_OF,
            report=lambda event: said.append(str(event)),
        )
    assert any("warning: leads: updated_at is not before created_at: 1 row" in s for s in said)


def test_the_rest_of_the_contract_stands(regions: Folder) -> None:
    contract = contracts()["leads"]
    names = list(contract.schema)
    assert names[:3] == ["id", "facility_id", "rep_id"]
    assert names[-1] == "region"
    severities = {rule.name: rule.severity for rule in contract.rules}
    assert severities["id is unique"] == "error"
    assert severities["facility_id is an id of facilities"] == "error"
    assert severities["amount >= 10"] == "warn"
    assert "amount >= 0" not in severities
    assert contract.key == ("id",)
    assert graph.unbound_sources("raw")["leads"].schema()["region"].is_string()
    described = crm_ibis("describe", "leads", "--json").json
    assert described["meaning"].startswith("Possible deals")


def test_sources_yml_may_map_a_further_column(regions: Folder) -> None:
    from crm_ibis.sources import spec

    regions.write("sources.yml", "sources: {leads: {columns: {region: area}}}")
    assert spec.load_spec().of("leads").is_mapped


def test_a_published_table_gains_checks_but_no_columns(folder: Folder, database: Settings) -> None:
    folder.module(
        "strict",
        """
        class RevenueKpis(Extension):
            @pa.dataframe_check(description="no month earns more than 100")
            def small(cls, data):
                return data.table.total_revenue <= 100
        """,
    )
    fill(
        database,
        invoices="id | amount | status\ni1 | 101 | paid",
    )
    with (
        open_warehouse(database) as warehouse,
        pytest.raises(DataError, match="revenue_kpis: no month earns more than 100: 1 row"),
    ):
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            "class Lead(Extension):\n    region: Text = column('x')\n",
            "class Lead(",
            'Lead extends "lead" (did you mean "leads"?), but the package ships no table',
        ),
        (
            "class RevenueKpis(Extension):\n    margin: Money = column('x')\n",
            "margin",
            "RevenueKpis.margin: the function revenue_kpis of the package computes no column",
        ),
        (
            "class Leads(Extension):\n    amount: Count = column('x')\n",
            "amount",
            "Leads.amount is int64, but the package has decimal(24, 6); an extension changes",
        ),
        (
            "class Leads(Extension):\n    class Config:\n"
            "        severities = {'amount >= 1': 'warn'}",
            "class Leads",
            'severities: leads has no rule "amount >= 1" (did you mean "amount >= 0"?)',
        ),
        (
            "class Leads(Extension):\n    class Config:\n"
            "        severities = {'amount >= 0': 'warning'}",
            "class Leads",
            '"warning" is no severity (did you mean "warn"?)',
        ),
        (
            "class Leads(Extension):\n    class Config:\n"
            "        severity = {'amount >= 0': 'warn'}",
            "class Leads",
            "Leads.Config.severity: an extension sets nothing but `severities`",
        ),
        (
            "class Leads(Extension):\n    region: Text\n",
            "region",
            "Leads.region is not described",
        ),
    ],
    ids=["unknown", "column", "type", "rule", "severity", "config", "not described"],
)
def test_an_extension_that_cannot_be(folder: Folder, text: str, place: str, words: str) -> None:
    shipped = contracts()["leads"].schema
    folder.module("wrong", "\n" + text)
    (line,) = (str(problem) for problem in project_problems())
    assert line.startswith(f"{folder.line('wrong', place)}: ")
    assert words in line
    assert contracts()["leads"].schema == shipped
