"""ticket_sla in business time by a naive walk.

The walk goes from half hour to half hour and asks of each whether it is open and paused. It shares
no code with the package: windows are looked up among the half hours that the wall clock showed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sla_worlds import World

STEP = timedelta(minutes=30)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
BEGIN = datetime(2025, 10, 1)
END = datetime(2027, 6, 1)


@cache
def open_steps(world: World, calendar: str) -> frozenset[datetime]:
    """The half hours (UTC) in which a calendar is open."""
    if calendar == "always":
        return frozenset(_steps(BEGIN, END))
    zone, hours = world.hours[calendar]
    shown = _shown(zone)
    found: set[datetime] = set()
    day = BEGIN.date() + timedelta(days=2)
    while day < END.date() - timedelta(days=2):
        windows = hours.get(day.weekday(), [])
        if day in world.closed.get(calendar, ()):
            windows = []
        windows = world.special.get(calendar, {}).get(day, windows)
        for start, end in windows:
            midnight = datetime.combine(day, datetime.min.time())
            begins, ends = (_when(shown, midnight + hour * HOUR) for hour in (start, end))
            found.update(_steps(begins, ends))
        day += timedelta(days=1)
    return frozenset(found)


def _steps(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += STEP


@cache
def _shown(zone: str) -> dict[datetime, datetime]:
    """The last half hour of UTC at which the wall clock of a zone showed a time."""
    utc = ZoneInfo("UTC")
    return {
        step.replace(tzinfo=utc).astimezone(ZoneInfo(zone)).replace(tzinfo=None): step
        for step in _steps(BEGIN, END)
    }


def _when(shown: dict[datetime, datetime], local: datetime) -> datetime:
    """When the clock showed a time; as it would have without the change, if it never did."""
    skipped = 0
    while local not in shown:
        local -= STEP
        skipped += 1
    return shown[local] + skipped * STEP


@dataclass
class Walk:
    """What a naive walk finds out about one target of a ticket."""

    target: timedelta
    used: timedelta = timedelta(0)
    due_at: datetime | None = None
    at: dict[datetime, timedelta] = field(default_factory=dict)

    def go(self, start: datetime, end: datetime, runs: bool) -> None:
        if runs:
            if self.due_at is None and self.used + (end - start) >= self.target:
                self.due_at = start + (self.target - self.used)
            self.used += end - start
        self.at[end] = self.used


def expected(
    world: World, ticket: dict[str, Any], pauses: list[dict[str, Any]], as_of: datetime
) -> dict[str, Any]:
    """The SLA columns of a ticket, hours as microseconds."""
    steps = open_steps(world, world.calendar_of(ticket["priority"], ticket["facility_id"]))
    created = ticket["created_at"]
    responded = _by(ticket["first_response_at"], as_of)
    resolved = _by(ticket["resolved_at"], as_of)
    known = [_known(pause, resolved, as_of) for pause in pauses if pause["paused_at"] <= as_of]
    response, resolution = (Walk(hours * HOUR) for hours in world.targets[ticket["priority"]])
    stops = {created, as_of, responded, resolved, *(edge for pause in known for edge in pause)}
    stops -= {None, END}
    _walk(created, sorted(s for s in stops if s), steps, known, response, resolution)
    is_paused = resolved is None and any(start <= as_of < end for start, end in known)
    event = min((moment for moment in (responded, resolved) if moment), default=None)
    states = (
        _state(response, event, as_of),
        _state(resolution, resolved, as_of),
    )
    left = []
    if states[0] == "pending":
        left.append(response.target - response.at[as_of])
    if states[1] == "pending" and not is_paused:
        left.append(resolution.target - resolution.at[as_of])
    state = "pending"
    if "breached" in states:
        state = "breached"
    elif set(states) == {"met"}:
        state = "met"
    return {
        "response_due_at": response.due_at,
        "resolution_due_at": None if is_paused and states[1] == "pending" else resolution.due_at,
        "first_response_business_hours": responded and response.at[responded] // MICROSECOND,
        "resolution_business_hours": resolved and resolution.at[resolved] // MICROSECOND,
        "is_paused": is_paused,
        "response_state": states[0],
        "resolution_state": states[1],
        "sla_state": state,
        "hours_left": min(left) // MICROSECOND if left and state == "pending" else None,
    }


def _by(moment: datetime | None, as_of: datetime) -> datetime | None:
    return moment if moment and moment <= as_of else None


def _known(
    pause: dict[str, Any], resolved: datetime | None, as_of: datetime
) -> tuple[datetime, datetime]:
    end = _by(pause["resumed_at"], as_of) or END
    return pause["paused_at"], min(end, resolved or END)


def _walk(
    created: datetime,
    stops: list[datetime],
    steps: frozenset[datetime],
    pauses: list[tuple[datetime, datetime]],
    response: Walk,
    resolution: Walk,
) -> None:
    """From one half hour, or stop within it, to the next, until all is known."""
    response.at[created] = resolution.at[created] = timedelta(0)
    ahead = [stop for stop in stops if stop > created]
    at = created
    step = created.replace(minute=created.minute // 30 * 30, second=0, microsecond=0)
    forever = any(end == END for _, end in pauses)
    while at < END - timedelta(days=5):
        until = step + STEP
        if ahead and ahead[0] <= until:
            until = ahead.pop(0)
        runs = step in steps
        is_paused = runs and any(start <= at < end for start, end in pauses)
        response.go(at, until, runs)
        resolution.go(at, until, runs and not is_paused)
        if until == step + STEP:
            step = until
        at = until
        if not ahead and response.due_at and (resolution.due_at or forever):
            return


def _state(walk: Walk, event: datetime | None, as_of: datetime) -> str:
    if event is not None:
        return "met" if walk.at[event] <= walk.target else "breached"
    return "breached" if walk.at[as_of] > walk.target else "pending"
