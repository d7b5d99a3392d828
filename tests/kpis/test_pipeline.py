"""weighted_pipeline_scenarios: what the pipeline is worth under several assumptions."""

from datetime import datetime
from pathlib import Path
from typing import Any

from tables import Engine, assuming, expect


def pipeline(engine: Engine, leads: str, **given: Any) -> list[dict[str, Any]]:
    return engine.compute("weighted_pipeline_scenarios", leads=leads, **given)


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
    engine: Engine, tmp_path: Path
) -> None:
    rows = pipeline(
        engine,
        """
        id | stage | amount
        l1 | won   | 100
        l2 | lost  | 100
        """,
        params=assuming(
            tmp_path,
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
    engine: Engine, tmp_path: Path
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
            tmp_path,
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


def test_without_weighting_an_overridden_stage_weight_is_one_too(
    engine: Engine, tmp_path: Path
) -> None:
    rows = pipeline(
        engine,
        """
        id | stage | amount
        l1 | sql   | 1000
        """,
        params=assuming(
            tmp_path,
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
