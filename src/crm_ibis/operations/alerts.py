"""Alerts that a person can act on: what, since when, whose it is, what it affects, which run."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from crm_ibis.config.alerting import FLOW_RUN, Event
from crm_ibis.config.declarations import jobs
from crm_ibis.errors import BrokenCheck
from crm_ibis.metrics import catalog
from crm_ibis.operations import impact
from crm_ibis.text import LONGEST, count_of, first_line

WATCH = "the watch"
"""What an alert is about, in place of a table, when the watch itself fails."""

SOURCE = "source "
"""What an alert is about begins so, in place of a table, when it is a source."""
TICKET = "ticket "
"""And so when it is a ticket."""
DUE_SOON: Event = "due_soon"

WORDS: dict[Event, tuple[str, str]] = {
    "failure": ("failed", "failed"),
    "sla_breach": ("is taking longer than its SLA", "are taking longer than their SLA"),
    "late": ("is late", "are late"),
    "recovered": ("has recovered", "have recovered"),
    "success": ("was published", "were published"),
    "slow_run": ("took longer than usual", "took longer than usual"),
    "contract_warning": ("has warnings", "have warnings"),
    "due_soon": ("is due soon", "are due soon"),
}
"""What happened to one table, and to several."""
GONE = ("is no longer part of the project", "are no longer part of the project")


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
    "due_soon": "warning",
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
        readers = [kpi for name in self.tables for kpi in readers_of(name)]
        entries = [catalog.entry_of(table) for table in (*tables, *readers)]
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
        if self.event == DUE_SOON:
            page = "lists.html"
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


def about_source(name: str) -> str:
    """What an alert is about, in place of a table, when it is a source."""
    return f"{SOURCE}{name}"


def readers_of(name: str) -> list[str]:
    """The KPIs that read a source that an alert is about, the most critical first; else none."""
    if not name.startswith(SOURCE):
        return []
    return impact.downstream([name.removeprefix(SOURCE)])


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
