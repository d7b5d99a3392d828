"""A table that the log knows and the project does not stops nothing, and can be retired."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from channels import Channels
from commands import crm_ibis, use, words
from jobs_at_work import current, execute, fetch, log_run, quiet
from old_project import copy_to

from crm_ibis.cli.terminal import states
from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.errors import DataError, UsageError
from crm_ibis.metrics import catalog, graph
from crm_ibis.operations import incidents, outcomes
from crm_ibis.operations.alerts import Alert
from crm_ibis.operations.status import Status, statuses
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.refresh import refresh
from crm_ibis.publishing.retire import retire
from crm_ibis.runlog import clock, log
from crm_ibis.site.build import build
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

PUBLISHED = datetime(2024, 3, 1)
GONE, HISTORY = "cohort_retention", "conversion_funnel_snapshot"


def forget() -> None:
    for remembered in (contracts, histories, catalog.entries, graph.table_functions):
        remembered.cache_clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Takes a KPI, its job and a snapshot out of the project, for as long as the test runs."""
    folder, shipped = tmp_path / "project", graph.kpi_functions()
    copy_to(folder)
    _take_away(folder / "flows" / "jobs.yml", "jobs", "cohort_retention", HISTORY)
    _take_away(folder / "flows" / "jobs.yml", "owners", "Revenue Operations")
    _take_away(folder / "schemas" / "exposures.yml", None, "crm_cohort_retention")
    _take_away(folder / "schemas" / "snapshots.yml", None, HISTORY)
    models = folder / "schemas" / "kpis.py"
    text = models.read_text(encoding="utf-8")
    models.write_text(re.sub(r"class CohortRetention.*?(?=\nclass )", "", text, flags=re.DOTALL))

    def use_project() -> None:
        left = {name: f for name, f in shipped.items() if name != GONE}
        monkeypatch.setattr(graph, "kpi_functions", lambda: left)
        monkeypatch.setenv("CRM_IBIS_HOME", str(folder))
        forget()

    yield use_project
    monkeypatch.undo()
    forget()


@pytest.fixture
def behind(
    settings: Settings, project: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """By its log everything was published and recorded, before the project changed."""
    log_run(settings, "all", graph.kpi_functions(), clock.now())
    execute(
        settings,
        f"INSERT INTO {{meta}}.run_tables (run_id, table_name, kind) "
        f"VALUES ('all', '{HISTORY}', 'snapshot')",
        "CREATE SCHEMA {analytics}",
        *(f"CREATE TABLE {{analytics}}.{table} AS SELECT 1 AS x" for table in (GONE, HISTORY)),
    )
    project()
    return use(settings, monkeypatch)


@pytest.fixture
def published(
    seeded: Settings, project: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Everything was published and recorded, before the project changed."""
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, as_of=PUBLISHED, snapshot=True)
    project()
    return use(seeded, monkeypatch)


def _take_away(file: Path, part: str | None, *names: str) -> None:
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name in names:
        del (declared[part] if part else declared)[name]
    file.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")


def seen(settings: Settings) -> dict[str, Status]:
    with open_warehouse(settings, read_only=True) as warehouse:
        return {status.table: status for status in statuses(warehouse)}


def tables(settings: Settings) -> set[str]:
    with open_warehouse(settings) as warehouse:
        return warehouse.tables(warehouse.analytics)


# It stops nothing


def test_status_shows_it_as_retired_with_the_command_that_drops_it(behind: Settings) -> None:
    found = seen(behind)
    assert {table for table, status in found.items() if status.state == "retired"} == {
        GONE,
        HISTORY,
    }
    assert found[GONE].is_healthy
    assert found[GONE].published_at is not None
    assert found["health_scores"].state == "on time"
    done = crm_ibis("status")
    assert done.exit_code == 0, done.err
    assert f"crm-ibis retire {GONE} drops what is left of it" in words(done.out)


@pytest.mark.e2e
def test_all_commands_and_the_site_go_on(
    published: Settings, channels: Channels, tmp_path: Path
) -> None:
    with open_warehouse(published) as warehouse:
        site = build(warehouse, tmp_path / "site", load_params())
    page = (site.folder / "runs.html").read_text(encoding="utf-8")
    assert f"crm-ibis retire {GONE}" in page
    assert f"tables/{GONE}.html" not in page
    assert not (site.folder / "tables" / f"{GONE}.html").exists()
    for arguments in (["watch"], ["check"], ["retire", GONE], ["refresh"], ["status"]):
        done = crm_ibis(*arguments)
        assert done.exit_code == 0, (arguments, done.err)
    assert channels.heard() == {}
    assert GONE not in tables(published)


def test_nothing_that_only_the_log_knows_stops_status_or_watch(
    settings: Settings, channels: Channels
) -> None:
    """A KPI, its failures and incidents, a job, a channel, a source in quarantine."""
    log_run(settings, "old", ["old_kpi"], PUBLISHED, job="old_job")
    broken = '[{"table": "old_source", "check": "x", "rows": 1, "keys": []}]'
    log_run(settings, "bad", ["old_kpi", "never_made"], PUBLISHED, "failed", broken=broken)
    execute(
        settings,
        "INSERT INTO {meta}.quarantine VALUES ('old_source', 'id=1', 'x', NULL, 'bad')",
        "INSERT INTO {meta}.alerts VALUES "
        "('old_kpi', 'late', '', NULL, NULL, TIMESTAMP '2024-03-01', 'old_channel', NULL)",
    )
    assert seen(settings)["old_kpi"].state == "retired"
    assert "never_made" not in seen(settings)
    found = {status.table: status for status in watch(settings, quiet)}
    assert found["old_kpi"].state == "retired"
    assert "old_kpi" not in {incident.table for incident in current(settings)}
    assert "old_kpi" not in str(channels.heard())


def test_a_history_that_was_only_backfilled_is_shown_too(behind: Settings) -> None:
    execute(behind, "DELETE FROM {meta}.runs WHERE command <> 'backfill'")
    assert GONE not in seen(behind)
    log_run(behind, "past", [], PUBLISHED, command="backfill")
    execute(
        behind,
        "INSERT INTO {meta}.run_tables (run_id, table_name, kind) "
        f"VALUES ('past', '{HISTORY}', 'snapshot')",
    )
    assert (seen(behind)[HISTORY].state, seen(behind)[HISTORY].published_at) == ("retired", None)


def test_whoever_heard_that_it_failed_hears_that_it_is_gone(
    behind: Settings, channels: Channels
) -> None:
    with open_warehouse(behind) as warehouse:
        log.prepare(warehouse)
    incidents.notify(behind, Alert("failure", ("health_scores",), gist="x"))
    execute(
        behind,
        f"UPDATE {{meta}}.alerts SET table_name = '{GONE}', heard = 'slack,email_of_old_team'",
    )
    channels.heard()
    watch(behind, quiet)
    told = [f"{GONE} is no longer part of the project"]
    assert channels.heard() == {"slack": told}
    assert current(behind) == []


def test_a_job_that_the_project_does_not_have_is_told(behind: Settings, channels: Channels) -> None:
    with pytest.raises(UsageError, match='has no job "cohort_retention"') as refused:
        outcomes.plan_run("cohort_retention", PUBLISHED)
    for _ in range(2):
        outcomes.alert_unknown_job(behind, "cohort_retention", "refresh", refused.value, quiet)
    (message,) = channels.messages()
    assert (message.channel, message.title) == (
        "slack",
        "crm_ibis: the job cohort_retention failed",
    )
    assert "prefect deployment delete refresh/cohort_retention" in message.text
    watch(behind, quiet)
    assert [i.table for i in current(behind)] == ["the job cohort_retention"]
    execute(behind, "UPDATE {meta}.alerts SET told_at = told_at - INTERVAL '25 hours'")
    watch(behind, quiet)
    assert current(behind) == []
    assert channels.heard() == {}


# Retiring it


def test_a_retired_table_is_dropped_and_not_shown_any_more(behind: Settings) -> None:
    done = crm_ibis("retire", GONE)
    assert done.exit_code == 0, done.err
    assert GONE not in tables(behind)
    assert GONE not in seen(behind)
    assert crm_ibis("retire", GONE).exit_code == 2, "there is nothing left of it"
    sql = "SELECT state, tables FROM {meta}.runs WHERE command = 'retire'"
    assert fetch(behind, sql) == [("succeeded", GONE)]


def test_it_is_shown_again_when_it_is_published_again(behind: Settings) -> None:
    with open_warehouse(behind) as warehouse:
        retire(warehouse, GONE)
    log_run(behind, "again", [GONE], clock.now())
    assert seen(behind)[GONE].state == "retired"


def test_what_was_dropped_by_hand_is_only_noted(behind: Settings) -> None:
    execute(behind, f"DROP TABLE {{analytics}}.{GONE}")
    with open_warehouse(behind) as warehouse:
        assert retire(warehouse, GONE).dropped == ()
    assert GONE not in seen(behind)


def test_a_history_is_dropped_with_its_archive_and_only_if_that_is_said(behind: Settings) -> None:
    archive = f"{HISTORY}_archive"
    execute(behind, f"CREATE TABLE {{analytics}}.{archive} AS SELECT 1 AS x")
    refused = crm_ibis("retire", HISTORY)
    assert refused.exit_code == 2
    assert "--with-history drops it and its archive all the same" in words(refused.err)
    assert "retire conversion_funnel_snapshot" in words(crm_ibis("retire", archive).err)
    assert {HISTORY, archive} <= tables(behind)
    assert crm_ibis("retire", HISTORY, "--with-history", "--json").json["dropped"] == [
        HISTORY,
        archive,
    ]
    assert not {HISTORY, archive} & tables(behind)
    assert HISTORY not in seen(behind)


def test_a_table_that_a_view_depends_on_stays(behind: Settings) -> None:
    execute(
        behind,
        f"CREATE VIEW {{analytics}}.board AS SELECT * FROM {{analytics}}.{GONE}",
    )
    with open_warehouse(behind) as warehouse, pytest.raises(DataError, match="board") as refused:
        retire(warehouse, GONE)
    assert "cannot be dropped, as something depends on it" in str(refused.value)
    assert GONE in tables(behind)
    assert seen(behind)[GONE].state == "retired"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("health_scores", "health_scores is part of this project"),
        ("leads", "leads is part of this project"),
        ("health_score_snapshot_archive", "is part of this project"),
        ("users_own", f'"users_own" that nothing publishes any more; these can be: {GONE}'),
        ("cohort_retentio", f'did you mean "{GONE}"'),
    ],
)
def test_only_what_this_program_made_and_the_project_lost_is_retired(
    behind: Settings, name: str, told: str
) -> None:
    execute(behind, "CREATE TABLE {analytics}.users_own AS SELECT 1 AS x")
    before = tables(behind)
    done = crm_ibis("retire", name)
    assert done.exit_code == 2
    assert told in words(done.err)
    assert tables(behind) == before


def test_a_view_in_its_place_is_left_alone(behind: Settings) -> None:
    execute(
        behind,
        f"DROP TABLE {{analytics}}.{GONE}",
        f"CREATE VIEW {{analytics}}.{GONE} AS SELECT 1 AS x",
    )
    with open_warehouse(behind) as warehouse, pytest.raises(DataError, match="is a view"):
        retire(warehouse, GONE)
    assert GONE in tables(behind)


def test_a_renamed_table_says_what_it_is_called_now(
    behind: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "renamed_tables", lambda: {GONE: "retention"})
    out = words(crm_ibis("status").out)
    assert f"{GONE}: retired: it was renamed to retention; crm-ibis retire {GONE} drops" in out
    assert f"{HISTORY}: retired: the project no longer has it" in out


# A fact that a job of the version before published, and that none publishes any more


def test_a_fact_that_no_job_publishes_can_be_dropped_and_comes_back_by_name(
    seeded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(seeded, monkeypatch)
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["ticket_sla", "ticket_queue"], as_of=PUBLISHED)
    shown = words(crm_ibis("status").out)
    assert "ticket_sla: unscheduled: no job publishes it, so it is as of 2024-03-01 00:00" in shown
    assert crm_ibis("retire", "ticket_queue").exit_code == 2  # a job publishes it
    assert crm_ibis("retire", "ticket_sla").exit_code == 0
    assert tables(seeded) == {"ticket_queue"}
    assert "ticket_sla" not in seen(seeded)
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["ticket_sla"], as_of=PUBLISHED)
    assert seen(seeded)["ticket_sla"].state == "unscheduled"
