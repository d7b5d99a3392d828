"""ticket_sla equals a naive walk in every cell: states, microseconds, due instants."""

from collections import defaultdict
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from sla_oracle import AS_OFS, PARAMS, Tickets, expected, facility_rows

from crm_ibis.testing import Engine

Rows = dict[str, dict[str, Any]]
MICROSECONDS = 3_600_000_000
DURATIONS = ("first_response_business_hours", "resolution_business_hours", "hours_left")


@cache
def walked(seed: int, number: int, as_of: datetime) -> tuple[Tickets, Rows]:
    """Random tickets, and what a walk finds out about each; once for both databases."""
    drawn = Tickets(seed, number, as_of)
    pauses: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for pause in drawn.pauses:
        pauses[pause["ticket_id"]].append(pause)
    return drawn, {t["id"]: expected(t, pauses[t["id"]], as_of) for t in drawn.tickets}


def check_all(engine: Engine, number: int, as_of: datetime, seed: int) -> None:
    drawn, wanted = walked(seed, number, as_of)
    built = engine.build(
        "ticket_sla",
        as_of=as_of,
        params=PARAMS,
        facilities=facility_rows(),
        tickets=drawn.tickets,
        ticket_pauses=drawn.pauses,
    )
    found = {row["ticket_id"]: row for row in built}
    assert found.keys() == wanted.keys()
    for ticket, row in wanted.items():
        given = {name: found[ticket][name] for name in row}
        for name in DURATIONS:
            if given[name] is not None:
                given[name] = round(given[name] * MICROSECONDS)
        assert given == row, ticket


@pytest.mark.parametrize("as_of", AS_OFS)
def test_every_cell_equals_a_naive_walk(engine: Engine, as_of: datetime) -> None:
    check_all(engine, 750, as_of, seed=7)


@pytest.mark.e2e
@pytest.mark.parametrize("as_of", AS_OFS)
def test_ten_thousand_tickets_equal_a_naive_walk(engine: Engine, as_of: datetime) -> None:
    check_all(engine, 5_000, as_of, seed=11)


def test_the_tickets_reach_every_state_and_pause() -> None:
    """Or else equality would prove little."""
    rows = [row for as_of in AS_OFS for row in walked(7, 750, as_of)[1].values()]
    states = {(row["response_state"], row["resolution_state"], row["is_paused"]) for row in rows}
    # A resolution ends the wait for a response, and no pause lets a response wait longer than it.
    assert len(states) == 7 + 5
    assert {row["sla_state"] for row in rows} == {"met", "breached", "pending"}
    assert sum(row["resolution_due_at"] is None for row in rows) > 20
    assert sum(row["hours_left"] == 0 for row in rows) > 0
