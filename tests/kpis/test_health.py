"""health_scores: how well each facility does, in one number."""

from datetime import datetime
from typing import Any

import pytest

from crm_ibis.testing import Engine, assuming, expect


def health(engine: Engine, **given: Any) -> list[dict[str, Any]]:
    return engine.build("health_scores", **given)


def answers(kind: str, favourable: int, of: int) -> str:
    """Answers to one survey: so many of the best kind, the rest neutral."""
    best, neutral = {"csat": (5, 3), "nps": (10, 8)}[kind]
    return "\n".join(f"{kind} | {best if n < favourable else neutral}" for n in range(of))


def satisfaction(*surveys: str) -> str:
    return "\n".join(["survey_type | score", *surveys])


def applications(compliant: int, of: int) -> str:
    """Scored applications, so many of them at the threshold."""
    return "\n".join(["compliance_score", *("80" if n < compliant else "0" for n in range(of))])


IN_TIME = """
    created_at       | first_response_at | resolved_at
    2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-10 10:00
"""


def test_the_score_is_the_mean_of_five_components(engine: Engine) -> None:
    # 50000 won, and 40000 that count a quarter, of 125000: 48. Won 1 of 4, half of the target: 50.
    # Targets met: 2 of 2 and 1 of 2. Satisfied: 1 of 2; nps 50, which is 75.
    rows = health(
        engine,
        applications="""
            id | compliance_score
            a1 | 90
            a2 | 70
        """,
        leads="""
            id | stage       | amount
            l1 | won         | 50000
            l2 | opportunity | 40000
            l3 | lost        | 10000
            l4 | lost        | 10000
        """,
        tickets="""
            id | created_at       | first_response_at | resolved_at
            t1 | 2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-10 10:00
            t2 | 2024-01-10 08:00 | 2024-01-10 09:00  | 2024-01-20 10:00
        """,
        satisfaction="""
            id | survey_type | score
            s1 | csat        | 5
            s2 | csat        | 3
            s3 | nps         | 9
            s4 | nps         | 7
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | compliance_score | pipeline_health | conversion_health
        f1          | 2024-01-01 | 50               | 48              | 50
        """,
    )
    expect(
        rows,
        """
        sla_health | satisfaction_health | overall_health_score | health_status
        75         | 62.5                | 57.1                 | fair
        """,
    )
    expect(
        rows,
        """
        coverage_pct | missing_components
        100          | -
        """,
    )


def test_pipeline_and_conversion_are_at_most_a_hundred(engine: Engine) -> None:
    rows = health(
        engine,
        leads="""
            id | facility_id | stage | amount
            l1 | f1          | won   | 200000
            l2 | f2          | won   | 125000
            l3 | f2          | lost  | 0
        """,
    )
    expect(
        rows,
        """
        facility_id | pipeline_health | conversion_health
        f1          | 100             | 100
        f2          | 100             | 100
        """,
    )


def test_leads_worth_nothing_are_no_missing_component(engine: Engine) -> None:
    rows = health(
        engine,
        leads="""
            id | stage | amount
            l1 | lead  | 0
        """,
    )
    expect(
        rows,
        """
        pipeline_health | conversion_health | coverage_pct
        0               | 0                 | 40
        """,
    )


def test_the_pipeline_is_the_exact_sum_and_not_that_of_rounded_rows(engine: Engine) -> None:
    # 0.01 x 0.25 twice is 0.005; rounded one by one it would be 0.
    rows = health(
        engine,
        params=assuming("health: {pipeline_target: 0.01}"),
        leads="""
            id | rep_id | stage       | amount
            l1 | r1     | opportunity | 0.01
            l2 | r2     | opportunity | 0.01
        """,
    )
    expect(
        rows,
        """
        pipeline_health
        50
        """,
    )


def test_the_pipeline_is_weighted_as_in_the_base_scenario(engine: Engine) -> None:
    # 200 x 0.8 x 0.25 of 400.
    leads = """
        id | stage | amount
        l1 | sql   | 200
    """
    base = "{stages: {sql: {win_probability: 0.8}}}"
    limits = "worst: null, best: null"
    rows = health(
        engine,
        leads=leads,
        params=assuming(
            f"{{health: {{pipeline_target: 400}}, scenarios: {{base: {base}, {limits}}}}}",
        ),
    )
    expect(
        rows,
        """
        pipeline_health
        10
        """,
    )


def test_the_conversion_is_measured_against_its_target(engine: Engine) -> None:
    rows = health(
        engine,
        params=assuming("health: {conversion_target_pct: 80}"),
        leads="""
            id | rep_id | stage
            l1 | r1     | won
            l2 | r1     | lost
            l3 | r2     | lead
        """,
    )
    expect(
        rows,
        """
        conversion_health
        1000/24
        """,
    )


def test_the_sla_is_over_the_targets_of_all_priorities(engine: Engine) -> None:
    # critical: 0 of 2; low: 4 of 4; the low one that is still open has met its response only.
    rows = health(
        engine,
        tickets="""
            id | priority | created_at       | first_response_at | resolved_at
            t1 | critical | 2024-02-10 08:00 | -                 | -
            t2 | low      | 2024-02-10 08:00 | 2024-02-10 09:00  | 2024-02-10 10:00
            t3 | low      | 2024-02-10 08:00 | 2024-02-10 09:00  | 2024-02-10 10:00
            t4 | low      | 2024-02-29 08:00 | 2024-02-29 09:00  | -
        """,
    )
    expect(
        rows,
        """
        month      | sla_health
        2024-02-01 | 500/7
        """,
    )


def test_satisfaction_is_the_mean_of_the_surveys_that_exist(engine: Engine) -> None:
    rows = health(
        engine,
        satisfaction="""
            facility_id | survey_type | score
            f1          | csat        | 4
            f1          | csat        | 1
            f1          | csat        | 1
            f2          | nps         | 0
            f2          | nps         | 7
            f3          | nps         | 0
            f3          | csat        | 5
        """,
    )
    expect(
        rows,
        """
        facility_id | satisfaction_health
        f1          | 100/3
        f2          | 25
        f3          | 50
        """,
    )


def test_a_missing_component_is_neither_zero_nor_a_hundred(engine: Engine) -> None:
    rows = health(
        engine,
        applications=applications(1, of=2),
        tickets=IN_TIME,
        satisfaction=satisfaction(answers("csat", 3, of=4)),
    )
    expect(
        rows,
        """
        compliance_score | pipeline_health | conversion_health | sla_health | satisfaction_health
        50               | -               | -                 | 100        | 75
        """,
    )
    expect(
        rows,
        """
        overall_health_score | health_status | coverage_pct | missing_components
        75                   | good          | 60           | pipeline_health,conversion_health
        """,
    )


def test_below_the_least_coverage_there_is_no_score(engine: Engine) -> None:
    rows = health(
        engine,
        applications="""
            facility_id | compliance_score
            f1          | 90
        """,
        leads="""
            facility_id | stage
            f2          | won
        """,
    )
    expect(
        rows,
        """
        facility_id | overall_health_score | health_status | coverage_pct
        f1          | -                    | -             | 20
        f2          | -                    | -             | 40
        """,
    )
    assert [row["missing_components"] for row in rows] == [
        "pipeline_health,conversion_health,sla_health,satisfaction_health",
        "compliance_score,sla_health,satisfaction_health",
    ]


def test_the_least_coverage_is_compared_exactly(engine: Engine) -> None:
    # 0.1 + 0.7 is less than 0.8 in floats.
    yaml = """
        health:
          min_coverage_pct: {least}
          weights:
            compliance_score: 0.1
            pipeline_health: 0.1
            conversion_health: 0.05
            sla_health: 0.7
            satisfaction_health: 0.05
    """
    sources = {"applications": applications(0, of=1), "tickets": IN_TIME}
    rows = health(engine, params=assuming(yaml.replace("{least}", "80")), **sources)
    expect(
        rows,
        """
        coverage_pct | overall_health_score | health_status
        80           | 87.5                 | excellent
        """,
    )
    rows = health(engine, params=assuming(yaml.replace("{least}", "80.01")), **sources)
    expect(
        rows,
        """
        coverage_pct | overall_health_score | health_status
        80           | -                    | -
        """,
    )


@pytest.mark.parametrize(
    ("satisfied", "score", "status"),
    [(7, 90, "excellent"), (4, 80, "excellent"), (3, 230 / 3, "good")],
)
def test_a_score_at_a_threshold_has_the_better_status(
    engine: Engine, satisfied: int, score: float, status: str
) -> None:
    # Compliance 100, SLA 100 and satisfaction so many of 10.
    rows = health(
        engine,
        applications=applications(1, of=1),
        tickets=IN_TIME,
        satisfaction=satisfaction(answers("csat", satisfied, of=10)),
    )
    assert rows[0]["overall_health_score"] == pytest.approx(score, abs=1e-9)
    assert rows[0]["health_status"] == status


@pytest.mark.parametrize(
    ("satisfied", "score", "status"),
    [(8, 60, "good"), (7, 170 / 3, "fair"), (2, 40, "fair"), (1, 110 / 3, "poor")],
)
def test_the_lower_thresholds_include_their_bound_too(
    engine: Engine, satisfied: int, score: float, status: str
) -> None:
    # Compliance 0, SLA 100 and satisfaction so many of 10.
    rows = health(
        engine,
        applications=applications(0, of=1),
        tickets=IN_TIME,
        satisfaction=satisfaction(answers("csat", satisfied, of=10)),
    )
    assert rows[0]["overall_health_score"] == pytest.approx(score, abs=1e-9)
    assert rows[0]["health_status"] == status


def test_float_dust_does_not_decide_at_a_threshold(engine: Engine) -> None:
    # (200/3 + 100 + 220/3) / 3 is exactly 80.
    rows = health(
        engine,
        applications=applications(2, of=3),
        tickets=IN_TIME,
        satisfaction=satisfaction(answers("csat", 11, of=15)),
    )
    expect(
        rows,
        """
        overall_health_score | health_status
        80                   | excellent
        """,
    )


def test_thresholds_and_weights_are_parameters(engine: Engine) -> None:
    # (0.5 x 0 + 0.2 x 100) / 0.7, and 0.3 of the weight is missing.
    rows = health(
        engine,
        params=assuming(
            """
            health:
              weights:
                compliance_score: 0.5
                pipeline_health: 0.1
                conversion_health: 0.1
                sla_health: 0.2
                satisfaction_health: 0.1
              thresholds: {excellent: 90, good: 28, fair: 10}
            """,
        ),
        applications=applications(0, of=1),
        tickets=IN_TIME,
    )
    expect(
        rows,
        """
        overall_health_score | coverage_pct | health_status
        200/7                | 70           | good
        """,
    )


def test_a_month_in_which_nothing_can_be_measured_has_no_row(engine: Engine) -> None:
    rows = health(
        engine,
        applications="""
            created_at | compliance_score
            2024-01-10 | -
        """,
        tickets="""
            created_at
            2024-02-29 23:30
        """,
        outreach="""
            sent_at
            2023-12-10
        """,
        invoices="""
            created_at
            2023-11-10
        """,
    )
    assert rows == []


def test_components_are_those_of_the_facility_and_month(engine: Engine) -> None:
    rows = health(
        engine,
        as_of=datetime(2024, 2, 15),
        leads="""
            facility_id | created_at       | stage | amount
            f1          | 2024-01-31       | won   | 12500
            f1          | 2024-02-01       | lost  | 0
            f2          | 2024-02-15       | won   | 25000
            f2          | 2024-02-15 00:01 | won   | 99999
        """,
        satisfaction="""
            facility_id | created_at | score
            f1          | 2024-02-02 | 2
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | pipeline_health | conversion_health | satisfaction_health
        f1          | 2024-01-01 | 10              | 100               | -
        f1          | 2024-02-01 | 0               | 0                 | 0
        f2          | 2024-02-01 | 20              | 100               | -
        """,
    )
    expect(
        rows,
        """
        overall_health_score | health_status | missing_components
        -                    | -             | compliance_score,sla_health,satisfaction_health
        0                    | poor          | compliance_score,sla_health
        -                    | -             | compliance_score,sla_health,satisfaction_health
        """,
    )


def test_without_any_event_of_tickets_the_sla_is_a_missing_component(engine: Engine) -> None:
    """All applications comply, so that there is a row to look at."""
    missing = ("tickets.first_response_at", "tickets.resolved_at")
    rows = health(
        engine,
        tickets="created_at\n2024-01-10 08:00",
        applications=applications(compliant=1, of=1),
        missing=missing,
    )
    expect(
        rows,
        """
        compliance_score | sla_health | coverage_pct
        100              | -          | 20
        """,
    )
    assert "sla_health" in rows[0]["missing_components"]


def test_without_first_responses_the_sla_is_that_of_resolutions(engine: Engine) -> None:
    """Never answered and resolved in time: 1 of 1 target met, not 1 of 2."""
    rows = health(
        engine,
        tickets="created_at | resolved_at\n2024-01-10 08:00 | 2024-01-10 23:00",
        missing=("tickets.first_response_at",),
    )
    expect(rows, "sla_health\n100")


def test_the_pipeline_counts_what_leads_say_of_themselves(engine: Engine) -> None:
    """100000 x 0.9 x 0.5 is 45000, and 50000 x the stage's 0.5 x 0.5 is 12500: 46 % of 125000."""
    rows = health(
        engine,
        leads="""
            id | stage       | amount | win_probability
            l1 | opportunity | 100000 | 0.9
            l2 | opportunity | 50000  | -
        """,
    )
    expect(rows, "pipeline_health\n46")
