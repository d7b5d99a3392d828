"""`describe` of what a team's own tables are made of: staging tables, which have no contract."""

import pytest
from commands import crm_ibis
from folders import Folder

from crm_ibis.metrics import graph


def test_a_staging_table_has_a_key_columns_and_what_it_needs(folder: Folder) -> None:
    done = crm_ibis("describe", "stg_opportunities", "--json")
    assert done.exit_code == 0, done.err
    described = done.json
    assert described["kind"] == "staging"
    assert described["grain"] == ["opportunity_id"]
    assert described["needs"] == ["opportunities", "exchange_rates"]
    assert described["needed_by"]
    assert described["meaning"].startswith("Opportunities entered by `as_of`")
    columns = {column["name"]: column for column in described["columns"]}
    assert list(columns)[:3] == ["opportunity_id", "lead_id", "rep_id"]
    assert columns["opportunity_id"]["description"] == "Id of the opportunity."
    assert columns["opportunity_id"]["nullable"] is False
    assert columns["closed_at"]["nullable"] is True
    assert columns["month"]["type"] == "date"


def test_it_reads_well_in_a_terminal(folder: Folder) -> None:
    out = crm_ibis("describe", "stg_leads").out
    assert "key: lead_id\nneeds: leads, exchange_rates\n" in out
    assert "checks:" not in out, "it has no contract of its own"


@pytest.mark.parametrize("name", graph.staging_functions())
def test_every_column_of_a_shipped_staging_table_has_a_meaning(name: str) -> None:
    columns = crm_ibis("describe", name, "--json").json["columns"]
    assert [column["name"] for column in columns if not column["description"]] == []


def test_an_own_staging_table_is_described_by_its_source(folder: Folder) -> None:
    folder.module(
        "visits",
        """
        class Visits(Source):
            id: Text = column("Id of the visit.")
            rep_id: Text = column("Who visited.", nullable=True)

            class Config:
                unique = ["id"]

        def stg_visits(visits: Table) -> Table:
            \"\"\"Visits of reps.\"\"\"
            return visits.rename(visit_id="id").mutate(is_known=visits.rep_id.notnull())
        """,
    )
    described = crm_ibis("describe", "stg_visits", "--json").json
    assert described["grain"] == ["visit_id"]
    assert [(c["name"], c["description"], c["nullable"]) for c in described["columns"]] == [
        ("visit_id", "Id of the visit.", False),
        ("rep_id", "Who visited.", True),
        ("is_known", "", True),
    ]


def test_another_name_has_a_near_match(folder: Folder) -> None:
    done = crm_ibis("describe", "stg_lead")
    assert done.exit_code == 2
    assert 'there is no table "stg_lead" (did you mean "stg_leads"?)' in done.err
