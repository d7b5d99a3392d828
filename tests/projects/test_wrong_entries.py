"""What is wrong in one entry of the YAML files stops only what would go by it."""

import shutil
from pathlib import Path

import pytest
import yaml
from commands import crm_ibis, file_of, use
from folders import Folder, fill

from crm_ibis.config.settings import Settings
from crm_ibis.errors import UsageError
from crm_ibis.metrics import catalog
from crm_ibis.operations.outcomes import plan_run
from crm_ibis.runlog.clock import now

POSTGRES_IS_SLOW = True

FINE = """
class Fine(Published):
    rep_id: Text = column("The rep.")

    class Config:
        unique = ["rep_id"]


def fine(stg_opportunities):
    '''Reps.'''
    return stg_opportunities.select("rep_id").distinct()
"""
MISTAKES = {
    "a misspelt key of a job": (
        "jobs.yml",
        "jobs:\n  health_scores:\n    shedule: '0 5 * * *'\n",
        3,
        'jobs.health_scores.shedule: unknown key (did you mean "schedule"?); until then, '
        "jobs.health_scores is as shipped",
    ),
    "a key of a job that resembles none": (
        "jobs.yml",
        "jobs:\n  health_scores:\n    zzz: 1\n",
        3,
        "jobs.health_scores.zzz: unknown key; there may be refresh, facts, snapshot, ",
    ),
    "a key of a route, which stands in a list": (
        "jobs.yml",
        "alerts: [{events: [failure], to: [slack], zzz: 1}]\n",
        1,
        "alerts.0.zzz: unknown key; there may be events, tables, criticality, due_within, to",
    ),
    "a job that is not whole": (
        "jobs.yml",
        "jobs:\n  ours: {attempts: 3}\n",
        2,
        "write it whole, or delete it; until then, jobs.ours is left out",
    ),
    "a setting": (
        "jobs.yml",
        "default_route: [Slack]\n",
        1,
        "until then, default_route is as shipped",
    ),
    "an exposure": (
        "exposures.yml",
        "facility_health_scorecard:\n  criticality: hihg\n",
        2,
        '"hihg" is not known (did you mean "high"?)',
    ),
    "a snapshot": (
        "snapshots.yml",
        "# ours\nfine_history: [fine]\n",
        2,
        "until then, fine_history is left out",
    ),
    "a KPI of a job that there is not": (
        "jobs.yml",
        "jobs:\n  ours: {refresh: [fin]}\n",
        2,
        'ours: there is no KPI "fin" (did you mean "fine"?)',
    ),
    "a fact of a job that there is not": (
        "jobs.yml",
        "jobs:\n  ticket_sla:\n    facts: [ticket_slaa]\n",
        3,
        'ticket_sla: facts: "ticket_slaa" is no fact that shares a source with '
        'ticket_sla_compliance (did you mean "ticket_sla"?)',
    ),
    "a KPI of an exposure that there is not": (
        "exposures.yml",
        "ours: {of: [fin], owner: x, criticality: low, description: x}\n",
        1,
        'ours: there is no KPI "fin" (did you mean "fine"?)',
    ),
    "a snapshot of a KPI that there is not": (
        "snapshots.yml",
        "fine_history: fin\n",
        1,
        'fine_history: there is no KPI "fin" (did you mean "fine"?)',
    ),
    "a snapshot of a job that there is not": (
        "jobs.yml",
        "jobs:\n  health_score_snapshot: {snapshot: [health_snapshot]}\n",
        2,
        'health_score_snapshot: there is no snapshot "health_snapshot" (did you mean',
    ),
    "no YAML": ("jobs.yml", "jobs: {\n", None, "until then, all of jobs.yml is as shipped"),
}
STILL_SHOWN = {
    "jobs": {"jobs", "alerts", "owners"},
    "exposures": {"crm_conversion_funnel"},
    "snapshots": {"pipeline_kpi_snapshot"},
}
"""What `config` shows whatever is wrong elsewhere in the file."""
READING = (("list",), ("describe", "fine"), ("sql", "fine"), ("show", "fine"), ("status",))
LONGER = (("sources",),)
"""What reads all sources: tried with one mistake in each file."""
ONE_OF_EACH_FILE = ("a job that is not whole", "an exposure", "a snapshot", "no YAML")


DAY = ("--as-of", "2024-03-01")
on_duckdb = pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
on_duckdb_and_once_on_postgres = pytest.mark.parametrize(
    ("settings", "case"),
    [*(("duckdb", case) for case in MISTAKES), ("postgres", "a job that is not whole")],
    indirect=["settings"],
)


def publish(project: Folder, settings: Settings) -> None:
    """Publishes a KPI of one's own in an empty database."""
    project.module("fine", FINE)
    fill(settings)
    assert crm_ibis("refresh", "fine", *DAY).exit_code == 0


@pytest.fixture(scope="module")
def published_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file in which it is published, made once."""
    path = tmp_path_factory.mktemp("published")
    settings = Settings(database_url=f"duckdb://{path}/fine.duckdb")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("CRM_IBIS_HOME", str(path / "acme"))
        publish(Folder(path / "acme"), use(settings, monkeypatch))
    catalog.forget()
    return file_of(settings)


@pytest.fixture
def project(folder: Folder, database: Settings, published_file: Path) -> Folder:
    """A KPI of one's own that is published."""
    if database.database_url.startswith("duckdb://"):
        folder.module("fine", FINE)
        shutil.copy(published_file, file_of(database))
    else:
        publish(folder, database)
    return folder


FINE_ENDS = {"status": 1}
"""What commands end with while nothing is wrong: a KPI of 2024 is late; else 0."""


def test_commands_that_read_find_nothing_wrong_at_first(project: Folder) -> None:
    for command in (*READING, *LONGER):
        done = crm_ibis(*command)
        assert done.exit_code == FINE_ENDS.get(command[0], 0), done.err
        assert "Warning: " not in done.err


@on_duckdb_and_once_on_postgres
def test_commands_that_read_go_on_and_name_it_once(project: Folder, case: str) -> None:
    name, text, line, words = MISTAKES[case]
    project.write(name, text)
    for command in (*READING, *(LONGER if case in ONE_OF_EACH_FILE else ())):
        done = crm_ibis(*command)
        assert done.exit_code == FINE_ENDS.get(command[0], 0), done.err
        assert done.out
        assert " ".join(done.err.split()).count(words) == 1, done.err
        assert done.err.count("Warning: ") == 1
        if line:
            assert f"{name}, line {line}: " in done.err


@on_duckdb_and_once_on_postgres
def test_nothing_that_concerns_all_tables_runs_by_it(project: Folder, case: str) -> None:
    name, text, _, words = MISTAKES[case]
    project.write(name, text)
    done = crm_ibis("deployments")
    assert done.exit_code == 2
    assert " ".join(done.err.split()).count(words) == 1, done.err
    done = crm_ibis("refresh", "--dry-run", "--as-of", "2024-03-01")
    assert done.exit_code == (0 if name == "exposures.yml" else 2), done.err
    assert words in " ".join(done.err.split())


def test_a_table_is_refreshed_by_hand_unless_the_entry_is_about_it(project: Folder) -> None:
    day = ("--dry-run", "--as-of", "2024-03-01")
    project.write("jobs.yml", "jobs:\n  health_scores: {max_removed_pct: 101}\n")
    done = crm_ibis("refresh", "fine", *day)
    assert done.exit_code == 0, done.err
    assert done.err.count("max_removed_pct") == 1
    done = crm_ibis("refresh", "health_scores", *day)
    assert done.exit_code == 2
    assert "nothing was done, as it would go by this: " in done.err
    assert done.err.count("max_removed_pct") == 1
    project.write("jobs.yml", "jobs:\n  ours: {refresh: fine, schedule: daily}\n")
    assert crm_ibis("refresh", "fine", *day).exit_code == 2
    assert crm_ibis("refresh", "revenue_kpis", *day).exit_code == 0


@on_duckdb
@pytest.mark.parametrize("text", ["jobs: {", "jobs: 5", "runs: {retention_days: 0}"])
def test_what_every_run_goes_by_stops_every_run(project: Folder, text: str) -> None:
    project.write("jobs.yml", text)
    assert crm_ibis("list").exit_code == 0
    done = crm_ibis("refresh", "fine", "--as-of", "2024-03-02")
    assert done.exit_code == 2
    assert "nothing was done, as it would go by this: " in done.err


@on_duckdb
def test_a_tag_needs_all_exposures(project: Folder) -> None:
    project.write("exposures.yml", "facility_health_scorecard: {criticality: hihg}\n")
    done = crm_ibis("refresh", "--tag", "critical", "--dry-run")
    assert done.exit_code == 2
    assert "nothing was done, as it would go by this: " in done.err


def test_a_history_is_recorded_unless_the_entry_is_about_it(project: Folder) -> None:
    project.write("snapshots.yml", "fine_history: fine\nother_history: [fine]\n")
    day = ("--as-of", "2024-03-02")
    done = crm_ibis("snapshot", "fine_history", *day)
    assert done.exit_code == 0, done.err
    assert crm_ibis("snapshot", "other_history", *day).exit_code == 2
    assert crm_ibis("refresh", "fine", "--snapshot", *day).exit_code == 2
    assert crm_ibis("history", "fine_history").exit_code == 0
    project.write("jobs.yml", "jobs: {ours: {snapshot: [fine_history], retention_days: -1}}")
    assert crm_ibis("snapshot", "fine_history", *day).exit_code == 2


@on_duckdb
def test_what_reads_a_snapshot_that_is_wrong_is_left_out(project: Folder) -> None:
    project.module("reader", FINE.replace("ine", "ound").replace("stg_opportunities", "history"))
    project.write("snapshots.yml", "history: {of: fine}\n")
    done = crm_ibis("list")
    assert "until then, history is left out" in done.err
    assert "found is left out, as it needs history, which is broken" in done.err
    assert "names no table" not in done.err


@on_duckdb
def test_a_job_does_not_run_by_another_declaration(project: Folder) -> None:
    project.write("jobs.yml", "jobs:\n  ticket_sla: {facts: [ticket_slaa]}\n")
    with pytest.raises(UsageError, match=r'jobs.yml, line 2: .*did you mean "ticket_sla"'):
        plan_run("ticket_sla", now())
    assert plan_run("health_scores", now()).name == "health_scores"
    project.write("jobs.yml", "jobs:\n  health_scores: {sla: soon}\n")
    with pytest.raises(UsageError, match=r"jobs\.health_scores\.sla: not a duration"):
        plan_run("health_scores", now())


@on_duckdb
def test_moving_a_table_to_another_job_is_no_second_mistake(project: Folder) -> None:
    project.write(
        "jobs.yml",
        "jobs:\n"
        "  cohort_retention: {refresh: [fine], slaa: 2h}\n"
        "  ours: {refresh: [cohort_retention]}\n",
    )
    done = crm_ibis("list")
    assert done.err.count("Warning: ") == 1
    assert "slaa: unknown key" in done.err


@on_duckdb
@pytest.mark.parametrize("case", MISTAKES)
def test_config_shows_it_beside_what_can_be_read(project: Folder, case: str) -> None:
    name, text, _, words = MISTAKES[case]
    project.write(name, text)
    section = name.removesuffix(".yml")
    done = crm_ibis("config", section)
    shown = yaml.safe_load(done.out)[section]
    assert set(shown) >= STILL_SHOWN[section]
    if "there is not" in case:
        assert done.exit_code == 0  # a table's name is right or wrong by what else there is
        return
    assert done.exit_code == 2
    assert words in " ".join(done.err.split())
    assert words.split("; ")[-1] in " ".join(done.out.replace("#", " ").split())
    assert any(
        words in problem for problem in crm_ibis("config", "--json").json[section]["problems"]
    )


@pytest.mark.e2e
def test_the_site_is_built_without_what_is_wrong(project: Folder) -> None:
    project.write(
        "jobs.yml",
        "jobs:\n"
        "  health_scores: {shedule: '0 5 * * *'}\n"
        "  ticket_sla: {facts: [ticket_slaa]}\n"
        "default_route: [Slack]\n",
    )
    project.write("exposures.yml", "facility_health_scorecard: {criticality: hihg}\n")
    project.write("snapshots.yml", "fine_history: fin\n")
    done = crm_ibis("site", "build")
    assert done.exit_code == 0, done.err
    assert done.err.count("Warning: ") == 5
    page = (project.path.parent / "site" / "catalog.html").read_text(encoding="utf-8")
    for words in (
        "jobs.yml, line 2: jobs.health_scores.shedule: unknown key",
        "jobs.yml, line 3: ticket_sla: facts:",
        "exposures.yml, line 1: facility_health_scorecard.criticality",
        "snapshots.yml, line 1: fine_history: there is no KPI",
        "jobs.yml is not valid, in what is not shown here",
    ):
        assert words in page
    assert "default_route" not in page
