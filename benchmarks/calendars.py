"""What calendars and pauses cost a refresh of the ticket tables, or of all tables.

    python -m benchmarks.calendars                           both databases, 3 million tickets
    python -m benchmarks.calendars duckdb 300000             a quick look
    python -m benchmarks.calendars --whole                   a refresh of everything

Whole processes in turn: without calendars, with four of them, and with pauses too. Exits 1 when
calendars cost more than half of what a refresh takes without.
"""

import argparse
import sys
from pathlib import Path

import duckdb
from benchmarks.commands import CRM_IBIS, settings
from benchmarks.databases import (
    DATA,
    ROOT,
    SCHEMAS,
    TITLES,
    database,
    drop,
    load,
    settings_of,
)
from benchmarks.generate import AS_OF, SOURCES, generate
from benchmarks.ratios import Line, compared
from benchmarks.usage import Usage, measured, server_of

from crm_ibis.warehouse import open_warehouse

TICKETS = 3_000_000
TABLES = ("ticket_queue", "ticket_sla_compliance")
"""Those of the job that judges tickets."""
MOST = 1.5
WEEK = ("mon", "tue", "wed", "thu", "fri")
PARAMS = f"""
default_calendar: zurich
sla: {{critical: {{response: 1, resolution: 4, calendar: always}}}}
calendars:
  zurich:
    time_zone: Europe/Zurich
    hours: {{{", ".join(f'{day}: ["08:00-12:00", "13:00-17:30"]' for day in WEEK)}}}
    holidays: {{country: CH, subdivision: ZH}}
  new_york:
    time_zone: America/New_York
    hours: {{{", ".join(f'{day}: ["09:00-17:00"]' for day in WEEK)}, sat: ["10:00-14:00"]}}
    holidays: {{country: US}}
  sydney:
    time_zone: Australia/Sydney
    hours: {{{", ".join(f'{day}: ["00:00-06:00", "22:00-24:00"]' for day in WEEK)}}}
"""
CALENDAR_OF = """
CASE CAST(substring(id, 5) AS INTEGER) % 4
WHEN 0 THEN 'zurich' WHEN 1 THEN 'new_york' WHEN 2 THEN 'sydney' END
"""
PAUSES = """
copy (
    with ended as (
        select id, created_at, resolved_at - created_at as length
        from '{folder}/tickets.parquet' where hash(id) % 4 = 0
    )
    select
        id as ticket_id,
        created_at + coalesce(length, interval 8 hours) * (nth + 1) / 4 as paused_at,
        paused_at + length / 8 as resumed_at
    from ended, range((1 + hash(id, 1) % 3)::int) as r(nth)
) to '{folder}/ticket_pauses.parquet'
"""
"""A quarter of the tickets was paused one to three times; unresolved ones still are."""


def tickets_of(number: int, whole: bool) -> Path:
    """Generated tickets of two years, with facilities and pauses, or all sources; made once."""
    folder = DATA / f"tickets-{number}{'-whole' * whole}"
    if not (folder / "ticket_pauses.parquet").exists():
        generate(number // 2, folder, sources=SOURCES if whole else ("facilities", "tickets"))
        duckdb.sql(PAUSES.format(folder=folder))
    return folder


class Tickets:
    """A database with generated tickets."""

    def __init__(self, url: str, number: int, whole: bool = False) -> None:
        self.url = url
        self.tables = () if whole else TABLES
        self.server = server_of(url)
        with open_warehouse(settings_of(url)) as warehouse:
            drop(warehouse, SCHEMAS)
            load(warehouse, tickets_of(number, whole))
            if warehouse.dialect == "duckdb":  # where a source is what its Parquet file holds
                facilities = warehouse.quote(warehouse.raw, "facilities")
                warehouse.run(f"ALTER TABLE {facilities} ADD COLUMN calendar VARCHAR")

    def refresh(self, params: Path | None, with_pauses: bool) -> Usage:
        """A first refresh: what it used."""
        self._prepare(params is not None, with_pauses)
        usage, _ = measured(
            [*CRM_IBIS, "refresh", "--as-of", f"{AS_OF}", "--json", *self.tables],
            {**settings(self.url), "CRM_IBIS_PARAMS": str(params or "")},
            server=self.server,
            cwd=ROOT,
        )
        return usage

    def _prepare(self, with_calendars: bool, with_pauses: bool) -> None:
        """Nothing is published, and the sources say what is wanted."""
        with open_warehouse(settings_of(self.url)) as warehouse:
            drop(warehouse, SCHEMAS[1:])
            facilities = warehouse.quote(warehouse.raw, "facilities")
            calendar = CALENDAR_OF if with_calendars else "NULL"
            warehouse.run(f"UPDATE {facilities} SET calendar = {calendar}")
            names = ("ticket_pauses", "pauses_away")
            source, target = names[::-1] if with_pauses else names
            if source in warehouse.tables(warehouse.raw):
                pauses = warehouse.quote(warehouse.raw, source)
                warehouse.run(f"ALTER TABLE {pauses} RENAME TO {target}")


def costs(kind: str, number: int, rounds: int, whole: bool) -> list[Line]:
    """What calendars, and calendars with pauses, cost beside neither."""
    params = DATA / "calendars.yml"
    DATA.mkdir(exist_ok=True)
    params.write_text(PARAMS, encoding="utf-8")
    plain: list[Usage] = []
    judged: list[Usage] = []
    paused: list[Usage] = []
    with database(kind) as url:
        tickets = Tickets(url, number, whole)
        for each in range(rounds):
            show(f"{TITLES[kind]}, {number:,} tickets: round {each + 1} of {rounds}")
            plain.append(tickets.refresh(None, with_pauses=False))
            judged.append(tickets.refresh(params, with_pauses=False))
            paused.append(tickets.refresh(params, with_pauses=True))
    where = f"{TITLES[kind]}, {number:,} tickets: "
    return [
        compared(f"{where}with calendars", "without", judged, plain),
        compared(f"{where}with calendars and pauses", "without", paused, plain),
    ]


def show(progress: str) -> None:
    """Progress goes to stderr."""
    print(progress, file=sys.stderr, flush=True)


def main() -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", nargs="?", choices=list(TITLES))
    parser.add_argument("tickets", type=int, nargs="?", default=TICKETS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--whole", action="store_true", help="all tables, not only those of tickets"
    )
    given = parser.parse_args()
    worse = False
    for kind in [given.kind] if given.kind else TITLES:
        lines = costs(kind, given.tickets, given.rounds, given.whole)
        print(*lines, sep="\n", flush=True)
        worse |= lines[0].ratios["seconds"] > MOST
    if worse:
        raise SystemExit(f"calendars cost more than {MOST} times as much as a refresh without")


if __name__ == "__main__":
    main()
