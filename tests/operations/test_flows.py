"""What the flows take from the worker, and what they let out; without a Prefect server."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jobs_at_work import carry_out, planned

from crm_ibis.config import project
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.violations import Violation
from crm_ibis.events import ProgressEvent

PRIVATE = "anna@example.com"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that the flows share."""
    # A flow names the project that it runs in here.
    monkeypatch.setenv("CRM_IBIS_HOME", os.environ.get("CRM_IBIS_HOME", ""))
    return importlib.import_module("crm_ibis.flows.running")


def overlay(folder: Path) -> Path:
    """A project folder."""
    folder.mkdir()
    (folder / project.MARK).write_text('made_with: "0.1.0"\n', encoding="utf-8")
    return folder


def copy(folder: Path) -> Path:
    """A project folder of version 0.1.0, but for what nothing here reads."""
    for part in ("schemas", "flows"):
        (folder / part).mkdir(parents=True)
    return folder


def refresh_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts a refresh in a folder; without a scheduled instant it ends before it begins."""
    monkeypatch.chdir(folder)
    running = importlib.import_module("crm_ibis.flows.running")
    assert running.run_job("ticket_sla").is_failed()


@pytest.mark.parametrize("make", [overlay, copy])
def test_the_project_that_a_flow_runs_in_wins_over_the_one_that_the_worker_names(
    make: Callable[[Path], Path], running: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRM_IBIS_HOME", str(overlay(tmp_path / "named")))
    refresh_in(make(tmp_path / "cloned"), monkeypatch)
    assert project.home() == tmp_path / "cloned"


def test_a_flow_that_runs_in_no_project_uses_the_one_that_the_worker_names(
    running: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRM_IBIS_HOME", str(overlay(tmp_path / "named")))
    (tmp_path / "elsewhere").mkdir()
    refresh_in(tmp_path / "elsewhere", monkeypatch)
    assert project.home() == tmp_path / "named"


def test_the_watch_looks_at_the_project_that_it_runs_in(
    running: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRM_IBIS_HOME", str(overlay(tmp_path / "named")))
    monkeypatch.chdir(overlay(tmp_path / "cloned"))
    assert importlib.import_module("crm_ibis.flows.watch").watch.fn().is_failed()
    assert project.home() == tmp_path / "cloned"


def test_prefect_finds_the_flows_of_the_package_from_any_folder(tmp_path: Path) -> None:
    code = (
        "from prefect.flows import load_flow_from_entrypoint as load\n"
        "for name in ('refresh', 'snapshot', 'watch'):\n"
        "    print(load(f'crm_ibis.flows.{name}.{name}', use_placeholder_flow=False).name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["refresh", "snapshot", "watch"]


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
        [("ticket_sla_compliance", 0), ("ticket_queue", 0)],
    )
    summary, *warnings = told.split("\n\n")
    assert summary.endswith(f", run {outcome.run_id}")
    assert warnings == [
        "warning: tickets: has at least 100 rows: 0 rows",
        "warning: tickets: has no rows",
        "warning: tickets: sources.yml names values that never occur: only: priority 'P9'",
    ]
