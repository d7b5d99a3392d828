"""The clock of this machine, and the database's, by which the instants of runs are judged."""

from datetime import UTC, datetime, timedelta

from crm_ibis.errors import DataError, UsageError
from crm_ibis.warehouse import Warehouse

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far the clock of a machine may be ahead of the database's."""


def now() -> datetime:
    """The wall clock, UTC, as the database stores it."""
    return datetime.now(UTC).replace(tzinfo=None)


def refuse_clock_ahead(warehouse: Warehouse) -> None:
    """Raises DataError when this machine's clock is more than a minute ahead of the database's.

    What such a run publishes would be newer than all that others publish until then.
    """
    here = now()
    there = warehouse.now()
    if here > there + CLOCK_TOLERANCE:
        raise DataError(
            f"the clock of this machine says {here:%Y-%m-%d %H:%M:%S} UTC, which is more than a "
            f"minute ahead of the database's {there:%Y-%m-%d %H:%M:%S}; nothing was done. Set the "
            "clock (NTP), then run again"
        )


def is_after_clock(warehouse: Warehouse, moment: datetime) -> bool:
    """Whether an instant can only come from a clock that was ahead."""
    return moment > warehouse.now() + CLOCK_TOLERANCE


def past(as_of: datetime | None) -> datetime | None:
    """An instant in UTC without a zone; raises UsageError when it is in the future."""
    if as_of and as_of.tzinfo:
        as_of = as_of.astimezone(UTC).replace(tzinfo=None)
    if as_of and as_of > now():
        raise UsageError(f"as_of {as_of} is in the future; it is {now():%Y-%m-%d %H:%M:%S} UTC")
    return as_of
