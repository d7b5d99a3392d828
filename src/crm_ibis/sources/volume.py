"""How many rows a source has and how new they are, held against sources.yml and the runs before."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.contracts.rules import FIRST_INSTANT
from crm_ibis.contracts.violations import Violation
from crm_ibis.expressions import instant
from crm_ibis.runlog.summaries import SourceRun, source_runs
from crm_ibis.sources import spec
from crm_ibis.sources.expectations import Expectation
from crm_ibis.warehouse import Warehouse

NEWEST = "newest_at"
INSTANTS = ("created_at", "updated_at")


def newest(source: Table, as_of: datetime) -> ir.TimestampScalar:
    """The newest instant by `as_of` at which a row of a source was created or updated."""
    first = ibis.literal(FIRST_INSTANT).cast("timestamp(6)")
    found = [
        source[c].max(where=(source[c] >= first) & (source[c] <= instant(as_of)))
        for c in INSTANTS
        if c in source.columns
    ]
    return ibis.greatest(*found) if found else ibis.null("timestamp(6)")


def runs_before(warehouse: Warehouse, names: Iterable[str]) -> dict[str, list[SourceRun]]:
    """What the newest successful runs found of those sources that are to be held against them."""
    needed: dict[str, int] = {}
    for name in names:
        for expected in spec.load_spec().of(name).expect:
            runs = 1 if expected.max_drop_pct is not None else 0
            runs = max(runs, (expected.unchanged_runs or 1) - 1)
            needed[name] = max(needed.get(name, 0), runs)
    longest = max(needed.values(), default=0)
    return source_runs(warehouse, longest) if longest else {}


def violations(
    name: str, rows: int, newest_at: datetime | None, as_of: datetime, before: Sequence[SourceRun]
) -> tuple[Violation, ...]:
    """What is not as sources.yml expects it."""
    found = []
    for expected in spec.load_spec().of(name).expect:
        found += [
            Violation(name, check, (), expected.severity, rows, [facts] if facts else [])
            for check, facts in _broken_expectations(expected, rows, newest_at, as_of, before)
        ]
    return tuple(found)


def _broken_expectations(
    expected: Expectation,
    rows: int,
    newest_at: datetime | None,
    as_of: datetime,
    before: Sequence[SourceRun],
) -> Iterable[tuple[str, dict[str, object]]]:
    """Each expectation that does not hold, in words that stay the same from run to run, and what
    it was held against."""
    if expected.min_rows is not None and rows < expected.min_rows:
        yield f"has at least {expected.min_rows:,} rows", {}
    if expected.max_drop_pct is not None and before:
        last = before[0].rows
        if 100 * (last - rows) > expected.max_drop_pct * last:
            check = f"has at most {expected.max_drop_pct:g} % fewer rows than in the last run"
            yield check, {"rows_in_the_last_run": last}
    if expected.is_older(newest_at, as_of):
        yield f"has a row of the last {expected.max_age}", {"newest": newest_at, "as_of": as_of}
    if expected.unchanged_runs is not None:
        same = [run for run in before[: expected.unchanged_runs - 1] if run.is_as(rows, newest_at)]
        if len(same) == expected.unchanged_runs - 1:
            check = f"is not the same in {expected.unchanged_runs} runs in a row"
            yield check, {"newest": newest_at}
