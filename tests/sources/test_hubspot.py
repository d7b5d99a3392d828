"""HubSpot: skipped stages, expected close dates, merged deals, companies of deals, engagements."""

from typing import Any

import pytest
from systems import LANDED, made, without

from crm_ibis.testing import Engine, expect

STAGES = """
    stage_id | label        | closed_won | is_closed | probability
    meet     | Appointment  | false      | false     | 0.2
    qual     | Qualified    | false      | false     | 0.4
    offer    | Offer        | false      | false     | 60
    won      | Closed won   | true       | true      | 1
    lost     | Closed lost  | false      | true      | 0
"""
HISTORY = """
    deal_id | value | date_entered     | _fivetran_start  | _fivetran_end
    1       | meet  | 2024-01-01 10:00 | 2024-01-01 10:00 | 2024-01-03 10:00
    1       | qual  | 2024-01-03 10:00 | 2024-01-03 10:00 | 2024-01-05 10:00
    1       | offer | 2024-01-05 10:00 | 2024-01-05 10:00 | 2024-01-09 10:00
    1       | won   | 2024-01-09 10:00 | 2024-01-09 10:00 | 2050-01-01 00:00
    2       | meet  | 2024-01-01 10:00 | 2024-01-01 10:00 | 2024-01-04 10:00
    2       | won   | -                | 2024-01-04 10:00 | 2050-01-01 00:00
    3       | offer | 2024-01-01 10:00 | 2024-01-01 10:00 | 2024-01-02 10:00
    3       | lost  | 2024-01-02 10:00 | 2024-01-02 10:00 | 2024-01-06 10:00
    3       | meet  | 2024-01-06 10:00 | 2024-01-06 10:00 | 2024-01-08 10:00
    3       | lost  | 2024-01-08 10:00 | 2024-01-08 10:00 | 2050-01-01 00:00
    4       | meet  | 2024-01-01 10:00 | 2024-01-01 10:00 | 2050-01-01 00:00
    5       | meet  | 2024-01-01 10:00 | 2024-01-01 10:00 | 2024-01-02 10:00
    5       | lost  | 2024-01-02 10:00 | 2024-01-02 10:00 | 2050-01-01 00:00
"""
DEALS = """
    deal_id | deal_pipeline_stage_id | owner_id | property_amount | property_closedate | property_createdate | is_deleted
    1       | won                    | 7        | 500.25          | 2024-01-31         | 2024-01-01 10:00    | false
    2       | won                    | 7        | -               | 2024-01-31         | 2024-01-01 10:00    | false
    3       | lost                   | 8        | 100             | 2024-01-31         | 2024-01-01 10:00    | false
    4       | meet                   | -        | 100             | 2024-01-31         | 2024-01-01 10:00    | false
    5       | lost                   | 8        | 100             | 2024-01-31         | 2024-01-01 10:00    | false
    6       | -                      | 8        | 100             | -                  | 2024-01-01 10:00    | false
    7       | gone                   | 8        | 100             | -                  | 2024-01-01 10:00    | false
    8       | won                    | 8        | 100             | 2024-01-20         | 2024-01-01 10:00    | false
    9       | won                    | 8        | 100             | 2024-01-20         | 2024-01-01 10:00    | true
    10      | offer                  | 8        | 100             | 2024-01-20         | 2024-01-01 10:00    | false
    11      | offer                  | 8        | 100             | 2024-01-20         | 2024-01-01 10:00    | false
"""
MERGED = "deal_id | merged_deal_id\n10 | 11"


def test_deals_are_leads_as_far_as_their_stage_says(engine: Engine) -> None:
    """Deal 2 skipped stages, 4 is open with a close date hoped for, 7 is in an unknown stage."""
    rows = made(
        engine,
        "hubspot",
        "leads",
        deal=DEALS,
        deal_pipeline_stage=STAGES,
        deal_stage=HISTORY,
        merged_deal=MERGED,
        deal_company="""
            deal_id | company_id | category_label
            1       | 31         | -
            1       | 30         | -
            1       | 40         | Primary
            2       | 21         | -
            2       | 20         | -
        """,
    )
    expect(
        rows,
        """
        id | facility_id | rep_id     | status      | stage       | amount     | qualified_at     | closed_at
        1  | 40          | 7          | Closed won  | won         | 500.250000 | 2024-01-03 10:00 | 2024-01-09 10:00
        10 | unassigned  | 8          | Offer       | opportunity | 100.000000 | -                | -
        2  | 20          | 7          | Closed won  | won         | 0.000000   | 2024-01-04 10:00 | 2024-01-04 10:00
        3  | unassigned  | 8          | Closed lost | lost        | 100.000000 | 2024-01-01 10:00 | 2024-01-08 10:00
        4  | unassigned  | unassigned | Appointment | lead        | 100.000000 | -                | -
        5  | unassigned  | 8          | Closed lost | lost        | 100.000000 | -                | 2024-01-02 10:00
        6  | unassigned  | 8          | none        | lead        | 100.000000 | -                | -
        7  | unassigned  | 8          | gone        | -           | 100.000000 | -                | -
        8  | unassigned  | 8          | Closed won  | won         | 100.000000 | -                | 2024-01-20
        """,
    )


def test_a_deal_is_an_opportunity_once_it_reached_such_a_stage(engine: Engine) -> None:
    """A lost one too, if it did; one without history, if it is in such a stage or won."""
    rows = made(
        engine,
        "hubspot",
        "opportunities",
        deal=DEALS,
        deal_pipeline_stage=STAGES,
        deal_stage=HISTORY,
        merged_deal=MERGED,
    )
    expect(
        rows,
        """
        id | lead_id | status | created_at       | closed_at
        1  | 1       | won    | 2024-01-05 10:00 | 2024-01-09 10:00
        10 | 10      | open   | 2024-01-01 10:00 | -
        2  | 2       | won    | 2024-01-04 10:00 | 2024-01-04 10:00
        3  | 3       | lost   | 2024-01-01 10:00 | 2024-01-08 10:00
        8  | 8       | won    | 2024-01-01 10:00 | 2024-01-20
        """,
    )


def test_deleted_companies_stay_facilities(engine: Engine) -> None:
    rows = made(
        engine,
        "hubspot",
        "facilities",
        company="""
            id | is_deleted | property_name | property_industry | property_city | property_createdate
            20 | true       | North         | HEALTH            | Bern          | 2024-01-01
            21 | false      | -             | -                 | -             | 2024-01-02
        """,
    )
    expect(
        rows,
        """
        id         | name       | type   | location | created_at | updated_at
        20         | North      | HEALTH | Bern     | 2024-01-01 | 2024-01-01
        21         | 21         | -      | -        | 2024-01-02 | 2024-01-02
        unassigned | No company | -      | -        | -          | -
        """,
    )


def test_engagements_that_went_out_are_outreach(engine: Engine) -> None:
    """Received emails, inbound calls and deleted engagements are none. The call about deal 11 is
    about deal 10, into which it was merged."""
    rows = made(
        engine,
        "hubspot",
        "outreach",
        deal=DEALS,
        merged_deal=MERGED,
        engagement_email="""
            engagement_id | _fivetran_deleted | property_hs_email_direction | property_hs_timestamp | property_hs_createdate | property_hubspot_owner_id
            101           | false             | EMAIL                       | 2024-01-10 09:00      | 2024-01-10 09:05       | 7
            102           | false             | INCOMING_EMAIL              | 2024-01-10 09:00      | 2024-01-10 09:05       | 7
            103           | true              | EMAIL                       | 2024-01-10 09:00      | 2024-01-10 09:05       | 7
            104           | false             | -                           | 2024-01-10 09:00      | 2024-01-10 09:05       | -
        """,
        engagement_call="""
            engagement_id | property_hs_call_direction | property_hs_call_disposition         | property_hs_timestamp | property_hs_createdate
            201           | OUTBOUND                   | f240bbac-87c9-4f6e-bf70-924b57d47db7 | 2024-01-11 09:00      | 2024-01-11 09:00
            202           | INBOUND                    | f240bbac-87c9-4f6e-bf70-924b57d47db7 | 2024-01-11 09:00      | 2024-01-11 09:00
            203           | -                          | -                                    | 2024-01-11 09:00      | 2024-01-11 09:00
        """,
        engagement_meeting="""
            engagement_id | property_hs_meeting_outcome | start_time
            301           | COMPLETED                   | 2024-01-12 09:00
            302           | NO_SHOW                     | 2024-01-12 09:00
        """,
        engagement_company="engagement_id | company_id\n101 | 50",
        engagement_deal="""
            engagement_id | deal_id
            101           | 1
            201           | 2
            203           | 11
            301           | 9
        """,
        deal_company="deal_id | company_id\n1 | 40\n2 | 20",
    )
    expect(
        rows,
        """
        id  | facility_id | lead_id | rep_id | channel | sent_at          | response_received | responded_at
        101 | 50          | 1       | 7      | email   | 2024-01-10 09:00 | false             | -
        104 | unassigned  | -       | -      | email   | 2024-01-10 09:00 | false             | -
        201 | 20          | 2       | -      | phone   | 2024-01-11 09:00 | true              | 2024-01-11 09:00
        203 | unassigned  | 10      | -      | phone   | 2024-01-11 09:00 | false             | -
        301 | unassigned  | -       | -      | meeting | 2024-01-12 09:00 | true              | 2024-01-12 09:00
        302 | unassigned  | -       | -      | meeting | 2024-01-12 09:00 | false             | -
        """,
    )


def test_a_ticket_is_resolved_in_a_closed_stage_only(engine: Engine) -> None:
    """One opened again keeps its close date; of a stage that is gone, the date tells."""
    rows = made(
        engine,
        "hubspot",
        "tickets",
        ticket="""
            id | is_deleted | property_hs_pipeline_stage | property_hs_ticket_priority | property_createdate | property_first_agent_reply_date | property_closed_date
            1  | false      | 4                          | URGENT                      | 2024-01-01          | 2024-01-02                      | 2024-01-05
            2  | false      | 1                          | -                           | 2024-01-01          | -                               | 2024-01-05
            3  | false      | 9                          | LOW                         | 2024-01-01          | -                               | 2024-01-06
            4  | true       | 4                          | LOW                         | 2024-01-01          | -                               | 2024-01-06
            5  | false      | 3                          | MEDIUM                      | 2024-01-01          | -                               | 2024-01-07
        """,
        ticket_company="ticket_id | company_id\n1 | 20",
        ticket_pipeline_stage="""
            stage_id | is_closed | ticket_state
            1        | false     | OPEN
            3        | false     | CLOSED
            4        | true      | CLOSED
            4        | false     | OPEN
        """,
    )
    expect(
        rows,
        """
        id | facility_id | priority | created_at | first_response_at | resolved_at | updated_at
        1  | 20          | critical | 2024-01-01 | 2024-01-02        | 2024-01-05  | 2024-01-05
        2  | unassigned  | medium   | 2024-01-01 | -                 | -           | 2024-01-01
        3  | unassigned  | low      | 2024-01-01 | -                 | 2024-01-06  | 2024-01-06
        5  | unassigned  | medium   | 2024-01-01 | -                 | 2024-01-07  | 2024-01-07
        """,
    )


COMPANIES = {
    "the type": """
        deal_id | company_id | type_id | category
        1       | 20         | 341     | HUBSPOT_DEFINED
        1       | 21         | 341     | HUBSPOT_DEFINED
        1       | 21         | 5       | HUBSPOT_DEFINED
    """,
    "the type before the label": """
        deal_id | company_id | type_id | category        | category_label
        1       | 20         | 341     | HUBSPOT_DEFINED | Primary
        1       | 21         | 5       | HUBSPOT_DEFINED | Key account
    """,
    "the label of old": """
        deal_id | company_id | category_label
        1       | 20         | -
        1       | 21         | primary
    """,
    "the label since": """
        deal_id | company_id | category_label
        1       | 20         | Former primary company
        1       | 21         | Deal with Primary Company
    """,
    "the lowest number, not the first text": """
        deal_id | company_id
        1       | 100
        1       | 21
    """,
    "an account's own type 5 is no primary one": """
        deal_id | company_id | type_id | category
        1       | 22         | 5       | USER_DEFINED
        1       | 21         | 341     | HUBSPOT_DEFINED
    """,
}


@pytest.mark.parametrize("shape", COMPANIES)
def test_a_deal_belongs_to_its_primary_company(engine: Engine, shape: str) -> None:
    """By the type, as labels are renamed; else by the label, else to the lowest id."""
    rows = made(
        *(engine, "hubspot", "leads"),
        deal="deal_id | deal_pipeline_stage_id\n1 | meet",
        deal_pipeline_stage=STAGES,
        deal_company=COMPANIES[shape],
    )
    expect(rows, "id | facility_id\n1 | 21")


@pytest.mark.parametrize(
    ("column", "dtype", "primary", "other"),
    [
        ("association_type_id", "string", "5", "341"),
        ("type_id", "float64", "5", "341"),
        ("type", "string", "deal_to_company", "deal_to_company_unlabeled"),
    ],
)
def test_the_type_of_an_association_lands_by_several_names(
    engine: Engine, column: str, dtype: str, primary: str, other: str
) -> None:
    rows = made(
        *(engine, "hubspot", "leads"),
        landed={"deal_company": {"deal_id": "int64", "company_id": "int64", column: dtype}},
        deal="deal_id | deal_pipeline_stage_id\n1 | meet",
        deal_pipeline_stage=STAGES,
        deal_company=f"deal_id | company_id | {column}\n1 | 20 | {other}\n1 | 21 | {primary}",
    )
    expect(rows, "id | facility_id\n1 | 21")


def test_a_ticket_belongs_to_its_primary_company(engine: Engine) -> None:
    """Of type 26; 5 is the one of deals."""
    types = {**LANDED["hubspot"]["ticket_company"], "type_id": "int64"}
    rows = made(
        *(engine, "hubspot", "tickets"),
        landed={"ticket_company": types},
        ticket="id | property_createdate\n1 | 2024-01-01",
        ticket_company="ticket_id | company_id | type_id\n1 | 20 | 5\n1 | 21 | 26\n1 | 21 | 339",
    )
    expect(rows, "id | facility_id\n1 | 21")


def test_without_a_date_of_change_a_deal_changed_when_it_last_got_anywhere(engine: Engine) -> None:
    """Deal 1 became an opportunity four days after it was entered, and is still one."""
    tables: dict[str, Any] = {
        "deal": """
            deal_id | deal_pipeline_stage_id | property_createdate | property_hs_lastmodifieddate
            1       | offer                  | 2024-01-01 10:00    | -
            2       | offer                  | 2024-01-01 10:00    | 2024-02-01 10:00
        """,
        "deal_pipeline_stage": STAGES,
        "deal_stage": """
            deal_id | value | date_entered
            1       | meet  | 2024-01-01 10:00
            1       | offer | 2024-01-05 10:00
        """,
    }
    wanted = "id | created_at | updated_at\n1 | {} | 2024-01-05 10:00\n2 | {} | 2024-02-01 10:00"
    leads = made(engine, "hubspot", "leads", **tables)
    expect(leads, wanted.format("2024-01-01 10:00", "2024-01-01 10:00"))
    opportunities = made(engine, "hubspot", "opportunities", **tables)
    expect(opportunities, wanted.format("2024-01-05 10:00", "2024-01-01 10:00"))


def test_an_email_about_a_merged_deal_is_about_the_one_it_was_merged_into(engine: Engine) -> None:
    """11 was merged into 12, that into 13 and that into 9, the lowest as a number; 14 into 15,
    which was deleted."""
    rows = made(
        *(engine, "hubspot", "outreach"),
        deal="""
            deal_id | is_deleted
            9       | false
            11      | false
            12      | false
            13      | false
            15      | true
            20      | false
        """,
        merged_deal="deal_id | merged_deal_id\n12 | 11\n13 | 12\n9 | 13\n15 | 14",
        engagement_email="""
            engagement_id | property_hs_email_direction | property_hs_timestamp
            101           | EMAIL                       | 2024-01-10
            102           | EMAIL                       | 2024-01-10
            103           | EMAIL                       | 2024-01-10
        """,
        engagement_deal="""
            engagement_id | deal_id
            101           | 11
            102           | 14
            103           | 11
            103           | 20
        """,
        deal_company="deal_id | company_id\n9 | 40",
    )
    expect(rows, "id | lead_id | facility_id\n101 | 9 | 40\n102 | - | unassigned\n103 | 9 | 40")


def test_emails_and_calls_that_reached_nobody_are_no_outreach(engine: Engine) -> None:
    """One that is logged by hand has no state."""
    calls = {**LANDED["hubspot"]["engagement_call"], "property_hs_call_status": "string"}
    rows = made(
        *(engine, "hubspot", "outreach"),
        landed={"engagement_call": calls},
        engagement_email="""
            engagement_id | property_hs_email_direction | property_hs_email_status | property_hs_timestamp
            101           | EMAIL                       | SENT                     | 2024-01-10
            102           | EMAIL                       | -                        | 2024-01-10
            103           | EMAIL                       | DRAFT                    | 2024-01-10
            104           | EMAIL                       | BOUNCED                  | 2024-01-10
            105           | EMAIL                       | FAILED                   | 2024-01-10
            106           | EMAIL                       | SCHEDULED                | 2024-01-10
            107           | FORWARDED_EMAIL             | SENT                     | 2024-01-10
        """,
        engagement_call="""
            engagement_id | property_hs_call_direction | property_hs_call_status | property_hs_timestamp
            201           | OUTBOUND                   | COMPLETED               | 2024-01-10
            202           | OUTBOUND                   | NO_ANSWER               | 2024-01-10
            203           | OUTBOUND                   | FAILED                  | 2024-01-10
            204           | OUTBOUND                   | CANCELED                | 2024-01-10
        """,
    )
    assert [row["id"] for row in rows] == ["101", "102", "201", "202"]


def test_emails_are_told_apart_by_their_type_where_no_direction_landed(engine: Engine) -> None:
    types = {"engagement_id": "int64", "type": "string", "property_hs_timestamp": "timestamp(6)"}
    rows = made(
        *(engine, "hubspot", "outreach"),
        landed={"engagement_email": types},
        engagement_email="""
            engagement_id | type           | property_hs_timestamp
            101           | EMAIL          | 2024-01-10
            102           | INCOMING_EMAIL | 2024-01-10
        """,
    )
    assert [row["id"] for row in rows] == ["101"]


def test_ids_that_landed_as_floats_are_those_that_landed_as_integers(engine: Engine) -> None:
    """As loaders land integers that may be missing; 9007199254740992 is 2 to the power of 53."""
    floats = {"deal_id": "float64", "company_id": "float64"}
    rows = made(
        *(engine, "hubspot", "leads"),
        landed={
            "deal": {**LANDED["hubspot"]["deal"], "owner_id": "float64"},
            "deal_company": floats,
        },
        deal="""
            deal_id          | deal_pipeline_stage_id | owner_id
            1001             | meet                   | 7
            9007199254740992 | meet                   | -
        """,
        deal_pipeline_stage=STAGES,
        deal_company="deal_id | company_id\n1001 | 2002\n9007199254740992 | 1000000000000000",
    )
    expect(
        rows,
        """
        id               | facility_id      | rep_id
        1001             | 2002             | 7
        9007199254740992 | 1000000000000000 | unassigned
        """,
    )


def test_a_ticket_s_event_whose_column_did_not_land_is_unknown(engine: Engine) -> None:
    """The column is missing, so that the target stays undecided: null would say it never was."""
    tables: dict[str, Any] = {"ticket": "id | property_createdate\n1 | 2024-01-01"}
    landed = without("hubspot", "ticket", "property_first_agent_reply_date")
    (row,) = made(engine, "hubspot", "tickets", landed=landed, **tables)
    assert "first_response_at" not in row
    assert row["resolved_at"] is None
    landed = without("hubspot", "ticket", "property_closed_date")
    (row,) = made(engine, "hubspot", "tickets", landed=landed, **tables)
    assert "resolved_at" not in row
    assert row["first_response_at"] is None
