"""What a run of a job did, and what is told and measured of it."""

from dataclasses import dataclass, field
from datetime import datetime

from crm_ibis import alerts, incidents, runs
from crm_ibis.alerts import Alert, Report
from crm_ibis.checks import ChecksFailed
from crm_ibis.declarations import Event, Job, job_named
from crm_ibis.incidents import TROUBLE
from crm_ibis.metrics import Metrics
from crm_ibis.rules import Violation
from crm_ibis.runlog import Attempt, TableRun, now
from crm_ibis.settings import Settings
from crm_ibis.warehouse import Warehouse, open_warehouse


@dataclass(frozen=True)
class JobRun:
    """A run of a job that was scheduled for an instant (UTC): the `as_of` of all its attempts."""

    name: str
    job: Job
    scheduled_at: datetime

    @property
    def due_at(self) -> datetime | None:
        """When its SLA runs out."""
        return self.scheduled_at + self.job.allowed if self.job.allowed else None

    def in_time(self, moment: datetime) -> bool | None:
        """Whether the SLA has not run out at an instant; null for a job without one."""
        return moment <= self.due_at if self.due_at else None

    def attempt(self, number: int) -> Attempt:
        """One of its attempts, the first is number 1."""
        last = number >= self.job.attempts
        return Attempt(self.name, self.scheduled_at, self.due_at, number, last)


@dataclass(frozen=True)
class Outcome:
    """What a run did; without `run_id` nothing, as there was nothing to do."""

    run_id: str | None
    tables: list[TableRun] = field(default_factory=list)
    warnings: list[Violation] = field(default_factory=list)
    seconds: float = 0.0
    sla_met: bool | None = None
    """Whether it ended before its SLA ran out; null for a job without one."""

    @property
    def results(self) -> list[TableRun]:
        """The tables that were published or recorded."""
        return [table for table in self.tables if table.kind in ("published", "snapshot")]


def planned(name: str, scheduled_at: datetime) -> JobRun:
    """The run of a job for an instant (UTC); raises UsageError when there is no such job.

    A scheduler's clock may be ahead of this machine's: no instant is later than now.
    """
    return JobRun(name, job_named(name), min(scheduled_at, now()))


def tell_of_success(settings: Settings, run: JobRun, outcome: Outcome, report: Report) -> None:
    """Ends what was wrong with the tables, tells of what is not as it should be, and measures.

    Raises nothing: what was published is published.
    """
    names = tuple(table.table for table in outcome.results)
    with (
        incidents.untroubled(report),
        open_warehouse(settings) as warehouse,
        incidents.alone(warehouse),
    ):
        incidents.end(warehouse, names, TROUBLE, report)
        found: dict[Event, Alert | None] = {
            "contract_warning": _warnings(run, outcome),
            "slow_run": _slowness(warehouse, run, outcome),
        }
        for event, alert in found.items():
            if alert:
                incidents.begin(warehouse, alert, report)
            else:
                incidents.end(warehouse, names, [event], report)
    if run.job.refresh:
        counts = [f"{t.table}: {t.rows:,} rows, {t.touched:,} changed" for t in outcome.results]
        alerts.send(_about("success", run, outcome, counts), report=report)
    with Metrics(report) as metrics:
        metrics.run(run.name, succeeded=True, sla_met=outcome.sla_met, seconds=outcome.seconds)
        metrics.tables(run.name, outcome.results)
        metrics.checks_failed(run.name, 0)


def tell_of_failure(settings: Settings, run: JobRun, error: Exception, report: Report) -> None:
    """Tells of a run that failed for good; raises nothing."""
    incidents.tell(settings, alerts.failure(run.job.tables, error, run.scheduled_at), report)
    broken = error.violations if isinstance(error, ChecksFailed) else []
    with Metrics(report) as metrics:
        metrics.run(run.name, succeeded=False, sla_met=False if run.due_at else None)
        metrics.checks_failed(run.name, len(broken))


def tell_of_breach(settings: Settings, run: JobRun, report: Report) -> None:
    """Tells that the SLA of a run has run out before its end; raises nothing."""
    details = (f"scheduled for {run.scheduled_at:%H:%M} UTC with an SLA of {run.job.sla}",)
    alert = Alert("sla_breach", run.job.tables, run.scheduled_at, details=details)
    incidents.tell(settings, alert, report)


def _warnings(run: JobRun, outcome: Outcome) -> Alert | None:
    if not outcome.warnings:
        return None
    details = [alerts.described(warning) for warning in outcome.warnings]
    gist = alerts.gist_of_checks(outcome.warnings)
    return _about("contract_warning", run, outcome, details, gist)


def _slowness(warehouse: Warehouse, run: JobRun, outcome: Outcome) -> Alert | None:
    for pace in runs.paces(warehouse).values():
        if pace.run_id == outcome.run_id and pace.slow:
            took = f"took {pace.seconds:,.1f} s, usually {pace.usual_seconds:,.1f} s"
            return _about("slow_run", run, outcome, [took])
    return None


def _about(
    event: Event, run: JobRun, outcome: Outcome, details: list[str], gist: str = ""
) -> Alert:
    names = tuple(table.table for table in outcome.results)
    return Alert(event, names, run.scheduled_at, outcome.run_id, tuple(details), gist)
