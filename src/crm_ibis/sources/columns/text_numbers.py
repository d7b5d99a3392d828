"""Numbers from text, as people and spreadsheets write them: exact, the same on both databases."""

from collections.abc import Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_ibis.expressions import when
from crm_ibis.sources.formats.numbers import ALIKE, MOST_WHOLE_DIGITS, NumberFormat, number_format

EXACT = dt.Decimal(24, 6)
WIDE = dt.Decimal(38, 12)
LIMIT = 10**MOST_WHOLE_DIGITS
SHORT = 12
"""Characters of a number that a decimal(18, 6) holds, whatever they are."""


def number_in(
    value: ir.StringValue, samples: Sequence[str], places: int = EXACT.scale
) -> ir.DecimalValue:
    """A text as a number, in the first format that it is in; null in none.

    With 6 decimals, or 12 for a column of more: exchange rates.
    """
    kind = EXACT if places <= EXACT.scale else WIDE
    text = value.translate("".join(ALIKE), "".join(ALIKE.values()))
    found = [_number(text, number_format(sample), kind) for sample in samples]
    return ibis.coalesce(*found) if len(found) > 1 else found[0]


def _number(text: ir.StringValue, known: NumberFormat, kind: dt.Decimal) -> ir.DecimalValue:
    bare = text
    for unit in known.units:
        bare = bare.replace(unit, "")
    # Signs without a counterpart are taken out.
    digits = bare.translate(f"{known.decimal}{known.thousands} -+()", "." if known.decimal else "")
    number = exact(digits) if kind is EXACT else digits.cast(kind)
    negative = bare.contains("-") | bare.contains("(")
    fits = (text.length() <= MOST_WHOLE_DIGITS) | digits.re_search(
        f"^0*[0-9]{{0,{MOST_WHOLE_DIGITS}}}(?:[.][0-9]*)?$"
    )
    return ibis.cases(
        (text.re_search(known.pattern) & fits, ibis.ifelse(negative, -number, number)),
        else_=ibis.null(kind),
    )


def exact(text: ir.StringValue) -> ir.DecimalValue:
    """A text that is a number, as an exact one."""
    # DuckDB reads a number of more than 18 digits a hundred times as slowly.
    short = text.cast(dt.Decimal(18, 6)).cast(EXACT)
    is_short = (text.length() <= SHORT) & ~text.contains("e")  # 1e+15, as floats are written
    return ibis.cases((is_short, short), else_=text.cast(EXACT))


def scale(value: ir.NumericValue, factor: str) -> ir.DecimalValue:
    """A number times a factor, exactly; null for one that is none or too large."""
    # False for NaN, which PostgreSQL's decimals may be as well.
    in_range = value.cast("float64").abs() < ibis.literal(float(LIMIT), "float64")
    value = when(in_range, value)
    if value.type().is_floating():
        value = exact(value.cast("string"))  # the shortest text that means the float
    digits = len(factor.replace(".", ""))
    places = len(factor.partition(".")[2])
    product = value.cast(EXACT) * ibis.literal(factor).cast(dt.Decimal(digits, places))
    # Rounded, as Ibis takes the product for a decimal(24, 6) already and would drop the cast.
    return product.round(6).cast(EXACT)
