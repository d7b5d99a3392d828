"""What PostgreSQL sends, as Python can hold it."""

from typing import Any

import psycopg
from psycopg.types.datetime import DateLoader, TimeLoader, TimestampLoader, TimestamptzLoader


class _AsWritten:
    """What Python cannot hold (infinity, BC, 24:00) comes as PostgreSQL writes it."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)  # type: ignore[misc]
        except psycopg.DataError:
            return bytes(data).decode()


class _AnyDate(_AsWritten, DateLoader): ...


class _AnyTime(_AsWritten, TimeLoader): ...


class _AnyTimestamp(_AsWritten, TimestampLoader): ...


class _AnyTimestamptz(_AsWritten, TimestamptzLoader): ...


LOADERS = {
    "date": _AnyDate,
    "time": _AnyTime,
    "timestamp": _AnyTimestamp,
    "timestamptz": _AnyTimestamptz,
}
