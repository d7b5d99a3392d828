"""How figures are drawn: what the charts of all sections have in common.

Charts of rows have their labels down the left side, charts over time have the months below. A chart
draws the rows that the page gives it, which may say of a row that it is `small` or `incomplete`.
"""

from typing import Any

import altair as alt

from crm_ibis.site.charts.figures import SERIES, STEPS, Column

ROWS = alt.NamedData(name="rows")
ONE_COLOUR = alt.value(SERIES[0])
SURFACE = "var(--surface)"
DOUBTFUL = "datum.small || datum.incomplete"
HEIGHT = 260
RANGE_OPACITY = 0.75
"""Of the range that a value lies in: paler than the value, and still seen."""
MONEY = alt.Axis(format="~s")
"""20k, 1.5M"""
WHOLE = "datum.value % 1 ? '' : format(datum.value, ',d')"
COUNT = alt.Axis(tickMinStep=1, labelExpr=WHOLE)
"""Nothing lies between 1 and 2."""
MONTH_LABEL = (
    "['Jan','Feb','Mar','Apr','May','Jun','Jul','Aug','Sep','Oct','Nov','Dec']"
    "[toNumber(slice(datum.value, 5, 7)) - 1] + ' ' + slice(datum.value, 2, 4)"
)
# Numbers in the cells of a heat map, unless the cells are too narrow for them: on a phone.
WHERE_IT_FITS = alt.ExprRef("bandwidth('x') < 20 ? 0 : 1")


def draw(chart: Any, described: str, row: int | None = None) -> alt.TopLevelMixin:
    """A chart as wide as its place, with a text alternative; `row`: the height of each label's."""
    return chart.properties(
        width="container",
        height=alt.Step(row) if row else HEIGHT,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        description=described,
    )


def months() -> alt.X:
    """Months from left to right."""
    axis = alt.Axis(labelExpr=MONTH_LABEL, labelOverlap="parity", labelAngle=0, grid=False)
    return alt.X("month:O", title=None, axis=axis)


def labels(column: str, order: list[str] | None = None) -> alt.Y:
    """Names from top to bottom, in the given order or else in that of the rows."""
    return alt.Y(f"{column}:N", sort=order, title=None)


def colours(column: str, order: list[str] | None = None) -> alt.Color:
    """A colour for each name, in the given order or else in that of the alphabet."""
    # The whole order, so that a name has its colour whichever names there are.
    scale = alt.Scale(domain=order) if order else alt.Undefined
    return alt.Color(f"{column}:N", sort=order or alt.Undefined, title=None, scale=scale)


def tooltips(*columns: Column) -> list[alt.Tooltip]:
    """Exact values, as the table has them."""
    formats = {"count": ",d", "money": ",.2f"}
    return [
        # What has no format is shown digit by digit, as if it were a name.
        alt.Tooltip(f"{c.field}:Q", title=c.title, format=formats[c.kind])
        if c.kind in formats
        else alt.Tooltip(f"{c.field}:N", title=c.title)
        for c in columns
    ]


def faint_when_small(base: float = 1.0) -> Any:
    """Paler where a value rests on few observations or on a month that still runs."""
    return alt.condition(DOUBTFUL, alt.value(0.4 * base), alt.value(base))


def side_by_side(words: dict[str, str], name: str, value: str) -> alt.Chart:
    """Columns of a row as rows of their own: what each is called, and its value."""
    called = "{" + ", ".join(f"{column}: '{word}'" for column, word in words.items()) + "}"
    folded = alt.Chart(ROWS).transform_fold(list(words), as_=["column", value])
    return folded.transform_calculate(**{name: f"{called}[datum.column]"})


def stack_in_order(column: str, order: list[str], rows: alt.Chart | None = None) -> dict[str, Any]:
    """The parts of each bar follow one another as their legend names them; of `bars`."""
    place = f"indexof({order}, datum.{column})"
    numbered = (rows or alt.Chart(ROWS)).transform_calculate(place=place)
    return {"rows": numbered, "order": alt.Order("place:Q")}


def pale(fill: Any, edge: Any = ONE_COLOUR) -> dict[str, Any]:
    """Bars on which something is to be seen, or in doubt: their edges stay clear; of `bars`."""
    return {"fillOpacity": fill, "stroke": edge}


def hollow_when_small() -> Any:
    """The fill of a point that rests on few observations is that of the page."""
    return alt.condition("datum.small", alt.value(SURFACE), ONE_COLOUR)


def bars(
    x: alt.X,
    y: alt.Y,
    columns: tuple[Column, ...],
    colour: Any = ONE_COLOUR,
    rows: alt.Chart | None = None,
    **more: Any,
) -> alt.Chart:
    """Bars, with exact values when pointed at; of the figure's rows, unless others are given."""
    base = (rows or alt.Chart(ROWS)).mark_bar()
    return base.encode(x=x, y=y, color=colour, tooltip=tooltips(*columns), **more)


def trend(y: alt.Y, columns: tuple[Column, ...], colour: Any = ONE_COLOUR, **more: Any) -> Any:
    """A line over months; a hollow point rests on few observations or on a running month."""
    base = alt.Chart(ROWS).encode(x=months(), y=y, color=colour, **more)
    points = base.mark_point(size=60, filled=True, opacity=1).encode(tooltip=tooltips(*columns))
    hollow = base.mark_point(size=18, filled=True, opacity=1).transform_filter(DOUBTFUL)
    hole = hollow.encode(color=alt.value(SURFACE), tooltip=tooltips(*columns))
    return base.mark_line(strokeWidth=2) + points + hole


def interval(name: str, label: str, columns: tuple[Column, ...]) -> Any:
    """A rate with the range in which it plausibly lies, a row for each label, best on top."""
    base = alt.Chart(ROWS).encode(y=labels(label), tooltip=tooltips(*columns))
    axis = alt.Axis(title="percent, with 95 % interval")
    rule = base.mark_rule(strokeWidth=3, opacity=RANGE_OPACITY, color=SERIES[0]).encode(
        x=alt.X(f"{name}_low:Q", axis=axis, scale=alt.Scale(zero=False)), x2=f"{name}_high:Q"
    )
    point = base.mark_point(size=45, filled=True, stroke=SERIES[0], strokeWidth=2, opacity=1)
    return rule + point.encode(x=f"{name}:Q", fill=hollow_when_small())


def cells(
    base: alt.Chart, colour: alt.Color, written: str, ink: Any, fill_opacity: Any = alt.Undefined
) -> Any:
    """A heat map: coloured cells, and in each what is written of it."""
    filled = base.mark_rect(strokeWidth=1.5, stroke=SURFACE)
    text = base.mark_text(fontSize=11, opacity=WHERE_IT_FITS).transform_calculate(cell=written)
    return filled.encode(color=colour, fillOpacity=fill_opacity) + text.encode(
        text="cell:N", color=ink
    )


def percentages(value: str, base: alt.Chart) -> Any:
    """Percentages as steps of one colour, written in the cells; paler where it is not finished."""
    scale = alt.Scale(type="threshold", domain=[20, 40, 60, 80], range=STEPS)
    legend = alt.Legend(title="percent", symbolType="square")
    ink = alt.condition(
        f"datum.{value} >= 60 && !datum.small && !datum.incomplete",
        alt.value("var(--h-ink)"),
        alt.value("var(--ink)"),
    )
    return cells(
        base,
        alt.Color(f"{value}:Q", scale=scale, legend=legend),
        f"isValid(datum.{value}) ? format(datum.{value}, '.0f')"
        " + (datum.incomplete ? '*' : '') : ''",
        ink,
        faint_when_small(),
    )
