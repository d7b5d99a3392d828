"""Tickets against their SLA targets: by the wall clock, or in business time with pauses."""

from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.expressions import HOUR, hours_between, instant, known_by, when
from crm_ibis.metrics.business_time import CALENDAR, Clock, clock_of, since_1970
from crm_ibis.metrics.pauses import pause_totals

MET = "met"
BREACHED = "breached"
PENDING = "pending"
UNDECIDED = ibis.null("string")
EVENTS = {"response": "first_response_at", "resolution": "resolved_at"}
"""The targets of a ticket, and the column of a source that says whether each event happened."""


def counts_business_time(params: Params, ticket_pauses: Table | None) -> bool:
    """Whether time can be other than that of the wall clock."""
    return bool(params.calendars) or ticket_pauses is not None


def judge_by_wall_clock(stg_tickets: Table, params: Params, as_of: datetime) -> Table:
    """ticket_sla where every calendar is always open and nothing pauses."""
    known = [target for target, event in EVENTS.items() if event in stg_tickets.columns]
    tickets = stg_tickets.mutate(
        first_response_at=_event(stg_tickets, "first_response_at", as_of),
        resolved_at=_event(stg_tickets, "resolved_at", as_of),
        **{
            f"{target}_due_at": stg_tickets.priority.cases(
                *(
                    (priority, stg_tickets.created_at + ibis.interval(microseconds=due.of(target)))
                    for priority, due in params.sla.items()
                )
            )
            for target in EVENTS
        },
    )
    happened = {
        "response": ibis.least(tickets.first_response_at, tickets.resolved_at),
        "resolution": tickets.resolved_at,
    }
    settled = tickets.mutate(
        **{
            f"{target}_state": (
                _target_state(happened[target], tickets[f"{target}_due_at"], as_of)
                if target in known
                else UNDECIDED
            )
            for target in EVENTS
        }
    )
    judged = settled.mutate(
        sla_state=_ticket_state([settled[f"{target}_state"] for target in known]),
        next_due_at=ibis.least(
            *(
                when(settled[f"{target}_state"] == PENDING, settled[f"{target}_due_at"])
                for target in EVENTS
            )
        ),
    )
    return judged.select(
        "ticket_id",
        "facility_id",
        "priority",
        "month",
        "created_at",
        "first_response_at",
        "resolved_at",
        **{
            f"sla_{target}_target_hours": judged.priority.cases(
                *(
                    (priority, ibis.literal(due.of(target) / HOUR, "float64"))
                    for priority, due in params.sla.items()
                )
            )
            for target in EVENTS
        },
        response_due_at=judged.response_due_at,
        resolution_due_at=judged.resolution_due_at,
        first_response_hours=hours_between(judged.created_at, judged.first_response_at),
        resolution_hours=hours_between(judged.created_at, judged.resolved_at),
        first_response_business_hours=hours_between(judged.created_at, judged.first_response_at),
        resolution_business_hours=hours_between(judged.created_at, judged.resolved_at),
        is_paused=ibis.literal(False),
        response_state=judged.response_state,
        resolution_state=judged.resolution_state,
        sla_state=judged.sla_state,
        hours_left=when(
            judged.sla_state == PENDING, hours_between(instant(as_of), judged.next_due_at)
        ),
    )


def judge_in_business_time(
    stg_tickets: Table,
    facilities: Table,
    ticket_pauses: Table | None,
    params: Params,
    as_of: datetime,
) -> Table:
    """ticket_sla by the calendars of the parameters and the pauses of tickets.

    States go by elapsed business time, whatever the due instants are: a clock that stands still
    exactly at the target has not run over.
    """
    known = [target for target, event in EVENTS.items() if event in stg_tickets.columns]
    clock = clock_of(params, as_of)
    tickets = stg_tickets.select(
        "ticket_id",
        "facility_id",
        "priority",
        "month",
        "created_at",
        first_response_at=_event(stg_tickets, "first_response_at", as_of),
        resolved_at=_event(stg_tickets, "resolved_at", as_of),
    )
    assigned = clock.assign(tickets, facilities)
    timed = assigned.mutate(
        created=since_1970(assigned.created_at),
        responded=since_1970(assigned.first_response_at),
        resolved=since_1970(assigned.resolved_at),
        response_target=_target(assigned.priority, params, "response"),
        target=_target(assigned.priority, params, "resolution"),
    )
    read = clock.read(
        timed, {"opened": "created", "at_response": "responded", "at_resolution": "resolved"}
    )
    used = _used(_with_pauses(read, ticket_pauses, clock, as_of), clock)
    settled = used.mutate(
        **{
            f"{target}_state": (
                _elapsed_state(used[f"{target}_used"], used[f"{target}_now"], used[limit])
                if target in known
                else UNDECIDED
            )
            for target, limit in (("response", "response_target"), ("resolution", "target"))
        }
    )
    judged = settled.mutate(
        sla_state=_ticket_state([settled[f"{target}_state"] for target in known]),
        left=ibis.least(
            when(settled.response_state == PENDING, settled.response_target - settled.response_now),
            when(
                (settled.resolution_state == PENDING) & ~settled.is_paused,
                settled.target - settled.resolution_now,
            ),
        ),
    )
    is_stopped = judged.is_paused & (judged.resolution_state == PENDING).fill_null(False)
    shown = judged.select(
        *tickets.columns,
        sla_response_target_hours=_hours(judged.response_target),
        sla_resolution_target_hours=_hours(judged.target),
        first_response_hours=_hours(judged.responded - judged.created),
        resolution_hours=_hours(judged.resolved - judged.created),
        first_response_business_hours=_hours(judged.first_response_used),
        resolution_business_hours=_hours(judged.resolution_used),
        is_paused=judged.is_paused,
        response_state=judged.response_state,
        resolution_state=judged.resolution_state,
        sla_state=judged.sla_state,
        hours_left=when(judged.sla_state == PENDING, _hours(judged.left)),
        response_due=judged.response_due,
        resolution_due=when(~is_stopped, judged.resolution_due),
        **{c: judged[c] for c in (CALENDAR,) if c in judged.columns},
    )
    # Last, so that `without_lookups` can leave it out.
    due = clock.reached(
        shown, {"response_due_at": "response_due", "resolution_due_at": "resolution_due"}
    )
    helpers = ("response_due", "resolution_due", CALENDAR)
    return due.select([c for c in due.columns if c not in helpers])


def _with_pauses(read: Table, ticket_pauses: Table | None, clock: Clock, as_of: datetime) -> Table:
    """The tickets with what their pauses take."""
    if ticket_pauses is None:
        return read.mutate(
            is_paused=ibis.literal(False),
            is_never_due=ibis.literal(False),
            paused=ibis.literal(0, "int64"),
            delay=ibis.literal(0, "int64"),
        )
    needed = ("ticket_id", CALENDAR, "created", "resolved", "opened", "target")
    tickets = read.select([c for c in needed if c in read.columns])
    totals = pause_totals(tickets, ticket_pauses, clock, as_of).rename(paused_ticket="ticket_id")
    joined = read.left_join(totals, [("ticket_id", "paused_ticket")])
    return joined.select(
        *read.columns,
        is_paused=joined.is_paused.fill_null(False),
        is_never_due=joined.is_never_due.fill_null(False),
        paused=joined.paused.fill_null(0),
        delay=joined.delay.fill_null(0),
    )


def _used(tickets: Table, clock: Clock) -> Table:
    """The tickets with what is used of each target at its event and at `as_of`, and the readings
    of the clock at which each is used up; microseconds."""
    now = clock.now(tickets)
    settled_at = ibis.least(tickets.at_response, tickets.at_resolution)
    return tickets.mutate(
        first_response_used=_since(tickets.at_response, tickets.opened),
        response_used=_since(settled_at, tickets.opened),
        response_now=now - tickets.opened,
        resolution_used=_since(tickets.at_resolution, tickets.opened) - tickets.paused,
        resolution_now=now - tickets.opened - tickets.paused,
        response_due=tickets.opened + tickets.response_target,
        resolution_due=when(~tickets.is_never_due, tickets.opened + tickets.target + tickets.delay),
    )


def _since(reading: ir.IntegerValue, opened: ir.IntegerValue) -> ir.IntegerValue:
    """Microseconds from one reading to another, 0 where that is earlier, and null for null."""
    return ibis.ifelse(reading < opened, 0, reading - opened)


def _hours(microseconds: ir.IntegerValue) -> ir.FloatingValue:
    return microseconds.cast("float64") / ibis.literal(HOUR, "float64")


def _target(priority: ir.StringValue, params: Params, target: str) -> ir.IntegerValue:
    """Microseconds of a target, by the priority of a ticket."""
    limits = [(p, ibis.literal(t.of(target), "int64")) for p, t in params.sla.items()]
    return priority.cases(*limits)


def _elapsed_state(
    used: ir.IntegerValue, now: ir.IntegerValue, target: ir.IntegerValue
) -> ir.StringValue:
    """The state of a target by what was used of it at its event, if that happened, and is now."""
    return ibis.cases(
        (used <= target, MET),
        (used > target, BREACHED),
        (now > target, BREACHED),
        else_=PENDING,
    )


def _event(tickets: Table, column: str, as_of: datetime) -> ir.TimestampValue:
    """The event's instant; null where it has not happened by `as_of`, or nobody knows."""
    if column in tickets.columns:
        return known_by(tickets[column], as_of)
    return ibis.null("timestamp(6)")


def _ticket_state(states: list[ir.StringValue]) -> ir.StringValue:
    """What the targets that can be decided make of the ticket."""
    if not states:
        return UNDECIDED
    return ibis.cases(
        (ibis.or_(*(state == BREACHED for state in states)), BREACHED),
        (ibis.and_(*(state == MET for state in states)), MET),
        else_=PENDING,
    )


def _target_state(
    happened_at: ir.TimestampValue, due_at: ir.TimestampValue, as_of: datetime
) -> ir.StringValue:
    return ibis.cases(
        (happened_at <= due_at, MET),
        (happened_at > due_at, BREACHED),
        (due_at < instant(as_of), BREACHED),
        else_=PENDING,
    )
