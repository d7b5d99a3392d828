"""Business assumptions: the shipped ones, what a file may change, and what it may not."""

from decimal import Decimal
from pathlib import Path

import pytest

from crm_ibis.config.params import load_params
from crm_ibis.errors import UsageError
from crm_ibis.testing import assuming

HOUR = 3_600_000_000


def refused(folder: Path, yaml: str) -> str:
    """What a file with this text is refused for."""
    file = folder / "params.yml"
    file.write_text(yaml, encoding="utf-8")
    with pytest.raises(UsageError) as refusal:
        load_params(file)
    assert str(file) in str(refusal.value)
    return str(refusal.value)


def test_the_shipped_stages_are_the_documented_ones() -> None:
    stages = load_params().stages
    assert {name: (s.win_probability, s.stage_weight) for name, s in stages.items()} == {
        "lead": (Decimal("0.15"), Decimal("0.10")),
        "sql": (Decimal("0.30"), Decimal("0.25")),
        "opportunity": (Decimal("0.50"), Decimal("0.50")),
        "won": (1, 1),
        "lost": (0, 0),
    }


def test_the_shipped_scenarios_are_the_documented_ones() -> None:
    scenarios = load_params().scenarios
    assert {n: (s.apply_weighting, s.probability_multiplier) for n, s in scenarios.items()} == {
        "base": (True, 1),
        "probability_only": (False, 1),
        "best": (True, Decimal("1.25")),
        "worst": (True, Decimal("0.75")),
    }
    assert all(scenario.stages == {} for scenario in scenarios.values())


def test_the_shipped_sla_targets_are_the_documented_ones() -> None:
    sla = load_params().sla
    assert {name: (t.response / HOUR, t.resolution / HOUR) for name, t in sla.items()} == {
        "critical": (1, 4),
        "high": (2, 24),
        "medium": (4, 72),
        "low": (8, 120),
    }
    assert sla["high"].of("response") == 2 * HOUR
    assert sla["high"].of("resolution") == 24 * HOUR


def test_the_other_shipped_values_are_the_documented_ones() -> None:
    params = load_params()
    assert params.cohort_months == 12
    assert params.compliance_threshold == 80
    assert params.health.weights == {
        "compliance_score": Decimal("0.2"),
        "pipeline_health": Decimal("0.2"),
        "conversion_health": Decimal("0.2"),
        "sla_health": Decimal("0.2"),
        "satisfaction_health": Decimal("0.2"),
    }
    assert params.health.pipeline_target == 125_000
    assert params.health.conversion_target_pct == 50
    assert params.health.min_coverage_pct == 60
    thresholds = params.health.thresholds
    assert [thresholds.excellent, thresholds.good, thresholds.fair] == [80, 60, 40]
    assert (params.deal_queue.stale_days, params.deal_queue.cooling_days) == (30, 14)


def test_a_file_may_change_a_part_and_the_rest_stays() -> None:
    params = assuming(
        """
        stages: {sql: {win_probability: 0.35}}
        sla: {low: {resolution: 100}}
        health: {thresholds: {fair: 30}}
        """,
    )
    shipped = load_params()
    assert params.stages["sql"].win_probability == Decimal("0.35")
    assert params.stages["sql"].stage_weight == Decimal("0.25")
    assert params.stages["lead"] == shipped.stages["lead"]
    assert params.sla["low"].resolution == 100 * HOUR
    assert params.sla["low"].response == 8 * HOUR
    assert params.health.thresholds.fair == 30
    assert params.health.thresholds.excellent == 80
    assert params.health.weights == shipped.health.weights
    assert params.scenarios == shipped.scenarios


def test_a_file_may_say_everything() -> None:
    params = assuming(
        """
        stages:
          lead: {win_probability: 0.1, stage_weight: 0.2}
          sql: {win_probability: 0.2, stage_weight: 0.3}
          opportunity: {win_probability: 0.3, stage_weight: 0.4}
          won: {win_probability: 0.9, stage_weight: 0.9}
          lost: {win_probability: 0.1, stage_weight: 0.1}
        scenarios: {base: {apply_weighting: false}, best: null, worst: null}
        sla:
          critical: {response: 1, resolution: 2}
          high: {response: 3, resolution: 4}
          medium: {response: 5, resolution: 6}
          low: {response: 7, resolution: 8}
        cohort_months: 6
        compliance_threshold: 75.5
        health:
          weights:
            compliance_score: 1
            pipeline_health: 0
            conversion_health: 0
            sla_health: 0
            satisfaction_health: 0
          pipeline_target: 1000.50
          conversion_target_pct: 25
          min_coverage_pct: 0
          thresholds: {excellent: 90, good: 70, fair: 50}
        """,
    )
    assert params.factor("base", "won") == Decimal("0.9")
    assert set(params.scenarios) == {"base", "probability_only"}
    assert params.sla["low"].resolution == 8 * HOUR
    assert params.cohort_months == 6
    assert params.compliance_threshold == Decimal("75.5")
    assert params.health.weights["compliance_score"] == 1
    assert params.health.pipeline_target == Decimal("1000.5")


@pytest.mark.parametrize("text", ["", "# nothing but a remark", "{}"])
def test_an_empty_file_changes_nothing(text: str) -> None:
    assert assuming(text) == load_params()


def test_a_scenario_overrides_single_stages_and_then_scales_them_to_at_most_one() -> None:
    params = assuming(
        """
        scenarios:
          push:
            probability_multiplier: 2
            stages:
              sql: {win_probability: 0.4}
              opportunity: {win_probability: 0.6, stage_weight: 0.9}
              lead: {stage_weight: 0}
        """,
    )
    assumed = {stage: params.assumption("push", stage) for stage in params.stages}
    assert {stage: (a.win_probability, a.stage_weight) for stage, a in assumed.items()} == {
        "lead": (Decimal("0.3"), 0),
        "sql": (Decimal("0.8"), Decimal("0.25")),
        "opportunity": (1, Decimal("0.9")),
        "won": (1, 1),
        "lost": (0, 0),
    }


def test_won_and_lost_are_never_rescaled() -> None:
    params = assuming(
        """
        stages: {won: {win_probability: 0.8}, lost: {win_probability: 0.1, stage_weight: 0.5}}
        """,
    )
    for scenario in params.scenarios:
        assert params.assumption(scenario, "won").win_probability == Decimal("0.8")
        assert params.assumption(scenario, "lost").win_probability == Decimal("0.1")
    assert params.factor("best", "lost") == Decimal("0.05")
    assert params.factor("probability_only", "lost") == Decimal("0.1")


@pytest.mark.parametrize(
    ("given", "microseconds"),
    [
        ("2min", 120_000_000),
        ("36h", 36 * HOUR),
        ("1.5", 5_400_000_000),
        ("'1.5'", 5_400_000_000),
        ("1.5 h", 5_400_000_000),
        ("90", 90 * HOUR),
        ("5d", 120 * HOUR),
        ("30s", 30_000_000),
        ("250ms", 250_000),
        ("1us", 1),
        ("0.1s", 100_000),
        ("1.000001s", 1_000_001),
    ],
)
def test_a_duration_is_whole_microseconds(given: str, microseconds: int) -> None:
    params = assuming(f"sla: {{high: {{response: {given}}}}}")
    assert params.sla["high"].response == microseconds


@pytest.mark.parametrize("given", ["soon", "2 weeks", "-1", "0", "true", "null", "1h30", "[1]"])
def test_a_duration_that_makes_no_sense_is_refused(tmp_path: Path, given: str) -> None:
    message = refused(tmp_path, f"sla: {{high: {{response: {given}}}}}")
    assert "sla.high.response" in message


def test_weights_are_exact_decimals() -> None:
    # As floats these sum to 0.9999999999999999, and 0.1 + 0.7 to less than 0.8.
    params = assuming(
        """
        health:
          weights:
            compliance_score: 0.1
            pipeline_health: 0.1
            conversion_health: 0.05
            sla_health: 0.7
            satisfaction_health: 0.05
        """,
    )
    weights = params.health.weights
    assert weights["compliance_score"] + weights["sla_health"] == Decimal("0.8")
    assert sum(weights.values()) == 1


def test_a_product_of_assumptions_is_exact() -> None:
    params = load_params()
    assert params.factor("base", "lead") == Decimal("0.015")
    assert params.factor("base", "sql") == Decimal("0.075")
    assert params.factor("best", "lead") == Decimal("0.01875")
    assert params.factor("worst", "opportunity") == Decimal("0.1875")
    assert params.factor("probability_only", "sql") == Decimal("0.3")


@pytest.mark.parametrize(
    ("yaml", "key", "near"),
    [
        ("stagess: {}", "stagess", "stages"),
        ("stages: {sql: {win_probabilty: 0.3}}", "stages.sql.win_probabilty", "win_probability"),
        ("scenarios: {base: {aply_weighting: true}}", "aply_weighting", "apply_weighting"),
        ("health: {pipeline_targt: 5}", "health.pipeline_targt", "pipeline_target"),
        ("health: {thresholds: {exelent: 5}}", "health.thresholds.exelent", "excellent"),
        ("sla: {critcal: {response: 1, resolution: 2}}", "sla.critcal", "critical"),
        ("stages: {oportunity: {win_probability: 0.3}}", "stages.oportunity", "opportunity"),
        ("health: {weights: {sla_healt: 0}}", "health.weights.sla_healt", "sla_health"),
    ],
)
def test_an_unknown_key_is_named_with_the_one_that_was_meant(
    tmp_path: Path, yaml: str, key: str, near: str
) -> None:
    message = refused(tmp_path, yaml)
    assert f"{key}: unknown key" in message
    assert f'did you mean "{near}"?' in message


def test_an_unknown_stage_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "stages: {zzz: {win_probability: 0.3, stage_weight: 1}}")
    assert "stages.zzz: unknown key" in message
    assert "did you mean" not in message


@pytest.mark.parametrize("stage", ["won", "lost", "zzz"])
def test_a_scenario_may_override_open_stages_only(tmp_path: Path, stage: str) -> None:
    message = refused(tmp_path, f"scenarios: {{best: {{stages: {{{stage}: {{}}}}}}}}")
    assert f"scenarios.best.stages.{stage}" in message
    assert f'did you mean "{stage}"' not in message


@pytest.mark.parametrize(
    ("yaml", "key", "why"),
    [
        ("health: {weights: {sla_health: 0.1}}", "health.weights", "0.9"),
        ("health: {weights: {sla_health: -0.2}}", "health.weights.sla_health", "-0.2"),
        ("health: {weights: {sla_health: 1.5}}", "health.weights.sla_health", "1.5"),
        ("stages: {lead: {win_probability: 15}}", "stages.lead.win_probability", "15"),
        ("stages: {lead: {win_probability: -0.1}}", "stages.lead.win_probability", "-0.1"),
        ("stages: {lead: {stage_weight: 1.01}}", "stages.lead.stage_weight", "1.01"),
        ("stages: {lead: {stage_weight: lots}}", "stages.lead.stage_weight", "lots"),
        ("stages: {lead: {stage_weight: .nan}}", "stages.lead.stage_weight", ""),
        ("stages: {lead: null}", "stages", "lacks lead"),
        ("sla: {low: null}", "sla", "lacks low"),
        ("scenarios: {base: null}", "scenarios", 'lacks "base"'),
        (
            "scenarios: {best: {stages: {sql: {win_probability: 2}}}}",
            "scenarios.best.stages.sql.win_probability",
            "2",
        ),
        (
            "scenarios: {best: {probability_multiplier: -1}}",
            "scenarios.best.probability_multiplier",
            "-1",
        ),
        ("scenarios: {worst: {probability_multiplier: 1.1}}", "scenarios", "worst is above base"),
        ("scenarios: {best: {probability_multiplier: 0.9}}", "scenarios", "base is above best"),
        (
            "scenarios: {worst: {stages: {sql: {stage_weight: 0.9}}}}",
            "scenarios",
            "worst is above base in stage sql",
        ),
        ("cohort_months: 0", "cohort_months", "0"),
        ("cohort_months: 1.5", "cohort_months", "1.5"),
        ("compliance_threshold: 101", "compliance_threshold", "101"),
        ("health: {pipeline_target: 0}", "health.pipeline_target", "0"),
        ("health: {conversion_target_pct: 0}", "health.conversion_target_pct", "0"),
        ("health: {min_coverage_pct: 101}", "health.min_coverage_pct", "101"),
        ("health: {thresholds: {good: 90}}", "health.thresholds", "excellent"),
    ],
)
def test_an_impossible_value_is_refused_with_its_key(
    tmp_path: Path, yaml: str, key: str, why: str
) -> None:
    message = refused(tmp_path, yaml)
    assert f"  {key}: " in message
    assert why in message


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    message = refused(tmp_path, "{cohort_months: 0, compliance_threshold: 101, other: 1}")
    for key in ("cohort_months", "compliance_threshold", "other"):
        assert f"  {key}: " in message


@pytest.mark.parametrize("text", ["stages: {", "a: b: c", "stages:\n\tlead: 1"])
def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path, text: str) -> None:
    assert "not valid YAML" in refused(tmp_path, text)


@pytest.mark.parametrize("text", ["- cohort_months", "12", "cohort_months"])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    assert "must hold keys" in refused(tmp_path, text)


def test_a_missing_file_is_refused_with_where_its_name_comes_from(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yml") as refusal:
        load_params(tmp_path / "nowhere.yml")
    assert "CRM_IBIS_PARAMS" in str(refusal.value)


def test_worst_base_and_best_agree_on_own_probabilities() -> None:
    with pytest.raises(UsageError, match="worst and base must agree on own_probability"):
        assuming("scenarios: {base: {own_probability: false}}")
    params = assuming(
        """
        scenarios:
          worst: {own_probability: false}
          base: {own_probability: false}
          best: {own_probability: false}
          of_leads: {}
        """,
    )
    assert params.scenarios["of_leads"].own_probability
    assert not params.scenarios["base"].own_probability


def test_the_order_holds_for_every_own_probability() -> None:
    """By the stage 0.02 x 1.5 is below 0.15, but a lead of its own 0.5 would be at 0.75."""
    with pytest.raises(UsageError, match="worst is above base in stage lead for a lead"):
        assuming(
            """
            scenarios:
              worst:
                probability_multiplier: 1.5
                stages:
                  lead: {win_probability: 0.02}
                  sql: {win_probability: 0.02}
                  opportunity: {win_probability: 0.02}
            """,
        )


def test_a_deal_is_cooling_before_it_is_stale() -> None:
    params = assuming("deal_queue: {cooling_days: 29}")
    assert (params.deal_queue.cooling_days, params.deal_queue.stale_days) == (29, 30)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("{cooling_days: 30}", "cooling_days must be below stale_days, not 30 and 30"),
        ("{stale_days: 7}", "cooling_days must be below stale_days, not 14 and 7"),
        ("{cooling_days: 0}", "deal_queue.cooling_days"),
        ("{stale_days: -1}", "deal_queue.stale_days"),
        ("{stale_days: many}", "deal_queue.stale_days"),
        ("{stale_day: 30}", 'did you mean "stale_days"'),
    ],
)
def test_limits_of_the_deal_queue_that_cannot_be_are_refused(
    tmp_path: Path, limits: str, words: str
) -> None:
    assert words in refused(tmp_path, f"deal_queue: {limits}")
