"""A figure: which rows the page sums how, the chart that it draws of them, the table behind it.

The page computes a figure anew for each selection of facility and period: it filters the rows of a
dataset, adds up counts, and divides at the end. So a rate of many facilities is never a mean of
rates, and what cannot be added up (a median) is shown as it is in the table, or not at all.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import altair as alt

Kind = Literal["text", "month", "count", "money", "pct", "hours", "days", "score", "number"]
"""How a value is written: units, thousands, decimals."""

ROWS = alt.NamedData(name="rows")
DOUBTFUL = "datum.small || datum.incomplete"
SMALL = 10
"""Below so many observations a rate says little; it is marked."""


@dataclass(frozen=True)
class Column:
    """A column of the table behind a chart."""

    field: str
    title: str
    kind: Kind = "count"


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
    sums: tuple[str, ...] = ()
    ratios: dict[str, tuple[str, str]] = field(default_factory=dict)
    """100 x the first sum / the second (`a+b`: of two sums), null where that is 0."""
    means: dict[str, tuple[str, str]] = field(default_factory=dict)
    """A column averaged by the number of observations that each row's value is of."""
    intervals: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The 95 % interval (Wilson) of the first sum among the second: `<name>_low`, `<name>_high`."""
    only: dict[str, str] = field(default_factory=dict)
    month: str = "month"
    """The column that the period applies to."""
    last: bool = False
    """Whether only the last month of the period is shown."""
    one_facility: bool = False
    """Whether it can be shown of a single facility only."""
    small: str = ""
    """The number of observations that a row rests on."""
    first: tuple[str, str, int] | None = None
    """Order of the chart's rows, and how many it shows: column, `asc` or `desc`, number."""
    wide: bool = False
    nothing: str = "Nothing to show."
    """What is said where there are no rows."""

    def told(self) -> dict[str, Any]:
        """What the page needs to know, as JSON."""
        known = {
            name: getattr(self, name)
            for name in (
                *("name", "dataset", "by", "sums", "ratios", "means", "intervals", "only"),
                *("month", "last", "one_facility", "small", "first", "nothing"),
            )
        }
        columns = [[c.field, c.title, c.kind] for c in self.columns]
        return {**known, "columns": columns, "spec": self.chart.to_dict()}


@dataclass(frozen=True)
class Section:
    """A part of the scorecard: what an exposure shows."""

    name: str
    title: str
    table: str
    figures: tuple[Figure, ...]
    note: str = ""


# Colours are the stylesheet's, so that a chart follows light, dark and print without being drawn
# anew. They are told apart by people who see no red or no green.
SERIES = [f"var(--c{n})" for n in range(1, 6)]
STEPS = [f"var(--h{n})" for n in range(1, 6)]
STATUS = {
    "excellent": "var(--s1)",
    "good": "var(--s2)",
    "fair": "var(--s3)",
    "poor": "var(--s4)",
}
MONTH = (
    "['Jan','Feb','Mar','Apr','May','Jun','Jul','Aug','Sep','Oct','Nov','Dec']"
    "[toNumber(slice(datum.value, 5, 7)) - 1] + ' ' + slice(datum.value, 2, 4)"
)
STYLE: dict[str, Any] = {
    "background": "transparent",
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
    },
    "legend": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--muted)",
        "orient": "top",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "labelLimit": 220,
        "columns": {"expr": "max(2, floor(width / 110))"},
        "symbolStrokeWidth": 2,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
    "range": {"category": SERIES},
}


# Numbers in the cells of a heat map, unless the cells are too narrow for them: on a phone.
WHERE_IT_FITS = alt.ExprRef("bandwidth('x') < 20 ? 0 : 1")


def drawn(chart: Any, height: int | alt.Step, described: str) -> alt.TopLevelMixin:
    """A chart as wide as its place, in the site's style, with a text alternative."""
    return chart.properties(
        width="container",
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        description=described,
    )


def months(title: str | None = None, column: str = "month") -> alt.X:
    """Months from left to right."""
    axis = alt.Axis(labelExpr=MONTH, labelOverlap="greedy", labelAngle=0, grid=False)
    return alt.X(f"{column}:O", title=title, axis=axis)


def tooltips(*columns: Column) -> list[alt.Tooltip]:
    """Exact values, as the table has them."""
    kinds = {"text": "N", "month": "N"}
    formats = {"count": ",d", "money": ",.2f"}
    return [
        alt.Tooltip(
            f"{c.field}:{kinds.get(c.kind, 'Q')}",
            title=c.title,
            format=formats.get(c.kind, alt.Undefined),
        )
        for c in columns
    ]


def faint_when_small(base: float = 1.0) -> Any:
    """Paler where a value rests on few observations or on a month that still runs."""
    return alt.condition(DOUBTFUL, alt.value(0.4 * base), alt.value(base))


def trend(y: alt.Y, columns: tuple[Column, ...], colour: Any = alt.Undefined, **more: Any) -> Any:
    """A line over months; a hollow point rests on few observations or on a running month."""
    colour = alt.value(SERIES[0]) if colour is alt.Undefined else colour
    base = alt.Chart(ROWS).encode(x=months(), y=y, color=colour, **more)
    points = base.mark_point(size=60, filled=True, opacity=1).encode(tooltip=tooltips(*columns))
    hollow = base.mark_point(size=18, filled=True, opacity=1).transform_filter(DOUBTFUL)
    hole = hollow.encode(color=alt.value("var(--surface)"), tooltip=tooltips(*columns))
    return base.mark_line(strokeWidth=2) + points + hole


def interval(name: str, label: str, columns: tuple[Column, ...]) -> Any:
    """A rate with the range in which it plausibly lies, a row for each label, best on top."""
    order = alt.Y(f"{label}:N", sort=None, title=None, axis=alt.Axis(labelLimit=170))
    base = alt.Chart(ROWS).encode(y=order, tooltip=tooltips(*columns))
    axis = alt.Axis(title="percent, with 95 % interval")
    rule = base.mark_rule(strokeWidth=5, opacity=0.35, color=SERIES[0]).encode(
        x=alt.X(f"{name}_low:Q", axis=axis, scale=alt.Scale(zero=False)), x2=f"{name}_high:Q"
    )
    fill = alt.condition("datum.small", alt.value("var(--surface)"), alt.value(SERIES[0]))
    point = base.mark_point(size=45, filled=True, stroke=SERIES[0], strokeWidth=2, opacity=1)
    return rule + point.encode(x=f"{name}:Q", fill=fill)


def heat(
    x: alt.X, y: alt.Y, value: str, columns: tuple[Column, ...], rows: alt.Chart | None = None
) -> Any:
    """Percentages as steps of one colour, written in the cells; paler where it is not finished."""
    bounds = [20, 40, 60, 80]
    scale = alt.Scale(type="threshold", domain=bounds, range=STEPS)
    legend = alt.Legend(title="percent", symbolType="square")
    base = (rows or alt.Chart(ROWS)).encode(x=x, y=y)
    cells = base.mark_rect(strokeWidth=1.5, stroke="var(--surface)").encode(
        color=alt.Color(f"{value}:Q", scale=scale, legend=legend),
        fillOpacity=faint_when_small(),
        tooltip=tooltips(*columns),
    )
    ink = alt.condition(
        f"datum.{value} >= 60 && !datum.small && !datum.incomplete",
        alt.value("var(--h-ink)"),
        alt.value("var(--ink)"),
    )
    texts = base.mark_text(fontSize=11, opacity=WHERE_IT_FITS).encode(
        text="cell:N", color=ink, tooltip=tooltips(*columns)
    )
    texts = texts.transform_calculate(
        cell=f"isValid(datum.{value}) ? format(datum.{value}, '.0f')"
        " + (datum.incomplete ? '*' : '') : ''"
    )
    return cells + texts
