"""Months, days and fiscal years of the reporting time zone; values worked out by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pytest
from ibis import _

from crm_ibis import expressions
from crm_ibis.config.reporting import Reporting
from crm_ibis.reporting_zone import reporting_as
from crm_ibis.testing import Engine, expect

MICROSECOND = timedelta(microseconds=1)
NEW_YORK = "reporting: {time_zone: America/New_York}"

MONTH = expressions.month_of(_.moment)
"""Made before anybody says what the zone is."""

BORDERS = [
    ("Europe/Zurich", "2024-03-31 22:00", "2024-04"),  # summer time since that morning
    ("Europe/Zurich", "2024-10-31 23:00", "2024-11"),
    ("Europe/Zurich", "2023-12-31 23:00", "2024-01"),
    ("America/New_York", "2024-11-01 04:00", "2024-11"),  # summer time until the 3rd
    ("America/New_York", "2024-12-01 05:00", "2024-12"),
    ("America/New_York", "2006-11-01 05:00", "2006-11"),  # until 2006 it ended in October
    ("Asia/Kolkata", "2024-02-29 18:30", "2024-03"),
    ("Pacific/Kiritimati", "2024-02-29 10:00", "2024-03"),  # +14
    ("Pacific/Apia", "2011-12-01 10:00", "2011-12"),  # west of the date line: -10 in summer
    ("Pacific/Apia", "2011-12-31 10:00", "2012-01"),  # east of it, without a 30 December: +14
    ("Pacific/Enderbury", "1994-12-31 11:00", "1995-01"),  # 31 December 1994 did not take place
    ("America/Havana", "2012-04-01 05:00", "2012-04"),  # 00:00 to 01:00 did not exist: -5 before
    ("America/Asuncion", "2023-10-01 04:00", "2023-10"),  # the same: -4 before
    ("America/St_Johns", "2009-11-01 02:30", "2009-11"),  # at 00:01 it was 23:01 of October again
    ("Africa/Casablanca", "2025-03-01 00:00", "2025-03"),  # Ramadan: no summer time
    ("America/Sao_Paulo", "2019-02-01 02:00", "2019-02"),
    ("America/Sao_Paulo", "2020-02-01 03:00", "2020-02"),  # no summer time any more
]
"""The first instant (UTC) of a month of a zone."""


def months_of(engine: Engine, zone: str, moments: list[datetime]) -> list[date]:
    """The month of each instant, by the database."""
    table = engine.store("moments", ibis.schema({"row": "int64", "moment": "timestamp(6)"}), [])
    rows = [{"row": n, "moment": moment} for n, moment in enumerate(moments)]
    engine.insert(table.get_name(), rows)
    with reporting_as(Reporting(time_zone=zone)):
        query = table.select("row", month=expressions.month_of(table.moment))
        deferred = table.select("row", month=MONTH)
    assert query.equals(deferred)
    found = {row["row"]: row["month"] for row in engine.warehouse.rows(query)}
    return [found[n] for n in range(len(moments))]


@pytest.mark.parametrize(("zone", "begin", "month"), BORDERS)
def test_a_month_begins_at_the_first_instant_of_it_in_the_zone(
    engine: Engine, zone: str, begin: str, month: str
) -> None:
    moment = datetime.fromisoformat(begin)
    first = date.fromisoformat(f"{month}-01")
    before = (first - timedelta(days=1)).replace(day=1)
    given = [moment - MICROSECOND, moment, moment + timedelta(minutes=90), moment]
    expected = [before, first, first, first]
    assert months_of(engine, zone, given) == expected
    reporting = Reporting(time_zone=zone)
    assert [reporting.month_at(each) for each in given] == expected


def test_months_are_those_of_a_walk_over_local_time(engine: Engine) -> None:
    """Minute by minute, without this program's arithmetic, around the borders of 50 years."""
    random = Random(24)
    for zone in sorted({border[0] for border in BORDERS} | {"Asia/Gaza", "Africa/Cairo", "UTC"}):
        moments = list(_around_borders(random, zone))
        expected = [_month_by_walk(zone, moment) for moment in moments]
        assert months_of(engine, zone, moments) == expected, zone
        reporting = Reporting(time_zone=zone)
        assert [reporting.month_at(moment) for moment in moments] == expected, zone


def _around_borders(random: Random, zone: str) -> Iterator[datetime]:
    for _number in range(12):
        border = datetime(random.randint(1975, 2045), random.randint(1, 12), 1)
        for day in (-2, 2):
            near = (border + timedelta(days=day)).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
            begin = border - (near.utcoffset() or timedelta())
            yield from (begin - MICROSECOND, begin, begin + timedelta(minutes=59))
        yield border + timedelta(seconds=random.randint(-30 * 3600, 30 * 3600))


def _month_by_walk(zone: str, moment: datetime) -> date:
    """The latest month that the local date had lain in by an instant, from an hour before on."""
    known = ZoneInfo(zone)
    walked = (moment - timedelta(minutes=minute) for minute in range(62))
    return max(m.replace(tzinfo=UTC).astimezone(known).date().replace(day=1) for m in walked)


def test_rows_count_in_the_month_of_the_zone(engine: Engine) -> None:
    """03:59 UTC of 1 April is 23:59 of 31 March in New York, 04:00 is midnight."""
    drawn: Any = {
        "leads": """
            id | created_at
            l1 | 2024-04-01 03:59:59.999999
            l2 | 2024-04-01 04:00
            """,
        "as_of": "2024-05-01",
        "params": NEW_YORK,
    }
    expect(
        engine.build("stg_leads", **drawn),
        """
        lead_id | month      | cohort_month | created_at
        l1      | 2024-03-01 | 2024-03-01   | 2024-04-01 03:59:59.999999
        l2      | 2024-04-01 | 2024-04-01   | 2024-04-01 04:00
        """,
    )


@pytest.mark.parametrize(
    ("table", "source", "key", "moment"),
    [
        ("stg_opportunities", "opportunities", "opportunity_id", "created_at"),
        ("stg_tickets", "tickets", "ticket_id", "created_at"),
        ("stg_satisfaction", "satisfaction", "satisfaction_id", "created_at"),
        ("stg_outreach", "outreach", "outreach_id", "sent_at"),
        ("stg_applications", "applications", "application_id", "created_at"),
        ("stg_invoices", "invoices", "invoice_id", "created_at"),
    ],
)
def test_every_source_has_months_of_the_zone(
    engine: Engine, table: str, source: str, key: str, moment: str
) -> None:
    drawn: Any = {source: f"id | {moment}\na | 2024-02-01 04:59\nb | 2024-02-01 05:00"}
    expect(
        engine.build(table, params=NEW_YORK, **drawn),
        f"{key} | month\na | 2024-01-01\nb | 2024-02-01",
    )


def test_cohorts_end_where_the_months_of_the_zone_end(engine: Engine) -> None:
    """Created 31 January 23:59 in New York; won a microsecond before March began there.

    At the instant at which March begins, 05:00 UTC, February is complete, and March has a row.
    """
    rows = engine.build(
        "cohort_retention",
        params=NEW_YORK,
        as_of="2024-03-01 05:00",
        leads="""
            id | created_at       | stage | closed_at
            l1 | 2024-02-01 04:59 | won   | 2024-03-01 04:59:59.999999
        """,
    )
    expect(
        rows,
        """
        cohort_month | months_since_cohort | won_leads | is_complete
        2024-01-01   | 0                   | 0         | true
        2024-01-01   | 1                   | 1         | true
        2024-01-01   | 2                   | 1         | false
        """,
    )
    earlier = engine.build(
        "cohort_retention",
        params=NEW_YORK,
        as_of="2024-03-01 04:59:59.999999",
        leads="id | created_at       | stage\nl1 | 2024-02-01 04:59 | lead",
    )
    expect(
        earlier,
        """
        cohort_month | months_since_cohort | is_complete
        2024-01-01   | 0                   | true
        2024-01-01   | 1                   | false
        """,
    )


def test_an_amount_has_the_rate_of_its_local_day(engine: Engine) -> None:
    """The rate of 1 February counts from midnight in New York on, 05:00 UTC; in July from 04:00."""
    rows = engine.build(
        "stg_invoices",
        params="reporting: {time_zone: America/New_York, currency: EUR}",
        as_of="2024-08-01",
        exchange_rates="""
            currency | valid_from | rate
            USD      | 2024-01-01 | 0.5
            USD      | 2024-02-01 | 2
            USD      | 2024-07-01 | 3
        """,
        invoices="""
            id | amount | currency | created_at
            a  | 100    | USD      | 2024-02-01 04:59:59.999999
            b  | 100    | USD      | 2024-02-01 05:00
            c  | 100    | USD      | 2024-07-01 03:59:59.999999
            d  | 100    | USD      | 2024-07-01 04:00
        """,
    )
    assert [row["amount"] for row in rows] == [50, 200, 200, 300]


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Pacific/Apia", "2011-12-30 09:59:59.999999", date(2011, 12, 29)),
        ("Pacific/Apia", "2011-12-30 10:00", date(2011, 12, 31)),
        ("America/St_Johns", "2009-11-01 02:30", date(2009, 11, 1)),
        ("America/St_Johns", "2009-11-01 02:31", date(2009, 10, 31)),
        ("America/Sao_Paulo", "2018-11-04 02:59:59.999999", date(2018, 11, 3)),
        ("America/Sao_Paulo", "2018-11-04 03:00", date(2018, 11, 4)),
        ("Asia/Kathmandu", "2024-02-29 18:15", date(2024, 3, 1)),
    ],
)
def test_a_day_is_the_local_date(engine: Engine, zone: str, moment: str, day: date) -> None:
    table = engine.drawn({"moment": "timestamp(6)"}, f"moment\n{moment}")
    both = table.select(day=expressions.day_of(table.moment, zone))
    with reporting_as(Reporting(time_zone=zone)):
        assert both.equals(table.select(day=expressions.day_of(_.moment)))
    assert engine.warehouse.rows(both) == [{"day": day}]


@pytest.mark.parametrize(
    ("start", "moment", "year", "quarter"),
    [
        (1, "2024-03-31", 2024, 1),
        (1, "2024-04-01", 2024, 2),
        (4, "2024-03-31", 2024, 4),
        (4, "2024-04-01", 2025, 1),
        (4, "2024-12-31", 2025, 3),
        (4, "2025-01-01", 2025, 4),
        (10, "2024-09-30", 2024, 4),
        (10, "2024-10-01", 2025, 1),
        (12, "2024-11-30", 2024, 4),
        (12, "2024-12-01", 2025, 1),
        (2, "2024-01-31", 2024, 4),
        (2, "2024-02-01", 2025, 1),
    ],
)
def test_fiscal_years_are_named_after_the_year_in_which_they_end(
    engine: Engine, start: int, moment: str, year: int, quarter: int
) -> None:
    """Of days, and of instants, which are noon in UTC and the same day in Zurich."""
    table = engine.drawn(
        {"at": "timestamp(6)", "on": "date"}, f"at | on\n{moment} 12:00 | {moment}"
    )
    with reporting_as(Reporting(time_zone="Europe/Zurich", fiscal_year_start=start)):
        found = table.select(
            year=expressions.fiscal_year(table.at),
            quarter=expressions.fiscal_quarter(_.at),
            year_of_day=expressions.fiscal_year(_.on),
            quarter_of_day=expressions.fiscal_quarter(table.on),
        )
    assert engine.warehouse.rows(found) == [
        {"year": year, "quarter": quarter, "year_of_day": year, "quarter_of_day": quarter}
    ]
    reporting = Reporting(fiscal_year_start=start)
    assert reporting.fiscal_quarter(date.fromisoformat(moment)) == f"FY{year} Q{quarter}"


def test_month_numbers_are_those_of_the_zone(engine: Engine) -> None:
    """In New York 1 March 04:59 UTC is February, the second month of 2024: 24290."""
    table = engine.drawn({"at": "timestamp(6)"}, "at\n2024-03-01 04:59\n2024-03-01 05:00")
    with reporting_as(Reporting(time_zone="America/New_York")):
        numbers = table.select(number=expressions.month_number(_.at)).order_by("number")
    assert engine.warehouse.rows(numbers) == [{"number": 24290}, {"number": 24291}]
