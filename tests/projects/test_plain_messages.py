"""What a team reads: each thing once, with its cause and what to do about it."""

from pathlib import Path

import pytest
from commands import crm_ibis, words
from folders import Folder, fill

from crm_ibis.config import new_project
from crm_ibis.config.settings import Settings

POSTGRES_IS_SLOW = True

BROKEN = """
    class WonByRep(Published):
        rep_id: Text = column("The rep.")
        won: Count = column("Deals won.", ge=0)

        class Config:
            unique = ["rep_id"]

    def won_by_rep(stg_opportunities: Table) -> Table:
        \"\"\"Deals won. Grain: rep_id.\"\"\"
        return stg_opportunities.group_by("rep_id").agg(won=WHAT)
"""


def break_column(folder: Folder, what: str = "stg_opportunities.amoun.count()") -> str:
    """A KPI that reads a column that is not there; its line."""
    folder.module("won", BROKEN.replace("WHAT", what))
    return folder.line("won", "return stg")


# A broken table


@pytest.mark.parametrize("what", ["stg_opportunities.amoun.count()", "_.amoun.count()"])
def test_an_unknown_column_has_a_near_match(folder: Folder, what: str) -> None:
    line = break_column(folder, what)
    done = crm_ibis("sql", "won_by_rep")
    assert done.exit_code == 2
    assert done.err.startswith(
        f'Error: {line}: won_by_rep: there is no column "amoun" (did you mean "amount"?); '
        "there are opportunity_id, lead_id, rep_id, "
    )


def test_a_column_asked_for_by_name_has_a_near_match(folder: Folder) -> None:
    break_column(folder, 'stg_opportunities["amoun"].count()')
    assert 'no column "amoun" (did you mean "amount"?)' in crm_ibis("sql", "won_by_rep").err


@pytest.mark.parametrize("command", ["refresh", "sql"])
def test_what_is_wrong_with_the_named_table_is_said_once(
    folder: Folder, database: Settings, command: str
) -> None:
    break_column(folder)
    fill(database)
    done = crm_ibis(command, "won_by_rep")
    assert done.exit_code != 0
    assert (done.out + done.err).count("no column") == 1
    assert done.err.startswith("Error: ")


@pytest.mark.parametrize("command", ["list", "describe", "sql"])
def test_a_problem_that_stops_nothing_is_a_warning(folder: Folder, command: str) -> None:
    line = break_column(folder)
    done = crm_ibis(*[command, "revenue_kpis"][: 1 if command == "list" else 2])
    assert done.exit_code == 0
    assert done.err.startswith(f"Warning: {line}: won_by_rep: ")
    assert "Error" not in done.err


def test_only_commands_that_take_tables_ask_for_them(folder: Folder) -> None:
    break_column(folder)
    assert "name the tables" in words(crm_ibis("check").err)
    done = crm_ibis("deployments")
    assert done.exit_code == 2
    assert words(done.err).endswith("fix it")


@pytest.mark.parametrize("command", ["refresh", "sql", "check", "describe"])
def test_a_module_that_cannot_be_read_is_named_once(
    folder: Folder, database: Settings, command: str
) -> None:
    fill(database)
    folder.module("won", "def won_by_rep(stg_leads: Table) -> Table:\n    return = 1\n")
    done = crm_ibis(command, "won_by_rep")
    assert done.exit_code == 2
    assert done.err.startswith("Error: ")
    assert done.err.count("invalid syntax") == 1


def test_a_check_of_a_broken_table_says_why_it_is_not_there(
    folder: Folder, database: Settings
) -> None:
    line = break_column(folder)
    done = crm_ibis("check", "won_by_rep")
    assert done.exit_code == 1
    assert done.err.startswith(f"Warning: {line}: won_by_rep: ")


# New tables


def test_a_keyword_is_no_name_and_the_reason_is_said(folder: Folder) -> None:
    done = crm_ibis("new", "kpi", "class", "--grain", "rep_id", "--from", "stg_leads")
    assert done.exit_code == 2
    assert 'Error: "class" is a keyword of Python, which no function can be called' in done.err


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["kpi", "a_kpi", "--grain", "rep_id", "--from", "stg_lead"], "stg_leads"),
        (["snapshot", "a_history", "--of", "revenue_kpi"], "revenue_kpis"),
    ],
)
def test_an_unknown_table_has_a_near_match_and_no_list(
    folder: Folder, arguments: list[str], match: str
) -> None:
    done = crm_ibis("new", *arguments)
    assert done.exit_code == 2
    assert f'(did you mean "{match}"?); `crm-ibis list` shows' in done.err
    assert "cohort_retention" not in done.err


# Runs


def test_a_refresh_says_how_many_tables_changed(folder: Folder, database: Settings) -> None:
    crm_ibis("seed")
    first = words(crm_ibis("refresh", "revenue_kpis", "compliance_kpis").out)
    assert "2 tables published in run " in first
    again = words(crm_ibis("refresh", "revenue_kpis", "compliance_kpis").out)
    assert "2 tables unchanged in run " in again
    preview = words(crm_ibis("refresh", "revenue_kpis", "pipeline_kpis", "--dry-run").out)
    assert "1 table would be published, 1 unchanged, as of" in preview


def test_seeds_that_were_taken_back_are_not_said_to_be_loaded(
    folder: Folder, database: Settings
) -> None:
    folder.write("seeds/invoices.csv", "id,amount\ni1,many\n")
    done = crm_ibis("seed")
    assert done.exit_code == 1
    assert "nothing was loaded" in done.err
    assert "loaded raw" not in done.err


def test_deployments_that_are_in_step_say_so(folder: Folder) -> None:
    folder.write("jobs.yml", "jobs: {rep_activity: null}")
    written = crm_ibis("deployments")
    assert "`prefect --no-prompt deploy --all` sends it to the server" in written.out
    checked = crm_ibis("deployments", "--check")
    assert (checked.exit_code, checked.out) == (0, "prefect.yaml says what jobs.yml says\n")
    assert checked.err == ""


def test_status_is_silent_about_shipped_channels_while_failures_reach_somebody(
    folder: Folder, database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("jobs.yml", "owners: {Revenue Operations: [teams_revenue]}")
    assert crm_ibis("seed").exit_code == 0
    monkeypatch.setenv("CRM_IBIS_CHANNEL_SLACK", "json://here")
    lines = [line for line in crm_ibis("status").err.splitlines() if line.startswith("alerts")]
    assert lines == ["alerts: no URL in the environment: CRM_IBIS_CHANNEL_TEAMS_REVENUE"]


def test_a_server_that_is_down_is_told_on_one_line(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", "postgres://nobody@127.0.0.1:1/crm")
    (line,) = crm_ibis("status").err.splitlines()
    assert "\t" not in line
    assert line.endswith("refused; check host, port and that the server runs")


# Where the database is


def test_the_database_is_beside_the_mark_of_the_project(folder: Folder, tmp_path: Path) -> None:
    assert crm_ibis("seed").exit_code == 0
    assert (folder.path / "crm.duckdb").is_file()
    assert not (tmp_path / "crm.duckdb").exists()
    assert f"duckdb://{folder.path}/crm.duckdb" in crm_ibis("config", "settings").out


def test_without_a_project_it_is_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert crm_ibis("seed").exit_code == 0
    assert (tmp_path / "here" / "crm.duckdb").is_file()


@pytest.mark.parametrize("command", [["snapshot"], ["retire", "x"], ["grants", "--apply"]])
def test_a_command_that_needs_tables_makes_no_database(tmp_path: Path, command: list[str]) -> None:
    done = crm_ibis(*command)
    assert done.exit_code == 1
    assert "there is no DuckDB file crm.duckdb; `crm-ibis seed` makes one" in done.err
    assert list((tmp_path / "here").iterdir()) == []


def test_inside_a_project_the_folder_to_use_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_project.make(tmp_path / "acme")
    monkeypatch.chdir(tmp_path / "acme" / "metrics")
    done = crm_ibis("list")
    assert done.exit_code == 0
    assert done.err.startswith(f"{tmp_path / 'acme'} is a project folder, but is not in use")
    assert f"export CRM_IBIS_HOME={tmp_path / 'acme'}" in done.err
    monkeypatch.chdir(tmp_path / "acme")
    assert crm_ibis("list").err == ""


def test_a_project_folder_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "our KPIs, 100% ours"
    new_project.make(folder)
    monkeypatch.setenv("CRM_IBIS_HOME", str(folder))
    assert crm_ibis("seed").exit_code == 0
    assert (folder / "crm.duckdb").is_file()
