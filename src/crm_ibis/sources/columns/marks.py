"""Marks of a mapped table: columns that say what went wrong with a row while it was read.

A contract sees what a column holds, not why: a date that cannot be read would be null, as if
nothing had happened. So a mapped table has, beside its columns, a mark for each thing that may go
wrong, and each mark is a rule of the source: a row that has it breaks the rule.
"""

from crm_ibis.contracts.rules import Rule

UNREADABLE = "~unreadable "
SEVERAL = "~several "
TIED = "~tied "
JOINED = "~joined "
BLANKED = "~blanked "
"""Out of order and made null, as sources.yml wishes: no rule, but reported."""

WORDS = {
    UNREADABLE: "{name} can be read",
    SEVERAL: "{name} is the same in all rows that make one",
    TIED: "{name} has one row that is first or last (break ties with `ties`)",
    JOINED: "{name} has at most one row for each key (sources.yml joins it)",
}


def is_mark(column: str) -> bool:
    """Whether a column of a mapped table is a mark."""
    return column.startswith((*WORDS, BLANKED))


def rules(columns: list[str] | tuple[str, ...]) -> list[Rule]:
    """The rules of the marks that a mapped table has."""
    return [
        Rule(
            name=words.format(name=column.removeprefix(kind)),
            columns=() if kind == JOINED else (column.removeprefix(kind),),
            violated=lambda table, column=column: table[column],  # type: ignore[misc]
        )
        for column in columns
        for kind, words in WORDS.items()
        if column.startswith(kind)
    ]


def blanked_columns(columns: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Columns of which a mapped table made some null, each with its mark."""
    return {c.removeprefix(BLANKED): c for c in columns if c.startswith(BLANKED)}
