"""Pauses of random histories, against a walk from change to change that shares no code with them."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import ibis
from systems import LANDED

from crm_ibis.sources.connectors import salesforce, zendesk
from crm_ibis.testing import Engine

Pause = tuple[str, datetime, datetime | None]
Change = tuple[datetime, str]
START = datetime(2024, 2, 1, 8)
STATUSES = ("New", "Working", "Pending", "On Hold")
WAITING = {"Pending", "On Hold"}
TICKETS = 150


def walked(ticket: str, states: Iterable[tuple[datetime, bool]]) -> list[Pause]:
    """The pauses of a ticket, by whether it waits from each of several instants on."""
    pauses: list[Pause] = []
    since = None
    for at, waits in sorted(states):
        if waits and since is None:
            since = at
        elif not waits and since is not None:
            pauses.append((ticket, since, at))
            since = None
    return [*pauses, (ticket, since, None)] if since else pauses


def stored(engine: Engine, system: str, name: str, rows: list[dict[str, Any]]) -> Any:
    types = LANDED[system][name]
    filled = [{column: row.get(column) for column in types} for row in rows]
    return engine.store(f"walked_{name}", ibis.schema(types), filled)


def computed(engine: Engine, pauses: Any) -> list[Pause]:
    rows = engine.warehouse.rows(pauses)
    found = [(row["ticket_id"], row["paused_at"], row["resumed_at"]) for row in rows]
    return sorted(found, key=lambda pause: pause[:2])


def later(chance: random.Random) -> datetime:
    """One of few instants, so that several changes share one; to the microsecond."""
    return START + timedelta(hours=chance.randint(0, 9), microseconds=chance.randint(0, 1))


def test_zendesk(engine: Engine) -> None:
    """Of changes at one instant, all must wait."""
    chance = random.Random(28)
    statuses = ("open", "hold", "pending", "solved")
    history = []
    expected = []
    for ticket in range(TICKETS):
        by_instant: dict[datetime, list[str]] = {}
        for _ in range(chance.randint(0, 8)):
            by_instant.setdefault(later(chance), []).append(chance.choice(statuses))
        history += [
            {"ticket_id": ticket, "field_name": "status", "updated": at, "value": value}
            for at, values in by_instant.items()
            for value in values
        ]
        states = [(at, {"hold", "pending"} >= set(values)) for at, values in by_instant.items()]
        expected += walked(str(ticket), states)
    chance.shuffle(history)
    landed = [{"id": ticket, "status": "open"} for ticket in range(TICKETS)]
    found = zendesk.ticket_pauses(
        stored(engine, "zendesk", "ticket", landed),
        stored(engine, "zendesk", "ticket_field_history", history),
        pause_on=["hold", "pending"],
    )
    assert len(expected) > TICKETS
    assert computed(engine, found) == sorted(expected, key=lambda pause: pause[:2])


def test_salesforce(engine: Engine) -> None:
    """Changes at one instant are in no order, and yet lead to the status that came last.

    The first change of a case is alone in its instant: else nothing says what came before.
    """
    chance = random.Random(29)
    cases = []
    history = [change("before", START - timedelta(days=1), "New", "Working")]
    expected = []
    for number in range(TICKETS):
        case = f"c{number}"
        status = chance.choice(STATUSES)
        last = {START: status}
        instants = sorted(later(chance) for _ in range(chance.randint(0, 8)))
        for place, at in enumerate(instants):
            if place and at == instants[0]:
                continue
            following = chance.choice([other for other in STATUSES if other != status])
            history.append(change(case, at, status, following))
            status = last[at] = following
        cases.append({"id": case, "status": status, "created_date": START})
        expected += walked(case, [(at, now in WAITING) for at, now in last.items()])
    chance.shuffle(history)
    found = salesforce.ticket_pauses(
        stored(engine, "salesforce", "case_history", history),
        stored(engine, "salesforce", "case", cases),
        pause_on=["Pending", "On Hold"],
    )
    assert len(expected) > TICKETS
    assert computed(engine, found) == sorted(expected, key=lambda pause: pause[:2])


def change(case: str, at: datetime, old: str, new: str) -> dict[str, Any]:
    return {
        "case_id": case,
        "field": "Status",
        "old_value": old,
        "new_value": new,
        "created_date": at,
    }
