"""The stages of HubSpot's tickets: which are closed, in which they wait, when they entered them."""

from collections.abc import Sequence

import ibis
from ibis import Table

from crm_ibis.errors import DataError
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import flag, moment, text, word
from crm_ibis.sources.connectors.pauses import first_held
from crm_ibis.sources.connectors.unread import note_unknown

STAGE = "hs_pipeline_stage"
CHANGED = ("timestamp_instant", "timestamp", "_fivetran_start")
"""Names of the column that says when a property was changed; the first that has a value counts."""


def ticket_stages(stage: Table) -> Table:
    """Whether a stage of tickets is a closed one, by either of two columns; null if none says."""
    landed.require(
        *(stage, "ticket_pipeline_stage", "is_closed", "ticket_state"),
        for_="which tickets are resolved",
    )
    state = text(stage, "ticket_state").lower().nullif("")
    closed = flag(stage, "is_closed")
    each = stage.select(
        stage_id=text(stage, "stage_id"),
        closed=ibis.coalesce(closed | (state == "closed"), closed, state == "closed"),
    )
    return each.group_by("stage_id").agg(closed=each.closed.any())


def first_closings(history: Table | None, stage: Table) -> Table:
    """When each ticket first entered a closed stage: closing_of, since."""
    if history is None:
        raise DataError(
            "there is no ticket_property_history, so nobody knows when a ticket was first closed; "
            "load it, or leave out `reopened: first`: then its last resolution counts"
        )
    joined = _changes(history).left_join(ticket_stages(stage), "stage_id")
    states = joined.select("id", "at", holds=joined.closed.fill_null(False))
    return first_held(states).rename(closing_of="id")


def waits(history: Table, stage: Table, pause_on: Sequence[str]) -> Table:
    """Whether a ticket waits from each change of its stage on: id, at, holds.

    A stage is named by its label, in any pipeline and whatever the case, or by its id. A name that
    no stage has is noted: it breaks a rule of the source.
    """
    wanted = sorted({name.strip().lower() for name in pause_on})
    named = stage.select(
        stage_id=text(stage, "stage_id"),
        label=word(stage, "label"),
        own_id=word(stage, "stage_id"),
    )
    chosen = named.filter(named.label.isin(wanted) | named.own_id.isin(wanted))
    waiting = chosen.select(waiting_id="stage_id").distinct()
    changes = _changes(history)
    note_unknown(
        {name: name.lower() for name in map(str.strip, pause_on)},
        [named.label, named.own_id, changes.stage_id.lower()],
        "pause_on",
        "pause_on names stages of ticket_pipeline_stage, by label or id",
    )
    joined = changes.left_join(waiting, [("stage_id", "waiting_id")])
    # The id of a stage that did not land is known by the history alone.
    is_named = joined.stage_id.lower().isin(wanted)
    return joined.select("id", "at", holds=joined.waiting_id.notnull() | is_named)


def _changes(history: Table) -> Table:
    """The stages of tickets, each since when: id, stage_id, at."""
    landed.require(
        *(history, "ticket_property_history", *CHANGED), for_="when tickets changed their stage"
    )
    of_stage = history.filter(word(history, "name") == STAGE)
    instants = [moment(of_stage, c) for c in CHANGED if c in history.columns]
    return of_stage.select(
        id=text(of_stage, "ticket_id"),
        stage_id=text(of_stage, "value"),
        at=ibis.coalesce(*instants),
    )
