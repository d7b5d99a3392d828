"""`alerts test`: each channel that is set gets a message; others are named."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run
from old_project import copy_to

from crm_ibis.operations import delivery


def test_without_any_channel_it_names_what_to_set(run: Run) -> None:
    done = run("alerts", "test")
    assert done.exit_code == 0
    first, *variables = done.out.splitlines()
    assert first == "no URL in the environment, so no message:"
    assert "  CRM_IBIS_CHANNEL_SLACK_ONCALL" in variables
    assert "  CRM_IBIS_CHANNEL_EMAIL_SALES_OPERATIONS" in variables
    assert done.err == "", "each channel is named once"


def test_names_of_variables_are_whole_at_80_columns(run: Run) -> None:
    done = run("alerts", "test")
    assert "CRM_IBIS_CHANNEL_EMAIL_EXECUTIVE_LEADERSHIP" in done.out
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 80


def test_channels_of_an_unknown_owner_are_named(
    run: Run, own_project: Callable[[Path], None], tmp_path: Path
) -> None:
    copy_to(tmp_path / "project")
    own_project(tmp_path / "project")
    file = tmp_path / "project" / "flows" / "jobs.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Sales Operations:", "Sale Operations:"), encoding="utf-8")
    done = run("alerts", "test")
    assert done.exit_code == 2
    assert 'did you mean "Sales Operations"' in done.err


def test_a_channel_that_takes_no_message_exits_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "WAIT", 0.01)
    monkeypatch.setenv("CRM_IBIS_CHANNEL_PAGERDUTY", "json://127.0.0.1:1/nobody")
    done = run("alerts", "test", "--json")
    assert done.exit_code == 1
    found = {channel["channel"]: channel["sent"] for channel in done.json}
    assert found["pagerduty"] is False
    assert found["slack"] is None


def test_a_channel_that_does_not_answer_exits_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have the message; a test is there to know."""
    monkeypatch.setattr(delivery, "ANSWER", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("CRM_IBIS_CHANNEL_SLACK", f"json://127.0.0.1:{port}/")
        done = run("alerts", "test")
    assert done.exit_code == 1
    assert done.cells["slack"] == ["failed"]
    assert "alert channel slack did not answer in time" in done.err


def test_what_nobody_would_hear_of_is_listed(
    run: Run, own_project: Callable[[Path], None], tmp_path: Path
) -> None:
    copy_to(tmp_path / "project")
    own_project(tmp_path / "project")
    file = tmp_path / "project" / "flows" / "jobs.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("default_route: [slack, owner]", ""), encoding="utf-8")
    done = run("alerts", "test", "--json")
    assert done.exit_code == 0
    assert "no channel is notified of failures of cohort_retention" in done.err
    assert "no channel is notified of lateness of cohort_retention" in done.err
    assert "URL" not in done.err, "the table says it"
