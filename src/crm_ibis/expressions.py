"""Small portable expressions: the same cells on DuckDB and on PostgreSQL.

Sums are integers or decimals and are divided once, at the end, in float64: a plain float `sum` or
`avg` differs in its last digits with thread count and row order.
"""

from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.common.deferred import deferrable

from crm_ibis.config.params import Thresholds
from crm_ibis.reporting_zone import at_local_day, at_local_month, fiscal_year_start

HOUR = 3_600_000_000
DAY = 24 * HOUR
"""Microseconds."""

MICRO = 1_000_000
PICO = 10**12
PLACES = 12
SHORT = 18
"""Digits of a decimal that DuckDB keeps in 64 bits."""


def instant(moment: datetime) -> ir.TimestampScalar:
    """A UTC instant as a literal, such as `as_of`."""
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    # Cast from text: numeric literals lose microseconds on DuckDB.
    return ibis.literal(moment.isoformat(sep=" ", timespec="microseconds")).cast("timestamp(6)")


def when(condition: ir.BooleanValue, value: ir.Value) -> ir.Value:
    """The value where the condition holds, else null."""
    return ibis.ifelse(condition, value, ibis.null(value.type()))


def known_by(event_at: ir.TimestampValue, as_of: datetime) -> ir.TimestampValue:
    """The event's instant if it had happened by `as_of`, else null (= not yet)."""
    return when(event_at <= instant(as_of), event_at)


def known_versions(history: ir.Table, as_of: datetime) -> ir.Table:
    """The versions that had begun by `as_of`; one that ended later is still current."""
    begun = history.filter(history.valid_from <= instant(as_of))
    return begun.mutate(valid_to=known_by(begun.valid_to, as_of))


def day_of(moment: ir.TimestampValue, zone: str | None = None) -> ir.DateValue:
    """The instant's day in a time zone: the reporting zone unless it is given."""
    return at_local_day(moment.cast("timestamp"), zone).truncate("D").cast("date")


def month_of(moment: ir.TimestampValue) -> ir.DateValue:
    """First day of the month, in the reporting zone, that the instant lies in."""
    # Truncating leaves a type that differs between the databases, and Ibis would elide the cast
    # of a date: hence both casts.
    return at_local_month(moment.cast("timestamp")).truncate("M").cast("date")


def month_after(month: ir.DateValue) -> ir.DateValue:
    """First day of the next calendar month."""
    return (month.cast("timestamp") + ibis.interval(months=1)).cast("date")


def month_number(moment: ir.TimestampValue | ir.DateValue) -> ir.IntegerValue:
    """Months since year 0: the difference of two is a number of calendar months.

    Of a day its month, of an instant the one in the reporting zone.
    """
    found: ir.IntegerValue = _month_number(moment)
    return found


@deferrable  # type: ignore[untyped-decorator]
def _month_number(moment: ir.TimestampValue | ir.DateValue) -> ir.IntegerValue:
    if isinstance(moment, ir.TimestampValue):
        moment = at_local_month(moment)
    return (moment.year().cast("int64") * 12 + moment.month()).cast("int64")


def fiscal_year(moment: ir.TimestampValue | ir.DateValue) -> ir.IntegerValue:
    """The calendar year in which the fiscal year of a month, day or instant ends.

    Fiscal years begin with the month `reporting.fiscal_year_start` of params.yml.
    """
    return (_fiscal_months(moment) // 12).cast("int64")


def fiscal_quarter(moment: ir.TimestampValue | ir.DateValue) -> ir.IntegerValue:
    """The quarter of its fiscal year that a month, day or instant lies in: 1 to 4."""
    return (_fiscal_months(moment) % 12 // 3 + 1).cast("int64")


@deferrable  # type: ignore[untyped-decorator]
def _fiscal_months(moment: ir.TimestampValue | ir.DateValue) -> ir.IntegerValue:
    """Months since year 0 began, were it a fiscal year."""
    return month_number(moment) - 1 + (1 - fiscal_year_start()) % 12


def microseconds_between(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    """Whole microseconds from `start` to `end`; negative when `end` is earlier."""
    # Other units count boundaries on DuckDB and round on PostgreSQL.
    return end.delta(start, unit="microsecond")


def hours_between(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.FloatingValue:
    """Hours from `start` to `end`."""
    return microseconds_between(start, end).cast("float64") / ibis.literal(HOUR, "float64")


def days_between(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.FloatingValue:
    """Days of 24 hours from `start` to `end`."""
    return microseconds_between(start, end).cast("float64") / ibis.literal(DAY, "float64")


def ratio(part: ir.NumericValue, whole: ir.NumericValue) -> ir.FloatingValue:
    """part / whole in float64; null when the whole is 0."""
    return part.cast("float64") / whole.cast("float64").nullif(0)


def ratio_pct(part: ir.NumericValue, whole: ir.NumericValue) -> ir.FloatingValue:
    """100 * part / whole, in percent; null when the whole is 0."""
    return 100 * part.cast("float64") / whole.cast("float64").nullif(0)


def mean_duration(microseconds: ir.IntegerColumn, unit: int) -> ir.FloatingScalar:
    """Mean of durations in `unit` (HOUR or DAY), nulls left out: one sum, one division."""
    return ratio(microseconds.sum(), microseconds.count() * unit)


def quantile_duration(microseconds: ir.IntegerColumn, share: float, unit: int) -> ir.FloatingScalar:
    """Continuous percentile of durations in `unit`, divided after it was taken."""
    return microseconds.quantile(share) / ibis.literal(unit, "float64")


def micros(amount: ir.DecimalValue) -> ir.IntegerValue:
    """A decimal with at most 6 places as a whole number of millionths."""
    return (amount * MICRO).cast("int64")


def cents(amount: ir.DecimalValue) -> ir.IntegerValue:
    """Money as a whole number of cents."""
    # Widened first: DuckDB multiplies in the width of the amount.
    return (amount.cast("decimal(38, 2)") * 100).cast("int64")


def exact_float(amount: ir.DecimalValue) -> ir.FloatingValue:
    """A decimal as float64 through its whole part and its fraction of 12 places.

    A plain cast of a long decimal rounds once on PostgreSQL and twice on DuckDB.
    """
    places = max(amount.type().scale or 0, PLACES)
    if places >= SHORT:
        places = PLACES
        amount = amount.cast(f"decimal(38, {places})")
    whole = amount.floor()
    # Made short first: DuckDB takes places off a long decimal by a slow division.
    fraction = (
        (amount - whole).cast(f"decimal({SHORT}, {places})").cast(f"decimal({SHORT}, {PLACES})")
    )
    return whole.cast("int64").cast("float64") + fraction.cast("float64")


def mean_decimal(values: ir.DecimalColumn) -> ir.FloatingScalar:
    """Mean of decimals with at most 6 places, nulls left out, as float64."""
    return ratio(micros(values.sum()), values.count() * MICRO)


def mean_pct(percentages: ir.FloatingColumn) -> ir.FloatingScalar:
    """Mean of percentages, each rounded half up to 12 places, so that their order is no matter.

    Summed as whole units of 1e-12. A cast to decimal(28,12) would do on one database, but
    PostgreSQL casts a float through 15 digits, DuckDB through all of them.
    """
    units = (percentages * float(PICO) + 0.5).floor().cast("int64")
    return ratio(units.sum(), percentages.count().cast("float64") * float(PICO))


def money(amount: ir.DecimalValue) -> ir.DecimalValue:
    """An exact amount rounded to cents, half away from zero."""
    # The cast alone would round as well, but takes DuckDB twice as long.
    return amount.round(2).cast("decimal(18, 2)")


def money_mean(total: ir.DecimalValue, count: ir.IntegerValue) -> ir.DecimalValue:
    """total / count in cents, half away from zero; null when the count is 0.

    In whole millionths, by remainder: DuckDB's decimal division is a float (2.01 / 2 gives 1.00).
    """
    units = (total.cast("decimal(38, 6)").abs() * MICRO).cast("decimal(38, 0)")
    units_per_cent = (count.nullif(0).cast("int64") * (MICRO // 100)).cast("decimal(38, 0)")
    remainder = units % units_per_cent
    whole = units - remainder
    # A float quotient may miss by a few; what it leaves is small enough to be divided exactly.
    near = (whole / units_per_cent).cast("int64")
    missed = ((whole - near.cast("decimal(38, 0)") * units_per_cent) / units_per_cent).cast("int64")
    cents = near + missed + ibis.ifelse(remainder + remainder >= units_per_cent, 1, 0)
    signed = ibis.ifelse(total < 0, -cents, cents)
    return (signed.cast("decimal(38, 2)") * ibis.literal("0.01").cast("decimal(38, 2)")).cast(
        "decimal(18, 2)"
    )


def wilson_lower_bound(successes: ir.IntegerValue, trials: ir.IntegerValue) -> ir.FloatingValue:
    """Lower end of the Wilson score interval at 95 % (z = 1.96), in percent; null without trials.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
    (1927). Exactly 0 without successes: the formula gives -3e-17 for 0 of 5 and 0 for 0 of 7,
    which would break ties.
    """
    c = successes.cast("float64")
    n = trials.cast("float64").nullif(0)
    spread = (
        ibis.literal(1.96, "float64") * (c * (n - c) / n + ibis.literal(0.9604, "float64")).sqrt()
    )
    bound = (
        100 * (c + ibis.literal(1.9208, "float64") - spread) / (n + ibis.literal(3.8416, "float64"))
    )
    return ibis.ifelse((successes == 0) & (trials > 0), ibis.literal(0.0, "float64"), bound)


def scenario_toggle(enabled: bool | ir.BooleanValue, when_true: Any, when_false: Any) -> Any:
    """One of two values, chosen by an assumption (a bool) or by a column."""
    if isinstance(enabled, bool):
        return when_true if enabled else when_false
    return ibis.ifelse(enabled, when_true, when_false)


def weighted_forecast(
    values: ir.NumericColumn, weights: ir.NumericColumn, enabled: bool | ir.BooleanScalar = True
) -> ir.FloatingScalar:
    """Weighted mean of the values when enabled, else their plain mean, as float64.

    For forecasts of your own; the published scenarios weigh amounts, not means.
    Rows without a value count in neither mean, rows without a weight in the plain one only; null
    when the weights sum to 0. Exact for decimals and integers: sums first, one division.
    """
    weights_used = when(values.notnull(), weights)
    return scenario_toggle(
        enabled,
        ratio((values * weights).sum(), weights_used.sum()),
        ratio(values.sum(), values.count()),
    )


def weighted_pipeline_value(
    amount: ir.DecimalValue,
    win_probability: ir.DecimalValue,
    stage_weight: ir.DecimalValue,
    apply_weighting: bool | ir.BooleanValue = True,
) -> ir.DecimalValue:
    """amount x win probability x stage weight, exact; without weighting the stage weight is 1."""
    one = ibis.literal("1").cast(stage_weight.type())
    return amount * win_probability * scenario_toggle(apply_weighting, stage_weight, one)


def health_status(score: ir.FloatingValue, thresholds: Thresholds) -> ir.StringValue:
    """The status of a score, rounded to 9 places first: float dust must not decide at a border."""
    billionths = (score * 1e9 + 0.5).floor().cast("int64")
    return ibis.cases(
        (billionths >= int(thresholds.excellent * 10**9), "excellent"),
        (billionths >= int(thresholds.good * 10**9), "good"),
        (billionths >= int(thresholds.fair * 10**9), "fair"),
        (score.notnull(), "poor"),
    )


def merge_on(keys: list[str], *tables: ir.Table) -> ir.Table:
    """Full outer join of tables that have the keys as their grain and no other column in common.

    As a union of padded rows, grouped: a chain of outer joins would need its keys coalesced.
    """
    types = {c: t.schema()[c] for t in tables for c in t.columns if c not in keys}
    padded = [
        table.select(
            *keys,
            **{c: table[c] if c in table.columns else ibis.null(types[c]) for c in types},
        )
        for table in tables
    ]
    rows = ibis.union(*padded)
    return rows.group_by(keys).agg(**{c: rows[c].max() for c in types})
