"""ticket_sla: each ticket against the two targets of its priority.

The tests use priority high unless they say otherwise: response within 2 hours, resolution
within 24.
"""

from datetime import datetime
from typing import Any

from crm_ibis.testing import Engine, assuming, expect


def tickets(engine: Engine, drawing: str, **given: Any) -> list[dict[str, Any]]:
    return engine.build("ticket_sla", tickets=drawing, **given)


def test_a_ticket_in_time_on_both_counts_is_met(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | facility_id | created_at       | first_response_at | resolved_at
        t1 | f2          | 2024-01-31 23:00 | 2024-01-31 23:45  | 2024-02-01 05:00
        """,
    )
    expect(
        rows,
        """
        ticket_id | facility_id | priority | month   | created_at       | first_response_at
        t1        | f2          | high     | 2024-01 | 2024-01-31 23:00 | 2024-01-31 23:45
        """,
    )
    expect(
        rows,
        """
        resolved_at      | response_due_at  | resolution_due_at | first_response_hours
        2024-02-01 05:00 | 2024-02-01 01:00 | 2024-02-01 23:00  | 0.75
        """,
    )
    expect(
        rows,
        """
        sla_response_target_hours | sla_resolution_target_hours | resolution_hours | hours_left
        2                         | 24                          | 6                | -
        """,
    )
    expect(
        rows,
        """
        response_state | resolution_state | sla_state
        met            | met              | met
        """,
    )


def test_exactly_on_time_is_met_and_a_microsecond_later_is_breached(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | created_at       | first_response_at          | resolved_at
        t1 | 2024-02-01 08:00 | 2024-02-01 10:00           | 2024-02-02 08:00
        t2 | 2024-02-01 08:00 | 2024-02-01 10:00:00.000001 | 2024-02-02 08:00
        t3 | 2024-02-01 08:00 | 2024-02-01 10:00           | 2024-02-02 08:00:00.000001
        t4 | 2024-02-01 08:00 | 2024-02-01 10:00:00.000001 | 2024-02-02 08:00:00.000001
        """,
    )
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | sla_state
        t1        | met            | met              | met
        t2        | breached       | met              | breached
        t3        | met            | breached         | breached
        t4        | breached       | breached         | breached
        """,
    )


def test_an_open_ticket_is_pending_up_to_its_due_instant_and_breached_after_it(
    engine: Engine,
) -> None:
    rows = tickets(
        engine,
        """
        id | created_at
        t1 | 2024-02-29 23:30
        t2 | 2024-02-29 22:00
        t3 | 2024-02-29 21:59:59.999999
        t4 | 2024-02-28 23:59:59.999999
        """,
        as_of=datetime(2024, 3, 1),
    )
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | sla_state | hours_left
        t1        | pending        | pending          | pending   | 1.5
        t2        | pending        | pending          | pending   | 0
        t3        | breached       | pending          | breached  | -
        t4        | breached       | breached         | breached  | -
        """,
    )


def test_an_answered_ticket_waits_for_its_resolution(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | created_at       | first_response_at | resolved_at
        t1 | 2024-02-29 20:00 | 2024-02-29 21:00  | -
        t2 | 2024-02-29 00:00 | 2024-02-29 01:00  | -
        t3 | 2024-02-29 20:00 | 2024-02-29 22:30  | -
        """,
    )
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | sla_state | hours_left
        t1        | met            | pending          | pending   | 20
        t2        | met            | pending          | pending   | 0
        t3        | breached       | pending          | breached  | -
        """,
    )


def test_hours_left_run_to_the_nearest_target_that_is_still_pending(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | created_at       | first_response_at
        t1 | 2024-02-29 20:00 | -
        t2 | 2024-02-29 20:00 | 2024-02-29 21:00
        """,
        params=assuming("sla: {high: {response: 10, resolution: 6}}"),
    )
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | hours_left
        t1        | pending        | pending          | 2
        t2        | met            | pending          | 2
        """,
    )


def test_a_resolution_stops_the_response_clock_of_an_unanswered_ticket(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | created_at       | first_response_at | resolved_at
        t1 | 2024-02-01 08:00 | -                 | 2024-02-01 10:00
        t2 | 2024-02-01 08:00 | -                 | 2024-02-01 11:00
        t3 | 2024-02-01 08:00 | 2024-02-01 12:00  | 2024-02-01 09:00
        """,
    )
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | first_response_hours | resolution_hours
        t1        | met            | met              | -                    | 2
        t2        | breached       | met              | -                    | 3
        t3        | met            | met              | 4                    | 1
        """,
    )


def test_what_happens_after_as_of_has_not_happened(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | created_at       | first_response_at          | resolved_at
        t1 | 2024-02-29 23:00 | 2024-03-01 00:00:00.000001 | 2024-03-01 00:30
        t2 | 2024-02-29 23:00 | 2024-03-01                 | 2024-03-01
        t3 | 2024-02-29 21:00 | 2024-03-01 01:00           | 2024-02-29 22:00
        """,
    )
    expect(
        rows,
        """
        ticket_id | first_response_at | resolved_at      | first_response_hours
        t1        | -                 | -                | -
        t2        | 2024-03-01        | 2024-03-01       | 1
        t3        | -                 | 2024-02-29 22:00 | -
        """,
    )
    expect(
        rows,
        """
        ticket_id | resolution_hours | response_state | resolution_state | hours_left
        t1        | -                | pending        | pending          | 1
        t2        | 1                | met            | met              | -
        t3        | 1                | met            | met              | -
        """,
    )


def test_the_priority_decides_the_targets(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | priority | created_at
        t1 | critical | 2024-02-01
        t2 | high     | 2024-02-01
        t3 | medium   | 2024-02-01
        t4 | low      | 2024-02-01
        """,
    )
    expect(
        rows,
        """
        priority | sla_response_target_hours | sla_resolution_target_hours | resolution_due_at
        critical | 1                         | 4                           | 2024-02-01 04:00
        high     | 2                         | 24                          | 2024-02-02 00:00
        medium   | 4                         | 72                          | 2024-02-04 00:00
        low      | 8                         | 120                         | 2024-02-06 00:00
        """,
    )
    expect(
        rows,
        """
        priority | response_due_at
        critical | 2024-02-01 01:00
        high     | 2024-02-01 02:00
        medium   | 2024-02-01 04:00
        low      | 2024-02-01 08:00
        """,
    )


def test_targets_may_be_any_duration_and_fall_due_on_whole_microseconds(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | priority | created_at
        t1 | critical | 2024-02-01 08:00
        t2 | high     | 2024-02-01 08:00
        """,
        params=assuming(
            """
            sla:
              critical: {response: 2min, resolution: 36h}
              high: {response: 1us, resolution: 3.000001s}
            """,
        ),
    )
    expect(
        rows,
        """
        response_due_at            | resolution_due_at          | sla_response_target_hours
        2024-02-01 08:02           | 2024-02-02 20:00           | 1/30
        2024-02-01 08:00:00.000001 | 2024-02-01 08:00:03.000001 | 1/3600000000
        """,
    )


def test_times_are_measured_to_the_microsecond(engine: Engine) -> None:
    (row,) = tickets(
        engine,
        """
        id | created_at                 | first_response_at          | resolved_at
        t1 | 2024-02-01 08:00:00.000001 | 2024-02-01 08:00:00.000002 | 2024-02-01 09:00
        """,
    )
    assert row["first_response_hours"] == 1 / 3_600_000_000
    assert row["resolution_hours"] == 3_599_999_999 / 3_600_000_000


def test_a_ticket_opened_after_as_of_is_left_out(engine: Engine) -> None:
    rows = tickets(
        engine,
        """
        id | created_at
        t1 | 2024-03-01
        t2 | 2024-03-01 00:00:00.000001
        """,
    )
    expect(
        rows,
        """
        ticket_id | sla_state | hours_left
        t1        | pending   | 2
        """,
    )


UNDECIDED = """
    id | created_at       | first_response_at | resolved_at
    t1 | 2024-02-01 08:00 | 2024-02-01 09:00  | 2024-02-01 20:00
    t2 | 2024-02-01 08:00 | 2024-02-01 11:00  | 2024-02-03 08:00
    t3 | 2024-02-29 20:00 | -                 | -
    t4 | 2024-02-29 23:00 | -                 | -
"""


def test_a_source_without_first_responses_leaves_that_target_undecided(engine: Engine) -> None:
    """t3 is resolved late at the latest on 1 March at 20:00, t4 at 23:00."""
    rows = tickets(engine, UNDECIDED, missing=("tickets.first_response_at",))
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | sla_state | hours_left
        t1        | -              | met              | met       | -
        t2        | -              | breached         | breached  | -
        t3        | -              | pending          | pending   | 20
        t4        | -              | pending          | pending   | 23
        """,
    )
    expect(
        rows,
        """
        ticket_id | first_response_at | first_response_hours | resolution_hours | response_due_at
        t1        | -                 | -                    | 12               | 2024-02-01 10:00
        t2        | -                 | -                    | 48               | 2024-02-01 10:00
        t3        | -                 | -                    | -                | 2024-02-29 22:00
        t4        | -                 | -                    | -                | 2024-03-01 01:00
        """,
    )


def test_a_source_without_resolutions_leaves_that_target_undecided(engine: Engine) -> None:
    """t1 answered in time, t2 and t3 not; t4 has an hour left."""
    rows = tickets(engine, UNDECIDED, missing=("tickets.resolved_at",))
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | sla_state | resolved_at | hours_left
        t1        | met            | -                | met       | -           | -
        t2        | breached       | -                | breached  | -           | -
        t3        | breached       | -                | breached  | -           | -
        t4        | pending        | -                | pending   | -           | 1
        """,
    )


def test_a_source_with_neither_event_decides_nothing(engine: Engine) -> None:
    missing = ("tickets.first_response_at", "tickets.resolved_at")
    rows = tickets(engine, UNDECIDED, missing=missing)
    expect(
        rows,
        """
        ticket_id | response_state | resolution_state | sla_state | hours_left
        t1        | -              | -                | -         | -
        t2        | -              | -                | -         | -
        t3        | -              | -                | -         | -
        t4        | -              | -                | -         | -
        """,
    )
