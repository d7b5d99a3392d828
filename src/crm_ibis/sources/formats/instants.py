"""Formats of instants in the directives of strptime, as regular expressions.

A text either is a real instant in the format, as one expression decides, or cannot be read: what a
database's own parser makes of 31 February differs from one database to the next.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import product

from crm_ibis.sources.formats.directives import (
    DAYS,
    FIELDS,
    GROUPED,
    HALF_DAYS,
    HOURS,
    LETTERS,
    MONTHS,
    NUMBERS,
    OFFSETS,
    SIXTY,
    UTC,
    WEEKDAY_NAMES,
    WIDTHS,
    YEARS,
    Offset,
    Year,
    check_directives,
    literal,
    lower_with_month_tokens,
    tokens_of,
)


@dataclass(frozen=True)
class Reading:
    """One way in which a format may be written."""

    pattern: str
    """What all of the text must match: an instant that exists."""
    parts: str
    """The same more loosely, in groups."""
    iso: str
    """The groups in the order of ISO 8601; months, days and hours may have one digit."""
    fixed: str | None
    """What a text matches whose every part stands where `places` has it, as most do."""
    places: tuple[str | tuple[int, int], ...]
    """ISO 8601 of such a text: words, and the start and length of its parts."""
    hours: int = 0
    """To be added, after noon."""


@dataclass(frozen=True)
class InstantFormat:
    """A format, ready to be searched for."""

    readings: tuple[Reading, ...]
    has_offset: bool
    has_letters: bool
    months: tuple[str, ...]
    """Names that stand for months, in order; empty where they are numbers."""


@cache
def instant_format(text: str) -> InstantFormat:
    """A format of directives; raises ValueError saying what is wrong with it."""
    tokens = tokens_of(text)
    used = [directive for directive, _ in tokens if directive]
    check_directives([directive for directive, _ in tokens], text)
    has_letters = any(directive in LETTERS for directive in used)
    months = MONTHS if "B" in used else tuple(m[:3] for m in MONTHS) if "b" in used else ()
    plain = [
        (
            directive,
            re.sub(r"\s+", " ", lower_with_month_tokens(word, months) if has_letters else word),
        )
        for directive, word in tokens
    ]
    tokens = [(directive, literal(word)) for directive, word in plain]
    years = YEARS["Y" if "Y" in used else "y"]
    hours = HALF_DAYS if "p" in used else HOURS
    offsets = next((OFFSETS[d] for d in used if d in OFFSETS), (Offset(),))
    readings = [
        Reading(
            pattern=_pattern(tokens, year, clock, noon, offset),
            parts=_parts(tokens, noon, offset),
            iso=_iso(tokens, year, offset),
            fixed=_fixed(tokens, year, clock, noon, offset),
            places=_places(plain, year, offset),
            hours=added,
        )
        for year, (clock, noon, added), offset in product(years, hours, offsets)
    ]
    has_offset = any(directive in OFFSETS for directive in used)
    return InstantFormat(tuple(readings), has_offset, has_letters, months)


def _pattern(
    tokens: list[tuple[str, str]], year: Year, clock: str, noon: str, offset: Offset
) -> str:
    """What a text matches if it is an instant that exists."""
    fields = {"H": clock, "I": clock, "M": SIXTY, "S": SIXTY, "f": "[0-9]{1,9}", "p": noon}
    fields |= {"z": offset.pattern, "Z": offset.pattern, **WEEKDAY_NAMES}
    kinds = []
    for days, months, in_leap_years in DAYS:
        years = year.leap if in_leap_years else year.any
        dates = {"Y": years, "y": years, "d": days, "m": months}
        dates |= dict.fromkeys("bB", "m" + months.replace("0?", "0"))
        kinds.append(_joined(tokens, {**fields, **dates}))
    return f"^ *(?:{'|'.join(kinds)}) *$"


def _fixed(
    tokens: list[tuple[str, str]], year: Year, clock: str, noon: str, offset: Offset
) -> str | None:
    """The same where every number has all of its digits; none if a part may be of any length."""
    directives = [directive for directive, _ in tokens]
    if "A" in directives or {"f", "Z"} & set(directives[:-1]):
        return None
    # Without the spaces that may be more than one, or around it.
    written = [(directive, word.replace(" +", " ")) for directive, word in tokens]
    pattern = _pattern(written, year, clock, noon, offset)
    return pattern.replace("0?", "0").replace("^ *", "^").replace(" *$", "$")


def _places(
    tokens: list[tuple[str, str]], year: Year, offset: Offset
) -> tuple[str | tuple[int, int], ...]:
    """Where the parts of such a text are, in the order of ISO 8601."""
    found: dict[str, tuple[int, int]] = {}
    start = 0
    for directive, word in tokens:
        skipped = 1 if directive in ("b", "B") else 0
        width = offset.width if directive in OFFSETS else WIDTHS.get(directive, len(word))
        found[FIELDS.get(directive, "")] = (start + skipped, width - skipped)
        start += width
    pieces: list[str | tuple[int, int]] = [year.century, found["year"]]
    for sign, field in (("-", "month"), ("-", "day"), (" ", "hour"), (":", "minute")):
        pieces += [sign, found.get(field, "00")]
    pieces += [":", found.get("second", "00")]
    if "fraction" in found:
        pieces += [".", found["fraction"]]
    if offset.iso:
        pieces += [UTC] if offset.iso == UTC else [found["offset"], offset.ending]
    return tuple(piece for piece in pieces if piece)


def _parts(tokens: list[tuple[str, str]], noon: str, offset: Offset) -> str:
    """The same text in groups."""
    fields = {"Y": "([0-9]{4})", "y": "([0-9]{2})", "f": "([0-9]{1,6})[0-9]*", "p": noon}
    fields |= dict.fromkeys("mdHIMS", "(0?[0-9]|[1-6][0-9])")
    fields |= dict.fromkeys("bB", "m([0-9]{2})")
    fields |= {"z": offset.parts, "Z": offset.parts, **WEEKDAY_NAMES}
    return f"^ *{_joined(tokens, fields)} *$"


def _joined(tokens: list[tuple[str, str]], fields: dict[str, str]) -> str:
    """The expression of a format; of a number beside a number, no digit may be left out."""
    found = []
    for at, (directive, word) in enumerate(tokens):
        beside = [tokens[i][0] for i in (at - 1, at + 1) if 0 <= i < len(tokens)]
        packed = directive and any(other in NUMBERS for other in beside)
        field = fields[directive] if directive else word
        found.append(field.replace("0?", "0") if packed else field)
    return "".join(found)


def _iso(tokens: list[tuple[str, str]], year: Year, offset: Offset) -> str:
    """The groups in the order of ISO 8601."""
    groups: dict[str, list[str]] = {}
    number = 0
    for directive, _ in tokens:
        parts = offset.parts.count("(") if directive in OFFSETS else int(directive in GROUPED)
        groups[FIELDS.get(directive, "")] = [f"\\{number + i}" for i in range(1, parts + 1)]
        number += parts
    one = {field: parts[0] for field, parts in groups.items() if parts}
    date = f"{year.century}{one['year']}-{one['month']}-{one['day']}"
    clock = ":".join(one.get(field, "00") for field in ("hour", "minute", "second"))
    fraction = f".{one['fraction']}" if "fraction" in one else ""
    return f"{date} {clock}{fraction}{offset.iso.format(*groups.get('offset', ()))}"
