"""The directives of strptime: what each stands for, and which formats may be made of them."""

import re
from dataclasses import dataclass
from itertools import pairwise

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


def month_token(number: int) -> str:
    """What takes the place of a month's name before a text is searched."""
    return f"m{number:02}"


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Directives and the words between them, as (directive, "") and ("", word)."""
    found: list[tuple[str, str]] = []
    for part in re.findall(r"%-?.?|[^%]+", text, flags=re.DOTALL):
        directive = part[1:].removeprefix("-")
        if not part.startswith("%") or part == "%%":
            found.append(("", part[-1] if part == "%%" else part))
        elif directive in COMPOSITES:
            found += tokens_of(COMPOSITES[directive])
        elif directive in FIELDS:
            found.append((directive, ""))
        else:
            raise ValueError(
                f"`{part}` in the format {text!r} is not supported; there are "
                + ", ".join(f"%{d}" for d in (*FIELDS, *COMPOSITES))
            )
    return found


def check_directives(directives: list[str], text: str) -> None:
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


def lower_with_month_tokens(word: str, months: tuple[str, ...]) -> str:
    """A literal word as a text looks in which months' names have been replaced."""
    word = "".join(c.lower() if c.isascii() else c for c in word)
    for number, name in enumerate(months, start=1):
        word = word.replace(name, month_token(number))
    return word


def literal(word: str) -> str:
    """A word as a regular expression; spaces may be of any number."""
    letters = ("\\" + c if c in SPECIAL else c for c in re.sub(r"\s+", " ", word))
    return "".join(" +" if c == " " else c for c in letters)
