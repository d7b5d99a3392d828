"""prefect.yaml says what jobs.yml says, for each job once, and holds no secret."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import Outcome, crm_ibis, words

from crm_ibis.config import project as content
from crm_ibis.config.declarations import jobs
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.errors import UsageError
from crm_ibis.metrics import catalog
from crm_ibis.operations import deployments

CHECKOUT = Path(__file__).parents[2]


def made() -> dict[str, Any]:
    return yaml.safe_load(deployments.prefect_yaml())


def by_name() -> dict[str, dict[str, Any]]:
    return {deployment["name"]: deployment for deployment in made()["deployments"]}


def forget() -> None:
    contracts.cache_clear()
    histories.cache_clear()
    catalog.entries.cache_clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A team's own project folder, which the program uses; its deployments are those shipped."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / content.MARK).write_text('made_with: "0.1.0"\n', encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_HOME", str(folder))
    forget()
    deployments.write()
    yield folder
    forget()


def declare(project: Path, text: str) -> None:
    """Writes the project's jobs.yml."""
    (project / "jobs.yml").write_text(text, encoding="utf-8")
    forget()


def check() -> Outcome:
    return crm_ibis("deployments", "--check")


def test_the_file_of_the_repository_is_that_of_its_jobs() -> None:
    text = (CHECKOUT / "prefect.yaml").read_text(encoding="utf-8")
    assert text == deployments.prefect_yaml(), "run crm-ibis deployments"


def test_each_job_is_a_deployment() -> None:
    names = [deployment["name"] for deployment in made()["deployments"]]
    assert names == list(jobs().jobs)
    assert len(names) == len(set(names)) == 12


@pytest.mark.parametrize(
    ("job", "entrypoint", "parameters", "cron"),
    [
        ("weighted_pipeline", "refresh", {"job": "weighted_pipeline"}, "0 * * * *"),
        ("conversion_funnel", "refresh", {"job": "conversion_funnel"}, "15 * * * *"),
        ("cohort_retention", "refresh", {"job": "cohort_retention"}, "30 1 * * *"),
        ("rep_activity", "refresh", {"job": "rep_activity"}, "0 2 * * *"),
        ("ticket_sla", "refresh", {"job": "ticket_sla"}, "*/15 * * * *"),
        ("satisfaction", "refresh", {"job": "satisfaction"}, "45 2 * * *"),
        ("health_scores", "refresh", {"job": "health_scores"}, "0 3 * * *"),
        ("pipeline_kpi_snapshot", "snapshot", {"job": "pipeline_kpi_snapshot"}, "0 4 * * *"),
        (
            "conversion_funnel_snapshot",
            "snapshot",
            {"job": "conversion_funnel_snapshot"},
            "15 4 * * *",
        ),
        ("health_score_snapshot", "snapshot", {"job": "health_score_snapshot"}, "30 4 * * *"),
        ("watch", "watch", {}, "*/5 * * * *"),
    ],
)
def test_a_job_runs_when_the_definitions_say(
    job: str, entrypoint: str, parameters: dict[str, str], cron: str
) -> None:
    deployment = by_name()[job]
    assert deployment["entrypoint"] == f"crm_ibis.flows.{entrypoint}.{entrypoint}"
    assert deployment["parameters"] == parameters
    assert deployment["schedules"] == [{"cron": cron, "timezone": "UTC", "active": True}]


def test_every_entrypoint_is_a_flow_of_a_module_of_the_package() -> None:
    for deployment in by_name().values():
        module, _, flow = deployment["entrypoint"].rpartition(".")
        assert getattr(import_module(module), flow).name == flow


def test_runs_of_a_job_never_overlap() -> None:
    limits = [deployment["concurrency_limit"] for deployment in by_name().values()]
    assert limits == [{"limit": 1, "collision_strategy": "CANCEL_NEW"}] * len(limits)


def test_a_deployment_carries_the_criticality_of_its_kpi() -> None:
    found = by_name()
    assert found["health_scores"]["tags"] == ["crm_ibis", "critical"]
    assert found["health_score_snapshot"]["tags"] == ["crm_ibis", "critical"]
    assert found["cohort_retention"]["tags"] == ["crm_ibis", "medium"]
    assert found["watch"]["tags"] == ["crm_ibis"]


def test_no_secret_gets_into_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = deployments.prefect_yaml()
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", "postgres://crm:geheim@db.example.com/crm")
    monkeypatch.setenv("CRM_IBIS_CHANNEL_SLACK", "slack://geheim/geheim/geheim")
    monkeypatch.setenv("CRM_IBIS_CHANNEL_PAGERDUTY", "pagerduty://geheim@geheim")
    text = deployments.prefect_yaml()
    assert text == before
    assert "geheim" not in text
    assert "job_variables" not in text
    assert "{{" not in text, "Prefect would fill it in when it deploys, and keep it"


def test_a_project_folder_has_the_shipped_deployments_and_needs_no_flows(project: Path) -> None:
    text = (project / "prefect.yaml").read_text(encoding="utf-8")
    assert text.startswith("# Made from jobs.yml, over the shipped jobs, by `crm-ibis deployments`")
    shipped = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load(text) == shipped
    done = check()
    assert (done.exit_code, done.err) == (0, "")


def test_a_project_s_own_jobs_are_deployed_beside_the_shipped_ones(project: Path) -> None:
    declare(project, "jobs: {quarter: {refresh: [revenue_kpis]}, supporting_kpis: null}")
    found = by_name()
    assert found["quarter"]["entrypoint"] == "crm_ibis.flows.refresh.refresh"
    assert found["quarter"]["parameters"] == {"job": "quarter"}
    assert "supporting_kpis" not in found
    assert "watch" in found


def test_a_flow_of_the_project_s_own_is_deployed_in_place_of_the_package_s(project: Path) -> None:
    (project / "flows").mkdir()
    (project / "flows" / "snapshot.py").touch()
    found = by_name()
    assert found["health_score_snapshot"]["entrypoint"] == "flows/snapshot.py:snapshot"
    assert found["health_scores"]["entrypoint"] == "crm_ibis.flows.refresh.refresh"


def test_the_checkout_has_no_flows_of_its_own_whatever_its_path_is_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(CHECKOUT)
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path / "link"))
    assert (CHECKOUT / "prefect.yaml").read_text(encoding="utf-8") == deployments.prefect_yaml()


def test_a_file_that_is_out_of_step_is_noticed_and_mended(project: Path) -> None:
    declare(project, "jobs: {cohort_retention: {schedule: 45 1 * * *}}")
    before = (project / "prefect.yaml").read_text(encoding="utf-8")
    done = check()
    assert done.exit_code == 1
    assert "jobs.yml; run crm-ibis deployments" in words(done.err)
    assert (project / "prefect.yaml").read_text(encoding="utf-8") == before

    done = crm_ibis("deployments")
    assert done.exit_code == 0
    assert str(project / "prefect.yaml") in words(done.out)
    assert check().exit_code == 0
    assert by_name()["cohort_retention"]["schedules"][0]["cron"] == "45 1 * * *"


def test_a_paused_job_is_deployed_with_its_schedule_switched_off(project: Path) -> None:
    declare(project, "jobs: {cohort_retention: {paused: true}}")
    found = by_name()
    assert found["cohort_retention"]["schedules"] == [
        {"cron": "30 1 * * *", "timezone": "UTC", "active": False}
    ]
    assert found["rep_activity"]["schedules"][0]["active"] is True


def test_a_job_without_a_schedule_is_deployed_without_one(project: Path) -> None:
    declare(project, "jobs: {cohort_retention: {schedule: null, sla: null}}")
    assert by_name()["cohort_retention"]["schedules"] == []


def test_a_job_that_loses_its_schedule_is_told_with_what_to_run_on_the_server(
    project: Path,
) -> None:
    """`prefect deploy` leaves a schedule that no other takes the place of."""
    assert "clear" not in crm_ibis("deployments").out
    declare(project, "jobs: {cohort_retention: {schedule: null, sla: null}}")
    told = words(crm_ibis("deployments").out)
    assert "prefect deployment schedule clear refresh/cohort_retention" in told
    assert told.count("clear") == 1
    assert "clear" not in crm_ibis("deployments").out, "the message came when the file changed"


def test_check_lists_what_nobody_would_hear_of(project: Path) -> None:
    assert check().err == ""
    declare(project, "{default_route: [], owners: {Sales Management: null}}")
    assert crm_ibis("deployments").exit_code == 0
    done = check()
    assert done.exit_code == 0
    assert "no channel is notified of failures of cohort_retention, rep_activity" in words(done.err)
    assert "jobs.yml: Sales Management" in words(done.err)
    assert "no URL" not in done.err


def test_a_missing_file_is_out_of_step(project: Path) -> None:
    (project / "prefect.yaml").unlink()
    assert check().exit_code == 1
    assert crm_ibis("deployments").exit_code == 0
    assert check().exit_code == 0


def test_time_zones_work_pool_and_pull_steps_are_those_of_the_jobs_file(project: Path) -> None:
    declare(
        project,
        """
time_zone: Europe/Zurich
deployment:
  work_pool: analysts
  pull: [prefect.deployments.steps.set_working_directory: {}]
jobs:
  rep_activity: {time_zone: Asia/Tokyo}
""",
    )
    found = by_name()
    zones = {name: of["schedules"][0]["timezone"] for name, of in found.items()}
    assert zones.pop("rep_activity") == "Asia/Tokyo"
    assert set(zones.values()) == {"Europe/Zurich"}
    assert {of["work_pool"]["name"] for of in found.values()} == {"analysts"}
    assert made()["pull"] == [{"prefect.deployments.steps.set_working_directory": {}}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jobs: {watch: {shedule: 0 1 * * *}}", 'did you mean "schedule"'),
        ("jobs: {watch: {schedule: 30 25 * * *}}", "is not a cron schedule"),
        ("jobs: {a: {refresh: [cohort_retentions]}}", 'did you mean "cohort_retention"'),
        ("time_zone: Utopia/Capital", "is not a time zone"),
        (
            "alerts: [{events: [sla_breech, late], to: [slack]}]",
            'did you mean "sla_breach"',
        ),
    ],
)
def test_a_mistake_in_the_jobs_file_is_told_and_nothing_written(
    project: Path, text: str, told: str
) -> None:
    before = (project / "prefect.yaml").read_text(encoding="utf-8")
    declare(project, text)
    done = crm_ibis("deployments")
    assert done.exit_code == 2
    assert told in words(done.err)
    assert "jobs.yml" in done.err
    assert (project / "prefect.yaml").read_text(encoding="utf-8") == before


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_an_installed_package_without_a_project_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    packaged = Path(content.__file__).parents[1] / "_content"
    monkeypatch.setattr(content, "home", lambda: packaged)
    done = crm_ibis("deployments", *arguments)
    assert done.exit_code == 2
    assert "`crm-ibis init DIR` makes one, CRM_IBIS_HOME names it" in words(done.err)
    with pytest.raises(UsageError):
        deployments.write()
    assert not (packaged / "prefect.yaml").exists()
