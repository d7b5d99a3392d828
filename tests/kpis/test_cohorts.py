"""cohort_retention: what becomes of the leads of a month, month by month."""

from datetime import datetime
from typing import Any

from crm_ibis.testing import Engine, assuming, expect


def cohorts(engine: Engine, **given: Any) -> list[dict[str, Any]]:
    """The cohorts with their months in order, one cohort after the other."""
    rows = engine.build("cohort_retention", **given)
    grain = ("facility_id", "rep_id", "cohort_month", "months_since_cohort")
    return sorted(rows, key=lambda row: [row[column] for column in grain])


def test_a_cohort_is_followed_month_by_month(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 3, 15),
        leads="""
            id | created_at | stage       | closed_at
            l1 | 2024-01-05 | won         | 2024-02-10
            l2 | 2024-01-06 | lost        | 2024-01-20
            l3 | 2024-01-07 | opportunity | -
            l4 | 2024-01-08 | lost        | 2024-03-02
            l5 | 2024-01-09 | lead        | -
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-25 | won    | 2024-02-10
            l3      | 2024-02-05 | open   | -
        """,
    )
    expect(
        rows,
        """
        months_since_cohort | cohort_size | active_leads | won_leads | lost_leads | retained_leads
        0                   | 5           | 4            | 0         | 1          | 4
        1                   | 5           | 3            | 1         | 1          | 4
        2                   | 5           | 2            | 1         | 2          | 3
        """,
    )
    expect(
        rows,
        """
        cohort_month | progressed_leads | retention_rate_pct | progression_rate_pct
        2024-01-01   | 1                | 80                 | 20
        2024-01-01   | 2                | 80                 | 40
        2024-01-01   | 2                | 60                 | 40
        """,
    )
    expect(
        rows,
        """
        facility_id | rep_id | weighted_active_leads | is_complete
        f1          | r1     | 2                     | true
        f1          | r1     | 2.5                   | true
        f1          | r1     | 2                     | false
        """,
    )


def test_a_month_that_has_not_begun_has_no_row(engine: Engine) -> None:
    leads = """
        id | created_at
        l1 | 2024-01-31 23:59:59.999999
    """
    expect(
        cohorts(engine, as_of=datetime(2024, 2, 29, 23, 59, 59, 999999), leads=leads),
        """
        months_since_cohort | is_complete
        0                   | true
        1                   | false
        """,
    )
    expect(
        cohorts(engine, as_of=datetime(2024, 3, 1), leads=leads),
        """
        months_since_cohort | is_complete
        0                   | true
        1                   | true
        2                   | false
        """,
    )


def test_the_month_a_cohort_is_created_in_has_a_row_while_it_runs(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 2, 1),
        leads="""
            id | created_at
            l1 | 2024-02-01
            l2 | 2024-02-01 00:00:00.000001
        """,
    )
    expect(
        rows,
        """
        cohort_month | months_since_cohort | cohort_size | active_leads | is_complete
        2024-02-01   | 0                   | 1           | 1            | false
        """,
    )


def test_the_state_is_that_at_the_end_of_the_month(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 2, 10),
        leads="""
            id | created_at | stage | closed_at
            l1 | 2024-01-05 | won   | 2024-01-31 23:59:59.999999
            l2 | 2024-01-05 | won   | 2024-02-01
            l3 | 2024-01-05 | lost  | 2024-01-31 23:59:59.999999
            l4 | 2024-01-05 | lost  | 2024-02-01
        """,
    )
    expect(
        rows,
        """
        months_since_cohort | won_leads | lost_leads | active_leads | progressed_leads
        0                   | 1         | 1          | 2            | 1
        1                   | 2         | 2          | 0            | 2
        """,
    )


def test_while_a_month_runs_the_state_is_that_at_as_of(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 2, 10),
        leads="""
            id | created_at | stage       | closed_at                  | updated_at
            l1 | 2024-01-05 | won         | 2024-02-10                 | 2024-02-10
            l2 | 2024-01-05 | won         | 2024-02-10 00:00:00.000001 | 2024-02-11
            l3 | 2024-01-05 | lost        | 2024-02-10 00:00:00.000001 | 2024-02-11
            l4 | 2024-01-05 | opportunity | -                          | 2024-02-11
        """,
    )
    expect(
        rows,
        """
        months_since_cohort | won_leads | lost_leads | active_leads | progressed_leads
        0                   | 0         | 0          | 4            | 0
        1                   | 1         | 0          | 3            | 1
        """,
    )


def test_a_cohort_is_followed_for_twelve_months_across_the_year(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 12, 31),
        leads="""
            id | created_at | stage | closed_at
            l1 | 2023-11-30 | won   | 2024-02-01
            l2 | 2023-11-30 | lost  | 2024-10-31
            l3 | 2023-11-30 | lost  | 2024-11-01
        """,
    )
    assert [row["months_since_cohort"] for row in rows] == list(range(12))
    assert [row["won_leads"] for row in rows] == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    assert [row["lost_leads"] for row in rows] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert all(row["is_complete"] for row in rows)


def test_how_long_a_cohort_is_followed_is_a_parameter(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 12, 31),
        params=assuming("cohort_months: 2"),
        leads="""
            id | created_at
            l1 | 2024-01-05
        """,
    )
    expect(
        rows,
        """
        months_since_cohort | is_complete
        0                   | true
        1                   | true
        """,
    )


def test_a_milestone_before_the_leads_creation_counts_from_month_zero(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 2, 10),
        leads="""
            id | created_at
            l1 | 2024-01-05
            l2 | 2024-01-05
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2023-10-05 | won    | 2023-12-05
            l2      | 2023-10-05 | open   | -
        """,
    )
    expect(
        rows,
        """
        months_since_cohort | won_leads | progressed_leads | progression_rate_pct
        0                   | 1         | 2                | 100
        1                   | 1         | 2                | 100
        """,
    )


def test_a_lead_lost_after_being_an_opportunity_stays_progressed(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 2, 10),
        leads="""
            id | created_at | stage | closed_at
            l1 | 2024-01-05 | lost  | 2024-02-03
            l2 | 2024-01-05 | lead  | -
            l3 | 2024-01-05 | sql   | -
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-15 | lost   | 2024-02-03
        """,
    )
    expect(
        rows,
        """
        progressed_leads | retained_leads | retention_rate_pct | progression_rate_pct
        1                | 3              | 100                | 100/3
        1                | 2              | 200/3              | 100/3
        """,
    )


def test_facilities_and_reps_have_cohorts_of_their_own(engine: Engine) -> None:
    rows = cohorts(
        engine,
        as_of=datetime(2024, 2, 10),
        leads="""
            id | facility_id | rep_id | created_at
            l1 | f1          | r1     | 2024-02-01
            l2 | f1          | r1     | 2024-01-31
            l3 | f1          | r2     | 2024-02-01
            l4 | f2          | r1     | 2024-02-01
            l5 | f2          | r1     | 2024-02-02
        """,
    )
    expect(
        rows,
        """
        facility_id | rep_id | cohort_month | months_since_cohort | cohort_size
        f1          | r1     | 2024-01-01   | 0                   | 1
        f1          | r1     | 2024-01-01   | 1                   | 1
        f1          | r1     | 2024-02-01   | 0                   | 1
        f1          | r2     | 2024-02-01   | 0                   | 1
        f2          | r1     | 2024-02-01   | 0                   | 2
        """,
    )
