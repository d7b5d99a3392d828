"""Figures about runs and tables for Datadog, sent through its own client to its agent.

Off unless the environment names the agent, in the client's own variables: DD_AGENT_HOST (with
DD_DOGSTATSD_PORT) or DD_DOGSTATSD_URL.
"""

import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from crm_ibis.config.declarations import jobs
from crm_ibis.events import Report, to_log, warn
from crm_ibis.metrics import catalog
from crm_ibis.operations.status import Status
from crm_ibis.runlog.log import TableRun

REPORT_TO_LOG = to_log(__name__)

AGENT = ("DD_AGENT_HOST", "DD_DOGSTATSD_URL")


class Metrics:
    """Gauges with the tags of the jobs file; nothing at all where no agent is named.

    They are UDP packets, or a local socket: nobody waits for an answer, and an agent that is not
    there loses them.
    """

    def __init__(
        self, report: Report = REPORT_TO_LOG, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._client: Any = None
        if not any(environ.get(name) for name in AGENT):
            return
        try:
            from datadog.dogstatsd.base import DogStatsd
        except ImportError:
            warn(
                report, "no metrics are sent: the extra `flows` of crm-ibis brings Datadog's client"
            )
            return
        declared = jobs().metrics
        tags = [f"{name}:{value}" for name, value in declared.tags.items()]
        client = DogStatsd(namespace=declared.prefix, constant_tags=tags, disable_telemetry=True)
        try:  # once: the client would look an unknown name up again for every figure
            socket.getaddrinfo(client.host, None)
        except OSError as error:
            warn(report, f"no metrics are sent: {client.host}: {error.strerror}")
            return
        self._client = client

    def run(
        self, job: str, succeeded: bool, sla_met: bool | None, seconds: float | None = None
    ) -> None:
        """How a run ended, and how long it took if it succeeded."""
        tags = [f"job:{job}"]
        if seconds is not None:
            self._gauge("run.seconds", seconds, tags)
        self._gauge("run.succeeded", int(succeeded), tags)
        if sla_met is not None:
            self._gauge("run.sla_met", int(sla_met), tags)

    def tables(self, job: str, tables: Iterable[TableRun]) -> None:
        """Rows, changed rows and checks of the tables of a run."""
        for table in tables:
            tags = [f"job:{job}", *_tags(table.table)]
            self._gauge("table.rows", table.rows, tags)
            self._gauge("table.changed_rows", table.changed_rows, tags)
            self._gauge("table.checks", table.checks, tags)
            self._gauge("table.warnings", len(table.warnings), tags)

    def checks_failed(self, job: str, count: int) -> None:
        """How many checks of severity error a run found broken."""
        self._gauge("run.checks_failed", count, [f"job:{job}"])

    def ages(self, statuses: Iterable[Status]) -> None:
        """How old each table is, and whether it is in order."""
        for status in statuses:
            tags = _tags(status.table)
            if status.age_hours is not None:
                self._gauge("table.age_hours", status.age_hours, tags)
            self._gauge("table.late", int(status.late), tags)
            self._gauge("table.failing", int(status.failing), tags)

    def __enter__(self) -> "Metrics":
        return self

    def __exit__(self, *raised: object) -> None:
        """Sends what is still held back."""
        if self._client:
            with suppress(OSError):
                self._client.flush()
            self._client.stop()
            self._client.close_socket()

    def _gauge(self, name: str, value: float, tags: list[str]) -> None:
        if self._client:
            with suppress(OSError):  # a host name that is not known
                self._client.gauge(name, value, tags=tags)


def _tags(table: str) -> list[str]:
    entry = catalog.entry_of(table)
    named = {
        "table": table,
        "owner": entry.owner if entry else None,
        "criticality": entry.criticality if entry else None,
    }
    return [f"{name}:{value}" for name, value in named.items() if value]
