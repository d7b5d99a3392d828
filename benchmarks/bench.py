"""Times whole processes and holds them against what an expert writes by hand.

    python -m benchmarks.bench                                      everything; takes an hour or two
    python -m benchmarks.bench --only postgres --leads 100000       a quick look
    python -m benchmarks.bench --keep                               the new figures are kept

Ours and theirs run in turn, so that both meet the machine in the same state; a ratio is the median
over the rounds. PostgreSQL is CRM_IBIS_TEST_POSTGRES_URL, else one started from a wheel. About ten
rows of other sources come with each lead. Cells must be equal, and a refresh without changes must
write no row. Exits 1 when that is not so, or when a ratio grew by more than a fifth since
ratios.json was kept.
"""

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks import ratios
from benchmarks.ratios import Line
from benchmarks.refreshes import limited, not_by_hand, refreshes
from benchmarks.small import small_commands
from benchmarks.usage import Failed

from crm_ibis.text import count_of

SIZES = [100_000, 1_000_000, 3_000_000]
PARTS = ["duckdb", "postgres", "memory", "small"]
NO_DBT = """without dbt: it is not installed. To compare with `dbt build` of the same tables:
  python3 -m venv /tmp/dbt && /tmp/dbt/bin/pip install 'dbt-core<1.12' dbt-duckdb dbt-postgres
and give --dbt /tmp/dbt/bin/dbt"""


def measure(given: argparse.Namespace) -> Iterator[Line]:
    """The chosen measurements, line by line."""
    for part in given.only or PARTS:
        if part == "small":
            yield from small_commands(given.rounds, show)
        elif part == "memory":
            for leads in given.leads or SIZES[-1:]:
                yield from limited("duckdb", leads, given.rounds, show)
        else:
            for leads in given.leads or SIZES:
                yield from refreshes(part, leads, given.rounds, given.dbt, show)


def hold_against_kept(lines: list[Line]) -> None:
    """Exits with the lines that grew worse; names those that there is nothing to hold against."""
    kept = ratios.load().lines
    known = {line.title for line in kept}
    for line in lines:
        if line.title not in known:
            show(f"not kept yet: {line.title}")
    if worse := ratios.regressions(lines, kept):
        raise SystemExit("\n".join(worse))


def show(progress: str) -> None:
    """Progress goes to stderr."""
    print(progress, file=sys.stderr, flush=True)


def machine(rounds: int) -> str:
    """What figures depend on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "ibis-framework"))
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {python}, {libraries}; medians of {count_of(rounds, 'round')}"


def write_readme() -> None:
    """Puts the kept figures into the README."""
    text = ratios.README.read_text(encoding="utf-8")
    ratios.README.write_text(ratios.readme_with(text, ratios.load()), encoding="utf-8")


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, help="some of the measurements")
    parser.add_argument("--leads", nargs="+", type=int, help=f"sizes (default {SIZES})")
    parser.add_argument("--rounds", type=int, default=5, help="how often (default 5)")
    parser.add_argument("--dbt", type=Path, default=shutil.which("dbt"), help="the program dbt")
    parser.add_argument("--keep", action="store_true", help="write ratios.json and the README")
    parser.add_argument("--readme", action="store_true", help="only write the README's tables")
    return parser.parse_args()


def main() -> None:
    """Measures, prints, and compares with what is kept, or keeps it."""
    given = read_arguments()
    if given.readme:
        write_readme()
        return
    if not given.dbt:
        show(NO_DBT)
    if missing := not_by_hand():
        show(f"left out, as there is no SQL by hand: {', '.join(missing)}")
    lines = []
    try:
        for line in measure(given):
            print(line, flush=True)
            lines.append(line)
            if given.keep:
                ratios.keep([line], machine(given.rounds))
    except Failed as failure:
        raise SystemExit(str(failure)) from None
    if given.keep:
        write_readme()
    else:
        hold_against_kept(lines)


if __name__ == "__main__":
    main()
