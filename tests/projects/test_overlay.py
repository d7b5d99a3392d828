"""A team's files lie over the shipped ones, key by key; what is wrong is named by file and line."""

import logging
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from commands import crm_ibis
from projects.conftest import Write

from crm_ibis.config import declarations, project
from crm_ibis.config import renamed as renaming
from crm_ibis.config.declarations import exposures, jobs, snapshots
from crm_ibis.config.params import load_params
from crm_ibis.contracts.models import histories
from crm_ibis.errors import UsageError
from crm_ibis.metrics import catalog


def refused(call: object) -> str:
    with pytest.raises(UsageError) as refusal:
        call()  # type: ignore[operator]
    return str(refusal.value)


# What an entry changes, adds and takes away


def test_an_entry_with_a_shipped_name_changes_the_keys_that_it_names(write: Write) -> None:
    shipped = jobs()
    write("jobs.yml", 'jobs: {health_scores: {schedule: "0 5 * * *"}}')
    changed = jobs().jobs["health_scores"]
    assert changed.schedule == "0 5 * * *"
    assert (changed.refresh, changed.sla, changed.attempts) == (["health_scores"], "2h", 4)
    assert jobs().jobs["ticket_sla"] == shipped.jobs["ticket_sla"]
    assert jobs().alerts == shipped.alerts


def test_null_takes_an_entry_away(write: Write) -> None:
    write("jobs.yml", "jobs: {rep_activity: null}")
    write("exposures.yml", "rep_activity_dashboard: null")
    write("snapshots.yml", "health_score_snapshot: null")
    assert "rep_activity" not in jobs().jobs
    assert len(jobs().jobs) == 11
    assert "rep_activity_dashboard" not in exposures()
    assert catalog.entries()["rep_activity_by_channel"].owner is None


def test_null_takes_a_key_of_an_entry_away(write: Write) -> None:
    write("jobs.yml", "jobs: {ticket_sla: {facts: null}}")
    assert jobs().jobs["ticket_sla"].facts == []
    assert jobs().jobs["ticket_sla"].sla == "1h"


def test_an_entry_of_a_new_name_is_added(write: Write) -> None:
    write("snapshots.yml", "revenue_snapshot: revenue_kpis")
    assert snapshots()["revenue_snapshot"].kpi == "revenue_kpis"
    assert len(snapshots()) == 4


def test_a_list_stands_for_the_whole_list(write: Write) -> None:
    write("jobs.yml", "default_route: [slack_sales]")
    assert jobs().default_route == ["slack_sales"]


def test_files_of_comments_change_nothing(write: Write) -> None:
    before = (jobs(), exposures(), snapshots(), load_params())
    for name in ("jobs.yml", "exposures.yml", "snapshots.yml", "params.yml"):
        write(name, "# nothing yet\n")
    assert (jobs(), exposures(), snapshots(), load_params()) == before


def test_the_current_folder_is_a_project_by_its_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "crm_ibis.yml").write_text("made_with: 0.1.0", encoding="utf-8")
    (tmp_path / "here" / "params.yml").write_text("cohort_months: 24", encoding="utf-8")
    assert load_params().cohort_months == 24


# Parameters


def test_params_of_the_folder_lie_between_the_shipped_ones_and_those_of_the_command(
    write: Write, tmp_path: Path
) -> None:
    write("params.yml", "cohort_months: 24\nstages: {sql: {win_probability: 0.4}}")
    named = tmp_path / "push.yml"
    named.write_text("stages: {sql: {win_probability: 0.5}}", encoding="utf-8")
    assert load_params().stages["sql"].win_probability == Decimal("0.4")
    params = load_params(named)
    assert params.stages["sql"].win_probability == Decimal("0.5")
    assert params.stages["sql"].stage_weight == Decimal("0.25")
    assert params.cohort_months == 24


def test_a_wrong_parameter_is_named_by_the_file_that_says_it(write: Write, tmp_path: Path) -> None:
    file = write("params.yml", "# ours\ncohort_mnths: 24\n")
    named = tmp_path / "push.yml"
    named.write_text("compliance_threshold: 90", encoding="utf-8")
    message = refused(lambda: load_params(named))
    assert 'cohort_mnths: unknown key (did you mean "cohort_months"?)' in message
    assert f"({file}, line 2)" in message
    assert "push.yml" not in message


# What is wrong


def test_an_unknown_key_is_named_with_its_line_and_a_near_match(write: Write) -> None:
    file = write("jobs.yml", "jobs:\n  health_scores:\n    shedule: '0 5 * * *'\n")
    message = refused(jobs)
    assert 'jobs.health_scores.shedule: unknown key (did you mean "schedule"?)' in message
    assert f"({file}, line 3)" in message


def test_a_change_to_what_is_not_shipped_is_one_message(write: Write) -> None:
    file = write("exposures.yml", "\nfacility_helth_scorecard:\n  owner: The Board\n")
    message = refused(exposures)
    assert (
        "facility_helth_scorecard: lacks of, criticality, description. The package ships nothing "
        'of this name (did you mean "facility_health_scorecard"?) that the entry could change: '
        f"write it whole, or delete it ({file}, line 2)"
    ) in message
    assert len(message.splitlines()) == 2


def test_a_change_to_a_job_that_is_not_shipped_is_one_message(write: Write) -> None:
    file = write("jobs.yml", "jobs:\n  retired_job: {attempts: 3}\n")
    message = refused(jobs)
    assert "jobs.retired_job: names tables to `refresh`" in message
    assert "write it whole, or delete it" in message
    assert f"({file}, line 2)" in message


def test_null_for_what_is_not_shipped_warns_and_stops_nothing(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    file = write("exposures.yml", "rep_activity_dashbord: null")
    with caplog.at_level(logging.WARNING):
        assert len(exposures()) == 7
    assert caplog.messages == [
        f"{file}, line 1: rep_activity_dashbord: null takes away what the package ships, but it "
        'ships nothing of this name (did you mean "rep_activity_dashboard"?); delete the line'
    ]


def test_an_unknown_kpi_is_named_by_the_file_that_names_it(write: Write) -> None:
    write(
        "exposures.yml",
        "ours:\n  of: [helth_scores]\n  owner: x\n  criticality: low\n  description: x\n",
    )
    assert refused(catalog.entries).startswith(
        'exposures.yml, line 2: ours: there is no KPI "helth_scores" (did you mean "health_scores"'
    )


def test_what_stands_in_the_shipped_file_is_named_by_that(write: Write) -> None:
    write("jobs.yml", "jobs: {nightly: {refresh: [cohort_retention]}}")
    message = refused(catalog.entries)
    assert message.startswith("jobs.yml, line 1: both cohort_retention and nightly refresh")


def test_shipped_channels_of_an_owner_who_is_gone_are_no_error(write: Write) -> None:
    write("exposures.yml", "crm_cohort_retention: {owner: Someone}\nrep_activity_dashboard: null")
    catalog.check_owners()
    write("jobs.yml", "owners: {Somebody: [slack]}")
    message = refused(catalog.check_owners)
    assert message.startswith("jobs.yml, line 1")
    assert 'no exposure has the owner "Somebody"' in message


def test_a_snapshot_of_no_kpi_is_named_by_file_and_line(write: Write) -> None:
    write("snapshots.yml", "\nours: helth_scores")
    assert refused(histories).startswith('snapshots.yml, line 2: ours: there is no KPI "helth_')


def test_a_file_that_is_not_yaml_is_named(write: Write) -> None:
    file = write("jobs.yml", "jobs: {")
    assert refused(jobs).startswith(f"{file}, line 1 is not valid YAML")


# The mark


def test_an_unknown_key_of_the_mark_is_refused(write: Write) -> None:
    file = write("crm_ibis.yml", "made_wth: 0.1.0")
    assert refused(project.home) == (
        f'{file}, line 1: made_wth: unknown key (did you mean "made_with"?); there may be made_with'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("made_with: banana\n", ', line 1: "banana" is no version; write the version of crm_ibis'),
        ("made_with: 0.1 or so", ', line 1: "0.1 or so" is no version'),
        ("", ": lacks made_with; write the version of crm_ibis that the folder was made with"),
        ("made_with:\n", ", line 1: lacks made_with"),
    ],
    ids=["no version", "a sentence", "an empty file", "no value"],
)
def test_a_mark_that_says_no_version_is_refused(write: Write, text: str, message: str) -> None:
    file = write("crm_ibis.yml", text)
    done = crm_ibis("list")
    assert done.exit_code == 2
    assert f"Error: {file}{message}" in done.err


@pytest.mark.parametrize(
    ("made_with", "warns"),
    [("99.0.0", True), ("0.1.0", False), ("0.0.9", False), ("0.0.2.dev3+g1", False)],
)
def test_only_a_folder_of_a_newer_version_warns(
    write: Write, caplog: pytest.LogCaptureFixture, made_with: str, warns: bool
) -> None:
    write("crm_ibis.yml", f'made_with: "{made_with}"')
    with caplog.at_level(logging.WARNING):
        jobs()
        jobs()
    assert len(caplog.messages) == int(warns)
    assert all("made with crm_ibis 99.0.0" in message for message in caplog.messages)


def test_a_command_warns_once_of_a_folder_of_a_newer_version(write: Write) -> None:
    file = write("crm_ibis.yml", 'made_with: "99.0.0"')
    done = subprocess.run(
        [sys.executable, "-m", "crm_ibis", "list"],
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count("Warning: ") == done.stderr.count("made with crm_ibis 99.0.0") == 1


# Renamed tables


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renaming, "renamed_tables", lambda: {"sales_funnel": "conversion_funnel"})


@pytest.mark.usefixtures("renamed")
def test_a_renamed_table_is_read_by_its_new_name(write: Write) -> None:
    write(
        "exposures.yml",
        "ours: {of: [sales_funnel], owner: x, criticality: low, description: x}",
    )
    write("snapshots.yml", "funnel_snapshot: sales_funnel")
    write(
        "jobs.yml",
        "jobs: {conversion_funnel: null, ours: {refresh: [sales_funnel]}}\n"
        "alerts: [{events: [failure], tables: [sales_funnel], to: [slack]}]",
    )
    assert exposures()["ours"].of == ["conversion_funnel"]
    assert snapshots()["funnel_snapshot"].kpi == "conversion_funnel"
    assert jobs().jobs["ours"].refresh == ["conversion_funnel"]
    assert jobs().alerts[0].tables == ["conversion_funnel"]
    assert "ours" in catalog.entries()["conversion_funnel"].exposures


def test_an_alias_within_itself_is_named(write: Write) -> None:
    write("jobs.yml", "jobs: &all\n  mine: *all\n")
    with pytest.raises(UsageError, match=r"jobs.yml, line 1 is not valid YAML: an alias"):
        declarations.jobs()
