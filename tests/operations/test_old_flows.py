"""Flows that version 0.1.0 copied into project folders run with the package of today.

`projects/old_flows` is an exact copy of them. No Prefect server is at hand: what they ask one for,
they are given here.
"""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from textwrap import dedent
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from jobs_at_work import AT, BREAK_TICKETS, execute, fetch, planned

import crm_ibis
from crm_ibis.config import project
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.metrics import catalog
from crm_ibis.operations import deployments

OLD_FLOWS = Path(__file__).parents[1] / "projects" / "old_flows"
MODULES = ("running", "refresh", "snapshot", "watch", "automation")
Import = Callable[[str], ModuleType]


def forget() -> None:
    contracts.cache_clear()
    histories.cache_clear()
    catalog.entries.cache_clear()


@pytest.fixture(autouse=True)
def no_module_of_old_stays() -> Iterator[None]:
    """Each test imports them anew, and no other test sees them."""
    forget_modules()
    yield
    forget_modules()


def forget_modules() -> None:
    legacy = importlib.import_module("crm_ibis.legacy")
    for name, module in list(sys.modules.items()):
        if isinstance(module, legacy.OldModule):
            del sys.modules[name]
            package, _, attribute = name.rpartition(".")
            if package in sys.modules:
                vars(sys.modules[package]).pop(attribute, None)


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder of version 0.1.0; nothing in the environment names it."""
    folder = tmp_path / "acme"
    shutil.copytree(project.path("schemas"), folder / "schemas")
    shutil.copytree(OLD_FLOWS, folder / "flows")
    monkeypatch.setenv("CRM_IBIS_HOME", "")
    forget()
    yield folder
    forget()


@pytest.fixture
def flow_of(acme: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Import]:
    """Imports a module of the folder's flows, as Prefect does: what lies beside it is found."""
    monkeypatch.syspath_prepend(str(acme / "flows"))
    yield importlib.import_module
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", MODULES)
def test_an_old_flow_is_imported_with_a_warning_that_names_the_remedy(
    name: str, flow_of: Import
) -> None:
    with pytest.warns(DeprecationWarning, match="crm-ibis init --upgrade"):
        flow_of(name)


def test_an_old_flow_uses_the_project_that_it_lies_in(acme: Path, flow_of: Import) -> None:
    flow_of("running")
    assert project.copied_home() == acme


def test_deployments_of_an_old_folder_are_of_its_own_flows(acme: Path, flow_of: Import) -> None:
    flow_of("running")
    text = deployments.prefect_yaml()
    assert text.startswith("# Made from flows/jobs.yml by `crm-ibis deployments`;")
    assert "entrypoint: flows/refresh.py:refresh\n" in text
    assert "crm_ibis.flows" not in text
    (acme / "flows" / "snapshot.py").unlink()
    assert "entrypoint: crm_ibis.flows.snapshot.snapshot\n" in deployments.prefect_yaml()


class Prefect:
    """What flows take from Prefect, and what they show in it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.artifacts: dict[str, tuple[list[dict[str, Any]], str]] = {}
        self.progress: list[float] = []
        self.events: list[str] = []

    def info(self, line: str) -> None:
        assert isinstance(line, str), "version 0.1.0 knows no other progress"
        self.lines.append(line)

    error = info

    def stand_in(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
        """Takes the place of Prefect in a module of flows."""
        start = AT.replace(tzinfo=UTC)
        flow_run = SimpleNamespace(scheduled_start_time=start, id="f-1", flow_name="refresh")
        places = {
            "runtime": SimpleNamespace(flow_run=flow_run, task_run=SimpleNamespace(run_count=1)),
            "get_run_logger": lambda: self,
            "retrying": lambda task, job: task.fn,
            "create_table_artifact": self._show,
            "create_progress_artifact": lambda *of, **named: "bar",
            "update_progress_artifact": lambda bar, pct: self.progress.append(pct),
            "emit_event": lambda event, resource: self.events.append(event),
        }
        for name, place in places.items():
            with suppress(AttributeError):  # each module imports only some of them
                monkeypatch.setattr(module, name, place)

    def _show(self, rows: list[dict[str, Any]], key: str, text: str) -> None:
        self.artifacts[key] = (rows, text)


@pytest.fixture
def prefect() -> Prefect:
    return Prefect()


@pytest.fixture
def started(
    flow_of: Import, prefect: Prefect, seeded: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Runs an old flow on a seeded database; the state that it ends in."""
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", seeded.database_url)
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", seeded.raw_schema)
    monkeypatch.setenv("CRM_IBIS_ANALYTICS_SCHEMA", seeded.analytics_schema)

    def start(name: str, *job: str) -> Any:
        for module in ("running", name):
            prefect.stand_in(monkeypatch, flow_of(module))
        return getattr(flow_of(name), name).fn(*job)

    return start


PUBLISHED = "SELECT count(*) FROM {analytics}.ticket_sla_compliance"


def test_an_old_flow_publishes_what_its_job_says(
    started: Callable[..., Any], prefect: Prefect, seeded: Settings
) -> None:
    state = started("refresh", "ticket_sla")
    assert state.is_completed()
    assert state.message.startswith("ticket_sla_compliance, ticket_sla: changed rows 19, ")
    assert fetch(seeded, PUBLISHED) == [(9,)]
    rows, text = prefect.artifacts["ticket-sla"]
    assert [(row["KPI"], row["new"], row["SLA"]) for row in rows] == [
        ("ticket_sla_compliance", 9, "met"),
        ("ticket_sla", 10, "met"),
    ]
    assert "warning" not in text
    assert prefect.progress[-1] == 100.0
    assert [line.split()[0] for line in prefect.lines].count("built") == 2


def test_an_old_flow_shows_what_the_sources_warn_of(
    started: Callable[..., Any],
    prefect: Prefect,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    file = tmp_path / "sources.yml"
    file.write_text("sources: {tickets: {only: {priority: [P9]}}}", encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
    assert started("refresh", "ticket_sla").is_completed()
    assert prefect.artifacts["ticket-sla"][1].split("\n\n")[1:] == [
        "warning: tickets: has no rows",
        "warning: tickets: sources.yml names values that never occur: only: priority 'P9'",
    ]


def test_an_old_flow_fails_with_the_gist_of_a_broken_check(
    started: Callable[..., Any], prefect: Prefect, seeded: Settings
) -> None:
    execute(seeded, BREAK_TICKETS)
    state = started("refresh", "ticket_sla")
    assert state.is_failed()
    assert state.message.startswith("checks failed; nothing was published: tickets: priority is")
    rows, _ = prefect.artifacts["ticket-sla"]
    assert [(row["table"], row["rows"]) for row in rows] == [("tickets", 2)]


def test_an_old_flow_says_that_a_job_is_not_declared(started: Callable[..., Any]) -> None:
    state = started("refresh", "ticket_slas")
    assert state.is_failed()
    assert 'did you mean "ticket_sla"' in state.message


def test_an_old_snapshot_and_the_old_watch_do_their_work(
    started: Callable[..., Any], prefect: Prefect
) -> None:
    assert started("refresh", "health_scores").is_completed()
    state = started("snapshot", "health_score_snapshot")
    assert state.message.startswith("health_score_snapshot: changed rows 4, ")
    state = started("watch")
    assert state.is_completed()
    late = state.message.removeprefix("late or failing: ").split(", ")
    assert "ticket_sla_compliance" in late
    assert "health_scores" not in late
    states = {row["KPI"]: row["state"] for row in prefect.artifacts["watch"][0]}
    assert (states["health_scores"], states["cohort_retention"]) == ("on time", "late")
    assert prefect.events == ["crm_ibis.watched"]


def test_attributes_that_were_renamed_are_found(flow_of: Import) -> None:
    old = flow_of("running")
    run: Any = planned("ticket_sla")
    assert run.job.published == ["ticket_sla_compliance", "ticket_sla"]
    assert run.in_time(AT) is True
    assert old.Outcome(None).hints == []


def test_functions_of_a_team_import_what_they_did() -> None:
    code = """
        from crm_ibis.connectors import hubspot
        from crm_ibis.connectors.zendesk import tickets
        from crm_ibis.contracts import Published, Source, column
        from crm_ibis.facts import ticket_sla
        from crm_ibis.history import as_it_stood
        from crm_ibis.kpis.operations import revenue_kpis
        from crm_ibis.measures import month_of
        from crm_ibis.params import load_params
        from crm_ibis.refresh import refresh
        from crm_ibis.seeds import load_seeds
        from crm_ibis.settings import Settings
        from crm_ibis.types import Count, Text
    """
    imported: dict[str, Any] = {}
    exec(dedent(code), imported)
    for name in ("Published", "Settings", "as_it_stood", "column", "load_params", "load_seeds"):
        assert imported[name].__name__ == name
    assert imported["tickets"].__module__ == "crm_ibis.sources.connectors.zendesk"
    assert imported["revenue_kpis"].__module__ == "crm_ibis.metrics.kpis.revenue"


def test_everything_of_an_old_module_is_imported_at_once() -> None:
    imported: dict[str, Any] = {}
    exec("from crm_ibis.measures import *", imported)
    assert imported["month_of"].__module__ == "crm_ibis.expressions"


def test_a_function_of_the_package_keeps_its_name_beside_the_module_of_old() -> None:
    of_old = importlib.import_module("crm_ibis.refresh")
    today = importlib.import_module("crm_ibis.publishing.refresh").refresh
    assert of_old.refresh.__wrapped__ is today
    bound: Any = crm_ibis.refresh
    with pytest.raises(TypeError, match="warehouse"):
        bound()


@pytest.mark.parametrize(
    "code",
    [
        "import crm_ibis.nope",
        "import crm_ibis.kpis.nope",
        "from crm_ibis.connectors import nope",
        "from crm_ibis.declarations import nope",
        "from crm_ibis.runlog import nope",
    ],
)
def test_what_never_was_is_not_found(code: str) -> None:
    with pytest.raises(ImportError, match=r"(crm_ibis\.(kpis\.)?|name .)nope"):
        exec(code)


def test_every_name_of_old_leads_somewhere() -> None:
    legacy = importlib.import_module("crm_ibis.legacy")
    for module, names in legacy.NAMES.items():
        for name in names:
            assert legacy._find(module, name) is not None, f"{module}.{name}"
    for module, names in legacy.HELD.items():
        for name in names.split():
            assert legacy._find(module, name) is not None, f"{module}.{name}"
    for path, attributes in legacy.ATTRIBUTES.items():
        module, _, name = path.rpartition(".")
        kind = getattr(importlib.import_module(f"crm_ibis.{module}"), name)
        for today in attributes.values():
            assert not isinstance(today, str) or hasattr(kind, today), f"{path}.{today}"
