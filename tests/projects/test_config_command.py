"""`crm-ibis config`: what holds, and where each value comes from."""

import pytest
import yaml
from commands import crm_ibis
from projects.conftest import Write


def test_own_values_carry_their_file_and_line(write: Write) -> None:
    write("jobs.yml", "# ours\njobs:\n  health_scores: {schedule: '0 5 * * *'}\n")
    out = crm_ibis("config", "jobs").out
    assert "      schedule: 0 5 * * *  # jobs.yml, line 3\n" in out
    assert "      sla: 2h\n" in out
    assert out.count("#") == 1


def test_the_reporting_calendar_is_shown_whoever_says_it(write: Write) -> None:
    write("params.yml", "reporting: {time_zone: Asia/Tokyo}")
    out = crm_ibis("config", "params").out
    assert "    time_zone: Asia/Tokyo  # params.yml, line 1\n    fiscal_year_start: 1\n" in out


def test_what_was_taken_away_is_named(write: Write) -> None:
    write("exposures.yml", "rep_activity_dashboard: null")
    out = crm_ibis("config", "exposures").out
    assert "rep_activity_dashboard:" not in out
    assert "  # taken away: rep_activity_dashboard (exposures.yml, line 1)" in out


def test_only_what_is_ones_own(write: Write) -> None:
    write("params.yml", "stages: {sql: {win_probability: 0.4}}")
    write("snapshots.yml", "ours: revenue_kpis")
    out = crm_ibis("config", "--own").out
    assert out == (
        "settings:\n"
        f"{_home_line(out)}\n"
        "\n"
        "params:\n"
        "  stages:\n"
        "    sql:\n"
        "      win_probability: 0.4  # params.yml, line 1\n"
        "\n"
        "snapshots:\n"
        "  ours: revenue_kpis  # snapshots.yml, line 1\n"
    )


def _home_line(out: str) -> str:
    """The folder's name is as long as the machine has it: in one line, or below its comment."""
    return out.removeprefix("settings:\n").split("\n\n")[0]


def test_without_a_project_everything_is_as_shipped() -> None:
    assert crm_ibis("config", "--own").out == "# everything is as shipped\n"


def test_all_of_it_is_yaml_of_at_most_80_columns(write: Write) -> None:
    file = write("exposures.yml", "facility_health_scorecard: {owner: The Board}")
    out = crm_ibis("config").out
    shown = yaml.safe_load(out)
    assert shown["settings"]["database_url"] == f"duckdb://{file.parent}/crm.duckdb"
    assert list(shown) == ["settings", "params", "jobs", "exposures", "snapshots", "sources"]
    assert shown["exposures"]["facility_health_scorecard"]["owner"] == "The Board"
    assert shown["jobs"]["jobs"]["ticket_sla"]["schedule"] == "*/15 * * * *"
    assert shown["jobs"]["alerts"][0]["to"] == ["slack", "owner"]
    long = [line for line in out.splitlines() if len(line) > 80]
    assert [line for line in long if str(file.parent) not in line] == [], "paths are never cut"


def test_settings_come_from_option_and_environment_without_passwords(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", "postgres://etl:secret@db/crm")
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", "landed")
    out = crm_ibis("config", "settings").out
    assert "  database_url: postgres://etl@db/crm  # CRM_IBIS_DATABASE_URL\n" in out
    assert "  raw_schema: landed  # CRM_IBIS_RAW_SCHEMA\n" in out
    assert "  analytics_schema: analytics\n" in out
    assert "secret" not in out
    out = crm_ibis("--database", "duckdb://ours.duckdb", "config", "settings").out
    assert "  database_url: duckdb://ours.duckdb  # --database\n" in out


def test_sources_are_those_of_the_file_and_the_tables_that_stand_for_the_others(
    write: Write,
) -> None:
    write("sources.yml", "sources:\n  leads: {table: crm.deals}\n  invoices: absent\n")
    out = crm_ibis("config", "sources").out
    assert "      table: crm.deals  # sources.yml, line 2\n" in out
    assert "    invoices: absent  # sources.yml, line 3\n" in out
    assert "    tickets:\n      table: raw.tickets\n" in out


def test_json_for_scripts(write: Write) -> None:
    write("jobs.yml", "jobs:\n  rep_activity: null\n  watch: {attempts: 3}\n")
    shown = crm_ibis("config", "jobs", "--json").json["jobs"]
    assert shown["values"]["jobs"]["watch"]["attempts"] == 3
    assert shown["origins"]["jobs.watch.attempts"] == "jobs.yml, line 3"
    assert shown["taken_away"] == {"jobs.rep_activity": "jobs.yml, line 2"}
    own = crm_ibis("config", "--own", "--json").json
    assert own["jobs"]["values"] == {"jobs": {"watch": {"attempts": 3}}}
    assert "exposures" not in own


def test_an_unknown_section_is_named_with_the_one_that_was_meant() -> None:
    done = crm_ibis("config", "job")
    assert done.exit_code == 2
    assert 'there is no section "job" (did you mean "jobs"?)' in done.err


def test_what_is_not_valid_is_said_instead(write: Write) -> None:
    write("params.yml", "cohort_months: 0")
    done = crm_ibis("config", "params")
    assert done.exit_code == 2
    assert "params.yml, line 1" in done.err
