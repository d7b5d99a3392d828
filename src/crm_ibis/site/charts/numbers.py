"""Numbers as people read them: units, thousands, one decimal; the exact value is in the tooltip."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

NONE = "\u2013"
PLACES = {"count": 0, "money": 2, "pct": 1, "hours": 1, "days": 1, "score": 1, "number": 2}
LARGE = 100_000
LARGE_UNITS = {3: "K", 6: "M", 9: "B", 12: "T"}
UNITS = {"pct": "\u00a0%", "hours": "\u00a0h", "days": "\u00a0d"}


def format_value(value: Any, kind: str) -> str:
    """A value of a kind; a dash where there is none."""
    if value is None:
        return NONE
    if kind == "month":
        return f"{value:%b %Y}"
    if kind == "text":
        return str(value)
    return f"{round_half_up(value, PLACES[kind]):,}{UNITS.get(kind, '')}"


def short(value: Any, kind: str) -> str:
    """Large amounts in thousands, millions or billions; anything else as `written`."""
    if kind != "money" or value is None or abs(value) < LARGE:
        return format_value(value, kind)
    sizes = [
        (round_half_up(Decimal(str(value)).scaleb(-n), 2), unit) for n, unit in LARGE_UNITS.items()
    ]
    amount, unit = next((size for size in sizes if abs(size[0]) < 1000), sizes[-1])
    return f"{amount.normalize():f}{unit}"


def round_half_up(value: Any, places: int) -> Decimal:
    """Half away from zero, as JavaScript does: the page writes the same numbers."""
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return exact if exact else abs(exact)


def exact(value: Any) -> str:
    """The value as the table has it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def instant(value: datetime | None) -> str:
    """An instant to the minute, UTC."""
    return f"{value:%Y-%m-%d %H:%M}" if value else NONE


def seconds(value: float | None) -> str:
    """A duration of seconds."""
    return NONE if value is None else f"{value:,.1f} s" if value < 120 else f"{value / 60:,.1f} min"


def hours(value: float | None) -> str:
    """An age in hours, or days when it is long."""
    if value is None:
        return NONE
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:,.1f} h" if value < 48 else f"{value / 24:,.1f} days"
