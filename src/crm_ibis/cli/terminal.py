"""How results look in a terminal, and as JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from textwrap import wrap
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crm_ibis.config.declarations import renamed_tables
from crm_ibis.config.settings import Settings, shown_url
from crm_ibis.metrics.catalog import Entry
from crm_ibis.runlog.summaries import SourceSeen

console = Console(highlight=False)

NARROWEST = 12
"""Names and words are folded to no less than so many signs."""
GAP = 3
"""Signs from one column to the next."""

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


def print_json(value: Any) -> None:
    """The value as JSON: decimals as exact strings, instants in ISO 8601."""
    print(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def print_refresh(result: Any) -> None:
    """Rows, new, changed and gone rows, checks and seconds of each table."""
    table = _table("KPI", ">rows", ">new", ">changed", ">gone", ">checks", ">seconds")
    for run in result.published:
        counts = (run.rows, run.new, run.changed, run.gone, run.checks)
        table.add_row(run.table, *(f"{n:,}" if n else "-" for n in counts), f"{run.seconds:.2f}")
    _print(table)
    sources = [run for run in result.tables if run.kind == "source"]
    checked = sum(run.checks for run in result.tables)
    warnings = len(result.warnings) + len(result.hints)
    rows = sum(run.rows for run in sources)
    done = "would be published" if result.dry_run else f"published in run {result.run_id}"
    console.print(
        f"{_number(len(result.published), 'table')} {done}, as of {result.as_of:%Y-%m-%d %H:%M:%S} "
        f"UTC: {_number(len(sources), 'source')} with {_number(rows, 'row')}, "
        f"{_number(checked, 'check')}, {_number(warnings, 'warning')}, "
        f"{result.seconds:.1f} s"
    )
    for run in sources:
        if run.quarantined:
            console.print(
                f"left out of {run.table}, as they break its contract: "
                f"{_number(run.quarantined, 'row')} (crm-ibis sources shows some)"
            )
    for source, hint in result.hints:
        console.print(f"warning: {source}: {hint}", markup=False, soft_wrap=True)
    if result.merged:
        print_merges(result.merged)


def print_merges(merged: Iterable[Any]) -> None:
    """What merges did with their snapshots, a table per instant; corrections count as changes."""
    for as_of, merges in groupby(merged, key=lambda merge: merge.as_of):
        table = _table(
            f"recorded as of {as_of:%Y-%m-%d %H:%M}",
            *(">current", ">new", ">changed", ">gone", ">archived"),
        )
        for merge in merges:
            counts = (merge.current, merge.new, merge.changed + merge.corrected, merge.gone)
            cells = [f"{n:,}" if n else "-" for n in (*counts, merge.archived)]
            table.add_row(merge.snapshot, *(["refused"] if merge.refused else cells))
        _print(table)


def print_preview(result: Any) -> None:
    """The first cells that a publication would change."""
    for name, rows in result.previews.items():
        for row in rows:
            key = ", ".join(f"{c}={_cell(v)}" for c, v in row["key"].items())
            for column, (old, new) in row["cells"].items():
                console.print(
                    f"{name} [{key}] {column}: {_cell(old)} -> {_cell(new)}",
                    markup=False,
                    soft_wrap=True,
                )


def scorecard(rows: list[dict[str, Any]]) -> None:
    """The company's months side by side."""
    cells = {title: [_cell(row[column], 2) for row in rows] for column, title in SCORECARD.items()}
    titles = [f"{row['month']:%B %Y}" for row in rows]
    first = _columns_that_fit(
        [max(map(len, column)) for column in zip(titles, *cells.values(), strict=True)]
    )
    table = _table("Monthly scorecard", *(f">{title}" for title in titles[first:]))
    for title, months in cells.items():
        table.add_row(title, *months[first:])
    _print(table)


def _columns_that_fit(widths: list[int]) -> int:
    """The first of the newest months that fit beside the titles."""
    left = console.width - max(map(len, ["Monthly scorecard", *SCORECARD.values()]))
    first = len(widths)
    while first and left >= widths[first - 1] + GAP:
        first -= 1
        left -= widths[first] + GAP
    return min(first, max(len(widths) - 1, 0))


def whereabouts(settings: Settings, program: str, option: str) -> None:
    """Where everything is, and what to try next."""
    console.print(
        f"Everything is in {shown_url(settings.database_url)}: sources in schema "
        f"{settings.raw_schema}, KPIs in {settings.analytics_schema}, the run log in "
        f"{settings.meta_schema}."
    )
    console.print("Look further:")
    for command in (f"{option}show health_scores", "describe conversion_funnel", "list"):
        console.print(f"  {program} {command}", markup=False, soft_wrap=True)


def print_checks(outcomes: Iterable[Any]) -> None:
    """Rows, checks and violations of each table, then the violations."""
    outcomes = list(outcomes)
    table = _table("table", ">rows", ">checks", ">errors", ">warnings", ">seconds")
    for outcome in outcomes:
        if outcome.problem:
            table.add_row(outcome.table, "-", "-", "-", "-", "-")
        else:
            counts = (outcome.rows, outcome.checks, len(outcome.errors), len(outcome.warnings))
            table.add_row(
                outcome.table, *(f"{n:,}" if n else "-" for n in counts), f"{outcome.seconds:.2f}"
            )
    _print(table)
    for outcome in outcomes:
        if outcome.problem:
            console.print(outcome.problem, markup=False, soft_wrap=True)
        for violation in outcome.violations:
            told = f"{violation.severity}: {violation.detailed}"
            console.print(told, markup=False, soft_wrap=True)


def print_list(entries: Iterable[Entry]) -> None:
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


def print_description(told: Any) -> None:
    """A table's meaning, grain, columns and checks."""
    console.print(told.name, style="bold")
    for paragraph in told.meaning.split("\n\n"):
        console.print(" ".join(paragraph.split()), markup=False)
    console.print()
    facts = {
        "key": ", ".join(told.grain) if told.kind in ("source", "snapshot") else None,
        "owner": told.owner,
        "criticality": told.criticality,
        "exposures": ", ".join(told.exposures),
        "needs": ", ".join(told.needs),
        "needed by": ", ".join(told.needed_by),
    }
    for title, value in facts.items():
        if value:
            console.print(f"{title}: {value}", markup=False)
    # Loads Pandera, which other commands do without.
    from crm_ibis.metrics.describe import null_in_words

    table = _table("column", "type", "null", "meaning")
    for c in told.columns:
        table.add_row(c["name"], c["type"], null_in_words(c), c["description"])
    _print(table)
    console.print("checks:", *(f"  {check}" for check in told.checks), sep="\n", markup=False)


def print_rows(rows: list[dict[str, Any]], more: bool) -> None:
    """Rows as a table where it fits, else each row as a list of its cells."""
    if not rows:
        console.print("no rows")
        return
    cells = [[_cell(value) for value in row.values()] for row in rows]
    names = list(rows[0])
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    if sum(widths) + 3 * len(widths) + 1 <= console.width:
        numeric = [isinstance(v, int | float | Decimal) for v in rows[0].values()]
        table = _table(*(f">{n}" if is_n else n for n, is_n in zip(names, numeric, strict=True)))
        for row in cells:
            table.add_row(*map(Text, row))  # Text, as data may look like markup
        _print(table)
    else:
        for number, row in enumerate(cells, start=1):
            console.print(f"row {number}", style="bold")
            for name, cell in zip(names, row, strict=True):
                console.print(f"  {name:<{max(map(len, names))}}  {cell}", markup=False)
    if more:
        console.print(f"the first {_number(len(rows), 'row')}; --limit shows more")


def status(states: Iterable[Any]) -> None:
    """How old each KPI is and whether that is in order; more where the terminal is wide enough."""
    states = list(states)
    shown = 9 if console.width >= 140 else 7 if console.width >= 115 else 5
    titles = ("KPI", ">age", "SLA", "next run (UTC)", "state", "owner", "criticality")
    table = _table(*(*titles, "published (UTC)", ">rows")[:shown])
    problems: dict[str, list[str]] = {}
    for state in states:
        cells = (
            state.table,
            _age(state.age_hours) if state.published_at else "never",
            state.sla or "-",
            f"{state.next_run:%d %b %H:%M}" if state.next_run else "-",
            state.state if state.is_healthy else f"[red]{state.state}[/red]",
            state.owner or "-",
            state.criticality or "-",
            f"{state.published_at:%Y-%m-%d %H:%M}" if state.published_at else "-",
            "-" if state.rows is None else f"{state.rows:,}",
        )
        table.add_row(*cells[:shown])
        for problem in _problems(state):
            problems.setdefault(problem, []).append(state.table)
    _print(table)
    for problem, tables in problems.items():
        others = f" and {len(tables) - 2} more" if len(tables) > 2 else ""
        console.print(f"{', '.join(tables[:2])}{others}: {problem}", markup=False, soft_wrap=True)


def _problems(state: Any) -> Iterator[str]:
    if state.state == "retired":
        renamed = renamed_tables().get(state.table)
        why = f"it was renamed to {renamed}" if renamed else "the project no longer has it"
        yield f"retired: {why}; crm-ibis retire {state.table} drops what is left of it"
    if state.failing:
        yield state.last_error or ""
    elif state.state == "clock ahead":
        yield (
            f"clock ahead: published as of {state.as_of:%Y-%m-%d %H:%M} UTC, which is in the "
            "future; runs are refused until then, or until crm-ibis refresh --force"
        )
    elif state.late:
        yield f"late: nothing published since {state.due_since:%Y-%m-%d %H:%M} UTC"
    if state.blocked_by and not state.failing:
        one = len(state.blocked_by) == 1
        contracts, broken = ("contract", "is") if one else ("contracts", "are")
        yield f"blocked: the {contracts} of {', '.join(state.blocked_by)} {broken} broken"
    if state.slow:
        yield f"slow: took {state.seconds:,.1f} s, usually {state.usual_seconds:,.1f} s"
    if state.state == "stale":
        yield "stale: its sources are absent in sources.yml"
    if state.quarantined:
        yield f"{_number(state.quarantined, 'row')} of its sources in quarantine"


def print_source_ages(seen: Iterable[SourceSeen], now: datetime) -> None:
    """How old the newest row of each source was taken to be when it was last read."""
    for source in seen:
        age = "of unknown age"
        hours = source.age_hours(now)
        if hours is not None:
            age = f"{_age(hours)} old"
        same = ""
        if source.is_unchanged:
            same = f", unchanged for {source.unchanged_runs} runs"
        rows = _number(source.rows, "row")
        line = f"source {source.source}: {rows}, newest row {age}{same}"
        console.print(line, markup=False, soft_wrap=True)


def channels(found: Iterable[dict[str, Any]]) -> None:
    """Which channels took a message."""
    table = _table("channel", "URL in", "message")
    table.columns[1].no_wrap = True  # names of variables are there to be copied
    words = {True: "sent", False: "[red]failed[/red]", None: "not set"}
    for channel in found:
        table.add_row(channel["channel"], channel["variable"], words[channel["sent"]])
    _print(table)


def wrapped(text: str) -> list[str]:
    """A line below a heading; what does not fit goes on in the next lines, further in.

    Names are never cut: they are there to be copied.
    """
    return wrap(
        text,
        console.width - 1,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(*titles: str) -> Table:
    """A plain table; a title that starts with `>` is that of a column of numbers.

    Where the terminal is too narrow, names and words go on in the next line; numbers never do.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        is_number = title.startswith(">")
        table.add_column(
            title.lstrip(">"),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number,
        )
    return table


def _print(table: Table) -> None:
    """Prints a table; one that would be too wide even with folded names runs over the edge."""
    needed = [
        min(width, width if column.no_wrap else NARROWEST) + GAP
        for column in table.columns
        for width in [max(cell_len(str(cell)) for cell in (column.header, *column.cells))]
    ]
    if sum(needed) > console.width:
        table.width = sum(needed)
    console.print(table, crop=False, overflow="ignore")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _cell(value: Any, places: int = 4) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        text = f"{value:,.{places}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value.quantize(Decimal('0.01')) if value == round(value, 2) else value:,}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def _age(hours: float) -> str:
    if hours < 0:
        return "in the future"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
