"""`crm-ibis show`: which rows and columns of a table, in which order, and how wide."""

from datetime import datetime
from typing import Any

import pytest

from crm_ibis.cli import terminal
from crm_ibis.cli.rows import Choice, rows_of
from crm_ibis.cli.terminal import layout
from crm_ibis.errors import UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse

NOON = datetime(2024, 3, 2, 12)
TICKETS = """
id    | priority | created_at          | first_response_at   | resolved_at
calm  | high     | 2024-03-02 11:00:00 | 2024-03-02 11:10:00 | -
young | critical | 2024-03-02 07:30:00 | 2024-03-02 07:40:00 | -
soon  | critical | 2024-03-02 08:30:00 | 2024-03-02 08:40:00 | -
old   | critical | 2024-03-01 07:00:00 | 2024-03-01 07:10:00 | -
"""
"""A critical ticket has four hours and a high one 24: old and young are breached, soon has half an
hour left and calm 23."""


@pytest.fixture
def queue(warehouse: Warehouse) -> Warehouse:
    store(warehouse, tickets=TICKETS)
    refresh(warehouse, ["ticket_queue"], as_of=NOON, report=lambda event: None)
    return warehouse


def ids(warehouse: Warehouse, choice: Choice) -> list[str]:
    return [row["ticket_id"] for row in rows_of(warehouse, "ticket_queue", choice)]


def test_the_most_urgent_tickets_come_first(queue: Warehouse) -> None:
    assert ids(queue, Choice()) == ["old", "young", "soon", "calm"]
    assert ids(queue, Choice(limit=1)) == ["old"]


def test_columns_and_order_are_chosen(queue: Warehouse) -> None:
    assert ids(queue, Choice(sort=["priority", "-created_at"])) == ["soon", "young", "old", "calm"]
    chosen = Choice(columns=["hours_left", "ticket_id"], sort=["hours_left"])
    assert [list(row.items()) for row in rows_of(queue, "ticket_queue", chosen)] == [
        [("hours_left", 0.5), ("ticket_id", "soon")],
        [("hours_left", 23), ("ticket_id", "calm")],
        [("hours_left", None), ("ticket_id", "old")],
        [("hours_left", None), ("ticket_id", "young")],
    ]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(columns=["hours_lef"]), '--columns: no column "hours_lef" is shown (did you mean'),
        (Choice(sort=["-ticket"]), '--sort: no column "ticket" is shown'),
        (Choice(sort=['a" DESC, 1 --']), "--sort: no column"),
    ],
)
def test_an_unknown_column_is_refused(queue: Warehouse, choice: Choice, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        rows_of(queue, "ticket_queue", choice)
    assert words in str(refused.value)


def test_a_narrow_terminal_shows_the_foremost_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layout.console, "width", 30)
    rows: list[dict[str, Any]] = [
        {"key": "k1", "note": "x" * 40, "hours": None},
        {"key": "k2", "note": "", "hours": 2.5},
    ]
    terminal.print_rows(rows, more=False, foremost=["hours", "key", "note"])
    told = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [told[0].split(), *(line.split() for line in told[2:4])] == [
        ["hours", "key"],
        ["-", "k1"],
        ["2.5", "k2"],
    ]
    assert told[4].startswith("not shown: note")
