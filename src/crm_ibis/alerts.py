"""Alerts that a person can act on: what, since when, whose it is, what it affects, which run."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from crm_ibis import catalog, contracts
from crm_ibis.checks import ChecksFailed
from crm_ibis.declarations import OWNER, Event, exposures, jobs, snapshots
from crm_ibis.errors import UsageError, near_match

Report = Callable[[str], None]

ATTEMPTS = 3
WAIT = 1.0
"""Seconds before the second attempt; twice as many before the third."""

SAMPLE_KEYS = 2
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


@dataclass(frozen=True)
class Alert:
    """Something that happened to tables, for people. Holds keys of rows, never other values."""

    event: Event
    tables: tuple[str, ...]
    since: datetime | None = None
    run_id: str | None = None
    details: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The event in a line."""
        first, *others = self.tables
        named = first if not others else f"{first} and {len(others)} more"
        return f"crm_ibis: {named} {WORDS[self.event]}"

    @property
    def body(self) -> str:
        """What to know before acting, a line each."""
        entries = [catalog.entries().get(_kpi_of(table)) for table in self.tables]
        owners = [f"{e.owner} ({e.criticality})" for e in entries if e and e.owner]
        exposures = [name for entry in entries if entry for name in entry.exposures]
        lines = {
            "tables": ", ".join(self.tables),
            "since": f"{self.since:%Y-%m-%d %H:%M} UTC" if self.since else "",
            "owner": ", ".join(dict.fromkeys(owners)),
            "affects": ", ".join(dict.fromkeys(exposures)),
            "run": self.run_id or "",
        }
        listed = [f"{title}: {text}" for title, text in lines.items() if text]
        return "\n".join([*self.details, *listed])


def failure(
    tables: tuple[str, ...], error: BaseException, since: datetime, run_id: str | None = None
) -> Alert:
    """The alert of a failed run: its first failing check with two keys, or what went wrong."""
    if not isinstance(error, ChecksFailed):
        gist = (str(error).strip() or type(error).__name__).splitlines()[0]
        return Alert("failure", tables, since, run_id, (gist[:LONGEST],))
    first, *others = error.violations
    key = contracts.declared(first.table).key
    keys = [
        ", ".join(f"{column}={row[column]}" for column in key if column in row)
        for row in first.samples[:SAMPLE_KEYS]
    ]
    details = [f"{first.table}: {first.summary}, such as {'; '.join(keys)}"]
    if others:
        details.append(f"and {len(others)} more broken checks")
    details.append("nothing was published; readers have what they had")
    return Alert("failure", tables, since, run_id, tuple(details))


def channels_of(alert: Alert) -> list[str]:
    """The channels that an alert goes to, by its event and its tables' owner and criticality."""
    declared, found = jobs(), []
    for route in declared.alerts:
        for table in alert.tables if alert.event in route.events else ():
            kpi = _kpi_of(table)
            entry = catalog.entries().get(kpi)
            owner, criticality = (entry.owner, entry.criticality) if entry else (None, None)
            if route.tables and kpi not in route.tables:
                continue
            if route.criticality and criticality not in route.criticality:
                continue
            for channel in route.to:
                found += declared.owners.get(owner or "", []) if channel == OWNER else [channel]
    return list(dict.fromkeys(found))


def all_channels() -> list[str]:
    """Every channel that the jobs file names.

    Raises UsageError for channels of an owner that no exposure has: they would never be used.
    """
    declared, owners = jobs(), {exposure.owner for exposure in exposures().values()}
    for owner in declared.owners:
        if owner not in owners:
            raise UsageError(
                f'flows/jobs.yml: owners: no exposure has the owner "{owner}"'
                f"{near_match(owner, owners)}"
            )
    named = [channel for route in declared.alerts for channel in route.to if channel != OWNER]
    named += [channel for channels in declared.owners.values() for channel in channels]
    return list(dict.fromkeys(named))


def variable_of(channel: str) -> str:
    """The environment variable that holds a channel's URL."""
    return f"CRM_IBIS_CHANNEL_{channel.upper()}"


def send(
    alert: Alert, report: Report = lambda line: None, environ: Mapping[str, str] = os.environ
) -> dict[str, bool | None]:
    """Sends an alert to its channels: true where it went out, None where the URL is not set.

    What does not go out is tried again, then reported; it never raises and stops nothing.
    """
    return {
        channel: send_to(channel, alert.title, alert.body, report, environ)
        for channel in channels_of(alert)
    }


def send_to(
    channel: str,
    title: str,
    body: str,
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
            if messenger.notify(title=title, body=body):
                return True
        except Exception as error:  # whatever a plugin may raise
            report(f"alert channel {channel}: {type(error).__name__}")
    report(f"alert channel {channel} took no message in {ATTEMPTS} attempts: {title}")
    return False


_reported: set[str] = set()


def _kpi_of(table: str) -> str:
    """The KPI that a snapshot keeps, or the table itself."""
    snapshot = snapshots().get(table)
    return snapshot.kpi if snapshot else table
