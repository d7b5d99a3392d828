"""When an agent first answered a Zendesk ticket: by a public comment, or by a message in a chat."""

import ibis
from ibis import Table

from crm_ibis.expressions import when
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import flag, marked, moment, text, word

AGENTS = ("agent", "admin")

MESSAGES = ("chatmessage", "chatfileattachment")
"""Events of a chat in which somebody says something."""
BOT = '"zd:answerbot"'
"""Where a message says that the bot wrote it, in small letters; it does so as an agent."""
AGENT_ACTOR = r"^agent:(\d+)$"

SUPPORT_ROLE = r"(?:^|\n|\\n|support )role changed from "
OUTSIDER = r"(?:not set|none|end[- ]?user)"
LEFT = rf"{SUPPORT_ROLE}[^\n\\]+ to {OUTSIDER}"
JOINED = rf"{SUPPORT_ROLE}{OUTSIDER}"
"""What the audit log says, in small letters, of a user who leaves or joins the agents."""


def first_replies(
    kept: Table,
    ticket_comment: Table,
    user: Table,
    ticket_chat: Table | None,
    ticket_chat_event: Table | None,
    audit_log: Table | None,
) -> Table:
    """When an agent first answered, other than by opening the ticket or as the asker."""
    agents = _agents(user, audit_log)
    replies = _comments(kept, ticket_comment, agents)
    if ticket_chat is not None and ticket_chat_event is not None:
        replies = replies.union(_messages(kept, ticket_chat, ticket_chat_event, agents))
    return replies.group_by("answered_id").agg(answered_at=replies.said_at.min())


def _agents(user: Table, audit_log: Table | None) -> Table:
    """Agents, and until when they were: null for those who still are."""
    landed.require(user, "user", "role", for_="who is an agent")
    current = user.filter(word(user, "role").isin(AGENTS))
    current = current.select(agent_id=text(current, "id"), left_at=ibis.null("timestamp(6)"))
    if audit_log is None:
        return current.distinct()
    said = word(audit_log, "change_description")
    left = audit_log.filter(
        word(audit_log, "source_type") == "user", said.re_search(LEFT), ~said.re_search(JOINED)
    )
    left = left.select(agent_id=text(left, "source_id"), left_at=moment(left, "created_at"))
    former = left.group_by("agent_id").agg(left_at=left.left_at.max())
    former = former.anti_join(current, "agent_id")
    return current.distinct().union(former.cast(current.schema()))


def _comments(kept: Table, ticket_comment: Table, agents: Table) -> Table:
    """Public comments of agents: answered_id, said_at."""
    landed.require(
        ticket_comment, "ticket_comment", "public", for_="which comments the customer saw"
    )
    public = ticket_comment.filter(flag(ticket_comment, "public").fill_null(False))
    said = public.select(
        answered_id=text(public, "ticket_id"),
        author_id=text(public, "user_id"),
        said_at=moment(public, "created"),
    )
    joined = _by_agents(said, agents).join(kept, [("answered_id", "ticket_id")])
    return joined.filter(
        joined.said_at > joined.created_at,
        joined.requester_id.isnull() | (joined.author_id != joined.requester_id),
    ).select("answered_id", "said_at")


def _messages(kept: Table, ticket_chat: Table, ticket_chat_event: Table, agents: Table) -> Table:
    """Messages of agents in the chats of tickets: answered_id, said_at.

    Of a chat, those after the first message of somebody else: an agent may also begin one. A ticket
    made during its chat was answered at once if the agent had answered by then.
    """
    said = _said(ticket_chat_event, agents)
    chats = _chats(kept, ticket_chat)
    joined = said.join(chats, [("chat_id", "chat_of")])
    joined = joined.filter(
        joined.is_first | (joined.said_at >= joined.created_at),
        joined.next_at.isnull() | (joined.said_at < joined.next_at),
    )
    is_asker = (joined.author_id == joined.requester_id).fill_null(False)
    replies = joined.mutate(answers=joined.by_agent & ~is_asker)
    of_ticket = ibis.window(group_by=["chat_id", "answered_id"])
    replies = replies.mutate(asked_at=when(~replies.answers, replies.said_at).min().over(of_ticket))
    since = ibis.coalesce(replies.asked_at, replies.created_at)
    return replies.filter(replies.answers, replies.said_at > since).select(
        "answered_id", said_at=ibis.greatest(replies.said_at, replies.created_at)
    )


def _said(event: Table, agents: Table) -> Table:
    """What people said in chats: chat_id, author_id, said_at, by_agent."""
    spoken = event.filter(
        word(event, "type").isin(MESSAGES),
        ~marked(event, "is_history_context"),
        ~word(event, "original_message").contains(BOT),
    )
    actor = text(spoken, "actor_id")
    said = spoken.select(
        chat_id=text(spoken, "chat_id"),
        author_id=actor.re_replace(AGENT_ACTOR, r"\1"),
        as_agent=actor.re_search(AGENT_ACTOR),
        said_at=moment(spoken, "created_at"),
    )
    known = said.left_join(agents, [("author_id", "agent_id")])
    then = known.left_at.isnull() | (known.said_at <= known.left_at)
    by_agent = known.as_agent | (known.agent_id.notnull() & then)
    return known.select("chat_id", "author_id", "said_at", by_agent=by_agent)


def _chats(kept: Table, ticket_chat: Table) -> Table:
    """The tickets of each chat in turn: from one to the next, its messages are about that one."""
    chats = ticket_chat.select(
        chat_of=text(ticket_chat, "chat_id"), answered_id=text(ticket_chat, "ticket_id")
    ).distinct()
    joined = chats.join(kept, [("answered_id", "ticket_id")]).select(
        "chat_of", "answered_id", "requester_id", "created_at"
    )
    in_turn = ibis.window(group_by="chat_of", order_by=["created_at", "answered_id"])
    return joined.mutate(
        is_first=ibis.row_number().over(in_turn) == 0,
        next_at=joined.created_at.lead().over(in_turn),
    )


def _by_agents(said: Table, agents: Table) -> Table:
    """What was said by somebody who was an agent at the time."""
    joined = said.join(agents, [("author_id", "agent_id")])
    then = joined.left_at.isnull() | (joined.said_at <= joined.left_at)
    return joined.filter(then).select(said.columns)
