"""`crm-ibis sources` says in which of several ways a connector reads what landed."""

from dataclasses import asdict

import ibis
import pytest
from mappings import SourcesFile, land
from systems import LANDED, without

from crm_ibis.cli.sources import _source_lines
from crm_ibis.publishing.preflight import fit
from crm_ibis.sources import connectors
from crm_ibis.sources.connectors.readings import DAYS, READINGS, readings
from crm_ibis.warehouse import Warehouse


def told(system: str, source: str, zone: str | None = None, **changed: list[str] | None) -> str:
    """The readings of landed tables: without some columns, or without a table at all."""
    types = dict(LANDED[system])
    for table, columns in changed.items():
        if columns is None:
            del types[table]
        else:
            types |= without(system, table, *columns)
    tables = {name: ibis.table(schema, name=name) for name, schema in types.items()}
    return "\n".join(readings(system, source, tables, zone))


def test_every_reading_is_of_a_source_that_its_connector_makes() -> None:
    for system, source in (*READINGS, *DAYS):
        assert source in connectors.table_functions(system)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ([], "closed_won and is_closed for the rest"),
        (["closed_won"], "0 is lost; is_closed for the rest"),
        (["is_closed"], "0 is lost; closed_won for the rest"),
    ],
)
def test_by_what_deals_are_won(missing: list[str], words: str) -> None:
    assert words in told("hubspot", "leads", deal_pipeline_stage=missing)


def test_by_what_a_company_is_the_primary_one() -> None:
    assert "type in deal_company is 5" in told("hubspot", "leads")
    assert "labels as primary" in told("hubspot", "leads", deal_company=["type_id"])
    bare = ["type_id", "category_label"]
    assert "the one of lowest id" in told("hubspot", "leads", deal_company=bare)


def test_what_is_not_known_without_a_column() -> None:
    email = told("hubspot", "outreach", engagement_email=["property_hs_email_status"])
    assert "drafts and bounced emails count as sent" in email
    assert "drafts" not in told("hubspot", "outreach")
    assert "opportunity has no is_closed" in told("salesforce", "leads", opportunity=["is_closed"])
    assert "replies in messaging" in told("zendesk", "tickets", ticket_chat=None)
    assert told("zendesk", "tickets") == ""
    assert "(pause_on), by ticket_audits" in told(
        "zendesk", "ticket_pauses", ticket_field_history=None
    )
    assert "no case: pauses that began" in told("salesforce", "ticket_pauses", case=None)


def test_days_are_of_utc_unless_a_zone_is_given() -> None:
    assert "close_date: days in UTC; say time_zone" in told("salesforce", "opportunities")
    assert "days" not in told("salesforce", "opportunities", "America/Los_Angeles")


def test_the_command_shows_them(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    for name in ("ticket", "ticket_company", "ticket_pipeline_stage", "company"):
        types = LANDED["hubspot"][name]
        land(warehouse, f"{landed}.{name}", types, next(iter(types)))
    sources_file.write(
        f"""
        schema: {landed}
        sources:
          facilities: {{connector: hubspot}}
          tickets: {{connector: hubspot}}
        """
    )
    found = fit(warehouse)
    shown = "\n".join(_source_lines(found))
    assert "  reads: resolved tickets: by ticket_pipeline_stage.is_closed and ticket_state" in shown
    (tickets,) = (f for f in found.fits if f.source == "tickets")
    assert asdict(tickets)["readings"] == tickets.readings
    assert len(tickets.readings) == 2
    assert shown.count("by ticket_pipeline_stage") == 1
