"""Formats of instants in the directives of strptime, as regular expressions.

A text either is a real instant in the format, as one expression decides, or cannot be read: what a
database's own parser makes of 31 February differs from one database to the next.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

from crm_ibis.errors import near_match

WORDS = ("iso", "epoch", "epoch_ms")
"""Formats that need no directives."""

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAY_NAMES = {
    "a": f"(?:{'|'.join(name[:3] for name in WEEKDAYS)})",
    "A": f"(?:{'|'.join(WEEKDAYS)})",
}

COMPOSITES = {"D": "%m/%d/%y", "F": "%Y-%m-%d", "R": "%H:%M", "T": "%H:%M:%S", "e": "%d"}
FIELDS = {
    **{"Y": "year", "y": "year", "m": "month", "b": "month", "B": "month", "d": "day"},
    **{"a": "weekday", "A": "weekday", "H": "hour", "I": "hour", "M": "minute", "S": "second"},
    **{"f": "fraction", "p": "half of the day", "z": "offset", "Z": "offset"},
}
NUMBERS = tuple("YymdHIMSf")
GROUPED = (*NUMBERS, "b", "B")
LETTERS = tuple("bBaAp")
SPECIAL = frozenset(".^$*+?()[]{}|\\")

LEAP = r"(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)"


@dataclass(frozen=True)
class Year:
    """Years that a format may write, and those of them that have a 29 February."""

    any: str
    leap: str
    century: str = ""


YEARS = {
    "Y": (Year("[1-9][0-9]{3}", LEAP),),
    # As POSIX has it: 69 to 99 are of the twentieth century.
    "y": (
        Year("(?:69|[789][0-9])", "(?:7[26]|8[048]|9[26])", "19"),
        Year("(?:[0-5][0-9]|6[0-8])", "(?:[024][048]|[135][26]|6[048])", "20"),
    ),
}
DAYS = (
    # Days, the months that have them, and whether only leap years do.
    ("(?:0?[1-9]|1[0-9]|2[0-8])", "(?:0?[1-9]|1[0-2])", False),
    ("(?:29|30)", "(?:0?[13-9]|1[0-2])", False),
    ("31", "(?:0?[13578]|1[02])", False),
    ("29", "0?2", True),
)
HOURS = (("(?:0?[0-9]|1[0-9]|2[0-3])", "", 0),)
HALF_DAYS = (
    # Hours of a clock that says am or pm, what it says, and the hours to add.
    ("(?:0?[1-9]|1[01])", "am", 0),
    ("12", "am", -12),
    ("(?:0?[1-9]|1[01])", "pm", 12),
    ("12", "pm", 0),
)
SIXTY = "(?:0?[0-9]|[1-5][0-9])"


@dataclass(frozen=True)
class Offset:
    """How an offset from UTC may be written: what it must match, its groups, and their order."""

    pattern: str = ""
    parts: str = ""
    iso: str = ""
    width: int = 0
    ending: str = ""
    """What ISO 8601 has after it."""


UTC = "+00:00"
HOURS_EAST = "[+-](?:0[0-9]|1[0-4])"
OFFSETS = {
    "z": (
        Offset(f"{HOURS_EAST}:[0-5][0-9]", "([+-][0-9]{2}:[0-9]{2})", "{0}", 6),
        Offset(f"{HOURS_EAST}[0-5][0-9]", "([+-][0-9]{2})([0-9]{2})", "{0}:{1}", 5),
        Offset(HOURS_EAST, "([+-][0-9]{2})", "{0}:00", 3, ":00"),
        Offset("[Zz]", "[Zz]", UTC, 1),
    ),
    "Z": (Offset("(?:UTC|GMT|utc|gmt|[Zz])", "[A-Za-z]+", UTC),),
}
WIDTHS = {
    **{"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "f": 6},
    **{"b": 3, "B": 3, "a": 3, "p": 2},
}


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
    tokens = _tokens(text)
    used = [directive for directive, _ in tokens if directive]
    _check([directive for directive, _ in tokens], text)
    has_letters = any(directive in LETTERS for directive in used)
    months = MONTHS if "B" in used else tuple(m[:3] for m in MONTHS) if "b" in used else ()
    plain = [
        (directive, re.sub(r"\s+", " ", _prepared(word, months) if has_letters else word))
        for directive, word in tokens
    ]
    tokens = [(directive, _literal(word)) for directive, word in plain]
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


def month_token(number: int) -> str:
    """What takes the place of a month's name before a text is searched."""
    return f"m{number:02}"


def _tokens(text: str) -> list[tuple[str, str]]:
    """Directives and the words between them, as (directive, "") and ("", word)."""
    found: list[tuple[str, str]] = []
    for part in re.findall(r"%-?.?|[^%]+", text, flags=re.DOTALL):
        directive = part[1:].removeprefix("-")
        if not part.startswith("%") or part == "%%":
            found.append(("", part[-1] if part == "%%" else part))
        elif directive in COMPOSITES:
            found += _tokens(COMPOSITES[directive])
        elif directive in FIELDS:
            found.append((directive, ""))
        else:
            raise ValueError(
                f"`{part}` in the format {text!r} is not supported; there are "
                + ", ".join(f"%{d}" for d in (*FIELDS, *COMPOSITES))
            )
    return found


def _check(directives: list[str], text: str) -> None:
    used = [directive for directive in directives if directive]
    if not used:
        raise ValueError(
            f'"{text}" is no format{near_match(text, WORDS)}; give directives such as '
            f'"%d/%m/%Y %H:%M", or one of {", ".join(WORDS)}'
        )
    fields = [FIELDS[directive] for directive in used]
    if twice := next((f for f in fields if fields.count(f) > 1), None):
        raise ValueError(f"the format {text!r} has the {twice} twice")
    if gone := [field for field in ("year", "month", "day") if field not in fields]:
        raise ValueError(f"the format {text!r} lacks the {' and the '.join(gone)}")
    if ("I" in used) != ("p" in used):
        raise ValueError(f"the format {text!r} needs both %I and %p, or %H instead")
    for needed, field in (("hour", "minute"), ("minute", "second"), ("second", "fraction")):
        if field in fields and needed not in fields:
            raise ValueError(f"the format {text!r} has the {field} without the {needed}")
    if any(one in NUMBERS and other == "f" for one, other in pairwise(directives)):
        raise ValueError(f"the format {text!r} needs a sign between %f and what is before it")


def _prepared(word: str, months: tuple[str, ...]) -> str:
    """A literal word as a text looks in which months' names have been replaced."""
    word = "".join(c.lower() if c.isascii() else c for c in word)
    for number, name in enumerate(months, start=1):
        word = word.replace(name, month_token(number))
    return word


def _literal(word: str) -> str:
    """A word as a regular expression; spaces may be of any number."""
    letters = ("\\" + c if c in SPECIAL else c for c in re.sub(r"\s+", " ", word))
    return "".join(" +" if c == " " else c for c in letters)


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
