"""What keeps PostgreSQL's tables as they are while a run reads them.

A transaction reads from a snapshot, but not everything respects snapshots. A table that another
transaction truncated, or rewrote with ALTER TABLE, is empty for a snapshot that is older than that
transaction's end, although the table was never empty for anybody; one that was swapped by renaming
is empty likewise. All of these take an ACCESS EXCLUSIVE lock. So the tables are locked in ACCESS
SHARE mode, which any of them waits for, before the first query takes the snapshot: LOCK TABLE takes
none. It takes the right to SELECT, and locks also what a view reads and the partitions of a table.

What it cannot lock is locked by a query that returns nothing: materialised views and foreign
tables, and tables of which the user may read single columns only. That query takes the snapshot
before it has the lock, so afterwards, and again at the end, every table that the transaction has
touched is compared with what the snapshot knows of it: its name and schema, its file, and whether
it is a partition. A table behind a function in a view is found that way too, and so is what no lock
of a reader prevents: a partition that was attached, or a schema that was renamed, while the run
read. REFRESH of a materialised view writes rows
that every snapshot sees; the rows of a foreign table are the other server's to keep together.
"""

import time
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import errors

from crm_ibis.errors import TransientError
from crm_ibis.warehouse.places import Place

POLL = 0.1
"""Seconds between two attempts at a lock."""

GONE = (errors.UndefinedTable, errors.InvalidSchemaName)
NOT_LOCKABLE = (errors.WrongObjectType, errors.InsufficientPrivilege)

READ_BY_QUERY = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm', 'f') AND n.nspname = ANY(%s) AND c.relname = ANY(%s)
"""

CHANGED = """
SELECT l.relation::regclass::text FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN pg_identify_object('pg_class'::regclass, l.relation, 0) AS i
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode = 'AccessShareLock'
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND i.type IN ('table', 'materialized view')
AND (c.oid IS NULL
OR (i.schema, i.name) <> (quote_ident(n.nspname), quote_ident(c.relname))
OR c.relfilenode <> 0 AND c.relfilenode <> pg_relation_filenode(c.oid)
OR NOT c.relispartition AND pg_partition_root(c.oid) <> c.oid)
ORDER BY 1
"""
"""pg_class is read as the snapshot knows it, while the functions ask for what is true now."""

HOLDERS = """
SELECT a.pid, a.usename, a.xact_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.relation = to_regclass(%s)
"""


def lock_tables(
    connection: Any, places: Iterable[Place], timeout: float, deadline: float
) -> set[Place]:
    """Locks tables for reading, in the transaction that has just begun; those that are there.

    While one of them is not to be had, none is held: so nobody waits for this transaction while it
    waits for them, and there is no deadlock with a loader that takes several tables one by one.
    Raises TransientError at the deadline.
    """
    wanted = set(places)
    unlockable: set[Place] = set()
    place: Place = (None, "")
    while True:
        try:
            with connection.transaction():  # a savepoint: without it, all its locks are free again
                for place in sorted(wanted - unlockable, key=str):
                    connection.execute(f"LOCK TABLE {_quoted(place)} IN ACCESS SHARE MODE NOWAIT")
            break
        except errors.LockNotAvailable as error:
            if time.monotonic() >= deadline:
                raise TransientError(_busy(connection, place, timeout, error)) from error
            time.sleep(POLL)
        except GONE:
            wanted.discard(place)
        except NOT_LOCKABLE:
            unlockable.add(place)
    _read_nothing(connection, wanted, unlockable, timeout)
    return wanted


def changed_tables(connection: Any) -> list[str]:
    """The tables that were changed in a way that the transaction's snapshot cannot tell."""
    return [name for (name,) in connection.execute(CHANGED).fetchall()]


def _read_nothing(
    connection: Any, wanted: set[Place], unlockable: set[Place], timeout: float
) -> None:
    """Locks by a query what LOCK TABLE cannot lock, also behind views."""
    schemas, names = ([place[i] for place in wanted] for i in (0, 1))
    found = connection.execute(READ_BY_QUERY, [schemas, names]).fetchall()
    for place in sorted(unlockable | (set(found) & wanted), key=str):
        try:
            with connection.transaction():
                connection.execute(f"SELECT 1 FROM {_quoted(place)} WHERE false")
        except errors.LockNotAvailable as error:
            raise TransientError(_busy(connection, place, timeout, error)) from error
        except psycopg.Error:
            continue  # reading it raises the error


def _busy(connection: Any, place: Place, timeout: float, error: psycopg.Error) -> str:
    found = connection.execute(HOLDERS, [_quoted(place)]).fetchall()
    who = [f"process {pid} of {user}, since {began:%H:%M:%S} UTC" for pid, user, began in found]
    name = ".".join(part for part in place if part)
    holder = f" ({'; '.join(who)})" if who else ""
    return (
        f"cannot read {name}: a loader or another program is replacing its rows or altering it in "
        f"an open transaction{holder}, and it was not free within {timeout:g} s; run again when "
        f"that has ended, or raise CRM_IBIS_LOCK_TIMEOUT (PostgreSQL: {error.diag.message_primary})"
    )


def _quoted(place: Place) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in place if part)
