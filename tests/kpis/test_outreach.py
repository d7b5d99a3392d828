"""rep_activity_by_channel and outreach_kpis: what outreach brings."""

from typing import Any

from crm_ibis.testing import Engine, expect


def activity(engine: Engine, outreach: str, **given: Any) -> list[dict[str, Any]]:
    return engine.build("rep_activity_by_channel", outreach=outreach, **given)


def sent(channel: str, total: int, responses: int, conversions: int, rep: str = "r1") -> str:
    """Rows of one channel: so many activities, the first of them answered, or converted."""
    return "\n".join(
        f"{rep}-{channel}-{n} | {rep} | {channel} | {n < responses} | {n < conversions}".replace(
            "True", "true"
        ).replace("False", "false")
        for n in range(total)
    )


def drawing(*channels: str) -> str:
    header = "id | rep_id | channel | response_received | converted"
    return "\n".join([header, *channels])


def test_responses_and_conversions_are_counted_and_rated(engine: Engine) -> None:
    rows = activity(
        engine,
        """
        facility_id | rep_id | channel | sent_at    | response_received | converted
        f1          | r1     | email   | 2024-01-05 | true              | true
        f1          | r1     | email   | 2024-01-06 | true              | true
        f1          | r1     | email   | 2024-01-07 | true              | false
        f1          | r1     | email   | 2024-01-31 | false             | false
        """,
    )
    expect(
        rows,
        """
        rep_id | facility_id | channel | month      | total_outreach | total_responses
        r1     | f1          | email   | 2024-01-01 | 4              | 3
        """,
    )
    expect(
        rows,
        """
        total_conversions | response_rate_pct | conversion_rate_pct | conversion_from_responses_pct
        2                 | 75                | 50                  | 200/3
        """,
    )
    # 100 x (2 + 1.9208 - 1.96 x sqrt(2 x 2 / 4 + 0.9604)) / (4 + 3.8416)
    expect(
        rows,
        """
        conversion_lower_bound_pct | channel_effectiveness_rank
        15.0035708820171489        | 1
        """,
    )


def test_conversions_may_pass_the_responses_and_need_none(engine: Engine) -> None:
    rows = activity(engine, drawing(sent("email", 3, 1, 2), sent("phone", 2, 0, 1)))
    expect(
        rows,
        """
        channel | total_responses | total_conversions | conversion_from_responses_pct
        email   | 1               | 2                 | 200
        phone   | 0               | 1                 | -
        """,
    )


def test_eighty_of_a_hundred_rank_above_one_of_one(engine: Engine) -> None:
    rows = activity(engine, drawing(sent("email", 100, 80, 80), sent("phone", 1, 1, 1)))
    # sqrt(80 x 20 / 100 + 0.9604) = 4.1183006...; 100 x 1 / 4.8416
    expect(
        rows,
        """
        channel | conversion_rate_pct | conversion_lower_bound_pct | channel_effectiveness_rank
        email   | 80                  | 71.1169038073497639        | 1
        phone   | 100                 | 20.6543291473892928        | 2
        """,
    )


def test_channels_without_conversions_have_a_bound_of_exactly_zero_and_rank_by_responses(
    engine: Engine,
) -> None:
    rows = activity(
        engine,
        drawing(sent("email", 5, 0, 0), sent("phone", 7, 1, 0), sent("social", 3, 0, 0)),
    )
    assert [row["conversion_lower_bound_pct"] for row in rows] == [0, 0, 0]
    expect(
        rows,
        """
        channel | response_rate_pct | conversion_rate_pct | channel_effectiveness_rank
        email   | 0                 | 0                   | 2
        phone   | 100/7             | 0                   | 1
        social  | 0                 | 0                   | 2
        """,
    )


def test_channels_that_tie_share_a_rank_and_the_next_one_is_skipped(engine: Engine) -> None:
    rows = activity(
        engine,
        drawing(sent("email", 2, 1, 1), sent("phone", 2, 1, 1), sent("social", 2, 2, 0)),
    )
    expect(
        rows,
        """
        channel | channel_effectiveness_rank
        email   | 1
        phone   | 1
        social  | 3
        """,
    )


def test_equal_bounds_are_ranked_by_response_rate(engine: Engine) -> None:
    rows = activity(
        engine,
        drawing(sent("email", 3, 1, 1), sent("phone", 3, 3, 1), sent("social", 3, 2, 1)),
    )
    expect(
        rows,
        """
        channel | response_rate_pct | channel_effectiveness_rank
        email   | 100/3             | 3
        phone   | 100               | 1
        social  | 200/3             | 2
        """,
    )


def test_channels_are_ranked_within_rep_facility_and_month(engine: Engine) -> None:
    rows = activity(
        engine,
        """
        rep_id | facility_id | channel | sent_at    | converted
        r1     | f1          | email   | 2024-01-05 | true
        r1     | f1          | phone   | 2024-01-05 | false
        r1     | f1          | phone   | 2024-02-05 | false
        r1     | f2          | phone   | 2024-01-05 | false
        r2     | f1          | phone   | 2024-01-05 | false
        """,
    )
    expect(
        rows,
        """
        rep_id | facility_id | channel | month      | channel_effectiveness_rank
        r1     | f1          | email   | 2024-01-01 | 1
        r1     | f1          | phone   | 2024-01-01 | 2
        r1     | f1          | phone   | 2024-02-01 | 1
        r1     | f2          | phone   | 2024-01-01 | 1
        r2     | f1          | phone   | 2024-01-01 | 1
        """,
    )


def test_an_activity_belongs_to_its_rep_else_to_the_leads_else_to_nobody(engine: Engine) -> None:
    rows = activity(
        engine,
        """
        id | rep_id | lead_id | channel
        a1 | r1     | l1      | email
        a2 | -      | l1      | email
        a3 | -      | -       | email
        a4 | -      | l2      | email
        """,
        leads="""
            id | rep_id | created_at
            l1 | r2     | 2024-01-02
            l2 | r3     | 2024-03-01 00:00:00.000001
        """,
    )
    expect(
        rows,
        """
        rep_id     | total_outreach
        r1         | 1
        r2         | 1
        unassigned | 2
        """,
    )


def test_a_lead_entered_after_the_activity_but_by_as_of_names_the_rep(engine: Engine) -> None:
    rows = activity(
        engine,
        """
        rep_id | lead_id | sent_at
        -      | l1      | 2024-01-02
        """,
        leads="""
            id | rep_id | created_at
            l1 | r2     | 2024-03-01
        """,
    )
    expect(
        rows,
        """
        rep_id | month
        r2     | 2024-01
        """,
    )


def test_outreach_counts_in_the_month_it_was_sent_with_what_was_known_at_as_of(
    engine: Engine,
) -> None:
    rows = activity(
        engine,
        """
        rep_id | sent_at          | created_at | response_received | responded_at
        r1     | 2024-01-31 23:59 | 2024-02-01 | true              | 2024-03-01
        r1     | 2024-02-01       | 2024-02-01 | true              | 2024-03-01 00:00:00.000001
        r1     | 2024-03-01 00:01 | 2024-02-01 | true              | -
        r1     | 2024-02-01       | 2024-03-02 | true              | -
        """,
    )
    expect(
        rows,
        """
        month      | total_outreach | total_responses | conversion_from_responses_pct
        2024-01-01 | 1              | 1               | 0
        2024-02-01 | 1              | 0               | -
        """,
    )


def test_names_in_any_script_are_kept_as_they_are(engine: Engine) -> None:
    rows = activity(
        engine,
        """
        rep_id       | facility_id | channel
        Žofia O'Neil | Zürich-北    | télé ☎ 100%
        """,
    )
    expect(
        rows,
        """
        rep_id       | facility_id | channel
        Žofia O'Neil | Zürich-北    | télé ☎ 100%
        """,
    )


def test_a_facilitys_outreach_is_counted_by_channel_and_month(engine: Engine) -> None:
    rows = engine.build(
        "outreach_kpis",
        outreach="""
            facility_id | rep_id | channel | sent_at    | response_received | converted
            f1          | r1     | email   | 2024-01-05 | true              | false
            f1          | r2     | email   | 2024-01-31 | true              | true
            f1          | -      | email   | 2024-01-07 | false             | false
            f1          | r1     | email   | 2024-02-01 | false             | true
            f1          | r1     | phone   | 2024-01-05 | false             | false
            f2          | r1     | email   | 2024-01-05 | true              | true
        """,
    )
    expect(
        rows,
        """
        facility_id | channel | month      | total_outreach | responses | conversions
        f1          | email   | 2024-01-01 | 3              | 2         | 1
        f1          | email   | 2024-02-01 | 1              | 0         | 1
        f1          | phone   | 2024-01-01 | 1              | 0         | 0
        f2          | email   | 2024-01-01 | 1              | 1         | 1
        """,
    )
    expect(
        rows,
        """
        response_rate_pct | conversion_rate_pct
        200/3             | 100/3
        0                 | 100
        0                 | 0
        100               | 100
        """,
    )
