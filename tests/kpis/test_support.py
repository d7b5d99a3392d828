"""ticket_sla_compliance: whether support keeps its promises.

The tests use priority high unless they say otherwise: response within 2 hours, resolution
within 24.
"""

from typing import Any

from crm_ibis.testing import Engine, expect


def compliance(engine: Engine, tickets: str, **given: Any) -> list[dict[str, Any]]:
    return engine.build("ticket_sla_compliance", tickets=tickets, **given)


def test_tickets_and_targets_are_counted_and_timed(engine: Engine) -> None:
    # t1 meets both targets, t2 only the resolution, t3 only the response; t4 is not due yet.
    rows = compliance(
        engine,
        """
        id | created_at       | first_response_at | resolved_at
        t1 | 2024-02-01 08:00 | 2024-02-01 09:00  | 2024-02-01 18:00
        t2 | 2024-02-01 08:00 | 2024-02-01 11:00  | 2024-02-02 04:00
        t3 | 2024-02-01 08:00 | 2024-02-01 10:00  | 2024-02-02 14:00
        t4 | 2024-02-29 23:00 | -                 | -
        """,
    )
    expect(
        rows,
        """
        facility_id | priority | month      | total_tickets | resolved_tickets | open_tickets
        f1          | high     | 2024-02-01 | 4             | 3                | 1
        """,
    )
    expect(
        rows,
        """
        sla_compliant_tickets | sla_breached_tickets | sla_pending_tickets
        1                     | 2                    | 1
        """,
    )
    expect(
        rows,
        """
        sla_compliance_rate_pct | targets_decided | targets_met | sla_attainment_pct
        100/3                   | 6               | 4           | 400/6
        """,
    )
    # Responses after 1, 2 and 3 hours: the 90th percentile is 0.8 of the way from 2 to 3.
    expect(
        rows,
        """
        avg_first_response_hours | median_first_response_hours | p90_first_response_hours
        2                        | 2                           | 2.8
        """,
    )
    # Resolutions after 10, 20 and 30 hours.
    expect(
        rows,
        """
        avg_resolution_hours | median_resolution_hours | p90_resolution_hours
        20                   | 20                      | 28
        """,
    )
    expect(
        rows,
        """
        max_first_response_hours | max_resolution_hours
        3                        | 30
        """,
    )
    expect(
        rows,
        """
        sla_response_target_hours | sla_resolution_target_hours
        2                         | 24
        """,
    )


def test_nothing_decided_means_no_rates_and_no_times(engine: Engine) -> None:
    rows = compliance(
        engine,
        """
        id | created_at
        t1 | 2024-02-29 23:00
        """,
    )
    expect(
        rows,
        """
        total_tickets | open_tickets | sla_pending_tickets | sla_compliance_rate_pct
        1             | 1            | 1                   | -
        """,
    )
    expect(
        rows,
        """
        resolved_tickets | targets_decided | targets_met | sla_attainment_pct
        0                | 0               | 0           | -
        """,
    )
    expect(
        rows,
        """
        avg_first_response_hours | median_first_response_hours | p90_first_response_hours
        -                        | -                           | -
        """,
    )
    expect(
        rows,
        """
        avg_resolution_hours | median_resolution_hours | p90_resolution_hours
        -                    | -                       | -
        """,
    )
    expect(
        rows,
        """
        max_first_response_hours | max_resolution_hours | sla_response_target_hours
        -                        | -                    | 2
        """,
    )


def test_a_target_may_be_decided_while_its_ticket_is_pending(engine: Engine) -> None:
    rows = compliance(
        engine,
        """
        id | created_at       | first_response_at
        t1 | 2024-02-29 20:00 | 2024-02-29 21:00
        """,
    )
    expect(
        rows,
        """
        sla_pending_tickets | sla_compliance_rate_pct | targets_decided | sla_attainment_pct
        1                   | -                       | 1               | 100
        """,
    )


def test_an_open_overdue_ticket_is_a_breach(engine: Engine) -> None:
    rows = compliance(
        engine,
        """
        id | created_at
        t1 | 2024-02-29 20:00
        """,
    )
    expect(
        rows,
        """
        open_tickets | sla_breached_tickets | sla_compliance_rate_pct | targets_decided
        1            | 1                    | 0                       | 1
        """,
    )
    expect(
        rows,
        """
        sla_pending_tickets | targets_met | sla_attainment_pct
        0                   | 0           | 0
        """,
    )


def test_a_ticket_resolved_without_an_answer_counts_for_the_target_but_has_no_response_time(
    engine: Engine,
) -> None:
    rows = compliance(
        engine,
        """
        id | created_at       | first_response_at | resolved_at
        t1 | 2024-02-01 08:00 | -                 | 2024-02-01 09:00
        t2 | 2024-02-01 08:00 | 2024-02-01 08:30  | 2024-02-01 10:00
        """,
    )
    expect(
        rows,
        """
        sla_compliant_tickets | targets_met | avg_first_response_hours | avg_resolution_hours
        2                     | 4           | 0.5                      | 1.5
        """,
    )


def test_what_happens_after_as_of_leaves_a_ticket_open(engine: Engine) -> None:
    rows = compliance(
        engine,
        """
        id | created_at       | first_response_at          | resolved_at
        t1 | 2024-02-29 23:00 | 2024-02-29 23:30           | 2024-03-01 00:00:00.000001
        t2 | 2024-02-29 23:00 | 2024-03-01 00:00:00.000001 | 2024-03-01
        t3 | 2024-03-01 00:01 | -                          | -
        """,
    )
    expect(
        rows,
        """
        total_tickets | resolved_tickets | open_tickets | avg_first_response_hours
        2             | 1                | 1            | 0.5
        """,
    )
    expect(
        rows,
        """
        sla_compliant_tickets | sla_pending_tickets | avg_resolution_hours
        1                     | 1                   | 1
        """,
    )


def test_facility_priority_and_month_of_creation_are_kept_apart(engine: Engine) -> None:
    rows = compliance(
        engine,
        """
        id | facility_id | priority | created_at                 | resolved_at
        t1 | f1          | low      | 2024-01-31 23:59:59.999999 | 2024-02-01 01:00
        t2 | f1          | low      | 2024-02-01                 | 2024-02-01 01:00
        t3 | f1          | medium   | 2024-02-01                 | 2024-02-01 01:00
        t4 | f2          | critical | 2024-02-01                 | 2024-02-01 01:00
        t5 | f2          | critical | 2024-02-29                 | -
        """,
    )
    expect(
        rows,
        """
        facility_id | priority | month      | total_tickets | resolved_tickets
        f1          | low      | 2024-01-01 | 1             | 1
        f1          | low      | 2024-02-01 | 1             | 1
        f1          | medium   | 2024-02-01 | 1             | 1
        f2          | critical | 2024-02-01 | 2             | 1
        """,
    )
    expect(
        rows,
        """
        sla_response_target_hours | sla_resolution_target_hours
        8                         | 120
        8                         | 120
        4                         | 72
        1                         | 4
        """,
    )


def test_percentiles_lie_between_the_two_nearest_times(engine: Engine) -> None:
    # 1, 2, 4 and 8 hours: median between 2 and 4; p90 is 0.7 of the way from 4 to 8.
    rows = compliance(
        engine,
        """
        id | created_at       | resolved_at
        t1 | 2024-02-01 08:00 | 2024-02-01 09:00
        t2 | 2024-02-01 08:00 | 2024-02-01 10:00
        t3 | 2024-02-01 08:00 | 2024-02-01 12:00
        t4 | 2024-02-01 08:00 | 2024-02-01 16:00
        """,
    )
    expect(
        rows,
        """
        avg_resolution_hours | median_resolution_hours | p90_resolution_hours
        3.75                 | 3                       | 6.8
        """,
    )


def test_mean_times_are_exact_sums_of_microseconds(engine: Engine) -> None:
    (row,) = compliance(
        engine,
        """
        id | created_at | resolved_at
        t1 | 2024-02-01 | 2024-02-01 00:00:00.000001
        t2 | 2024-02-01 | 2024-02-01 00:00:00.000001
        t3 | 2024-02-01 | 2024-02-01 00:00:00.000002
        """,
    )
    assert row["avg_resolution_hours"] == 4 / (3 * 3_600_000_000)
    assert row["max_resolution_hours"] == 2 / 3_600_000_000


UNDECIDED = """
    id | created_at       | first_response_at | resolved_at
    t1 | 2024-02-01 08:00 | 2024-02-01 09:00  | 2024-02-01 20:00
    t2 | 2024-02-01 08:00 | 2024-02-01 11:00  | 2024-02-03 08:00
    t3 | 2024-02-29 23:00 | -                 | -
"""


def test_without_first_responses_tickets_are_judged_by_their_resolution(engine: Engine) -> None:
    """t1 in time, t2 late, t3 not due yet: 1 of 2 targets met."""
    rows = compliance(engine, UNDECIDED, missing=("tickets.first_response_at",))
    expect(
        rows,
        """
        total_tickets | sla_compliant_tickets | sla_breached_tickets | sla_pending_tickets
        3             | 1                     | 1                    | 1
        """,
    )
    expect(
        rows,
        """
        targets_decided | targets_met | sla_attainment_pct | sla_compliance_rate_pct
        2               | 1           | 50                 | 50
        """,
    )
    expect(
        rows,
        """
        avg_first_response_hours | p90_first_response_hours | avg_resolution_hours
        -                        | -                        | 30
        """,
    )


def test_without_resolutions_no_ticket_is_known_to_be_resolved(engine: Engine) -> None:
    rows = compliance(engine, UNDECIDED, missing=("tickets.resolved_at",))
    expect(
        rows,
        """
        resolved_tickets | open_tickets | targets_decided | targets_met | max_resolution_hours
        0                | 3            | 2               | 1           | -
        """,
    )


def test_without_either_event_nothing_is_decided(engine: Engine) -> None:
    missing = ("tickets.first_response_at", "tickets.resolved_at")
    rows = compliance(engine, UNDECIDED, missing=missing)
    expect(
        rows,
        """
        total_tickets | sla_compliant_tickets | sla_breached_tickets | sla_pending_tickets
        3             | 0                     | 0                    | 0
        """,
    )
    expect(
        rows,
        """
        targets_decided | targets_met | sla_attainment_pct | sla_compliance_rate_pct
        0               | 0           | -                  | -
        """,
    )
