"""How a month's number changed after the fact, read off the histories.

A version of a row held from one instant to another; a month's number at an instant is made of the
versions that held then. Sums are exact decimals, so that nothing is left when a version ends.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import altair as alt

from crm_ibis.config.declarations import Snapshot, snapshots
from crm_ibis.history import reader
from crm_ibis.site.charts.drawing import ROWS, draw
from crm_ibis.site.charts.figures import STYLE
from crm_ibis.site.charts.numbers import format_value
from crm_ibis.warehouse import Warehouse

MONTHS_DRAWN = 5


@dataclass(frozen=True)
class Measure:
    """The number of a KPI that is followed: the sum of a column, or its mean over the rows."""

    column: str
    title: str
    kind: str
    mean: bool = False
    only: tuple[str, str] | None = None


MEASURES = {
    "pipeline_kpis": Measure("hired_count", "Hired applicants", "count"),
    "conversion_funnel": Measure("stage_count", "Won leads", "count", only=("funnel_stage", "won")),
    "health_scores": Measure("overall_health_score", "Mean health score", "score", mean=True),
}


@dataclass(frozen=True)
class MonthTrend:
    """A month's number each time it changed, oldest first."""

    month: date
    points: tuple[tuple[datetime, Decimal], ...]

    @property
    def first(self) -> Decimal:
        return self.points[0][1]

    @property
    def last(self) -> Decimal:
        return self.points[-1][1]

    @property
    def revisions(self) -> int:
        return len(self.points) - 1


@dataclass(frozen=True)
class Trend:
    """A history's months; without a measure nothing is known of what to follow."""

    snapshot: Snapshot
    measure: Measure | None
    months: list[MonthTrend]

    @property
    def changed(self) -> list[MonthTrend]:
        return [month for month in self.months if month.revisions]


def read(warehouse: Warehouse) -> list[Trend]:
    """All histories that were declared; no months where nothing is recorded yet."""
    return [_trend(warehouse, snapshot) for snapshot in snapshots().values()]


def _trend(warehouse: Warehouse, snapshot: Snapshot) -> Trend:
    measure = MEASURES.get(snapshot.kpi)
    found = reader.recorded_versions(warehouse, snapshot) if measure else None
    if measure is None or found is None or measure.column not in found.columns:
        return Trend(snapshot, measure, [])
    if measure.only:
        found = found.filter(found[measure.only[0]] == measure.only[1])
    held = ["month", "valid_from", "valid_to"]
    value = found[measure.column]
    # One row for all versions of a month that began and ended together.
    exact = value.cast("decimal(28, 12)" if value.type().is_floating() else value.type())
    spans = found.group_by(held).agg(total=exact.sum(), values=value.count())
    return Trend(snapshot, measure, follow(warehouse.rows(spans), measure.mean))


def follow(spans: list[dict[str, Any]], mean: bool) -> list[MonthTrend]:
    """The months in order; each gets a point whenever its number changed."""
    steps: dict[date, dict[datetime, list[Decimal]]] = defaultdict(dict)
    for span in spans:
        for at, sign in ((span["valid_from"], 1), (span["valid_to"], -1)):
            if at is not None:
                step = steps[span["month"]].setdefault(at, [Decimal(0), Decimal(0)])
                step[0] += sign * Decimal(span["total"] or 0)
                step[1] += sign * Decimal(span["values"])
    return [MonthTrend(m, p) for m in sorted(steps) if (p := tuple(_points(steps[m], mean)))]


def _points(steps: dict[datetime, list[Decimal]], mean: bool) -> Any:
    total = count = Decimal(0)
    before = None
    for at in sorted(steps):
        total = total + steps[at][0]
        count = count + steps[at][1]
        value = (total / count if count else None) if mean else total
        if value is not None and value != before:
            yield at, value
        before = value


def chart(trend: Trend) -> dict[str, Any]:
    """Steps over the time at which a number was known; a line for each of the newest months."""
    base = alt.Chart(ROWS).encode(
        x=alt.X("known:T", title="as known on (UTC)", scale=alt.Scale(type="utc")),
        y=alt.Y(
            "value:Q",
            title=trend.measure.title if trend.measure else None,
            scale=alt.Scale(zero=False),
        ),
        color=alt.Color("month:N", sort=None, title=None),
    )
    tips = [alt.Tooltip(f"{name}:N", title=name) for name in ("month", "known", "value")]
    lines = base.mark_line(interpolate="step-after") + base.mark_point(filled=True).encode(
        tooltip=tips
    )
    caption = "The number of each month as it was known over time, one line per month."
    return {"spec": draw(lines, caption).to_dict(), "style": STYLE, "rows": _rows(trend)}


def _rows(trend: Trend) -> list[dict[str, Any]]:
    return [
        {
            "month": format_value(month.month, "month"),
            "known": f"{at.isoformat()}Z",
            "value": float(value),
        }
        for month in trend.months[-MONTHS_DRAWN:]
        for at, value in month.points
    ]
