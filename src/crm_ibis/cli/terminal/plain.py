"""Results as JSON, for scripts."""

import json
from dataclasses import asdict, is_dataclass
from datetime import date, datetime


def print_json(value: object) -> None:
    """The value as JSON: decimals as exact strings, instants in ISO 8601."""
    print(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
