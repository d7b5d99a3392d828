"""Messages of database drivers, shortened and without anybody's values."""

import re
from collections.abc import Iterable


def driver_message(error: Exception) -> str:
    """The gist of a driver's message."""
    lines: Iterable[str] = str(error).strip().splitlines()
    return next(iter(lines), type(error).__name__)


def without_values(message: str) -> str:
    """A driver's message about data without what it quotes, which may be anybody's."""
    return re.sub(r"""["'](.*["']|.*)""", "(not shown)", message)
