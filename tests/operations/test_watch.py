"""The watch alerts once for what is late, killed or failed, whether or not a job already did."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from channels import Channels
from jobs_at_work import (
    AT,
    BREAK_TICKETS,
    MEND_TICKETS,
    carry_out,
    current,
    execute,
    fail,
    fetch,
    log_run,
    planned,
    quiet,
    states,
)
from old_project import copy_to

from crm_ibis.config.declarations import Job, jobs
from crm_ibis.config.settings import Settings
from crm_ibis.errors import DatabaseError, UsageError
from crm_ibis.metrics import catalog, graph
from crm_ibis.operations import incidents, outcomes, status
from crm_ibis.operations import jobs as job_runs
from crm_ibis.operations import watchdog as watching
from crm_ibis.operations.outcomes import JobRun
from crm_ibis.operations.status import Status, statuses
from crm_ibis.operations.watchdog import watch, watch_or_alert
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock, layout, log
from crm_ibis.runlog.log import Attempt
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

NOW = datetime(2024, 3, 2, 12, 20)
TICKETS_LATE = datetime(2024, 3, 2, 13, 30)
"""What was published at NOW is due again: tickets of 12:30, of the others nothing yet."""
EXECUTIVES, SUPPORT = "email_executive_leadership", "email_customer_success"
HEALTH_HEARS = {"slack", EXECUTIVES, "pagerduty"}
TICKETS_FAILED = ["ticket_sla_compliance failed"]


def look(settings: Settings, now: datetime | None = NOW) -> dict[str, Status]:
    """The watch, and the status of each table that it found."""
    return {status.table: status for status in watch(settings, quiet, now)}


def late(settings: Settings, now: datetime) -> set[str]:
    return {table for table, status in look(settings, now).items() if status.late}


def publish_all(settings: Settings, at: datetime = NOW, run_id: str = "all") -> None:
    """The log of a publication of every KPI."""
    log_run(settings, run_id, graph.kpi_functions(), at)


def seen_by(settings: Settings, *tables: str) -> list[Status]:
    """The status of tables as a read-only connection has it."""
    with open_warehouse(settings, read_only=True) as warehouse:
        return [status for status in statuses(warehouse, NOW) if status.table in tables]


# Late


@pytest.mark.parametrize(
    ("table", "published", "now", "is_late"),
    [
        # Daily at 3:00 with an SLA of 2 h.
        ("health_scores", "2024-03-01 03:02", "2024-03-02 04:59", False),
        ("health_scores", "2024-03-01 03:02", "2024-03-02 05:00", True),
        ("health_scores", "2024-03-02 02:59", "2024-03-02 05:00", True),
        ("health_scores", "2024-03-02 03:00", "2024-03-02 05:00", False),
        ("health_scores", "2024-03-02 04:30", "2024-03-03 04:59", False),
        # Every quarter of an hour with an SLA of 1 h: at 12:20 the run of 11:15 must have come.
        ("ticket_sla_compliance", "2024-03-02 11:14", "2024-03-02 12:20", True),
        ("ticket_sla_compliance", "2024-03-02 11:16", "2024-03-02 12:20", False),
        # Hourly at :15 with an SLA of 2 h: at 12:20 the run of 10:15.
        ("conversion_funnel", "2024-03-02 10:14", "2024-03-02 12:20", True),
        ("conversion_funnel", "2024-03-02 10:16", "2024-03-02 12:20", False),
    ],
)
def test_late_is_what_was_not_published_since_the_last_instant_whose_sla_ran_out(
    duckdb_settings: Settings, table: str, published: str, now: str, is_late: bool
) -> None:
    log_run(duckdb_settings, "only", [table], datetime.fromisoformat(published))
    assert look(duckdb_settings, datetime.fromisoformat(now))[table].late is is_late


def test_lateness_is_told_once_with_what_to_know(settings: Settings, channels: Channels) -> None:
    publish_all(settings)
    assert late(settings, TICKETS_LATE) == {"ticket_sla_compliance"}
    told = channels.messages()
    assert {message.channel for message in told} == {"slack", SUPPORT, "slack_oncall"}
    for message in told:
        assert message.title == "crm_ibis: ticket_sla_compliance is late"
        assert message.text.splitlines() == [
            "nothing was published since 2024-03-02 12:30 UTC, SLA 1h",
            "ticket_sla_compliance was last published 2024-03-02 12:20 UTC",
            "tables: ticket_sla_compliance",
            "since: 2024-03-02 12:30 UTC",
            "owner: Customer Success (high)",
            "affects: support_sla_monitoring",
        ]
    assert late(settings, TICKETS_LATE) == {"ticket_sla_compliance"}
    assert late(settings, datetime(2024, 3, 2, 13, 50)) == {"ticket_sla_compliance"}
    assert channels.heard() == {}


def test_lateness_that_goes_on_into_the_next_day_is_not_told_again(
    settings: Settings, channels: Channels
) -> None:
    publish_all(settings)
    assert "health_scores" in late(settings, datetime(2024, 3, 3, 5))
    channels.heard()
    assert "health_scores" in late(settings, datetime(2024, 3, 4, 5))
    assert "health_scores" not in str(channels.heard())


def test_tables_that_are_late_together_are_one_message(
    settings: Settings, channels: Channels
) -> None:
    publish_all(settings)
    # Hourly ones with the same SLA but other minutes are due since different instants.
    assert late(settings, datetime(2024, 3, 2, 15, 20)) == {
        "ticket_sla_compliance",
        "conversion_funnel",
        "weighted_pipeline_scenarios",
    }
    assert sorted(channels.heard()["slack"]) == [
        "conversion_funnel is late",
        "ticket_sla_compliance is late",
        "weighted_pipeline_scenarios is late",
    ]


def test_late_after_the_breach_that_the_run_told_is_told_to_the_others_only(
    seeded: Settings, channels: Channels
) -> None:
    publish_all(seeded)
    with held_up_after_its_sla(seeded, planned("ticket_sla", sla="1ms")):
        channels.wait_for("slack_oncall")
        assert late(seeded, TICKETS_LATE) == {"ticket_sla_compliance"}
        told = ["ticket_sla_compliance is late"]
        assert channels.heard() == {"slack": told, SUPPORT: told}
    over = ["ticket_sla_compliance has recovered"]
    assert channels.heard() == dict.fromkeys(("slack", SUPPORT, "slack_oncall"), over)


@contextmanager
def held_up_after_its_sla(settings: Settings, run: JobRun) -> Iterator[None]:
    """A run that does not go on meanwhile, and that ends well afterwards."""
    released = Signal()
    thread = Thread(target=carry_out, args=[settings, run, lambda line: released.wait(20)])
    thread.start()
    try:
        yield
    finally:
        released.set()
        thread.join()


def test_what_was_late_recovers_when_it_is_published(seeded: Settings, channels: Channels) -> None:
    publish_all(seeded)
    assert late(seeded, datetime(2024, 3, 3, 5)) >= {"health_scores"}
    heard = channels.heard()
    assert set(heard) >= {"slack", EXECUTIVES, "slack_oncall"}
    assert "pagerduty" not in heard
    publish_all(seeded, datetime(2024, 3, 3, 5, 1), "later")
    assert late(seeded, datetime(2024, 3, 3, 5, 2)) == set()
    heard = channels.heard()
    assert heard[EXECUTIVES] == ["health_scores has recovered"]
    assert "slack_oncall" in heard
    assert "pagerduty" not in heard
    assert late(seeded, datetime(2024, 3, 3, 5, 3)) == set()
    assert channels.heard() == {}


# Killed


def begin_run(settings: Settings, attempt: Attempt | None = None) -> str:
    """A run of health_scores that says it is at work, and is not."""
    with open_warehouse(settings) as warehouse:
        log.prepare(warehouse)
        return log.start(warehouse, "refresh", AT, ["health_scores"], attempt=attempt)


def test_a_killed_run_is_marked_and_told_with_its_id(
    settings: Settings, channels: Channels
) -> None:
    publish_all(settings)
    killed = begin_run(settings)
    assert look(settings)["health_scores"].state == "failing"
    assert states(settings) == ["succeeded", "abandoned"]
    told = channels.messages()
    assert {message.channel for message in told} == HEALTH_HEARS
    for message in told:
        assert message.title == "crm_ibis: health_scores failed"
        assert f"run: {killed}" in message.text.splitlines()
        assert "killed" in message.text
        assert "owner: Executive Leadership (critical)" in message.text.splitlines()
        assert "affects: facility_health_scorecard" in message.text.splitlines()
    look(settings)
    assert channels.heard() == {}


def test_a_run_that_is_at_work_is_left_alone(settings: Settings, channels: Channels) -> None:
    publish_all(settings)
    begin_run(settings)
    with open_warehouse(settings) as at_work, at_work.lock(lambda: "a test"):
        assert look(settings)["health_scores"].state == "on time"
    assert states(settings) == ["succeeded", "running"]
    assert channels.heard() == {}


def test_the_watch_does_not_wait_for_a_run_that_is_at_work(settings: Settings) -> None:
    begin_run(settings)
    patient = replace(settings, lock_timeout=600)  # longer than any test may take
    with open_warehouse(settings) as at_work, at_work.lock(lambda: "a test"):
        look(patient)
    assert states(settings) == ["running"]


@pytest.mark.parametrize("retry_wait", [None, 120.0])
def test_status_sees_a_killed_run_before_the_watch_does(
    settings: Settings, channels: Channels, retry_wait: float | None
) -> None:
    """And the same after it, whether or not another attempt was to follow."""
    publish_all(settings)
    begin_run(settings, Attempt("health_scores", AT, retry_wait=retry_wait))
    (before,) = seen_by(settings, "health_scores")
    assert before.state == ("on time" if retry_wait else "failing")
    assert before.last_error == (None if retry_wait else log.ENDED_UNEXPECTEDLY)
    look(settings)
    (after,) = seen_by(settings, "health_scores")
    assert after == before


def test_status_leaves_a_run_at_work_alone(settings: Settings) -> None:
    publish_all(settings)
    begin_run(settings)
    with open_warehouse(settings) as at_work, at_work.lock(lambda: "a test"):
        # DuckDB opens a file once for writing: another reader of this process shares that.
        found = {s.table: s for s in statuses(at_work, NOW)}
        assert found["health_scores"].state == "on time"
    (health,) = seen_by(settings, "health_scores")
    assert health.state == "failing"


def test_another_schema_s_run_or_another_purpose_does_not_count_as_at_work(
    settings: Settings,
) -> None:
    publish_all(settings)
    begin_run(settings)
    other = replace(settings, analytics_schema="another")
    with open_warehouse(settings) as alerting, alerting.lock(lambda: "a test", ".alerts"):
        assert not alerting.is_locked()
        if settings.database_url.startswith("postgres"):
            with open_warehouse(other) as elsewhere, elsewhere.lock(lambda: "a test"):
                assert elsewhere.is_locked()
                assert not alerting.is_locked()
        found = {s.table: s for s in statuses(alerting, NOW)}
        assert found["health_scores"].state == "failing"


def test_a_backfill_that_was_killed_fails_no_table(settings: Settings) -> None:
    publish_all(settings)
    with open_warehouse(settings) as warehouse:
        log.prepare(warehouse)
        log.start(warehouse, "backfill", AT, ["health_scores"])
    (health,) = seen_by(settings, "health_scores")
    assert health.state == "on time"


# Failed


def test_a_failure_that_the_run_told_is_not_told_again(
    seeded: Settings, channels: Channels
) -> None:
    publish_all(seeded)
    execute(seeded, BREAK_TICKETS)
    run = planned("ticket_sla")
    fail(seeded, run)
    assert channels.heard() == {"slack": TICKETS_FAILED, SUPPORT: TICKETS_FAILED}
    assert look(seeded)["ticket_sla_compliance"].state == "failing"
    fail(seeded, run)
    look(seeded)
    fail(seeded, run)
    assert channels.heard() == {}


def test_a_channel_that_the_run_could_not_reach_is_told_by_the_watch(
    seeded: Settings, channels: Channels
) -> None:
    publish_all(seeded)
    execute(seeded, BREAK_TICKETS)
    channels.break_down("slack")
    fail(seeded, planned("ticket_sla"))
    assert channels.heard() == {SUPPORT: TICKETS_FAILED}
    look(seeded)
    assert channels.heard() == {}
    channels.mend("slack")
    look(seeded)
    (message,) = channels.messages()
    assert (message.channel, message.title) == ("slack", "crm_ibis: ticket_sla_compliance failed")
    assert "priority is one of" in message.text


def test_a_failure_by_hand_is_told_with_the_check_that_is_broken(
    seeded: Settings, channels: Channels
) -> None:
    publish_all(seeded)
    execute(seeded, BREAK_TICKETS)
    with open_warehouse(seeded) as warehouse, pytest.raises(Exception, match="priority is one of"):
        refresh(warehouse, ["ticket_sla_compliance"], as_of=AT)
    look(seeded)
    told = channels.messages()
    assert {message.channel for message in told} == {"slack", SUPPORT}
    assert "tickets: priority is one of critical, high, medium, low: 2 rows" in told[0].text


def test_what_failed_recovers_after_a_refresh_by_hand(seeded: Settings, channels: Channels) -> None:
    publish_all(seeded)
    execute(seeded, BREAK_TICKETS)
    fail(seeded, planned("ticket_sla"))
    look(seeded)
    channels.heard()
    execute(seeded, MEND_TICKETS)
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, planned("ticket_sla").job.published_tables, as_of=AT)
    assert look(seeded)["ticket_sla_compliance"].state == "on time"
    over = ["ticket_sla_compliance has recovered"]
    assert channels.heard() == {"slack": over, SUPPORT: over}
    look(seeded)
    assert channels.heard() == {}


def test_a_run_that_failed_before_it_could_be_logged_does_not_recover_by_itself(
    seeded: Settings, channels: Channels, tmp_path: Path
) -> None:
    publish_all(seeded)
    (tmp_path / "params.yml").write_text("no_such_parameter: 1\n", encoding="utf-8")
    fail(replace(seeded, params_file=tmp_path / "params.yml"), planned("ticket_sla"))
    assert channels.heard() == {"slack": TICKETS_FAILED, SUPPORT: TICKETS_FAILED}
    look(seeded)
    assert channels.heard() == {}, "nothing was published since"
    carry_out(seeded, planned("ticket_sla"))
    over = ["ticket_sla_compliance has recovered"]
    assert channels.heard() == {"slack": over, SUPPORT: over}


def test_a_run_with_attempts_to_come_is_not_failing(settings: Settings, channels: Channels) -> None:
    publish_all(settings)
    attempts: dict[str, Any] = {
        "error": "the connection was lost",
        "job": "health_scores",
        "attempt": 1,
    }
    log_run(settings, "first", ["health_scores"], AT, state="retrying", **attempts)
    found = look(settings)["health_scores"]
    assert (found.state, found.failing, found.last_error) == ("on time", False, None)
    assert channels.heard() == {}


def test_failures_before_the_last_publication_are_over(
    settings: Settings, channels: Channels
) -> None:
    log_run(settings, "first", ["health_scores"], datetime(2024, 3, 2, 3), "failed", error="no")
    publish_all(settings)
    assert look(settings)["health_scores"].state == "on time"
    assert channels.heard() == {}


def test_the_watch_cannot_say_that_all_is_well_when_it_cannot_ask() -> None:
    with pytest.raises(DatabaseError, match="cannot connect"):
        watch(Settings(database_url="postgres://reader@127.0.0.1:1/crm"))


def test_a_watch_that_fails_is_told_once_and_so_is_its_end(
    settings: Settings, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all(settings)

    def broken() -> list[Status]:
        raise UsageError("cannot read params.yml: line 3")

    for _ in range(3):
        with pytest.raises(UsageError):
            watch_or_alert(settings, broken, quiet)
    (told,) = channels.messages()
    assert (told.channel, told.title) == ("slack", "crm_ibis: the watch failed")
    assert told.text.splitlines()[:2] == [
        "cannot read params.yml: line 3",
        "until it works again, nobody hears which tables are late or failed",
    ]
    assert watch_or_alert(settings, lambda: watch(settings, quiet, NOW), quiet)
    assert channels.heard() == {"slack": ["the watch has recovered"]}
    watch_or_alert(settings, lambda: watch(settings, quiet, NOW), quiet)
    assert channels.heard() == {}


def test_a_watch_is_told_that_cannot_read_the_project(
    settings: Settings, channels: Channels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A KPI was renamed, and exposures.yml still has its old name."""
    publish_all(settings)
    copy_to(tmp_path / "project")
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path / "project"))
    file = tmp_path / "project" / "schemas" / "exposures.yml"
    file.write_text(file.read_text().replace("[health_scores]", "[health_score]"))
    catalog.entries.cache_clear()
    with pytest.raises(UsageError):
        watch_or_alert(settings, lambda: watch(settings, quiet, NOW), quiet)
    monkeypatch.undo()
    catalog.entries.cache_clear()
    (told,) = channels.messages()
    assert (told.channel, told.title) == ("slack", "crm_ibis: the watch failed")
    assert 'there is no KPI "health_score" (did you mean "health_scores"?)' in told.text


def test_a_watch_is_told_that_a_job_is_not_valid(
    settings: Settings, channels: Channels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is valid in jobs.yml still says who hears of it."""
    (tmp_path / "crm_ibis.yml").write_text("made_with: 0.1.0", encoding="utf-8")
    jobs_file = tmp_path / "jobs.yml"
    jobs_file.write_text("jobs: {health_scores: {schedule: daily}}", encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="is not a cron schedule"):
        watch_or_alert(settings, lambda: watch(settings, quiet, NOW), quiet)
    (told,) = channels.messages()
    assert (told.channel, told.title) == ("slack", "crm_ibis: the watch failed")
    assert f"{jobs_file} is not valid" in told.text


def test_a_watch_without_a_database_is_told_once_and_so_is_its_end(
    settings: Settings, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all(settings)

    def refuse(*settings: object, **more: object) -> object:
        raise DatabaseError("cannot connect to crm: password authentication failed")

    with monkeypatch.context() as away:
        away.setattr(watching, "open_warehouse", refuse)
        away.setattr(incidents, "open_warehouse", refuse)
        for _ in range(3):
            with pytest.raises(DatabaseError):
                watch_or_alert(settings, lambda: watch(settings, quiet, NOW), quiet)
    assert channels.heard() == {"slack": ["the watch failed"]}
    look(settings)
    assert channels.heard() == {"slack": ["the watch has recovered"]}


def test_a_job_whose_password_was_wrong_recovers_with_its_next_run(
    seeded: Settings, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*settings: object, **more: object) -> object:
        raise DatabaseError("cannot connect to crm: password authentication failed")

    with monkeypatch.context() as away:
        for module in (incidents, job_runs, outcomes):
            away.setattr(module, "open_warehouse", refuse)
        fail(seeded, planned("conversion_funnel"))
        fail(seeded, planned("conversion_funnel"))
    told = ["conversion_funnel failed"]
    assert channels.heard() == {"slack": told, "email_sales_leadership": told}
    carry_out(seeded, planned("conversion_funnel"))
    over = ["conversion_funnel has recovered"]
    assert channels.heard() == {"slack": over, "email_sales_leadership": over}
    assert current(seeded) == []


# Paused, unscheduled, and ahead of time


def test_a_paused_job_s_tables_are_not_late(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = jobs()
    paused = {"health_scores": declared.jobs["health_scores"].model_copy(update={"paused": True})}
    unscheduled = {
        "conversion_funnel": Job(refresh=["conversion_funnel"]),
    }
    changed = declared.model_copy(update={"jobs": {**declared.jobs, **paused, **unscheduled}})
    monkeypatch.setattr(status, "jobs", lambda: changed)
    publish_all(settings, datetime(2024, 2, 1))
    found = {s.table: s for s in seen_by(settings, *graph.kpi_functions())}
    assert (found["health_scores"].state, found["health_scores"].next_run) == ("paused", None)
    assert (found["conversion_funnel"].state, found["conversion_funnel"].sla) == ("published", None)
    assert found["cohort_retention"].state == "late"
    log_run(settings, "bad", ["health_scores"], datetime(2024, 2, 2), "failed", error="no room")
    assert seen_by(settings, "health_scores")[0].state == "failing"


def test_a_run_of_a_job_without_a_schedule_is_as_of_its_start(
    seeded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(refresh=["conversion_funnel"], sla="1h")
    monkeypatch.setattr(outcomes, "get_job", lambda name: job)
    run = outcomes.plan_run("by_hand", AT, "flow-run-1")
    assert (run.scheduled_at, run.due_at, run.flow_run) == (
        AT,
        AT + timedelta(hours=1),
        "flow-run-1",
    )
    assert carry_out(seeded, run).sla_met is True


def test_what_is_published_as_of_the_future_is_not_on_time(settings: Settings) -> None:
    """By a clock that was ahead: later runs are refused until then."""
    ahead = clock.now() + timedelta(minutes=25)
    publish_all(settings, ahead)
    with open_warehouse(settings) as warehouse:
        found = {status.table: status for status in statuses(warehouse)}
    assert found["health_scores"].state == "clock ahead"
    assert not found["health_scores"].is_healthy
    execute(settings, "UPDATE {meta}.runs SET finished_at = finished_at - INTERVAL '1 day'")
    with open_warehouse(settings) as warehouse:
        found = {status.table: status for status in statuses(warehouse)}
    assert found["health_scores"].state == "clock ahead", "as of the future"


def test_clocks_may_differ_by_seconds(settings: Settings) -> None:
    publish_all(settings, clock.now() + timedelta(seconds=30))
    with open_warehouse(settings) as warehouse:
        found = {status.table: status for status in statuses(warehouse)}
    assert found["health_scores"].state == "on time"


# Databases of an earlier version, and empty ones


@pytest.fixture
def old(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A log as the first version made it, with health_scores published and failed since."""
    with monkeypatch.context() as first, open_warehouse(settings) as warehouse:
        first.setattr(layout, "LAYOUTS", layout.LAYOUTS[:1])
        with warehouse.transaction():
            layout.upgrade(warehouse)
    rows = [
        ("r1", "succeeded", "2024-03-02 03:00", "2024-03-02 03:01", "NULL"),
        ("r2", "failed", "2024-03-02 09:00", "2024-03-02 09:01", "'no room'"),
    ]
    columns = "run_id, command, state, started_at, finished_at, as_of, tables, error"
    insert = f"INSERT INTO {{meta}}.runs ({columns}) VALUES "
    execute(
        settings,
        *(
            f"{insert} ('{run_id}', 'refresh', '{state}', TIMESTAMP '{began}', "
            f"TIMESTAMP '{ended}', TIMESTAMP '{began}', 'health_scores', {error})"
            for run_id, state, began, ended, error in rows
        ),
        "INSERT INTO {meta}.run_tables (run_id, table_name, kind, row_count) "
        "VALUES ('r1', 'health_scores', 'published', 7)",
    )
    return settings


def test_status_reads_the_log_of_the_first_version(old: Settings) -> None:
    (health,) = seen_by(old, "health_scores")
    assert (health.state, health.failed_run, health.last_error) == ("failing", "r2", "no room")
    assert (health.rows, health.published_at) == (7, datetime(2024, 3, 2, 3, 1))
    assert health.usual_seconds is None
    assert fetch(old, "SELECT version FROM {meta}.layout") == [(1,)]


def test_the_watch_brings_the_log_of_the_first_version_up_to_date(
    old: Settings, channels: Channels
) -> None:
    assert look(old)["health_scores"].state == "failing"
    assert fetch(old, "SELECT version FROM {meta}.layout") == [(len(layout.LAYOUTS),)]
    assert "health_scores failed" in channels.heard()["pagerduty"]
    look(old)
    assert channels.heard() == {}


def test_a_job_brings_the_log_of_the_first_version_up_to_date(
    seeded: Settings, old: Settings
) -> None:
    assert old == seeded
    carry_out(old, planned("health_scores"))
    assert states(old) == ["succeeded", "failed", "succeeded"]
    (health,) = seen_by(old, "health_scores")
    assert not health.failing


def test_status_and_watch_of_an_empty_database_find_nothing_published(
    settings: Settings, channels: Channels
) -> None:
    with open_warehouse(settings):
        """Makes the file."""
    found = seen_by(settings, *graph.kpi_functions())
    assert {(status.state, status.published_at) for status in found} == {("late", None)}
    assert len(found) == len(graph.kpi_functions())
    assert all(status.late for status in look(settings).values())
    assert "health_scores is late" in channels.heard()["slack_oncall"]
    look(settings)
    assert channels.heard() == {}
