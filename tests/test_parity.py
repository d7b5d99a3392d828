"""DuckDB, PostgreSQL and SQL written by hand give the same cells.

All facts and KPIs, on data full of edge cases.
"""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from benchmarks.cells import all_differences
from benchmarks.hand_written import QUERIES
from benchmarks.hand_written.__main__ import build

from crm_ibis.config.params import Params
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.metrics import graph
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import assuming
from crm_ibis.warehouse import Warehouse, open_warehouse

AS_OF = datetime(2024, 3, 1)
MICROSECOND = timedelta(microseconds=1)
PERCENTILES = ("median_", "p90_")
SLA_HOURS = {"critical": (1, 4), "high": (2, 24), "medium": (4, 72), "low": (8, 120)}
REPS = ["rep_1", "Zoë", "李雷", "o'neil; --", "straße 🚀", "Rep_1"]
MONTHS = [datetime(2023, m, 1) for m in (9, 10, 12)] + [datetime(2024, m, 1) for m in (1, 2)]
"""November is left out: previous months must not reach over the gap."""


class Edges:
    """Rows of every source, drawn so that borders are hit often."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.facilities = ["f1", "f2", "Łódź", "f-empty"]
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.rows["facilities"] = [
            {"id": f, "name": f"Facility {f}, “main”", "created_at": MONTHS[0] - timedelta(days=9)}
            for f in self.facilities
        ]
        for source, count in (
            ("leads", 400),
            ("opportunities", 200),
            ("tickets", 300),
            ("satisfaction", 150),
            ("outreach", 500),
            ("applications", 150),
            ("invoices", 150),
        ):
            draw = getattr(self, source)
            self.rows[source] = [{"id": f"{source}-{i}", **draw()} for i in range(count)]

    def facility(self) -> str:
        return self.random.choice(self.facilities[:3])

    def moment(self) -> datetime:
        """Often the very border of a month or of `as_of`, and now and then after it."""
        border = self.random.choice([*MONTHS, AS_OF, AS_OF + MICROSECOND])
        if self.random.random() < 0.2:
            return border
        anywhere = self.random.choice(MONTHS) + timedelta(
            microseconds=self.random.randrange(28 * 86_400_000_000)
        )
        return min(anywhere, AS_OF) if self.random.random() < 0.9 else AS_OF + timedelta(days=3)

    def later(self, start: datetime, never: float = 0.2) -> datetime | None:
        """An event at or after `start`, at times on `as_of` or past it, at times never."""
        if self.random.random() < never:
            return None
        if start < AS_OF and self.random.random() < 0.15:
            return AS_OF + self.random.choice([-1, 0, 1]) * MICROSECOND
        days = self.random.choice([0, 1, 20, 40, 90])
        return start + timedelta(days=days, microseconds=self.random.randrange(10**10))

    def amount(self) -> Decimal:
        """Zeros, whole sums, and cents that tie when they are rounded."""
        return self.random.choice(
            [
                Decimal(0),
                Decimal("0.005"),
                Decimal("2.675"),
                Decimal("1000000.015"),
                Decimal(self.random.randrange(10**9)) / 10**6,
                Decimal(self.random.randrange(10**7)) / 100,
            ]
        )

    def leads(self) -> dict[str, Any]:
        created = self.moment()
        return {
            "facility_id": self.facility(),
            "rep_id": self.random.choice(REPS),
            "status": "any",
            "stage": self.random.choice(["lead", "sql", "opportunity", "won", "lost"]),
            "amount": self.amount(),
            "win_probability": self.random.choice(
                [None, Decimal(0), Decimal(1), Decimal("0.8"), Decimal("0.123456"), Decimal("0.5")]
            ),
            "created_at": created,
            "updated_at": self.later(created, never=0),
            "qualified_at": self.later(created, never=0.5),
            "closed_at": self.later(created, never=0.5),
        }

    def opportunities(self) -> dict[str, Any]:
        created = self.moment()
        return {
            "lead_id": f"leads-{self.random.randrange(400)}",
            "rep_id": self.random.choice(REPS),
            "status": self.random.choice(["open", "won", "lost"]),
            "amount": self.amount(),
            "created_at": created,
            "closed_at": self.later(created, never=0.4),
        }

    def tickets(self) -> dict[str, Any]:
        created = self.moment()
        priority = self.random.choice(list(SLA_HOURS))
        response, resolution = (timedelta(hours=hours) for hours in SLA_HOURS[priority])
        step = self.random.choice([-1, 0, 1]) * MICROSECOND
        on_the_dot = self.random.random() < 0.5
        return {
            "facility_id": self.facility(),
            "priority": priority,
            "status": "any",
            "created_at": self.random.choice([created, AS_OF - resolution, AS_OF - response]),
            "first_response_at": created + response + step if on_the_dot else None,
            "resolved_at": created + resolution + step if on_the_dot else self.later(created),
        }

    def satisfaction(self) -> dict[str, Any]:
        kind = self.random.choice(["csat", "nps"])
        return {
            "facility_id": self.facility(),
            "survey_type": kind,
            "score": self.random.randint(1, 5) if kind == "csat" else self.random.randint(0, 10),
            "created_at": self.moment(),
            "feedback": self.random.choice([None, "naïve, “quoted”\nand broken"]),
        }

    def outreach(self) -> dict[str, Any]:
        sent = self.moment()
        return {
            "facility_id": self.facility(),
            "lead_id": self.random.choice([None, f"leads-{self.random.randrange(400)}"]),
            "rep_id": self.random.choice([None, *REPS]),
            "channel": self.random.choice(["email", "phone", "Ünïcode", "social"]),
            "sent_at": sent,
            "response_received": self.random.random() < 0.5,
            "responded_at": self.later(sent, never=0.5),
            "converted": self.random.random() < 0.2,
            "created_at": self.random.choice([sent, MONTHS[0]]),
        }

    def applications(self) -> dict[str, Any]:
        created = self.moment()
        return {
            "facility_id": self.facility(),
            "candidate_id": "c",
            "status": self.random.choice(["pending", "interview", "hired", "rejected"]),
            "compliance_score": self.random.choice(
                [None, Decimal(80), Decimal("79.999999"), Decimal(0), Decimal("33.333333")]
            ),
            "has_violations": self.random.random() < 0.3,
            "created_at": created,
            "hired_at": self.later(created, never=0.4),
        }

    def invoices(self) -> dict[str, Any]:
        created = self.moment()
        return {
            "facility_id": self.facility(),
            "amount": self.amount() * self.random.choice([1, 1, -1]),
            "status": self.random.choice(["pending", "paid", "cancelled"]),
            "created_at": created,
            "paid_at": self.later(created, never=0.4),
        }

    def write(self, folder: Path) -> None:
        """The rows as CSV; `updated_at` follows the latest event, no event lies before creation."""
        for source, rows in self.rows.items():
            columns = list(contracts()[source].schema)
            with (folder / f"{source}.csv").open("w", encoding="utf-8", newline="") as file:
                out = csv.writer(file)
                out.writerow(columns)
                for row in rows:
                    start = row.get("sent_at") or row.get("paused_at") or row.get("created_at")
                    for name, cell in row.items():
                        if name.endswith("_at") and cell is not None and name != "created_at":
                            row[name] = max(cell, start or cell)
                    row.setdefault("updated_at", row.get("created_at"))
                    out.writerow([row.get(column) for column in columns])


@pytest.fixture
def both(
    duckdb_settings: Settings, postgres_settings: Settings
) -> Iterator[tuple[Warehouse, Warehouse]]:
    with open_warehouse(duckdb_settings) as duckdb, open_warehouse(postgres_settings) as postgres:
        yield duckdb, postgres


def published(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    key = contracts()[name].key
    rows = warehouse.rows(warehouse.table(warehouse.analytics, name))
    return sorted(rows, key=lambda row: [str(row[column]) for column in key])


NAMES = [*graph.kpi_functions(), *graph.fact_functions()]


def refreshed(
    warehouse: Warehouse,
    folder: Path,
    edges: Edges,
    params: Params | None = None,
    as_of: datetime = AS_OF,
    names: list[str] = NAMES,
) -> None:
    edges.write(folder)
    warehouse.ensure_schema(warehouse.raw)
    for source in (contracts()[name] for name in edges.rows):
        warehouse.create_table(warehouse.raw, source.name, source.schema)
        file = folder / f"{source.name}.csv"
        warehouse.load_csv(warehouse.raw, source.name, list(source.schema), file)
    refresh(warehouse, names, as_of=as_of, params=params)


def differences_by_hand(warehouse: Warehouse) -> list[str]:
    """Where SQL that was written by hand from the definitions gives other cells."""
    schema = f"{warehouse.analytics}_by_hand"
    names = [name for name in NAMES if name in QUERIES]
    build(warehouse.run, warehouse.dialect, warehouse.raw, schema, AS_OF, names)
    try:
        return all_differences(warehouse, schema, names)
    finally:
        warehouse.run(f"DROP SCHEMA {schema} CASCADE")


@pytest.mark.parametrize("seed", [1, 2])
def test_both_databases_and_sql_by_hand_give_the_same_cells(
    both: tuple[Warehouse, Warehouse], tmp_path: Path, seed: int
) -> None:
    for warehouse in both:
        refreshed(warehouse, tmp_path, Edges(seed))
        assert differences_by_hand(warehouse) == []
    assert cells_compared(both) > 20_000


EVERYTHING = """
reporting: {currency: EUR}
default_calendar: office
sla: {critical: {response: 1, resolution: 4, calendar: always}}
calendars:
  office:
    time_zone: Europe/Zurich
    hours: {mon: ["08:00-12:00", "13:00-17:30"], wed: ["00:00-24:00"], sun: ["01:30-03:30"]}
    holidays: {country: CH, subdivision: ZH}
    closed: [2024-01-10]
    open: {2024-01-13: ["09:00-12:30"]}
  evenings:
    time_zone: America/New_York
    hours: {mon: ["18:00-24:00"], tue: ["18:00-24:00"], sat: ["00:00-24:00"]}
"""
"""Calendars of priorities, facilities and the default; amounts in one of several currencies."""


def edges_of_everything(seed: int) -> Edges:
    """Edges with pauses, facilities' calendars, and amounts in several currencies."""
    edges = Edges(seed)
    random = edges.random
    for facility, calendar in zip(
        edges.rows["facilities"], ("evenings", None, "always", "office"), strict=True
    ):
        facility["calendar"] = calendar
    edges.rows["ticket_pauses"] = [
        {"ticket_id": ticket["id"], "paused_at": paused_at, "resumed_at": edges.later(paused_at)}
        for ticket in edges.rows["tickets"]
        for paused_at in {edges.moment() for _ in range(random.choice((0, 1, 3)))}
    ]
    for source in ("leads", "opportunities", "invoices"):
        for row in edges.rows[source]:
            row["currency"] = random.choice([None, "EUR", "USD", "JPY"])
    days = [datetime(1990, 1, 1), *MONTHS, AS_OF, *(edges.moment() for _ in range(20))]
    # Half of the sixth place is reached by 0.01 x 0.00005.
    edges.rows["exchange_rates"] = [
        {"currency": currency, "valid_from": day, "rate": random.choice(rates)}
        for currency, rates in {
            "EUR": (1, 2),
            "USD": ("0.9", "0.912345678901", "1.05"),
            "JPY": ("0.00005", "0.000000500001", "0.006123456789"),
        }.items()
        for day in {moment.date() for moment in days}
    ]
    return edges


@pytest.mark.parametrize("seed", [3, *(pytest.param(n, marks=pytest.mark.e2e) for n in (4, 5, 6))])
def test_both_databases_give_the_same_cells_with_calendars_pauses_and_currencies(
    both: tuple[Warehouse, Warehouse], tmp_path: Path, seed: int
) -> None:
    edges = edges_of_everything(seed)
    for warehouse in both:
        refreshed(warehouse, tmp_path, edges, assuming(EVERYTHING))
    assert cells_compared(both) > 20_000
    queue = published(both[0], "ticket_queue")
    assert len({row["is_paused"] for row in queue}) == 2


@pytest.mark.e2e
def test_both_databases_give_the_same_cells_at_the_rates_of_one_day(
    both: tuple[Warehouse, Warehouse], tmp_path: Path
) -> None:
    edges = edges_of_everything(7)
    fixed = EVERYTHING.replace("currency: EUR", "currency: EUR, rates_as_of: 2024-01-01")
    for warehouse in both:
        refreshed(warehouse, tmp_path, edges, assuming(fixed))
    assert cells_compared(both) > 20_000


@pytest.mark.e2e
@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Apia"])
def test_both_databases_give_the_same_cells_in_a_reporting_zone(
    both: tuple[Warehouse, Warehouse], tmp_path: Path, zone: str
) -> None:
    """With all else switched on too; many rows lie on borders of months."""
    edges = edges_of_everything(4)
    params = assuming(EVERYTHING.replace("currency: EUR", f"currency: EUR, time_zone: {zone}"))
    for warehouse in both:
        refreshed(warehouse, tmp_path, edges, params)
    assert cells_compared(both) > 20_000


@pytest.mark.e2e
def test_months_of_tokyo_are_those_of_utc_nine_hours_later(
    both: tuple[Warehouse, Warehouse], tmp_path: Path
) -> None:
    """Where the offset never changes, a zone is as good as other instants in every source."""
    edges = Edges(5)
    later = Edges(5)
    ahead = timedelta(hours=9)
    for row in (row for rows in later.rows.values() for row in rows):
        row |= {c: cell + ahead for c, cell in row.items() if isinstance(cell, datetime)}
    tokyo = assuming("reporting: {time_zone: Asia/Tokyo}")
    refreshed(both[0], tmp_path, edges, tokyo)
    refreshed(both[1], tmp_path, later, as_of=AS_OF + ahead)
    assert cells_compared(both, ahead) > 20_000


def cells_compared(both: tuple[Warehouse, Warehouse], ahead: timedelta = timedelta()) -> int:
    """How many cells of all tables there are, all of which are the same on both databases.

    The instants of the second one are later.
    """
    compared = 0
    for name in NAMES:
        ours, theirs = (published(warehouse, name) for warehouse in both)
        assert len(ours) == len(theirs) > 0
        for one, other in zip(ours, theirs, strict=True):
            for column in one:
                compared += 1
                if isinstance(other[column], datetime):
                    other[column] -= ahead
                if column.startswith(PERCENTILES) and one[column] is not None:
                    assert one[column] == pytest.approx(other[column], abs=1e-9)
                else:
                    assert (one[column], type(one[column])) == (other[column], type(other[column]))
    return compared
