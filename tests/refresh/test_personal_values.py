"""Values of rows stay out of logs and alerts; a terminal shows those that cannot be personal."""

from datetime import datetime, timedelta

import pytest
from reports import into
from stored import raw, runs

from crm_ibis.config.declarations import get_job
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.contracts.models import HIDDEN
from crm_ibis.errors import CrmIbisError, DatabaseError
from crm_ibis.operations import jobs
from crm_ibis.operations.outcomes import JobRun
from crm_ibis.publishing.check import (
    check,
)
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)
ADDRESS = "jo.doe@example.com"


def everything_logged(warehouse: Warehouse) -> str:
    tables = [warehouse.table(warehouse.meta, name) for name in warehouse.tables(warehouse.meta)]
    return str([warehouse.rows(table) for table in tables])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("urgent", True),
        ("very high", True),
        ("P-1", True),
        (ADDRESS, False),
        ("0041791234567", False),
        ("please call me back at noon", False),
        ("a" * 31, False),
        ("", False),
    ],
)
def test_a_value_of_a_closed_list_is_shown_where_it_looks_like_one(
    warehouse: Warehouse, value: str, shown: bool
) -> None:
    store(warehouse, tickets="id\nt1")
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET priority = ?", [value])
    with pytest.raises(ChecksFailed) as failed:
        refresh(warehouse, ["ticket_sla_compliance"], as_of=AS_OF)
    error = failed.value
    assert f"id=t1, priority={value if shown else HIDDEN}" in error.detailed
    assert str(error).splitlines()[1:3] == [
        "tickets: priority is one of critical, high, medium, low: 1 row",
        "    id=t1",
    ]
    assert runs(warehouse)[-1]["error"] == str(error)
    (violation,) = check(warehouse, ["tickets"])[0].violations
    assert violation.samples == [{"id": "t1", "priority": value if shown else HIDDEN}]


def test_numbers_instants_and_ids_are_shown_and_free_text_is_not(warehouse: Warehouse) -> None:
    store(
        warehouse,
        leads="id | facility_id | amount | created_at | closed_at\n"
        "l1 | f9 | -5 | 2024-01-02 | 2024-01-01",
    )
    warehouse.run(f"UPDATE {raw(warehouse, 'leads')} SET rep_id = NULL, stage = ?", [ADDRESS])
    samples = {v.check: v.samples for v in check(warehouse, ["leads"])[0].violations}
    assert samples["amount >= 0"] == [{"id": "l1", "amount": -5}]
    assert samples["facility_id is an id of facilities"] == [{"id": "l1", "facility_id": "f9"}]
    assert samples["rep_id is not null"] == [{"id": "l1", "rep_id": None}]
    assert samples["closed_at is not before created_at"] == [
        {"id": "l1", "closed_at": datetime(2024, 1, 1), "created_at": datetime(2024, 1, 2)}
    ]
    assert ADDRESS not in str(samples)
    warehouse.run(f"UPDATE {raw(warehouse, 'leads')} SET facility_id = ?", [ADDRESS])
    samples = {v.check: v.samples for v in check(warehouse, ["leads"])[0].violations}
    assert samples["facility_id is an id of facilities"] == [{"id": "l1", "facility_id": HIDDEN}]


def test_a_job_leaves_no_value_in_logs_and_errors(warehouse: Warehouse) -> None:
    store(warehouse, tickets="id\nt1")
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET priority = 'Jo Doe'")
    lines: list[str] = []
    run = JobRun("ticket_sla", get_job("ticket_sla"), AS_OF + timedelta(hours=1))
    with pytest.raises(CrmIbisError) as failed:
        jobs.attempt(warehouse.settings, run, 1, into(lines))
    assert "Jo Doe" not in str(failed.value)
    assert "Jo Doe" not in str(lines)
    assert "Jo Doe" not in str(failed.value.broken)
    assert "Jo Doe" not in everything_logged(warehouse)
    assert "Jo Doe" in failed.value.detailed


def test_a_driver_quotes_no_value(warehouse: Warehouse) -> None:
    with pytest.raises(DatabaseError) as failed:
        warehouse.fetch(f"SELECT CAST(v AS INTEGER) FROM (SELECT '{ADDRESS}' AS v) AS t")
    assert ADDRESS not in str(failed.value)
    assert HIDDEN in str(failed.value)
