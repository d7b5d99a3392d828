"""conversion_funnel: how far the leads of a month got."""

from datetime import datetime
from typing import Any

from crm_ibis.testing import Engine, expect


def funnel(engine: Engine, **given: Any) -> list[dict[str, Any]]:
    """The funnel with its stages in their order, group after group."""
    rows = engine.build("conversion_funnel", **given)
    groups = ("facility_id", "rep_id", "month", "stage_position")
    return sorted(rows, key=lambda row: [row[column] for column in groups])


def test_a_later_stage_implies_the_earlier_ones(engine: Engine) -> None:
    rows = funnel(
        engine,
        leads="""
            id | created_at | stage | closed_at
            l1 | 2024-01-05 | won   | 2024-01-15
            l2 | 2024-01-06 | lead  | -
        """,
    )
    expect(
        rows,
        """
        month   | funnel_stage | stage_position | stage_count | previous_stage_count
        2024-01 | lead         | 1              | 2           | -
        2024-01 | sql          | 2              | 1           | 2
        2024-01 | opportunity  | 3              | 1           | 1
        2024-01 | won          | 4              | 1           | 1
        """,
    )
    expect(
        rows,
        """
        drop_off_count | conversion_rate_pct | conversion_from_lead_pct | avg_days_from_lead
        -              | -                   | 100                      | 0
        1              | 50                  | 50                       | 10
        0              | 100                 | 50                       | 10
        0              | 100                 | 50                       | 10
        """,
    )


def test_rates_look_at_the_previous_stage_and_at_all_leads(engine: Engine) -> None:
    rows = funnel(
        engine,
        leads="""
            id | created_at | stage       | qualified_at     | closed_at
            l1 | 2024-01-05 | won         | 2024-01-06       | 2024-01-25
            l2 | 2024-01-05 | opportunity | 2024-01-07 12:00 | -
            l3 | 2024-01-05 | sql         | 2024-01-08       | -
            l4 | 2024-01-05 | lead        | -                | -
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-10 | won    | 2024-01-25
            l2      | 2024-01-12 | open   | -
        """,
    )
    # Days to sql: 1, 2.5 and 3; to opportunity: 5 and 7; to won: 20.
    expect(
        rows,
        """
        funnel_stage | stage_count | previous_stage_count | drop_off_count | avg_days_from_lead
        lead         | 4           | -                    | -              | 0
        sql          | 3           | 4                    | 1              | 6.5/3
        opportunity  | 2           | 3                    | 1              | 6
        won          | 1           | 2                    | 1              | 20
        """,
    )
    expect(
        rows,
        """
        funnel_stage | conversion_rate_pct | conversion_from_lead_pct
        lead         | -                   | 100
        sql          | 75                  | 75
        opportunity  | 200/3               | 50
        won          | 50                  | 25
        """,
    )


def test_stages_nobody_reached_have_count_zero_and_no_rate(engine: Engine) -> None:
    rows = funnel(
        engine,
        leads="""
            id | stage
            l1 | lead
        """,
    )
    expect(
        rows,
        """
        funnel_stage | stage_count | previous_stage_count | drop_off_count | conversion_rate_pct
        lead         | 1           | -                    | -              | -
        sql          | 0           | 1                    | 1              | 0
        opportunity  | 0           | 0                    | 0              | -
        won          | 0           | 0                    | 0              | -
        """,
    )
    expect(
        rows,
        """
        funnel_stage | conversion_from_lead_pct | avg_days_from_lead
        lead         | 100                      | 0
        sql          | 0                        | -
        opportunity  | 0                        | -
        won          | 0                        | -
        """,
    )


def test_a_lost_lead_counts_in_every_stage_it_reached(engine: Engine) -> None:
    rows = funnel(
        engine,
        leads="""
            id | created_at | stage | qualified_at | closed_at
            l1 | 2024-01-05 | lost  | 2024-01-07   | 2024-01-20
            l2 | 2024-01-05 | lost  | -            | 2024-01-20
            l3 | 2024-01-05 | lost  | -            | 2024-01-20
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l3      | 2024-01-10 | lost   | 2024-01-20
        """,
    )
    expect(
        rows,
        """
        funnel_stage | stage_count | avg_days_from_lead
        lead         | 3           | 0
        sql          | 2           | 3.5
        opportunity  | 1           | 5
        won          | 0           | -
        """,
    )


def test_facilities_reps_and_months_have_funnels_of_their_own(engine: Engine) -> None:
    rows = engine.build(
        "conversion_funnel",
        where={"funnel_stage": "lead"},
        leads="""
            id | facility_id | rep_id | created_at
            l1 | f1          | r1     | 2024-01-31 23:59:59.999999
            l2 | f1          | r1     | 2024-02-01
            l3 | f1          | r2     | 2024-02-01
            l4 | f2          | r1     | 2024-02-01
            l5 | f2          | r1     | 2024-02-29 23:59:59.999999
        """,
    )
    expect(
        rows,
        """
        facility_id | rep_id | month   | stage_count
        f1          | r1     | 2024-01 | 1
        f1          | r1     | 2024-02 | 1
        f1          | r2     | 2024-02 | 1
        f2          | r1     | 2024-02 | 2
        """,
    )


def test_a_lead_counts_for_its_own_rep_whoever_won_it(engine: Engine) -> None:
    rows = engine.build(
        "conversion_funnel",
        where={"funnel_stage": "won"},
        leads="""
            id | rep_id | created_at
            l1 | r1     | 2024-01-10
        """,
        opportunities="""
            lead_id | rep_id | created_at | status | closed_at
            l1      | r2     | 2024-01-20 | won    | 2024-02-03
        """,
    )
    expect(
        rows,
        """
        rep_id | month   | stage_count | avg_days_from_lead
        r1     | 2024-01 | 1           | 24
        """,
    )


def test_what_comes_after_as_of_does_not_count(engine: Engine) -> None:
    rows = funnel(
        engine,
        as_of=datetime(2024, 1, 20),
        leads="""
            id | created_at                 | stage | qualified_at               | closed_at
            l1 | 2024-01-20                 | won   | 2024-01-20                 | 2024-01-21
            l2 | 2024-01-20                 | sql   | 2024-01-20 00:00:00.000001 | -
            l3 | 2024-01-20 00:00:00.000001 | won   | -                          | -
        """,
    )
    expect(
        rows,
        """
        funnel_stage | stage_count
        lead         | 2
        sql          | 1
        opportunity  | 0
        won          | 0
        """,
    )


def test_a_stage_dated_before_the_lead_makes_the_days_negative(engine: Engine) -> None:
    rows = engine.build(
        "conversion_funnel",
        where={"funnel_stage": "opportunity"},
        leads="""
            id | created_at
            l1 | 2024-01-10
            l2 | 2024-01-10
        """,
        opportunities="""
            lead_id | created_at
            l1      | 2024-01-07
            l2      | 2024-01-11
        """,
    )
    expect(
        rows,
        """
        stage_count | avg_days_from_lead
        2           | -1
        """,
    )


def test_durations_are_added_up_to_the_microsecond(engine: Engine) -> None:
    rows = engine.build(
        "conversion_funnel",
        where={"funnel_stage": "sql"},
        leads="""
            id | created_at | stage | qualified_at
            l1 | 2024-01-10 | sql   | 2024-01-10 00:00:00.000001
            l2 | 2024-01-10 | sql   | 2024-01-10 00:00:00.000002
        """,
    )
    (row,) = rows
    assert row["avg_days_from_lead"] == 3 / (2 * 86_400_000_000)


def test_there_is_no_funnel_without_leads(engine: Engine) -> None:
    assert engine.build("conversion_funnel") == []
