"""A table that was computed from drawn ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

Row = dict[str, Any]


@dataclass(frozen=True)
class BuiltTable(Sequence[Row]):
    """The rows of a computed table, ordered by its key: `rows[0]["deals"]`, `len(rows)`."""

    name: str
    key: tuple[str, ...]
    """The columns of its grain; none where it has no contract."""
    rows: tuple[Row, ...]
    columns: tuple[str, ...]

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __str__(self) -> str:
        return draw(self.rows, self.columns)


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
