"""What the flows take from the worker, and what they let out; without a Prefect server."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jobs_at_work import carry_out, planned

from crm_ibis.config import project
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.rules import Violation
from crm_ibis.events import ProgressEvent

FLOWS = Path(__file__).parents[2] / "flows"
PRIVATE = "anna@example.com"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that the flows share."""
    monkeypatch.syspath_prepend(str(FLOWS))
    monkeypatch.setenv("CRM_IBIS_HOME", os.environ.get("CRM_IBIS_HOME", ""))
    return importlib.import_module("running")


def home_of(flows: Path, environment: str) -> str:
    """The project that a flow uses, started with CRM_IBIS_HOME in the worker's environment."""
    code = "import running, os; print(os.environ.get('CRM_IBIS_HOME'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=flows,
        env={**os.environ, "CRM_IBIS_HOME": environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_cloned_project_wins_over_the_one_that_the_worker_names(tmp_path: Path) -> None:
    project.copy_to(tmp_path / "cloned")
    project.copy_to(tmp_path / "old")
    used = home_of(tmp_path / "cloned" / "flows", str(tmp_path / "old"))
    assert used == str((tmp_path / "cloned").resolve())


def test_flows_without_a_project_beside_them_use_the_one_that_the_worker_names(
    tmp_path: Path,
) -> None:
    project.copy_to(tmp_path / "old")
    shutil.copytree(FLOWS, tmp_path / "alone" / "flows")
    assert home_of(tmp_path / "alone" / "flows", str(tmp_path / "old")) == str(tmp_path / "old")


def violation() -> Violation:
    samples = [{"id": "tick_003", "priority": PRIVATE}]
    return Violation("tickets", "priority is one of x", ("priority",), "error", 1, samples)


def test_the_values_of_a_broken_check_are_not_in_prefect_s_log(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []

    class Log:
        error = lines.append

    monkeypatch.setattr(running, "get_run_logger", Log)
    with pytest.raises(running.AttemptFailed) as failed, running.redact_errors():
        raise ChecksFailed([violation()])
    assert lines == ["tickets: priority is one of x: 1 row, such as id=tick_003"]
    assert PRIVATE not in str(failed.value)


def test_the_values_of_a_warning_are_not_in_prefect_s_log(running: Any) -> None:
    lines: list[str] = []
    progress = running.Progress(planned("ticket_sla"), lines.append)
    progress.report(ProgressEvent("warning", f"warning: {violation()}", "tickets"))
    progress.report(ProgressEvent("built", "built ticket_sla: 10 rows", "ticket_sla"))
    assert lines == ["warning: tickets: priority is one of x: 1 row", "built ticket_sla: 10 rows"]
    assert progress.done == 1


def test_progress_is_shown_with_its_run_only(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An artifact with a key would be one more line in Prefect's list of artifacts."""
    shown: list[Any] = []

    def create(*arguments: Any, **named: Any) -> str:
        shown.append((arguments, named))
        return "artifact"

    monkeypatch.setattr(running, "create_progress_artifact", create)
    monkeypatch.setattr(running, "update_progress_artifact", lambda *of: None)
    with running.Progress(planned("ticket_sla"), print):
        """Nothing is done."""
    assert shown == [((0.0,), {"description": "ticket_sla"})]


NOTHING_LEFT = """
sources:
  tickets:
    only: {priority: [P9]}
    expect: {min_rows: 100, severity: warn}
"""


def test_the_artifact_of_a_run_lists_what_its_sources_warn_of(
    running: Any, seeded: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No ticket has the priority P9, so none is left; the other sources are as they should be."""
    (tmp_path / "sources.yml").write_text(NOTHING_LEFT, encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(tmp_path / "sources.yml"))
    shown: list[tuple[list[dict[str, Any]], str, str]] = []
    monkeypatch.setattr(running, "create_table_artifact", lambda *of: shown.append(of))
    run = planned("ticket_sla")
    outcome = carry_out(seeded, run)
    running._show(run, outcome)
    ((rows, key, told),) = shown
    assert (key, [(row["KPI"], row["rows"]) for row in rows]) == (
        "ticket-sla",
        [("ticket_sla_compliance", 0), ("ticket_sla", 0)],
    )
    summary, *warnings = told.split("\n\n")
    assert summary.endswith(f", run {outcome.run_id}")
    assert warnings == [
        "warning: tickets: has at least 100 rows: 0 rows",
        "warning: tickets: has no rows",
        "warning: tickets: sources.yml names values that never occur: only: priority 'P9'",
    ]
