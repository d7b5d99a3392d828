"""What can go wrong through no fault of the program: each error says what, where and the remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from crm_ibis.text import count_of


@dataclass(frozen=True)
class BrokenCheck:
    """A broken check of a table, with the keys of a few of its rows and no other value."""

    table: str
    check: str
    rows: int
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        such = f", such as {'; '.join(self.keys)}" if any(self.keys) else ""
        return f"{self.table}: {self.check}: {count_of(self.rows, 'row')}{such}"


class CrmIbisError(Exception):
    """An error for the user to read; the command line prints it without a traceback."""

    exit_code = 1
    run_id: str | None = None
    """The logged run that it ended."""
    broken: tuple[BrokenCheck, ...] = ()
    """The checks that stopped it."""

    @property
    def detailed(self) -> str:
        """The message for a terminal, with values of rows that logs and alerts must not hold."""
        return str(self)


class DataError(CrmIbisError):
    """The data, or the state of the database, stops the run."""


class Superseded(DataError):
    """Refuses to overwrite a newer publication."""

    def __init__(self, message: str, tables: Iterable[str]) -> None:
        super().__init__(message)
        self.tables = tuple(tables)


class MassRemoval(DataError):
    """A refresh would remove most rows of some published tables; nothing was published."""

    def __init__(self, message: str, tables: Iterable[str]) -> None:
        super().__init__(message)
        self.tables = tuple(tables)


class BasisChanged(DataError):
    """The published tables are of another time zone or currency than the parameters say."""


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
