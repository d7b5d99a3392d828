"""ticket_queue: the tickets that still wait for their resolution.

As of 2024-03-01 00:00; priority high unless a test says otherwise: response within 2 hours,
resolution within 24.
"""

from typing import Any

from crm_ibis.testing import Engine, check_promises, expect


def queue(engine: Engine, drawing: str) -> list[dict[str, Any]]:
    return engine.build("ticket_queue", tickets=drawing)


def test_a_waiting_ticket_keeps_what_ticket_sla_says_of_it(engine: Engine) -> None:
    rows = queue(
        engine,
        """
        id | facility_id | priority | created_at       | first_response_at | resolved_at
        t1 | f2          | low      | 2024-02-28 18:00 | 2024-02-28 19:30  | -
        """,
    )
    expect(
        rows,
        """
        ticket_id | facility_id | priority | month   | created_at       | first_response_at
        t1        | f2          | low      | 2024-02 | 2024-02-28 18:00 | 2024-02-28 19:30
        """,
    )
    expect(
        rows,
        """
        sla_response_target_hours | sla_resolution_target_hours
        8                         | 120
        """,
    )
    expect(
        rows,
        """
        response_due_at  | resolution_due_at | first_response_hours
        2024-02-29 02:00 | 2024-03-04 18:00  | 1.5
        """,
    )
    # Opened 6 + 24 hours before as_of (2024 is a leap year); due 3 days and 18 hours after it.
    expect(
        rows,
        """
        response_state | resolution_state | sla_state | hours_left | age_hours
        met            | pending          | pending   | 90         | 30
        """,
    )
    assert not {"resolved_at", "resolution_hours"} & rows[0].keys()


def test_a_ticket_leaves_the_queue_when_it_is_resolved(engine: Engine) -> None:
    rows = queue(
        engine,
        """
        id      | created_at       | resolved_at
        before  | 2024-02-29 12:00 | 2024-02-29 23:59:59.999999
        at      | 2024-02-29 12:00 | 2024-03-01
        after   | 2024-02-29 12:00 | 2024-03-01 00:00:00.000001
        never   | 2024-02-29 12:00 | -
        """,
    )
    expect(
        rows,
        """
        ticket_id
        after
        never
        """,
    )


def test_a_ticket_that_is_entered_after_as_of_is_not_there_yet(engine: Engine) -> None:
    rows = queue(
        engine,
        """
        id   | created_at
        at   | 2024-03-01
        later| 2024-03-01 00:00:00.000001
        """,
    )
    expect(
        rows,
        """
        ticket_id | age_hours | hours_left | sla_state
        at        | 0         | 2          | pending
        """,
    )


def test_a_target_that_is_due_exactly_now_is_pending_with_no_time_left(engine: Engine) -> None:
    rows = queue(
        engine,
        """
        id           | created_at                 | first_response_at
        response     | 2024-02-29 22:00           | -
        resolution   | 2024-02-29 00:00           | 2024-02-29 01:00
        just_over    | 2024-02-29 21:59:59.999999 | -
        """,
    )
    expect(
        rows,
        """
        ticket_id  | response_state | resolution_state | sla_state | hours_left
        just_over  | breached       | pending          | breached  | -
        resolution | met            | pending          | pending   | 0
        response   | pending        | pending          | pending   | 0
        """,
    )


def test_hours_left_run_to_the_nearest_target_that_is_pending(engine: Engine) -> None:
    # Response due at 00:30, resolution at 22:30; once answered, only the resolution counts.
    rows = queue(
        engine,
        """
        id       | created_at       | first_response_at
        answered | 2024-02-29 22:30 | 2024-02-29 23:00
        silent   | 2024-02-29 22:30 | -
        """,
    )
    expect(
        rows,
        """
        ticket_id | hours_left
        answered  | 22.5
        silent    | 0.5
        """,
    )


def test_an_answer_after_as_of_is_not_there_yet(engine: Engine) -> None:
    rows = queue(
        engine,
        """
        id | created_at       | first_response_at
        t1 | 2024-02-29 23:00 | 2024-03-01 00:30
        """,
    )
    expect(
        rows,
        """
        first_response_at | first_response_hours | response_state | hours_left
        -                 | -                    | pending        | 1
        """,
    )


def test_a_queue_of_which_everything_is_resolved_is_empty(engine: Engine) -> None:
    rows = queue(engine, "id | created_at | resolved_at\nt1 | 2024-02-01 | 2024-02-02")
    assert rows == []


def test_the_queue_keeps_what_its_contract_promises(engines: list[Engine]) -> None:
    check_promises(engines, "ticket_queue", tickets="priority\nhigh\nlow")
