"""When calendars are open, minute by minute, on the days around every change of the clock.

The expected minutes are found by looking at what the wall clock showed; the windows begin and end
at any minute, at the hours that a change skips or repeats more often than elsewhere.
"""

from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from crm_ibis.config.calendars import Calendar
from crm_ibis.metrics.opening_times import open_intervals

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1)
UTC = ZoneInfo("UTC")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANGES = {
    "Europe/Zurich": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    # At midnight: a day begins at 01:00, or ends twice.
    "America/Santiago": (date(2026, 9, 6), date(2026, 4, 5)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),
    # By half an hour, and at offsets of three quarters.
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "Pacific/Chatham": (date(2026, 9, 27), date(2026, 4, 5)),
    # A month without summer time within it, and a day that there never was.
    "Africa/Casablanca": (date(2026, 2, 15), date(2026, 3, 22)),
    "Pacific/Apia": (date(2011, 12, 30),),
    "Asia/Kathmandu": (date(2026, 1, 1),),
}


def naive_minutes(
    zone: str, windows: dict[str, list[tuple[int, int]]], first: date, last: date
) -> set[datetime]:
    """The minutes of UTC from one day to the end of another in which windows of local time lie."""
    begin = datetime.combine(first, datetime.min.time())
    end = datetime.combine(last, datetime.min.time()) + timedelta(days=1)
    shown: dict[datetime, datetime] = {}
    at = begin - timedelta(days=3)
    while at < end + timedelta(days=3):
        # A local time that comes twice is the later one.
        shown[at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)] = at
        at += MINUTE
    found: set[datetime] = set()
    day = begin - timedelta(days=2)
    while day < end + timedelta(days=2):
        for start, stop in windows.get(WEEKDAYS[day.weekday()], []):
            at = _instant(shown, day + start * MINUTE)
            until = _instant(shown, day + stop * MINUTE)
            while at < until:
                if begin <= at < end:
                    found.add(at)
                at += MINUTE
        day += timedelta(days=1)
    return found


def _instant(shown: dict[datetime, datetime], local: datetime) -> datetime:
    """When the clock showed a time; one that it never showed, as it would have unchanged."""
    skipped = 0
    while local not in shown:
        local -= MINUTE
        skipped += 1
    return shown[local] + skipped * MINUTE


def random_windows(random: Random) -> list[tuple[int, int]]:
    hours = (0, 0, 60, 120, 150, 165, 180, 225, 1380, 1440)
    edges = {random.choice(hours) for _ in range(random.choice((2, 4)))}
    edges |= {random.randrange(1441) for _ in range(2)}
    ordered = sorted(edges)
    return list(zip(ordered[: len(ordered) // 2 * 2 : 2], ordered[1::2], strict=True))


def written(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def check_minutes(zone: str, seed: int) -> None:
    random = Random(f"{zone} {seed}")
    windows = {day: random_windows(random) for day in WEEKDAYS if random.random() < 0.85}
    calendar = Calendar.model_validate(
        {
            "time_zone": zone,
            "hours": {d: [f"{written(a)}-{written(b)}" for a, b in w] for d, w in windows.items()},
        }
    )
    for change in CHANGES[zone]:
        first = change - timedelta(days=3)
        last = change + timedelta(days=3)
        opened = {
            EPOCH + timedelta(seconds=second)
            for start, stop in open_intervals(calendar.model_dump_json(), first, last)
            for second in range(start, stop, 60)
        }
        assert opened == naive_minutes(zone, windows, first, last), (zone, seed, change)


@pytest.mark.parametrize("zone", CHANGES)
def test_calendars_are_open_in_the_minutes_of_their_windows(zone: str) -> None:
    check_minutes(zone, seed=0)


@pytest.mark.e2e
@pytest.mark.parametrize("zone", CHANGES)
def test_many_calendars_are_open_in_the_minutes_of_their_windows(zone: str) -> None:
    for seed in range(1, 20):
        check_minutes(zone, seed)
