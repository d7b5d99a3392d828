"""Exposures, jobs, contracts and functions agree, and say what the definitions say."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from old_project import copy_to

from crm_ibis.config import declarations
from crm_ibis.config import project as content
from crm_ibis.contracts.models import contracts, get_contract, histories
from crm_ibis.errors import UsageError
from crm_ibis.metrics import catalog, graph

EXPOSURES = {
    "crm_weighted_pipeline": ("weighted_pipeline_scenarios", "Sales Operations", "high"),
    "crm_conversion_funnel": ("conversion_funnel", "Sales Leadership", "high"),
    "crm_cohort_retention": ("cohort_retention", "Revenue Operations", "medium"),
    "rep_activity_dashboard": ("rep_activity_by_channel", "Sales Management", "medium"),
    "support_sla_monitoring": ("ticket_sla_compliance", "Customer Success", "high"),
    "customer_satisfaction_analytics": ("satisfaction_rollups", "Customer Success", "high"),
    "facility_health_scorecard": ("health_scores", "Executive Leadership", "critical"),
}
SCHEDULES = {
    "weighted_pipeline_scenarios": ("0 * * * *", "2h"),
    "conversion_funnel": ("15 * * * *", "2h"),
    "cohort_retention": ("30 1 * * *", "4h"),
    "rep_activity_by_channel": ("0 2 * * *", "3h"),
    "ticket_sla_compliance": ("*/15 * * * *", "1h"),
    "satisfaction_rollups": ("45 2 * * *", "4h"),
    "health_scores": ("0 3 * * *", "2h"),
}
SUPPORTING = {
    "pipeline_kpis",
    "compliance_kpis",
    "revenue_kpis",
    "outreach_kpis",
    "combined_kpis",
    "monthly_scorecard",
}
KPIS = SCHEDULES.keys() | SUPPORTING
FACTS = {"lead_milestones", "ticket_sla", "ticket_queue", "deal_queue"}
SOURCES = {
    "facilities",
    "leads",
    "opportunities",
    "tickets",
    "satisfaction",
    "outreach",
    "applications",
    "invoices",
}


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files of this project, whatever the environment says, and nothing remembered."""
    monkeypatch.delenv("CRM_IBIS_HOME", raising=False)
    remembered = (catalog.entries, contracts, histories)
    for function in remembered:
        function.cache_clear()
    yield
    for function in remembered:
        function.cache_clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder of the test's own, in use while the test runs."""
    copy_to(tmp_path / "project")
    monkeypatch.setenv("CRM_IBIS_HOME", str(tmp_path / "project"))
    return tmp_path / "project"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


# Functions and contracts


def test_the_functions_are_the_tables_of_the_definitions() -> None:
    assert graph.kpi_functions().keys() >= KPIS
    assert graph.fact_functions().keys() >= FACTS


def test_every_kpi_and_fact_has_a_contract_and_every_contract_a_function() -> None:
    published = {c.name for c in contracts().values() if c.kind == "published"}
    assert published == graph.kpi_functions().keys() | graph.fact_functions().keys()


def test_every_source_has_a_contract_and_a_seed() -> None:
    sources = {c.name: c.is_optional for c in contracts().values() if c.kind == "source"}
    assert {name for name, is_optional in sources.items() if not is_optional} == SOURCES
    assert {file.stem for file in content.path("seeds").glob("*.csv")} == SOURCES
    assert set(graph.sources_of([*KPIS, *FACTS])) <= sources.keys()


def test_every_table_and_every_column_is_described() -> None:
    for contract in contracts().values():
        assert contract.model.__doc__, contract.name
        assert all(c.description for c in contract.columns), contract.name
    for name, function in graph.table_functions().items():
        assert function.__doc__, name


# Exposures


def test_exposures_are_those_of_the_definitions() -> None:
    found = {
        name: (*exposure.of, exposure.owner, exposure.criticality)
        for name, exposure in declarations.exposures().items()
    }
    assert found == EXPOSURES


def test_every_exposed_table_is_a_kpi() -> None:
    exposed = {kpi for exposure in declarations.exposures().values() for kpi in exposure.of}
    assert exposed <= graph.kpi_functions().keys()


def test_every_exposure_says_what_it_is_for() -> None:
    assert all(exposure.description for exposure in declarations.exposures().values())


# Jobs


def test_every_kpi_has_exactly_one_job() -> None:
    refreshed = Counter(kpi for job in declarations.jobs().jobs.values() for kpi in job.refresh)
    assert refreshed == Counter(graph.kpi_functions().keys())


def test_schedules_and_slas_are_those_of_the_definitions() -> None:
    jobs = declarations.jobs()
    found = {kpi: (job.schedule, job.sla) for job in jobs.jobs.values() for kpi in job.refresh}
    assert {kpi: found[kpi] for kpi in SCHEDULES} == SCHEDULES
    assert jobs.time_zone == "UTC"


def test_attempts_and_waits_are_those_of_the_definitions() -> None:
    jobs = declarations.jobs().jobs
    found = {
        name: (job.attempts, job.first_wait, job.factor)
        for job in jobs.values()
        for name in job.refresh
        if name in SCHEDULES
    }
    assert found == {
        "weighted_pipeline_scenarios": (3, "60s", 1.5),
        "conversion_funnel": (3, "60s", 1.5),
        "cohort_retention": (2, "60s", 1.5),
        "rep_activity_by_channel": (2, "60s", 1.5),
        "ticket_sla_compliance": (5, "30s", 1.2),
        "satisfaction_rollups": (2, "60s", 1.5),
        "health_scores": (4, "60s", 1.5),
    }
    recorded = {name: (job.schedule, job.attempts) for name, job in jobs.items() if job.snapshot}
    assert recorded == {
        "pipeline_kpi_snapshot": ("0 4 * * *", 2),
        "conversion_funnel_snapshot": ("15 4 * * *", 2),
        "health_score_snapshot": ("30 4 * * *", 2),
    }


def test_all_attempts_fit_into_the_sla() -> None:
    for name, job in declarations.jobs().jobs.items():
        longest = job.attempts * job.statement_seconds + sum(job.waits)
        assert longest <= (job.sla_duration or declarations.NO_SLA_BUDGET).total_seconds() + 1e-6, (
            name
        )


def test_supporting_kpis_are_refreshed_daily() -> None:
    for job in declarations.jobs().jobs.values():
        if SUPPORTING & set(job.refresh):
            assert re.fullmatch(r"\d+ \d+ \* \* \*", job.schedule or "")


# The catalogue that they make together


def test_every_kpi_has_an_entry_with_owner_criticality_and_sla() -> None:
    entries = catalog.entries()
    assert entries.keys() == graph.kpi_functions().keys()
    for exposure, (kpi, owner, criticality) in EXPOSURES.items():
        entry = entries[kpi]
        assert (entry.owner, entry.criticality) == (owner, criticality)
        assert entry.exposures == (exposure,)
        assert entry.sla == SCHEDULES[kpi][1]
    for name in SUPPORTING:
        assert (entries[name].owner, entries[name].criticality) == (None, None)
        assert entries[name].sla


def test_entries_say_what_a_kpi_needs() -> None:
    entries = catalog.entries()
    assert entries["conversion_funnel"].needs == ("lead_milestones",)
    assert set(entries["combined_kpis"].needs) == {
        "pipeline_kpis",
        "compliance_kpis",
        "revenue_kpis",
        "outreach_kpis",
    }


def test_a_tag_is_a_criticality() -> None:
    assert catalog.tables_with_tag("critical") == ["health_scores"]
    assert set(catalog.tables_with_tag("medium")) == {"cohort_retention", "rep_activity_by_channel"}
    assert set(catalog.tables_with_tag("high")) == {
        "weighted_pipeline_scenarios",
        "conversion_funnel",
        "ticket_sla_compliance",
        "satisfaction_rollups",
    }
    with pytest.raises(UsageError, match="critical, high, medium"):
        catalog.tables_with_tag("low")


def test_the_most_critical_exposure_gives_a_kpi_its_owner(project: Path) -> None:
    edit(
        project / "schemas" / "exposures.yml",
        "of: [health_scores]",
        "of: [health_scores, conversion_funnel]",
    )
    entry = catalog.entries()["conversion_funnel"]
    assert (entry.owner, entry.criticality) == ("Executive Leadership", "critical")
    assert entry.exposures == ("facility_health_scorecard", "crm_conversion_funnel")


# Files that are wrong

EXPOSURE_MISTAKES = {
    "an unknown key": ("owner: Sales Operations", "owners: Sales Operations", "owners"),
    "a missing key": ("  owner: Sales Operations\n", "", "crm_weighted_pipeline.owner"),
    "a criticality with a typo": ("criticality: high", "criticality: hihg", "criticality"),
    "a list that is none": ("of: [health_scores]", "of: health_scores", "scorecard.of"),
}
JOB_MISTAKES = {
    "an unknown key of a job": ("    sla: 2h", "    slo: 2h", "jobs.weighted_pipeline.slo"),
    "an unknown key of the file": ("time_zone: UTC", "timezone: UTC", "timezone"),
    "a missing key": ("    sla: 2h\n", "", "jobs.weighted_pipeline: lacks `sla`"),
    "a pause of nothing": ('schedule: "0 * * * *"', "paused: true", "has no `schedule` to pause"),
    "a list that is none": ("refresh: [health_scores]", "refresh: health_scores", "refresh"),
}


@pytest.mark.parametrize(("old", "new", "key"), EXPOSURE_MISTAKES.values(), ids=EXPOSURE_MISTAKES)
def test_a_wrong_exposure_is_named(project: Path, old: str, new: str, key: str) -> None:
    edit(project / "schemas" / "exposures.yml", old, new)
    with pytest.raises(UsageError) as refused:
        catalog.entries()
    assert "exposures.yml is not valid" in str(refused.value)
    assert key in str(refused.value)


@pytest.mark.parametrize(("old", "new", "key"), JOB_MISTAKES.values(), ids=JOB_MISTAKES)
def test_a_wrong_job_is_named(project: Path, old: str, new: str, key: str) -> None:
    edit(project / "flows" / "jobs.yml", old, new)
    with pytest.raises(UsageError) as refused:
        catalog.entries()
    assert "jobs.yml is not valid" in str(refused.value)
    assert key in str(refused.value)


@pytest.mark.parametrize("file", ["schemas/exposures.yml", "flows/jobs.yml"])
def test_a_kpi_that_does_not_exist_is_named(project: Path, file: str) -> None:
    edit(project / file, "[health_scores]", "[heath_scores]")
    with pytest.raises(UsageError, match=r'heath_scores.*did you mean "health_scores"'):
        catalog.entries()


@pytest.mark.parametrize("file", ["schemas/exposures.yml", "flows/jobs.yml"])
def test_a_file_that_is_no_yaml_or_not_there_is_named(project: Path, file: str) -> None:
    (project / file).write_text("jobs: {", encoding="utf-8")
    with pytest.raises(UsageError, match=f"{Path(file).name}, line 1 is not valid YAML"):
        catalog.entries()
    (project / file).unlink()
    with pytest.raises(UsageError, match=f"{Path(file).name} is missing"):
        catalog.entries()


def test_a_kpi_is_refreshed_by_one_job(project: Path) -> None:
    edit(project / "flows" / "jobs.yml", "refresh: [cohort_retention]", "refresh: [health_scores]")
    with pytest.raises(UsageError, match="both cohort_retention and health_scores refresh"):
        catalog.entries()


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ("[ticket_slas]", '"ticket_slas" is no fact .*did you mean "ticket_sla"'),
        ("[health_scores]", '"health_scores" is no fact that shares a source with ticket_sla_'),
        ("[lead_milestones]", "ticket_sla_compliance; these do: ticket_sla, ticket_queue"),
        ("[ticket_sla, ticket_sla]", "ticket_sla names twice ticket_sla"),
    ],
)
def test_a_job_publishes_facts_that_there_are(project: Path, facts: str, message: str) -> None:
    edit(project / "flows" / "jobs.yml", "facts: [ticket_sla]", f"facts: {facts}")
    with pytest.raises(UsageError, match=message):
        catalog.entries()


@pytest.mark.parametrize("beside", ["", "snapshot: [health_score_snapshot]\n    "])
def test_facts_go_with_kpis_of_a_job(project: Path, beside: str) -> None:
    edit(
        project / "flows" / "jobs.yml",
        "snapshot: [health_score_snapshot]",
        f"{beside}facts: [ticket_sla]",
    )
    with pytest.raises(UsageError, match="has `facts`, which go with tables to `refresh`"):
        catalog.entries()


def test_lists_of_what_is_open_are_published_with_the_kpis_of_their_subject() -> None:
    assert catalog.scheduled_facts() == ["deal_queue", "ticket_queue"]
    assert declarations.jobs().jobs["weighted_pipeline"].facts == ["deal_queue"]
    job = declarations.jobs().jobs["ticket_sla"]
    assert job.published_tables == ["ticket_sla_compliance", "ticket_queue"]
    assert job.tables == ("ticket_sla_compliance",)  # which alone has an SLA


def test_channels_of_an_owner_whom_nobody_knows_are_named(project: Path) -> None:
    edit(project / "flows" / "jobs.yml", "Sales Management:", "Sales Managment:")
    with pytest.raises(UsageError, match='did you mean "Sales Management"'):
        catalog.check_owners()


def test_a_name_that_prefect_would_refuse_is_no_job(project: Path) -> None:
    edit(project / "flows" / "jobs.yml", "  cohort_retention:\n", "  cohorts (EU):\n")
    with pytest.raises(UsageError, match="pattern"):
        catalog.entries()


# Snapshots


def test_the_snapshots_are_those_of_the_definitions() -> None:
    found = {s.name: (s.kpi, s.retention_days) for s in declarations.snapshots().values()}
    assert found == {
        "pipeline_kpi_snapshot": ("pipeline_kpis", 365),
        "conversion_funnel_snapshot": ("conversion_funnel", 365),
        "health_score_snapshot": ("health_scores", 365),
    }
    keys = {name: contract.key[:-1] for name, contract in histories().items()}
    assert keys == {
        "pipeline_kpi_snapshot": ("facility_id", "month"),
        "conversion_funnel_snapshot": ("facility_id", "rep_id", "month", "funnel_stage"),
        "health_score_snapshot": ("facility_id", "month"),
    }


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("extra: pipeline_kpi", 'there is no KPI "pipeline_kpi".*did you mean "pipeline_kpis"'),
        ("revenue_kpis: health_scores", "revenue_kpis or its archive .* has the name of another"),
        ("pipeline_kpi_snapshot_archive: health_scores", "has the name of another"),
        ("s" * 56 + ": health_scores", "is too long a name"),
    ],
)
def test_a_snapshot_that_cannot_be_is_refused(project: Path, lines: str, message: str) -> None:
    file = project / "schemas" / "snapshots.yml"
    file.write_text(file.read_text(encoding="utf-8") + lines + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        histories()


def test_a_snapshot_of_two_jobs_or_of_none_declared_is_refused(project: Path) -> None:
    edit(project / "flows" / "jobs.yml", "[health_score_snapshot]", "[pipeline_kpi_snapshot]")
    with pytest.raises(UsageError, match="both pipeline_kpi_snapshot and health_score_snapshot"):
        declarations.snapshots()
    edit(project / "flows" / "jobs.yml", "[pipeline_kpi_snapshot]", "[pipeline_snapshot]")
    with pytest.raises(UsageError, match='did you mean "pipeline_kpi_snapshot"'):
        declarations.snapshots()


def test_a_project_without_snapshots_refreshes_all_the_same(project: Path) -> None:
    (project / "schemas" / "snapshots.yml").unlink()
    jobs = (project / "flows" / "jobs.yml").read_text(encoding="utf-8")
    before, _, _ = jobs.partition("  # Histories.")
    (project / "flows" / "jobs.yml").write_text(before, encoding="utf-8")
    assert declarations.snapshots() == {}
    assert get_contract("health_scores").name == "health_scores"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("attempts: 3", "atempts: 3", 'unknown key .did you mean "attempts"'),
        ("attempts: 3", "attempts: 0", "greater than or equal to 1"),
        ('"0 * * * *"', '"61 * * * *"', "is not a cron schedule"),
        ("time_zone: UTC", "time_zone: Zurich", "is not a time zone"),
        ("sla: 2h", "sla: soon", "not a duration"),
        ("default_route: [slack, owner]", "default_route: [Slack]", "pattern"),
        ("default_route:", "defualt_route:", 'did you mean "default_route"'),
        ("    attempts: 3", "    paused: later", "valid boolean"),
        ("first_wait: 60s", "first_wait: 1x", "not a duration"),
        ("refresh: [conversion_funnel]", "snapshot: []", "names tables to `refresh`, or"),
        ("events: [success]", "events: [sucess]", 'did you mean "success"'),
        ("to: [pagerduty]", "to: [Pager Duty]", "pattern"),
    ],
)
def test_a_mistake_in_the_jobs_file_is_named(
    project: Path, old: str, new: str, message: str
) -> None:
    edit(project / "flows" / "jobs.yml", old, new)
    with pytest.raises(UsageError, match=message):
        catalog.entries()


def test_attempts_wait_longer_each_time() -> None:
    jobs = declarations.jobs().jobs
    assert jobs["health_scores"].waits == [60, 90, 135]
    assert jobs["ticket_sla"].waits == pytest.approx([30, 36, 43.2, 51.84])
    assert jobs["health_score_snapshot"].attempts == 2
