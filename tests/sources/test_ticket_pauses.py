"""The source of pauses: optional, and what breaks its contract."""

from datetime import datetime

import pytest

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)
TICKETS = "id | created_at | resolved_at\nt1 | 2024-02-05 | 2024-02-06"


def test_without_the_table_nothing_was_ever_paused(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TICKETS)
    refresh(warehouse, ["ticket_sla"], as_of=AS_OF)
    (row,) = read(warehouse, "ticket_sla")
    assert (row["is_paused"], row["resolution_business_hours"]) == (False, 24)


def test_a_table_of_pauses_is_read_once_it_is_there(warehouse: Warehouse) -> None:
    pauses = "ticket_id | paused_at | resumed_at\nt1 | 2024-02-05 06:00 | 2024-02-05 09:00"
    store(warehouse, tickets=TICKETS, ticket_pauses=pauses)
    done = refresh(warehouse, ["ticket_sla", "ticket_sla_compliance"], as_of=AS_OF)
    assert "ticket_pauses" in {table.table for table in done.tables}
    (row,) = read(warehouse, "ticket_sla")
    assert (row["resolution_hours"], row["resolution_business_hours"]) == (24, 21)
    (counted,) = read(warehouse, "ticket_sla_compliance")
    assert counted["avg_resolution_hours"] == 24
    assert counted["avg_resolution_business_hours"] == 21


@pytest.mark.parametrize(
    ("pauses", "broken"),
    [
        ("t2 | 2024-02-05 | -", "ticket_id is an id of tickets"),
        ("t1 | 2024-02-05 | 2024-02-04", "resumed_at is not before paused_at"),
        ("t1 | 2024-02-05 | -\nt1 | 2024-02-05 | 2024-02-06", "ticket_id, paused_at is unique"),
        ("t1 | - | 2024-02-05", "paused_at is not null"),
    ],
)
def test_wrong_pauses_stop_a_refresh(warehouse: Warehouse, pauses: str, broken: str) -> None:
    drawing = f"ticket_id | paused_at | resumed_at\n{pauses}"
    store(warehouse, tickets=TICKETS, ticket_pauses=drawing)
    with pytest.raises(ChecksFailed) as caught:
        refresh(warehouse, ["ticket_sla"], as_of=AS_OF)
    (violation,) = caught.value.violations
    assert (violation.table, violation.check) == ("ticket_pauses", broken)
