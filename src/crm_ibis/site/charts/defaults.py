"""Charts of tables that no section is made for: a line over months, or bars, for each number.

They stand at the end of the scorecard, a section for each table: there the reader's choice of
facility and period applies to them as to every other chart, and a dashboard that a team declares is
found where all dashboards are.
"""

from typing import Any

import altair as alt

from crm_ibis.config.remembered import PerProject
from crm_ibis.contracts.models import Column as ContractColumn
from crm_ibis.metrics.describe import UNITS, meaning
from crm_ibis.site.charts.drawing import COUNT, MONEY, ONE_COLOUR, bars, draw, labels, trend
from crm_ibis.site.charts.figures import FACILITY, MONTH, Column, Figure, Kind, Section
from crm_ibis.site.charts.sections import sections
from crm_ibis.site.data.defaults import (
    DefaultDataset,
    TableColumns,
    sums_of,
    uncharted_tables,
    values_of,
)

LINES = 5
"""As many as there are colours that people can distinguish."""
BARS = 12
LEGEND = alt.Legend(
    # Names may be made of two or three: wider columns than those of the other charts.
    columns=alt.ExprRef("max(1, floor((containerSize()[0] - 100 + 0 * width) / 180))"),
    labelLimit=155,
)
SPELLED = {"avg": "average", "kpi": "KPI", "kpis": "KPIs"}
KINDS: dict[str, Kind] = {"_pct": "pct", "_hours": "hours", "_days": "days"}


@PerProject
def all_sections() -> list[Section]:
    """The sections that are made by hand, then those of the other published tables."""
    return [*sections(), *default_sections()]


def default_sections() -> list[Section]:
    """A section for each table that no other shows and that has a number to be drawn."""
    found = [_section(table) for table in uncharted_tables()]
    return [section for section in found if section.figures]


def in_words(name: str) -> str:
    """A table's or column's name as people would write it: `avg_deal_size` -> `average deal size`.

    Its unit, which a table has none of, stands on the axis.
    """
    unit = next((suffix for suffix in UNITS if name.endswith(suffix)), "")
    return _spelled(name.removesuffix(unit).removesuffix("_id") or name)


def _spelled(name: str) -> str:
    return " ".join(SPELLED.get(word, word) for word in name.split("_") if word)


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


def _section(table: TableColumns) -> Section:
    return Section(
        name=f"table-{table.name}",
        title=_title(_spelled(table.name)),
        table=table.name,
        figures=tuple(_figures(table)),
        note=" ".join(meaning(table.contract).split("\n\n")[0].split()),
    )


def _figures(table: TableColumns) -> list[Figure]:
    """One for each measure, in the order of the contract."""
    datasets = [dataset for dataset in (sums_of(table), values_of(table)) if dataset]
    drawn = {name: d for d in datasets for name in (*d.sums, *d.values)}
    return [_figure(table, c, drawn[c.name]) for c in table.measures if c.name in drawn]


def _figure(table: TableColumns, measure: ContractColumn, dataset: DefaultDataset) -> Figure:
    shown = Column(measure.name, _title(in_words(measure.name)), _kind(measure))
    by = tuple("facility_id" if name == dataset.facility else name for name in dataset.series)
    heads = [FACILITY if n == "facility_id" else Column(n, _title(in_words(n)), "text") for n in by]
    months = [MONTH] if dataset.month else []
    columns = (*heads, *months, shown)
    ranked_by = measure.name if dataset.sums else dataset.weight
    return Figure(
        name=f"table-{table.name}-{measure.name}",
        title=shown.title,
        note=_note(table, measure, dataset),
        dataset=dataset.name,
        by=(*by, *(c.field for c in months)),
        series=by,
        sums=tuple(dict.fromkeys(filter(None, (measure.name, ranked_by)))),
        first=_first(dataset, measure, ranked_by),
        month="month" if dataset.month else "",
        columns=columns,
        chart=_chart(dataset, columns),
        nothing=_nothing(dataset),
    )


def _first(
    dataset: DefaultDataset, measure: ContractColumn, ranked_by: str | None
) -> tuple[str, str, int] | None:
    """How many lines or bars, and which; nothing says which matter most in a table of rates."""
    if not dataset.series:
        return None
    if dataset.month:
        return (ranked_by or "series", "desc", LINES)
    return (measure.name, "desc", BARS)


def _chart(dataset: DefaultDataset, columns: tuple[Column, ...]) -> alt.TopLevelMixin:
    measure = columns[-1]
    title = _axis_title(measure)
    if not dataset.month:
        x = alt.X(f"{measure.field}:Q", title=title, **_axis(measure))
        return draw(bars(x, labels("series"), columns), f"{measure.title}, largest first.", row=22)
    y = alt.Y(f"{measure.field}:Q", title=title, **_axis(measure))
    colour: Any = ONE_COLOUR
    if dataset.series:
        colour = alt.Color("series:N", title=None, legend=LEGEND)
    return draw(trend(y, columns, colour), f"{measure.title} by month.")


def _axis(measure: Column) -> dict[str, Any]:
    axes = {"count": COUNT, "money": MONEY}
    return {"axis": axes[measure.kind]} if measure.kind in axes else {}


def _axis_title(measure: Column) -> str:
    unit = next((UNITS[s] for s, kind in KINDS.items() if kind == measure.kind), None)
    return unit or in_words(measure.field)


def _kind(column: ContractColumn) -> Kind:
    for suffix, kind in KINDS.items():
        if column.name.endswith(suffix):
            return kind
    if column.dtype.is_integer():
        return "count"
    return "money" if column.dtype.is_decimal() and column.dtype.scale == 2 else "number"


def _note(table: TableColumns, measure: ContractColumn, dataset: DefaultDataset) -> str:
    """What the number is, and what was done to it."""
    sentences = [measure.description]
    over = [in_words(c.name) for c in table.identity if c.name not in dataset.series]
    if dataset.sums and over:
        sentences.append(f"Summed over {_listed(over)}.")
    if dataset.values and table.month and not _is_monthly(table):
        sentences.append("The last value of each month.")
    if dataset.series:
        sentences.append(_choice(dataset))
    return " ".join(sentences)


def _choice(dataset: DefaultDataset) -> str:
    names = _listed([in_words(name) for name in dataset.series])
    if not dataset.month:
        return f"The {BARS} largest by {names}; all of them in the table."
    if dataset.weight and not dataset.sums:
        most = f" with most of {in_words(dataset.weight)}"
    else:
        most = " with most" if dataset.sums else " by name"
    return f"By {names}: the first {LINES}{most}; all of them in the table."


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _is_monthly(table: TableColumns) -> bool:
    day = table.month
    return day is None or day.name == "month" or day.name.endswith("_month")


def _nothing(dataset: DefaultDataset) -> str:
    if dataset.facility:
        return (
            "Nothing to show of this facility and period. Where rows are too many for this page, "
            "it has those of all facilities together."
        )
    return "Shown of all facilities only: this table does not distinguish them."
