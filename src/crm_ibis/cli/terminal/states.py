"""How tables, sources and alert channels are."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crm_ibis.cli.terminal.layout import age_text, console, print_table, table_of
from crm_ibis.config.renamed import renamed_tables
from crm_ibis.config.reporting import Basis
from crm_ibis.text import count_of

if TYPE_CHECKING:  # what a command needs is imported when it runs
    from crm_ibis.operations.source_ages import SourceAge
    from crm_ibis.operations.status import Status
    from crm_ibis.runlog.summaries import SourceSeen


def print_status(states: "Iterable[Status]", said: Basis | None = None) -> None:
    """How old each KPI is and whether that is in order; more where the terminal is wide enough.

    `said` is what the parameters say that numbers are of, where they can be read.
    """
    states = list(states)
    shown = 9 if console.width >= 140 else 7 if console.width >= 115 else 5
    titles = ("KPI", ">age", "SLA", "next run (UTC)", "state", "owner", "criticality")
    table = table_of(*(*titles, "published (UTC)", ">rows")[:shown])
    problems: dict[str, list[str]] = {}
    for state in states:
        cells = (
            state.table,
            "never" if state.age_hours is None else age_text(state.age_hours),
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
    print_table(table)
    for problem, tables in problems.items():
        others = f" and {len(tables) - 2} more" if len(tables) > 2 else ""
        console.print(f"{', '.join(tables[:2])}{others}: {problem}", markup=False, soft_wrap=True)
    for line in _bases(states, said):
        console.print(line, markup=False, soft_wrap=True)


def _bases(states: "list[Status]", said: Basis | None) -> Iterator[str]:
    """What published numbers are of, unless that is UTC and no currency, as params.yml says."""
    published: dict[Basis, list[str]] = {}
    for state in states:
        if state.basis is not None and state.state not in ("retired", "stale"):
            published.setdefault(state.basis, []).append(state.table)
    for basis, tables in published.items():
        if said not in (None, basis):
            others = f" and {len(tables) - 2} more" if len(tables) > 2 else ""
            yield (
                f"{', '.join(tables[:2])}{others}: published with {basis}, while params.yml says "
                f"{said}: runs are refused until crm-ibis refresh --force"
            )
        elif basis != Basis():
            yield f"published with {basis}"


def _problems(state: "Status") -> Iterator[str]:
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
    if state.state == "unscheduled":
        yield (
            f"unscheduled: no job publishes it, so it is as of {state.as_of:%Y-%m-%d %H:%M} UTC "
            f"until crm-ibis refresh {state.table}; crm-ibis retire {state.table} drops it"
        )
    if state.quarantined:
        yield f"{count_of(state.quarantined, 'row')} of its sources in quarantine"


def print_source_ages(
    seen: "Iterable[SourceSeen]", ages: "Mapping[str, SourceAge]", now: datetime
) -> None:
    """How old the newest row of each source was taken to be when it was last read; of those that
    are too old, how old it is."""
    for source in seen:
        known = ages.get(source.source)
        old = known if known and known.broken else None
        newest_at = old.newest_at if old else source.newest_at
        age = "of unknown age"
        if newest_at:
            age = f"{age_text((now - newest_at) / timedelta(hours=1))} old"
        same = ""
        if source.is_unchanged:
            same = f", unchanged for {source.unchanged_runs} runs"
        rows = count_of(source.rows, "row")
        line = f"source {source.source}: {rows}, newest row {age}{same}"
        if old and old.broken:
            line += f"; sources.yml allows {old.broken.max_age}"
        style = "red" if old and old.is_wrong else None
        console.print(line, markup=False, soft_wrap=True, style=style)


def print_channels(found: Iterable[Mapping[str, Any]]) -> None:
    """Which channels took a message, and the variables of those that have no URL, a line each."""
    found = list(found)
    tried = [channel for channel in found if channel["sent"] is not None]
    if tried:
        table = table_of("channel", "message")
        for channel in tried:
            table.add_row(channel["channel"], "sent" if channel["sent"] else "[red]failed[/red]")
        print_table(table)
    unset = [channel["variable"] for channel in found if channel["sent"] is None]
    if unset:
        console.print("no URL in the environment, so no message:")
        for variable in unset:
            console.print(f"  {variable}", soft_wrap=True)  # there to be copied
