"""Rows and facts as JSON inside a page: compact, and harmless whatever users call things."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from crm_ibis.site.data.reading import Rows

# Nothing in a script element may look like markup: not its end, not a comment, not an entity.
HARMLESS = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def embed(value: Any) -> Markup:
    """A value as JSON that may stand in a script element."""
    text = json.dumps(value, default=plain, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(HARMLESS))


def plain(value: Any) -> Any:
    """Dates as text; money as a number, exact up to 15 digits."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def columnar(rows: Rows) -> dict[str, Any]:
    """Rows as one list per column; texts and dates are numbered, as they are few and repeat."""
    names = list(rows[0]) if rows else []
    return {name: _column([row[name] for row in rows]) for name in names}


def _column(values: list[Any]) -> Any:
    if not any(isinstance(value, str | date) for value in values):
        return [_number(value) for value in values]
    distinct: dict[Any, int] = {}
    places = [distinct.setdefault(value, len(distinct)) for value in values]
    return {"of": [None if v is None else _text(v) for v in distinct], "at": places}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else value.isoformat()


def _number(value: Any) -> Any:
    """Whole numbers without a point, which is a sixth of the page."""
    if isinstance(value, bool) or value is None:
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def rows_of(columns: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The rows that `columnar` was given, as JSON has them."""
    lists = {
        name: [c["of"][place] for place in c["at"]] if isinstance(c, dict) else c
        for name, c in columns.items()
    }
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
