"""From landed tables to published KPIs, by the sources.yml that is written for a start."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from mappings import SourcesFile, land
from systems import LANDED

from crm_ibis.config.settings import Settings
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources.scaffold import render
from crm_ibis.testing import read
from crm_ibis.warehouse import Warehouse, open_warehouse

AT = datetime(2024, 3, 1)

ZENDESK = {
    "organization": "id | name | created_at | updated_at\n370 | North | 2024-01-01 | 2024-01-01",
    "user": "id | role\n1 | agent\n9 | end-user",
    "ticket": """
        id | organization_id | requester_id | priority | status | created_at       | updated_at
        1  | 370             | 9            | urgent   | closed | 2024-01-10 08:00 | 2024-01-20 08:00
        2  | 370             | 9            | urgent   | open   | 2024-01-10 08:00 | 2024-01-20 08:00
        3  | 370             | 9            | -        | solved | 2024-01-10 08:00 | 2024-01-20 08:00
    """,
    "ticket_comment": """
        id | ticket_id | user_id | public | created
        11 | 1         | 1       | true   | 2024-01-10 08:30
        12 | 2         | 1       | false  | 2024-01-10 08:30
        13 | 3         | 1       | true   | 2024-01-10 12:00
    """,
    "ticket_field_history": """
        ticket_id | field_name | updated          | value
        1         | status     | 2024-01-10 09:00 | solved
        1         | status     | 2024-01-10 10:00 | open
        1         | status     | 2024-01-10 13:00 | solved
        2         | status     | 2024-01-10 09:00 | solved
        2         | status     | 2024-01-10 09:30 | open
        3         | status     | 2024-01-13 08:00 | solved
    """,
    "satisfaction_rating": """
        id | ticket_id | score   | updated_at
        1  | 1         | good    | 2024-01-21
        2  | 3         | bad     | 2024-01-21
        3  | 2         | offered | 2024-01-21
    """,
}
SALESFORCE = {
    "account": "id | name\na1 | North",
    "lead": """
        id | owner_id | status             | is_converted | converted_date | converted_account_id | converted_opportunity_id | created_date
        q1 | u1       | Open               | false        | -              | -                    | -                        | 2024-01-05
        q2 | u1       | Closed - Converted | true         | 2024-01-09     | a1                   | o2                       | 2024-01-05
    """,
    "opportunity": """
        id | account_id | owner_id | amount | is_won | is_closed | close_date | created_date
        o2 | a1         | u1       | 1000   | true   | true      | 2024-01-31 | 2024-01-09
        o3 | a1         | u1       | 500    | false  | true      | 2024-01-20 | 2024-01-10
    """,
    "task": "id | what_id | owner_id | task_subtype | is_closed | created_date\nt1 | o2 | u1 | Call | true | 2024-01-10",
    "event": "id | owner_id | start_date_time | created_date\ne1 | u1 | 2024-01-11 | 2024-01-11",
}
HUBSPOT = {
    "company": "id | property_name\n20 | North",
    "deal_pipeline_stage": """
        stage_id | closed_won | is_closed | probability
        meet     | false      | false     | 0.2
        offer    | false      | false     | 0.6
        won      | true       | true      | 1
    """,
    "deal": """
        deal_id | deal_pipeline_stage_id | owner_id | property_amount | property_createdate
        1       | won                    | 7        | 800             | 2024-01-05
        2       | meet                   | 7        | 100             | 2024-01-05
        3       | offer                  | 7        | 100             | 2024-01-05
    """,
    "deal_stage": """
        deal_id | value | date_entered | _fivetran_end
        1       | meet  | 2024-01-05   | 2024-01-07
        1       | won   | 2024-01-07   | 2050-01-01
    """,
    "merged_deal": "deal_id | merged_deal_id\n3 | 4",
    "deal_company": "deal_id | company_id\n1 | 20\n2 | 20\n3 | 20",
    "engagement_email": "engagement_id | property_hs_timestamp\n100 | 2024-01-10",
    "engagement_call": "engagement_id | property_hs_timestamp\n200 | 2024-01-10",
    "engagement_meeting": "engagement_id | property_hs_meeting_outcome | start_time\n300 | COMPLETED | 2024-01-12",
    "engagement_company": "engagement_id | company_id",
    "engagement_deal": "engagement_id | deal_id\n300 | 1",
    "ticket": "id | property_hs_ticket_priority | property_createdate | property_first_agent_reply_date\n5 | HIGH | 2024-01-10 | 2024-01-11",
    "ticket_company": "ticket_id | company_id\n5 | 20",
    "ticket_pipeline_stage": "stage_id | is_closed",
}
SYSTEMS = {"zendesk": ZENDESK, "salesforce": SALESFORCE, "hubspot": HUBSPOT}


def publish(
    warehouse: Warehouse, schema: str, system: str, sources_file: SourcesFile, *kpis: str
) -> dict[str, list[dict[str, Any]]]:
    """The tables that a refresh of the named KPIs, or of all, publishes; by name."""
    for name, text in SYSTEMS[system].items():
        land(warehouse, f"{schema}.{name}", LANDED[system][name], text)
    sources_file.write(render(warehouse, system))
    outcome = refresh(warehouse, kpis, as_of=AT)
    return {run.table: read(warehouse, run.table) for run in outcome.published}


def test_zendesk(warehouse: Warehouse, landed: str, sources_file: SourcesFile) -> None:
    """Ticket 1 misses its 4 hours (solved for good after 5), 2 both targets, 3 neither's: medium,
    4 and 72 hours."""
    kpis = ("ticket_sla_compliance", "satisfaction_rollups", "conversion_funnel")
    published = publish(warehouse, landed, "zendesk", sources_file, *kpis)
    critical, medium = published["ticket_sla_compliance"]
    assert (critical["sla_compliant_tickets"], critical["sla_breached_tickets"]) == (0, 2)
    assert (critical["targets_met"], critical["targets_decided"]) == (1, 4)
    assert (medium["sla_compliant_tickets"], medium["avg_resolution_hours"]) == (1, 72)
    (csat,) = published["satisfaction_rollups"]
    assert (csat["response_count"], csat["promoter_or_satisfied_pct"]) == (2, 50)
    assert "conversion_funnel" not in published


def test_salesforce(warehouse: Warehouse, landed: str, sources_file: SourcesFile) -> None:
    """Three leads: one never converted, one won, one deal of its own that was lost."""
    kpis = (
        "conversion_funnel",
        "weighted_pipeline_scenarios",
        "outreach_kpis",
        "ticket_sla_compliance",
    )
    published = publish(warehouse, landed, "salesforce", sources_file, *kpis)
    stages: dict[str, int] = {}
    for row in published["conversion_funnel"]:
        stages[row["funnel_stage"]] = stages.get(row["funnel_stage"], 0) + row["stage_count"]
    assert stages == {"lead": 3, "sql": 2, "opportunity": 2, "won": 1}
    base = [r for r in published["weighted_pipeline_scenarios"] if r["scenario"] == "base"]
    assert sum(row["total_pipeline_value"] for row in base) == 1500
    assert sum(row["total_outreach"] for row in published["outreach_kpis"]) == 2
    assert "ticket_sla_compliance" not in published


def test_hubspot(warehouse: Warehouse, landed: str, sources_file: SourcesFile) -> None:
    """Deal 1 skipped from the first stage to won, 2 is in the first, 3 an open opportunity."""
    kpis = ("conversion_funnel", "outreach_kpis", "ticket_sla_compliance", "satisfaction_rollups")
    published = publish(warehouse, landed, "hubspot", sources_file, *kpis)
    counts = {row["funnel_stage"]: row["stage_count"] for row in published["conversion_funnel"]}
    assert counts == {"lead": 3, "sql": 2, "opportunity": 2, "won": 1}
    (meeting,) = (r for r in published["outreach_kpis"] if r["channel"] == "meeting")
    assert (meeting["facility_id"], meeting["response_rate_pct"]) == ("20", 100)
    (tickets,) = published["ticket_sla_compliance"]
    assert (tickets["open_tickets"], tickets["sla_breached_tickets"]) == (1, 1)
    assert "satisfaction_rollups" not in published


@pytest.fixture
def both(
    duckdb_settings: Settings, postgres_settings: Settings
) -> Iterator[tuple[Warehouse, Warehouse]]:
    with open_warehouse(duckdb_settings) as duckdb, open_warehouse(postgres_settings) as postgres:
        yield duckdb, postgres


@pytest.mark.e2e
@pytest.mark.parametrize("system", SYSTEMS)
def test_both_databases_publish_the_same(
    both: tuple[Warehouse, Warehouse], system: str, sources_file: SourcesFile
) -> None:
    ours, theirs = (publish(warehouse, warehouse.raw, system, sources_file) for warehouse in both)
    assert ours == theirs
    assert ours["monthly_scorecard"]
