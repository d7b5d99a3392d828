"""Alerts that a person can act on: what, since when, whose it is, what it affects, which run."""

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from crm_ibis import blocking, catalog
from crm_ibis.declarations import OWNER, Event, jobs
from crm_ibis.errors import BrokenCheck

Report = Callable[[str], None]

ATTEMPTS = 3
WAIT = 1.0
"""Seconds before the second attempt; twice as many before the third."""

LONGEST = 500

WORDS: dict[Event, str] = {
    "failure": "failed",
    "sla_breach": "is taking longer than its SLA",
    "late": "is late",
    "recovered": "is in order again",
    "success": "was published",
    "slow_run": "took longer than usual",
    "contract_warning": "has warnings",
}


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

    @property
    def title(self) -> str:
        """The event in a line."""
        first, *others = self.tables
        named = first if not others else f"{first} and {len(others)} more"
        return f"crm_ibis: {named} {WORDS[self.event]}"

    @property
    def body(self) -> str:
        """What to know before acting, a line each."""
        entries = [catalog.entry_of(table) for table in self.tables]
        owners = [f"{e.owner} ({e.criticality})" for e in entries if e and e.owner]
        entries += [catalog.entry_of(table) for table in self.blocked]
        exposures = [name for entry in entries if entry for name in entry.exposures]
        lines = {
            "tables": ", ".join(self.tables),
            "since": f"{self.since:%Y-%m-%d %H:%M} UTC" if self.since else "",
            "owner": ", ".join(dict.fromkeys(owners)),
            "also blocked": ", ".join(self.blocked),
            "affects": ", ".join(dict.fromkeys(exposures)),
            "run": self.run_id or "",
        }
        listed = [f"{title}: {text}" for title, text in lines.items() if text]
        notes = [self.notes[table] for table in self.tables if table in self.notes]
        return "\n".join([*self.details, *notes, *listed])

    def of(self, tables: Iterable[str]) -> "Alert":
        """The same about some of its tables."""
        return replace(self, tables=tuple(tables))


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
        details.append(f"and {len(broken) - 1} more broken checks")
    elsewhere = blocking.downstream(check.table for check in broken)
    return Alert(
        "failure",
        tables,
        since,
        run_id,
        (*details, "nothing was published; readers have what they had"),
        gist=gist_of_checks(broken) if broken else gist_of(first_line(text)),
        blocked=tuple(kpi for kpi in elsewhere if kpi not in tables),
    )


def first_line(message: str) -> str:
    """The first line of a message, with the next one if it only leads to that, cut to fit."""
    first, *others = message.splitlines() or [""]
    return (f"{first} {others[0].strip()}" if others and first.endswith(":") else first)[:LONGEST]


def gist_of(line: str) -> str:
    """A message without what differs from run to run."""
    return re.sub(r"\d+", "#", line)


def gist_of_checks(broken: Iterable[BrokenCheck]) -> str:
    """Which checks are broken, whatever the rows."""
    return "; ".join(f"{check.table}: {check.check}" for check in broken)[:LONGEST]


def channels_of(event: Event, table: str) -> list[str]:
    """The channels that hear of an event of a table, by its owner and criticality."""
    declared, found = jobs(), []
    entry, kpi = catalog.entry_of(table), catalog.kpi_of(table)
    owner, criticality = (entry.owner, entry.criticality) if entry else (None, None)
    for route in declared.alerts:
        if event not in route.events or (route.tables and kpi not in route.tables):
            continue
        if route.criticality and criticality not in route.criticality:
            continue
        for channel in route.to:
            found += declared.owners.get(owner or "", []) if channel == OWNER else [channel]
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
    """Every channel that the jobs file names."""
    catalog.check_owners()
    declared = jobs()
    named = [channel for route in declared.alerts for channel in route.to if channel != OWNER]
    named += [channel for channels in declared.owners.values() for channel in channels]
    return list(dict.fromkeys(named))


def variable_of(channel: str) -> str:
    """The environment variable that holds a channel's URL."""
    return f"CRM_IBIS_CHANNEL_{channel.upper()}"


def send(
    alert: Alert,
    channels: Mapping[str, Iterable[str]] | None = None,
    report: Report = lambda line: None,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, bool | None]:
    """Tells each channel about its tables, all at once: true where the message went out, None
    where the URL is not set. Without channels given, those that its routes name.

    What does not go out is tried again, then reported; it never raises and stops nothing.
    """
    chosen = channels_for(alert.event, alert.tables) if channels is None else channels

    def tell(channel: str) -> bool | None:
        told = alert.of(chosen[channel])
        return send_to(channel, told.title, told.body, KINDS[told.event], report, environ)

    if not chosen:
        return {}
    with ThreadPoolExecutor(len(chosen)) as pool:
        return dict(zip(chosen, pool.map(tell, chosen), strict=True))


def send_to(
    channel: str,
    title: str,
    body: str,
    kind: Kind = "info",
    report: Report = lambda line: None,
    environ: Mapping[str, str] = os.environ,
) -> bool | None:
    """Sends a message to one channel; reports what goes wrong without its URL, which is secret."""
    url = environ.get(variable_of(channel))
    if not url:
        if variable_of(channel) not in _reported:
            _reported.add(variable_of(channel))
            report(f"alert channel {channel} is not set; give its URL in {variable_of(channel)}")
        return None
    import apprise  # takes as long to import as all of this package

    messenger = apprise.Apprise()
    if not messenger.add(url):
        report(f"alert channel {channel}: {variable_of(channel)} is no URL that Apprise knows")
        return False
    for attempt in range(ATTEMPTS):
        time.sleep(WAIT * attempt)
        try:
            if messenger.notify(
                body, title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
            ):
                return True
        except Exception as error:  # whatever a plugin may raise
            report(f"alert channel {channel}: {type(error).__name__}")
    report(f"alert channel {channel} took no message in {ATTEMPTS} attempts: {title}")
    return False


_reported: set[str] = set()
