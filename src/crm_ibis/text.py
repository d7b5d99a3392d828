"""Messages and numbers as people read them."""

LONGEST = 500
"""A message in one line is cut to so many characters."""


def first_line(message: str) -> str:
    """The first line of a message, with the next one if it only leads to that, cut to fit."""
    first, *others = message.splitlines() or [""]
    if others and first.endswith(":"):
        first = f"{first} {others[0].strip()}"
    return first[:LONGEST]


def undecodable(data: bytes, error: UnicodeDecodeError) -> str:
    """What is wrong with bytes that are not UTF-8: the line, the byte, what it may be."""
    line = data.count(b"\n", 0, error.start) + 1
    return (
        f"is not in UTF-8: line {line} has the byte 0x{data[error.start]:02x}, perhaps of Latin-1 "
        "or Windows-1252"
    )


def count_of(count: int, noun: str) -> str:
    """A number with its noun, such as `1 row` or `2,000 rows`."""
    if count == 1:
        return f"{count:,} {noun}"
    return f"{count:,} {noun}s"
