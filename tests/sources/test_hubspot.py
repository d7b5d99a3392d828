"""HubSpot: skipped stages, expected close dates, merged deals, companies of deals, engagements."""

from systems import made
from tables import Engine, expect

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
