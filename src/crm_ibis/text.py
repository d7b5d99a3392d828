"""Messages and numbers as people read them."""

LONGEST = 500
"""A message in one line is cut to so many characters."""


def first_line(message: str) -> str:
    """The first line of a message, with the next one if it only leads to that, cut to fit."""
    first, *others = message.splitlines() or [""]
    if others and first.endswith(":"):
        first = f"{first} {others[0].strip()}"
    return first[:LONGEST]


def count_of(count: int, noun: str) -> str:
    """A number with its noun, such as `1 row` or `2,000 rows`."""
    if count == 1:
        return f"{count:,} {noun}"
    return f"{count:,} {noun}s"
