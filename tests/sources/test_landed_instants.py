"""Instants and days of landed tables: with a zone, without one, as text, and in local days."""

from typing import Any

import pytest
from mappings import SourcesFile, land, rows_of
from systems import LANDED, made

from crm_ibis.testing import Engine, expect
from crm_ibis.warehouse import Warehouse

ZONED, NAIVE = "timestamp('UTC')", "timestamp(6)"
TICKET = LANDED["zendesk"]["ticket"]


def created(engine: Engine, dtype: str, text: str, zone: str | None) -> list[Any]:
    """When tickets were created, from a column of this type."""
    landed = {"ticket": {**TICKET, "created_at": dtype}}
    rows = made(engine, "zendesk", "tickets", landed=landed, time_zone=zone, ticket=text)
    return [str(row["created_at"]) for row in rows]


@pytest.mark.parametrize(
    ("dtype", "cell", "in_utc", "in_tokyo"),
    [
        (ZONED, "2024-02-01 05:00", "2024-02-01 05:00:00", "2024-02-01 05:00:00"),
        (NAIVE, "2024-02-01 05:00", "2024-02-01 05:00:00", "2024-01-31 20:00:00"),
        ("date", "2024-02-01", "2024-02-01 00:00:00", "2024-01-31 15:00:00"),
        ("string", "2024-02-01T05:00:00", "2024-02-01 05:00:00", "2024-01-31 20:00:00"),
        ("string", "2024-02-01T05:00:00Z", "2024-02-01 05:00:00", "2024-02-01 05:00:00"),
        ("string", "2024-02-01T05:00:00+08:00", "2024-01-31 21:00:00", "2024-01-31 21:00:00"),
        ("string", "2024-02-01T05:00:00.000+0000", "2024-02-01 05:00:00", "2024-02-01 05:00:00"),
        ("string", "1.2.2024", "None", "None"),
    ],
)
def test_an_instant_in_whatever_type_it_landed(
    engine: Engine, dtype: str, cell: str, in_utc: str, in_tokyo: str
) -> None:
    text = f"id | created_at\n1 | {cell}"
    assert created(engine, dtype, text, None) == [in_utc]
    assert created(engine, dtype, text, "Asia/Tokyo") == [in_tokyo]


def test_columns_with_and_without_a_zone_are_compared_as_instants(engine: Engine) -> None:
    """In Tokyo the first comment is of 9:30, the ticket of 9:00, both on 1 January in UTC at night.

    Read as UTC, the second comment would be the first that is later than the ticket.
    """
    rows = made(
        engine,
        "zendesk",
        "tickets",
        time_zone="Asia/Tokyo",
        landed={
            "ticket": {**TICKET, "created_at": ZONED},
            "ticket_comment": {**LANDED["zendesk"]["ticket_comment"], "created": "string"},
        },
        ticket="id | created_at\n1 | 2024-01-01 00:00",
        user="id | role\n1 | agent",
        ticket_comment="""
            id | ticket_id | user_id | public | created
            10 | 1         | 1       | true   | 2024-01-01T08:30:00
            11 | 1         | 1       | true   | 2024-01-01T09:30:00
            12 | 1         | 1       | true   | 2024-01-01T00:45:00Z
        """,
    )
    expect(rows, "id | created_at | first_response_at\n1 | 2024-01-01 00:00 | 2024-01-01 00:30")


LEAD = {**LANDED["salesforce"]["lead"], "created_date": ZONED, "converted_date": "date"}
DEAL = {**LANDED["salesforce"]["opportunity"], "created_date": ZONED, "close_date": "date"}
EVENING = {
    "lead": """
        id | is_converted | converted_date | converted_account_id | converted_opportunity_id | created_date
        q1 | true         | 2024-03-01     | a1                   | o1                       | 2024-03-02 01:30
    """,
    "opportunity": """
        id | is_won | is_closed | close_date | created_date
        o1 | true   | true      | 2024-03-01 | 2024-03-02 02:00
    """,
}


@pytest.mark.parametrize("zone", [None, "America/Los_Angeles"])
@pytest.mark.parametrize("day", ["date", NAIVE, ZONED, "string"])
def test_a_win_on_the_evening_of_the_creation_is_of_its_instant(
    engine: Engine, zone: str | None, day: str
) -> None:
    """1 March, 17:30 in Los Angeles, where the days of conversion and close are kept."""
    landed = {"lead": {**LEAD, "converted_date": day}, "opportunity": {**DEAL, "close_date": day}}
    given: dict[str, Any] = {
        "landed": landed,
        "time_zone": zone,
        "opportunity_history": None,
        **EVENING,
    }
    expect(
        made(engine, "salesforce", "leads", **given),
        """
        id | created_at       | qualified_at     | closed_at
        q1 | 2024-03-02 01:30 | 2024-03-02 01:30 | 2024-03-02 02:00
        """,
    )


def test_days_are_compared_with_the_local_day_of_the_creation(engine: Engine) -> None:
    """Los Angeles is 8 hours behind UTC. o1 was entered on 1 March there, and closed a day before;
    o2 on the day; o3 the day after: at local midnight."""
    deals = """
        id | is_won | is_closed | close_date | created_date
        o1 | true   | true      | 2024-02-29 | 2024-03-02 01:30
        o2 | true   | true      | 2024-03-01 | 2024-03-02 01:30
        o3 | true   | true      | 2024-03-02 | 2024-03-02 01:30
    """
    given: dict[str, Any] = {
        "landed": {"opportunity": DEAL, "lead": LEAD},
        "opportunity_history": None,
    }
    rows = made(
        engine,
        "salesforce",
        "opportunities",
        time_zone="America/Los_Angeles",
        opportunity=deals,
        **given,
    )
    expect(
        rows,
        """
        id | closed_at
        o1 | 2024-02-29 08:00
        o2 | 2024-03-02 01:30
        o3 | 2024-03-02 08:00
        """,
    )


def test_without_a_zone_a_day_that_it_still_was_somewhere_is_that_of_the_creation(
    engine: Engine,
) -> None:
    """Half a day behind UTC is the furthest: o2 was entered on 2 March everywhere on land."""
    deals = """
        id | is_won | is_closed | close_date | created_date
        o1 | true   | true      | 2024-03-01 | 2024-03-02 11:59
        o2 | true   | true      | 2024-03-01 | 2024-03-02 12:00
        o3 | true   | true      | 2024-03-02 | 2024-03-02 12:00
        o4 | true   | true      | 2024-03-03 | 2024-03-02 12:00
    """
    given: dict[str, Any] = {
        "landed": {"opportunity": DEAL, "lead": LEAD},
        "opportunity_history": None,
    }
    rows = made(engine, "salesforce", "opportunities", opportunity=deals, **given)
    expect(
        rows,
        """
        id | closed_at
        o1 | 2024-03-02 11:59
        o2 | 2024-03-01 00:00
        o3 | 2024-03-02 12:00
        o4 | 2024-03-03 00:00
        """,
    )


@pytest.mark.parametrize(
    ("landed_at", "qualified_at"),
    [("2024-01-06 09:00", "2024-01-06 09:00"), ("2024-01-06 23:30", "2024-01-05 23:00")],
)
def test_versions_that_begin_within_a_day_of_the_deal_show_all_of_it(
    engine: Engine, landed_at: str, qualified_at: str
) -> None:
    """An hour before midnight is no reason to disbelieve a version of the next morning."""
    rows = made(
        engine,
        "salesforce",
        "leads",
        lead="""
            id | is_converted | converted_date | converted_account_id | converted_opportunity_id | created_date
            q1 | true         | 2024-01-05     | a1                   | o1                       | 2024-01-05 23:00
        """,
        opportunity="id | is_won | is_closed | created_date\no1 | false | false | 2024-01-05 23:00",
        opportunity_history=f"""
            id | stage_name  | is_closed | _fivetran_start
            o1 | Prospecting | false     | {landed_at}
        """,
    )
    expect(rows, f"id | qualified_at\nq1 | {qualified_at}")


YAML = """
    schema: {landed}
    sources:
      tickets: {{{made_by}, time_zone: Asia/Tokyo}}
"""
OURS = """
    from crm_ibis.connectors import zendesk


    def tickets(ticket, ticket_comment, ticket_field_history, user):
        found = zendesk.tickets(ticket, ticket_comment, ticket_field_history, user)
        return found.filter(found.id != "4")
"""


@pytest.mark.parametrize("made_by", ["connector: zendesk", "file: ours.py"])
def test_the_zone_of_sources_yml_is_applied_once(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, made_by: str
) -> None:
    """Created with a zone, changed without one, and answered as text with both kinds."""
    types = {**TICKET, "created_at": ZONED}
    comment = {**LANDED["zendesk"]["ticket_comment"], "created": "string"}
    land(
        warehouse,
        f"{landed}.ticket",
        types,
        """
        id | created_at       | updated_at       | status
        1  | 2024-01-31 20:00 | 2024-02-02 08:00 | open
        2  | 2024-01-31 20:00 | 2024-02-02 08:00 | open
        """,
    )
    land(
        warehouse,
        f"{landed}.ticket_comment",
        comment,
        """
        ticket_id | user_id | public | created
        1         | 1       | true   | 2024-02-01T06:00:00
        2         | 1       | true   | 2024-02-01T06:00:00+08:00
        """,
    )
    land(warehouse, f"{landed}.user", LANDED["zendesk"]["user"], "id | role\n1 | agent")
    history = LANDED["zendesk"]["ticket_field_history"]
    land(warehouse, f"{landed}.ticket_field_history", history, "ticket_id")
    sources_file.beside("ours.py", OURS)
    sources_file.write(YAML.format(landed=landed, made_by=made_by))
    expect(
        rows_of(warehouse, "tickets"),
        """
        id | created_at       | updated_at       | first_response_at
        1  | 2024-01-31 20:00 | 2024-02-01 23:00 | 2024-01-31 21:00
        2  | 2024-01-31 20:00 | 2024-02-01 23:00 | 2024-01-31 22:00
        """,
    )
