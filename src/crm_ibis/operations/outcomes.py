"""What a run of a job did, and how that is reported and measured."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from crm_ibis.config.alerting import Event
from crm_ibis.config.declarations import Job, get_job, jobs
from crm_ibis.config.settings import Settings
from crm_ibis.config.tolerance import tolerating
from crm_ibis.contracts.audit import broken_check
from crm_ibis.contracts.violations import Violation
from crm_ibis.errors import CrmIbisError, UsageError
from crm_ibis.events import Report
from crm_ibis.metrics.contradictions import refuse_wrong_job
from crm_ibis.operations import alerts, delivery, due_soon, incidents
from crm_ibis.operations.alerts import Alert
from crm_ibis.operations.incidents import TROUBLE
from crm_ibis.operations.schedule import last_scheduled
from crm_ibis.operations.statsd import Metrics
from crm_ibis.runlog import summaries
from crm_ibis.runlog.clock import now
from crm_ibis.runlog.log import Attempt, TableRun
from crm_ibis.runlog.publications import publications
from crm_ibis.text import first_line
from crm_ibis.warehouse import Warehouse, open_warehouse

JITTER = 0.25
"""Waits differ by up to a quarter, so that jobs that failed together do not return together."""
GRACE = 120.0
"""Seconds that another attempt may take to reach the log: it waits for connection and lock."""


@dataclass(frozen=True)
class JobRun:
    """A run of a job that was scheduled for an instant (UTC): the `as_of` of all its attempts."""

    name: str
    job: Job
    scheduled_at: datetime
    flow_run: str | None = None
    """The scheduler's id of the run, for links to it."""

    @property
    def due_at(self) -> datetime | None:
        """When its SLA runs out."""
        return self.scheduled_at + self.job.sla_duration if self.job.sla_duration else None

    def met_sla(self, moment: datetime) -> bool | None:
        """Whether the SLA has not run out at an instant; null for a job without one."""
        return moment <= self.due_at if self.due_at else None

    def attempt(self, number: int) -> Attempt:
        """One of its attempts, the first is number 1."""
        waits = self.job.waits[number - 1 :]
        retry_wait = waits[0] * (1 + JITTER) + GRACE if waits else None
        return Attempt(self.name, self.scheduled_at, self.due_at, number, retry_wait)


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


def plan_run(name: str, scheduled_at: datetime, flow_run: str | None = None) -> JobRun:
    """The run of a job for an instant (UTC); raises UsageError when there is no such job.

    Of runs that were held up, whichever comes first stands for the newest instant that has passed:
    the others are of no use. A scheduler's clock may be ahead of this machine's: no instant is
    later than now.
    """
    job = get_job(name)
    refuse_wrong_job(name)
    moment = now()
    newest = last_scheduled(jobs(), job, moment) or scheduled_at
    return JobRun(name, job, min(max(scheduled_at, newest), moment), flow_run)


def report_success(settings: Settings, run: JobRun, outcome: Outcome, report: Report) -> None:
    """Ends incidents of the tables, reports what is not as it should be, and measures.

    Raises nothing: what was published is published.
    """
    names = tuple(table.table for table in outcome.results)
    with (
        incidents.report_errors(report),
        open_warehouse(settings) as warehouse,
        incidents.alert_lock(warehouse),
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
        if due_soon.QUEUE in names:
            due_soon.alert_due_soon(warehouse, report)
    if run.job.refresh:
        counts = [
            f"{t.table}: rows {t.rows:,}, changed {t.changed_rows:,}" for t in outcome.results
        ]
        delivery.send(_about("success", run, outcome, counts), report=report)
    with Metrics(report) as metrics:
        metrics.run(run.name, succeeded=True, sla_met=outcome.sla_met, seconds=outcome.seconds)
        metrics.tables(run.name, outcome.results)
        metrics.checks_failed(run.name, 0)


def alert_failure(settings: Settings, run: JobRun, error: Exception, report: Report) -> None:
    """Sends the alert of a run that failed for good; raises nothing."""
    known = error if isinstance(error, CrmIbisError) else None
    broken, run_id = (known.broken, known.run_id) if known else ((), None)
    text = str(error) if known else f"{type(error).__name__}; the log of the run has more"
    with incidents.report_errors(report):
        failure = alerts.failure(run.job.tables, text, broken, run.scheduled_at, run_id)
        incidents.notify(settings, replace(failure, flow_run=run.flow_run), report)
    with Metrics(report) as metrics:
        sla_missed = False if run.met_sla(now()) is False else None
        metrics.run(run.name, succeeded=False, sla_met=sla_missed)
        if broken:
            metrics.checks_failed(run.name, len(broken))


def alert_left_out(
    settings: Settings, run: JobRun, facts: tuple[str, ...], error: CrmIbisError, report: Report
) -> None:
    """Tells that a run published its KPIs without some facts, which failed; raises nothing."""
    with incidents.report_errors(report):
        failure = alerts.failure(facts, str(error), error.broken, run.scheduled_at, error.run_id)
        incidents.notify(settings, replace(failure, flow_run=run.flow_run), report)


def alert_unknown_job(
    settings: Settings, name: str, flow: str, error: UsageError, report: Report
) -> None:
    """Sends the alert of a job that the project does not have; raises nothing."""
    first = first_line(str(error))
    remedy = f"declare it, or delete its deployment: prefect deployment delete {flow}/{name}"
    alert = Alert("failure", (f"the job {name}",), now(), details=(first, remedy), gist=first)
    # Of jobs.yml that is not valid, what is valid still says who hears of it.
    with incidents.report_errors(report), tolerating():
        incidents.notify(settings, alert, report)


def alert_sla_breach(settings: Settings, run: JobRun, report: Report) -> None:
    """Sends the alert of a run whose SLA runs out before its end; raises nothing."""
    late = run.job.tables
    with incidents.report_errors(report), open_warehouse(settings) as warehouse:
        late = tuple(_unpublished_tables(warehouse, run))
    if late:
        details = (f"scheduled for {run.scheduled_at:%H:%M} UTC with an SLA of {run.job.sla}",)
        alert = Alert("sla_breach", late, run.scheduled_at, details=details, flow_run=run.flow_run)
        incidents.notify(settings, alert, report)


def _unpublished_tables(warehouse: Warehouse, run: JobRun) -> list[str]:
    """The tables of a run that nobody else has published since it was scheduled."""
    done = {**publications(warehouse), **publications(warehouse, "snapshot")}
    return [
        name
        for name in run.job.tables
        if name not in done or done[name]["finished_at"] < run.scheduled_at
    ]


def _warnings(run: JobRun, outcome: Outcome) -> Alert | None:
    if not outcome.warnings:
        return None
    broken = [broken_check(warning) for warning in outcome.warnings]
    gist = alerts.gist_of_checks(broken)
    return _about("contract_warning", run, outcome, [str(check) for check in broken], gist)


def _slowness(warehouse: Warehouse, run: JobRun, outcome: Outcome) -> Alert | None:
    for pace in summaries.paces(warehouse).values():
        if pace.run_id == outcome.run_id and pace.slow:
            took = f"took {pace.seconds:,.1f} s, usually {pace.usual_seconds:,.1f} s"
            return _about("slow_run", run, outcome, [took])
    return None


def _about(
    event: Event, run: JobRun, outcome: Outcome, details: list[str], gist: str = ""
) -> Alert:
    names = tuple(table.table for table in outcome.results)
    tables = tuple(name for name in names if name in run.job.tables) or names
    alert = Alert(event, tables, run.scheduled_at, outcome.run_id, tuple(details), gist)
    return replace(alert, flow_run=run.flow_run)
