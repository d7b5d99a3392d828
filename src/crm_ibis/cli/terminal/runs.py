"""What runs did: refreshes, merges, checks."""

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from crm_ibis.cli.terminal.layout import cell_text, console, print_table, table_of
from crm_ibis.text import count_of

if TYPE_CHECKING:  # what a command needs is imported when it runs
    from crm_ibis.contracts.audit import Checked
    from crm_ibis.history.merge import Merged
    from crm_ibis.publishing.refresh import RefreshResult


def print_refresh(result: "RefreshResult") -> None:
    """Rows, new, changed and gone rows, checks and seconds of each table."""
    table = table_of("KPI", ">rows", ">new", ">changed", ">gone", ">checks", ">seconds")
    for run in result.published:
        counts = (run.rows, run.new, run.changed, run.gone, run.checks)
        table.add_row(run.table, *(f"{n:,}" if n else "-" for n in counts), f"{run.seconds:.2f}")
    print_table(table)
    sources = [run for run in result.tables if run.kind == "source"]
    checked = sum(run.checks for run in result.tables)
    warnings = len(result.warnings) + len(result.hints)
    rows = sum(run.rows for run in sources)
    console.print(
        f"{_what_was_published(result)}, "
        f"as of {result.as_of:%Y-%m-%d %H:%M:%S} UTC: "
        f"{count_of(len(sources), 'source')} with {count_of(rows, 'row')}, "
        f"{count_of(checked, 'check')}, {count_of(warnings, 'warning')}, "
        f"{result.seconds:.1f} s"
    )
    for run in sources:
        if run.quarantined:
            console.print(
                f"left out of {run.table}, as they break its contract: "
                f"{count_of(run.quarantined, 'row')} (crm-ibis sources shows some)"
            )
    for source, hint in result.hints:
        console.print(f"warning: {source}: {hint}", markup=False, soft_wrap=True)
    if result.merged:
        print_merges(result.merged)


def _what_was_published(result: "RefreshResult") -> str:
    """How many tables changed, and how many are as they were: a merge writes nothing to those."""
    unchanged = sum(not (run.new or run.changed or run.gone) for run in result.published)
    changed = len(result.published) - unchanged
    done = "would be published" if result.dry_run else "published"
    parts = [f"{count_of(changed, 'table')} {done}"] if changed else []
    if unchanged:
        parts.append(f"{unchanged if changed else count_of(unchanged, 'table')} unchanged")
    what = ", ".join(parts) or f"no table {done}"
    return what if result.dry_run else f"{what} in run {result.run_id}"


def print_merges(merged: "Iterable[Merged]") -> None:
    """What merges did with their snapshots, a table per instant; corrections count as changes."""
    for as_of, merges in groupby(merged, key=lambda merge: merge.as_of):
        table = table_of(
            f"recorded as of {as_of:%Y-%m-%d %H:%M}",
            *(">current", ">new", ">changed", ">gone", ">archived"),
        )
        for merge in merges:
            counts = (merge.current, merge.new, merge.changed + merge.corrected, merge.gone)
            cells = [f"{n:,}" if n else "-" for n in (*counts, merge.archived)]
            table.add_row(merge.snapshot, *(["refused"] if merge.refused else cells))
        print_table(table)


def print_preview(result: "RefreshResult") -> None:
    """The first cells that a publication would change."""
    for name, rows in result.previews.items():
        for row in rows:
            key = ", ".join(f"{c}={cell_text(v)}" for c, v in row["key"].items())
            for column, (old, new) in row["cells"].items():
                console.print(
                    f"{name} [{key}] {column}: {cell_text(old)} -> {cell_text(new)}",
                    markup=False,
                    soft_wrap=True,
                )


def print_checks(outcomes: "Iterable[Checked]") -> None:
    """Rows, checks and violations of each table, then the violations."""
    outcomes = list(outcomes)
    table = table_of("table", ">rows", ">checks", ">errors", ">warnings", ">seconds")
    for outcome in outcomes:
        if outcome.problem:
            table.add_row(outcome.table, "-", "-", "-", "-", "-")
        else:
            counts = (outcome.rows, outcome.checks, len(outcome.errors), len(outcome.warnings))
            table.add_row(
                outcome.table, *(f"{n:,}" if n else "-" for n in counts), f"{outcome.seconds:.2f}"
            )
    print_table(table)
    for outcome in outcomes:
        if outcome.problem:
            console.print(outcome.problem, markup=False, soft_wrap=True)
        for violation in outcome.violations:
            line = f"{violation.severity}: {violation.detailed}"
            console.print(line, markup=False, soft_wrap=True)
