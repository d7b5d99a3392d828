"""What all results share: the terminal, plain tables, cells and ages in words."""

from decimal import Decimal
from textwrap import wrap

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

console = Console(highlight=False)

NARROWEST = 12
"""Names and words are folded to no less than so many signs."""
GAP = 3
"""Signs from one column to the next."""


def wrapped(text: str) -> list[str]:
    """A line below a heading; what does not fit goes on in the next lines, further in.

    Names are never cut: they are there to be copied.
    """
    return wrap(
        text,
        console.width - 1,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def table_of(*titles: str) -> Table:
    """A plain table; a title that starts with `>` is that of a column of numbers.

    Where the terminal is too narrow, names and words go on in the next line; numbers never do.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        is_number = title.startswith(">")
        table.add_column(
            title.lstrip(">"),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number,
        )
    return table


def print_table(table: Table) -> None:
    """Prints a table; one that would be too wide even with folded names runs over the edge."""
    needed = [
        min(width, width if column.no_wrap else NARROWEST) + GAP
        for column in table.columns
        for width in [max(cell_len(str(cell)) for cell in (column.header, *column.cells))]
    ]
    if sum(needed) > console.width:
        table.width = sum(needed)
    console.print(table, crop=False, overflow="ignore")


def cell_text(value: object, places: int = 4) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        text = f"{value:,.{places}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value.quantize(Decimal('0.01')) if value == round(value, 2) else value:,}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def age_text(hours: float) -> str:
    if hours < 0:
        return "in the future"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
