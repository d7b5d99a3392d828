"""When Salesforce's cases waited, by the history of their status."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import Table, _

from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import current, moment, text, word
from crm_ibis.sources.connectors.unread import note_unknown

FIELD = "status"


def waits(history: Table, case: Table | None, pause_on: Sequence[str]) -> Table:
    """Whether a case waits from each change of its status on: id, at, holds.

    Of several changes at one instant, those into and out of waiting are weighed against one
    another: their order says nothing, but what they leave is known. The history begins with the
    first change, so what a case was before is taken from it, or from a case without any: it waits
    since its creation, unless it was created before the history begins.
    """
    wanted = sorted({name.strip().lower() for name in pause_on})
    changes = _changes(history)
    note_unknown(
        {name: name.lower() for name in map(str.strip, pause_on)},
        [changes.old, changes.new, *([word(case, "status")] if case is not None else [])],
        "pause_on",
        "pause_on names statuses that a case has or had",
        "warn",
    )
    by_instant = changes.group_by("id", "at").agg(
        net=(_number(changes.new.isin(wanted)) - _number(changes.old.isin(wanted))).sum(),
        waited=changes.old.isin(wanted).all(),
    )
    entered = by_instant.filter(by_instant.net != 0)
    states = entered.select("id", "at", holds=entered.net > 0)
    if case is None:
        return states
    return states.union(_from_creation(by_instant, case, wanted))


def _from_creation(by_instant: Table, case: Table, wanted: Sequence[str]) -> Table:
    """Cases that waited when they were created: id, at, holds."""
    dated = by_instant.filter(by_instant["at"].notnull())
    in_turn = ibis.window(group_by="id", order_by="at")
    ranked = dated.mutate(place=ibis.row_number().over(in_turn))
    first = ranked.filter(ranked.place == 0)
    before = first.select(changed_id="id", waited=first.waited | (first.net < 0))
    begin = dated.aggregate(begin=_["at"].min()).as_scalar()
    there = current(case)
    cases = there.select(
        id=text(there, "id"),
        at=moment(there, "created_date"),
        waits_now=word(there, "status").isin(wanted),
    )
    joined = cases.left_join(before, [("id", "changed_id")])
    waited = ibis.coalesce(joined.waited, joined.waits_now)
    kept = joined.filter(waited, joined["at"] >= begin)
    return kept.select("id", "at", holds=ibis.literal(True))


def _changes(history: Table) -> Table:
    """Changes of the status of cases: id, at, old, new."""
    for column in ("old_value", "new_value", "created_date"):
        landed.require(history, "case_history", column, for_="when a case changed its status")
    there = current(history)
    of_status = there.filter(word(there, "field") == FIELD)
    return of_status.select(
        id=text(of_status, "case_id"),
        at=moment(of_status, "created_date"),
        old=word(of_status, "old_value"),
        new=word(of_status, "new_value"),
    )


def _number(holds: ir.BooleanValue) -> ir.IntegerValue:
    return ibis.ifelse(holds, 1, 0)
