"""What is changed in a query for PostgreSQL's planner, and that it stays the same query."""

import ibis
import pytest
from ibis import Table, _

from crm_ibis.expressions import microseconds_between, month_number
from crm_ibis.testing import Engine, source_rows
from crm_ibis.warehouse.sql import to_sql

TICKETS = ibis.table(
    {"id": "string", "opened": "timestamp(6)", "closed": "timestamp(6)"}, "tickets"
)
TIMED = TICKETS.mutate(spent=microseconds_between(TICKETS.opened, TICKETS.closed))


def fences(query: Table, dialect: str = "postgres") -> int:
    return to_sql(query, dialect).count("OFFSET '0'")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        # Computed once for each row, then added up.
        (TIMED.group_by("id").agg(total=_.spent.sum()), 1),
        (TIMED.agg(total=_.spent.sum()), 1),
        # Used twice.
        (TIMED.mutate(double=_.spent + _.spent), 1),
        # Used once: pulled up, it is computed once all the same.
        (TIMED.mutate(next=_.spent + 1), 0),
        # Nothing that is added up is computed.
        (TIMED.group_by("id").agg(n=_.count()), 0),
        (TICKETS.rename(name="id").group_by("name").agg(n=_.count()), 0),
        # PostgreSQL keeps a grouping apart anyway, and a limit, and windows.
        (TIMED.mutate(n=ibis.row_number().over(group_by="id")).agg(n=_.n.max(), m=_.n.min()), 0),
        (TICKETS.group_by("id").agg(n=_.count()).agg(n=_.n.sum()), 0),
        (TIMED.limit(3).agg(total=_.spent.sum()), 0),
    ],
)
def test_a_fence_stands_where_a_computed_column_is_worth_it(query: Table, count: int) -> None:
    assert fences(query) == count
    assert fences(query, "duckdb") == 0


def test_a_join_fences_only_the_side_that_computes() -> None:
    month = TICKETS.select("id", month=_.opened.truncate("M"))
    joined = TICKETS.join(month, "id").group_by(["month"]).agg(n=_.count())
    assert fences(joined) == 1


def test_parts_of_instants_are_exact(engine: Engine) -> None:
    """Durations to the microsecond, also over 140 years, and months as integers."""
    drawing = """
        id | created_at                 | resolved_at
        a  | 1884-03-01 00:00:00.000001 | 1884-03-01 00:00:00.000001
        b  | 1884-03-01 00:00:00.000001 | 1884-03-01 00:00:00.000002
        c  | 1884-03-01 00:00:00.000001 | 2024-02-29 23:59:59.999999
    """
    table = engine.table("tickets", source_rows("tickets", drawing))
    spent = microseconds_between(table.created_at, table.resolved_at)
    months = month_number(table.resolved_at) - month_number(table.created_at)
    rows = engine.warehouse.rows(table.select(spent=spent, months=months).order_by("spent"))
    # 34 of the 140 years to 2024-03-01 have a 29 February: every fourth, but not 1900.
    whole = (140 * 365 + 34) * 86_400_000_000
    assert [row["spent"] for row in rows] == [0, 1, whole - 2]
    assert [row["months"] for row in rows] == [0, 0, 140 * 12 - 1]
