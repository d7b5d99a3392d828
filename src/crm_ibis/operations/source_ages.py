"""Sources that are older than sources.yml allows, whether or not a run reads them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crm_ibis.config.alerting import Event
from crm_ibis.engines import computing
from crm_ibis.errors import CrmIbisError
from crm_ibis.events import Report, warn
from crm_ibis.operations import impact
from crm_ibis.operations.alerts import Alert, about_source
from crm_ibis.runlog import summaries
from crm_ibis.sources import spec
from crm_ibis.sources.expectations import Expectation, Severity
from crm_ibis.text import first_line
from crm_ibis.warehouse import Warehouse

EVENTS: dict[Severity, Event] = {"error": "late", "warn": "contract_warning"}
"""An error stops runs, so it is an incident with an end; a warning is told, and ends in silence."""
STARTED = ("has no new rows", "have no new rows")
ENDED = ("has new rows again", "have new rows again")


@dataclass(frozen=True)
class SourceAge:
    """How new a source is that sources.yml gives a `max_age`, at an instant."""

    source: str
    newest_at: datetime | None
    """When its newest row was created or updated; null without such a row."""
    broken: Expectation | None = None
    """What it is too old for, the gravest first; null where it is new enough."""
    problem: str | None = None
    """Why nobody can tell: the source cannot be read."""

    @property
    def is_wrong(self) -> bool:
        """Whether a run that reads it would fail."""
        return self.broken is not None and self.broken.severity == "error"

    @property
    def too_old(self) -> dict[str, Any] | None:
        """What it is too old for, for programs; null where it is new enough."""
        if self.broken is None:
            return None
        asked = {"max_age": self.broken.max_age, "severity": self.broken.severity}
        return {**asked, "newest_at": self.newest_at}

    @property
    def words(self) -> str:
        """What is wrong with a source that is too old."""
        newest = "has no row with an instant"
        if self.newest_at:
            newest = f"has no row newer than {self.newest_at:%Y-%m-%d %H:%M} UTC"
        allowed = self.broken.max_age if self.broken else None
        return f"{self.source} {newest}, and sources.yml allows {allowed}"


def source_ages(warehouse: Warehouse, now: datetime, report: Report) -> list[SourceAge]:
    """The sources with a `max_age` that a run has read, in order of name, at an instant (UTC).

    What the newest run saw is enough where that is new enough still; otherwise the source is asked.
    One that cannot be read has a problem, which is reported, and the others are told all the same.
    """
    seen = {each.source: each.newest_at for each in summaries.source_ages(warehouse)}
    found = []
    for name, newest_at in seen.items():
        expected = _expected(name)
        if not expected:
            continue
        known = _held_against(name, newest_at, expected, now)
        if known.broken:
            try:
                known = _held_against(name, _newest_row(warehouse, name, now), expected, now)
            except CrmIbisError as error:
                known = replace(known, broken=None, problem=first_line(str(error)))
                warn(report, f"cannot tell how new source {name} is: {known.problem}", name)
        found.append(known)
    return found


def alerts_of(ages: Iterable[SourceAge]) -> list[Alert]:
    """An alert for each source that is too old."""
    return [_alert(age, age.broken) for age in ages if age.broken]


def _alert(age: SourceAge, broken: Expectation) -> Alert:
    readers = impact.downstream([age.source])
    effect = f"ingestion may have stopped: {', '.join(readers)} may lack rows"
    if broken.severity == "error":
        effect = "ingestion may have stopped; until it works again, runs that read it fail"
    return Alert(
        EVENTS[broken.severity],
        (about_source(age.source),),
        age.newest_at,
        details=(age.words, effect),
        blocked=tuple(readers) if broken.severity == "error" else (),
        words=STARTED,
    )


def _expected(name: str) -> list[Expectation]:
    """What a source must not be older than, errors first and then the shorter time."""
    expected = [each for each in spec.load_spec().of(name).expect if each.age is not None]
    return sorted(expected, key=lambda each: (each.severity != "error", each.age or timedelta()))


def _held_against(
    name: str, newest_at: datetime | None, expected: list[Expectation], now: datetime
) -> SourceAge:
    broken = [each for each in expected if each.is_older(newest_at, now)]
    return SourceAge(name, newest_at, next(iter(broken), None))


def _newest_row(warehouse: Warehouse, name: str, now: datetime) -> datetime | None:
    """When the newest row of a source was created or updated, asked of the source itself."""
    # They load Pandera, which a healthy status does not need.
    from crm_ibis.sources import check, resolve, volume

    with computing(warehouse) as engine, warehouse.looking(lambda: resolve.places(engine, [name])):
        source = check.read_sources(engine, [name])[name]
        (row,) = engine.rows(source.aggregate(newest=volume.newest(source, now)))
    return row["newest"]
