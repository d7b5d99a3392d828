"""Late is what was not published since the newest scheduled instant whose SLA has run out."""

from datetime import datetime

import pytest

from crm_ibis.config.declarations import Job, Jobs
from crm_ibis.operations.schedule import deadlines, last_scheduled, next_runs, next_scheduled


def jobs(schedule: str, sla: str = "2h", zone: str | None = None) -> Jobs:
    job = Job(refresh=["health_scores"], schedule=schedule, sla=sla, time_zone=zone)
    return Jobs(time_zone="UTC", jobs={"daily": job})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "due_since"),
    [
        ("2024-03-02T04:59:59.999999", "2024-03-01T03:00"),
        ("2024-03-02T05:00", "2024-03-02T03:00"),
        ("2024-03-02T05:00:30", "2024-03-02T03:00"),
        ("2024-03-03T04:59", "2024-03-02T03:00"),
    ],
)
def test_an_instant_counts_once_its_sla_has_run_out(now: str, due_since: str) -> None:
    deadline = deadlines(jobs("0 3 * * *"), at(now))["health_scores"]
    assert deadline.due_since == at(due_since)
    assert deadline.job == "daily"


@pytest.mark.parametrize(
    ("published", "late"),
    [
        (None, True),
        ("2024-03-01T23:00", True),
        ("2024-03-02T02:59:59", True),
        ("2024-03-02T03:00", False),
        ("2024-03-02T04:59", False),
        ("2024-03-02T07:00", False),
    ],
)
def test_a_table_is_late_without_a_publication_since(published: str | None, late: bool) -> None:
    deadline = deadlines(jobs("0 3 * * *"), at("2024-03-02T05:00"))["health_scores"]
    assert deadline.is_late(at(published) if published else None) is late


def test_a_schedule_more_frequent_than_its_sla_waits_for_the_sla() -> None:
    # At 12:20 the instant that has had its hour is 11:15, whatever was due at 11:30, 11:45, ...
    quarterly, now = jobs("*/15 * * * *", "1h"), at("2024-03-01T12:20")
    assert deadlines(quarterly, now)["health_scores"].due_since == at("2024-03-01T11:15")
    assert next_runs(quarterly, now) == {"health_scores": at("2024-03-01T12:30")}


def test_a_scheduled_instant_itself_is_the_last_and_never_the_next() -> None:
    every = jobs("0 3 * * *")
    job = every.jobs["daily"]
    assert last_scheduled(every, job, at("2024-03-01T03:00")) == at("2024-03-01T03:00")
    assert last_scheduled(every, job, at("2024-03-01T02:59:59")) == at("2024-02-29T03:00")
    assert next_scheduled(every, job, at("2024-03-01T03:00")) == at("2024-03-02T03:00")
    assert next_scheduled(every, job, at("2024-03-01T02:59:59")) == at("2024-03-01T03:00")


def test_schedules_follow_the_clocks_of_their_zone() -> None:
    # Zurich is an hour ahead of UTC in winter and two from 31 March 2024 on.
    zurich = jobs("0 3 * * *", zone="Europe/Zurich")
    job = zurich.jobs["daily"]
    assert last_scheduled(zurich, job, at("2024-03-30T12:00")) == at("2024-03-30T02:00")
    assert last_scheduled(zurich, job, at("2024-04-01T12:00")) == at("2024-04-01T01:00")
    assert next_scheduled(zurich, job, at("2024-03-30T12:00")) == at("2024-03-31T01:00")


def test_snapshots_have_no_deadline() -> None:
    job = Job(snapshot=["health_score_snapshot"], schedule="0 4 * * *")
    assert deadlines(Jobs(time_zone="UTC", jobs={"history": job}), at("2024-03-01T05:00")) == {}


def test_nothing_is_late_or_due_by_a_job_that_is_paused_or_has_no_schedule() -> None:
    for job in (
        Job(refresh=["health_scores"], schedule="0 3 * * *", sla="2h", paused=True),
        Job(refresh=["health_scores"], sla="2h"),
        Job(refresh=["health_scores"]),
    ):
        declared, now = Jobs(time_zone="UTC", jobs={"some": job}), at("2024-03-01T05:00")
        assert deadlines(declared, now) == {}
        assert next_runs(declared, now) == {}


def test_a_paused_job_keeps_its_schedule_for_a_run_by_hand() -> None:
    job = Job(refresh=["health_scores"], schedule="0 3 * * *", sla="2h", paused=True)
    declared = Jobs(time_zone="UTC", jobs={"daily": job})
    assert last_scheduled(declared, job, at("2024-03-01T05:00")) == at("2024-03-01T03:00")
    unscheduled = Job(refresh=["health_scores"])
    assert last_scheduled(declared, unscheduled, at("2024-03-01T05:00")) is None
    assert next_scheduled(declared, unscheduled, at("2024-03-01T05:00")) is None


def test_an_sla_is_given_in_minutes_too() -> None:
    for sla in ("45m", "45min", "0.75h", "45 m"):
        deadline = deadlines(jobs("0 3 * * *", sla), at("2024-03-01T03:45"))["health_scores"]
        assert deadline.due_since == at("2024-03-01T03:00")
        assert deadline.sla == sla
