"""Names, words and drawn tables, as new modules have them."""

from collections.abc import Sequence
from textwrap import indent

from crm_ibis.scaffold.columns import TakenColumn


def model_name(name: str) -> str:
    """The class of a table's contract."""
    return "".join(word.capitalize() for word in name.split("_"))


def title_of(name: str) -> str:
    """A table's name in words."""
    return name.replace("_", " ").capitalize()


def singular_of(name: str) -> str:
    """One of many: `contracts` is a `contract`."""
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s")


def in_words(names: Sequence[str]) -> str:
    """`facility, rep and month` for facility_id, rep_id, month."""
    words = [name.removesuffix("_id").replace("_", " ") for name in names]
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def table_text(rows: Sequence[Sequence[str]], spaces: int) -> str:
    """Rows as a drawn table."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return indent("\n".join(lines), " " * spaces)


def types_in(columns: Sequence[TakenColumn], *more: str) -> str:
    """The names of the types that a module imports."""
    return ", ".join(sorted({*(c.type_name for c in columns), *more}))


def quoted(names: Sequence[str]) -> str:
    """Names as the items of a list."""
    return ", ".join(f'"{name}"' for name in names)


def drawn_table(table: str, rows: Sequence[Sequence[str]]) -> str:
    """A table of a test, by its name."""
    return f'    "{table}": """\n{table_text(rows, 8)}\n    """,'
