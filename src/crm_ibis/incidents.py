"""What was told to whom and is not over yet: one alert for each incident, one when it ends.

The meta schema keeps it, so that a run's own timer, the run itself and the watch do not repeat one
another. Without the database an alert goes out all the same: rather twice than never.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from crm_ibis import alerts, runlog
from crm_ibis.alerts import Alert, Report
from crm_ibis.declarations import Event
from crm_ibis.errors import CrmIbisError
from crm_ibis.settings import Settings
from crm_ibis.warehouse import Warehouse, open_warehouse

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


def tell(settings: Settings, alert: Alert, report: Report = lambda line: None) -> None:
    """Tells of an alert whoever has not heard of it; raises nothing and stops nothing."""
    heard = None
    with untroubled(report), open_warehouse(settings) as warehouse, alone(warehouse):
        heard = _deliver(alert, _heard(warehouse, alert), report)
        _write(warehouse, alert, heard)
    if heard is None:
        _deliver(alert, {}, report)


def begin(warehouse: Warehouse, alert: Alert, report: Report) -> None:
    """Tells of an alert whoever has not heard of it, and writes down who has.

    Call it while `alone`.
    """
    _write(warehouse, alert, _deliver(alert, _heard(warehouse, alert), report))


def end(
    warehouse: Warehouse, tables: Iterable[str], events: Iterable[Event], report: Report
) -> None:
    """Ends incidents, and says so to those who heard of trouble; call it while `alone`.

    An incident whose end some channel did not take stays open for the next time.
    """
    tables, events = set(tables), set(events)
    ended = [i for i in current(warehouse) if i.table in tables and i.event in events]
    owed: Heard = {}
    for incident in (i for i in ended if i.event in TROUBLE):
        owed.setdefault(incident.table, set()).update(incident.heard)
    channels = {
        channel: [table for table in told if channel in owed[table]]
        for channel, told in alerts.channels_for("recovered", owed).items()
    }
    channels = {channel: told for channel, told in channels.items() if told}
    since = min((i.since for i in ended if i.since), default=None)
    sent = alerts.send(Alert("recovered", tuple(owed), since), channels, report=report)
    for incident in ended:
        missed = {c for c, took in sent.items() if took is False and incident.table in channels[c]}
        _end(warehouse, incident, missed & incident.heard)


def current(warehouse: Warehouse) -> list[Incident]:
    """The incidents that have not ended, oldest first."""
    if not runlog.has_layout(warehouse, LAYOUT):
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
def alone(warehouse: Warehouse) -> Iterator[None]:
    """Keeps others from telling of incidents meanwhile."""
    with warehouse.lock(lambda: "another alert", purpose=".alerts"):
        if not runlog.has_layout(warehouse, LAYOUT):
            runlog.prepare_unless_at_work(warehouse)
        yield


@contextmanager
def untroubled(report: Report) -> Iterator[None]:
    """Reports what is refused, and goes on: alerts never fail what they are about."""
    try:
        yield
    except CrmIbisError as error:
        report(f"what was told before cannot be looked up: {alerts.first_line(str(error))}")


def _heard(warehouse: Warehouse, alert: Alert) -> Heard:
    """Who has heard of an alert, from a run's timer, the run or the watch."""
    heard: Heard = {}
    for incident in current(warehouse):
        if incident.is_of(alert):
            heard.setdefault(incident.table, set()).update(incident.heard)
    return heard


def _deliver(alert: Alert, heard: Heard, report: Report) -> Heard:
    """Sends an alert to those who have not heard of it; who has after that."""
    channels = alerts.channels_for(alert.event, alert.tables, heard)
    sent = alerts.send(alert, channels, report=report)
    took = {
        table: {c for c, told in channels.items() if sent[c] and table in told}
        for table in alert.tables
    }
    return {table: heard.get(table, set()) | took[table] for table in alert.tables}


def _write(warehouse: Warehouse, alert: Alert, heard: Heard) -> None:
    known = {i.table: i for i in current(warehouse) if i.event == alert.event}
    for table in alert.tables:
        # The words of whoever told first stay, for the next run that fails in the same way.
        told = table in known and known[table].is_of(alert)
        gist = known[table].gist if told else alert.gist
        values = [gist, alert.run_id, runlog.now(), ",".join(sorted(heard[table]))]
        if table in known:
            warehouse.run(
                f"UPDATE {_name(warehouse)} SET gist = ?, run_id = ?, told_at = ?, heard = ? "
                "WHERE table_name = ? AND event = ? AND ended_at IS NULL",
                [*values, table, alert.event],
            )
        else:
            warehouse.run(
                f"INSERT INTO {_name(warehouse)} (gist, run_id, told_at, heard, table_name, "
                "event, since) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [*values, table, alert.event, alert.since],
            )


def _end(warehouse: Warehouse, incident: Incident, missed: set[str]) -> None:
    """Ends an incident, or leaves it to the channels that did not take the message."""
    column, value = ("heard", ",".join(sorted(missed))) if missed else ("ended_at", runlog.now())
    warehouse.run(
        f"UPDATE {_name(warehouse)} SET {column} = ? "
        "WHERE table_name = ? AND event = ? AND ended_at IS NULL",
        [value, incident.table, incident.event],
    )


def _name(warehouse: Warehouse) -> str:
    return runlog.log_table(warehouse, "alerts")
