"""Tables: their rows, what they mean, the company's months."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.text import Text

from crm_ibis.cli.terminal.layout import (
    GAP,
    cell_text,
    console,
    print_table,
    table_of,
    wrapped,
)
from crm_ibis.config.settings import Settings, shown_url
from crm_ibis.text import count_of

if TYPE_CHECKING:  # what a command needs is imported when it runs
    from crm_ibis.metrics.catalog import Entry
    from crm_ibis.metrics.describe import Description

SCORECARD = {
    "total_leads": "Leads",
    "sql_leads": "Qualified",
    "sql_conversion_pct": "Qualified %",
    "won_leads": "Won",
    "won_pct": "Won %",
    "sla_attainment_pct": "SLA attainment %",
    "avg_csat": "CSAT (1-5)",
    "nps": "NPS",
    "overall_health_score": "Health (0-100)",
    "health_status": "Health",
    "total_revenue": "Revenue",
}

KEYED = ("source", "snapshot", "staging")
"""Kinds of tables whose meaning does not say the grain."""


def print_scorecard(rows: list[dict[str, Any]]) -> None:
    """The company's months side by side."""
    cells = {
        title: [cell_text(row[column], 2) for row in rows] for column, title in SCORECARD.items()
    }
    titles = [f"{row['month']:%B %Y}" for row in rows]
    first = _columns_that_fit(
        [max(map(len, column)) for column in zip(titles, *cells.values(), strict=True)]
    )
    table = table_of("Monthly scorecard", *(f">{title}" for title in titles[first:]))
    for title, months in cells.items():
        table.add_row(title, *months[first:])
    print_table(table)


def _columns_that_fit(widths: list[int]) -> int:
    """The first of the newest months that fit beside the titles."""
    left = console.width - max(map(len, ["Monthly scorecard", *SCORECARD.values()]))
    first = len(widths)
    while first and left >= widths[first - 1] + GAP:
        first -= 1
        left -= widths[first] + GAP
    return min(first, max(len(widths) - 1, 0))


def print_whereabouts(settings: Settings, program: str, option: str) -> None:
    """Where everything is, and what to try next."""
    console.print(
        f"Everything is in {shown_url(settings.database_url)}: sources in schema "
        f"{settings.raw_schema}, KPIs in {settings.analytics_schema}, the run log in "
        f"{settings.meta_schema}."
    )
    console.print("Look further:")
    for command in (f"{option}show health_scores", "describe conversion_funnel", "list"):
        console.print(f"  {program} {command}", markup=False, soft_wrap=True)


def print_list(entries: "Iterable[Entry]") -> None:
    """The KPIs with owner, criticality, SLA, and on a second line what they need."""
    entries = list(entries)
    owners = max(len(entry.owner or "-") for entry in entries)
    names = max(len(entry.name) for entry in entries)
    console.print(f"{'KPI':<{names}}  {'owner':<{owners}}  {'criticality':<11}  SLA", style="bold")
    for entry in entries:
        console.print(
            f"{entry.name:<{names}}  {entry.owner or '-':<{owners}}  "
            f"{entry.criticality or '-':<11}  {entry.sla or '-'}"
        )
        console.print(*wrapped(f"needs {', '.join(entry.needs)}"), sep="\n", style="dim")


def print_description(described: "Description") -> None:
    """A table's meaning, grain, columns and checks."""
    console.print(described.name, style="bold")
    for paragraph in described.meaning.split("\n\n"):
        console.print(" ".join(paragraph.split()), markup=False)
    console.print()
    facts = {
        "key": ", ".join(described.grain) if described.kind in KEYED else None,
        "owner": described.owner,
        "criticality": described.criticality,
        "exposures": ", ".join(described.exposures),
        "needs": ", ".join(described.needs),
        "needed by": ", ".join(described.needed_by),
    }
    for title, value in facts.items():
        if value:
            console.print(f"{title}: {value}", markup=False)
    # Loads Pandera, which other commands do without.
    from crm_ibis.metrics.describe import null_in_words

    table = table_of("column", "type", "null", "meaning")
    for c in described.columns:
        table.add_row(c["name"], c["type"], null_in_words(c), c["description"])
    print_table(table)
    if described.checks:
        listed = [f"  {check}" for check in described.checks]
        console.print("checks:", *listed, sep="\n", markup=False)


def print_rows(
    rows: list[dict[str, Any]],
    more: bool,
    basis: Iterable[str] = (),
    foremost: Sequence[str] = (),
) -> None:
    """Rows as a table where it fits, else each row as a list of its cells.

    `basis` says what their months and amounts are of. Where not all columns fit, as many of the
    `foremost` as do are a table all the same.
    """
    if not rows:
        console.print("no rows")
        return
    left_out = []
    if not _fits(rows):
        shown = [name for name in foremost if name in rows[0]]
        while shown and not _fits(_only(rows, shown)):
            shown.pop()
        if shown:
            left_out = [name for name in rows[0] if name not in shown]
            rows = _only(rows, shown)
    cells = [[cell_text(value) for value in row.values()] for row in rows]
    names = list(rows[0])
    if _fits(rows):
        numeric = [any(isinstance(row[n], int | float | Decimal) for row in rows) for n in names]
        table = table_of(*(f">{n}" if is_n else n for n, is_n in zip(names, numeric, strict=True)))
        for row in cells:
            table.add_row(*map(Text, row))  # Text, as data may look like markup
        print_table(table)
    else:
        for number, row in enumerate(cells, start=1):
            console.print(f"row {number}", style="bold")
            for name, cell in zip(names, row, strict=True):
                console.print(f"  {name:<{max(map(len, names))}}  {cell}", markup=False)
    if left_out:
        console.print(f"not shown: {', '.join(left_out)} (--columns chooses)", markup=False)
    for words in basis:
        console.print(words, markup=False)
    if more:
        console.print(f"the first {count_of(len(rows), 'row')}; --limit shows more")


def _only(rows: list[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


def _fits(rows: list[dict[str, Any]]) -> bool:
    """Whether rows are no wider than the terminal as a table."""
    texts = ([name, *(cell_text(row[name]) for row in rows)] for name in rows[0])
    widths = [max(map(len, column)) for column in texts]
    return sum(widths) + 3 * len(widths) + 1 <= console.width
