"""facilities.calendar names a calendar of the parameters, or the row breaks its contract."""

from datetime import datetime

import pytest
from mappings import SourcesFile

from crm_ibis.config.params import Params
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.publishing.check import check
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import assuming, read, store
from crm_ibis.warehouse import Warehouse

AS_OF = datetime(2024, 3, 1)
RULE = "calendar is one that the parameters declare"
FACILITIES = """
    id | calendar
    f1 | -
    f2 | office
    f3 | offce
"""
TICKETS = """
    id | facility_id | created_at       | first_response_at | resolved_at
    t1 | f1          | 2024-02-24 10:00 | 2024-02-26 09:00  | 2024-02-26 11:00
    t2 | f2          | 2024-02-24 10:00 | 2024-02-26 09:00  | 2024-02-26 11:00
"""


def office() -> Params:
    return assuming(
        """
        calendars:
          office: {time_zone: UTC, hours: {mon: ["08:00-12:00"], tue: ["08:00-12:00"]}}
        """
    )


def test_an_unknown_calendar_stops_a_refresh_and_is_named(warehouse: Warehouse) -> None:
    store(warehouse, facilities=FACILITIES, tickets=TICKETS)
    with pytest.raises(ChecksFailed) as caught:
        refresh(warehouse, ["ticket_sla"], as_of=AS_OF, params=office())
    (violation,) = caught.value.violations
    assert (violation.table, violation.check, violation.rows) == ("facilities", RULE, 1)
    assert violation.samples == [{"id": "f3", "calendar": "offce"}]


def test_without_calendars_only_always_is_known(warehouse: Warehouse) -> None:
    store(warehouse, facilities="id | calendar\nf1 | always\nf2 | office", tickets=TICKETS)
    (outcome,) = check(warehouse, ["facilities"])
    assert [(v.check, v.rows) for v in outcome.violations] == [(RULE, 1)]


def test_a_facility_in_quarantine_takes_its_tickets_along(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    half = "{on_violation: quarantine, max_quarantined_pct: 50}"
    sources_file.write(f"sources: {{facilities: {half}, tickets: {half}}}")
    store(warehouse, facilities=FACILITIES, tickets=TICKETS + "    t3 | f3 | 2024-02-24 | - | -\n")
    refresh(warehouse, ["ticket_sla"], as_of=AS_OF, params=office())
    rows = {row["ticket_id"]: row for row in read(warehouse, "ticket_sla")}
    assert rows.keys() == {"t1", "t2"}
    # From Saturday to Monday at nine and eleven: around the clock, and in office hours.
    assert rows["t1"]["first_response_business_hours"] == 47
    assert rows["t2"]["first_response_business_hours"] == 1
    assert rows["t2"]["resolution_business_hours"] == 3
