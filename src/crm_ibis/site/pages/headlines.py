"""The headline numbers: the company's from the scorecard, a facility's from its own tables."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm_ibis.site.charts.figures import Kind
from crm_ibis.site.charts.numbers import format_value
from crm_ibis.site.data.reading import Reading, Rows


@dataclass(frozen=True)
class Headline:
    """A number that the page begins with; `observations` is the column that it rests on."""

    field: str
    title: str
    kind: Kind
    observations: str = ""
    of: str = ""
    """What is observed, in words."""


HEADLINES = (
    Headline("total_leads", "Leads", "count"),
    Headline("sql_conversion_pct", "Qualified", "pct", "total_leads", "leads"),
    Headline("won_pct", "Won", "pct", "total_leads", "leads"),
    Headline("sla_attainment_pct", "SLA attainment", "pct", "targets_decided", "targets decided"),
    Headline("avg_csat", "CSAT, 1 to 5", "number", "csat_answers", "answers"),
    Headline("nps", "NPS, -100 to 100", "score", "nps_answers", "answers"),
    Headline("overall_health_score", "Health, 0 to 100", "score"),
    Headline("total_revenue", "Revenue", "money"),
)
TABLE = (
    *HEADLINES[:1],
    Headline("sql_leads", "Qualified leads", "count"),
    HEADLINES[1],
    Headline("won_leads", "Won leads", "count"),
    *HEADLINES[2:7],
    Headline("health_status", "Health status", "text"),
    HEADLINES[7],
)
"""The rows of the table of months: every number of `monthly_scorecard`."""

COMPANY = ""
"""Stands for all facilities."""


def headlines(reading: Reading) -> Rows:
    """A row per facility and month, and one per month for the company."""
    company = [{"facility_id": COMPANY, **row} for row in reading.rows.get("scorecard", [])]
    observed = _observations(reading)
    nothing = dict.fromkeys(missing_sources(reading))
    covered = _coverage(reading)
    # What the company does not know now is not shown for a facility from a table that is stale.
    rows = [*company, *({**row, **nothing} for row in _of_facilities(reading))]
    names = ("targets_decided", "csat_answers", "nps_answers")
    return [
        {
            **row,
            **{n: observed.get((n, row["facility_id"], row["month"])) for n in names},
            "coverage_pct": covered.get((row["facility_id"], row["month"])),
        }
        for row in rows
    ]


def missing_sources(reading: Reading) -> dict[str, str]:
    """The numbers of which nothing can be known, with the absent sources that they would need."""
    unknown = reading.lacking.get("monthly_scorecard", {})
    return {h.field: ", ".join(unknown[h.field]) for h in TABLE if h.field in unknown}


def remarks(reading: Reading, min_coverage_pct: Decimal) -> dict[str, str]:
    """What must be said beside the name of a number: why there is none."""
    said = {field: f"without {sources}" for field, sources in missing_sources(reading).items()}
    scores = [row["overall_health_score"] for row in _rows(reading, "scorecard")]
    covered = [row["coverage_pct"] for row in _rows(reading, "health")]
    if covered and all(score is None for score in scores):
        said["overall_health_score"] = (
            f"coverage too small ({format_value(max(covered), 'pct')} of the weights, min "
            f"{format_value(float(min_coverage_pct), 'pct')})"
        )
    return said


def _observations(reading: Reading) -> dict[tuple[str, str, Any], int]:
    counts: dict[tuple[str, str, Any], int] = {}
    counted = [("targets_decided", "targets_decided", row) for row in _rows(reading, "tickets")]
    counted += [
        (f"{row['metric_type']}_answers", "response_count", row)
        for row in _rows(reading, "answers")
    ]
    for name, column, row in counted:
        for facility in (COMPANY, row["facility_id"]):
            key = (name, facility, row["month"])
            counts[key] = counts.get(key, 0) + row[column]
    return counts


def _coverage(reading: Reading) -> dict[tuple[str, Any], float]:
    """The weight of the health components that exist; of the company, the most of a facility."""
    found: dict[tuple[str, Any], float] = {}
    for row in _rows(reading, "health"):
        for facility in (COMPANY, row["facility_id"]):
            key = (facility, row["month"])
            found[key] = max(found.get(key, 0.0), row["coverage_pct"])
    return found


def _of_facilities(reading: Reading) -> Rows:
    found: dict[tuple[str, Any], dict[str, Any]] = {}

    def add(row: dict[str, Any], **values: Any) -> None:
        empty = {"facility_id": row["facility_id"], "month": row["month"]}
        empty |= {headline.field: None for headline in TABLE}
        found.setdefault((row["facility_id"], row["month"]), empty).update(values)

    for row in _rows(reading, "funnel"):
        stage = {"lead": "total_leads", "sql": "sql_leads", "won": "won_leads"}
        if row["funnel_stage"] in stage:
            add(row, **{stage[row["funnel_stage"]]: row["stage_count"]})
    for row in _rows(reading, "answers"):
        add(row, **{"avg_csat" if row["metric_type"] == "csat" else "nps": row["score"]})
    for row in _rows(reading, "health"):
        same = ("overall_health_score", "health_status")
        add(row, sla_attainment_pct=row["sla_health"], **{name: row[name] for name in same})
    for row in _rows(reading, "revenue"):
        add(row, total_revenue=row["total_revenue"])
    for row in found.values():
        row["sql_conversion_pct"] = _share(row["sql_leads"], row["total_leads"])
        row["won_pct"] = _share(row["won_leads"], row["total_leads"])
    return [found[key] for key in sorted(found)]


def _rows(reading: Reading, name: str) -> Rows:
    return reading.rows.get(name, [])


def _share(part: int | None, whole: int | None) -> float | None:
    return 100.0 * float(part or 0) / float(whole) if whole else None
