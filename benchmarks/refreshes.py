"""Whole refreshes: against hand-written SQL, without changes, within a limit, and against dbt."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.commands import Subject
from benchmarks.databases import TITLES, database
from benchmarks.dbt import Dbt
from benchmarks.hand_written import QUERIES
from benchmarks.ratios import Line, compared
from benchmarks.usage import Failed, Usage, server_of

from crm_ibis.metrics import catalog

LIMIT = "1GB"
WITHIN = Usage(0, 0, 1536)
"""Of memory, at most, with that limit."""

Show = Callable[[str], None]


def published_by_hand() -> list[str]:
    """The tables of a plain refresh that there is hand-written SQL for."""
    return [name for name in catalog.published_tables() if name in QUERIES]


def not_by_hand() -> list[str]:
    """The tables of a plain refresh that are not measured."""
    return [name for name in catalog.published_tables() if name not in QUERIES]


def refreshes(kind: str, leads: int, rounds: int, dbt: Path | None, show: Show) -> list[Line]:
    """In rounds, one after the other: a first refresh, one that changes nothing, the tables by
    hand, and dbt's build of them where there is one. Raises Failed when cells differ."""
    with database(kind) as url:
        subject = Subject(url, server_of(url), published_by_hand())
        if kind == "postgres" and subject.server.postmaster is None:
            show("the server is on another machine: its CPU and its memory are not counted")
        subject.load(leads)
        project = Dbt(dbt, subject) if dbt else None
        used: dict[str, list[Usage]] = {"first": [], "again": [], "by hand": [], "dbt": []}
        for number in range(rounds):
            show(f"{TITLES[kind]}, {leads:,} leads: round {number + 1} of {rounds}")
            subject.clear()
            used["first"].append(subject.refresh()[0])
            used["again"].append(_unchanged(subject))
            used["by hand"].append(subject.by_hand())
            if number == 0:
                subject.compare()
            if project:
                used["dbt"].append(project.build())
    return _lines(used, TITLES[kind], leads)


def limited(kind: str, leads: int, rounds: int, show: Show) -> list[Line]:
    """The memory of a refresh that has a limit, against what it must stay within."""
    with database(kind) as url:
        subject = Subject(url, server_of(url), published_by_hand())
        subject.load(leads)
        used = []
        for number in range(rounds):
            show(f"{TITLES[kind]}, {leads:,} leads, {LIMIT}: round {number + 1} of {rounds}")
            subject.clear()
            used.append(subject.refresh(LIMIT)[0])
    what = f"refresh with CRM_IBIS_MEMORY_LIMIT={LIMIT}"
    held = ([WITHIN] * rounds, ("mib",))
    return [compared(what, "1.5 GiB", used, *held, database=TITLES[kind], leads=leads)]


def _unchanged(subject: Subject) -> Usage:
    usage, written = subject.refresh()
    if written:
        raise Failed(f"a refresh that should change nothing wrote {written:,} rows")
    return usage


def _lines(used: dict[str, list[Usage]], database: str, leads: int) -> list[Line]:
    def line(what: str, against: str, ours: str, other: str) -> Line:
        return compared(what, against, used[ours], used[other], database=database, leads=leads)

    lines = [
        line("whole refresh", "by hand", "first", "by hand"),
        line("refresh without changes", "first refresh", "again", "first"),
    ]
    if used["dbt"]:
        lines.append(line("whole refresh", "dbt build", "first", "dbt"))
    return lines
