"""Instants and numbers from text: the same on both databases, and nothing is guessed."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis
import pytest

from crm_ibis.sources.columns.text_instants import instant_in
from crm_ibis.sources.columns.text_numbers import number_in, scale
from crm_ibis.sources.formats.instants import instant_format
from crm_ibis.sources.formats.numbers import number_format
from crm_ibis.testing import Engine


def computed(engine: Engine, dtype: str, values: list[Any], made: Any) -> list[Any]:
    """What an expression makes of each value, in their order."""
    rows = [{"n": n, "x": value} for n, value in enumerate(values)]
    table = engine.store("given", ibis.schema({"n": "int64", "x": dtype}), rows)
    found = table.select(table.n, y=made(table.x)).order_by("n")
    return [row["y"] for row in engine.warehouse.rows(found)]


READABLE = [
    ("%d/%m/%Y %H:%M", "31/01/2024 23:59", "2024-01-31 23:59"),
    ("%d/%m/%Y %H:%M", "1/2/2024 3:4", "2024-02-01 03:04"),
    ("%d/%m/%Y %H:%M", "  29/02/2024   00:00 ", "2024-02-29"),
    ("%m/%d/%y", "02/29/00", "2000-02-29"),
    ("%m/%d/%y", "12/31/68", "2068-12-31"),
    ("%m/%d/%y", "01/01/69", "1969-01-01"),
    ("%D %R", "12/31/23 07:05", "2023-12-31 07:05"),
    ("%Y%m%d", "20240229", "2024-02-29"),
    ("%Y%m%dT%H%M%S", "20240229T010203", "2024-02-29 01:02:03"),
    ("%F %T.%f", "2024-01-02 03:04:05.1", "2024-01-02 03:04:05.100000"),
    ("%F %T.%f", "2024-01-02 03:04:05.123456789", "2024-01-02 03:04:05.123456"),
    ("%m/%d/%Y, %I:%M %p", "1/2/2024, 12:05 AM", "2024-01-02 00:05"),
    ("%m/%d/%Y, %I:%M %p", "1/2/2024, 12:05 pm", "2024-01-02 12:05"),
    ("%m/%d/%Y, %I:%M %p", "1/2/2024, 1:05\u202fPM", "2024-01-02 13:05"),
    ("%d %b %Y", "05 sEp 2023", "2023-09-05"),
    ("%d. %B %Y", "1. March 2023", "2023-03-01"),
    ("Marked %B %d, %Y", "marked May 4, 2023", "2023-05-04"),
    ("%a, %d %b %Y %T %z", "Thu, 01 Feb 2024 05:00:00 +0800", "2024-01-31 21:00"),
    ("%F %T%z", "2024-02-01 05:00:00-03:30", "2024-02-01 08:30"),
    ("%F %T%z", "2024-02-01 05:00:00+08", "2024-01-31 21:00"),
    ("%F %T%z", "2024-02-01 05:00:00Z", "2024-02-01 05:00"),
    ("%F %T %Z", "2024-02-01 05:00:00 UTC", "2024-02-01 05:00"),
    ("%d.%m.%Y (100%%)", "01.02.2024 (100%)", "2024-02-01"),
    ("epoch", "1704067200", "2024-01-01"),
    ("epoch", "1704067200.000001", "2024-01-01 00:00:00.000001"),
    ("epoch_ms", "1704067200123", "2024-01-01 00:00:00.123000"),
    ("iso", "2024-02-01T05:00:00+08:00", "2024-01-31 21:00"),
]
UNREADABLE = [
    ("%d/%m/%Y %H:%M", "31/02/2024 10:00"),
    ("%d/%m/%Y %H:%M", "29/02/2023 10:00"),
    ("%d/%m/%Y %H:%M", "29/02/1900 10:00"),
    ("%d/%m/%Y %H:%M", "31/04/2024 10:00"),
    ("%d/%m/%Y %H:%M", "01/13/2024 10:00"),
    ("%d/%m/%Y %H:%M", "01/12/24 10:00"),
    ("%d/%m/%Y %H:%M", "01/12/2024 24:00"),
    ("%d/%m/%Y %H:%M", "01/12/2024 10:60"),
    ("%d/%m/%Y %H:%M", "01/12/2024 10:00 and more"),
    ("%d/%m/%Y %H:%M", "01/12/2024"),
    ("%d/%m/%Y %H:%M", "\u0661/12/2024 10:00"),
    ("%d/%m/%Y %H:%M", "soon"),
    ("%d/%m/%Y %H:%M", ""),
    ("%m/%d/%y", "02/29/23"),
    ("%m/%d/%y", "02/29/2024"),
    ("%Y%m%d", "2024129"),
    ("%Y%m%d", "20240230"),
    ("%m/%d/%Y, %I:%M %p", "1/2/2024, 13:05 PM"),
    ("%m/%d/%Y, %I:%M %p", "1/2/2024, 0:05 AM"),
    ("%d %b %Y", "05 September 2023"),
    ("%d %b %Y", "05 09 2023"),
    ("%d %b %Y", "31 Jun 2023"),
    ("%F %T%z", "2024-02-01 05:00:00"),
    ("%F %T%z", "2024-02-01 05:00:00+99:00"),
    ("%F %T %Z", "2024-02-01 05:00:00 CET"),
    ("epoch", "1e9"),
    ("epoch", "99999999999999"),
    ("iso", "01/02/2024"),
]


def test_text_is_read_in_its_format(engine: Engine) -> None:
    for format in dict.fromkeys(format for format, *_ in READABLE):
        given = [(text, moment) for f, text, moment in READABLE if f == format]
        found = computed(
            engine,
            "string",
            [text for text, _ in given],
            lambda x, f=format: instant_in(x, [f], None),
        )
        assert found == [datetime.fromisoformat(moment) for _, moment in given], format


def test_what_is_no_instant_in_a_format_is_null_and_stops_nothing(engine: Engine) -> None:
    for format in dict.fromkeys(format for format, _ in UNREADABLE):
        texts = [text for f, text in UNREADABLE if f == format]
        found = computed(engine, "string", texts, lambda x, f=format: instant_in(x, [f], None))
        assert dict(zip(texts, found, strict=True)) == dict.fromkeys(texts), format


def test_the_first_format_that_fits_is_taken_and_the_zone_is_of_what_has_none(
    engine: Engine,
) -> None:
    """Zurich is an hour ahead in winter; 03/04 is 3 April in the first format."""
    formats = ["%d/%m/%Y", "%m/%d/%Y", "iso"]
    texts = ["03/04/2024", "12/31/2023", "2024-01-01", "2024-01-01T00:00:00Z", "later"]
    found = computed(engine, "string", texts, lambda x: instant_in(x, formats, "Europe/Zurich"))
    assert found == [
        datetime(2024, 4, 2, 22),
        datetime(2023, 12, 30, 23),
        datetime(2023, 12, 31, 23),
        datetime(2024, 1, 1),
        None,
    ]


def test_seconds_and_milliseconds_may_be_numbers(engine: Engine) -> None:
    seconds = [1704067200.5, -1.0, float("nan"), float("inf"), 1e20, None]
    assert computed(
        engine, "float64", seconds, lambda x: instant_in(x, ["epoch"], "Asia/Tokyo")
    ) == [
        datetime(2024, 1, 1, 0, 0, 0, 500000),
        datetime(1969, 12, 31, 23, 59, 59),
        *[None] * 4,
    ]
    assert computed(
        engine, "int64", [1704067200001, 0, 2**62], lambda x: instant_in(x, ["epoch_ms"], None)
    ) == [datetime(2024, 1, 1, 0, 0, 0, 1000), datetime(1970, 1, 1), None]


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("%d/%m", "lacks the year"),
        ("%Q-%m-%Y", "`%Q` in the format '%Q-%m-%Y' is not supported; there are %Y, %y"),
        ("iso8601", r'no format \(did you mean "iso"\?\)'),
        ("%d/%m/%Y %I:%M", "needs both %I and %p"),
        ("%d/%m/%Y %H:%M %p", "needs both %I and %p"),
        ("%d/%m/%Y %d", "has the day twice"),
        ("%F %S", "has the second without the minute"),
        ("%F %H:%M:%S%f", "needs a sign between %f and what is before it"),
        ("%F %", "`%` in the format"),
    ],
)
def test_a_format_that_cannot_be_is_refused(format: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        instant_format(format)


NUMBERS = [
    ("1.234,56", "1.234,56", "1234.56"),
    ("1.234,56", "1234,5", "1234.5"),
    ("1.234,56", "1.234.567", "1234567"),
    ("1.234,56", "-0,5", "-0.5"),
    ("1.234,56", "(1.234,5)", "-1234.5"),
    ("1.234,56", "7-", "-7"),
    ("1.234,56", "\u22125", "-5"),
    ("1.234,56", " ,5 ", "0.5"),
    ("1.234,56", "0,1234565", "0.123457"),
    ("1.234,56", "12.34,5", None),
    ("1.234,56", "1.23", None),
    ("1.234,56", "1,2,3", None),
    ("1.234,56", "--5", None),
    ("1.234,56", "(5", None),
    ("1.234,56", "€ 5", None),
    ("1.234,56", "", None),
    ("1.234,56", "n/a", None),
    ("1.234,56", "1" * 18, None),
    ("1,234.56", "1,234.56", "1234.56"),
    ("1234.5", "1e3", None),
    ("1234.5", "12.50", "12.5"),
    ("1 234,56", "1\u202f234\u00a0567,8", "1234567.8"),
    ("CHF 1'234.56", "CHF 1\u2019234.50", "1234.5"),
    ("CHF 1'234.56", "-12.5 CHF", "-12.5"),
    ("CHF 1'234.56", "EUR 12.5", None),
    ("$1,234.56", "$-5", "-5"),
    ("$1,234.56", "-$5", "-5"),
    ("$1,234.56", "($1,000.25)", "-1000.25"),
    ("$1,234.56", "$$5", None),
    ("Fr. 1'234.56", "Fr. 5.20", "5.2"),
    ("12,5 %", "33,3 %", "33.3"),
    ("1234", "0042", "42"),
    ("1234", "4.2", None),
]


def test_numbers_are_read_as_their_sample_is_written(engine: Engine) -> None:
    for sample in dict.fromkeys(sample for sample, *_ in NUMBERS):
        given = {text: number for s, text, number in NUMBERS if s == sample}
        found = computed(engine, "string", list(given), lambda x, s=sample: number_in(x, [s]))
        assert dict(zip(given, found, strict=True)) == {
            text: None if number is None else Decimal(number).quantize(Decimal("0.000001"))
            for text, number in given.items()
        }, sample


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ("1.234", "may be a whole number or one with decimals"),
        ("1,234", "may be a whole number or one with decimals"),
        ("much", "no sample of a number"),
        ("12,34,567.8", "no sample of a number: thousands go in groups of three"),
        ("1.234,56.7", "no sample of a number"),
        ("-5", "give a positive sample"),
        ("(5)", "give a positive sample"),
    ],
)
def test_a_sample_that_says_too_little_is_refused(sample: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        number_format(sample)


def test_numbers_are_scaled_exactly(engine: Engine) -> None:
    assert computed(
        engine, "float64", [12.5, 1e15, float("nan"), 1e30], lambda x: scale(x, "0.01")
    ) == [
        Decimal("0.125000"),
        Decimal("10000000000000.000000"),
        None,
        None,
    ]
    decimals = computed(engine, "decimal(12, 5)", [Decimal("12.34565")], lambda x: scale(x, "0.01"))
    assert decimals == [Decimal("0.123457")]
    assert computed(engine, "int64", [33, 2**62], lambda x: scale(x, "0.01")) == [
        Decimal("0.330000"),
        None,
    ]
