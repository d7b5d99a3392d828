"""How numbers are written as text, learnt from a sample such as `1.234,56` or `CHF 1'234.56`."""

import re
from dataclasses import dataclass
from functools import cache

ALIKE = {
    **{"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\t": " "},
    **{"\u2019": "'", "\u2212": "-", "\u2013": "-"},
}
"""Signs that are read as others: spaces that do not break, the typographer's apostrophe, minus."""

SEPARATORS = "., '"
MOST_WHOLE_DIGITS = 17
"""Of a decimal(24, 6), which has 18, so that none overflows when it is rounded."""


@dataclass(frozen=True)
class NumberFormat:
    """What a text must look like to be read as a number, and what of it counts."""

    pattern: str
    units: tuple[str, ...]
    thousands: str
    decimal: str
    """The sign before the decimals; empty where there are none."""


@cache
def number_format(sample: str) -> NumberFormat:
    """The format of a sample; raises ValueError saying what is wrong with it.

    A currency, a percent sign or another unit in the sample may stand before or after a number;
    any other may not, as amounts of several currencies must not become one column.
    """
    plain = "".join(ALIKE.get(c, c) for c in sample).strip()
    found = re.fullmatch(r"([^0-9]*?) *([0-9](?:[0-9., ']*[0-9])?) *([^0-9]*)", plain)
    if not found:
        raise ValueError(f'"{sample}" is no sample of a number such as "1.234,56" or "$1,234.56"')
    before, number, after = found.groups()
    if re.search(r"[-+()]", before + after):
        raise ValueError(
            f'"{sample}": give a positive sample; minus signs and parentheses are read anyway'
        )
    thousands, decimal = _signs(number, sample)
    units = tuple(dict.fromkeys(unit for unit in (before, after) if unit))
    return NumberFormat(_pattern(thousands, decimal, units), units, thousands, decimal)


def _signs(number: str, sample: str) -> tuple[str, str]:
    """The signs between thousands and before decimals; empty where there are none."""
    signs = [c for c in number if c in SEPARATORS]
    kinds = list(dict.fromkeys(signs))
    if not signs:
        return "", ""
    last = number.rpartition(signs[-1])[2]
    if len(kinds) == 1 and kinds[0] in ".," and len(signs) == 1:
        if len(last) == 3:
            raise ValueError(
                f'"{sample}" may be a whole number or one with decimals; give both signs, such as '
                '"1.234,56", or decimals of another length, such as "1234,5"'
            )
        return "", kinds[0]
    thousands = kinds[0]
    decimal = kinds[1] if len(kinds) > 1 else ""
    decimals = f"{re.escape(decimal)}[0-9]+" if decimal else ""
    if not re.fullmatch(f"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+{decimals}", number):
        raise ValueError(
            f'"{sample}" is no sample of a number: thousands go in groups of three, and decimals '
            'come last, such as "1.234,56"'
        )
    return thousands, decimal


def _pattern(thousands: str, decimal: str, units: tuple[str, ...]) -> str:
    digits = "[0-9]+"
    if thousands:
        digits = f"(?:[0-9]{{1,3}}(?:[{thousands}][0-9]{{3}})+|{digits})"
    if decimal:
        digits = f"(?:{digits}(?:[{decimal}][0-9]*)?|[{decimal}][0-9]+)"
    named = "|".join("".join(f"[{c}]" if c not in "^\\" else "\\" + c for c in u) for u in units)
    unit = f" *(?:{named})? *" if named else " *"
    signs = (
        f"[-+]?{unit}{digits}{unit}",
        f"{unit}[-+] *{digits}{unit}",
        f"{unit}{digits} *-{unit}",
        f"{unit}{digits}{unit}-",
        f"[(]{unit}{digits}{unit}[)]",
        f"{unit}[(] *{digits} *[)]{unit}",
    )
    return f"^ *(?:{'|'.join(signs)}) *$"
