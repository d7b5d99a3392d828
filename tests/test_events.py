"""The progress of a run: events for a caller who asks, else lines in Python's log."""

import logging

import pytest
from reports import into

from crm_ibis import refresh
from crm_ibis.events import ProgressEvent, to_log
from crm_ibis.testing import store
from crm_ibis.text import count_of, first_line
from crm_ibis.warehouse import Warehouse

LEADS = """
    id | amount
    l1 |      5
"""
"""There are no opportunities, which is worth a warning."""


def test_events_say_what_happened_to_which_table(warehouse: Warehouse) -> None:
    store(warehouse, leads=LEADS)
    events: list[ProgressEvent] = []
    refresh(warehouse, ["conversion_funnel"], report=events.append)
    assert [(event.kind, event.table) for event in events] == [
        ("checked", "facilities"),
        ("checked", "leads"),
        ("checked", "opportunities"),
        ("warning", "opportunities"),
        ("built", "lead_milestones"),
        ("built", "conversion_funnel"),
    ]
    assert str(events[0]).startswith("checked ")


def test_without_a_report_the_log_has_the_lines(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    store(warehouse, leads=LEADS)
    with caplog.at_level(logging.INFO, logger="crm_ibis"):
        refresh(warehouse, ["conversion_funnel"])
    lines = [(r.name, r.levelname, r.getMessage()) for r in caplog.records]
    assert {name for name, _, _ in lines} == {"crm_ibis.publishing.refresh"}
    assert [text for _, level, text in lines if level == "WARNING"] == [
        "warning: opportunities: has no rows"
    ]
    assert lines[-1][2].startswith("built conversion_funnel: ")


def test_the_log_has_no_values_of_rows(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="crm_ibis"):
        to_log("crm_ibis.somewhere")(ProgressEvent("warning", "leads: amount >= 0\n  amount=-5"))
    assert caplog.messages == ["leads: amount >= 0"]


def test_a_report_that_prints_gets_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    print(ProgressEvent("note", "writing pages"))
    lines: list[str] = []
    into(lines)(ProgressEvent("note", "writing pages"))
    assert [*lines, capsys.readouterr().out] == ["writing pages", "writing pages\n"]


def test_a_line_that_leads_to_the_next_takes_it_along() -> None:
    assert first_line("checks failed:\n  leads: amount\nmend it") == "checks failed: leads: amount"
    assert first_line("one\ntwo") == "one"
    assert first_line("") == ""
    assert len(first_line("x" * 900)) == 500


def test_numbers_come_with_their_noun() -> None:
    assert [count_of(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
