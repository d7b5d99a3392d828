"""A run of a job: what it publishes, as of when, and who hears of its SLA, its failure, its end."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Thread, Timer
from threading import enumerate as threads

import pytest
from channels import Channels
from jobs_at_work import (
    AT,
    BREAK_TICKETS,
    carry_out,
    current,
    execute,
    fail,
    fetch,
    log_run,
    logged,
    planned,
    quiet,
    states,
)
from reports import into

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.errors import DataError, TransientError, UsageError
from crm_ibis.events import ProgressEvent
from crm_ibis.metrics import catalog
from crm_ibis.operations import incidents, jobs, outcomes
from crm_ibis.operations.outcomes import JobRun, Outcome
from crm_ibis.operations.status import statuses
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock
from crm_ibis.runlog.publications import publications
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

SOON = timedelta(seconds=0.3)
LONG = 1.5
"""Seconds: a run of this length ends well after SOON."""
LATER = AT + timedelta(minutes=10)
BREACH = "ticket_sla_compliance is taking longer than its SLA"
on_duckdb = pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
IN_ORDER = "ticket_sla_compliance has recovered"


def due_soon(name: str = "ticket_sla") -> JobRun:
    """A run whose SLA runs out in a moment."""
    return planned(name, clock.now(), sla=f"{SOON / timedelta(milliseconds=1):g}ms")


def published(settings: Settings) -> dict[str, object]:
    """The instant that each published table is of."""
    with open_warehouse(settings) as warehouse:
        return {name: of["as_of"] for name, of in publications(warehouse).items()}


# The SLA


@pytest.mark.e2e
def test_a_breach_is_told_while_the_run_is_at_work(seeded: Settings, channels: Channels) -> None:
    log_run(seeded, "yesterday", ["ticket_sla_compliance"], AT - timedelta(days=1))
    run = due_soon()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(carry_out, seeded, run, pause=LONG)
        message = channels.wait_for("slack_oncall")
        assert not working.done()
        assert working.result().sla_met is False
    assert message.title == f"crm_ibis: {BREACH}"
    told = f"scheduled for {run.scheduled_at:%H:%M} UTC with an SLA of 300ms"
    assert told in message.text.splitlines()
    assert channels.heard() == {"slack_oncall": [IN_ORDER]}
    assert current(seeded) == []


def test_a_breach_is_told_while_the_run_waits_for_the_lock(
    seeded: Settings, channels: Channels
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with open_warehouse(seeded) as other, other.lock(lambda: "a test"):
            working = pool.submit(carry_out, seeded, due_soon())
            assert channels.wait_for("slack_oncall").title == f"crm_ibis: {BREACH}"
            assert not working.done()
        assert working.result().run_id


def test_a_breach_that_is_past_when_the_run_begins_is_told_at_once(
    seeded: Settings, channels: Channels
) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(carry_out, seeded, planned("ticket_sla", sla="1ms"), pause=LONG)
        channels.wait_for("slack_oncall")
        assert time.monotonic() - began < LONG
        assert working.result().sla_met is False


def timers() -> list[Thread]:
    """What is still to go off; one that was cancelled ends at once."""
    return [thread for thread in threads() if isinstance(thread, Timer)]


def test_a_run_that_ends_in_time_is_not_told(seeded: Settings, channels: Channels) -> None:
    seen: list[Thread] = []
    outcome = carry_out(seeded, planned("ticket_sla"), lambda line: seen.extend(timers()))
    assert outcome.sla_met is True
    assert seen
    assert timers() == []
    assert channels.heard() == {}


def test_a_run_that_fails_in_time_is_not_told_as_a_breach(
    seeded: Settings, channels: Channels
) -> None:
    execute(seeded, BREAK_TICKETS)
    fail(seeded, planned("ticket_sla"))
    assert timers() == []
    assert "slack_oncall" not in channels.heard()


@on_duckdb
def test_a_job_without_an_sla_neither_meets_nor_misses_it(seeded: Settings) -> None:
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["health_scores"], as_of=AT)
    run = planned("health_score_snapshot")
    assert run.due_at is None
    assert carry_out(seeded, run).sla_met is None


@on_postgres
def test_a_job_may_have_months(seeded: Settings) -> None:
    assert carry_out(seeded, planned("ticket_sla", sla="60d", attempts=2)).sla_met is True


# Failures


def test_a_broken_contract_is_told_so_that_a_person_can_act(
    seeded: Settings, channels: Channels
) -> None:
    execute(
        seeded,
        "UPDATE {raw}.tickets SET priority = 'urgent, says Anna' "
        "WHERE id IN ('tick_003', 'tick_007', 'tick_009')",
        "UPDATE {raw}.tickets SET first_response_at = '2023-01-01' WHERE id = 'tick_001'",
    )
    error = fail(seeded, planned("ticket_sla"))
    assert isinstance(error, ChecksFailed)
    (run,) = logged(seeded)
    assert (run["state"], run["run_id"]) == ("failed", error.run_id)
    assert {check["table"] for check in json.loads(run["broken"])} == {"tickets"}
    told = channels.messages()
    assert {message.channel for message in told} == {"slack", "email_customer_success"}
    for message in told:
        assert message.title == "crm_ibis: ticket_sla_compliance failed"
        assert message.text.splitlines() == [
            "tickets: priority is one of critical, high, medium, low: 3 rows, such as "
            "id=tick_003; id=tick_007",
            "and 1 more broken check",
            "nothing was published; readers have what they had",
            "tables: ticket_sla_compliance",
            f"since: {AT:%Y-%m-%d %H:%M} UTC",
            "owner: Customer Success (high)",
            "also blocked: health_scores, monthly_scorecard",
            "affects: support_sla_monitoring, facility_health_scorecard",
            f"run: {run['run_id']}",
        ]


@on_duckdb
def test_values_of_a_personal_source_are_not_told(seeded: Settings, channels: Channels) -> None:
    execute(seeded, "UPDATE {raw}.applications SET status = 'Anna left', candidate_id = 'Anna'")
    fail(seeded, planned("health_scores"))
    told = channels.messages()
    assert {message.channel for message in told} == {
        "slack",
        "pagerduty",
        "email_executive_leadership",
    }
    assert "applications: status is one of" in told[0].text
    assert "Anna" not in str(told)


@on_duckdb
def test_an_error_of_any_kind_is_told_and_raised(seeded: Settings, channels: Channels) -> None:
    def attempts() -> Outcome:
        raise ZeroDivisionError("3 rows by 0 columns")

    with pytest.raises(ZeroDivisionError):
        jobs.run_with_alerts(seeded, planned("ticket_sla"), attempts, quiet)
    told = ["ticket_sla_compliance failed"]
    assert channels.heard() == {"slack": told, "email_customer_success": told}


@on_duckdb
def test_of_an_error_that_is_no_message_of_ours_only_the_kind_is_told(
    seeded: Settings, channels: Channels
) -> None:
    def attempts() -> Outcome:
        raise ValueError("cannot parse 'Jane Doe <jane@example.org>'")

    with pytest.raises(ValueError, match="Jane"):
        jobs.run_with_alerts(seeded, planned("ticket_sla"), attempts, quiet)
    told = channels.wait_for("slack").text
    assert told.splitlines()[0] == "ValueError; the log of the run has more"
    assert "Jane" not in told


@on_postgres
def test_a_setting_that_is_wrong_is_told(seeded: Settings, channels: Channels) -> None:
    settings = replace(seeded, reader_roles=("nobody_of_this_name",))
    with pytest.raises(UsageError, match="CRM_IBIS_READER_ROLES"):
        carry_out(settings, planned("ticket_sla"))
    assert "CRM_IBIS_READER_ROLES" in channels.wait_for("slack").text


def test_a_failure_leaves_what_was_published(seeded: Settings, channels: Channels) -> None:
    carry_out(seeded, planned("ticket_sla"))
    everything = "SELECT * FROM {analytics}.ticket_sla_compliance ORDER BY 1, 2, 3"
    before = fetch(seeded, everything)
    execute(seeded, "UPDATE {raw}.tickets SET status = 'open', resolved_at = NULL", BREAK_TICKETS)
    fail(seeded, planned("ticket_sla", LATER))
    assert len(before) > 3
    assert fetch(seeded, everything) == before


def test_a_success_ends_a_failure_for_those_who_heard(seeded: Settings, channels: Channels) -> None:
    execute(seeded, BREAK_TICKETS)
    channels.unset("email_customer_success")
    fail(seeded, planned("ticket_sla"))
    assert channels.heard() == {"slack": ["ticket_sla_compliance failed"]}
    execute(seeded, "UPDATE {raw}.tickets SET priority = 'low'")
    carry_out(seeded, planned("ticket_sla", LATER))
    assert channels.heard() == {"slack": [IN_ORDER]}
    carry_out(seeded, planned("ticket_sla", LATER))
    assert channels.heard() == {}


@on_duckdb
def test_the_success_of_the_scorecard_is_told(seeded: Settings, channels: Channels) -> None:
    outcome = carry_out(seeded, planned("health_scores"))
    (message,) = channels.messages()
    assert (message.channel, message.title) == (
        "slack_monitoring",
        "crm_ibis: health_scores was published",
    )
    assert f"run: {outcome.run_id}" in message.text.splitlines()


@on_duckdb
def test_a_channel_that_takes_nothing_stops_nothing(seeded: Settings, channels: Channels) -> None:
    channels.break_down("slack_monitoring")
    lines: list[str] = []
    assert carry_out(seeded, planned("health_scores"), into(lines)).run_id
    assert any("slack_monitoring could not be reached" in line for line in lines)
    assert states(seeded) == ["succeeded"]


# What is published, and as of when


def test_a_fact_of_a_job_is_published_with_it_and_owes_nobody_an_sla(seeded: Settings) -> None:
    outcome = carry_out(seeded, planned("ticket_sla"))
    names = {"ticket_sla_compliance", "ticket_queue"}
    assert {table.table for table in outcome.results} == names
    assert published(seeded) == dict.fromkeys(names, AT)
    assert fetch(seeded, "SELECT ticket_id FROM {analytics}.ticket_queue") == [("tick_006",)]
    with open_warehouse(seeded) as warehouse:
        found = {s.table: s for s in statuses(warehouse, AT + timedelta(days=1))}
    assert found["ticket_sla_compliance"].state == "late"
    assert found["ticket_queue"].state == "published"


def test_a_failure_is_told_of_the_kpi_and_not_of_the_fact_beside_it(
    seeded: Settings, channels: Channels
) -> None:
    def about_tickets() -> set[str]:
        return {title for t in channels.heard().values() for title in t if "ticket" in title}

    carry_out(seeded, planned("ticket_sla"))
    execute(seeded, BREAK_TICKETS)
    fail(seeded, planned("ticket_sla", LATER))
    watch(seeded)
    assert about_tickets() == {"ticket_sla_compliance failed"}
    with open_warehouse(seeded) as warehouse:
        assert {i.table for i in incidents.current(warehouse) if i.event == "failure"} == {
            "ticket_sla_compliance"
        }
        assert {s.table for s in statuses(warehouse) if s.failing} == {
            "ticket_sla_compliance",
            "ticket_queue",
        }
    execute(seeded, "UPDATE {raw}.tickets SET priority = 'low'")
    carry_out(seeded, planned("ticket_sla", LATER))
    assert about_tickets() == {IN_ORDER}


def test_a_fact_that_no_job_publishes_any_more_is_not_failing(
    seeded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out(seeded, planned("ticket_sla"))
    execute(seeded, BREAK_TICKETS)
    fail(seeded, planned("ticket_sla", LATER))
    monkeypatch.setattr(catalog, "scheduled_facts", list)
    with open_warehouse(seeded) as warehouse:
        assert [s.table for s in statuses(warehouse) if s.failing] == ["ticket_sla_compliance"]
        with pytest.raises(ChecksFailed):  # by hand, and alone
            refresh(warehouse, ["ticket_queue"])
        assert "ticket_queue" in [s.table for s in statuses(warehouse) if s.failing]


def test_every_attempt_is_as_of_the_scheduled_instant(seeded: Settings) -> None:
    run, failed = planned("ticket_sla"), [False]

    def once(event: ProgressEvent) -> None:
        if event.kind == "built" and not failed[0]:
            failed[0] = True
            raise TransientError("a lost connection")

    carry_out(seeded, run, once)
    assert [(r["attempt"], r["state"], r["as_of"], r["scheduled_at"]) for r in logged(seeded)] == [
        (1, "retrying", AT, AT),
        (2, "succeeded", AT, AT),
    ]
    assert published(seeded) == {"ticket_sla_compliance": AT, "ticket_queue": AT}
    ((changed_at,),) = fetch(
        seeded, "SELECT DISTINCT updated_at FROM {analytics}.ticket_sla_compliance"
    )
    assert changed_at == AT
    assert {(r["job"], r["due_at"]) for r in logged(seeded)} == {("ticket_sla", run.due_at)}


def test_a_scheduler_whose_clock_is_ahead_does_not_reach_into_the_future() -> None:
    before = clock.now()
    run = outcomes.plan_run("ticket_sla", before + timedelta(minutes=5))
    assert before <= run.scheduled_at <= clock.now()


def test_what_is_published_as_of_a_later_instant_is_left_alone(
    seeded: Settings, channels: Channels
) -> None:
    carry_out(seeded, planned("ticket_sla", LATER))
    outcome = carry_out(seeded, planned("ticket_sla"))
    assert outcome.run_id is None
    assert outcome.results == []
    assert states(seeded) == ["succeeded"]
    assert published(seeded) == {"ticket_sla_compliance": LATER, "ticket_queue": LATER}
    assert channels.heard() == {}


def test_the_rest_of_a_job_is_published_all_the_same(seeded: Settings) -> None:
    run = planned("supporting_kpis", refresh=["pipeline_kpis", "revenue_kpis", "outreach_kpis"])
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["revenue_kpis"], as_of=LATER)
        refresh(warehouse, ["pipeline_kpis"], as_of=AT)
    outcome = carry_out(seeded, run)
    assert {table.table for table in outcome.results} == {"pipeline_kpis", "outreach_kpis"}
    assert published(seeded) == {
        "pipeline_kpis": AT,
        "outreach_kpis": AT,
        "revenue_kpis": LATER,
    }


def snapshot_versions(settings: Settings) -> set[tuple[object, object]]:
    sql = "SELECT valid_from, valid_to FROM {analytics}.health_score_snapshot"
    return set(fetch(settings, sql))


def test_a_snapshot_is_of_the_scheduled_instant(seeded: Settings) -> None:
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["health_scores"], as_of=AT)
    carry_out(seeded, planned("health_score_snapshot", LATER))
    assert snapshot_versions(seeded) == {(AT, None)}
    assert [(r["command"], r["as_of"]) for r in logged(seeded)][-1] == ("snapshot", LATER)


def test_a_snapshot_that_comes_late_is_of_the_publication(seeded: Settings) -> None:
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["health_scores"], as_of=LATER)
    outcome = carry_out(seeded, planned("health_score_snapshot"))
    assert [(table.table, table.kind) for table in outcome.results] == [
        ("health_score_snapshot", "snapshot")
    ]
    assert snapshot_versions(seeded) == {(LATER, None)}
    last = logged(seeded)[-1]
    assert (last["as_of"], last["scheduled_at"], last["state"]) == (LATER, AT, "succeeded")


def test_a_snapshot_that_is_refused_is_raised_and_told(
    seeded: Settings, channels: Channels
) -> None:
    error = fail(seeded, planned("health_score_snapshot"))
    assert isinstance(error, DataError)
    assert "health_scores is not published yet" in str(error)
    (run,) = logged(seeded)
    assert (run["state"], run["run_id"]) == ("failed", error.run_id)
    told = channels.messages()
    assert {message.channel for message in told} == {
        "slack",
        "pagerduty",
        "email_executive_leadership",
    }
    assert told[0].title == "crm_ibis: health_score_snapshot failed"
    assert "health_scores is not published yet" in told[0].text
    assert f"run: {error.run_id}" in told[0].text.splitlines()


def test_a_snapshot_in_which_most_rows_are_missing_is_refused_and_told(
    seeded: Settings, channels: Channels
) -> None:
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["conversion_funnel"], as_of=AT)
        (merged,) = record(warehouse, ["conversion_funnel_snapshot"], as_of=AT).merged
        assert merged.current >= 20
    execute(seeded, "DELETE FROM {analytics}.conversion_funnel")
    fail(seeded, planned("conversion_funnel_snapshot", LATER))
    assert channels.wait_for("slack").title == "crm_ibis: conversion_funnel_snapshot failed"
    ((left,),) = fetch(
        seeded, "SELECT count(*) FROM {analytics}.conversion_funnel_snapshot WHERE valid_to IS NULL"
    )
    assert left == merged.current


def test_a_job_tells_how_many_steps_it_has() -> None:
    # Sources: facilities, tickets; audited: ticket_sla; written: the KPI, and the fact beside it.
    assert jobs.steps(planned("ticket_sla")) == 5
    assert jobs.steps(planned("health_score_snapshot")) == 1


@on_duckdb
def test_a_run_reports_as_many_steps_as_it_has(seeded: Settings) -> None:
    lines: list[str] = []
    run = planned("weighted_pipeline", refresh=["combined_kpis", "ticket_sla_compliance"])
    carry_out(seeded, run, into(lines))
    done = [line for line in lines if line.startswith(("checked ", "built ", "merged "))]
    assert len(done) == jobs.steps(run)


def test_an_earlier_run_in_the_log_does_not_hold_a_job_back(seeded: Settings) -> None:
    log_run(seeded, "yesterday", ["ticket_sla_compliance"], AT - timedelta(days=1))
    assert carry_out(seeded, planned("ticket_sla")).run_id
