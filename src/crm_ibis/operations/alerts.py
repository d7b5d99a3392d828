"""Alerts that a person can act on: what, since when, whose it is, what it affects, which run."""

import logging
import os
import re
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from crm_ibis.config.declarations import (
    FLOW_RUN,
    OWNER,
    Event,
    exposures,
    file_of,
    jobs,
    snapshots,
)
from crm_ibis.errors import BrokenCheck
from crm_ibis.events import ProgressEvent, Report, to_log, warn
from crm_ibis.metrics import catalog
from crm_ibis.operations import impact
from crm_ibis.text import LONGEST, count_of, first_line

REPORT_TO_LOG = to_log(__name__)

ATTEMPTS = 3
WAIT = 1.0
"""Seconds before the second attempt; twice as many before the third."""
ANSWER = 20.0
"""Seconds within which a service is to answer; by default Apprise gives up after four."""

WATCH = "the watch"
"""What an alert is about, in place of a table, when the watch itself fails."""

WORDS: dict[Event, tuple[str, str]] = {
    "failure": ("failed", "failed"),
    "sla_breach": ("is taking longer than its SLA", "are taking longer than their SLA"),
    "late": ("is late", "are late"),
    "recovered": ("has recovered", "have recovered"),
    "success": ("was published", "were published"),
    "slow_run": ("took longer than usual", "took longer than usual"),
    "contract_warning": ("has warnings", "have warnings"),
}
"""What happened to one table, and to several."""
GONE = ("is no longer part of the project", "are no longer part of the project")
UNROUTED: tuple[Event, ...] = ("failure", "late")
"""What goes to the default route where no other one finds a channel: nothing fails unheard."""


Kind = Literal["info", "success", "warning", "failure"]
"""How grave a message is, as Apprise says it: PagerDuty's severity, a colour in Slack."""

KINDS: dict[Event, Kind] = {
    "failure": "failure",
    "sla_breach": "failure",
    "late": "failure",
    "recovered": "success",
    "success": "success",
    "slow_run": "warning",
    "contract_warning": "warning",
}


@dataclass(frozen=True)
class Alert:
    """Something that happened to tables, for people. Of rows it holds keys, never other values."""

    event: Event
    tables: tuple[str, ...]
    since: datetime | None = None
    run_id: str | None = None
    details: tuple[str, ...] = ()
    gist: str = ""
    """What makes it the same as an earlier alert, where numbers and names of runs do not."""
    blocked: tuple[str, ...] = ()
    """KPIs of other jobs that cannot be computed either."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """A line about some of the tables."""
    flow_run: str | None = None
    """The scheduler's id of the run."""
    words: tuple[str, str] | None = None
    """What happened to one table, and to several, where the event does not say it."""

    @property
    def title(self) -> str:
        """The event in a line."""
        first, *others = self.tables
        one, several = self.words or WORDS[self.event]
        happened = f"{first} and {len(others)} more {several}" if others else f"{first} {one}"
        return f"crm_ibis: {happened}"

    @property
    def body(self) -> str:
        """What to know before acting, a line each."""
        tables = list(filter(is_table, self.tables))
        entries = [catalog.entry_of(table) for table in tables]
        owners = [f"{e.owner} ({e.criticality})" for e in entries if e and e.owner]
        entries += [catalog.entry_of(table) for table in self.blocked]
        exposures = [name for entry in entries if entry for name in entry.exposures]
        lines = {
            "tables": ", ".join(tables),
            "since": f"{self.since:%Y-%m-%d %H:%M} UTC" if self.since else "",
            "owner": ", ".join(dict.fromkeys(owners)),
            "also blocked": ", ".join(self.blocked),
            "affects": ", ".join(dict.fromkeys(exposures)),
            "run": self.run_id or "",
            **self._links(),
        }
        listed = [f"{title}: {text}" for title, text in lines.items() if text]
        notes = [self.notes[table] for table in self.tables if table in self.notes]
        # Some services take no message without a text.
        return "\n".join([*self.details, *notes, *listed]) or self.title

    def _links(self) -> dict[str, str]:
        """Where to read more, as far as jobs.yml says where that is."""
        links = jobs().links
        pages = [table for table in self.tables if is_table(table) and catalog.is_known(table)]
        page = f"tables/{pages[0]}.html" if len(pages) == 1 else "runs.html"
        found = {"site": f"{links.site}/{page}"} if links.site else {}
        if links.run and self.flow_run:
            found["flow run"] = links.run.replace(FLOW_RUN, self.flow_run)
        return found

    def of(self, tables: Iterable[str]) -> "Alert":
        """The same about some of its tables."""
        return replace(self, tables=tuple(tables))


def is_table(name: str) -> bool:
    """Whether an alert is about a table of this name, and not about the watch or a job.

    Of those the catalog is not asked, as a catalog that cannot be read may be what is wrong.
    """
    return name.isidentifier()


def failure(
    tables: tuple[str, ...],
    text: str,
    broken: Sequence[BrokenCheck],
    since: datetime | None,
    run_id: str | None,
) -> Alert:
    """The alert of a failed run: its first broken check with two keys, or what went wrong."""
    details = [str(broken[0])] if broken else [first_line(text)]
    if len(broken) > 1:
        more = len(broken) - 1
        details.append(f"and {count_of(more, 'more broken check')}")
    elsewhere = impact.downstream(check.table for check in broken)
    return Alert(
        "failure",
        tables,
        since,
        run_id,
        (*details, "nothing was published; readers have what they had"),
        gist=gist_of_checks(broken) if broken else gist_of(first_line(text)),
        blocked=tuple(kpi for kpi in elsewhere if kpi not in tables),
    )


def gist_of(line: str) -> str:
    """A message without what differs from run to run."""
    return re.sub(r"\d+", "#", line)


def gist_of_checks(broken: Iterable[BrokenCheck]) -> str:
    """Which checks are broken, whatever the rows."""
    return "; ".join(f"{check.table}: {check.check}" for check in broken)[:LONGEST]


def channels_of(event: Event, table: str) -> list[str]:
    """The channels that hear of an event of a table, by its owner and criticality.

    The default route hears of failures and lateness that no other route takes, and so of every
    recovery. Of one that the project no longer has, nobody knows any more whose it was: everybody
    who hears of recoveries may hear that it is gone.
    """
    declared = jobs()
    if event == "recovered" and not (is_table(table) and catalog.is_known(table)):
        routes = [
            channel for route in declared.alerts if event in route.events for channel in route.to
        ]
        return _resolve_owners([*routes, *declared.default_route], list(declared.owners))
    entry = catalog.entry_of(table) if is_table(table) else None
    owners = [entry.owner] if entry and entry.owner else []
    found = _resolve_owners(_route(event, table), owners)
    if event == "recovered" or (event in UNROUTED and not found):
        found += _resolve_owners(declared.default_route, owners)
    return list(dict.fromkeys(found))


def _route(event: Event, table: str) -> list[str]:
    """What the routes name for an event of a table, `owner` among it."""
    entry = catalog.entry_of(table) if is_table(table) else None
    kpi = catalog.kpi_of(table) if is_table(table) else table
    criticality = entry.criticality if entry else None
    return [
        channel
        for route in jobs().alerts
        if event in route.events
        and (not route.tables or kpi in route.tables)
        and (not route.criticality or criticality in route.criticality)
        for channel in route.to
    ]


def _resolve_owners(named: Iterable[str], owners: Iterable[str]) -> list[str]:
    """Channels, with those of the owners where a route says `owner`."""
    known, owners = jobs().owners, list(owners)
    found: list[str] = []
    for channel in named:
        if channel == OWNER:
            found += [theirs for owner in owners for theirs in known.get(owner, [])]
        else:
            found.append(channel)
    return list(dict.fromkeys(found))


def channels_for(
    event: Event, tables: Iterable[str], heard: Mapping[str, Collection[str]] | None = None
) -> dict[str, list[str]]:
    """The tables that each channel is to hear of and has not."""
    found: dict[str, list[str]] = {}
    for table in tables:
        for channel in channels_of(event, table):
            if channel not in (heard or {}).get(table, ()):
                found.setdefault(channel, []).append(table)
    return found


def all_channels() -> list[str]:
    """Every channel that the jobs file names; raises UsageError for an owner nobody knows."""
    catalog.check_owners()
    return _named_channels()


def _named_channels() -> list[str]:
    declared = jobs()
    named = [channel for route in declared.alerts for channel in route.to]
    named += declared.default_route
    named = [channel for channel in named if channel != OWNER]
    named += [channel for channels in declared.owners.values() for channel in channels]
    return list(dict.fromkeys(named))


def gaps(environ: Mapping[str, str] | None = None) -> list[str]:
    """What would go unheard, a line each: tables that no channel hears of, owners without a
    channel, and with an environment given, channels whose URL it does not hold."""
    declared, listed = jobs(), catalog.entries()
    due = [
        table for job in declared.jobs.values() if job.schedule and job.sla for table in job.tables
    ]
    unheard = {
        "failures": [t for t in [*listed, *snapshots()] if not channels_of("failure", t)],
        "lateness": [t for t in due if not channels_of("late", t)],
    }
    file = file_of("jobs.yml")
    found = [
        f"no channel hears of {what} of {', '.join(tables)}; name one in `default_route` of {file}"
        for what, tables in unheard.items()
        if tables
    ]
    owners = dict.fromkeys(exposure.owner for exposure in exposures().values())
    if silent := [owner for owner in owners if not declared.owners.get(owner)]:
        found.append(f"no channel under `owners` of {file}: {', '.join(silent)}")
    if strangers := [owner for owner in declared.owners if owner not in owners]:
        found.append(f"no exposure has these `owners` of {file}: {', '.join(strangers)}")
    named = [] if environ is None else _named_channels()
    if unset := [channel for channel in named if not (environ or {}).get(variable_of(channel))]:
        found.append(f"no URL in the environment: {', '.join(map(variable_of, unset))}")
    return found


def variable_of(channel: str) -> str:
    """The environment variable that holds a channel's URL."""
    return f"CRM_IBIS_CHANNEL_{channel.upper()}"


def send(
    alert: Alert,
    channels: Mapping[str, Iterable[str]] | None = None,
    report: Report = REPORT_TO_LOG,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, bool | None]:
    """Tells each channel about its tables; without channels given, those that its routes name."""
    chosen = channels_for(alert.event, alert.tables) if channels is None else channels
    messages = {channel: alert.of(tables) for channel, tables in chosen.items()}
    return send_each(messages, report, environ)


def send_each(
    messages: Mapping[str, Alert],
    report: Report = REPORT_TO_LOG,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, bool | None]:
    """Sends each channel its message, all at once: true where it went out, None where the URL is
    not set.

    What does not go out is tried again, then reported; it never raises and stops nothing.
    """

    def tell(channel: str) -> bool | None:
        told = messages[channel]
        return send_to(channel, told.title, told.body, KINDS[told.event], report, environ)

    if not messages:
        return {}
    with ThreadPoolExecutor(len(messages)) as pool:
        return dict(zip(messages, pool.map(tell, messages), strict=True))


def send_to(
    channel: str,
    title: str,
    body: str,
    kind: Kind = "info",
    report: Report = REPORT_TO_LOG,
    environ: Mapping[str, str] = os.environ,
) -> bool | None:
    """Sends a message to one channel; reports what goes wrong without its URL, which is secret."""
    url = environ.get(variable_of(channel))
    if not url:
        if variable_of(channel) not in _reported:
            _reported.add(variable_of(channel))
            line = f"alert channel {channel} is not set; give its URL in {variable_of(channel)}"
            report(ProgressEvent("note", line))
        return None
    import apprise  # takes as long to import as all of this package

    messenger = apprise.Apprise()
    if not messenger.add(url):
        warn(
            report, f"alert channel {channel}: {variable_of(channel)} is no URL that Apprise knows"
        )
        return False
    sent = [_deliver(server, channel, title, body, kind, report) for server in messenger]
    return all(sent)


def _deliver(server: Any, channel: str, title: str, body: str, kind: Kind, report: Report) -> bool:
    """Sends a message through one service of a channel.

    A service that took the message and does not answer in time most likely has it: it counts as
    told, as each repetition might be one more message. What is refused is tried again.
    """
    import apprise

    messenger = apprise.Apprise()
    messenger.add(_patient(server))
    for attempt in range(ATTEMPTS):
        time.sleep(WAIT * attempt)
        with _unanswered.collect() as unanswered:
            try:
                if messenger.notify(
                    body, title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
                ):
                    return True
            except Exception as error:  # whatever a plugin may raise
                warn(report, f"alert channel {channel}: {type(error).__name__}")
        if unanswered:
            warn(
                report,
                f"alert channel {channel} did not answer in time; it may have the message, which "
                f"is not repeated: {title}",
            )
            return True
    times = count_of(ATTEMPTS, "attempt")
    warn(report, f"alert channel {channel} could not be reached in {times}: {title}")
    return False


def _patient(server: Any) -> Any:
    """Waits for answers as long as ANSWER, unless the URL of a channel says how long (`rto`)."""
    if server.socket_read_timeout == type(server).socket_read_timeout:
        server.socket_read_timeout = ANSWER
    return server


class _Unanswered(logging.Filter):
    """Hears from Apprise's log that a service took a request and did not answer.

    Apprise itself only says that a message failed. The lines for debugging go no further: they hold
    URLs, which are secret.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.local()

    @contextmanager
    def collect(self) -> Iterator[list[str]]:
        """The lines about requests of this thread that nobody answered."""
        logger = logging.getLogger("apprise")
        logger.addFilter(self)
        logger.setLevel(logging.DEBUG)
        self.heard.lines = []
        yield self.heard.lines

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if "Read timed out" in line and hasattr(self.heard, "lines"):
            self.heard.lines.append(line)
        return record.levelno >= logging.WARNING


_unanswered = _Unanswered()
_reported: set[str] = set()
