"""Which tables are late: by schedule, SLA and last publication, whether or not anything ran."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cronsim import CronSim

from crm_ibis.config.declarations import Job, Jobs


@dataclass(frozen=True)
class Deadline:
    """What the schedule of its job demands of a table, at an instant (UTC)."""

    job: str
    sla: str
    due_since: datetime
    """The newest scheduled instant whose SLA has run out: it must have been published since."""

    def is_late(self, published_at: datetime | None) -> bool:
        """Whether a table that was last published then is late."""
        return published_at is None or published_at < self.due_since


def deadlines(jobs: Jobs, now: datetime) -> dict[str, Deadline]:
    """The deadline of every table that a job with an SLA publishes, at an instant (UTC).

    None while the job has no schedule or is paused.
    """
    found: dict[str, Deadline] = {}
    for name, job in jobs.jobs.items():
        if job.sla and job.sla_duration and not job.paused:
            due_since = last_scheduled(jobs, job, now - job.sla_duration)
            if due_since:
                found |= dict.fromkeys(job.tables, Deadline(name, job.sla, due_since))
    return found


def next_runs(jobs: Jobs, now: datetime) -> dict[str, datetime]:
    """When each table that a job publishes or records is due next, after an instant (UTC)."""
    found: dict[str, datetime] = {}
    for job in jobs.jobs.values():
        coming = None if job.paused else next_scheduled(jobs, job, now)
        if coming:
            found |= dict.fromkeys(job.outputs, coming)
    return found


def last_scheduled(jobs: Jobs, job: Job, moment: datetime) -> datetime | None:
    """The newest scheduled instant of a job that is not after a moment (both UTC), if any."""
    # Schedules are whole minutes, and the iterator leaves out the one that it starts from.
    minute = moment.replace(second=0, microsecond=0)
    return _scheduled(jobs, job, minute + timedelta(minutes=1), reverse=True)


def next_scheduled(jobs: Jobs, job: Job, moment: datetime) -> datetime | None:
    """The first scheduled instant of a job after a moment (both UTC), if it has a schedule."""
    return _scheduled(jobs, job, moment, reverse=False)


def _scheduled(jobs: Jobs, job: Job, moment: datetime, reverse: bool) -> datetime | None:
    if job.schedule is None:
        return None
    local = moment.replace(tzinfo=UTC).astimezone(jobs.zone_of(job))
    found = next(CronSim(job.schedule, local, reverse=reverse))
    return found.astimezone(UTC).replace(tzinfo=None)
