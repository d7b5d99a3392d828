"""Pauses stop the clock of the resolution, never that of the response.

The office in Zurich is open from 8 to 12 and from 13 to 17:30; priority high: a response within 2
hours and a resolution within 8. Monday 5 February 2024, winter: 8 o'clock is 07:00 UTC.
"""

from typing import Any

import pytest

from crm_ibis.testing import Engine, expect

pytestmark = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
"""test_sla_oracle.py holds both databases to the same cells."""

OFFICE = """
sla: {high: {response: 2, resolution: 8}}
default_calendar: office
calendars:
  office:
    time_zone: Europe/Zurich
    hours:
      mon: ["08:00-12:00", "13:00-17:30"]
      tue: ["08:00-12:00", "13:00-17:30"]
"""


def judged(
    engine: Engine,
    ticket: str,
    pauses: str,
    as_of: str = "2024-02-20",
    params: str | None = OFFICE,
) -> list[dict[str, Any]]:
    """One ticket, drawn as created | responded | resolved, with pauses as paused | resumed."""
    lines = "\n".join(f"t1 | {line}" for line in pauses.split("; ") if line)
    return engine.build(
        "ticket_sla",
        as_of=as_of,
        params=params,
        tickets=f"id | created_at | first_response_at | resolved_at\nt1 | {ticket}",
        ticket_pauses=f"ticket_id | paused_at | resumed_at\n{lines}",
    )


def test_pauses_that_overlap_or_nest_count_once(engine: Engine) -> None:
    # 8 to 12 with a pause from 8:30 to 11: an hour and a half. Eight hours are used up after 0.5
    # before, 1 + 4.5 after the pause on Monday, and 2 on Tuesday: at 10.
    expect(
        judged(
            engine,
            "2024-02-05 07:00 | 2024-02-05 10:00 | 2024-02-05 11:00",
            "2024-02-05 07:30 | 2024-02-05 09:00; 2024-02-05 08:30 | 2024-02-05 10:00; "
            "2024-02-05 08:00 | 2024-02-05 08:15",
        ),
        """
        resolution_business_hours | resolution_state | resolution_due_at | is_paused
        1.5                       | met              | 2024-02-06 09:00  | false
        """,
    )


def test_the_response_is_not_paused(engine: Engine) -> None:
    # From 8 to 11 it is 3 hours, paused or not.
    expect(
        judged(
            engine,
            "2024-02-05 07:00 | 2024-02-05 10:00 | -",
            "2024-02-05 07:30 | 2024-02-05 09:30",
        ),
        """
        first_response_business_hours | response_state | response_due_at
        3                             | breached       | 2024-02-05 09:00
        """,
    )


def test_a_pause_while_the_office_is_closed_takes_nothing(engine: Engine) -> None:
    expect(
        judged(
            engine,
            "2024-02-05 15:30 | - | 2024-02-06 08:00",
            "2024-02-05 16:30 | 2024-02-06 07:00",
        ),
        "resolution_business_hours | resolution_due_at\n2 | 2024-02-06 15:00",
    )


def test_pauses_are_cut_to_the_time_of_the_ticket(engine: Engine) -> None:
    # From 9 to 11, paused until 9:30 and from 10:30 on: an hour. After its resolution the clock
    # runs on: 1 + 1 + 4.5 hours of Monday, and 1.5 of Tuesday.
    expect(
        judged(
            engine,
            "2024-02-05 08:00 | - | 2024-02-05 10:00",
            "2024-02-05 07:00 | 2024-02-05 08:30; 2024-02-05 09:30 | -; "
            "2024-02-04 07:00 | 2024-02-04 08:00; 2024-02-05 12:00 | 2024-02-05 13:00",
        ),
        """
        resolution_business_hours | is_paused | resolution_due_at
        1                         | false     | 2024-02-06 08:30
        """,
    )


def test_a_running_pause_leaves_the_due_instant_open(engine: Engine) -> None:
    # An hour was used when the pause began; only the response can be due.
    for as_of in ("2024-02-05 08:00", "2024-02-13 12:00"):
        expect(
            judged(
                engine, "2024-02-05 07:00 | 2024-02-05 07:30 | -", "2024-02-05 08:00 | -", as_of
            ),
            """
            is_paused | resolution_state | resolution_due_at | response_due_at  | hours_left
            true      | pending          | -                 | 2024-02-05 09:00 | -
            """,
        )
    # Not answered, at 9:30: half an hour is left for the response, which is not paused.
    expect(
        judged(
            engine, "2024-02-05 07:00 | - | -", "2024-02-05 08:00 | -", as_of="2024-02-05 08:30"
        ),
        "is_paused | sla_state | hours_left\ntrue | pending | 0.5",
    )


def test_a_pause_that_ends_after_as_of_still_runs_and_one_that_begins_then_is_unknown(
    engine: Engine,
) -> None:
    ticket = "2024-02-05 07:00 | 2024-02-05 07:30 | -"
    paused = "2024-02-05 08:00 | 2024-02-05 10:00"
    for as_of, is_paused, due in (
        ("2024-02-05 07:59:59.999999", "false", "2024-02-05 16:00"),
        ("2024-02-05 08:00", "true", "-"),
        ("2024-02-05 09:59:59.999999", "true", "-"),
        # Over: 1 + 1 + 4.5 hours on Monday, 1.5 on Tuesday.
        ("2024-02-05 10:00", "false", "2024-02-06 08:30"),
    ):
        expect(
            judged(engine, ticket, paused, as_of),
            f"is_paused | resolution_due_at\n{is_paused} | {due}",
        )


def test_a_pause_delays_only_a_target_that_is_not_used_up(engine: Engine) -> None:
    # Eight hours are used up on Monday at 17:00. A pause from then on comes too late; one that
    # begins a microsecond before moves that microsecond behind its end, Tuesday 9:00.
    ticket = "2024-02-05 07:00 | 2024-02-05 07:30 | 2024-02-06 08:30"
    expect(
        judged(engine, ticket, "2024-02-05 16:00 | 2024-02-06 08:00"),
        """
        resolution_due_at | resolution_business_hours | resolution_state
        2024-02-05 16:00  | 8.5                       | breached
        """,
    )
    expect(
        judged(engine, ticket, "2024-02-05 15:59:59.999999 | 2024-02-06 08:00"),
        "resolution_due_at          | resolution_state\n2024-02-06 08:00:00.000001 | breached",
    )


def test_a_breached_ticket_stays_due_while_it_is_paused(engine: Engine) -> None:
    expect(
        judged(
            engine,
            "2024-02-05 07:00 | 2024-02-05 07:30 | -",
            "2024-02-06 07:00 | -",
            as_of="2024-02-06 10:00",
        ),
        """
        is_paused | resolution_state | resolution_due_at
        true      | breached         | 2024-02-05 16:00
        """,
    )


def test_paused_exactly_at_the_target_it_is_pending_and_due_nowhen(engine: Engine) -> None:
    # Eight hours are used up on Monday at 17:00, as the pause begins, and no more by Tuesday.
    expect(
        judged(
            engine,
            "2024-02-05 07:00 | 2024-02-05 07:30 | -",
            "2024-02-05 16:00 | -",
            as_of="2024-02-06 10:00",
        ),
        """
        is_paused | resolution_state | sla_state | resolution_due_at | hours_left
        true      | pending          | pending   | -                 | -
        """,
    )


def test_pauses_without_calendars_stop_the_wall_clock(engine: Engine) -> None:
    # Resolution within 24 hours: 30 hours less 7, and due 7 hours later.
    expect(
        judged(
            engine,
            "2024-02-05 07:00 | 2024-02-05 08:00 | 2024-02-06 13:00",
            "2024-02-05 10:00 | 2024-02-05 17:00",
            params=None,
        ),
        """
        resolution_hours | resolution_business_hours | resolution_due_at | resolution_state
        30               | 23                        | 2024-02-06 14:00  | met
        """,
    )


def test_the_queue_has_the_same_columns(engine: Engine) -> None:
    expect(
        engine.build(
            "ticket_queue",
            as_of="2024-02-05 09:00",
            params=OFFICE,
            tickets="id | created_at | first_response_at\nt1 | 2024-02-05 07:00 | 2024-02-05 08:30",
            ticket_pauses="ticket_id | paused_at | resumed_at\nt1 | 2024-02-05 08:00 | -",
        ),
        """
        ticket_id | is_paused | first_response_business_hours | resolution_due_at | hours_left
        t1        | true      | 1.5                           | -                 | -
        """,
    )


def test_without_resolutions_a_pause_runs_all_the_same(engine: Engine) -> None:
    """Where the source has no resolved_at, nobody knows; the target stays undecided."""
    rows = engine.build(
        "ticket_sla",
        as_of="2024-02-05 09:00",
        params=OFFICE,
        missing=("tickets.resolved_at",),
        tickets="id | created_at | first_response_at\nt1 | 2024-02-05 07:00 | 2024-02-05 08:30",
        ticket_pauses="ticket_id | paused_at | resumed_at\nt1 | 2024-02-05 08:00 | -",
    )
    expect(rows, "is_paused | resolution_state | sla_state\ntrue | - | met")
