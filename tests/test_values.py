"""Values that a query is given."""

from datetime import datetime

import pytest

from crm_ibis.testing import Engine

TEXTS = ['it\'s \\ "?" %s $1 --', "", "ü\n\t☃", "\\'"]
OTHERS = [datetime(2024, 2, 29, 1, 2, 3, 4), 7, -3, 1 << 60, 1.5, float("inf"), True, None]


@pytest.mark.parametrize("value", [*TEXTS, *OTHERS])
def test_a_value_reaches_the_database_as_it_is(engine: Engine, value: object) -> None:
    ((found, after),) = engine.warehouse.fetch("SELECT ?, ?", [value, "after"])
    assert (found, type(found), after) == (value, type(value), "after")


def test_a_query_may_hold_a_question_mark_where_it_is_given_none(engine: Engine) -> None:
    assert engine.warehouse.fetch("SELECT 'who?'") == [("who?",)]


def test_a_negative_number_may_follow_a_minus(engine: Engine) -> None:
    """Two of them would begin a comment."""
    assert engine.warehouse.fetch("SELECT 5 -? AS n", [-3]) == [(8,)]
