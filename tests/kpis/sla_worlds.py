"""Calendars to judge tickets by, as parameters and once more as the oracle reads them."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = dict[int, list[tuple[float, float]]]
"""Windows of each weekday, Monday 0, in local hours."""


@dataclass(frozen=True, eq=False)
class World:
    """What judges tickets: the text of a parameter file, and what it means."""

    params: str
    targets: dict[str, tuple[float, float]]
    """Of each priority: hours to the response and to the resolution."""
    hours: dict[str, tuple[str, Hours]] = field(default_factory=dict)
    """The zone of each calendar, and its windows."""
    closed: dict[str, list[date]] = field(default_factory=dict)
    special: dict[str, dict[date, list[tuple[float, float]]]] = field(default_factory=dict)
    of_priority: dict[str, str] = field(default_factory=dict)
    facilities: dict[str, str | None] = field(default_factory=lambda: {"f1": None})
    default: str = "always"

    def calendar_of(self, priority: str, facility: str) -> str:
        return self.of_priority.get(priority) or self.facilities[facility] or self.default

    def facility_rows(self) -> list[dict[str, Any]]:
        return [{"id": name, "name": name, "calendar": c} for name, c in self.facilities.items()]


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
OFFICES = World(
    PARAMS,
    targets={"critical": (0.5, 2), "high": (1, 8), "medium": (4, 20), "low": (8, 60)},
    hours=HOURS,
    closed=CLOSED,
    special=SPECIAL,
    of_priority={"critical": "nights", "low": "always"},
    facilities={"f1": None, "f2": "new_york", "f3": "lord_howe", "f4": "always", "f5": "zurich"},
    default="zurich",
)
"""Lunch breaks, half days, holidays and nights, north and south."""

AROUND_THE_CLOCK = World(
    "sla: {critical: {response: 30min, resolution: 2}, high: {response: 1, resolution: 8}, "
    "medium: {response: 4, resolution: 20}, low: {response: 8, resolution: 60}}",
    targets=OFFICES.targets,
    facilities={"f1": None, "f2": None},
)
"""No calendars: only pauses stop a clock."""

ZONES = (
    "Europe/Zurich",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
)
"""Offsets of whole and half hours; clocks are changed by one or half of one, in Cairo and Santiago
at midnight."""


@cache
def random_world(seed: int) -> World:
    """Six calendars with random windows in half hours, closed days and days of their own hours."""
    random = Random(seed)
    hours: dict[str, tuple[str, Hours]] = {}
    closed: dict[str, list[date]] = {}
    special: dict[str, dict[date, list[tuple[float, float]]]] = {}
    for number in range(6):
        name = f"calendar_{number}"
        days = {day: _windows(random) for day in range(7) if random.random() < 0.7}
        days[random.randrange(7)] = [(0, 24)] if random.random() < 0.5 else [(8, 20)]
        hours[name] = (random.choice(ZONES), days)
        closed[name] = [_day(random) for _ in range(20)]
        special[name] = {_day(random): _windows(random) for _ in range(20)}
    names = ["always", *hours]
    facilities = {f"f{i}": random.choice([None, *names]) for i in range(8)}
    of_priority = {p: random.choice(names) for p in ("critical", "low")}
    default = random.choice(names)
    declared = {
        name: {
            "time_zone": hours[name][0],
            "hours": {WEEKDAYS[day]: _written(windows) for day, windows in hours[name][1].items()},
            "closed": [day.isoformat() for day in closed[name]],
            "open": {d.isoformat(): _written(windows) for d, windows in special[name].items()},
        }
        for name in hours
    }
    sla = {
        priority: {"response": f"{response}h", "resolution": f"{resolution}h"}
        | ({"calendar": of_priority[priority]} if priority in of_priority else {})
        for priority, (response, resolution) in OFFICES.targets.items()
    }
    params = {"sla": sla, "default_calendar": default, "calendars": declared}
    return World(
        json.dumps(params),  # which is YAML too
        OFFICES.targets,
        hours,
        closed,
        special,
        of_priority,
        facilities,
        default,
    )


def _windows(random: Random) -> list[tuple[float, float]]:
    """None to three windows that may touch, at times one of half an hour, or the whole day."""
    edges = sorted(random.sample(range(49), 2 * random.choice((0, 1, 1, 2, 3))))
    windows = [(a / 2, b / 2) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    if len(windows) > 1 and random.random() < 0.5:
        windows[0] = (windows[0][0], windows[1][0])
    return windows


def _written(windows: list[tuple[float, float]]) -> list[str]:
    def clock(hour: float) -> str:
        return f"{int(hour):02}:{'30' if hour % 1 else '00'}"

    return [f"{clock(start)}-{clock(end)}" for start, end in windows]


def _day(random: Random) -> date:
    return (datetime(2026, 1, 1) + timedelta(days=random.randrange(365))).date()
