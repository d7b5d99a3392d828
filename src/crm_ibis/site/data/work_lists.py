"""The rows that people work from, of the published queues: which, in which order, how many."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ibis import Table, asc, desc

from crm_ibis.warehouse import Warehouse

MAX_ROWS = 200
"""What the page carries of one list: the first in its order."""


@dataclass(frozen=True)
class WorkList:
    """Rows of a queue with one value of a column, the most urgent first."""

    name: str
    title: str
    table: str
    columns: tuple[str, ...]
    """What is shown: the key, then what orders the list, so that a phone has it in sight."""
    only: tuple[str, str]
    """A column, and the value that it must have."""
    first: tuple[str, str]
    """The column by which the most urgent comes first, and its order: `asc` or `desc`."""
    note: str
    nothing: str

    def query(self, table: Table) -> Table:
        """All its rows as an expression, in their order."""
        column, direction = self.first
        urgent = desc(column) if direction == "desc" else asc(column)
        mine = table.filter(table[self.only[0]] == self.only[1])
        return mine.select(*self.columns).order_by([urgent, self.columns[0]])

    def command(self, rows: int) -> str:
        """The command that shows that many of its rows."""
        column, value = self.only
        return f"crm-ibis show {self.table} --where \"{column} = '{value}'\" --limit {rows}"


@dataclass(frozen=True)
class Listed:
    """A list as it is published; `rows` are the first of `total`."""

    rows: list[dict[str, Any]]
    total: int


QUEUE = "ticket_queue"
PAUSED = "is_paused"
TICKET = ("facility_id", "priority", "created_at")
STATES = ("response_due_at", "response_state", "resolution_due_at", "resolution_state", PAUSED)
LISTS = (
    WorkList(
        name="open-breaches",
        title="Open breaches",
        table=QUEUE,
        columns=("ticket_id", "age_hours", *TICKET, *STATES),
        only=("sla_state", "breached"),
        first=("age_hours", "desc"),
        note="Tickets that are open and past a target.",
        nothing="No ticket is open and past a target.",
    ),
    WorkList(
        name="due-next",
        title="Due next",
        table=QUEUE,
        columns=("ticket_id", "hours_left", *TICKET, *STATES),
        only=("sla_state", "pending"),
        first=("hours_left", "asc"),
        note="Tickets that are open and past no target; the time left runs to the nearest one.",
        nothing="No open ticket has a target ahead.",
    ),
    WorkList(
        name="stale-deals",
        title="Stale deals",
        table="deal_queue",
        columns=(
            *("lead_id", "idle_days", "facility_id", "rep_id", "stage", "amount"),
            *("weighted_value", "last_activity_at", "age_days"),
        ),
        only=("attention", "stale"),
        first=("idle_days", "desc"),
        note="Open leads that nobody has touched for more than {stale_days} days.",
        nothing="No open lead has been left alone for that long.",
    ),
)
"""What the page of lists shows."""


def listed_tables() -> set[str]:
    """The tables that a list is made of."""
    return {each.table for each in LISTS}


def read(warehouse: Warehouse, there: Collection[str]) -> dict[str, Listed]:
    """The lists whose tables are there, by name; call in the transaction of all reading."""
    wanted = [each for each in LISTS if each.table in there]
    tables = {
        name: warehouse.table(warehouse.analytics, name) for name in listed_tables() & {*there}
    }
    # A table that another version published may lack a column.
    readable = [w for w in wanted if {*w.columns, w.only[0]} <= {*tables[w.table].columns}]
    return {each.name: _read(warehouse, each.query(tables[each.table])) for each in readable}


def _read(warehouse: Warehouse, rows: Table) -> Listed:
    (counted,) = warehouse.rows(rows.aggregate(row_count=rows.count()))
    return Listed(warehouse.rows(rows.limit(MAX_ROWS)), int(counted["row_count"]))


def count_paused(warehouse: Warehouse, there: Collection[str]) -> int | None:
    """How many open tickets were paused when the queue was published; null where nobody knows."""
    if QUEUE not in there:
        return None
    queue = warehouse.table(warehouse.analytics, QUEUE)
    if PAUSED not in queue.columns:  # published by another version
        return None
    (counted,) = warehouse.rows(queue.aggregate(paused=queue.count(where=queue[PAUSED])))
    return int(counted["paused"])


def facilities_in(found: dict[str, Listed]) -> set[str]:
    """The ids of the facilities that the lists name."""
    return {row["facility_id"] for each in found.values() for row in each.rows}
