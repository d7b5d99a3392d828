"""Flags that did not land, or hold nothing: settled by another column, refused, or null for the
contract to name; never false."""

import inspect
from typing import Any

import ibis
import pytest
from systems import LANDED, made, without

from crm_ibis.errors import DataError
from crm_ibis.sources import connectors
from crm_ibis.sources.connectors.landed import flag
from crm_ibis.testing import Engine, expect

DEALS = """
    deal_id | deal_pipeline_stage_id | property_amount | property_createdate
    1       | closedwon              | 1000            | 2024-01-05
    2       | closedlost             | 500             | 2024-01-05
    3       | presentationscheduled  | 300             | 2024-01-05
"""
SHAPES = {
    "both flags": """
        stage_id              | closed_won | is_closed | probability
        presentationscheduled | false      | false     | 0.6
        closedwon             | true       | true      | 1
        closedlost            | false      | true      | 0
    """,
    "is_closed alone": """
        stage_id              | is_closed | probability
        presentationscheduled | false     | 0.6
        closedwon             | true      | 1
        closedlost            | true      | 0
    """,
    "closed_won alone": """
        stage_id              | closed_won | probability
        presentationscheduled | false      | 0.6
        closedwon             | true       | 1
        closedlost            | false      | 0
    """,
    "closed_won means closed": """
        stage_id              | closed_won | probability
        presentationscheduled | false      | 0.6
        closedwon             | true       | 1
        closedlost            | true       | 0
    """,
    "no flag at all": """
        stage_id              | probability
        presentationscheduled | 0.6
        closedwon             | 1
        closedlost            | 0
    """,
    "flags that say no": """
        stage_id              | closed_won | is_closed | probability
        presentationscheduled | false      | false     | 0.6
        closedwon             | true       | true      | 1
        closedlost            | false      | false     | 0
    """,
    "flags, and percent": """
        stage_id              | closed_won | is_closed | probability
        presentationscheduled | -          | false     | 60
        closedwon             | -          | true      | 100
        closedlost            | -          | true      | 0
    """,
    "flags, and probabilities that are null": """
        stage_id              | closed_won | is_closed | probability
        presentationscheduled | false      | false     | -
        closedwon             | true       | true      | -
        closedlost            | false      | true      | -
    """,
    "HubSpot's own stages": """
        stage_id              | is_closed | probability
        presentationscheduled | -         | -
        closedwon             | true      | -
        closedlost            | true      | -
    """,
}


def columns_of(system: str, table: str, drawn: str) -> dict[str, dict[str, str]]:
    """A landed table of the drawn columns only."""
    names = [name.strip() for name in drawn.strip().splitlines()[0].split("|")]
    return {table: {name: LANDED[system][table][name] for name in names}}


@pytest.mark.parametrize("shape", SHAPES)
def test_won_and_lost_deals_in_every_shape_that_lands(engine: Engine, shape: str) -> None:
    rows = made(
        engine,
        "hubspot",
        "leads",
        landed=columns_of("hubspot", "deal_pipeline_stage", SHAPES[shape]),
        deal=DEALS,
        deal_pipeline_stage=SHAPES[shape],
    )
    expect(rows, "id | stage\n1 | won\n2 | lost\n3 | opportunity")


def test_labels_tell_of_stages_that_an_account_numbered(engine: Engine) -> None:
    rows = made(
        engine,
        "hubspot",
        "leads",
        deal="deal_id | deal_pipeline_stage_id\n1 | 71\n2 | 72",
        deal_pipeline_stage="""
            stage_id | label       | is_closed | probability
            71       | Closed Won  | true      | -
            72       | Closed lost | true      | -
        """,
    )
    expect(rows, "id | stage\n1 | won\n2 | lost")


def test_a_stage_that_cannot_be_told_is_null_unless_the_deal_says_it(engine: Engine) -> None:
    """71: closed, whichever way. 72: won or closed. 73: open, and no word of how far."""
    types = {
        **LANDED["hubspot"]["deal"],
        "property_hs_is_closed_won": "boolean",
        "property_hs_is_closed": "boolean",
    }
    tables: dict[str, Any] = {
        "deal": """
            deal_id | deal_pipeline_stage_id | property_hs_is_closed_won | property_hs_is_closed
            1       | 71                     | -                         | -
            2       | 72                     | -                         | -
            3       | 73                     | -                         | -
            4       | 71                     | true                      | true
            5       | 71                     | false                     | true
        """,
        "deal_pipeline_stage": """
            stage_id | label  | closed_won | is_closed | probability
            71       | Over   | -          | true      | -
            72       | Over   | true       | -         | -
            73       | Ablage | false      | false     | -
        """,
    }
    rows = made(engine, "hubspot", "leads", landed={"deal": types}, **tables)
    expect(rows, "id | stage\n1 | -\n2 | -\n3 | -\n4 | won\n5 | lost")


def test_a_deal_in_a_stage_that_cannot_be_told_is_no_open_opportunity(engine: Engine) -> None:
    """It was one, so it is in the table, and its state is for the contract to name."""
    rows = made(
        engine,
        "hubspot",
        "opportunities",
        deal="deal_id | deal_pipeline_stage_id\n1 | 71",
        deal_stage="deal_id | value | date_entered\n1 | offer | 2024-01-05\n1 | 71 | 2024-01-09",
        deal_pipeline_stage="""
            stage_id | is_closed | probability
            offer    | false     | 0.6
            71       | true      | -
        """,
    )
    expect(rows, "id | status | created_at\n1 | - | 2024-01-05")


@pytest.mark.parametrize(
    ("system", "source", "table", "columns", "words"),
    [
        ("hubspot", "leads", "deal_pipeline_stage", ["probability"], "how far the open ones are"),
        ("hubspot", "tickets", "ticket_pipeline_stage", ["is_closed", "ticket_state"], "resolved"),
        ("hubspot", "outreach", "engagement_email", ["property_hs_email_direction"], "received"),
        ("hubspot", "outreach", "engagement_call", ["property_hs_call_direction"], "received"),
        (
            *("salesforce", "leads", "opportunity"),
            ["is_won", "is_closed", "stage_name"],
            "won, lost or open",
        ),
        (
            *("salesforce", "leads", "lead"),
            ["is_converted", "converted_date", "converted_account_id"],
            "which leads were converted",
        ),
        (
            *("salesforce", "outreach", "task"),
            ["is_closed", "completed_date_time"],
            "which tasks were done",
        ),
        ("salesforce", "outreach", "event", ["is_child"], "copies of another"),
        ("zendesk", "tickets", "ticket_comment", ["public"], "the customer saw"),
        ("zendesk", "tickets", "user", ["role"], "who is an agent"),
        ("zendesk", "satisfaction", "satisfaction_rating", ["score"], "what was answered"),
    ],
)
def test_a_source_that_nothing_tells_is_refused(
    system: str, source: str, table: str, columns: list[str], words: str
) -> None:
    function = connectors.table_function(system, source)
    shapes = {**LANDED[system], **without(system, table, *columns)}
    tables: dict[str, Any] = {
        name: ibis.table(shapes[name], name=name)
        for name in inspect.unwrap(function).__annotations__
        if name in shapes
    }
    with pytest.raises(DataError, match=f"^{table} has .*{words}") as refused:
        function(**tables)
    assert columns[0] in str(refused.value)
    assert "function of your own" in str(refused.value)
    assert "`absent` in place of the connector" in str(refused.value)


def test_salesforce_deals_without_flags(engine: Engine) -> None:
    """By the stage's own name, by the forecast, else null: o6 may be lost or open."""
    types = {
        c: t
        for c, t in {**LANDED["salesforce"]["opportunity"], "forecast_category": "string"}.items()
        if c not in ("is_won", "is_closed")
    }
    tables: dict[str, Any] = {
        "landed": {"opportunity": types},
        "opportunity_history": None,
        "opportunity": """
            id | stage_name         | forecast_category | close_date | created_date
            o1 | Closed Won         | -                 | 2024-01-20 | 2024-01-05
            o2 | Closed Lost        | Omitted           | 2024-01-20 | 2024-01-05
            o3 | Negotiation/Review | -                 | 2024-01-20 | 2024-01-05
            o4 | Gewonnen           | Closed            | 2024-01-20 | 2024-01-05
            o5 | Angebot            | BestCase          | 2024-01-20 | 2024-01-05
            o6 | Ruht               | Omitted           | 2024-01-20 | 2024-01-05
        """,
    }
    expect(
        made(engine, "salesforce", "opportunities", **tables),
        """
        id | status | closed_at
        o1 | won    | 2024-01-20
        o2 | lost   | 2024-01-20
        o3 | open   | -
        o4 | won    | 2024-01-20
        o5 | open   | -
        o6 | -      | -
        """,
    )
    expect(
        made(engine, "salesforce", "leads", **tables),
        """
        id | stage
        o1 | won
        o2 | lost
        o3 | opportunity
        o4 | won
        o5 | opportunity
        o6 | -
        """,
    )


def test_salesforce_deals_with_one_flag(engine: Engine) -> None:
    """o1 to o4 are closed, and the probability says which way; o5 lacks the one that says closed."""
    rows = made(
        engine,
        "salesforce",
        "opportunities",
        opportunity_history=None,
        opportunity="""
            id | stage_name | is_won | is_closed | probability | close_date | created_date
            o1 | Vorbei     | -      | true      | 100         | 2024-01-20 | 2024-01-05
            o2 | Vorbei     | -      | true      | 0           | 2024-01-20 | 2024-01-05
            o3 | Vorbei     | -      | true      | 40          | 2024-01-20 | 2024-01-05
            o4 | Vorbei     | true   | -         | 100         | 2024-01-20 | 2024-01-05
            o5 | Vorbei     | false  | -         | 0           | 2024-01-20 | 2024-01-05
            o6 | Angebot    | -      | false     | 100         | 2024-01-20 | 2024-01-05
        """,
    )
    assert [row["status"] for row in rows] == ["won", "lost", None, "won", None, "open"]


def test_a_lead_whose_deal_cannot_be_told_cannot_be_told_either(engine: Engine) -> None:
    rows = made(
        engine,
        "salesforce",
        "leads",
        lead="""
            id | is_converted | converted_date | converted_opportunity_id | created_date
            q1 | true         | 2024-01-05     | o1                       | 2024-01-01
        """,
        opportunity="id | stage_name | is_closed | created_date\no1 | Over | true | 2024-01-05",
        opportunity_history=None,
    )
    expect(rows, "id | stage\nq1 | -")


def test_leads_without_the_flag_of_their_conversion(engine: Engine) -> None:
    """q1 and q2 have what only a converted lead has; q3 has not, so it is a plain lead."""
    lead = """
        id | converted_date | converted_account_id | converted_opportunity_id | created_date
        q1 | 2024-01-05     | -                    | -                        | 2024-01-01
        q2 | -              | a1                   | -                        | 2024-01-01
        q3 | -              | -                    | -                        | 2024-01-01
    """
    for landed in ({}, without("salesforce", "lead", "is_converted")):
        rows = made(
            *(engine, "salesforce", "leads"), lead=lead, landed=landed, opportunity_history=None
        )
        assert [row["stage"] for row in rows] == ["sql", "sql", "lead"]


def test_tasks_without_a_flag_are_done_by_their_state(engine: Engine) -> None:
    """t4 may be done or not: it has no instant, which the contract demands."""
    types = {**LANDED["salesforce"]["task"], "status": "string"}
    rows = made(
        engine,
        "salesforce",
        "outreach",
        landed={"task": types},
        opportunity_history=None,
        task="""
            id | status      | completed_date_time | created_date
            t1 | Completed   | -                   | 2024-01-10
            t2 | In Progress | -                   | 2024-01-10
            t3 | -           | 2024-01-11          | 2024-01-10
            t4 | Warten      | -                   | 2024-01-10
        """,
    )
    expect(rows, "id | sent_at\nt1 | 2024-01-10\nt3 | 2024-01-11\nt4 | -")


def test_tickets_are_resolved_by_either_of_two_columns(engine: Engine) -> None:
    """Stage 3 says nothing, so the date tells."""
    tables: dict[str, Any] = {
        "ticket": """
            id | property_hs_pipeline_stage | property_createdate | property_closed_date
            1  | 1                          | 2024-01-01          | 2024-01-05
            2  | 2                          | 2024-01-01          | 2024-01-05
            3  | 3                          | 2024-01-01          | 2024-01-05
        """,
        "ticket_pipeline_stage": "stage_id | ticket_state\n1 | OPEN\n2 | CLOSED\n3 | -",
    }
    wanted = "id | resolved_at\n1 | -\n2 | 2024-01-05\n3 | 2024-01-05"
    expect(made(engine, "hubspot", "tickets", **tables), wanted)
    landed = without("hubspot", "ticket_pipeline_stage", "is_closed")
    expect(made(engine, "hubspot", "tickets", landed=landed, **tables), wanted)


def test_a_deletion_mark_that_is_missing_or_null_deletes_nothing(engine: Engine) -> None:
    tables: dict[str, Any] = {"deal": DEALS, "deal_pipeline_stage": SHAPES["both flags"]}
    for landed in ({}, without("hubspot", "deal", "is_deleted")):
        rows = made(engine, "hubspot", "leads", landed=landed, **tables)
        assert [row["id"] for row in rows] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("dtype", "given", "wanted"),
    [
        ("boolean", [True, False, None], [True, False, None]),
        ("string", ["true", "F", "YES", "0", "", "maybe", None], [True, False, True, False]),
        ("int64", [1, 0, 2, None], [True, False, None, None]),
        ("float64", [1.0, 0.0, None], [True, False, None]),
    ],
)
def test_a_flag_in_whatever_type_it_landed(
    engine: Engine, dtype: str, given: list[Any], wanted: list[bool | None]
) -> None:
    rows = [{"n": n, "x": value} for n, value in enumerate(given)]
    table = engine.store("flags", ibis.schema({"n": "int64", "x": dtype}), rows)
    found = engine.warehouse.rows(table.select("n", y=flag(table, "x")).order_by("n"))
    assert [row["y"] for row in found] == wanted + [None] * (len(given) - len(wanted))
