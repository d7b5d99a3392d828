"""ticket_sla equals a naive walk in every cell: states, microseconds, due instants."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import pytest
from sla_oracle import AS_OFS, PARAMS, Tickets, expected, facility_rows

from crm_ibis.testing import Engine

MICROSECONDS = 3_600_000_000
DURATIONS = ("first_response_business_hours", "resolution_business_hours", "hours_left")


def check_all(engine: Engine, number: int, as_of: datetime, seed: int) -> None:
    drawn = Tickets(seed, number, as_of)
    built = engine.build(
        "ticket_sla",
        as_of=as_of,
        params=PARAMS,
        facilities=facility_rows(),
        tickets=drawn.tickets,
        ticket_pauses=drawn.pauses,
    )
    pauses: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for pause in drawn.pauses:
        pauses[pause["ticket_id"]].append(pause)
    found = {row["ticket_id"]: row for row in built}
    assert len(found) == number
    for ticket in drawn.tickets:
        row = found[ticket["id"]]
        wanted = expected(ticket, pauses[ticket["id"]], as_of)
        given = {name: row[name] for name in wanted}
        for name in DURATIONS:
            if given[name] is not None:
                given[name] = round(given[name] * MICROSECONDS)
        assert given == wanted, (ticket, pauses[ticket["id"]])


@pytest.mark.parametrize("as_of", AS_OFS)
def test_every_cell_equals_a_naive_walk(engine: Engine, as_of: datetime) -> None:
    check_all(engine, 750, as_of, seed=7)


@pytest.mark.e2e
@pytest.mark.parametrize("as_of", AS_OFS)
def test_ten_thousand_tickets_equal_a_naive_walk(engine: Engine, as_of: datetime) -> None:
    check_all(engine, 5_000, as_of, seed=11)
