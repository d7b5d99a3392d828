"""deal_queue: the leads that can still be won, and how long nobody has touched them.

As of 2024-03-01 00:00, so that 30 days before it are 2024-01-31 00:00, and 14 are 2024-02-16.
"""

from typing import Any

from crm_ibis.testing import Engine, assuming, check_promises, expect


def queue(engine: Engine, **sources: Any) -> list[dict[str, Any]]:
    return engine.build("deal_queue", **sources)


def test_an_open_lead_is_listed_with_its_worth(engine: Engine) -> None:
    rows = queue(
        engine,
        leads="""
            id | facility_id | rep_id | stage       | amount    | created_at       | updated_at
            l1 | f2          | r3     | opportunity | 10000.125 | 2024-02-20 12:00 | 2024-02-26
        """,
    )
    expect(
        rows,
        """
        lead_id | facility_id | rep_id | stage       | created_at       | last_activity_at
        l1      | f2          | r3     | opportunity | 2024-02-20 12:00 | 2024-02-26
        """,
    )
    # 10,000.125 rounds away from zero; x 0.5 x 0.5 = 2,500.03125, rounded once.
    expect(
        rows,
        """
        amount   | weighted_value | age_days | idle_days | attention
        10000.13 | 2500.03        | 9.5      | 4         | active
        """,
    )


def test_the_weighted_value_is_that_of_the_base_scenario(engine: Engine) -> None:
    # By stage 0.15 x 0.10, 0.30 x 0.25, 0.50 x 0.50; a probability of its own replaces the first.
    rows = queue(
        engine,
        leads="""
            id | stage       | amount | win_probability
            l1 | lead        | 1000   | -
            l2 | sql         | 1000   | -
            l3 | opportunity | 1000   | -
            l4 | sql         | 1000   | 0.8
        """,
    )
    expect(
        rows,
        """
        lead_id | weighted_value
        l1      | 15.00
        l2      | 75.00
        l3      | 250.00
        l4      | 200.00
        """,
    )


def test_the_value_is_rounded_from_the_exact_amount(engine: Engine) -> None:
    # 0.30 x 0.25 x 0.466666 = 0.03499995, which is 0.03; from the rounded 0.47 it would be 0.04.
    rows = queue(engine, leads="id | stage | amount\nl1 | sql | 0.466666")
    expect(
        rows,
        """
        amount | weighted_value
        0.47   | 0.03
        """,
    )


def test_won_and_lost_leads_leave_the_queue(engine: Engine) -> None:
    rows = queue(
        engine,
        leads="""
            id          | stage       | created_at | closed_at
            lost        | lost        | 2024-01-10 | 2024-02-01
            lost_later  | lost        | 2024-01-10 | 2024-03-01 00:00:00.000001
            open        | opportunity | 2024-01-10 | -
            won         | won         | 2024-01-10 | 2024-02-01
            won_by_deal | opportunity | 2024-01-10 | -
            won_later   | opportunity | 2024-01-10 | -
        """,
        opportunities="""
            lead_id     | created_at | status | closed_at
            won_by_deal | 2024-01-15 | won    | 2024-03-01
            won_later   | 2024-01-15 | won    | 2024-03-01 00:00:00.000001
        """,
    )
    # The stage has no date of its own, so a lead in stage lost is no open one, whenever it closed.
    expect(
        rows,
        """
        lead_id
        open
        won_later
        """,
    )


def test_any_activity_counts_and_the_latest_decides(engine: Engine) -> None:
    rows = queue(
        engine,
        leads="""
            id      | stage | created_at | updated_at
            created | lead  | 2024-02-25 | 2024-02-25
            deal    | lead  | 2024-01-01 | 2024-01-02
            message | lead  | 2024-01-01 | 2024-01-02
            nothing | lead  | 2024-01-01 | 2024-01-01
            updated | lead  | 2024-01-01 | 2024-02-28
        """,
        opportunities="""
            lead_id | status | created_at | updated_at
            deal    | open   | 2024-01-05 | 2024-01-20
            deal    | open   | 2024-01-05 | 2024-02-10
            message | open   | 2024-01-05 | 2024-01-20
            updated | open   | 2024-01-05 | 2024-02-20
        """,
        outreach="""
            lead_id | created_at | sent_at
            deal    | 2024-01-05 | 2024-02-01
            message | 2024-01-05 | 2024-02-03
            message | 2024-01-05 | 2024-02-04 12:00
            -       | 2024-01-05 | 2024-02-29
        """,
    )
    expect(
        rows,
        """
        lead_id | last_activity_at | idle_days | attention
        created | 2024-02-25       | 5         | active
        deal    | 2024-02-10       | 20        | cooling
        message | 2024-02-04 12:00 | 25.5      | cooling
        nothing | 2024-01-01       | 60        | stale
        updated | 2024-02-28       | 2         | active
        """,
    )


def test_activity_after_as_of_does_not_count(engine: Engine) -> None:
    later = "2024-03-01 00:00:00.000001"
    rows = queue(
        engine,
        leads=f"""
            id      | stage | created_at | updated_at
            deal    | lead  | 2024-02-01 | 2024-02-01
            entered | lead  | 2024-02-01 | 2024-02-01
            now     | lead  | 2024-02-01 | 2024-03-01
            sent    | lead  | 2024-02-01 | 2024-02-01
            unborn  | lead  | {later}    | {later}
            updated | lead  | 2024-02-01 | {later}
        """,
        opportunities=f"""
            lead_id | status | created_at | updated_at
            deal    | open   | 2024-02-02 | {later}
        """,
        outreach=f"""
            lead_id | created_at | sent_at
            entered | {later}    | 2024-02-20
            sent    | 2024-02-02 | {later}
        """,
    )
    expect(
        rows,
        """
        lead_id | last_activity_at | idle_days
        deal    | 2024-02-01       | 29
        entered | 2024-02-01       | 29
        now     | 2024-03-01       | 0
        sent    | 2024-02-01       | 29
        updated | 2024-02-01       | 29
        """,
    )


def test_exactly_so_many_days_are_not_yet_too_many(engine: Engine) -> None:
    leads = """
        id           | stage | created_at | updated_at
        cooling      | lead  | 2024-01-01 | 2024-02-15 23:59:59.999999
        exactly_14   | lead  | 2024-01-01 | 2024-02-16
        exactly_30   | lead  | 2024-01-01 | 2024-01-31
        stale        | lead  | 2024-01-01 | 2024-01-30 23:59:59.999999
    """
    expect(
        queue(engine, leads=leads),
        """
        lead_id    | attention
        cooling    | cooling
        exactly_14 | active
        exactly_30 | cooling
        stale      | stale
        """,
    )


def test_the_limits_are_parameters(engine: Engine) -> None:
    params = assuming("deal_queue: {stale_days: 3, cooling_days: 1}")
    rows = queue(
        engine,
        leads="""
            id | stage | created_at | updated_at
            l1 | lead  | 2024-01-01 | 2024-02-29
            l2 | lead  | 2024-01-01 | 2024-02-28
            l3 | lead  | 2024-01-01 | 2024-02-26
        """,
        params=params,
    )
    expect(
        rows,
        """
        lead_id | attention
        l1      | active
        l2      | cooling
        l3      | stale
        """,
    )


def test_the_queue_keeps_what_its_contract_promises(engines: list[Engine]) -> None:
    check_promises(engines, "deal_queue", leads="stage\nlead\nwon")
