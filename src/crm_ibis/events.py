"""The progress of a run, as events.

A caller that gives a `report` gets each event; `str(event)` is a line for people. Where
there is no `report`, the same lines go to Python's `logging`, under the name of the module that is
at work, such as `crm_ibis.publishing.refresh`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crm_ibis.text import first_line

Kind = Literal["loaded", "checked", "built", "merged", "dropped", "skipped", "warning", "note"]


@dataclass(frozen=True)
class ProgressEvent:
    """One step of a run, or something to know about it."""

    kind: Kind
    text: str
    """The line for people, as the command line prints it."""
    table: str | None = None
    """The table that it is about, if it is about one."""

    @property
    def completes_table(self) -> bool:
        """Whether a run is done with a table: a job has as many steps as there are of these."""
        return self.kind in ("checked", "built", "merged")

    def __str__(self) -> str:
        return self.text


Report = Callable[[ProgressEvent], None]
"""What is called with each event; `print` is one."""


def to_log(name: str) -> Report:
    """A report that writes to the logger of a module: warnings as such, the rest as INFO.

    Further lines of an event hold values of rows, which stay in the database: they are left out.
    """
    logger = logging.getLogger(name)

    def report(event: ProgressEvent) -> None:
        level = logging.INFO
        if event.kind == "warning":
            level = logging.WARNING
        logger.log(level, "%s", first_line(str(event)), stacklevel=2)

    return report


def warn(report: Report, text: str, table: str | None = None) -> None:
    """Reports something that went wrong and stops nothing."""
    report(ProgressEvent("warning", text, table))
