"""Numbers from text, as people and spreadsheets write them: exact, the same on both databases."""

from collections.abc import Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_ibis.measures import when
from crm_ibis.number_formats import ALIKE, MOST_WHOLE_DIGITS, NumberFormat, number_format

EXACT = dt.Decimal(24, 6)
LIMIT = 10**MOST_WHOLE_DIGITS


def number_in(value: ir.StringValue, samples: Sequence[str]) -> ir.DecimalValue:
    """A text as a number, in the first format that it is in; null in none."""
    text = value.translate("".join(ALIKE), "".join(ALIKE.values()))
    found = [_number(text, number_format(sample)) for sample in samples]
    return ibis.coalesce(*found) if len(found) > 1 else found[0]


def _number(text: ir.StringValue, known: NumberFormat) -> ir.DecimalValue:
    bare = text
    for unit in known.units:
        bare = bare.replace(unit, "")
    digits = bare.re_replace(f"[^0-9{known.decimal}]+", "")
    if known.decimal:
        digits = digits.replace(known.decimal, ".")
    number = digits.cast(EXACT)
    negative = bare.contains("-") | bare.contains("(")
    fits = digits.re_search(f"^0*[0-9]{{0,{MOST_WHOLE_DIGITS}}}(?:[.][0-9]*)?$")
    return ibis.cases(
        (text.re_search(known.pattern) & fits, ibis.ifelse(negative, -number, number)),
        else_=ibis.null(EXACT),
    )


def scaled(value: ir.NumericValue, factor: str) -> ir.DecimalValue:
    """A number times a factor, exactly; null for one that is none or too large."""
    # False for NaN, which PostgreSQL's decimals may be as well.
    in_range = value.cast("float64").abs() < ibis.literal(float(LIMIT), "float64")
    value = when(in_range, value)
    if value.type().is_floating():
        value = value.cast("string")  # the shortest text that means the float
    digits = len(factor.replace(".", ""))
    places = len(factor.partition(".")[2])
    exact = value.cast(EXACT) * ibis.literal(factor).cast(dt.Decimal(digits, places))
    # Rounded, as Ibis takes the product for a decimal(24, 6) already and would drop the cast.
    return exact.round(6).cast(EXACT)
