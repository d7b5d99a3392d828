"""weighted_pipeline_scenarios: what the pipeline is worth under several assumptions."""

from datetime import datetime
from typing import Any

from crm_ibis.testing import Engine, assuming, expect


def pipeline(engine: Engine, leads: str, **given: Any) -> list[dict[str, Any]]:
    return engine.build("weighted_pipeline_scenarios", leads=leads, **given)


def test_each_scenario_has_a_probability_and_a_weight_of_its_own(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | stage | amount
        l1 | sql   | 1000
        """,
    )
    expect(
        rows,
        """
        scenario         | win_probability | stage_weight | weighted_pipeline_value | weight_factor
        base             | 0.3             | 0.25         | 75.00                   | 0.075
        best             | 0.375           | 0.25         | 93.75                   | 0.09375
        probability_only | 0.3             | 1            | 300.00                  | 0.3
        worst            | 0.225           | 0.25         | 56.25                   | 0.05625
        """,
    )


def test_each_stage_counts_with_its_share_of_the_amount(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | stage       | amount
        l1 | lead        | 100
        l2 | sql         | 100
        l3 | opportunity | 100
        l4 | won         | 100
        l5 | lost        | 100
        """,
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        stage       | weighted_pipeline_value | win_probability | stage_weight | weight_factor
        lead        | 1.50                    | 0.15            | 0.1          | 0.015
        lost        | 0.00                    | 0               | 0            | 0
        opportunity | 25.00                   | 0.5             | 0.5          | 0.25
        sql         | 7.50                    | 0.3             | 0.25         | 0.075
        won         | 100.00                  | 1               | 1            | 1
        """,
    )


def test_won_and_lost_leads_are_the_same_in_every_scenario_but_for_the_weighting(
    engine: Engine,
) -> None:
    rows = pipeline(
        engine,
        """
        id | stage | amount
        l1 | won   | 100
        l2 | lost  | 100
        """,
        params=assuming(
            """
            stages:
              won: {win_probability: 0.9, stage_weight: 0.8}
              lost: {win_probability: 0.1, stage_weight: 0.5}
            """,
        ),
    )
    expect(
        rows,
        """
        scenario         | stage | win_probability | stage_weight | weighted_pipeline_value
        base             | lost  | 0.1             | 0.5          | 5.00
        base             | won   | 0.9             | 0.8          | 72.00
        best             | lost  | 0.1             | 0.5          | 5.00
        best             | won   | 0.9             | 0.8          | 72.00
        probability_only | lost  | 0.1             | 1            | 10.00
        probability_only | won   | 0.9             | 1            | 90.00
        worst            | lost  | 0.1             | 0.5          | 5.00
        worst            | won   | 0.9             | 0.8          | 72.00
        """,
    )


def test_a_scenario_overrides_single_stages_first_and_is_then_scaled_up_to_certainty(
    engine: Engine,
) -> None:
    rows = pipeline(
        engine,
        """
        id | stage       | amount
        l1 | lead        | 1000
        l2 | opportunity | 1000
        l3 | sql         | 1000
        """,
        params=assuming(
            """
            scenarios:
              push:
                probability_multiplier: 2
                stages:
                  lead: {stage_weight: 0.2}
                  sql: {win_probability: 0.4}
                  opportunity: {win_probability: 0.6, stage_weight: 0.75}
            """,
        ),
        where={"scenario": "push"},
    )
    expect(
        rows,
        """
        stage       | win_probability | stage_weight | weighted_pipeline_value | weight_factor
        lead        | 0.3             | 0.2          | 60.00                   | 0.06
        opportunity | 1               | 0.75         | 750.00                  | 0.75
        sql         | 0.8             | 0.25         | 200.00                  | 0.2
        """,
    )


def test_scenarios_whose_long_names_begin_alike_are_kept_apart(engine: Engine) -> None:
    """PostgreSQL cuts names of columns off after 63 bytes."""
    name = "as if every customer in the whole of the region had " + "a budget"
    rows = pipeline(
        engine,
        """
        id | stage | amount
        l1 | sql   | 1000
        """,
        params=assuming(
            f"""
            scenarios:
              {name} of one: {{probability_multiplier: 2}}
              {name} of two: {{probability_multiplier: 3}}
            """,
        ),
    )
    found = {row["scenario"]: str(row["weighted_pipeline_value"]) for row in rows}
    # 0.3 x 2 and 0.3 x 3, times the weight of 0.25.
    assert (found[f"{name} of one"], found[f"{name} of two"]) == ("150.00", "225.00")


def test_without_weighting_an_overridden_stage_weight_is_one_too(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | stage | amount
        l1 | sql   | 1000
        """,
        params=assuming(
            """
            scenarios:
              plain: {apply_weighting: false, stages: {sql: {stage_weight: 0.5}}}
            """,
        ),
        where={"scenario": "plain"},
    )
    expect(
        rows,
        """
        win_probability | stage_weight | weighted_pipeline_value
        0.3             | 1            | 300.00
        """,
    )


def test_facility_rep_month_and_stage_are_kept_apart(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | facility_id | rep_id | created_at                 | stage | amount
        l1 | f1          | r1     | 2024-01-31 23:59:59.999999 | won   | 10.25
        l2 | f1          | r1     | 2024-01-01                 | won   | 20.50
        l3 | f1          | r1     | 2024-02-01                 | won   | 30
        l4 | f1          | r1     | 2024-02-01                 | lost  | 40
        l5 | f1          | r2     | 2024-02-01                 | won   | 50
        l6 | f2          | r1     | 2024-02-01                 | won   | 60
        """,
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        facility_id | rep_id | month      | stage | deal_count | total_pipeline_value
        f1          | r1     | 2024-01-01 | won   | 2          | 30.75
        f1          | r1     | 2024-02-01 | lost  | 1          | 40.00
        f1          | r1     | 2024-02-01 | won   | 1          | 30.00
        f1          | r2     | 2024-02-01 | won   | 1          | 50.00
        f2          | r1     | 2024-02-01 | won   | 1          | 60.00
        """,
    )


def test_half_cents_are_rounded_away_from_zero_and_only_at_the_end(engine: Engine) -> None:
    # At 0.25 a lead of 0.01 is worth 0.0025; two of them 0.005, which is 0.01; one of 0.02 too.
    # At 0.015 a lead of 1 is worth 0.015, which is 0.02, and one of 0.30 is worth 0.0045.
    rows = pipeline(
        engine,
        """
        id | rep_id | stage       | amount
        l1 | r1     | opportunity | 0.01
        l2 | r1     | opportunity | 0.01
        l3 | r2     | opportunity | 0.02
        l4 | r3     | lead        | 1
        l5 | r4     | lead        | 0.30
        """,
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        rep_id | total_pipeline_value | weighted_pipeline_value | weight_factor
        r1     | 0.02                 | 0.01                    | 0.5
        r2     | 0.02                 | 0.01                    | 0.5
        r3     | 1.00                 | 0.02                    | 0.02
        r4     | 0.30                 | 0.00                    | 0
        """,
    )


def test_amounts_with_more_than_two_places_are_added_up_before_rounding(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | rep_id | stage | amount
        l1 | r1     | won   | 0.004
        l2 | r1     | won   | 0.004
        l3 | r2     | won   | 0.004999
        l4 | r2     | won   | 0.000001
        l5 | r3     | won   | 1000000000000.000001
        """,
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        rep_id | total_pipeline_value | weighted_pipeline_value | weight_factor
        r1     | 0.01                 | 0.01                    | 1
        r2     | 0.01                 | 0.01                    | 1
        r3     | 1000000000000.00     | 1000000000000.00        | 1
        """,
    )


def test_there_is_no_weight_factor_where_the_total_is_zero(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | rep_id | stage | amount
        l1 | r1     | won   | 0
        l2 | r2     | won   | 0.004
        """,
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        rep_id | deal_count | total_pipeline_value | weighted_pipeline_value | weight_factor
        r1     | 1          | 0.00                 | 0.00                    | -
        r2     | 1          | 0.00                 | 0.00                    | -
        """,
    )


def test_the_weight_factor_is_of_the_two_published_values(engine: Engine) -> None:
    # 0.37 x 0.25 = 0.0925, published as 0.09.
    rows = pipeline(
        engine,
        """
        id | stage       | amount
        l1 | opportunity | 0.37
        """,
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        weighted_pipeline_value | weight_factor
        0.09                    | 9/37
        """,
    )


def test_leads_entered_by_as_of_count_in_the_stage_they_are_stored_in(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | created_at                 | stage | amount | closed_at
        l1 | 2024-01-20                 | won   | 100    | 2024-02-15
        l2 | 2024-01-20 00:00:00.000001 | won   | 200    | 2024-02-15
        """,
        as_of=datetime(2024, 1, 20),
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        stage | deal_count | total_pipeline_value
        won   | 1          | 100.00
        """,
    )


def test_worst_base_best_and_total_are_in_order(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | stage       | amount
        l1 | lead        | 333.33
        l2 | sql         | 0.02
        l3 | opportunity | 12345.67
        l4 | won         | 0.01
        l5 | lost        | 5
        """,
    )
    values = {(row["scenario"], row["stage"]): row["weighted_pipeline_value"] for row in rows}
    for row in rows:
        stage = row["stage"]
        assert values["worst", stage] <= values["base", stage] <= values["best", stage]
        assert values["base", stage] <= values["probability_only", stage]
        assert row["weighted_pipeline_value"] <= row["total_pipeline_value"]


def test_a_lead_s_own_probability_replaces_that_of_its_stage(engine: Engine) -> None:
    """0.8 x 1.25 is 1, 0.8 x 0.75 is 0.6; a quarter of it counts at sql."""
    rows = pipeline(
        engine,
        """
        id | stage | amount | win_probability
        l1 | sql   | 1000   | 0.8
        """,
    )
    expect(
        rows,
        """
        scenario         | win_probability | stage_weight | weighted_pipeline_value | weight_factor
        base             | 0.8             | 0.25         | 200.00                  | 0.2
        best             | 1               | 0.25         | 250.00                  | 0.25
        probability_only | 0.8             | 1            | 800.00                  | 0.8
        worst            | 0.6             | 0.25         | 150.00                  | 0.15
        """,
    )


def test_what_is_won_or_lost_has_no_probability_of_its_own(engine: Engine) -> None:
    rows = pipeline(
        engine,
        """
        id | stage | amount | win_probability
        l1 | won   | 1000   | 0.4
        l2 | lost  | 1000   | 0.4
        """,
        where={"scenario": "base"},
    )
    expect(
        rows,
        """
        stage | win_probability | weighted_pipeline_value
        lost  | 0               | 0.00
        won   | 1               | 1000.00
        """,
    )


def test_a_group_of_different_leads_shows_their_mean_by_amount(engine: Engine) -> None:
    """Base: 1000 x 0.5 of the stage and 3000 x 0.9 of its own are 3200 of 4000; half of it counts.

    Best: the stage's 0.625, and 0.9 x 1.25 capped at 1: 625 and 3000. Worst: 0.375 and 0.675.
    """
    rows = pipeline(
        engine,
        """
        id | stage       | amount | win_probability
        l1 | opportunity | 1000   | -
        l2 | opportunity | 3000   | 0.9
        """,
    )
    expect(
        rows,
        """
        scenario         | deal_count | win_probability | weighted_pipeline_value
        base             | 2          | 3200/4000       | 1600.00
        best             | 2          | 3625/4000       | 1812.50
        probability_only | 2          | 3200/4000       | 3200.00
        worst            | 2          | 2400/4000       | 1200.00
        """,
    )


def test_leads_of_the_same_probability_show_it_whatever_they_are_worth(engine: Engine) -> None:
    """Equal as the scenario has them: 0.9 and 0.8 are both certain at 1.25. l3 has the stage's."""
    rows = pipeline(
        engine,
        """
        id | facility_id | stage       | amount | win_probability
        l1 | f1          | opportunity | 0      | 0.9
        l2 | f1          | opportunity | 0      | 0.8
        l3 | f2          | opportunity | 0      | 0.5
        l4 | f2          | opportunity | 0      | -
        """,
    )
    expect(
        rows,
        """
        scenario         | facility_id | win_probability | weight_factor
        base             | f1          | -               | -
        base             | f2          | 0.5             | -
        best             | f1          | 1               | -
        best             | f2          | 0.625           | -
        probability_only | f1          | -               | -
        probability_only | f2          | 0.5             | -
        worst            | f1          | -               | -
        worst            | f2          | 0.375           | -
        """,
    )


def test_a_scenario_may_ignore_what_leads_say_themselves(engine: Engine) -> None:
    """An override of the stage counts there, and where a lead has nothing of its own."""
    rows = pipeline(
        engine,
        """
        id | stage       | amount | win_probability
        l1 | lead        | 1000   | 0.9
        l2 | opportunity | 1000   | 0.9
        l3 | sql         | 1000   | -
        """,
        params=assuming(
            """
            scenarios:
              by_stage: {own_probability: false, stages: {lead: {win_probability: 0.2}}}
              override: {stages: {lead: {win_probability: 0.2}, sql: {win_probability: 0.4}}}
            """,
        ),
    )
    expect(
        [row for row in rows if row["scenario"] in ("by_stage", "override")],
        """
        scenario | stage       | win_probability | weighted_pipeline_value
        by_stage | lead        | 0.2             | 20.00
        by_stage | opportunity | 0.5             | 250.00
        by_stage | sql         | 0.3             | 75.00
        override | lead        | 0.9             | 90.00
        override | opportunity | 0.9             | 450.00
        override | sql         | 0.4             | 100.00
        """,
    )


def test_own_probabilities_are_exact_to_their_last_place(engine: Engine) -> None:
    """0.000001 of 123456789012.345678 is 123456.789012345678; a tenth of it counts."""
    (row,) = pipeline(
        engine,
        """
        id | stage | amount              | win_probability
        l1 | lead  | 123456789012.345678 | 0.000001
        """,
        where={"scenario": "base"},
    )
    assert str(row["weighted_pipeline_value"]) == "12345.68"
    assert row["win_probability"] == 0.000001
