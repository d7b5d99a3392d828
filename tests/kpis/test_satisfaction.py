"""satisfaction_rollups: what customers answered."""

from typing import Any

from crm_ibis.testing import Engine, expect


def rollups(engine: Engine, answers: str, **given: Any) -> list[dict[str, Any]]:
    return engine.build("satisfaction_rollups", satisfaction=answers, **given)


def survey(kind: str, *scores: int, month: str = "2024-01") -> str:
    rows = [f"{month}-{n} | {kind} | {month}-15 | {score}" for n, score in enumerate(scores)]
    return "\n".join(["id | survey_type | created_at | score", *rows])


def test_csat_is_the_mean_answer(engine: Engine) -> None:
    rows = rollups(engine, survey("csat", 5, 4, 4, 3, 2, 1, 1, 5))
    expect(
        rows,
        """
        facility_id | month      | metric_type | response_count | avg_score | score
        f1          | 2024-01-01 | csat        | 8              | 3.125     | 3.125
        """,
    )
    expect(
        rows,
        """
        promoter_or_satisfied_pct | detractor_or_dissatisfied_pct | min_score | median_score
        50                        | 37.5                          | 1         | 3.5
        """,
    )
    expect(
        rows,
        """
        max_score | previous_month_score | month_over_month_change
        5         | -                    | -
        """,
    )
    assert type(rows[0]["min_score"]) is int
    assert type(rows[0]["max_score"]) is int


def test_nps_is_promoters_minus_detractors(engine: Engine) -> None:
    rows = rollups(engine, survey("nps", 10, 9, 9, 8, 7, 6, 0, 7))
    expect(
        rows,
        """
        metric_type | response_count | avg_score | score | min_score | median_score | max_score
        nps         | 8              | 7         | 12.5  | 0         | 7.5          | 10
        """,
    )
    expect(
        rows,
        """
        promoter_or_satisfied_pct | detractor_or_dissatisfied_pct
        37.5                      | 25
        """,
    )


def test_nps_runs_from_minus_a_hundred_to_a_hundred(engine: Engine) -> None:
    rows = rollups(
        engine,
        """
        facility_id | survey_type | score
        f1          | nps         | 0
        f1          | nps         | 6
        f2          | nps         | 9
        f2          | nps         | 10
        f3          | nps         | 7
        f3          | nps         | 8
        """,
    )
    expect(
        rows,
        """
        facility_id | score | promoter_or_satisfied_pct | detractor_or_dissatisfied_pct
        f1          | -100  | 0                         | 100
        f2          | 100   | 100                       | 0
        f3          | 0     | 0                         | 0
        """,
    )


def test_nps_is_one_division(engine: Engine) -> None:
    (row,) = rollups(engine, survey("nps", 10, 0, 3))
    assert row["score"] == -100 / 3


def test_the_previous_month_is_the_calendar_month_before(engine: Engine) -> None:
    rows = rollups(
        engine,
        """
        survey_type | created_at                 | score
        csat        | 2023-11-30                 | 1
        csat        | 2023-12-31 23:59:59.999999 | 2
        csat        | 2024-01-01                 | 5
        csat        | 2024-01-31                 | 4
        csat        | 2024-02-29                 | 3
        """,
    )
    expect(
        rows,
        """
        month      | score | previous_month_score | month_over_month_change
        2023-11-01 | 1     | -                    | -
        2023-12-01 | 2     | 1                    | 1
        2024-01-01 | 4.5   | 2                    | 2.5
        2024-02-01 | 3     | 4.5                  | -1.5
        """,
    )


def test_a_month_without_answers_is_not_reached_over(engine: Engine) -> None:
    rows = rollups(
        engine,
        """
        survey_type | created_at | score
        csat        | 2023-02-10 | 1
        csat        | 2023-12-10 | 2
        csat        | 2024-02-10 | 3
        """,
    )
    expect(
        rows,
        """
        month      | previous_month_score | month_over_month_change
        2023-02-01 | -                    | -
        2023-12-01 | -                    | -
        2024-02-01 | -                    | -
        """,
    )


def test_facilities_and_surveys_are_compared_with_themselves(engine: Engine) -> None:
    rows = rollups(
        engine,
        """
        facility_id | survey_type | created_at | score
        f1          | csat        | 2024-01-10 | 5
        f1          | nps         | 2024-01-10 | 0
        f1          | nps         | 2024-02-10 | 10
        f2          | csat        | 2024-02-10 | 4
        f2          | nps         | 2024-02-10 | 8
        """,
    )
    expect(
        rows,
        """
        facility_id | month      | metric_type | score | previous_month_score
        f1          | 2024-01-01 | csat        | 5     | -
        f1          | 2024-01-01 | nps         | -100  | -
        f1          | 2024-02-01 | nps         | 100   | -100
        f2          | 2024-02-01 | csat        | 4     | -
        f2          | 2024-02-01 | nps         | 0     | -
        """,
    )
    assert rows[2]["month_over_month_change"] == 200


def test_answers_after_as_of_do_not_count(engine: Engine) -> None:
    rows = rollups(
        engine,
        """
        survey_type | created_at                 | score
        csat        | 2024-03-01                 | 2
        csat        | 2024-03-01 00:00:00.000001 | 5
        """,
    )
    expect(
        rows,
        """
        month      | response_count | score
        2024-03-01 | 1              | 2
        """,
    )
