"""ticket_sla equals a naive walk in every cell: states, microseconds, due instants."""

from collections import defaultdict
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from sla_oracle import expected
from sla_tickets import AS_OFS, Tickets
from sla_worlds import AROUND_THE_CLOCK, OFFICES, World, random_world

from crm_ibis.testing import Engine

Rows = dict[str, dict[str, Any]]
MICROSECONDS = 3_600_000_000
DURATIONS = ("first_response_business_hours", "resolution_business_hours", "hours_left")
FEW = 300
MANY = 5_000


@cache
def walked(
    world: World, seed: int, number: int, as_of: datetime, pauses: bool
) -> tuple[Tickets, Rows]:
    """Random tickets, and what a walk finds out about each; once for both databases."""
    drawn = Tickets(world, seed, number, as_of)
    paused: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if pauses:
        for pause in drawn.pauses:
            paused[pause["ticket_id"]].append(pause)
    return drawn, {t["id"]: expected(world, t, paused[t["id"]], as_of) for t in drawn.tickets}


def check_all(
    engine: Engine, world: World, number: int, as_of: datetime, seed: int, pauses: bool = True
) -> None:
    drawn, wanted = walked(world, seed, number, as_of, pauses)
    sources: dict[str, Any] = {"tickets": drawn.tickets, "facilities": world.facility_rows()}
    if pauses:
        sources["ticket_pauses"] = drawn.pauses
    built = engine.build("ticket_sla", as_of=as_of, params=world.params, **sources)
    found = {row["ticket_id"]: row for row in built}
    assert len(built) == number
    assert found.keys() == wanted.keys()
    different = {}
    for ticket, row in wanted.items():
        given = {name: found[ticket][name] for name in row}
        for name in DURATIONS:
            if given[name] is not None:
                given[name] = round(given[name] * MICROSECONDS)
        if given != row:
            different[ticket] = {n: (given[n], row[n]) for n in row if given[n] != row[n]}
    assert not different, f"{len(different)} of {number}: {dict(list(different.items())[:5])}"


@pytest.mark.parametrize("as_of", AS_OFS)
def test_every_cell_equals_a_naive_walk(engine: Engine, as_of: datetime) -> None:
    check_all(engine, OFFICES, FEW, as_of, seed=3)


@pytest.mark.e2e
@pytest.mark.parametrize("as_of", AS_OFS)
def test_ten_thousand_tickets_equal_a_naive_walk(engine: Engine, as_of: datetime) -> None:
    check_all(engine, OFFICES, MANY, as_of, seed=11)


@pytest.mark.e2e
@pytest.mark.parametrize("as_of", AS_OFS)
@pytest.mark.parametrize("seed", range(10))
def test_tickets_of_random_calendars_equal_a_naive_walk(
    engine: Engine, as_of: datetime, seed: int
) -> None:
    check_all(engine, random_world(seed), MANY // 10, as_of, seed)


@pytest.mark.e2e
@pytest.mark.parametrize("as_of", AS_OFS)
def test_calendars_without_pauses_equal_a_naive_walk(engine: Engine, as_of: datetime) -> None:
    check_all(engine, OFFICES, MANY // 5, as_of, seed=13, pauses=False)


@pytest.mark.e2e
@pytest.mark.parametrize("as_of", AS_OFS)
@pytest.mark.parametrize("pauses", [True, False])
def test_wall_clocks_equal_a_naive_walk(engine: Engine, as_of: datetime, pauses: bool) -> None:
    check_all(engine, AROUND_THE_CLOCK, MANY // 5, as_of, seed=17, pauses=pauses)


def test_the_tickets_reach_every_state_and_pause() -> None:
    """Or else equality would prove little."""
    rows = [row for as_of in AS_OFS for row in walked(OFFICES, 3, FEW, as_of, True)[1].values()]
    states = {(row["response_state"], row["resolution_state"], row["is_paused"]) for row in rows}
    # A resolution ends the wait for a response, and no pause lets a response wait longer than it.
    assert len(states) == 7 + 5
    assert {row["sla_state"] for row in rows} == {"met", "breached", "pending"}
    assert sum(row["resolution_due_at"] is None for row in rows) > 20
    assert sum(row["hours_left"] == 0 for row in rows) > 0
