"""What can go wrong through no fault of the program: each error says what, where and the remedy."""

from collections.abc import Iterable
from difflib import get_close_matches


class CrmIbisError(Exception):
    """An error for the user to read; the command line prints it without a traceback."""

    exit_code = 1
    run_id: str | None = None
    """The logged run that it ended."""
    broken: tuple[str, ...] = ()
    """The tables whose contracts were broken."""


class DataError(CrmIbisError):
    """The data, or the state of the database, stops the run."""


class DatabaseError(CrmIbisError):
    """The database cannot be reached, refuses, or fails."""


class TransientError(DatabaseError):
    """What may well be over soon: a lost connection, a lock, a clash with another transaction, a
    statement that took too long. The only errors that are worth another attempt."""


class UsageError(CrmIbisError):
    """A wrong name, option, setting or parameter file."""

    exit_code = 2


def near_match(word: str, known: Iterable[str]) -> str:
    """` (did you mean "x"?)` for a misspelt word, or nothing."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{matches[0]}"?)' if matches else ""
