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


def csv_fault(message: str) -> str | None:
    """Which line of a CSV file DuckDB cannot read, and why, without what stands there."""
    line = re.search(r"CSV Error on Line: (\d+)", message)
    file = re.search(r"^  file = (.+)$", message, re.MULTILINE)
    if not line or not file:
        return None
    columns = re.search(r"^Expected Number of Columns: (\d+) Found: (\d+)", message, re.MULTILINE)
    reason = "cannot be read as CSV"
    if columns:
        reason = f"has {columns[2]} columns, and the header {columns[1]}"
    elif "Invalid unicode" in message:
        reason = "is not UTF-8"
    return f"{file[1]}, line {line[1]} {reason}"
