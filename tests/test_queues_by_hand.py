"""The queues, worked out again in plain Python from the definitions, on data full of edge cases.

Shares no code with the functions: whole rows are compared, on DuckDB (PostgreSQL gives the same
cells, which test_parity holds).
"""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from test_parity import AS_OF, SLA_HOURS, Edges, published, refreshed

from crm_ibis.config.settings import Settings
from crm_ibis.warehouse import open_warehouse

Row = dict[str, Any]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPEN = {"lead": ("0.15", "0.10"), "sql": ("0.30", "0.25"), "opportunity": ("0.50", "0.50")}


def by_now(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment <= AS_OF else None


def state(happened_at: datetime | None, due_at: datetime) -> str:
    if happened_at is not None:
        return "met" if happened_at <= due_at else "breached"
    return "breached" if due_at < AS_OF else "pending"


def waiting_ticket(ticket: Row) -> Row:
    created = ticket["created_at"]
    hours = dict(zip(("response", "resolution"), SLA_HOURS[ticket["priority"]], strict=True))
    due = {target: created + allowed * HOUR for target, allowed in hours.items()}
    answered = by_now(ticket["first_response_at"])
    states = {"response": state(answered, due["response"])}
    states["resolution"] = state(None, due["resolution"])
    whole = "breached" if "breached" in states.values() else "pending"
    left = min((due[t] - AS_OF for t, s in states.items() if s == "pending"), default=None)
    return {
        "ticket_id": ticket["id"],
        "facility_id": ticket["facility_id"],
        "priority": ticket["priority"],
        "month": created.date().replace(day=1),
        "created_at": created,
        "first_response_at": answered,
        "sla_response_target_hours": hours["response"],
        "sla_resolution_target_hours": hours["resolution"],
        "response_due_at": due["response"],
        "resolution_due_at": due["resolution"],
        "first_response_hours": (answered - created) / HOUR if answered else None,
        "first_response_business_hours": (answered - created) / HOUR if answered else None,
        "is_paused": False,
        "response_state": states["response"],
        "resolution_state": states["resolution"],
        "sla_state": whole,
        "hours_left": left / HOUR if left is not None and whole == "pending" else None,
        "age_hours": (AS_OF - created) / HOUR,
    }


def ticket_queue(sources: dict[str, list[Row]]) -> list[Row]:
    entered = [ticket for ticket in sources["tickets"] if ticket["created_at"] <= AS_OF]
    return [waiting_ticket(t) for t in entered if by_now(t["resolved_at"]) is None]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def open_deal(lead: Row, activities: list[datetime]) -> Row:
    probability, weight = map(Decimal, OPEN[lead["stage"]])
    if lead["win_probability"] is not None:
        probability = lead["win_probability"]
    seen = [lead["created_at"], lead["updated_at"], *activities]
    last = max(moment for moment in seen if moment <= AS_OF)
    idle = AS_OF - last
    attention = "stale" if idle > 30 * DAY else "cooling" if idle > 14 * DAY else "active"
    return {
        "lead_id": lead["id"],
        "facility_id": lead["facility_id"],
        "rep_id": lead["rep_id"],
        "stage": lead["stage"],
        "amount": cents(lead["amount"]),
        "weighted_value": cents(lead["amount"] * probability * weight),
        "created_at": lead["created_at"],
        "age_days": (AS_OF - lead["created_at"]) / DAY,
        "last_activity_at": last,
        "idle_days": idle / DAY,
        "attention": attention,
    }


def deal_queue(sources: dict[str, list[Row]]) -> list[Row]:
    deals = [deal for deal in sources["opportunities"] if deal["created_at"] <= AS_OF]
    won = {d["lead_id"] for d in deals if d["status"] == "won" and by_now(d["closed_at"])}
    activities = defaultdict(list)
    for deal in deals:
        activities[deal["lead_id"]].append(deal["updated_at"])
    for message in sources["outreach"]:
        if message["created_at"] <= AS_OF:
            activities[message["lead_id"]].append(message["sent_at"])
    return [
        open_deal(lead, activities[lead["id"]])
        for lead in sources["leads"]
        if lead["created_at"] <= AS_OF and lead["stage"] in OPEN and lead["id"] not in won
    ]


@pytest.mark.parametrize("seed", [4, 5])
def test_the_queues_agree_with_the_definitions(tmp_path: Path, seed: int) -> None:
    edges = Edges(seed)
    with open_warehouse(Settings(database_url="duckdb://")) as warehouse:
        refreshed(warehouse, tmp_path, edges)
        for name, by_hand, key in (
            ("ticket_queue", ticket_queue, "ticket_id"),
            ("deal_queue", deal_queue, "lead_id"),
        ):
            expected = sorted(by_hand(edges.rows), key=lambda row: str(row[key]))
            ours = published(warehouse, name)
            assert [row[key] for row in ours] == [row[key] for row in expected]
            assert len(ours) > 20
            for one, other in zip(ours, expected, strict=True):
                del one["updated_at"]
                assert one == other
