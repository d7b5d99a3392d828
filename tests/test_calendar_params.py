"""What params.yml may say of calendars, and how it is told what is wrong: with the line."""

from datetime import date
from pathlib import Path

import pytest

from crm_ibis.config.calendars import minutes_of
from crm_ibis.config.params import Params, load_params
from crm_ibis.errors import UsageError

OFFICE = """\
calendars:
  office:
    time_zone: Europe/Zurich
    hours: {mon: ["13:00-17:30", "08:00-12:00"]}
    holidays: {country: CH, subdivision: ZH}
    closed: [2026-12-24]
    open: {2026-12-19: ["09:00-12:00"], "2026-12-20": []}
"""


def load(folder: Path, text: str) -> Params:
    file = folder / "params.yml"
    file.write_text(text, encoding="utf-8")
    return load_params(file)


def test_a_calendar_is_read_with_its_windows_in_order(tmp_path: Path) -> None:
    params = load(tmp_path, OFFICE + "default_calendar: office\n")
    office = params.calendars["office"]
    assert office.hours == {"mon": ("08:00-12:00", "13:00-17:30")}
    assert office.closed == (date(2026, 12, 24),)
    assert office.open == {date(2026, 12, 19): ("09:00-12:00",), date(2026, 12, 20): ()}
    assert params.default_calendar == "office"
    assert params.sla["critical"].calendar is None


def test_there_are_none_unless_a_file_declares_some() -> None:
    assert load_params().calendars == {}
    assert load_params().default_calendar == "always"


def test_a_file_laid_over_another_changes_single_values(tmp_path: Path) -> None:
    assert load(tmp_path, "sla: {critical: {calendar: always}}").sla["critical"].response > 0


def test_the_run_log_s_text_is_read_again_as_the_same_calendar(tmp_path: Path) -> None:
    office = load(tmp_path, OFFICE).calendars["office"]
    assert type(office).model_validate_json(office.model_dump_json()) == office


@pytest.mark.parametrize(
    ("window", "minutes"), [("00:00-24:00", (0, 1440)), ("08:00-12:30", (480, 750))]
)
def test_windows_are_minutes_of_the_day(window: str, minutes: tuple[int, int]) -> None:
    assert minutes_of(window) == minutes


HOURS = 'hours: {mon: ["13:00-17:30", "08:00-12:00"]}'
WRONG = {
    "a window without zeros": (HOURS, 'hours: {mon: ["8:00-12:00"]}', "HH:MM-HH:MM", 4),
    "minutes that no hour has": (HOURS, 'hours: {mon: ["08:60-12:00"]}', "is no window", 4),
    "a time after midnight": (HOURS, 'hours: {mon: ["08:00-24:30"]}', "later than 24:00", 4),
    "a start at 24:00": (HOURS, 'hours: {mon: ["24:00-24:00"]}', "only be an end", 4),
    "an empty window": (HOURS, 'hours: {mon: ["08:00-08:00"]}', '"08:00-08:00" is empty', 4),
    "a window across midnight": (
        HOURS,
        'hours: {mon: ["22:00-06:00"]}',
        "crosses midnight: write 22:00-24:00, and 00:00-06:00 on the next day",
        4,
    ),
    "windows that overlap": (
        HOURS,
        'hours: {mon: ["08:00-12:00", "11:59-13:00"]}',
        "08:00-12:00 and 11:59-13:00 overlap",
        4,
    ),
    "a window that is no list": (HOURS, "hours: {mon: 08:00-12:00}", "must be a list", 4),
    "a time that YAML takes for a number": (HOURS, "hours: {mon: [12:30]}", "in quotes", 4),
    "a weekday that there is not": (
        HOURS,
        'hours: {mo: ["08:00-12:00"]}',
        'unknown key (did you mean "mon"?)',
        4,
    ),
    "an unknown zone": ("Europe/Zurich", "Europe/Zurch", '(did you mean "Europe/Zurich"?)', 3),
    "no zone": ("    time_zone: Europe/Zurich\n", "", "calendars.office: lacks time_zone", 2),
    "an unknown country": ("country: CH", "country: XY", 'holidays of "XY" are not known', 5),
    "a country in lower case": ("country: CH", "country: ch", '(did you mean "CH"?)', 5),
    "an unknown subdivision": (
        "subdivision: ZH",
        "subdivision: ZZ",
        'CH has no subdivision "ZZ"',
        5,
    ),
    "NO without quotes": ("country: CH, subdivision: ZH", "country: NO", 'write "NO"', 5),
    "a subdivision that is a number": (
        "country: CH, subdivision: ZH",
        "country: AT, subdivision: 9",
        'must be text: write "9" in quotes',
        5,
    ),
    "a day that is a number": ("[2026-12-24]", "[20261224]", "20261224 is no day", 6),
    "a day with a time": ("[2026-12-24]", "[2026-12-24 10:00:00]", "is no day", 6),
    "a closed day that is no list": ("[2026-12-24]", "2026-12-24", "must be a list of days", 6),
    "a day that the calendar does not have": (
        "[2026-12-24]",
        "[2026-12-24, 2026-02-30]",
        "2026-02-30 is no day of the calendar; correct it",
        6,
    ),
    "hours of a day that are none": (
        '"09:00-12:00"',
        '"25:00-26:00"',
        'office.open.2026-12-19: "25:00-26:00" is later than 24:00',
        7,
    ),
    "hours of no weekdays": (HOURS, 'hours: ["08:00-12:00"]', "must name weekdays", 4),
    "a country alone": ("{country: CH, subdivision: ZH}", "CH", "such as {country: CH}", 5),
    # EST is a zone, and another one.
    "an abbreviation": ("Europe/Zurich", "CEST", 'no time zone "CEST"; write one such as', 3),
    "hours of no day": ("2026-12-19", "sat", "sat is no day", 7),
    "a calendar that never opens": (
        HOURS + "\n    holidays: {country: CH, subdivision: ZH}\n    closed: [2026-12-24]\n"
        '    open: {2026-12-19: ["09:00-12:00"], "2026-12-20": []}',
        "closed: []",
        'office: never opens: give it hours, such as hours: {mon: ["08:00-12:00"]}, or delete it (',
        2,
    ),
    "a name that is taken": ("  office:", "  always:", "always is built in", 2),
    "a misspelt default": (
        "calendars:\n",
        "default_calendar: offic\ncalendars:\n",
        'there is no calendar "offic" (did you mean "office"?); the calendars are always, office',
        1,
    ),
    "a misspelt calendar of a priority": (
        "calendars:\n",
        "sla:\n  critical:\n    calendar: offic\ncalendars:\n",
        'sla.critical.calendar: there is no calendar "offic"',
        3,
    ),
    # A facility may name any calendar for a priority that names none.
    "a target in days beside calendars": (
        "calendars:\n",
        "sla:\n  low:\n    resolution: 5d\ncalendars:\n",
        "write hours (120h of open time), or `calendar: always` beside it",
        3,
    ),
    "a target in days of a calendar": (
        "calendars:\n",
        "sla:\n  low:\n    response: 1.5d\n    calendar: office\ncalendars:\n",
        "write hours (36h of open time)",
        3,
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, case: str) -> None:
    right, wrong, told, line = WRONG[case]
    assert right in OFFICE
    with pytest.raises(UsageError) as caught:
        load(tmp_path, OFFICE.replace(right, wrong, 1))
    problem = str(caught.value)
    assert told in problem
    assert f"params.yml, line {line}" in problem
    assert len(problem.splitlines()) <= 2


def test_targets_in_days_are_fine_around_the_clock(tmp_path: Path) -> None:
    assert load(tmp_path, "sla: {low: {resolution: 5d}}").sla["low"].resolution == 432 * 10**9
    sla = "sla: {low: {resolution: 5d, calendar: always}}\n"
    assert load(tmp_path, sla + OFFICE).sla["low"].calendar == "always"
