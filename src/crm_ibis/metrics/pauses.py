"""What pauses take from the time of a ticket's resolution."""

from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.expressions import instant, known_by
from crm_ibis.metrics.business_time import Clock, since_1970

FOREVER = 2**62
"""Microseconds: later than any instant."""


def pause_totals(tickets: Table, ticket_pauses: Table, clock: Clock, as_of: datetime) -> Table:
    """Of each ticket with a pause: what its pauses by `as_of` take from its resolution.

    Pauses run from the ticket's creation at the earliest to its resolution at the latest; where
    they overlap, time counts once. One that has not ended by `as_of` runs on. A pause delays the
    due instant only where it begins before the target is used up.

    `tickets` has `ticket_id`, `created` and `resolved` (microseconds since 1970), `opened` (the
    reading of the clock at creation) and `target` (of the resolution, in microseconds). Grain:
    ticket_id. `is_paused`; `paused` and `delay` (microseconds of business time), `is_never_due`:
    paused before the target is used up.
    """
    pieces = _apart(tickets, ticket_pauses, as_of)
    pieces = pieces.mutate(stops=ibis.least(pieces.ends, since_1970(instant(as_of))))
    read = clock.read(pieces, {"reading": "begins", "reading_after": "stops"})
    read = read.mutate(stopped=read.reading_after - read.reading)
    earlier = ibis.window(group_by="ticket_id", order_by="begins", preceding=(None, 1))
    stopped_before = _as_int64(read.stopped.sum().over(earlier).fill_null(0))
    used = read.mutate(used=read.reading - read.opened - stopped_before)
    placed = used.mutate(
        delays=used.used < used.target,
        runs=used.ends == FOREVER,
    )
    return placed.group_by("ticket_id").agg(
        is_paused=_.runs.any(),
        is_never_due=(_.runs & _.delays).any(),
        paused=_as_int64(placed.stopped.sum()),
        delay=_as_int64(placed.stopped.sum(where=placed.delays).fill_null(0)),
    )


def _apart(tickets: Table, ticket_pauses: Table, as_of: datetime) -> Table:
    """The pauses within the time of their tickets, cut so that no two overlap."""
    begun = ticket_pauses.filter(ticket_pauses.paused_at <= instant(as_of))
    begun = begun.select(
        pause_of="ticket_id",
        paused=since_1970(begun.paused_at),
        resumed=since_1970(known_by(begun.resumed_at, as_of)),
    )
    joined = tickets.inner_join(begun, [("ticket_id", "pause_of")])
    clipped = joined.select(
        *tickets.columns,
        starts=ibis.greatest(joined.paused, joined.created),
        ends=ibis.least(joined.resumed, joined.resolved).fill_null(FOREVER),
    )
    earlier = ibis.window(group_by="ticket_id", order_by=["starts", "ends"], preceding=(None, 1))
    covered = clipped.mutate(covered=clipped.ends.max().over(earlier))
    pieces = covered.mutate(begins=ibis.greatest(covered.starts, covered.covered))
    return pieces.filter(pieces.begins < pieces.ends).drop("starts", "covered")


def _as_int64(total: ir.IntegerValue) -> ir.IntegerValue:
    """A sum of microseconds as int64, which Ibis takes it for: it is HUGEINT on DuckDB and numeric
    on PostgreSQL. Floats are exact up to 285 years of microseconds."""
    return total.cast("float64").cast("int64")
