"""A table that was computed from drawn ones."""

from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]


class BuiltTable(list[Row]):
    """The rows of a computed table, ordered by its key: `rows[0]["deals"]`, `len(rows)`."""

    def __init__(
        self, name: str, key: Sequence[str], rows: Iterable[Row], columns: Sequence[str]
    ) -> None:
        """`key` are the columns of its grain: none where it has no contract."""
        super().__init__(rows)
        self.name = name
        self.key = tuple(key)
        self.columns = tuple(columns)

    def __str__(self) -> str:
        return draw(self, self.columns)


def draw(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Rows as a drawn table, to be read, or copied into a test."""
    cells = [list(columns), *([show(row.get(c)) for c in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def show(value: Any) -> str:
    """A value as it is drawn."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
