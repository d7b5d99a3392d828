"""Zendesk Support: tickets, their pauses and satisfaction ratings. Organizations are facilities.

docs/connectors/zendesk.md says what is imputed and what cannot be known.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.errors import DataError
from crm_ibis.expressions import when
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import (
    UNASSIGNED,
    companies,
    current,
    held_since,
    moment,
    priority,
    text,
    word,
)
from crm_ibis.sources.connectors.options import (
    ZENDESK_PAUSES_ON,
    Reopened,
    counts_first,
    zendesk_statuses,
)
from crm_ibis.sources.connectors.pauses import first_held, pauses_of_tickets
from crm_ibis.sources.connectors.zendesk_audits import audited_states
from crm_ibis.sources.connectors.zendesk_replies import first_replies

RESOLVED = ("solved", "closed")
MERGED_TAG = "closed_by_merge"


@landed.source
def facilities(organization: Table) -> Table:
    """Organizations, deleted ones too, as their tickets remain."""
    return companies(
        organization,
        name=text(organization, "name"),
        type=ibis.null("string"),
        location=ibis.null("string"),
        created_at=moment(organization, "created_at"),
        updated_at=moment(organization, "updated_at"),
    )


@landed.source
def tickets(
    ticket: Table,
    ticket_comment: Table,
    ticket_field_history: Table,
    user: Table,
    ticket_tag: Table | None = None,
    ticket_chat: Table | None = None,
    ticket_chat_event: Table | None = None,
    audit_log: Table | None = None,
    *,
    reopened: Reopened = "last",
) -> Table:
    """Tickets, without those that were deleted or merged into another.

    Answered at the first public comment or message of an agent, resolved where the ticket was last
    solved and has stayed so; with `reopened` first, where it was first solved, though it may be
    open again. `priority_given` is Zendesk's own priority.
    """
    by_first = counts_first(reopened)
    kept = _kept(ticket, ticket_tag)
    replies = first_replies(kept, ticket_comment, user, ticket_chat, ticket_chat_event, audit_log)
    solved = _solved(ticket_field_history, by_first)
    joined = kept.left_join(replies, kept.ticket_id == replies.answered_id)
    joined = joined.left_join(solved, joined.ticket_id == solved.id)
    is_resolved = joined.status.isin(RESOLVED)
    resolved_at = when(is_resolved, ibis.coalesce(joined.since, joined.updated_at))
    if by_first:
        resolved_at = ibis.coalesce(joined.since, resolved_at)
    return joined.select(
        id=joined.ticket_id,
        facility_id=joined.facility_id,
        priority=priority(joined.priority_given, urgent="critical", normal="medium"),
        priority_given=joined.priority_given,
        status=joined.status,
        created_at=joined.created_at,
        first_response_at=joined.answered_at,
        resolved_at=resolved_at,
        updated_at=joined.updated_at,
    )


@landed.source
def ticket_pauses(
    ticket: Table,
    ticket_field_history: Table | None = None,
    ticket_tag: Table | None = None,
    ticket_audits: Table | None = None,
    *,
    pause_on: Sequence[str] = ZENDESK_PAUSES_ON,
) -> Table:
    """When tickets were in a status of `pause_on`: on hold, where it names no other.

    By the history of fields, else by audits. Without those of tickets that were deleted or merged
    into another.
    """
    statuses = zendesk_statuses(pause_on)
    if ticket_field_history is not None:
        states = _states(ticket_field_history, statuses)
    elif ticket_audits is not None:
        states = audited_states(ticket_audits, statuses)
    else:
        raise DataError(
            "there is neither ticket_field_history nor ticket_audits, so nobody knows when tickets "
            "waited; load one of them, map ticket_pauses from elsewhere, or say that it is absent"
        )
    all_tickets = ticket.select(ticket_id=text(ticket, "id"))
    there = _not_deleted(ticket)
    kept = _not_merged(there.select(ticket_id=text(there, "id")), ticket_tag)
    return pauses_of_tickets(states, all_tickets, kept)


@landed.source
def satisfaction(satisfaction_rating: Table, ticket: Table) -> Table:
    """Ratings that were given: good counts as 5, bad as 1; offered ones are no answers."""
    landed.require(satisfaction_rating, "satisfaction_rating", "score", for_="what was answered")
    rating = current(satisfaction_rating)
    score = word(rating, "score")
    good = score.startswith("good")
    bad = score.startswith("bad")
    given = rating.filter(good | bad)
    asked = ticket.select(ticket_id=text(ticket, "id"), facility_id=_facility(ticket))
    joined = given.mutate(rated_id=text(given, "ticket_id")).left_join(
        asked, [("rated_id", "ticket_id")]
    )
    return joined.select(
        id=text(joined, "id"),
        facility_id=ibis.coalesce(joined.facility_id, ibis.literal(UNASSIGNED)),
        survey_type=ibis.literal("csat"),
        score=ibis.ifelse(word(joined, "score").startswith("good"), 5, 1).cast("int64"),
        created_at=ibis.coalesce(moment(joined, "updated_at"), moment(joined, "created_at")),
        feedback=text(joined, "comment"),
    )


def _facility(ticket: Table) -> ir.StringValue:
    return ibis.coalesce(text(ticket, "organization_id"), ibis.literal(UNASSIGNED))


def _kept(ticket: Table, ticket_tag: Table | None) -> Table:
    """Tickets that count, in our words."""
    there = _not_deleted(ticket)
    kept = there.select(
        ticket_id=text(there, "id"),
        requester_id=text(there, "requester_id"),
        facility_id=_facility(there),
        priority_given=text(there, "priority").lower(),
        status=text(there, "status"),
        created_at=moment(there, "created_at"),
        updated_at=moment(there, "updated_at"),
    )
    return _not_merged(kept, ticket_tag)


def _not_deleted(ticket: Table) -> Table:
    there = current(ticket)
    return there.filter(word(there, "status") != "deleted")


def _not_merged(kept: Table, ticket_tag: Table | None) -> Table:
    """The tickets, by `ticket_id`, that were not merged into another, where tags tell."""
    if ticket_tag is None:
        return kept
    merged = ticket_tag.filter(text(ticket_tag, "tag") == MERGED_TAG)
    merged = merged.select(merged_id=text(merged, "ticket_id"))
    return kept.anti_join(merged, kept.ticket_id == merged.merged_id)


def _solved(ticket_field_history: Table, by_first: bool) -> Table:
    """Since when a ticket has been solved; one that was opened again, since it was solved anew, or
    when it was first."""
    states = _states(ticket_field_history, RESOLVED)
    return first_held(states) if by_first else held_since(states)


def _states(ticket_field_history: Table, statuses: Sequence[str]) -> Table:
    """Whether a ticket is in one of the statuses from each change of its status on."""
    changes = ticket_field_history.filter(text(ticket_field_history, "field_name") == "status")
    return changes.select(
        id=text(changes, "ticket_id"),
        at=moment(changes, "updated"),
        holds=text(changes, "value").isin(statuses),
    )
