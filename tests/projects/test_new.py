"""`crm-ibis new`: what it writes runs as written, and it writes everything or nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import Run, crm_ibis
from folders import Folder

from crm_ibis.config.declarations import jobs, snapshots
from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog
from crm_ibis.scaffold.yaml_lines import with_entry
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.testing import read
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

JOBS = """\
# Our own jobs.
jobs:
  health_scores: {schedule: "0 5 * * *"}  # later than shipped

  # An own one.
  watch:
    attempts: 3

# At the end.
owners:
  Sales Operations: [slack_sales]
"""


@pytest.fixture
def run() -> Run:
    return crm_ibis


def files_of(folder: Folder) -> dict[str, str]:
    return {
        path.relative_to(folder.path).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.path.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def pytest_in(folder: Path) -> str:
    """What pytest says of the folder's own tests, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "crm_ibis.testing.plugin", "tests"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_kpi_counts_and_is_published(run: Run, folder: Folder, database: Settings) -> None:
    """The seeds have 8 leads of January 2024 and 4 of February."""
    done = run(*["new", "kpi", "leads_by_rep", "--grain", "rep_id,month", "--from", "stg_leads"])
    assert (done.exit_code, done.err) == (0, "")
    assert [line.split()[-1] for line in done.out.splitlines()[:3]] == [
        str(folder.path / name)
        for name in ("metrics/leads_by_rep.py", "tests/test_leads_by_rep.py", "jobs.yml")
    ]
    catalog.forget()
    with open_warehouse(database) as warehouse:
        load_seeds(warehouse)
    assert run("refresh", "leads_by_rep", "--as-of", "2024-03-01").exit_code == 0
    with open_warehouse(database) as warehouse:
        rows = read(warehouse, "leads_by_rep")
    assert sum(row["leads"] for row in rows) == 12


@pytest.mark.e2e
def test_everything_that_is_written_passes_its_tests(run: Run, folder: Folder) -> None:
    for arguments in (
        "kpi opportunities_by_month --grain facility_id,month --from stg_opportunities",
        "kpi outreach_by_rep --grain rep_id,channel --from stg_outreach",
        "kpi tickets_by_state --grain facility_id,sla_state --from ticket_sla",
        "kpi leads_by_id --grain lead_id --from stg_leads",
        "kpi raw_surveys --grain survey_type,score --from satisfaction",
        "fact deals --from stg_opportunities",
        "fact late_tickets --from ticket_sla",
        "source contracts --columns facility_id:Text,fee:Money,is_signed:Flag",
    ):
        done = run("new", *arguments.split())
        assert done.exit_code == 0, done.err
        catalog.forget()
    assert "23 passed" in pytest_in(folder.path)


def test_a_grain_column_may_be_that_of_the_row_it_belongs_to(run: Run, folder: Folder) -> None:
    run(*["new", "kpi", "deals", "--grain", "facility_id,month", "--from", "stg_opportunities"])
    text = files_of(folder)["metrics/deals.py"]
    assert "def deals(stg_opportunities: Table, stg_leads: Table) -> Table:" in text
    assert 'rows = stg_opportunities.join(leads, "lead_id")' in text
    assert 'facility_id: Text = column("Facility the lead is about.", references="facilities")' in (
        text
    )


def test_lines_are_added_and_every_other_line_stays(run: Run, folder: Folder) -> None:
    folder.write("jobs.yml", JOBS)
    run(*["new", "kpi", "leads_by_rep", "--grain", "rep_id", "--from", "stg_leads"])
    catalog.forget()
    run(*["new", "snapshot", "leads_by_rep_snapshot", "--of", "leads_by_rep"])
    text = files_of(folder)["jobs.yml"]
    left = iter(text.splitlines())
    assert all(line in left for line in JOBS.splitlines())
    catalog.forget()
    assert jobs().jobs["leads_by_rep"].refresh == ["leads_by_rep"]
    assert jobs().jobs["leads_by_rep_snapshot"].snapshot == ["leads_by_rep_snapshot"]
    assert jobs().jobs["watch"].attempts == 3
    assert jobs().owners["Sales Operations"] == ["slack_sales"]
    assert snapshots()["leads_by_rep_snapshot"].kpi == "leads_by_rep"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "jobs:\n  new: {x: 1}\n"),
        ("# only a remark", "# only a remark\n\njobs:\n  new: {x: 1}\n"),
        ("jobs:\n", "jobs:\n  new: {x: 1}\n"),
        ("jobs: {} # none\na: 1\n", "jobs:\n  new: {x: 1}\na: 1\n"),
        ("jobs:\n    old: 1\n\n# end\n", "jobs:\n    old: 1\n    new: {x: 1}\n\n# end\n"),
        ("jobs:\n  old:\n    - 1\n    - 2", "jobs:\n  old:\n    - 1\n    - 2\n  new: {x: 1}\n"),
        (
            "jobs:\n  old: |\n    text\n    more\na: 1\n",
            "jobs:\n  old: |\n    text\n    more\n  new: {x: 1}\na: 1\n",
        ),
    ],
)
def test_an_entry_goes_where_its_kind_is(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "jobs.yml"
    file.write_text(text, encoding="utf-8")
    assert with_entry(file, ("jobs",), "new", ["new: {x: 1}"]) == expected
    assert yaml.safe_load(expected)["jobs"]["new"] == {"x": 1}


REFUSED = {
    "a misspelt table": (
        "kpi deals --grain rep_id --from stg_oportunities",
        ["stg_oportunities", 'did you mean "stg_opportunities"'],
    ),
    "a misspelt column": (
        "kpi deals --grain rep_idd,month --from stg_leads",
        ["rep_idd", 'did you mean "rep_id"', "stg_leads"],
    ),
    "a column twice": ("kpi deals --grain rep_id,rep_id --from stg_leads", ["twice", "rep_id"]),
    "a name of the package's": (
        "kpi health_scores --grain rep_id --from stg_leads",
        ["health_scores", "already"],
    ),
    "a name of a job": ("kpi watch --grain rep_id --from stg_leads", ["watch", "job", "already"]),
    "a name of a snapshot": (
        "kpi health_score_snapshot --grain rep_id --from stg_leads",
        ["health_score_snapshot", "already"],
    ),
    "a name that is none": ("kpi 2deals --grain rep_id --from stg_leads", ["2deals", "letter"]),
    "a word of Python's": ("kpi class --grain rep_id --from stg_leads", ["class", "keyword"]),
    "a package that modules import": (
        "fact ibis --from stg_leads",
        ["its function ibis would hide the ibis that its module imports", "another name"],
    ),
    "what the draft imports": (
        "kpi column --grain rep_id --from stg_leads",
        ["its function column would hide the column that its module imports"],
    ),
    "a class that the draft imports": (
        "kpi table --grain rep_id --from stg_leads",
        ["its class Table would hide the Table that its module imports"],
    ),
    "a type that the draft imports": (
        "kpi count --grain rep_id --from stg_leads",
        ["its class Count would hide the Count"],
    ),
    "a source that its staging table would mix up": (
        "source month_of",
        ["its function month_of would hide the month_of that its module imports"],
    ),
    "a function of Python's": (
        "kpi sum --grain rep_id --from stg_leads",
        ["its function sum would hide Python's own sum"],
    ),
    "a parameter that means something else": (
        "kpi as_of --grain rep_id --from stg_leads",
        ["as_of", "means something else"],
    ),
    "a column that hides the function of columns": (
        "source gifts --columns column:Text",
        ["would hide the `column`"],
    ),
    "too long a name": (f"kpi {'x' * 60} --grain rep_id --from stg_leads", ["too long", "63"]),
    "a fact of nothing": ("fact deals --from stg_lead", ['did you mean "stg_leads"']),
    "a source with an odd type": (
        "source contracts --columns fee:Mony",
        ["fee:Mony", 'did you mean "Money"', "Instant"],
    ),
    "a column by a word of Python's": ("source gifts --columns class:Text", ["class"]),
    "a column of a source twice": ("source gifts --columns fee:Money,fee:Text", ["fee", "once"]),
    "a column that every source has": ("source gifts --columns id:Count", ["id", "created_at"]),
    "a table without its schema": ("source gifts --table gifts", ["schema.table"]),
    "a source of the package's": ("source leads", ["leads", "already"]),
    "a history of nothing": (
        "snapshot deal_history --of health_score",
        ["health_score", 'did you mean "health_scores"'],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_written(run: Run, folder: Folder, case: str) -> None:
    arguments, words = REFUSED[case]
    before = files_of(folder)
    refused = run("new", *arguments.split())
    assert refused.exit_code == 2
    assert "Traceback" not in refused.err
    for word in words:
        assert word in refused.err
    assert files_of(folder) == before


def test_a_name_is_taken_once_it_was_used(run: Run, folder: Folder) -> None:
    arguments = ["new", "kpi", "leads_by_rep", "--grain", "rep_id", "--from", "stg_leads"]
    assert run(*arguments).exit_code == 0
    catalog.forget()
    before = files_of(folder)
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert 'there is a table "leads_by_rep" already' in refused.err
    assert files_of(folder) == before


def test_a_file_that_is_there_is_left_alone(run: Run, folder: Folder) -> None:
    folder.write("tests/test_deals.py", "# mine\n")
    before = files_of(folder)
    refused = run(*["new", "kpi", "deals", "--grain", "rep_id", "--from", "stg_leads"])
    assert refused.exit_code == 2
    assert "test_deals.py is there already" in refused.err
    assert files_of(folder) == before


def test_a_file_that_cannot_be_written_undoes_the_others(
    run: Run, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("jobs.yml", JOBS)
    before = files_of(folder)
    write_text = Path.write_text

    def full(path: Path, text: str, **options: str) -> int:
        if path.name == "jobs.yml":
            raise OSError(28, "No space left on device")
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    refused = run(*["new", "kpi", "deals", "--grain", "rep_id", "--from", "stg_leads"])
    monkeypatch.undo()
    assert refused.exit_code == 2
    assert "No space left on device; nothing was written" in refused.err
    assert files_of(folder) == before


def test_it_needs_a_project_folder(
    run: Run, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRM_IBIS_HOME")
    refused = run(*["new", "kpi", "deals", "--grain", "rep_id", "--from", "stg_leads"])
    assert refused.exit_code == 2
    assert "is no project folder" in refused.err
    assert "crm-ibis init DIR" in refused.err


def test_a_file_in_one_line_is_named_with_what_to_add(run: Run, folder: Folder) -> None:
    folder.write("jobs.yml", "jobs: {watch: {attempts: 3}}\n")
    before = files_of(folder)
    refused = run(*["new", "kpi", "deals", "--grain", "rep_id", "--from", "stg_leads"])
    assert refused.exit_code == 2
    assert "refresh: [deals]" in refused.err
    assert files_of(folder) == before


def test_seeding_a_source_that_is_marked_absent_says_so(folder: Folder) -> None:
    done = crm_ibis("new", "source", "targets", "--columns", "facility_id:Text")
    assert "replace `targets: absent` in sources.yml" in " ".join(done.out.split())
    csv = "id,created_at,facility_id\nt1,2024-01-01,fac_001\n"
    folder.write("seeds/targets.csv", csv)
    done = crm_ibis("seed")
    assert done.exit_code == 0
    assert "targets: sources.yml says `targets: absent`, so no refresh reads it" in done.err
