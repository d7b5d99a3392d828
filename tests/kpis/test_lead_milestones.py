"""lead_milestones: when each lead first reached each stage."""

from datetime import datetime
from typing import Any

from crm_ibis.testing import Engine, expect

LATER = "2024-03-01 00:00:00.000001"
"""One microsecond after the `as_of` of every test here that gives none."""


def milestones(engine: Engine, **sources: Any) -> list[dict[str, Any]]:
    return engine.build("lead_milestones", **sources)


def test_a_lead_keeps_its_own_columns(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | facility_id | rep_id | stage | created_at
            l1 | f2          | r3     | lead  | 2024-01-31 23:59
        """,
    )
    expect(
        rows,
        """
        lead_id | facility_id | rep_id | stage | created_at       | cohort_month
        l1      | f2          | r3     | lead  | 2024-01-31 23:59 | 2024-01-01
        """,
    )
    expect(
        rows,
        """
        sql_at | opportunity_at | won_at | lost_at
        -      | -              | -      | -
        """,
    )


def test_each_stage_has_the_date_it_was_first_reached(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage | qualified_at | closed_at
            l1 | 2024-01-10 | won   | 2024-01-12   | 2024-02-20
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-15 | won    | 2024-02-10
        """,
    )
    expect(
        rows,
        """
        sql_at     | opportunity_at | won_at     | lost_at
        2024-01-12 | 2024-01-15     | 2024-02-10 | -
        """,
    )


def test_a_lead_is_won_with_the_first_of_its_won_opportunities(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | stage
            l1 | opportunity
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-20 | won    | 2024-02-15
            l1      | 2024-01-21 | won    | 2024-02-10
            l1      | 2024-01-22 | lost   | 2024-02-01
            l1      | 2024-01-19 | open   | -
        """,
    )
    expect(
        rows,
        """
        opportunity_at | won_at
        2024-01-19     | 2024-02-10
        """,
    )


def test_a_won_lead_without_a_won_opportunity_has_its_own_dates(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage | closed_at  | updated_at
            l1 | 2024-01-10 | won   | 2024-02-01 | 2024-02-05
            l2 | 2024-01-10 | won   | -          | 2024-02-05
            l3 | 2024-01-10 | won   | 2024-02-01 | 2024-02-05
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l3      | 2024-01-12 | lost   | 2024-01-30
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at     | opportunity_at | won_at
        l1      | 2024-02-01 | 2024-02-01     | 2024-02-01
        l2      | 2024-02-05 | 2024-02-05     | 2024-02-05
        l3      | 2024-01-12 | 2024-01-12     | 2024-02-01
        """,
    )


def test_a_won_opportunity_without_a_date_leaves_it_to_the_lead(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage       | closed_at  | updated_at
            l1 | 2024-01-10 | opportunity | -          | 2024-02-05
            l2 | 2024-01-10 | won         | 2024-02-01 | 2024-02-05
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-12 | won    | -
            l2      | 2024-01-12 | won    | -
        """,
    )
    expect(
        rows,
        """
        lead_id | opportunity_at | won_at
        l1      | 2024-01-12     | -
        l2      | 2024-01-12     | 2024-02-01
        """,
    )


def test_a_win_after_as_of_is_no_win_yet_and_the_leads_stage_decides(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage       | closed_at  | updated_at
            l1 | 2024-01-10 | opportunity | -          | 2024-02-05
            l2 | 2024-01-10 | won         | 2024-02-20 | 2024-02-20
            l3 | 2024-01-10 | lost        | 2024-02-21 | 2024-02-21
        """,
        opportunities=f"""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-12 | won    | {LATER}
            l2      | 2024-01-12 | won    | {LATER}
            l3      | 2024-01-12 | won    | {LATER}
        """,
    )
    expect(
        rows,
        """
        lead_id | opportunity_at | won_at     | lost_at
        l1      | 2024-01-12     | -          | -
        l2      | 2024-01-12     | 2024-02-20 | -
        l3      | 2024-01-12     | -          | 2024-02-21
        """,
    )


def test_a_date_after_as_of_means_not_yet_and_no_date_means_look_elsewhere(
    engine: Engine,
) -> None:
    rows = milestones(
        engine,
        leads=f"""
            id     | created_at | stage | qualified_at | closed_at | updated_at
            later1 | 2024-01-10 | won   | -            | {LATER}   | 2024-02-05
            later2 | 2024-01-10 | lost  | -            | {LATER}   | 2024-02-05
            later3 | 2024-01-10 | sql   | {LATER}      | -         | 2024-02-05
            none1  | 2024-01-10 | won   | -            | -         | 2024-02-05
            none2  | 2024-01-10 | lost  | -            | -         | 2024-02-05
            none3  | 2024-01-10 | sql   | -            | -         | 2024-02-05
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at     | opportunity_at | won_at     | lost_at
        later1  | -          | -              | -          | -
        later2  | -          | -              | -          | -
        later3  | -          | -              | -          | -
        none1   | 2024-02-05 | 2024-02-05     | 2024-02-05 | -
        none2   | -          | -              | -          | 2024-02-05
        none3   | 2024-02-05 | -              | -          | -
        """,
    )


def test_a_date_that_stands_in_counts_only_up_to_as_of(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads=f"""
            id | created_at | stage       | updated_at
            l1 | 2024-01-10 | sql         | {LATER}
            l2 | 2024-01-10 | opportunity | {LATER}
            l3 | 2024-01-10 | won         | {LATER}
            l4 | 2024-01-10 | lost        | {LATER}
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at | opportunity_at | won_at | lost_at
        l1      | -      | -              | -      | -
        l2      | -      | -              | -      | -
        l3      | -      | -              | -      | -
        l4      | -      | -              | -      | -
        """,
    )


def test_an_event_at_exactly_as_of_has_happened(engine: Engine) -> None:
    rows = milestones(
        engine,
        as_of=datetime(2024, 2, 1, 12),
        leads="""
            id | created_at | stage | qualified_at     | closed_at
            l1 | 2024-01-10 | won   | 2024-02-01 12:00 | 2024-02-01 12:00
            l2 | 2024-01-10 | lost  | -                | 2024-02-01 12:00
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at           | won_at           | lost_at
        l1      | 2024-02-01 12:00 | 2024-02-01 12:00 | -
        l2      | -                | -                | 2024-02-01 12:00
        """,
    )


def test_an_opportunity_stage_without_opportunities_has_the_date_of_its_update(
    engine: Engine,
) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage       | updated_at
            l1 | 2024-01-10 | opportunity | 2024-02-05
            l2 | 2024-01-10 | opportunity | 2024-02-05
            l3 | 2024-01-10 | opportunity | 2024-02-05
        """,
        opportunities="""
            lead_id | created_at
            l2      | 2024-02-07
            l3      | 2024-02-03
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at     | opportunity_at
        l1      | 2024-02-05 | 2024-02-05
        l2      | 2024-02-07 | 2024-02-07
        l3      | 2024-02-03 | 2024-02-03
        """,
    )


def test_a_later_stage_reached_first_pulls_the_earlier_ones_forward(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage       | qualified_at
            l1 | 2024-01-10 | opportunity | 2024-02-10
            l2 | 2024-01-10 | won         | 2024-02-10
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-02-01 | open   | -
            l2      | 2024-02-08 | won    | 2024-02-09
            l2      | 2024-02-12 | won    | 2024-02-13
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at     | opportunity_at | won_at
        l1      | 2024-02-01 | 2024-02-01     | -
        l2      | 2024-02-08 | 2024-02-08     | 2024-02-09
        """,
    )


def test_a_win_before_the_opportunity_was_entered_dates_the_opportunity(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage | closed_at
            l1 | 2024-01-10 | won   | 2024-02-01
        """,
        opportunities="""
            lead_id | created_at
            l1      | 2024-02-10
        """,
    )
    expect(
        rows,
        """
        sql_at     | opportunity_at | won_at
        2024-02-01 | 2024-02-01     | 2024-02-01
        """,
    )


def test_a_qualification_after_as_of_does_not_hide_an_earlier_opportunity(
    engine: Engine,
) -> None:
    rows = milestones(
        engine,
        leads=f"""
            id | created_at | stage       | qualified_at
            l1 | 2024-01-10 | opportunity | {LATER}
        """,
        opportunities="""
            lead_id | created_at
            l1      | 2024-02-01
        """,
    )
    expect(
        rows,
        """
        sql_at     | opportunity_at
        2024-02-01 | 2024-02-01
        """,
    )


def test_a_lost_lead_keeps_how_far_it_got(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage | qualified_at | closed_at  | updated_at
            l1 | 2024-01-10 | lost  | 2024-01-12   | 2024-02-01 | 2024-02-03
            l2 | 2024-01-10 | lost  | -            | 2024-02-01 | 2024-02-03
            l3 | 2024-01-10 | lost  | -            | -          | 2024-02-03
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l2      | 2024-01-20 | lost   | 2024-02-01
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at     | opportunity_at | won_at | lost_at
        l1      | 2024-01-12 | -              | -      | 2024-02-01
        l2      | 2024-01-20 | 2024-01-20     | -      | 2024-02-01
        l3      | -          | -              | -      | 2024-02-03
        """,
    )


def test_a_lead_that_was_once_won_is_not_lost(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage | closed_at
            l1 | 2024-01-10 | lost  | 2024-02-20
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2024-01-12 | won    | 2024-02-01
        """,
    )
    expect(
        rows,
        """
        won_at     | lost_at
        2024-02-01 | -
        """,
    )


def test_only_a_lost_stage_has_a_date_of_loss(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage | closed_at
            l1 | 2024-01-10 | lead  | 2024-02-20
        """,
    )
    expect(
        rows,
        """
        won_at | lost_at
        -      | -
        """,
    )


def test_a_milestone_may_lie_before_the_lead_was_entered(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads="""
            id | created_at | stage
            l1 | 2024-01-10 | opportunity
        """,
        opportunities="""
            lead_id | created_at | status | closed_at
            l1      | 2023-12-30 | won    | 2024-01-02
        """,
    )
    expect(
        rows,
        """
        created_at | sql_at     | opportunity_at | won_at
        2024-01-10 | 2023-12-30 | 2023-12-30     | 2024-01-02
        """,
    )


def test_rows_entered_after_as_of_are_ignored(engine: Engine) -> None:
    rows = milestones(
        engine,
        leads=f"""
            id | created_at | stage
            l1 | 2024-01-10 | lead
            l2 | {LATER}    | won
        """,
        opportunities=f"""
            lead_id | created_at
            l1      | {LATER}
            l2      | 2024-02-01
        """,
    )
    expect(
        rows,
        """
        lead_id | sql_at | opportunity_at
        l1      | -      | -
        """,
    )
