"""ticket_sla in business time by a naive walk, and tickets to try it on.

The walk goes from half hour to half hour and asks of each whether it is open and paused. It shares
no code with the package: windows are looked up among the half hours that the wall clock showed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

STEP = timedelta(minutes=30)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
BEGIN = datetime(2025, 10, 1)
END = datetime(2027, 6, 1)

PARAMS = """
sla:
  critical: {response: 30min, resolution: 2, calendar: nights}
  high: {response: 1, resolution: 8}
  medium: {response: 4, resolution: 20}
  low: {response: 8, resolution: 60, calendar: always}
default_calendar: zurich
calendars:
  zurich:
    time_zone: Europe/Zurich
    hours:
      mon: ["08:00-12:00", "13:00-17:30"]
      tue: ["08:00-12:00", "13:00-17:30"]
      wed: ["08:00-12:00"]
      thu: ["08:00-12:00", "13:00-17:30"]
      fri: ["08:00-12:00", "12:00-16:00"]
    holidays: {country: CH, subdivision: ZH}
    closed: [2026-11-05]
    open: {2026-10-31: ["09:00-12:00"], 2026-11-06: [], 2026-04-03: ["10:00-11:30"]}
  new_york:
    time_zone: America/New_York
    hours:
      mon: ["09:00-17:00"]
      tue: ["09:00-17:00"]
      wed: ["09:00-17:00"]
      thu: ["09:00-17:00"]
      fri: ["09:00-13:00"]
      sun: ["00:00-24:00"]
    holidays: {country: US}
  lord_howe:
    time_zone: Australia/Lord_Howe
    hours:
      mon: ["00:00-04:00", "22:00-24:00"]
      tue: ["00:00-12:30"]
      sat: ["12:00-24:00"]
      sun: ["00:00-01:30", "02:00-02:30", "14:00-20:00"]
  nights:
    time_zone: Europe/Zurich
    hours:
      mon: ["00:00-06:00"]
      sat: ["22:00-24:00"]
      sun: ["01:00-02:30", "02:30-03:30", "20:00-24:00"]
"""

HOURS: dict[str, tuple[str, dict[int, list[tuple[float, float]]]]] = {
    "zurich": (
        "Europe/Zurich",
        {
            0: [(8, 12), (13, 17.5)],
            1: [(8, 12), (13, 17.5)],
            2: [(8, 12)],
            3: [(8, 12), (13, 17.5)],
            4: [(8, 12), (12, 16)],
        },
    ),
    "new_york": (
        "America/New_York",
        {0: [(9, 17)], 1: [(9, 17)], 2: [(9, 17)], 3: [(9, 17)], 4: [(9, 13)], 6: [(0, 24)]},
    ),
    "lord_howe": (
        "Australia/Lord_Howe",
        {
            0: [(0, 4), (22, 24)],
            1: [(0, 12.5)],
            5: [(12, 24)],
            6: [(0, 1.5), (2, 2.5), (14, 20)],
        },
    ),
    "nights": (
        "Europe/Zurich",
        {0: [(0, 6)], 5: [(22, 24)], 6: [(1, 2.5), (2.5, 3.5), (20, 24)]},
    ),
}
CLOSED = {
    "zurich": [
        # By Swiss law and that of the canton, where they touch the months of the tickets.
        *(date(2025, 12, d) for d in (25, 26)),
        *(date(2026, 1, d) for d in (1, 2)),
        *(date(2026, m, d) for m, d in ((4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (8, 1))),
        *(date(2026, m, d) for m, d in ((12, 25), (12, 26), (11, 5))),
        *(date(2027, m, d) for m, d in ((1, 1), (1, 2), (3, 26), (3, 29), (5, 1), (5, 6), (5, 17))),
    ],
    "new_york": [
        *(date(2025, m, d) for m, d in ((10, 13), (11, 11), (11, 27), (12, 25))),
        *(date(2026, m, d) for m, d in ((1, 1), (1, 19), (2, 16), (5, 25), (6, 19))),
        # The Fourth of July is a Saturday, observed on the Friday.
        *(date(2026, m, d) for m, d in ((7, 3), (7, 4), (9, 7), (10, 12), (11, 11), (11, 26))),
        *(date(2026, 12, d) for d in (25,)),
        *(date(2027, m, d) for m, d in ((1, 1), (1, 18), (2, 15), (5, 31))),
    ],
}
SPECIAL: dict[str, dict[date, list[tuple[float, float]]]] = {
    "zurich": {
        date(2026, 10, 31): [(9, 12)],
        date(2026, 11, 6): [],
        date(2026, 4, 3): [(10, 11.5)],
    },
}
TARGETS = {"critical": (0.5, 2), "high": (1, 8), "medium": (4, 20), "low": (8, 60)}
OF_PRIORITY = {"critical": "nights", "low": "always"}
FACILITIES = {"f1": None, "f2": "new_york", "f3": "lord_howe", "f4": "always", "f5": "zurich"}
AS_OFS = (datetime(2026, 4, 8, 9, 17, 3, 250_001), datetime(2026, 11, 9, 14, 0))
"""After the spring and the autumn of both hemispheres."""


def facility_rows() -> list[dict[str, Any]]:
    return [{"id": name, "name": name, "calendar": c} for name, c in FACILITIES.items()]


@cache
def open_steps(calendar: str) -> frozenset[datetime]:
    """The half hours (UTC) in which a calendar is open."""
    if calendar == "always":
        return frozenset(_steps(BEGIN, END))
    zone, hours = HOURS[calendar]
    shown = _shown(zone)
    found: set[datetime] = set()
    day = BEGIN.date() + timedelta(days=2)
    while day < END.date() - timedelta(days=2):
        windows = hours.get(day.weekday(), [])
        if day in CLOSED.get(calendar, ()):
            windows = []
        windows = SPECIAL.get(calendar, {}).get(day, windows)
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
    ticket: dict[str, Any], pauses: list[dict[str, Any]], as_of: datetime
) -> dict[str, Any]:
    """The SLA columns of a ticket, hours as microseconds."""
    calendar = OF_PRIORITY.get(ticket["priority"]) or FACILITIES[ticket["facility_id"]] or "zurich"
    steps = open_steps(calendar)
    created = ticket["created_at"]
    responded = _by(ticket["first_response_at"], as_of)
    resolved = _by(ticket["resolved_at"], as_of)
    known = [_known(pause, resolved, as_of) for pause in pauses if pause["paused_at"] <= as_of]
    response, resolution = (Walk(hours * HOUR) for hours in TARGETS[ticket["priority"]])
    stops = {created, as_of, responded, resolved, *(edge for pause in known for edge in pause)}
    stops.discard(None)
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


class Tickets:
    """Random tickets and pauses that often lie on a border, to the microsecond."""

    def __init__(self, seed: int, number: int, as_of: datetime) -> None:
        self.random = Random(seed)
        self.as_of = as_of
        self.tickets = [self._ticket(i) for i in range(number)]
        self.pauses: list[dict[str, Any]] = []
        for ticket in self.tickets:
            self._pause(ticket)

    def _ticket(self, number: int) -> dict[str, Any]:
        created = min(
            self._near(self.as_of - self.random.choice((3, 12, 45)) * self._days()), self.as_of
        )
        return {
            "id": f"t{number}",
            "facility_id": self.random.choice(list(FACILITIES)),
            "priority": self.random.choice(list(TARGETS)),
            "status": "open",
            "created_at": created,
            "first_response_at": self._later(created, 0.5),
            "resolved_at": self._later(created, 6),
            "updated_at": created,
        }

    def _days(self) -> timedelta:
        return timedelta(seconds=self.random.randrange(86_400))

    def _near(self, moment: datetime) -> datetime:
        """Half of the time on a half hour, or a microsecond beside it."""
        if self.random.random() < 0.5:
            half = moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
            return half + self.random.choice((-1, 0, 0, 1)) * MICROSECOND
        return moment + timedelta(microseconds=self.random.randrange(10**6))

    def _later(self, created: datetime, days: float) -> datetime | None:
        draw = self.random.random()
        if draw < 0.2:
            return None
        if draw < 0.27:
            return max(created, self.as_of + self.random.choice((-1, 0, 1)) * MICROSECOND)
        if draw < 0.3:
            return created
        return max(created, self._near(created + days * self._days() * self.random.choice((1, 3))))

    def _pause(self, ticket: dict[str, Any]) -> None:
        """None, one, or several that may overlap, nest, touch, run on, or miss the ticket."""
        edges = [ticket["created_at"], ticket["resolved_at"] or self.as_of, self.as_of]
        starts = set()
        for _ in range(self.random.choice((0, 0, 1, 2, 4))):
            start = self._near(
                self.random.choice(edges) + (self.random.random() - 0.6) * 3 * self._days()
            )
            if self.random.random() < 0.25:
                start = self.random.choice(edges) + self.random.choice((-1, 0, 1)) * MICROSECOND
            if start in starts:
                continue
            starts.add(start)
            end: datetime | None = self._near(
                start + self.random.choice((0.1, 0.5, 4)) * self._days()
            )
            if self.random.random() < 0.15:
                end = None
            elif self.random.random() < 0.1:
                end = self.as_of + self.random.choice((-1, 0, 1)) * MICROSECOND
            edges.append(end or self.as_of)
            self.pauses.append(
                {
                    "ticket_id": ticket["id"],
                    "paused_at": start,
                    "resumed_at": end if end is None or end > start else start,
                }
            )
