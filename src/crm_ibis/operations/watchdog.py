"""The watch: looks at what is late or failed, whether or not anything ran, and reports it once."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

from crm_ibis.config.alerting import Event
from crm_ibis.config.settings import Settings
from crm_ibis.config.tolerance import tolerating
from crm_ibis.errors import CrmIbisError
from crm_ibis.events import Report, to_log, warn
from crm_ibis.metrics import catalog
from crm_ibis.operations import alerts, due_soon, incidents, source_ages
from crm_ibis.operations.alerts import GONE, WATCH, Alert
from crm_ibis.operations.incidents import TROUBLE
from crm_ibis.operations.source_ages import SourceAge
from crm_ibis.operations.statsd import Metrics
from crm_ibis.operations.status import Status, statuses
from crm_ibis.runlog import clock, log, summaries
from crm_ibis.runlog.summaries import SourceSeen
from crm_ibis.text import first_line
from crm_ibis.warehouse import Warehouse, open_warehouse

REPORT_TO_LOG = to_log(__name__)

FORGOTTEN = timedelta(days=1)
"""After that nobody is reminded of a job that is not declared and was not started any more."""


def watch_or_alert(
    settings: Settings, look: Callable[[], list[Status]], report: Report = REPORT_TO_LOG
) -> list[Status]:
    """What a look at the tables finds; a failure goes to the default route and is raised."""
    try:
        return look()
    except Exception as error:
        # Of jobs.yml that is not valid, what is valid still says who hears of it.
        with incidents.report_errors(report), tolerating():
            incidents.notify(settings, _failed_watch(error), report)
        raise


def _failed_watch(error: Exception) -> Alert:
    is_ours = isinstance(error, CrmIbisError)
    gist = first_line(str(error)) if is_ours else type(error).__name__
    effect = "until it works again, nobody hears which tables are late or failed"
    same = alerts.gist_of(gist)
    return Alert("failure", (WATCH,), clock.now(), details=(gist, effect), gist=same)


def watch(
    settings: Settings, report: Report = REPORT_TO_LOG, now: datetime | None = None
) -> list[Status]:
    """Reports tables that are late, whose last run failed or was killed, or that recovered,
    sources that are older than sources.yml allows, and tickets that are due soon.

    Notifies once per incident, and once more when it is over; channels that did not take a message
    are tried again. Returns the status of every table, at an instant (UTC, default now).

    Raises DatabaseError when the database cannot be asked.
    """
    with open_warehouse(settings) as warehouse:
        log.prepare_unless_at_work(warehouse)
        found = statuses(warehouse, now)
        ages = source_ages.source_ages(warehouse, now or clock.now(), report)
        for source in summaries.source_ages(warehouse):
            if source.is_unchanged:
                warn(report, _unchanged(source), source.source)
        with incidents.alert_lock(warehouse):
            for alert in [*_late(found), *_failed(found), *source_ages.alerts_of(ages)]:
                incidents.begin(warehouse, alert, report)
            _end_of_sources(warehouse, ages, report)
            incidents.end(warehouse, [*_recovered_tables(warehouse, found), WATCH], TROUBLE, report)
            _end_retired(warehouse, report)
            due_soon.alert_due_soon(warehouse, report)
    with Metrics(report) as metrics:
        metrics.ages(status for status in found if status.state != "retired")
    return found


def _unchanged(source: SourceSeen) -> str:
    """A word that ingestion may have stopped; alerts of it are for `expect` in sources.yml."""
    newest = "not known"
    if source.newest_at:
        newest = f"of {source.newest_at:%Y-%m-%d %H:%M} UTC"
    return (
        f"source {source.source} is the same in {source.unchanged_runs} runs in a row, "
        f"the newest row is {newest}"
    )


def _end_of_sources(warehouse: Warehouse, ages: Iterable[SourceAge], report: Report) -> None:
    """Ends incidents of sources that are new enough, or of which nothing is expected any more."""
    unknown = {alerts.about_source(age.source) for age in ages if age.problem}
    for event in source_ages.EVENTS.values():
        old = {name for a in source_ages.alerts_of(ages) if a.event == event for name in a.tables}
        over = [
            incident.table
            for incident in incidents.current(warehouse)
            if incident.event == event
            and incident.table.startswith(alerts.SOURCE)
            and incident.table not in old | unknown
        ]
        incidents.end(warehouse, over, [event], report, words=source_ages.ENDED)


def _end_retired(warehouse: Warehouse, report: Report) -> None:
    """Ends incidents of tables and jobs that the project no longer has."""
    about_tables = [i for i in incidents.current(warehouse) if i.event != alerts.DUE_SOON]
    unknown = [incident for incident in about_tables if not catalog.is_known(incident.table)]
    tables = {i.table for i in unknown if alerts.is_table(i.table)}
    incidents.end(warehouse, tables, get_args(Event), report, words=GONE)
    before = clock.now() - FORGOTTEN
    silent = [i for i in unknown if i.table not in tables and i.told_at < before]
    incidents.forget(warehouse, silent)


def _recovered_tables(warehouse: Warehouse, found: Iterable[Status]) -> list[str]:
    """Tables in order, and published since the last failure that was reported.

    The log need not know of a failure: a run may end before it could be logged.
    """
    failed = {i.table: i.told_at for i in incidents.current(warehouse) if i.event == "failure"}
    return [
        status.table
        for status in found
        if status.is_healthy
        and status.state != "retired"
        and (status.table not in failed or _is_since(status.published_at, failed[status.table]))
    ]


def _is_since(published_at: datetime | None, moment: datetime) -> bool:
    return published_at is not None and published_at > moment


def _late(found: Iterable[Status]) -> list[Alert]:
    """An alert for the late tables of each deadline."""

    def alert(late: list[Status]) -> Alert:
        since = late[0].due_since
        names = tuple(status.table for status in late)
        details = (f"nothing was published since {since:%Y-%m-%d %H:%M} UTC, SLA {late[0].sla}",)
        return Alert("late", names, since, details=details, notes=_last_seen(late))

    late = [status for status in found if status.late]
    return _group_alerts(late, lambda status: (status.due_since, status.sla), alert)


def _failed(found: Iterable[Status]) -> list[Alert]:
    """An alert for each run that failed; the run itself may have reported it already."""

    def alert(failed: list[Status]) -> Alert:
        # Facts are reported only where no KPI of their job is.
        failed = [status for status in failed if catalog.entry_of(status.table)] or failed
        names = tuple(status.table for status in failed)
        first = failed[0]
        about = alerts.failure(names, first.last_error or "", first.broken, None, first.failed_run)
        return replace(about, notes=_last_seen(failed))

    failed = [status for status in found if status.failing]
    return _group_alerts(failed, lambda status: status.failed_run, alert)


def _last_seen(found: Iterable[Status]) -> dict[str, str]:
    return {
        status.table: f"{status.table} was last published {status.published_at:%Y-%m-%d %H:%M} UTC"
        if status.published_at
        else f"{status.table} was never published"
        for status in found
    }


def _group_alerts(
    found: list[Status], key: Callable[[Status], object], alert: Callable[[list[Status]], Alert]
) -> list[Alert]:
    """One alert for all tables that share a key, such as the run that failed."""
    groups: dict[object, list[Status]] = {}
    for status in found:
        groups.setdefault(key(status), []).append(status)
    return [alert(group) for group in groups.values()]
