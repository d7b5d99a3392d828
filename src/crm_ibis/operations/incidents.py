"""Incidents that are not over, and who was notified: one alert for each, one when it ends.

The meta schema keeps it, so that a run's own timer, the run itself and the watch do not repeat one
another. Without the database an alert goes out all the same, as a duplicate alert is better than
none; who heard it is kept on this machine until the database can be asked again.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from crm_ibis.config.alerting import Event
from crm_ibis.config.settings import Settings
from crm_ibis.errors import CrmIbisError
from crm_ibis.events import Report, to_log, warn
from crm_ibis.operations import delivery, outage, routes
from crm_ibis.operations.alerts import Alert
from crm_ibis.operations.outage import SentAlert
from crm_ibis.runlog import clock, layout, log
from crm_ibis.text import first_line
from crm_ibis.warehouse import Warehouse, open_warehouse

REPORT_TO_LOG = to_log(__name__)

TROUBLE: tuple[Event, ...] = ("failure", "sla_breach", "late")
"""What ends with a message that it is over; other alerts end in silence."""
OVERDUE: tuple[Event, ...] = ("sla_breach", "late")
"""Two words for one incident: of a run that is still at work, and of the watch."""

LAYOUT = 2
"""The version of the meta schema that brought incidents."""

Heard = dict[str, set[str]]
"""The channels that took the message about each table."""


@dataclass(frozen=True)
class Incident:
    """An alert about one table that has not ended."""

    table: str
    event: Event
    gist: str
    run_id: str | None
    since: datetime | None
    told_at: datetime
    heard: frozenset[str]
    """The channels that took the message."""

    def is_of(self, alert: Alert) -> bool:
        """Whether an alert says nothing new."""
        same = alert.event == self.event or {alert.event, self.event} <= {*OVERDUE}
        known = self.gist == alert.gist or (self.run_id is not None and self.run_id == alert.run_id)
        return self.table in alert.tables and same and known


def notify(settings: Settings, alert: Alert, report: Report = REPORT_TO_LOG) -> None:
    """Sends an alert to the channels that have not had it; raises nothing and stops nothing."""
    heard = None
    with report_errors(report), open_warehouse(settings) as warehouse, alert_lock(warehouse):
        heard = _deliver(alert, _heard(current(warehouse), alert), report)
        write_down(warehouse, alert, heard)
    if heard is None:
        _notify_without_database(settings, alert, report)


def _notify_without_database(settings: Settings, alert: Alert, report: Report) -> None:
    """Sends it to the channels that have not had it within a day, as this machine remembers."""
    earlier = {(sent.table, sent.event): sent for sent in outage.recall(settings)}
    fresh = [t for t in earlier.values() if clock.now() - t.told_at < outage.REPEATED]
    known = _heard([_incident(sent) for sent in fresh], alert)
    heard = _deliver(alert, known, report)
    kept = [
        SentAlert(
            table=table,
            event=alert.event,
            gist=alert.gist,
            run_id=alert.run_id,
            since=alert.since,
            told_at=earlier[table, alert.event].told_at if known.get(table) else clock.now(),
            heard=tuple(sorted(heard[table])),
        )
        for table in alert.tables
        if heard[table] and ((table, alert.event) in earlier or not known.get(table))
    ]
    try:
        outage.remember(settings, kept)
    except OSError as error:
        reason = error.strerror or error
        warn(report, f"cannot save a record of this alert on this machine: {reason}")


def begin(warehouse: Warehouse, alert: Alert, report: Report) -> None:
    """Sends an alert to the channels that have not had it, and writes down which have.

    Call it while `alone`.
    """
    write_down(warehouse, alert, _deliver(alert, _heard(current(warehouse), alert), report))


def end(
    warehouse: Warehouse,
    tables: Iterable[str],
    events: Iterable[Event],
    report: Report,
    words: tuple[str, str] | None = None,
) -> None:
    """Ends incidents, and says so to those who heard of trouble; call it while `alone`.

    Each channel gets the start of the incidents that it was alerted to. An incident stays open
    while a channel cannot be reached with its end. `words` stand for "has recovered".
    """
    tables = set(tables)
    events = set(events)
    ended = [i for i in current(warehouse) if i.table in tables and i.event in events]
    owed: dict[str, list[Incident]] = {}
    for incident in (i for i in ended if i.event in TROUBLE):
        hears = set(routes.channels_of("recovered", incident.table))
        for channel in sorted(incident.heard & hears):
            owed.setdefault(channel, []).append(incident)
    messages = {channel: _recovery(over, words) for channel, over in owed.items()}
    sent = delivery.send_each(messages, report=report)
    for incident in ended:
        missed = {c for c, took in sent.items() if took is False and incident in owed[c]}
        _end(warehouse, incident, missed)


def _recovery(over: Collection[Incident], words: tuple[str, str] | None) -> Alert:
    """The end of some incidents: since when they lasted, for each table where that differs."""
    since = {
        table: min((i.since for i in over if i.table == table and i.since), default=None)
        for table in dict.fromkeys(incident.table for incident in over)
    }
    alert = Alert("recovered", tuple(since), words=words)
    if len(set(since.values())) == 1:
        return replace(alert, since=next(iter(since.values())))
    began = {table: f"{table}: since {at:%Y-%m-%d %H:%M} UTC" for table, at in since.items() if at}
    return replace(alert, notes=began)


def forget(warehouse: Warehouse, incidents: Iterable[Incident]) -> None:
    """Ends incidents in silence; call it while `alone`."""
    for incident in incidents:
        _end(warehouse, incident, set())


def current(warehouse: Warehouse) -> list[Incident]:
    """The incidents that have not ended, oldest first."""
    if not layout.has_layout(warehouse, LAYOUT):
        return []
    found = warehouse.fetch(
        "SELECT table_name, event, gist, run_id, since, told_at, heard "
        f"FROM {_name(warehouse)} WHERE ended_at IS NULL ORDER BY told_at"
    )
    return [
        Incident(*values, frozenset(filter(None, heard.split(","))))  # type: ignore[call-arg]
        for *values, heard in found
    ]


@contextmanager
def alert_lock(warehouse: Warehouse) -> Iterator[None]:
    """Keeps others from telling of incidents meanwhile."""
    with warehouse.lock(lambda: "another alert", purpose=".alerts"):
        if not layout.has_layout(warehouse, LAYOUT):
            log.prepare_unless_at_work(warehouse)
        _take_up(warehouse)
        yield


def _take_up(warehouse: Warehouse) -> None:
    """Moves alerts that were sent without the database into it."""
    sent_before = outage.recall(warehouse.settings)
    if not sent_before or not layout.has_layout(warehouse, LAYOUT):
        return
    known: dict[tuple[str, str], Incident] = {(i.table, i.event): i for i in current(warehouse)}
    for one in sent_before:
        incident = known.get((one.table, one.event))
        if incident is None:
            _insert(warehouse, _incident(one))
        elif missed := set(one.heard) - incident.heard:
            _set(warehouse, incident, "heard", ",".join(sorted(incident.heard | missed)))
    outage.forget(warehouse.settings, sent_before)


def _incident(sent: SentAlert) -> Incident:
    kept = (sent.table, sent.event, sent.gist, sent.run_id, sent.since, sent.told_at)
    return Incident(*kept, frozenset(sent.heard))  # type: ignore[arg-type]


@contextmanager
def report_errors(report: Report) -> Iterator[None]:
    """Reports what is refused, and goes on: alerts never fail what they are about."""
    try:
        yield
    except CrmIbisError as error:
        warn(report, f"cannot look up earlier alerts: {first_line(str(error))}")


def _heard(incidents: Iterable[Incident], alert: Alert) -> Heard:
    """Who has heard of an alert, from a run's timer, the run or the watch."""
    heard: Heard = {}
    for incident in incidents:
        if incident.is_of(alert):
            heard.setdefault(incident.table, set()).update(incident.heard)
    return heard


def _deliver(alert: Alert, heard: Heard, report: Report) -> Heard:
    """Sends an alert to those who have not heard of it; who has after that."""
    channels = routes.channels_for(alert.event, alert.tables, heard)
    sent = delivery.send(alert, channels, report=report)
    took = {
        table: {c for c, tables in channels.items() if sent[c] and table in tables}
        for table in alert.tables
    }
    return {table: heard.get(table, set()) | took[table] for table in alert.tables}


def write_down(warehouse: Warehouse, alert: Alert, heard: Heard) -> None:
    """Keeps who has heard of an alert; call it while `alert_lock`."""
    known = {i.table: i for i in current(warehouse) if i.event == alert.event}
    for table in alert.tables:
        # The words of the first message stay, for the next run that fails in the same way.
        is_repeated = table in known and known[table].is_of(alert)
        gist = known[table].gist if is_repeated else alert.gist
        values = [gist, alert.run_id, clock.now(), ",".join(sorted(heard[table]))]
        if table in known:
            warehouse.run(
                f"UPDATE {_name(warehouse)} SET gist = ?, run_id = ?, told_at = ?, heard = ? "
                "WHERE table_name = ? AND event = ? AND ended_at IS NULL",
                [*values, table, alert.event],
            )
        else:
            new = (table, alert.event, gist, alert.run_id, alert.since, clock.now())
            _insert(warehouse, Incident(*new, frozenset(heard[table])))


def _insert(warehouse: Warehouse, new: Incident) -> None:
    warehouse.run(
        f"INSERT INTO {_name(warehouse)} (table_name, event, gist, run_id, since, told_at, heard) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            *(new.table, new.event, new.gist, new.run_id, new.since, new.told_at),
            ",".join(sorted(new.heard)),
        ],
    )


def _end(warehouse: Warehouse, incident: Incident, missed: set[str]) -> None:
    """Ends an incident, or leaves it to the channels that did not take the message."""
    if missed:
        _set(warehouse, incident, "heard", ",".join(sorted(missed)))
    else:
        _set(warehouse, incident, "ended_at", clock.now())


def _set(warehouse: Warehouse, incident: Incident, column: str, value: object) -> None:
    warehouse.run(
        f"UPDATE {_name(warehouse)} SET {column} = ? "
        "WHERE table_name = ? AND event = ? AND ended_at IS NULL",
        [value, incident.table, incident.event],
    )


def _name(warehouse: Warehouse) -> str:
    return layout.log_table(warehouse, "alerts")
