"""A figure: which rows the page sums how, the chart that it draws of them, the table behind it.

The page computes a figure anew for each selection of facility and period: it filters the rows of a
dataset, adds up counts, and divides at the end. So a rate of many facilities is never a mean of
rates, and what cannot be added up (a median) is shown as it is in the table, or not at all.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import altair as alt

Kind = Literal[
    "text", "month", "instant", "count", "money", "pct", "hours", "days", "score", "number"
]
"""How a value is written: units, thousands, decimals."""

SMALL = 10
"""Below so many observations a rate says little; it is marked."""


@dataclass(frozen=True)
class Column:
    """A column of the table behind a chart."""

    field: str
    title: str
    kind: Kind = "count"


FACILITY = Column("facility", "Facility", "text")
MONTH = Column("month", "Month", "month")


@dataclass(frozen=True)
class Figure:
    """One chart with its table. `by` are the columns that a row of the figure stands for."""

    name: str
    title: str
    dataset: str
    by: tuple[str, ...]
    chart: alt.TopLevelMixin
    columns: tuple[Column, ...]
    note: str = ""
    unless: str = ""
    """The dataset beside which this figure would mislead: another one says it better."""
    series: tuple[str, ...] = ()
    """What a line or bar is named by, where that is more than one column; the rows' `series`."""
    sums: tuple[str, ...] = ()
    ratios: dict[str, tuple[str, str]] = field(default_factory=dict)
    """100 x the first sum / the second (`a+b`: of two sums), null where that is 0."""
    means: dict[str, tuple[str, str]] = field(default_factory=dict)
    """A column averaged by the number of observations that each row's value is of."""
    intervals: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The 95 % interval (Wilson) of the first sum among the second: `<name>_low`, `<name>_high`."""
    only: dict[str, str] = field(default_factory=dict)
    month: str = "month"
    """The column that the period applies to; empty where it does not."""
    last: bool = False
    """Whether only the last month of the period is shown."""
    one_facility: bool = False
    """Whether it can be shown of a single facility only."""
    small: str = ""
    """The number of observations that a row rests on."""
    first: tuple[str, str, int] | None = None
    """Order of the chart's rows, and how many it shows: column, `asc` or `desc`, number; by
    `series`, in the order of their names."""
    wide: bool = False
    wide_on_paper: bool = False
    """Where nobody can point at a cell, and its number must be readable."""
    nothing: str = "Nothing to show."
    """What is said where there are no rows."""

    def to_json(self) -> dict[str, Any]:
        """What the page needs to know, as JSON."""
        known = {
            name: getattr(self, name)
            for name in (
                *("name", "dataset", "by", "series", "sums", "ratios", "means", "intervals"),
                *("only", "month", "last", "one_facility", "small", "first", "nothing"),
            )
        }
        columns = [[c.field, c.title, c.kind] for c in self.columns]
        # Tests hold the charts against Vega-Lite's schema, which takes longer than making them.
        return {**known, "columns": columns, "spec": self.chart.to_dict(validate=False)}


@dataclass(frozen=True)
class Section:
    """A part of the scorecard: what an exposure shows."""

    name: str
    title: str
    table: str
    figures: tuple[Figure, ...]
    note: str = ""


# Colours are the stylesheet's, so that a chart follows light, dark and print without being drawn
# anew. People who see no red or no green can distinguish them.
SERIES = [f"var(--c{n})" for n in range(1, 6)]
NEUTRAL = SERIES[4]
STEPS = [f"var(--h{n})" for n in range(1, 6)]
STATUS = {
    "excellent": "var(--s1)",
    "good": "var(--s2)",
    "fair": "var(--s3)",
    "poor": "var(--s4)",
}
STYLE: dict[str, Any] = {
    "background": "transparent",
    # On the right, room for half a label: the last month's stands under the last point.
    "padding": {"left": 4, "top": 4, "right": 18, "bottom": 4},
    "view": {"stroke": None},
    "font": "system-ui, sans-serif",
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line-strong)",
        "tickColor": "var(--line-strong)",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelSeparation": 6,
    },
    "axisY": {"labelLimit": 170},
    "legend": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--muted)",
        "orient": "top",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "labelLimit": 220,
        # Of the place, not of the chart: that is known only when the legend's height is settled.
        # The chart's width counts for nothing, but makes this follow a place that changes: paper.
        "columns": {"expr": "max(2, floor((containerSize()[0] - 100 + 0 * width) / 110))"},
        "symbolStrokeWidth": 2,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
    "range": {"category": SERIES},
}
