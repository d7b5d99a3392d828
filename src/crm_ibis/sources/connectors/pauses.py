"""When tickets waited for others, by the history of the state that they were in."""

import ibis
from ibis import Table

from crm_ibis.sources.connectors.unread import note_rows


def pauses_of(states: Table) -> Table:
    """Pauses of tickets, in the shape of the source `ticket_pauses`.

    From rows of `id` (the ticket), `at` (when its state changed) and `holds` (whether it waits from
    then on): a pause begins where a ticket waits that did not wait before, and ends when it changes
    to a state in which it does not. Until then `resumed_at` is null. States that follow one another
    and both wait are one pause. Of several changes at one instant, nothing says which came last:
    the ticket waits afterwards only if it waits in all of them. A change at an unknown instant is a
    pause without `paused_at`, for the contract to name. Grain: ticket_id and paused_at.
    """
    filled = states.mutate(holds=states.holds.fill_null(False))
    each = filled.group_by("id", "at").agg(holds=filled.holds.all())
    in_turn = ibis.window(group_by="id", order_by=ibis.asc("at", nulls_first=False))
    known = each.mutate(held=each.holds.lag().over(in_turn).fill_null(False))
    changes = known.filter((known.holds != known.held) | known.at.isnull())
    stretches = changes.mutate(resumed_at=changes.at.lead().over(in_turn))
    waits = stretches.filter(stretches.holds | stretches.at.isnull())
    return waits.select(ticket_id="id", paused_at="at", resumed_at="resumed_at")


def first_held(states: Table) -> Table:
    """When a ticket was first in a state, per `id`: `since`; from rows as `pauses_of` takes."""
    held = states.filter(states.holds)
    return held.group_by("id").agg(since=held.at.min())


def pauses_of_tickets(states: Table, landed: Table, kept: Table) -> Table:
    """The pauses of those tickets that count, as `pauses_of` makes them.

    `landed` and `kept` have the ids of all landed tickets and of those that count, as `ticket_id`.
    What waited and did not land is left out and noted: it breaks a rule that only warns, as a
    history may land before its ticket.
    """
    waiting = states.filter(states.holds).select(ticket_id="id").distinct()
    orphans = waiting.anti_join(landed, "ticket_id")
    note_rows(orphans, "ticket_id", "pauses are of tickets that landed, or they are left out")
    return pauses_of(states).semi_join(kept, "ticket_id")
