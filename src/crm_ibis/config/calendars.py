"""When people work: the calendars of params.yml by which SLA targets may be judged."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)

from crm_ibis.config.time_zones import Zone
from crm_ibis.config.validation import problem_at
from crm_ibis.errors import near_match

ALWAYS = "always"
"""The calendar that is built in: open around the clock."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""As `date.weekday()` counts them."""

MIDNIGHT = 24 * 60
_WINDOW = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def minutes_of(window: str) -> tuple[int, int]:
    """Begin and end of a window such as `08:00-12:00`, in minutes of the local day.

    Raises ValueError for what is no window.
    """
    found = _WINDOW.fullmatch(window)
    if not found:
        raise ValueError(
            f'"{window}" is no window: write HH:MM-HH:MM with two digits each, such as 08:00-12:00'
        )
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4])
    if max(start, end) > MIDNIGHT:
        raise ValueError(f'"{window}" is later than 24:00')
    if start == MIDNIGHT:
        raise ValueError(f'"{window}" begins at 24:00, which may only be an end: write 00:00')
    if start == end:
        raise ValueError(f'"{window}" is empty')
    if start > end:
        raise ValueError(
            f'"{window}" crosses midnight: write {window[:5]}-24:00, and 00:00-{window[6:]} on the '
            "next day"
        )
    return start, end


def _check_list(windows: Any) -> Any:
    if not isinstance(windows, list | tuple):
        raise ValueError('must be a list of windows, such as ["08:00-12:00", "13:00-17:30"]')
    for window in windows:
        if not isinstance(window, str):
            raise ValueError(f'{window} is no window: write it in quotes, such as "08:00-12:00"')
    return windows


def _check_windows(windows: tuple[str, ...]) -> tuple[str, ...]:
    """In order; windows may touch, but not overlap."""
    ordered = sorted(windows, key=minutes_of)
    for earlier, later in pairwise(ordered):
        if minutes_of(later)[0] < minutes_of(earlier)[1]:
            raise ValueError(f"{earlier} and {later} overlap")
    return tuple(ordered)


def _check_hours(hours: Any) -> Any:
    if not isinstance(hours, Mapping):
        raise ValueError('must name weekdays with their windows, such as {mon: ["08:00-12:00"]}')
    return hours


def _check_days(days: Any) -> Any:
    """Days as text, as Pydantic would name a mistake by the date that Python makes of a key."""
    if not isinstance(days, Mapping):
        raise ValueError('must name days with their windows, such as {2026-12-19: ["09:00-12:00"]}')
    return {str(day) if isinstance(day, date) else day: windows for day, windows in days.items()}


def _check_closed(days: Any) -> Any:
    if not isinstance(days, list | tuple):
        raise ValueError("must be a list of days, such as [2026-12-24]")
    return days


def _check_holidays(holidays: Any) -> Any:
    if holidays is not None and not isinstance(holidays, Mapping | Holidays):
        raise ValueError("must name a country, such as {country: CH}")
    return holidays


def _check_day(day: Any) -> Any:
    # Pydantic would read a number as seconds since 1970, and an instant as its day.
    is_day = isinstance(day, date) and not isinstance(day, datetime)
    if not is_day and not (isinstance(day, str) and _ISO_DAY.fullmatch(day)):
        raise ValueError(f"{day} is no day: write it like 2026-12-24")
    return day


def _check_text(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError('is a truth value, as NO without quotes is in YAML: write "NO"')
    if not isinstance(value, str):
        raise ValueError(f'must be text: write "{value}" in quotes')
    return value


Windows = Annotated[tuple[str, ...], BeforeValidator(_check_list), AfterValidator(_check_windows)]
Day = Annotated[date, BeforeValidator(_check_day)]
Code = Annotated[str, BeforeValidator(_check_text)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Holidays(_Record):
    """Public holidays of a country, or of a part of it, with the days on which they are observed.

    By the library `holidays`, which knows both by their codes.
    """

    country: Code
    subdivision: Code | None = None

    @model_validator(mode="after")
    def _check_known(self) -> "Holidays":
        import holidays  # only for those who use it: it takes its time

        try:
            holidays.country_holidays(self.country, subdiv=self.subdivision)
        except NotImplementedError:
            raise self._unknown(holidays.list_supported_countries()) from None
        return self

    def _unknown(self, known: Mapping[str, list[str]]) -> ValidationError:
        """What is wrong with a code. Whoever lists the countries loads them all."""
        if self.country not in known:
            words = (
                f'the holidays of "{self.country}" are not known'
                f"{near_match(self.country.upper(), known)}; write the ISO code of a country, such "
                "as CH or US"
            )
            return problem_at(["country"], words, self.country)
        parts = known[self.country]
        words = f"it has {', '.join(parts)}" if parts else "it has none"
        return problem_at(
            ["subdivision"],
            f'{self.country} has no subdivision "{self.subdivision}"'
            f"{near_match(str(self.subdivision).upper(), parts)}; {words}",
            self.subdivision,
        )


class Calendar(_Record):
    """When a team works, by the wall clock of its time zone.

    `open` wins over everything; then come `closed` days and `holidays`; then the `hours` of the
    weekday. A weekday that is not named is closed.
    """

    time_zone: Zone
    hours: Annotated[dict[Weekday, Windows], BeforeValidator(_check_hours)] = {}
    holidays: Annotated[Holidays | None, BeforeValidator(_check_holidays)] = None
    closed: Annotated[tuple[Day, ...], BeforeValidator(_check_closed)] = ()
    open: Annotated[dict[Day, Windows], BeforeValidator(_check_days)] = {}

    @model_validator(mode="after")
    def _check_opens(self) -> "Calendar":
        if not any(self.hours.values()) and not any(self.open.values()):
            raise ValueError(
                'never opens: give it hours, such as hours: {mon: ["08:00-12:00"]}, or delete it'
            )
        return self


def check_names(calendars: Mapping[str, Calendar]) -> None:
    """Raises an error for a calendar whose name cannot be used."""
    for name in calendars:
        if name == ALWAYS:
            raise problem_at([name], f"{ALWAYS} is built in; give yours another name", name)
        if not name or name != name.strip():
            raise problem_at(
                [name], f'"{name}" is no name: no blanks around it, and not empty', name
            )


def holidays_version(calendars: Iterable[Calendar]) -> str | None:
    """The version of the library that the holidays of calendars come from, if they have any."""
    if not any(calendar.holidays for calendar in calendars):
        return None
    from importlib.metadata import version

    return version("holidays")


def unknown_calendar(name: str, calendars: Iterable[str]) -> str | None:
    """What is wrong with the name of a calendar, if anything."""
    known = [ALWAYS, *calendars]
    if name in known:
        return None
    listed = ", ".join(known)
    return f'there is no calendar "{name}"{near_match(name, known)}; the calendars are {listed}'
