"""Tickets that have little time left: each channel is told of each of them once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from crm_ibis.config.alerting import Route
from crm_ibis.config.declarations import jobs
from crm_ibis.config.sla import Priority
from crm_ibis.events import Report
from crm_ibis.operations import delivery, incidents, routes
from crm_ibis.operations.alerts import DUE_SOON, TICKET, Alert
from crm_ibis.operations.incidents import Incident
from crm_ibis.warehouse import Warehouse

QUEUE = "ticket_queue"
NAMED = 20
"""How many tickets of a priority a message names."""


@dataclass(frozen=True)
class Ticket:
    """An open ticket that has not missed a target, with its least time left in hours."""

    ticket_id: str
    priority: Priority
    hours_left: float

    @property
    def subject(self) -> str:
        """What an alert about it is about, in place of a table."""
        return f"{TICKET}{self.ticket_id}"


def alert_due_soon(warehouse: Warehouse, report: Report) -> None:
    """Tells the channels of routes with `due_within` of tickets that have less time left than that.

    By `ticket_queue` as it is published. A channel hears of a ticket once, until the ticket leaves
    the queue; one that could not be reached is told the next time. Call it while `alert_lock`.
    """
    told = [i for i in incidents.current(warehouse) if i.event == DUE_SOON]
    chosen = [route for route in jobs().alerts if route.due_within]
    if not told and not chosen:
        return
    tickets: list[Ticket] = []
    if QUEUE in warehouse.tables(warehouse.analytics):
        tickets = _due_within(warehouse, chosen)
        told = _still_open(warehouse, told)
    heard = {incident.table: set(incident.heard) for incident in told}
    groups = _unheard(chosen, tickets, heard)
    messages = {channel: _message(found) for channel, found in groups.items()}
    sent = delivery.send_each(messages, report=report)
    for channel, found in groups.items():
        for ticket in (t for group in found.values() for t in group if sent[channel]):
            heard.setdefault(ticket.subject, set()).add(channel)
    news = {name for message in messages.values() for name in message.tables} & heard.keys()
    if news:
        alert = Alert(DUE_SOON, tuple(sorted(news)))
        incidents.write_down(warehouse, alert, {name: heard[name] for name in news})


Groups = dict[tuple[Priority, str], list[Ticket]]
"""Tickets by their priority, and by the time that they have less than."""


def _unheard(
    chosen: Iterable[Route], tickets: Iterable[Ticket], heard: incidents.Heard
) -> dict[str, Groups]:
    """The tickets that each channel has still to be told of."""
    found: dict[str, Groups] = {}
    for ticket in tickets:
        for route in chosen:
            if not route.is_due(ticket.priority, ticket.hours_left):
                continue
            for channel in routes.channels_of_route(route, QUEUE):
                group = (ticket.priority, route.due_within[ticket.priority])
                groups = found.setdefault(channel, {})
                known = any(ticket in listed for listed in groups.values())
                if channel not in heard.get(ticket.subject, ()) and not known:
                    groups.setdefault(group, []).append(ticket)
    return {channel: groups for channel, groups in found.items() if groups}


def _message(groups: Groups) -> Alert:
    lines = []
    for (priority, within), tickets in groups.items():
        named = ", ".join(ticket.ticket_id for ticket in tickets[:NAMED])
        more = f" and {len(tickets) - NAMED} more" if len(tickets) > NAMED else ""
        lines.append(f"{priority}, less than {within} left: {named}{more}")
    subjects = tuple(ticket.subject for tickets in groups.values() for ticket in tickets)
    return Alert(DUE_SOON, subjects, details=tuple(lines))


def _due_within(warehouse: Warehouse, chosen: Iterable[Route]) -> list[Ticket]:
    """The tickets that a route is about, those with the least time left first."""
    queue = warehouse.table(warehouse.analytics, QUEUE)
    columns = ("ticket_id", "priority", "hours_left")
    pending = queue.filter(queue.sla_state == "pending", queue.hours_left.notnull())
    longest = max((route.longest_hours for route in chosen), default=0)
    rows = warehouse.rows(pending.filter(pending.hours_left < longest).select(*columns))
    tickets = [Ticket(**row) for row in rows]
    return sorted(tickets, key=lambda ticket: (ticket.hours_left, ticket.ticket_id))


def _still_open(warehouse: Warehouse, told: list[Incident]) -> list[Incident]:
    """Those told of whose ticket is in the queue; the others are forgotten."""
    names = {incident.table: incident.table.removeprefix(TICKET) for incident in told}
    if not names:
        return []
    queue = warehouse.table(warehouse.analytics, QUEUE)
    found: list[dict[str, Any]] = warehouse.rows(
        queue.filter(queue.ticket_id.isin(sorted(names.values()))).select("ticket_id")
    )
    there = {row["ticket_id"] for row in found}
    incidents.forget(warehouse, [i for i in told if names[i.table] not in there])
    return [incident for incident in told if names[incident.table] in there]
