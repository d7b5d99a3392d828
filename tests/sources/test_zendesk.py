"""Zendesk: first public answers, tickets opened again, merged and deleted ones, ratings."""

from systems import made
from tables import Engine, expect

USERS = """
    id | role
    1  | agent
    2  | admin
    9  | end-user
"""


def test_organizations_are_facilities_and_there_is_one_for_none(engine: Engine) -> None:
    rows = made(
        engine,
        "zendesk",
        "facilities",
        organization="""
            id  | name  | created_at | updated_at
            370 | North | 2024-01-01 | 2024-01-05
            371 | South | -          | -
        """,
    )
    expect(
        rows,
        """
        id         | name       | created_at | updated_at
        370        | North      | 2024-01-01 | 2024-01-05
        371        | South      | -          | -
        unassigned | No company | -          | -
        """,
    )


def test_the_first_public_comment_of_an_agent_answers(engine: Engine) -> None:
    """Not a private one, not the customer's own, not the one that opens the ticket."""
    rows = made(
        engine,
        "zendesk",
        "tickets",
        ticket="""
            id | organization_id | requester_id | status | created_at       | updated_at
            1  | 370             | 9            | open   | 2024-01-10 08:00 | 2024-01-11
            2  | 370             | 9            | open   | 2024-01-10 08:00 | 2024-01-11
            3  | -               | 1            | open   | 2024-01-10 08:00 | 2024-01-11
        """,
        user=USERS,
        ticket_comment="""
            id | ticket_id | user_id | public | created
            11 | 1         | 9       | true   | 2024-01-10 08:00
            12 | 1         | 1       | false  | 2024-01-10 08:10
            13 | 1         | 9       | true   | 2024-01-10 08:20
            14 | 1         | 2       | true   | 2024-01-10 08:30
            15 | 1         | 1       | true   | 2024-01-10 08:40
            21 | 2         | 1       | true   | 2024-01-10 08:00
            22 | 2         | 7       | true   | 2024-01-10 08:05
            31 | 3         | 1       | true   | 2024-01-10 09:00
            32 | 3         | 2       | true   | 2024-01-10 10:00
        """,
    )
    expect(
        rows,
        """
        id | facility_id | first_response_at
        1  | 370         | 2024-01-10 08:30
        2  | 370         | -
        3  | unassigned  | 2024-01-10 10:00
        """,
    )


def test_a_ticket_opened_again_is_resolved_when_it_is_solved_anew(engine: Engine) -> None:
    rows = made(
        engine,
        "zendesk",
        "tickets",
        ticket="""
            id | organization_id | status  | created_at | updated_at
            1  | 370             | closed  | 2024-01-01 | 2024-01-20
            2  | 370             | open    | 2024-01-01 | 2024-01-20
            3  | 370             | solved  | 2024-01-01 | 2024-01-20
            4  | 370             | pending | 2024-01-01 | 2024-01-20
        """,
        ticket_field_history="""
            ticket_id | field_name  | updated    | value
            1         | status      | 2024-01-01 | new
            1         | status      | 2024-01-02 | solved
            1         | status      | 2024-01-03 | open
            1         | status      | 2024-01-05 | solved
            1         | assignee_id | 2024-01-06 | 1
            1         | status      | 2024-01-09 | closed
            2         | status      | 2024-01-02 | solved
            2         | status      | 2024-01-03 | open
            4         | priority    | 2024-01-03 | solved
        """,
    )
    expect(
        rows,
        """
        id | status  | resolved_at
        1  | closed  | 2024-01-05
        2  | open    | -
        3  | solved  | 2024-01-20
        4  | pending | -
        """,
    )


def test_priorities_are_translated_and_an_unset_one_is_medium(engine: Engine) -> None:
    rows = made(
        engine,
        "zendesk",
        "tickets",
        ticket="""
            id | priority | status | created_at | updated_at
            1  | urgent   | new    | 2024-01-01 | 2024-01-01
            2  | high     | new    | 2024-01-01 | 2024-01-01
            3  | normal   | new    | 2024-01-01 | 2024-01-01
            4  | low      | new    | 2024-01-01 | 2024-01-01
            5  | -        | new    | 2024-01-01 | 2024-01-01
            6  | blocker  | new    | 2024-01-01 | 2024-01-01
        """,
    )
    assert [row["priority"] for row in rows] == [
        *("critical", "high", "medium", "low"),
        *("medium", "blocker"),
    ]


TICKETS = """
    id | organization_id | status  | created_at | updated_at
    1  | 370             | open    | 2024-01-01 | 2024-01-02
    2  | 370             | deleted | 2024-01-01 | 2024-01-02
    3  | 370             | closed  | 2024-01-01 | 2024-01-02
"""


def test_deleted_and_merged_tickets_do_not_count(engine: Engine) -> None:
    tags = """
        ticket_id | tag
        1         | vip
        3         | vip
        3         | closed_by_merge
    """
    rows = made(engine, "zendesk", "tickets", ticket=TICKETS, ticket_tag=tags)
    assert [row["id"] for row in rows] == ["1"]


def test_without_tags_merged_tickets_cannot_be_told(engine: Engine) -> None:
    rows = made(engine, "zendesk", "tickets", ticket=TICKETS, ticket_tag=None)
    assert [row["id"] for row in rows] == ["1", "3"]


def test_ratings_that_were_given_are_answers(engine: Engine) -> None:
    """Offered is a question; a deleted ticket was rated all the same."""
    rows = made(
        engine,
        "zendesk",
        "satisfaction",
        ticket=TICKETS,
        satisfaction_rating="""
            id | ticket_id | score           | comment | created_at | updated_at
            1  | 1         | good            | thanks  | 2024-01-03 | 2024-01-04
            2  | 2         | badwithcomment  | slow    | 2024-01-03 | 2024-01-05
            3  | 3         | offered         | -       | 2024-01-03 | 2024-01-03
            4  | 99        | Good            | -       | 2024-01-03 | 2024-01-06
        """,
    )
    expect(
        rows,
        """
        id | facility_id | survey_type | score | created_at | feedback
        1  | 370         | csat        | 5     | 2024-01-04 | thanks
        2  | 370         | csat        | 1     | 2024-01-05 | slow
        4  | unassigned  | csat        | 5     | 2024-01-06 | -
        """,
    )
