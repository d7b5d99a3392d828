"""What customers say."""

import ibis
from ibis import Table, _

from crm_ibis.expressions import month_after, ratio, ratio_pct

GRAIN = ["facility_id", "month", "metric_type"]


def satisfaction_rollups(stg_satisfaction: Table) -> Table:
    """Survey answers of a month: CSAT (1 to 5) and NPS (0 to 10).

    `score` is the mean answer for csat, and promoters minus detractors in percent for nps
    (-100 to 100). Satisfied are 4 and 5, dissatisfied 1 and 2; promoters 9 and 10, detractors 0 to
    6. The previous month is the calendar month before; without answers in it, it and the change
    are null. Grain: facility_id, month, metric_type.
    """
    answers = stg_satisfaction.rename(metric_type="survey_type")
    is_nps = answers.metric_type == "nps"
    favourable = ibis.ifelse(is_nps, answers.score >= 9, answers.score >= 4)
    unfavourable = ibis.ifelse(is_nps, answers.score <= 6, answers.score <= 2)
    totals = answers.group_by(GRAIN).agg(
        response_count=_.count(),
        total_score=_.score.sum(),
        favourable=_.count(where=favourable),
        unfavourable=_.count(where=unfavourable),
        min_score=_.score.min(),
        median_score=_.score.cast("float64").median(),
        max_score=_.score.max(),
    )
    scored = totals.mutate(
        avg_score=ratio(_.total_score, _.response_count),
        score=ibis.ifelse(
            totals.metric_type == "nps",
            ratio_pct(totals.favourable - totals.unfavourable, totals.response_count),
            ratio(totals.total_score, totals.response_count),
        ),
        promoter_or_satisfied_pct=ratio_pct(_.favourable, _.response_count),
        detractor_or_dissatisfied_pct=ratio_pct(_.unfavourable, _.response_count),
    )
    # Joined by calendar month: a lag would reach back over a month without answers.
    previous = scored.select(
        "facility_id",
        "metric_type",
        month=month_after(scored.month),
        previous_month_score=scored.score,
    )
    compared = scored.left_join(previous, GRAIN)
    return compared.select(
        *GRAIN,
        "response_count",
        "avg_score",
        "score",
        "promoter_or_satisfied_pct",
        "detractor_or_dissatisfied_pct",
        "min_score",
        "median_score",
        "max_score",
        "previous_month_score",
        month_over_month_change=compared.score - compared.previous_month_score,
    )
