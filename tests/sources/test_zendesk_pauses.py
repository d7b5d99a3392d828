"""Zendesk: pauses by the history of the status, and which resolution of a ticket counts."""

from contextlib import nullcontext
from typing import Any, cast

import ibis
import pytest
from systems import LANDED, made

from crm_ibis.engines import Engine as ComputeEngine
from crm_ibis.errors import DataError, UsageError
from crm_ibis.sources.connectors import zendesk
from crm_ibis.sources.functions import call
from crm_ibis.testing import Engine, expect

TICKETS = """
    id | status  | created_at | updated_at
    1  | open    | 2024-02-01 | 2024-02-20
    2  | hold    | 2024-02-01 | 2024-02-20
    3  | closed  | 2024-02-01 | 2024-02-20
    4  | deleted | 2024-02-01 | 2024-02-20
    5  | closed  | 2024-02-01 | 2024-02-20
    6  | open    | 2024-02-01 | 2024-02-20
"""
HISTORY = """
    ticket_id | field_name | updated          | value
    1         | status     | 2024-02-01 08:00 | new
    1         | status     | 2024-02-01 09:00 | hold
    1         | priority   | 2024-02-01 09:30 | open
    1         | status     | 2024-02-01 10:00 | pending
    1         | status     | 2024-02-01 11:00 | open
    1         | status     | 2024-02-02 12:00 | pending
    1         | status     | 2024-02-02 13:00 | hold
    1         | status     | 2024-02-02 14:00 | hold
    1         | status     | 2024-02-02 15:00 | open
    2         | status     | 2024-02-01 08:00 | hold
    3         | status     | 2024-02-01 08:00 | open
    3         | status     | 2024-02-01 09:00 | hold
    3         | status     | 2024-02-01 12:00 | solved
    3         | status     | 2024-02-05 12:00 | closed
    4         | status     | 2024-02-01 09:00 | hold
    5         | status     | 2024-02-01 09:00 | hold
    6         | status     | 2024-02-01 08:00 | open
    7         | status     | 2024-02-01 09:00 | hold
"""
TAGS = "ticket_id | tag\n5 | closed_by_merge\n1 | vip"


def pauses(engine: Engine, pause_on: list[str] | None = None, **tables: Any) -> list[Any]:
    told = {"pause_on": pause_on} if pause_on else {}
    given = {"ticket": TICKETS, "ticket_field_history": HISTORY, "ticket_tag": TAGS, **tables}
    return made(engine, "zendesk", "ticket_pauses", told=told, **given)


def test_a_ticket_is_paused_while_it_is_on_hold(engine: Engine) -> None:
    """1 twice, 2 from its creation until now, 3 until it was solved. 4 was deleted, 5 merged,
    and 7 did not land."""
    expect(
        pauses(engine),
        """
        ticket_id | paused_at        | resumed_at
        1         | 2024-02-01 09:00 | 2024-02-01 10:00
        1         | 2024-02-02 13:00 | 2024-02-02 15:00
        2         | 2024-02-01 08:00 | -
        3         | 2024-02-01 09:00 | 2024-02-01 12:00
        """,
    )


def test_statuses_that_both_pause_and_adjoin_are_one_pause(engine: Engine) -> None:
    expect(
        [row for row in pauses(engine, ["hold", "pending"]) if row["ticket_id"] == "1"],
        """
        ticket_id | paused_at        | resumed_at
        1         | 2024-02-01 09:00 | 2024-02-01 11:00
        1         | 2024-02-02 12:00 | 2024-02-02 15:00
        """,
    )


def test_a_ticket_may_wait_while_it_is_solved(engine: Engine) -> None:
    """Until it is opened again, or for good: closed is no pause, and nothing comes after it."""
    expect(
        [row for row in pauses(engine, ["solved"]) if row["ticket_id"] == "3"],
        """
        ticket_id | paused_at        | resumed_at
        3         | 2024-02-01 12:00 | 2024-02-05 12:00
        """,
    )


def test_of_two_changes_at_one_instant_nothing_says_which_came_last(engine: Engine) -> None:
    """1 goes on hold and leaves it in the same second: no pause. 2 ends its pause, and perhaps
    begins another: it waits no more. 3 waits in both."""
    history = """
        ticket_id | field_name | updated          | value
        1         | status     | 2024-02-01 09:00 | open
        1         | status     | 2024-02-01 10:00 | hold
        1         | status     | 2024-02-01 10:00 | open
        2         | status     | 2024-02-01 09:00 | hold
        2         | status     | 2024-02-01 10:00 | hold
        2         | status     | 2024-02-01 10:00 | open
        3         | status     | 2024-02-01 09:00 | pending
        3         | status     | 2024-02-01 09:00 | hold
        3         | status     | 2024-02-01 11:00 | open
    """
    expect(
        pauses(engine, ["hold", "pending"], ticket_field_history=history),
        """
        ticket_id | paused_at        | resumed_at
        2         | 2024-02-01 09:00 | 2024-02-01 10:00
        3         | 2024-02-01 09:00 | 2024-02-01 11:00
        """,
    )


def test_a_change_at_an_unknown_instant_breaks_the_contract(engine: Engine) -> None:
    """As a pause without a beginning; what is known of the ticket stays."""
    history = """
        ticket_id | field_name | updated          | value
        1         | status     | 2024-02-01 09:00 | hold
        1         | status     | -                | open
        2         | status     | -                | hold
    """
    expect(
        pauses(engine, ticket_field_history=history),
        """
        ticket_id | paused_at        | resumed_at
        1         | -                | -
        1         | 2024-02-01 09:00 | -
        2         | -                | -
        """,
    )


def test_history_that_landed_as_text_and_in_a_zone(engine: Engine) -> None:
    """Ids as doubles, instants with an offset, or in the time of Zurich."""
    types = {**LANDED["zendesk"]["ticket_field_history"], "ticket_id": "float64"}
    types["updated"] = "string"
    history = """
        ticket_id | field_name | updated                   | value
        1         | status     | 2024-02-01T09:00:00+01:00 | hold
        1         | status     | 2024-02-01 10:00:00       | open
    """
    rows = pauses(
        engine,
        landed={"ticket_field_history": types},
        ticket_field_history=history,
        time_zone="Europe/Zurich",
    )
    expect(
        rows,
        """
        ticket_id | paused_at        | resumed_at
        1         | 2024-02-01 08:00 | 2024-02-01 09:00
        """,
    )


AUDITS = """
    ticket_id | created_at       | events
    1         | 2024-02-01 08:00 | [{"type": "Comment", "body": "status"}, {"type": "Create", "field_name": "status", "value": "new"}]
    1         | 2024-02-01 09:00 | [{"type": "Change", "field_name": "status", "value": "hold", "previous_value": "new"}]
    1         | 2024-02-01 10:00 | [{"type": "Change", "field_name": "tags", "value": ["status", "open"]}]
    1         | 2024-02-01 11:00 | [{"type": "Change", "field_name": "status", "value": "open", "previous_value": "hold"}]
    2         | 2024-02-01 08:30 | [{"type": "Change", "field_name": "priority", "value": "hold"}, {"type": "Change", "field_name": "status", "value": "hold"}]
    3         | 2024-02-01 08:30 | []
    3         | 2024-02-01 08:40 | -
"""


@pytest.mark.parametrize("kind", ["string", "json"])
def test_audits_tell_where_no_history_of_fields_landed(engine: Engine, kind: str) -> None:
    """Lists of events as text or as JSON."""
    types = {"ticket_audits": {**LANDED["zendesk"]["ticket_audits"], "events": kind}}
    rows = pauses(engine, landed=types, ticket_field_history=None, ticket_audits=AUDITS)
    expect(
        rows,
        """
        ticket_id | paused_at        | resumed_at
        1         | 2024-02-01 09:00 | 2024-02-01 11:00
        2         | 2024-02-01 08:30 | -
        """,
    )


def test_audits_are_refused_where_an_engine_reads_no_json() -> None:
    """Before anything is read, in one line."""

    class Spark:
        dialect = "pyspark"
        con = None
        translate_errors = nullcontext

        def compile(self, made: ibis.Table) -> str:
            return str(ibis.to_sql(made, dialect=self.dialect))

    given = {n: ibis.table(LANDED["zendesk"][n], name=n) for n in ("ticket", "ticket_audits")}
    spark = cast(ComputeEngine, Spark())
    with pytest.raises(DataError, match=r"ticket_pauses: pyspark cannot compute this: .*JSON"):
        call(spark, zendesk.ticket_pauses, given, "ticket_pauses")
    given = {
        n: ibis.table(LANDED["zendesk"][n], name=n) for n in ("ticket", "ticket_field_history")
    }
    assert call(spark, zendesk.ticket_pauses, given, "ticket_pauses") is not None


@pytest.mark.parametrize("status", ["on-hold", "closed", "Hold"])
def test_a_status_that_cannot_pause_is_refused(engine: Engine, status: str) -> None:
    with pytest.raises(UsageError, match=f'no status "{status}" to pause on.*pending, hold'):
        pauses(engine, [status])


REOPENED = """
    ticket_id | field_name | updated          | value
    1         | status     | 2024-02-01 08:00 | new
    1         | status     | 2024-02-02 08:00 | solved
    1         | status     | 2024-02-03 08:00 | open
    3         | status     | 2024-02-02 09:00 | solved
    3         | status     | 2024-02-04 09:00 | open
    3         | status     | 2024-02-06 09:00 | solved
    3         | status     | 2024-02-09 09:00 | closed
    6         | priority   | 2024-02-02 09:00 | solved
"""


@pytest.mark.parametrize(
    ("reopened", "open_again", "solved_again"),
    [
        (None, "-", "2024-02-06 09:00"),
        ("last", "-", "2024-02-06 09:00"),
        ("first", "2024-02-02 08:00", "2024-02-02 09:00"),
    ],
)
def test_the_last_or_the_first_resolution_counts(
    engine: Engine, reopened: str | None, open_again: str, solved_again: str
) -> None:
    """1 was solved and is open; 3 was solved, opened and solved; of 5, which is closed, there is
    no history, so that it is resolved when it was last updated; 6 never was."""
    rows = made(
        engine,
        "zendesk",
        "tickets",
        told={"reopened": reopened} if reopened else {},
        ticket=TICKETS,
        ticket_field_history=REOPENED,
    )
    expect(
        [row for row in rows if row["id"] in "1356"],
        f"""
        id | status | resolved_at
        1  | open   | {open_again}
        3  | closed | {solved_again}
        5  | closed | 2024-02-20
        6  | open   | -
        """,
    )


def test_another_word_for_the_resolution_is_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match='"newest" is not known; there may be last or first'):
        made(engine, "zendesk", "tickets", told={"reopened": "newest"})
