"""Runs that come late, are superseded, lost or stopped: nobody is woken for nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from channels import Channels
from jobs_at_work import AT, BREAK_TICKETS, carry_out, execute, fail, log_run, logged, planned
from reports import into

from crm_ibis.config.declarations import get_job, jobs
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.errors import Superseded, TransientError, UsageError
from crm_ibis.operations import alerts, outcomes
from crm_ibis.operations.schedule import last_scheduled
from crm_ibis.operations.status import Status
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock, log
from crm_ibis.runlog.log import Attempt
from crm_ibis.runlog.summaries import failures
from crm_ibis.warehouse import open_warehouse

LATER = AT + timedelta(minutes=10)


def found(settings: Settings) -> dict[str, Status]:
    """What the watch finds."""
    return {status.table: status for status in watch(settings)}


def test_of_runs_that_were_held_up_the_first_stands_for_the_newest_instant() -> None:
    job, now = get_job("health_scores"), clock.now()
    newest = last_scheduled(jobs(), job, now)
    assert newest is not None
    for days in (3, 2, 1):
        run = outcomes.plan_run("health_scores", newest - timedelta(days=days))
        assert run.scheduled_at == newest
    assert outcomes.plan_run("health_scores", newest).scheduled_at == newest
    by_hand = newest + (now - newest) / 2
    assert outcomes.plan_run("health_scores", by_hand).scheduled_at == by_hand
    assert outcomes.plan_run("health_scores", now + timedelta(hours=1)).scheduled_at <= clock.now()


def test_who_publishes_a_later_instant_while_a_run_waits_supersedes_it(
    seeded: Settings, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(seeded) as opened:
        kind = type(opened)
    lock = kind.lock
    waited: list[bool] = []

    def lock_after_another(self: Any, holder: Any, purpose: str = "", **more: Any) -> Any:
        if not waited and not purpose:
            waited.append(True)
            refresh(self, planned("ticket_sla").job.published_tables, as_of=LATER)
        return lock(self, holder, purpose, **more)

    monkeypatch.setattr(kind, "lock", lock_after_another)
    assert carry_out(seeded, planned("ticket_sla")).run_id is None
    assert channels.heard() == {}
    assert [run["as_of"] for run in logged(seeded)] == [LATER]
    assert not found(seeded)["ticket_sla_compliance"].failing


def test_a_run_past_its_sla_whose_table_is_fresh_is_no_breach(
    seeded: Settings, channels: Channels
) -> None:
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["ticket_sla_compliance"], as_of=LATER)
    carry_out(seeded, planned("ticket_sla", sla="1ms"), pause=0.3)
    assert channels.heard() == {}


def test_a_refresh_that_is_refused_by_hand_wakes_nobody(
    seeded: Settings, channels: Channels
) -> None:
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["health_scores"], as_of=LATER)
        with pytest.raises(Superseded):
            refresh(warehouse, ["health_scores"], as_of=AT)
    assert not found(seeded)["health_scores"].failing
    assert "health_scores failed" not in str(channels.heard())


def test_a_lost_attempt_counts_as_failed_once_the_next_one_is_overdue(settings: Settings) -> None:
    attempt: dict[str, Any] = {
        "job": "health_scores",
        "attempt": 1,
        "scheduled_at": AT,
        "retry_wait": 60.0,
    }
    log_run(settings, "lost", ["health_scores"], AT, state="retrying", error="lost", **attempt)
    with open_warehouse(settings) as warehouse:
        assert failures(warehouse, now=AT + timedelta(seconds=60)) == []
        overdue = AT + timedelta(seconds=61)
        assert [run.run_id for run in failures(warehouse, now=overdue)] == ["lost"]
    again = {**attempt, "attempt": 2, "retry_wait": None}
    log_run(settings, "again", ["health_scores"], AT + timedelta(minutes=5), **again)
    with open_warehouse(settings) as warehouse:
        assert failures(warehouse, now=AT + timedelta(hours=1)) == [], "the next one has come"


def test_a_run_that_lost_its_connection_is_left_to_its_next_attempt(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse:
        log.prepare(warehouse)
        for number, wait in ((1, 195.0), (4, None)):
            attempt = Attempt("health_scores", AT, None, number, wait)
            log.start(warehouse, "refresh", AT, ["health_scores"], attempt=attempt)
        log.prepare_unless_at_work(warehouse)
    assert [(run["attempt"], run["state"]) for run in logged(settings)] == [
        (1, "retrying"),
        (4, "abandoned"),
    ]


def test_an_attempt_waits_for_the_next_as_long_as_that_may_take() -> None:
    # health_scores: waits of 60, 90 and 135 s, a quarter more at most, and two minutes of grace.
    run = planned("health_scores")
    assert [run.attempt(n).retry_wait for n in (1, 2, 3, 4)] == [195.0, 232.5, 288.75, None]


def test_a_backfill_over_broken_sources_blocks_nothing_of_today(seeded: Settings) -> None:
    execute(seeded, BREAK_TICKETS)
    with open_warehouse(seeded) as warehouse, pytest.raises(ChecksFailed):
        backfill(warehouse, [AT], ["health_score_snapshot"])
    assert all(not status.blocked_by for status in found(seeded).values())


def test_the_watch_tells_of_a_failure_as_the_run_would(
    seeded: Settings, channels: Channels
) -> None:
    execute(seeded, BREAK_TICKETS)
    with open_warehouse(seeded) as warehouse, pytest.raises(ChecksFailed):
        refresh(warehouse, ["ticket_sla_compliance"], as_of=AT)
    watch(seeded)
    told = next(m for m in channels.messages() if m.title.endswith("ticket_sla_compliance failed"))
    lines = told.text.splitlines()
    assert lines[:3] == [
        "tickets: priority is one of critical, high, medium, low: 2 rows, such as id=tick_003; "
        "id=tick_007",
        "nothing was published; readers have what they had",
        "ticket_sla_compliance was never published",
    ]
    assert "also blocked: health_scores, monthly_scorecard" in lines
    fail(seeded, planned("ticket_sla", LATER))  # in the same way
    assert "failed" not in str(channels.heard())


@pytest.mark.parametrize("name", ["weighted_pipeline", "conversion_funnel_snapshot"])
def test_a_job_of_kpis_that_have_no_source_has_nothing_to_do(
    seeded: Settings,
    channels: Channels,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    mapping = tmp_path / "sources.yml"
    mapping.write_text("sources: {leads: absent, opportunities: absent}", encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(mapping))
    told: list[str] = []
    assert carry_out(seeded, planned(name), into(told)).run_id is None
    assert told[-1].endswith("absent in sources.yml")
    assert channels.heard() == {}


def test_the_watch_is_no_job_that_can_be_attempted(settings: Settings) -> None:
    error = fail(settings, planned("watch"))
    assert isinstance(error, UsageError)
    assert not isinstance(error, TransientError)


def test_a_message_says_how_grave_it_is() -> None:
    grave = {event for event, kind in alerts.KINDS.items() if kind == "failure"}
    assert grave == {"failure", "sla_breach", "late"}
    assert alerts.KINDS["recovered"] == "success"
    assert alerts.KINDS.keys() == alerts.WORDS.keys()
