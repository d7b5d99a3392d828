"""Zendesk: first public answers, tickets opened again, merged and deleted ones, ratings."""

from typing import Any

from systems import made

from crm_ibis.testing import Engine, expect

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


CHAT = """
    chat_id | ticket_id
    c1      | 1
"""


def replied(engine: Engine, created_at: str, events: str, **tables: Any) -> str:
    """When the ticket of a chat was first answered."""
    rows = made(
        *(engine, "zendesk", "tickets"),
        ticket=f"id | requester_id | status | created_at\n1 | 9 | open | {created_at}",
        user=USERS,
        ticket_chat=CHAT,
        ticket_chat_event=events,
        **tables,
    )
    return str(rows[0]["first_response_at"])


def test_a_message_of_an_agent_answers(engine: Engine) -> None:
    """Not that an agent joined, not the bot's, though it writes as one, and not the customer's."""
    events = """
        chat_id | actor_id | created_at       | type        | original_message
        c1      | 9        | 2024-02-05 09:00 | ChatMessage | -
        c1      | agent:1  | 2024-02-05 09:01 | ChatMessage | {"source": {"type": "zd:answerBot"}}
        c1      | 1        | 2024-02-05 09:01 | ChatJoin    | -
        c1      | 9        | 2024-02-05 09:02 | ChatMessage | -
        c1      | 1        | 2024-02-05 09:03 | ChatMessage | -
        c1      | agent:1  | 2024-02-05 09:04 | ChatMessage | -
    """
    assert replied(engine, "2024-02-05 09:00", events) == "2024-02-05 09:03:00"
    as_agent = events.replace("| 1        |", "| agent:1  |")
    assert replied(engine, "2024-02-05 09:00", as_agent) == "2024-02-05 09:03:00"


def test_the_earlier_of_comment_and_message_answers(engine: Engine) -> None:
    events = """
        chat_id | actor_id | created_at       | type
        c1      | 9        | 2024-02-05 09:00 | ChatMessage
        c1      | 1        | 2024-02-05 09:30 | ChatMessage
    """
    comment = "id | ticket_id | user_id | public | created\n10 | 1 | 1 | true | 2024-02-05 09:20"
    found = replied(engine, "2024-02-05 09:00", events, ticket_comment=comment)
    assert found == "2024-02-05 09:20:00"


def test_a_ticket_made_during_its_chat_was_answered_at_once(engine: Engine) -> None:
    """The agent had answered five minutes before; what an agent begins is no answer."""
    answered = """
        chat_id | actor_id | created_at       | type
        c1      | 9        | 2024-02-05 08:50 | ChatMessage
        c1      | 1        | 2024-02-05 08:55 | ChatMessage
    """
    assert replied(engine, "2024-02-05 09:00", answered) == "2024-02-05 09:00:00"
    begun = """
        chat_id | actor_id | created_at       | type
        c1      | 1        | 2024-02-05 08:55 | ChatMessage
        c1      | 9        | 2024-02-05 08:56 | ChatMessage
    """
    assert replied(engine, "2024-02-05 09:00", begun) == "None"


def test_messages_are_about_the_ticket_that_was_last_made_of_their_chat(engine: Engine) -> None:
    """A conversation goes on for weeks and tickets; the first was never answered."""
    rows = made(
        *(engine, "zendesk", "tickets"),
        ticket="""
            id | requester_id | status | created_at
            1  | 9            | closed | 2024-02-05 09:00
            2  | 9            | open   | 2024-02-20 09:00
        """,
        user=USERS,
        ticket_chat="chat_id | ticket_id\nc1 | 1\nc1 | 2",
        ticket_chat_event="""
            chat_id | actor_id | created_at       | type
            c1      | 9        | 2024-02-05 09:00 | ChatMessage
            c1      | 9        | 2024-02-20 09:00 | ChatMessage
            c1      | 1        | 2024-02-20 09:10 | ChatMessage
        """,
    )
    expect(rows, "id | first_response_at\n1 | -\n2 | 2024-02-20 09:10")


def test_former_agents_answer_until_they_left(engine: Engine) -> None:
    """By the audit log: 3 was staff, 4 an agent in a log of old, 5 an agent of Guide only, and 6
    became an agent and is one no more, as the user says."""
    rows = made(
        *(engine, "zendesk", "tickets"),
        ticket="""
            id | requester_id | status | created_at
            1  | 9            | open   | 2024-02-05
            2  | 9            | open   | 2024-02-05
            3  | 9            | open   | 2024-02-05
            4  | 9            | open   | 2024-02-05
            5  | 9            | open   | 2024-02-05
        """,
        user="id | role\n3 | end-user\n4 | end-user\n5 | end-user\n6 | end-user\n9 | end-user",
        ticket_comment="""
            ticket_id | user_id | public | created
            1         | 3       | true   | 2024-02-06
            2         | 4       | true   | 2024-02-06
            3         | 5       | true   | 2024-02-06
            4         | 6       | true   | 2024-02-06
            5         | 3       | true   | 2024-02-20
        """,
        audit_log="""
            source_id | source_type | created_at | change_description
            3         | user        | 2024-02-10 | Support role changed from Staff to not set\\nGuide role changed from Agent to not set
            4         | user        | 2024-02-10 | Role changed from Agent to End user
            5         | user        | 2024-02-10 | Guide role changed from Agent to not set
            6         | user        | 2024-02-01 | Support role changed from not set to Agent
            4         | ticket      | 2024-02-03 | Role changed from Agent to End user
        """,
    )
    expect(
        rows,
        """
        id | first_response_at
        1  | 2024-02-06
        2  | 2024-02-06
        3  | -
        4  | -
        5  | -
        """,
    )
