"""Random tickets and pauses whose instants often lie on a border, to the microsecond."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sla_oracle import expected
from sla_worlds import World

AS_OFS = (datetime(2026, 4, 8, 9, 17, 3, 250_001), datetime(2026, 11, 7, 14, 0))
"""After the spring and the autumn of both hemispheres: in office hours, and on a Saturday."""
MICROSECOND = timedelta(microseconds=1)


class Tickets:
    """Random tickets and pauses that often lie on a border, to the microsecond."""

    def __init__(self, world: World, seed: int, number: int, as_of: datetime) -> None:
        self.world = world
        self.random = Random(seed)
        self.as_of = as_of
        self.tickets = [self._ticket(i) for i in range(number)]
        self.pauses: list[dict[str, Any]] = []
        for ticket in self.tickets:
            due = self._end_on_time(ticket) if self.random.random() < 0.4 else []
            self._pause(ticket, due)

    def _ticket(self, number: int) -> dict[str, Any]:
        created = min(
            self._near(self.as_of - self.random.choice((3, 12, 45)) * self._days()), self.as_of
        )
        return {
            "id": f"t{number}",
            "facility_id": self.random.choice(list(self.world.facilities)),
            "priority": self.random.choice(list(self.world.targets)),
            "status": "open",
            "created_at": created,
            "first_response_at": self._later(created, 0.5),
            "resolved_at": self._later(created, 6),
            "updated_at": created,
        }

    def _end_on_time(self, ticket: dict[str, Any]) -> list[datetime]:
        """When its targets are used up without pauses; events often happen then, or just after."""
        found = expected(self.world, ticket, [], self.as_of)
        due = {target: found[f"{target}_due_at"] for target in ("response", "resolution")}
        for target, event in (("response", "first_response_at"), ("resolution", "resolved_at")):
            if due[target] and self.random.random() < 0.5:
                ticket[event] = due[target] + self.random.choice((-1, 0, 1)) * MICROSECOND
        return [moment for moment in due.values() if moment]

    def _days(self) -> timedelta:
        return timedelta(seconds=self.random.randrange(86_400))

    def _near(self, moment: datetime) -> datetime:
        """Half of the time on a half hour, or a microsecond beside it."""
        if self.random.random() < 0.5:
            half = moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
            return half + self.random.choice((-1, 0, 0, 1)) * MICROSECOND
        return moment + timedelta(microseconds=self.random.randrange(10**6))

    def _later(self, created: datetime, days: float) -> datetime | None:
        draw = self.random.random()
        if draw < 0.2:
            return None
        if draw < 0.27:
            return max(created, self.as_of + self.random.choice((-1, 0, 1)) * MICROSECOND)
        if draw < 0.3:
            return created
        return max(created, self._near(created + days * self._days() * self.random.choice((1, 3))))

    def _pause(self, ticket: dict[str, Any], due: list[datetime]) -> None:
        """None, one, or several that may overlap, nest, touch, run on, or miss the ticket."""
        edges = [ticket["created_at"], ticket["resolved_at"] or self.as_of, self.as_of, *due, *due]
        found: dict[datetime, datetime | None] = {}
        for _ in range(self.random.choice((0, 0, 1, 2, 4))):
            start = self._near(
                self.random.choice(edges) + (self.random.random() - 0.6) * 3 * self._days()
            )
            if self.random.random() < 0.35:
                start = self.random.choice(edges) + self.random.choice((-1, 0, 1)) * MICROSECOND
            end: datetime | None = self._near(
                start + self.random.choice((0.1, 0.5, 4)) * self._days()
            )
            around = [(a, b) for a, b in found.items() if b and b - a > timedelta(hours=1)]
            if around and self.random.random() < 0.4:
                start, end = self._within(*self.random.choice(around))
            elif self.random.random() < 0.15:
                end = None
            elif self.random.random() < 0.1:
                end = self.as_of + self.random.choice((-1, 0, 1)) * MICROSECOND
            if start not in found:
                found[start] = end if end is None or end > start else start
                edges.append(end or self.as_of)
        self.pauses += [
            {"ticket_id": ticket["id"], "paused_at": start, "resumed_at": end}
            for start, end in found.items()
        ]

    def _within(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """A part of a pause, at times up to its end."""
        length = end - start
        begin = start + self.random.random() / 2 * length
        return begin, self.random.choice((end, begin + self.random.random() * (end - begin)))
