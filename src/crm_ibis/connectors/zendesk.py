"""Zendesk Support: tickets and their satisfaction ratings. Organizations are facilities.

docs/connectors/zendesk.md says what is imputed and what cannot be known.
"""

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.connectors.landed import (
    UNASSIGNED,
    companies,
    current,
    flag,
    held_since,
    moment,
    priority,
    text,
    word,
)
from crm_ibis.measures import when

RESOLVED = ("solved", "closed")
AGENTS = ("agent", "admin")
MERGED_TAG = "closed_by_merge"


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


def tickets(
    ticket: Table,
    ticket_comment: Table,
    ticket_field_history: Table,
    user: Table,
    ticket_tag: Table | None = None,
) -> Table:
    """Tickets, without those that were deleted or merged into another.

    Answered at the first public comment of an agent, resolved where the ticket was last solved and
    has stayed so. `priority_given` is Zendesk's own priority.
    """
    kept = _kept(ticket, ticket_tag)
    replies = _first_replies(kept, ticket_comment, user)
    solved = _solved(ticket_field_history)
    joined = kept.left_join(replies, kept.ticket_id == replies.answered_id)
    joined = joined.left_join(solved, joined.ticket_id == solved.id)
    is_resolved = joined.status.isin(RESOLVED)
    return joined.select(
        id=joined.ticket_id,
        facility_id=joined.facility_id,
        priority=priority(joined.priority_given, urgent="critical", normal="medium"),
        priority_given=joined.priority_given,
        status=joined.status,
        created_at=joined.created_at,
        first_response_at=joined.answered_at,
        resolved_at=when(is_resolved, ibis.coalesce(joined.since, joined.updated_at)),
        updated_at=joined.updated_at,
    )


def satisfaction(satisfaction_rating: Table, ticket: Table) -> Table:
    """Ratings that were given: good counts as 5, bad as 1; offered ones are no answers."""
    rating = current(satisfaction_rating)
    score = text(rating, "score").lower()
    good, bad = score.startswith("good"), score.startswith("bad")
    given = rating.filter(good | bad)
    asked = ticket.select(ticket_id=text(ticket, "id"), facility_id=_facility(ticket))
    joined = given.mutate(rated_id=text(given, "ticket_id")).left_join(
        asked, [("rated_id", "ticket_id")]
    )
    return joined.select(
        id=text(joined, "id"),
        facility_id=ibis.coalesce(joined.facility_id, ibis.literal(UNASSIGNED)),
        survey_type=ibis.literal("csat"),
        score=ibis.ifelse(text(joined, "score").lower().startswith("good"), 5, 1).cast("int64"),
        created_at=ibis.coalesce(moment(joined, "updated_at"), moment(joined, "created_at")),
        feedback=text(joined, "comment"),
    )


def _facility(ticket: Table) -> ir.StringValue:
    return ibis.coalesce(text(ticket, "organization_id"), ibis.literal(UNASSIGNED))


def _kept(ticket: Table, ticket_tag: Table | None) -> Table:
    """Tickets that count, in our words."""
    there = current(ticket)
    kept = there.filter(word(there, "status") != "deleted").select(
        ticket_id=text(there, "id"),
        requester_id=text(there, "requester_id"),
        facility_id=_facility(there),
        priority_given=text(there, "priority").lower(),
        status=text(there, "status"),
        created_at=moment(there, "created_at"),
        updated_at=moment(there, "updated_at"),
    )
    if ticket_tag is None:
        return kept
    merged = ticket_tag.filter(text(ticket_tag, "tag") == MERGED_TAG)
    merged = merged.select(merged_id=text(merged, "ticket_id"))
    return kept.anti_join(merged, kept.ticket_id == merged.merged_id)


def _first_replies(kept: Table, ticket_comment: Table, user: Table) -> Table:
    """When an agent first answered in public, other than by opening the ticket or as the asker."""
    agents = user.filter(text(user, "role").isin(AGENTS))
    agents = agents.select(agent_id=text(agents, "id"))
    said = ticket_comment.filter(flag(ticket_comment, "public")).select(
        answered_id=text(ticket_comment, "ticket_id"),
        author_id=text(ticket_comment, "user_id"),
        said_at=moment(ticket_comment, "created"),
    )
    by_agents = said.semi_join(agents, said.author_id == agents.agent_id)
    joined = by_agents.join(kept, by_agents.answered_id == kept.ticket_id)
    replies = joined.filter(
        joined.said_at > joined.created_at,
        joined.requester_id.isnull() | (joined.author_id != joined.requester_id),
    )
    return replies.group_by("answered_id").agg(answered_at=replies.said_at.min())


def _solved(ticket_field_history: Table) -> Table:
    """Since when a ticket has been solved; one that was opened again, since it was solved anew."""
    changes = ticket_field_history.filter(text(ticket_field_history, "field_name") == "status")
    states = changes.select(
        id=text(changes, "ticket_id"),
        at=moment(changes, "updated"),
        holds=text(changes, "value").isin(RESOLVED),
    )
    return held_since(states)
