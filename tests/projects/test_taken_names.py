"""An own table with a name that the package has taken: one message, wherever it is named."""

import pytest
from commands import crm_ibis
from folders import Folder, fill

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import histories

POSTGRES_IS_SLOW = True

TABLE = """
class {model}(Published):
    rep_id: Text = column("The rep.")

    class Config:
        unique = ["rep_id"]


def {name}(stg_opportunities):
    '''Reps.'''
    return stg_opportunities.select("rep_id").distinct()
"""
TAKEN = {
    "a KPI": ("health_scores", "HealthScores", "health_scores is a table of the package"),
    "a fact": ("ticket_sla", "TicketSla", "ticket_sla is a table of the package"),
    "a source": ("facilities", "Facilities", "facilities is a table of the package"),
    "a staging table": ("stg_leads", "StgLeads", "stg_leads is a table of the package"),
    "a snapshot": (
        "health_score_snapshot",
        "HealthScoreSnapshot",
        "health_score_snapshot is a snapshot of the package, or its archive",
    ),
    "an archive": (
        "health_score_snapshot_archive",
        "HealthScoreSnapshotArchive",
        "health_score_snapshot_archive is a snapshot of the package, or its archive",
    ),
}


on_duckdb_and_once_on_postgres = pytest.mark.parametrize(
    ("settings", "taken"),
    [*(("duckdb", case) for case in TAKEN), ("postgres", "a KPI")],
    indirect=True,
)


@pytest.fixture
def taken(request: pytest.FixtureRequest, folder: Folder, database: Settings) -> str:
    """What is said of such a name, in a project that names it wherever it can."""
    name, model, words = TAKEN[request.param]
    folder.module("ours", TABLE.format(name=name, model=model))
    folder.write(
        "exposures.yml",
        f"ours: {{of: [{name}], owner: Sales, criticality: low, description: Ours.}}",
    )
    folder.write("snapshots.yml", f"ours_history: {name}")
    folder.write("jobs.yml", "jobs: {ours: {snapshot: [ours_history]}}")
    fill(database)
    return f"{folder.line('ours', f'class {model}')}: {words}"


@on_duckdb_and_once_on_postgres
def test_commands_that_read_name_the_cause_and_nothing_else(taken: str) -> None:
    for command in (
        ["list"],
        ["describe", "revenue_kpis"],
        ["sql", "revenue_kpis"],
        ["show", "facilities"],
        ["sources"],
        ["refresh", "revenue_kpis", "--as-of", "2024-03-01"],
        ["show", "revenue_kpis"],
    ):
        done = crm_ibis(*command)
        assert done.exit_code == 0, done.err
        assert done.err.count("Warning: ") == 1, done.err
        assert taken in done.err
    done = crm_ibis("status")
    assert done.err.count("Warning: ") == 1, done.err
    assert "health_score_snapshot" in histories()


@on_duckdb_and_once_on_postgres
def test_what_concerns_all_tables_names_it_alone(taken: str) -> None:
    done = crm_ibis("refresh")
    assert done.exit_code == 2
    assert "the project has 1 problem, and nothing was done" in done.err
    assert taken in done.err


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_job_that_is_to_publish_it_is_refused_for_it(folder: Folder, database: Settings) -> None:
    folder.module("ours", TABLE.format(name="facilities", model="Facilities"))
    folder.write("jobs.yml", "jobs: {ours: {refresh: [facilities]}}")
    done = crm_ibis("list")
    assert (done.exit_code, done.err.count("Warning: ")) == (0, 1)
    done = crm_ibis("refresh", "facilities")
    assert done.exit_code == 2
    assert "facilities is a table of the package; give yours another name" in done.err
