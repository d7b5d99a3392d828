"""ticket_sla in business time: values worked out by hand from the definitions.

The office in Zurich is open from 8 to 12 and from 13 to 17:30, on Wednesdays in the morning only.
Zurich is an hour ahead of UTC in winter and two in summer. Priority high: a response within 2 hours
and a resolution within 8. 5 February 2024 is a Monday.
"""

from typing import Any

import pytest

from crm_ibis.errors import UsageError
from crm_ibis.testing import Engine, expect

pytestmark = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
"""test_sla_oracle.py holds both databases to the same cells."""

OFFICE = """
sla: {high: {response: 2, resolution: 8}}
default_calendar: office
calendars:
  office:
    time_zone: Europe/Zurich
    hours:
      mon: ["08:00-12:00", "13:00-17:30"]
      tue: ["08:00-12:00", "13:00-17:30"]
      wed: ["08:00-12:00"]
      thu: ["08:00-12:00", "13:00-17:30"]
      fri: ["08:00-12:00", "13:00-17:30"]
    holidays: {country: CH, subdivision: ZH}
"""


def calendar(hours: str, zone: str = "Europe/Zurich", more: str = "") -> str:
    """Parameters with one calendar, which judges every ticket."""
    return (
        "sla: {high: {response: 2, resolution: 8}, medium: {resolution: 8}, low: {resolution: 8}}\n"
        "default_calendar: own\n"
        f"calendars: {{own: {{time_zone: {zone}, hours: {{{hours}}}{more}}}}}\n"
    )


def judged(
    engine: Engine,
    tickets: str,
    params: str = OFFICE,
    as_of: str = "2026-12-01",
    **given: Any,
) -> list[dict[str, Any]]:
    return engine.build("ticket_sla", tickets=tickets, params=params, as_of=as_of, **given)


def hours(
    engine: Engine, created_at: str, responded_at: str, params: str = OFFICE, **given: Any
) -> float:
    """Business hours from creation to first response."""
    drawing = f"id | created_at | first_response_at\nt1 | {created_at} | {responded_at}"
    (row,) = judged(engine, drawing, params, **given)
    return float(row["first_response_business_hours"])


def test_the_clock_stands_still_over_lunch_and_night(engine: Engine) -> None:
    # Monday 11:00 to 13:30: an hour before lunch, and half an hour after it. The response is due
    # an hour after lunch. For the resolution: 1 + 4.5 hours on Monday, and 2.5 on Tuesday.
    rows = judged(
        engine,
        """
        id | created_at       | first_response_at | resolved_at
        t1 | 2024-02-05 10:00 | 2024-02-05 12:30  | 2024-02-06 10:00
        """,
    )
    expect(
        rows,
        """
        response_due_at  | resolution_due_at | first_response_hours | first_response_business_hours
        2024-02-05 13:00 | 2024-02-06 09:30  | 2.5                  | 1.5
        """,
    )
    # To Tuesday 11:00 it is 1 + 4.5 + 3 hours.
    expect(
        rows,
        """
        resolution_hours | resolution_business_hours | response_state | resolution_state | sla_state
        24               | 8.5                       | met            | breached         | breached
        """,
    )


def test_time_outside_of_the_hours_costs_nothing(engine: Engine) -> None:
    # Opened on Saturday, answered as the office opens on Monday; due at 10:00.
    expect(
        judged(
            engine,
            """
            id | created_at       | first_response_at
            t1 | 2024-02-03 15:00 | 2024-02-05 07:00
            t2 | 2024-02-03 15:00 | 2024-02-04 15:00
            """,
        ),
        """
        ticket_id | first_response_business_hours | response_state | response_due_at
        t1        | 0                             | met            | 2024-02-05 09:00
        t2        | 0                             | met            | 2024-02-05 09:00
        """,
    )


def test_a_half_day_ends_at_noon(engine: Engine) -> None:
    # Wednesday 11:00: one hour until noon, the other on Thursday from 8 to 9.
    expect(
        judged(engine, "id | created_at\nt1 | 2024-02-07 10:00"),
        "ticket_id | response_due_at\nt1 | 2024-02-08 08:00",
    )


def test_easter_is_closed_and_the_clock_goes_forward(engine: Engine) -> None:
    # Thursday 28 March, 16:30 in winter time, to Tuesday 2 April, 09:00 in summer time: an hour
    # each. Good Friday and Easter Monday are holidays. Exactly two hours are in time.
    expect(
        judged(
            engine,
            """
            id | created_at       | first_response_at
            t1 | 2024-03-28 15:30 | 2024-04-02 07:00
            t2 | 2024-03-28 15:30 | 2024-04-02 07:00:00.000001
            """,
        ),
        """
        ticket_id | response_due_at  | response_state
        t1        | 2024-04-02 07:00 | met
        t2        | 2024-04-02 07:00 | breached
        """,
    )


def test_a_holiday_on_a_saturday_is_observed_on_the_friday(engine: Engine) -> None:
    # 4 July 2026 is a Saturday. Thursday 16:00 to Monday 10:00 in New York: an hour each.
    days = ", ".join(f'{day}: ["09:00-17:00"]' for day in ("mon", "tue", "wed", "thu", "fri"))
    params = calendar(days, "America/New_York", ", holidays: {country: US}")
    assert hours(engine, "2026-07-02 20:00", "2026-07-06 14:00", params) == 2


@pytest.mark.parametrize(
    ("window", "start", "end", "expected"),
    [
        # Sunday 31 March 2024 in Zurich: from 02:00 the clock went to 03:00, at 01:00 UTC.
        ("00:00-06:00", "2024-03-30 12:00", "2024-03-31 12:00", 5),
        # 02:30 did not exist: with the offset from before, it was 01:30 UTC, half an hour before
        # 04:00 in summer time, and after 03:00.
        ("02:30-04:00", "2024-03-30 12:00", "2024-03-31 12:00", 0.5),
        ("02:30-03:00", "2024-03-30 12:00", "2024-03-31 12:00", 0),
        # Sunday 27 October 2024: from 03:00 the clock went to 02:00, at 01:00 UTC.
        ("00:00-06:00", "2024-10-26 12:00", "2024-10-27 12:00", 7),
        # 02:30 came twice, and the later one, at 01:30 UTC, counts as start and as end.
        ("02:30-04:00", "2024-10-26 12:00", "2024-10-27 12:00", 1.5),
        ("01:30-02:30", "2024-10-26 12:00", "2024-10-27 12:00", 2),
        ("00:00-24:00", "2024-10-26 12:00", "2024-10-27 12:00", 14),
    ],
)
def test_windows_on_the_days_on_which_the_clock_is_changed(
    engine: Engine, window: str, start: str, end: str, expected: float
) -> None:
    assert hours(engine, start, end, calendar(f'sun: ["{window}"]')) == expected


def test_autumn_comes_in_april_in_the_south(engine: Engine) -> None:
    # Sunday 7 April 2024 in Sydney had 25 hours, from Saturday 13:00 UTC to Sunday 14:00.
    params = calendar('sun: ["00:00-24:00"]', "Australia/Sydney")
    assert hours(engine, "2024-04-06 12:00", "2024-04-07 15:00", params) == 25
    assert hours(engine, "2024-04-06 14:00", "2024-04-07 13:30", params) == 23.5


def test_a_day_that_a_zone_has_skipped_is_not_open_twice(engine: Engine) -> None:
    # Samoa went from 29 to 31 December 2011. The hours of the 30th, a Friday, with the offset from
    # before, are those of Saturday the 31st, at 18:00 UTC of the 30th.
    params = calendar('fri: ["08:00-12:00"], sat: ["08:00-12:00"]', "Pacific/Apia")
    assert hours(engine, "2011-12-30 00:00", "2011-12-31 12:00", params) == 4


def test_single_days_win_over_holidays_and_holidays_over_hours(engine: Engine) -> None:
    # Friday 29 March to Thursday 4 April 2024: Good Friday, closed once more, is open for 1 hour;
    # Easter Monday is closed, Tuesday too as its own hours are none, Wednesday is closed, Thursday
    # has 8.5 hours.
    days = """\
    closed: [2024-03-29, 2024-04-03]
    open: {2024-03-29: ["09:00-10:00"], 2024-04-02: []}
"""
    params = OFFICE.rstrip() + "\n" + days
    assert hours(engine, "2024-03-29 00:00", "2024-04-04 22:00", params) == 9.5


def test_a_day_that_touches_the_next_goes_on(engine: Engine) -> None:
    every = ", ".join(
        f'{day}: ["00:00-12:00", "12:00-24:00"]'
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    )
    params = calendar(every).replace("response: 2,", "response: 50,")
    rows = judged(
        engine,
        """
        id | created_at                 | first_response_at
        t1 | 2024-03-30 13:07:00.000001 | 2024-04-01 00:00
        """,
        params,
    )
    (row,) = rows
    assert row["first_response_business_hours"] == row["first_response_hours"]
    expect(rows, "ticket_id | response_due_at\nt1 | 2024-04-01 15:07:00.000001")


def test_the_calendar_is_that_of_the_priority_else_of_the_facility_else_the_default(
    engine: Engine,
) -> None:
    params = """
    sla:
      critical: {response: 1, resolution: 4, calendar: always}
      high: {response: 2, resolution: 8}
    default_calendar: mornings
    calendars:
      mornings: {time_zone: UTC, hours: {mon: ["08:00-12:00"], tue: ["08:00-12:00"]}}
      evenings: {time_zone: UTC, hours: {mon: ["18:00-20:00"], tue: ["18:00-20:00"]}}
    """
    # Monday 00:00 to Tuesday 00:00.
    expect(
        judged(
            engine,
            """
            id | facility_id | priority | created_at | first_response_at
            t1 | f1          | high     | 2024-02-05 | 2024-02-06
            t2 | f2          | high     | 2024-02-05 | 2024-02-06
            t3 | f3          | high     | 2024-02-05 | 2024-02-06
            t4 | f2          | critical | 2024-02-05 | 2024-02-06
            """,
            params,
            facilities="id | calendar\nf1 | -\nf2 | evenings\nf3 | always",
        ),
        """
        ticket_id | first_response_business_hours | response_state | response_due_at
        t1        | 4                             | breached       | 2024-02-05 10:00
        t2        | 2                             | met            | 2024-02-05 20:00
        t3        | 24                            | breached       | 2024-02-05 02:00
        t4        | 24                            | breached       | 2024-02-05 01:00
        """,
    )


def test_a_clock_that_stands_still_at_the_target_has_not_run_over(engine: Engine) -> None:
    # Friday 15:30: two hours are used up at 17:30. Nothing more is used until Monday 08:00.
    drawing = "id | created_at\nt1 | 2024-02-02 14:30"
    for as_of, state, left in (
        ("2024-02-02 16:30", "pending", "0"),
        ("2024-02-03 12:00", "pending", "0"),
        ("2024-02-05 07:00", "pending", "0"),
        ("2024-02-05 07:00:00.000001", "breached", "-"),
    ):
        expect(
            judged(engine, drawing, as_of=as_of),
            f"""
            ticket_id | response_due_at  | response_state | hours_left
            t1        | 2024-02-02 16:30 | {state}        | {left}
            """,
        )


def test_hours_left_are_business_hours(engine: Engine) -> None:
    # Monday 11:00, seen at 12:30, over lunch: one of two hours is left, and seven of eight.
    expect(
        judged(
            engine,
            """
            id | created_at       | first_response_at
            t1 | 2024-02-05 10:00 | -
            t2 | 2024-02-05 10:00 | 2024-02-05 10:30
            """,
            as_of="2024-02-05 11:30",
        ),
        """
        ticket_id | hours_left | sla_state
        t1        | 1          | pending
        t2        | 7          | pending
        """,
    )


def test_targets_of_minutes_and_of_a_fraction_of_a_second(engine: Engine) -> None:
    # Monday 11:59:59: 1.5 seconds reach half a second past the end of the lunch break.
    params = OFFICE.replace("response: 2,", "response: 1.5s,")
    expect(
        judged(engine, "id | created_at\nt1 | 2024-02-05 10:59:59", params),
        "ticket_id | response_due_at\nt1 | 2024-02-05 12:00:00.500000",
    )


def test_what_is_older_than_the_calendars_counts_from_their_beginning(engine: Engine) -> None:
    # 1990 began on a Monday.
    params = calendar('mon: ["00:00-24:00"]', "UTC")
    assert hours(engine, "1989-12-20", "1990-01-01 05:00", params) == 5


def test_a_calendar_that_opens_too_little_is_an_error_that_names_it(engine: Engine) -> None:
    params = calendar('mon: ["08:00-08:01"]', "UTC")
    # 58 Mondays begin in the 400 days from a Monday on, and the largest target is 8 hours.
    told = r"params.yml, line 3: the calendar own is open for 0\.966667 hours .* target, 8 hours"
    with pytest.raises(UsageError, match=told):
        judged(engine, "id | created_at\nt1 | 2024-02-05 10:00", params, as_of="2024-02-05")


def test_a_calendar_that_opened_only_in_the_past_is_an_error(engine: Engine) -> None:
    params = """
    calendars:
      fair: {time_zone: UTC, open: {2024-02-05: ["00:00-24:00"]}}
    """
    with pytest.raises(UsageError, match="the calendar fair is open for 0 hours"):
        judged(engine, "id | created_at\nt1 | 2024-02-05 10:00", params)


def test_medians_and_means_of_business_hours(engine: Engine) -> None:
    # Business hours to the response: 1, 2 and 4; to the resolution: 8.5 twice, and 5.
    rows = engine.build(
        "ticket_sla_compliance",
        as_of="2026-12-01",
        params=OFFICE,
        tickets="""
        id | created_at       | first_response_at | resolved_at
        t1 | 2024-02-05 07:00 | 2024-02-05 08:00  | 2024-02-05 16:30
        t2 | 2024-02-05 07:00 | 2024-02-05 09:00  | 2024-02-06 06:00
        t3 | 2024-02-05 07:00 | 2024-02-05 11:00  | 2024-02-05 13:00
        """,
    )
    expect(
        rows,
        """
        avg_first_response_business_hours | median_first_response_business_hours
        7/3                               | 2
        """,
    )
    # The 90th percentile is 0.8 of the way from the second to the third.
    expect(
        rows,
        """
        p90_first_response_business_hours | avg_resolution_business_hours
        3.6                               | 22/3
        """,
    )
    expect(
        rows,
        """
        median_resolution_business_hours | p90_resolution_business_hours | max_resolution_hours
        8.5                              | 8.5                           | 23
        """,
    )
