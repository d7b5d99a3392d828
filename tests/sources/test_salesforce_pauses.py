"""Salesforce: pauses of cases, by the history of their status."""

from typing import Any

import pytest
from mappings import SourcesFile, fit_of, land
from systems import LANDED, made

from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import Engine, expect, read
from crm_ibis.warehouse import Warehouse

CASES = """
    id | status  | created_date     | is_deleted
    c0 | Closed  | 2024-01-01 08:00 | false
    c1 | Working | 2024-02-01 08:00 | false
    c2 | On Hold | 2024-02-01 08:00 | false
    c3 | Working | 2024-02-01 08:00 | false
    c4 | On Hold | 2024-02-01 08:00 | false
    c5 | On Hold | 2024-02-01 08:00 | true
    c6 | On Hold | 2023-06-01 08:00 | false
"""
HISTORY = """
    id | case_id | field  | old_value | new_value | created_date
    h0 | c0      | Status | New       | Closed    | 2024-01-02 08:00
    h1 | c1      | Status | New       | On Hold   | 2024-02-01 09:00
    h2 | c1      | Owner  | On Hold   | Working   | 2024-02-01 09:30
    h3 | c1      | Status | On Hold   | Pending   | 2024-02-01 10:00
    h4 | c1      | Status | Pending   | Working   | 2024-02-01 11:00
    h5 | c2      | Status | New       | On Hold   | 2024-02-01 08:00
    h6 | c3      | Status | On Hold   | Working   | 2024-02-01 12:00
    h7 | c5      | Status | New       | On Hold   | 2024-02-01 09:00
"""


def pauses(engine: Engine, pause_on: list[str], **tables: Any) -> list[Any]:
    given = {"case": CASES, "case_history": HISTORY, **tables}
    return made(engine, "salesforce", "ticket_pauses", told={"pause_on": pause_on}, **given)


def test_a_case_is_paused_while_it_has_a_status(engine: Engine) -> None:
    """c1 for an hour, c2 since the second of its creation, c3 from its creation until the change
    that names its first status, c4 since its creation, as it never changed. c5 was deleted. c6 was
    created before the history begins: since when it has been on hold, nobody knows."""
    expect(
        pauses(engine, ["On Hold"]),
        """
        ticket_id | paused_at        | resumed_at
        c1        | 2024-02-01 09:00 | 2024-02-01 10:00
        c2        | 2024-02-01 08:00 | -
        c3        | 2024-02-01 08:00 | 2024-02-01 12:00
        c4        | 2024-02-01 08:00 | -
        """,
    )


def test_statuses_that_both_pause_and_adjoin_are_one_pause(engine: Engine) -> None:
    (pause,) = (r for r in pauses(engine, ["on hold", "Pending"]) if r["ticket_id"] == "c1")
    assert f"{pause['paused_at']:%H:%M} {pause['resumed_at']:%H:%M}" == "09:00 11:00"


def test_without_cases_the_history_alone_counts(engine: Engine) -> None:
    """What began with the case is not seen, and nobody knows that c5 was deleted."""
    expect(
        pauses(engine, ["On Hold"], case=None),
        """
        ticket_id | paused_at        | resumed_at
        c1        | 2024-02-01 09:00 | 2024-02-01 10:00
        c2        | 2024-02-01 08:00 | -
        c5        | 2024-02-01 09:00 | -
        """,
    )


def test_changes_at_one_instant_are_weighed(engine: Engine) -> None:
    """a: New, On Hold, Working in one second: no pause. b: On Hold, Working, Pending: it stays on
    hold, as both pause, and the second changes nothing. c: Working, New, On Hold: it waits."""
    history = """
        case_id | field  | old_value | new_value | created_date
        z       | Status | New       | Closed    | 2024-01-01 08:00
        a       | Status | On Hold   | Working   | 2024-02-01 09:00
        a       | Status | New       | On Hold   | 2024-02-01 09:00
        b       | Status | New       | On Hold   | 2024-02-01 09:00
        b       | Status | Working   | Pending   | 2024-02-01 10:00
        b       | Status | On Hold   | Working   | 2024-02-01 10:00
        b       | Status | Pending   | Closed    | 2024-02-01 11:00
        c       | Status | New       | On Hold   | 2024-02-01 09:00
        c       | Status | Working   | New       | 2024-02-01 09:00
    """
    cases = """
        id | status  | created_date
        a  | Working | 2024-02-01
        b  | Closed  | 2024-02-01
        c  | On Hold | 2024-02-01
    """
    expect(
        pauses(engine, ["On Hold", "Pending"], case=cases, case_history=history),
        """
        ticket_id | paused_at        | resumed_at
        b         | 2024-02-01 09:00 | 2024-02-01 11:00
        c         | 2024-02-01 09:00 | -
        """,
    )


def test_deleted_changes_do_not_count(engine: Engine) -> None:
    history = """
        case_id | field  | old_value | new_value | created_date     | is_deleted
        c1      | Status | New       | On Hold   | 2024-02-01 09:00 | true
    """
    assert pauses(engine, ["On Hold"], case_history=history) == []


YAML = """
schema: {schema}
sources:
  facilities: {{constant: {{id: main, name: Main}}}}
  tickets:
    table: case
    columns:
      facility_id: {{value: main}}
      priority: {{value: low}}
      created_at: created_date
      updated_at: created_date
      first_response_at: {{value: null}}
      resolved_at: {{value: null}}
    leave_out: {{is_deleted: true}}
  ticket_pauses: {{connector: salesforce, pause_on: {pause_on}{more}}}
"""


@pytest.fixture
def cases(warehouse: Warehouse, landed: str) -> str:
    """A schema with cases and their history."""
    land(warehouse, f"{landed}.case", LANDED["salesforce"]["case"], CASES)
    land(warehouse, f"{landed}.case_history", LANDED["salesforce"]["case_history"], HISTORY)
    return landed


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_tickets_of_a_mapping_pause_by_the_history_of_cases(
    warehouse: Warehouse, cases: str, sources_file: SourcesFile
) -> None:
    sources_file.write(YAML.format(schema=cases, pause_on="On Hold", more=""))
    refresh(warehouse, ["ticket_queue"])
    paused = {row["ticket_id"] for row in read(warehouse, "ticket_queue") if row["is_paused"]}
    assert paused == {"c2", "c4"}


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_pauses_are_chosen_by_their_cases(
    warehouse: Warehouse, cases: str, sources_file: SourcesFile
) -> None:
    """Where not every case is a ticket: a join, as for any other source."""
    more = (
        ", join: {its: {table: case, on: {ticket_id: id}}}, only: {its.status: Working}, "
        "columns: {ticket_id: ticket_id}"
    )
    sources_file.write(YAML.format(schema=cases, pause_on="On Hold", more=more))
    refresh(warehouse, ["ticket_queue"])
    assert fit_of(warehouse, "ticket_pauses").rows == 2


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_a_status_that_no_case_has_or_had_is_warned_of(
    warehouse: Warehouse, cases: str, sources_file: SourcesFile
) -> None:
    """A new one may not have been used yet, so that it stops nothing."""
    sources_file.write(YAML.format(schema=cases, pause_on="[On Hold, Onhold]", more=""))
    done = refresh(warehouse, ["ticket_queue"])
    assert [w.check for w in done.warnings] == ["pause_on names statuses that a case has or had"]
    seen = fit_of(warehouse, "ticket_pauses")
    assert [v.severity for v in seen.violations] == ["warn"]
    assert not seen.fails
    assert seen.readings == (
        "paused: while the status is On Hold or Onhold (pause_on), by case_history",
    )
