"""Sources without a column that may be null: null, unless it tells whether an event happened."""

from datetime import datetime
from typing import Any

import mappings
import pytest
from mappings import SourcesFile
from stored import raw

from crm_ibis.contracts.models import contracts
from crm_ibis.errors import DataError
from crm_ibis.publishing.check import check
from crm_ibis.publishing.preflight import FitReport, fit
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import assuming, read, store
from crm_ibis.warehouse import Warehouse

AT = datetime(2024, 3, 1)
TICKETS = """
    id | created_at       | first_response_at | resolved_at
    t1 | 2024-02-01 08:00 | 2024-02-01 11:00  | 2024-02-01 20:00
    t2 | 2024-02-29 23:00 | -                 | -
"""
"""Priority high: t1 was answered too late and resolved in time, t2 is due on 1 March or later."""


def without(warehouse: Warehouse, *columns: str) -> None:
    """Takes columns, as source.column, away from their tables."""
    for source, column in (each.split(".") for each in columns):
        warehouse.run(f"ALTER TABLE {raw(warehouse, source)} DROP COLUMN {column}")


def fit_of(found: FitReport, source: str) -> Any:
    (seen,) = (seen for seen in found.fits if seen.source == source)
    return seen


NULLABLE = [
    f"{contract.name}.{c.name}"
    for contract in contracts().values()
    if contract.kind == "source"
    for c in contract.columns
    if c.nullable
]

CALENDAR_AND_CURRENCY = """
    reporting: {currency: EUR}
    default_calendar: office
    calendars: {office: {time_zone: UTC, hours: {mon: ["08:00-12:00"]}}}
    sla: {low: {resolution: 100h}}
"""


@pytest.mark.e2e
def test_every_column_that_may_be_null_may_be_missing(warehouse: Warehouse) -> None:
    store(
        warehouse,
        leads="id\nl1",
        opportunities="id | lead_id\no1 | l1",
        tickets="id\nt1",
        ticket_pauses="ticket_id | paused_at\nt1 | 2024-01-11",
        exchange_rates="currency | valid_from\nUSD | 2024-01-01",
    )
    without(warehouse, *NULLABLE)
    refresh(warehouse, as_of=AT)
    assert read(warehouse, "monthly_scorecard")[0]["total_leads"] == 1
    assert all(not outcome.problem and not outcome.errors for outcome in check(warehouse))
    found = fit(warehouse)
    assert not found.fails
    assert fit_of(found, "tickets").empty == ("first_response_at", "resolved_at")
    assert fit_of(found, "tickets").undecided == ("first_response_at", "resolved_at")
    assert fit_of(found, "leads").empty == ("qualified_at", "closed_at")
    # A pause that no column ends runs on.
    assert fit_of(found, "ticket_pauses").empty == ("resumed_at",)
    refresh(warehouse, as_of=AT, params=assuming(CALENDAR_AND_CURRENCY), force=True)
    (waiting,) = read(warehouse, "ticket_queue")
    assert (waiting["is_paused"], waiting["resolution_due_at"]) == (True, None)


def test_a_column_that_must_not_be_null_must_be_there(warehouse: Warehouse) -> None:
    store(warehouse)
    without(warehouse, "tickets.priority")
    with pytest.raises(DataError, match=r"column priority \(string\) is missing"):
        refresh(warehouse, ["ticket_sla_compliance"], as_of=AT)
    assert mappings.fit_of(warehouse).missing == ("priority",)


def test_a_missing_probability_is_one_that_no_lead_has(warehouse: Warehouse) -> None:
    store(
        warehouse,
        leads="""
            id | stage       | amount   | win_probability
            l1 | sql         | 1000.005 | -
            l2 | opportunity | 3        | -
            l3 | won         | 70       | -
        """,
    )
    names = ["weighted_pipeline_scenarios", "health_scores"]
    refresh(warehouse, names, as_of=AT)
    before = {name: read(warehouse, name) for name in names}
    without(warehouse, "leads.win_probability")
    outcome = refresh(warehouse, names, as_of=AT)
    assert {name: read(warehouse, name) for name in names} == before
    assert sum(run.changed_rows for run in outcome.published) == 0


def test_first_responses_that_are_not_told_are_no_breaches(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TICKETS)
    without(warehouse, "tickets.first_response_at")
    refresh(warehouse, ["ticket_sla", "ticket_sla_compliance", "health_scores"], as_of=AT)
    states = [
        (row["ticket_id"], row["response_state"], row["resolution_state"], row["sla_state"])
        for row in read(warehouse, "ticket_sla")
    ]
    assert states == [("t1", None, "met", "met"), ("t2", None, "pending", "pending")]
    (row,) = read(warehouse, "ticket_sla_compliance")
    assert (row["targets_decided"], row["targets_met"]) == (1, 1)
    assert row["sla_attainment_pct"] == 100
    assert row["avg_first_response_hours"] is None
    assert [row["sla_health"] for row in read(warehouse, "health_scores")] == [100]


def test_without_either_event_there_is_no_sla_at_all(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TICKETS, applications="compliance_score\n90")
    without(warehouse, "tickets.first_response_at", "tickets.resolved_at")
    names = ["ticket_sla_compliance", "health_scores", "monthly_scorecard"]
    refresh(warehouse, names, as_of=AT)
    (row,) = read(warehouse, "ticket_sla_compliance")
    assert (row["targets_decided"], row["sla_attainment_pct"]) == (0, None)
    assert (row["resolved_tickets"], row["open_tickets"]) == (0, 2)
    # Of January, in which the application came in; February has nothing to measure.
    (score,) = read(warehouse, "health_scores")
    assert score["sla_health"] is None
    assert "sla_health" in score["missing_components"]
    assert read(warehouse, "monthly_scorecard")[0]["sla_attainment_pct"] is None


def test_a_queue_without_resolutions_holds_all_tickets_by_their_responses(
    warehouse: Warehouse,
) -> None:
    store(warehouse, tickets=TICKETS)
    without(warehouse, "tickets.resolved_at")
    refresh(warehouse, ["ticket_queue", "ticket_sla"], as_of=AT)
    shown = ("ticket_id", "response_state", "resolution_state", "sla_state", "hours_left")
    queue = [tuple(row[c] for c in shown) for row in read(warehouse, "ticket_queue")]
    assert queue == [tuple(row[c] for c in shown) for row in read(warehouse, "ticket_sla")]
    assert [row[0] for row in queue] == ["t1", "t2"]
    assert {row[2] for row in queue} == {None}


def test_a_queue_without_any_event_has_no_states(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TICKETS)
    without(warehouse, "tickets.first_response_at", "tickets.resolved_at")
    refresh(warehouse, ["ticket_queue"], as_of=AT)
    rows = read(warehouse, "ticket_queue")
    assert [(row["ticket_id"], row["sla_state"], row["hours_left"]) for row in rows] == [
        ("t1", None, None),
        ("t2", None, None),
    ]


MAPPED = """
    sources:
      tickets:
        columns:
          status: {{value: any}}
          {column}
"""


def test_what_is_mapped_to_null_never_happened(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """Never answered: both are overdue but for the response of t2, which is resolved in time."""
    store(
        warehouse,
        tickets="""
            id | created_at       | resolved_at
            t1 | 2024-02-01 08:00 | 2024-02-01 12:00
            t2 | 2024-02-01 08:00 | 2024-02-01 09:00
        """,
    )
    without(warehouse, "tickets.first_response_at")
    sources_file.write(MAPPED.format(column="first_response_at: {value: null}"))
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    states = [row["response_state"] for row in read(warehouse, "ticket_sla")]
    assert states == ["breached", "met"]
    sources_file.write(MAPPED.format(column="# nothing is said of first_response_at"))
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert [row["response_state"] for row in read(warehouse, "ticket_sla")] == [None, None]


def test_a_function_that_returns_no_such_column_tells_nothing(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets=TICKETS)
    sources_file.beside(
        "ours.py", "def tickets(tickets):\n    return tickets.drop('resolved_at')\n"
    )
    sources_file.write("sources: {tickets: {file: ours.py}}")
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    states = [row["sla_state"] for row in read(warehouse, "ticket_sla")]
    assert states == ["breached", "pending"]


def test_rows_in_quarantine_are_found_without_the_column(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets="id | priority\nt1 | high\nt2 | P1")
    without(warehouse, "tickets.first_response_at", "tickets.resolved_at")
    sources_file.write("sources: {tickets: {on_violation: quarantine, max_quarantined_pct: 50}}")
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert [row["ticket_id"] for row in read(warehouse, "ticket_sla")] == ["t1"]
    assert mappings.fit_of(warehouse).quarantined == 1


@pytest.mark.e2e
def test_what_will_be_undecided_is_foretold(warehouse: Warehouse) -> None:
    store(warehouse, tickets=TICKETS)
    without(warehouse, "tickets.first_response_at")
    found = fit(warehouse)
    lacks = {lack.kpi: lack for lack in found.lacks}
    assert lacks["ticket_sla_compliance"].undecided == ("tickets.first_response_at",)
    assert lacks["health_scores"].undecided == ("tickets.first_response_at",)
    assert found.health == []
    without(warehouse, "tickets.resolved_at")
    assert fit(warehouse).health == [
        "health_scores will have no sla_health: tickets has no first_response_at and tickets has "
        "no resolved_at"
    ]


@pytest.mark.e2e
def test_a_health_score_that_no_row_can_have_is_foretold(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """The SLA alone is a fifth of the weights, with satisfaction it is 40 %: 60 % are needed."""
    store(warehouse, tickets=TICKETS)
    absent = "leads: absent, opportunities: absent, applications: absent"
    sources_file.write(f"sources: {{{absent}}}")
    told = fit(warehouse).health
    assert told == [
        "health_scores will have no compliance_score: applications is absent",
        "health_scores will have no pipeline_health: leads is absent",
        "health_scores will have no conversion_health: leads is absent and opportunities is absent",
        "health_scores will have no score in any row: the components that can exist are 40 % of "
        "the weights, and at least 60 % are needed (health.min_coverage_pct)",
    ]
    sources_file.write(f"sources: {{{absent}, satisfaction: absent}}")
    assert "are 20 % of the weights" in fit(warehouse).health[-1]
    refresh(warehouse, ["health_scores"], as_of=AT)
    assert all(row["overall_health_score"] is None for row in read(warehouse, "health_scores"))
    sources_file.write("sources: {applications: absent, satisfaction: absent}")
    assert [told for told in fit(warehouse).health if "no score" in told] == []
