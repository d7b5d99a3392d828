"""What can be wrong with own tables: one message each, with file, line and remedy."""

import pytest
from commands import crm_ibis
from folders import Folder, fill

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.errors import UsageError
from crm_ibis.metrics import graph
from crm_ibis.metrics.problems import project_problems
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

CONTRACT = """
class {name}({base}):
    rep_id: Text = column("The rep.")
    deals: Count = column("Deals.")

    class Config:
        unique = ["rep_id"]
"""
FUNCTION = """
def {name}({needs}):
    '''Deals of each rep.'''
    return stg_opportunities.group_by("rep_id").agg(deals=_.count())
"""
FINE = CONTRACT.format(name="Fine", base="Published") + FUNCTION.format(
    name="fine", needs="stg_opportunities"
)

on_duckdb = pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
"""Messages about files are the same whatever the database."""


def kpi(name: str, needs: str = "stg_opportunities", base: str = "Published") -> str:
    """A KPI in order, unless its name, its base or what it needs is not."""
    class_name = "".join(part.capitalize() for part in name.split("_"))
    return CONTRACT.format(name=class_name, base=base) + FUNCTION.format(name=name, needs=needs)


def problems() -> list[str]:
    """All problems, each on a line; the KPI `fine` works all the same."""
    assert "fine" in graph.kpi_functions()
    assert "fine" in contracts()
    return [str(problem) for problem in project_problems()]


@pytest.fixture
def fine(folder: Folder) -> Folder:
    """A project with a module that is in order."""
    folder.module("fine", FINE)
    return folder


def test_a_folder_in_order_has_no_problems(fine: Folder) -> None:
    assert problems() == []


def test_a_syntax_error(fine: Folder) -> None:
    fine.module("broken", kpi("churn") + "\nchurn = = 1\n")
    assert problems() == [
        f"{fine.line('broken', '= =')}: invalid syntax (SyntaxError); fix the line; until then "
        "churn is left out"
    ]


def test_a_package_that_is_missing(fine: Folder) -> None:
    fine.module("broken", "import prophet_x.models\n" + kpi("churn"))
    assert problems() == [
        f"{fine.line('broken', 'prophet')}: there is no package prophet_x; install it where "
        "crm-ibis is installed, or do without its import; until then churn is left out"
    ]


def test_a_module_that_fails(fine: Folder) -> None:
    fine.module("broken", "LIMIT = 1 / 0\n" + kpi("churn"))
    (line,) = problems()
    assert line.startswith(f"{fine.line('broken', 'LIMIT')}: ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("base", "words"), [("", "its base is none"), ("pa.DataFrameModel", "DataFrameModel")]
)
def test_a_contract_of_another_type(fine: Folder, base: str, words: str) -> None:
    fine.module("broken", kpi("churn", base=base))
    (line,) = problems()
    assert line.startswith(f"{fine.line('broken', 'class Churn')}: Churn is the contract of no")
    assert words in line
    assert "write `class Churn(Published)`" in line


def test_two_modules_with_the_same_table(fine: Folder) -> None:
    fine.module("a", kpi("churn"))
    fine.module("b", kpi("churn"))
    assert problems() == [
        f"there are two tables churn: {fine.line('a', 'class Churn')} and "
        f"{fine.line('b', 'class Churn')}; rename one, or leave it out"
    ]


def test_the_name_of_a_table_of_the_package(fine: Folder) -> None:
    fine.module("broken", kpi("health_scores"))
    (line,) = problems()
    assert line.startswith(
        f"{fine.line('broken', 'class Health')}: health_scores is a table of the package; give "
        "yours another name, or write `class HealthScores(Extension)`"
    )
    assert graph.kpi_functions()["health_scores"].__module__.startswith("crm_ibis.")


def test_the_name_of_a_staging_table_of_the_package(fine: Folder) -> None:
    fine.module("broken", "\ndef stg_leads(leads):\n    return leads\n")
    assert problems() == [
        f"{fine.line('broken', 'def stg_leads')}: stg_leads is a table of the package; give yours "
        "another name"
    ]


def test_a_circle(fine: Folder) -> None:
    fine.module("broken", kpi("one", "two") + kpi("two", "three") + kpi("three", "one"))
    first, *others = problems()
    assert ": a circle; take one of the parameters out" in first
    assert {"one", "two", "three"} <= set(first.split())
    assert all("is left out, as it needs" in line for line in others)
    assert len(others) == 2


def test_a_table_that_needs_itself(fine: Folder) -> None:
    fine.module("broken", kpi("churn", "churn"))
    (line,) = problems()
    assert line.startswith(f"{fine.line('broken', 'class Churn')}: churn needs itself")


def test_a_parameter_that_names_nothing(fine: Folder) -> None:
    fine.module("broken", kpi("churn", "stg_oportunities"))
    assert problems() == [
        f'{fine.line("broken", "class Churn")}: churn: the parameter "stg_oportunities" names no '
        'table, source or snapshot (did you mean "stg_opportunities"?); it may name one, or be '
        "params, as_of or broken_params"
    ]


def test_own_parameters_without_a_model(fine: Folder) -> None:
    fine.module("broken", kpi("churn", "stg_opportunities, broken_params"))
    (line,) = problems()
    assert "write `class Params(BaseModel)` in it, whose values are those under broken" in line


def test_params_that_are_no_pydantic_model(fine: Folder) -> None:
    fine.module("broken", "\nclass Params:\n    months = 3\n")
    assert problems() == [
        f"{fine.line('broken', 'class Params')}: Params is no Pydantic model; write `class "
        "Params(BaseModel)`"
    ]


@pytest.mark.parametrize("name", ["health", "copy", "this-year"])
def test_a_module_whose_name_params_yml_cannot_have(fine: Folder, name: str) -> None:
    fine.module(name, "\nclass Params(BaseModel):\n    months: int = 3\n")
    (line,) = problems()
    assert line.startswith(f"{fine.line(name, 'class Params')}: {name} in params.yml cannot hold")


def test_a_function_that_needs_a_column_which_a_source_lacks(
    fine: Folder, database: Settings
) -> None:
    """Where the column is missing nobody knows when tickets were resolved, so it is not null."""
    text = kpi("churn", "stg_tickets").replace("stg_opportunities.g", "stg_tickets.g")
    text = text.replace("rep_id", "facility_id")
    fine.module("late", text.replace("_.count()", "_.resolved_at.count()"))
    assert problems() == []
    fill(database, tickets="id\nt1")
    with open_warehouse(database) as warehouse:
        tickets = warehouse.quote(warehouse.raw, "tickets")
        warehouse.run(f"ALTER TABLE {tickets} DROP COLUMN resolved_at")
        with pytest.raises(UsageError) as failed:
            refresh(warehouse, ["churn"])
    assert str(failed.value).startswith(f"{fine.line('late', 'return stg')}: churn: ")
    assert "resolved_at" in str(failed.value)


def test_a_function_without_a_contract(fine: Folder) -> None:
    fine.module("broken", FUNCTION.format(name="churn_by_month", needs="stg_opportunities"))
    assert problems() == [
        f"{fine.line('broken', 'def churn')}: the function churn_by_month has no contract; write "
        "`class ChurnByMonth(Published)` beside it, or begin its name with _ if it only helps "
        "others"
    ]


def test_a_contract_without_a_function(fine: Folder) -> None:
    fine.module(
        "broken",
        CONTRACT.format(name="Churns", base="Fact")
        + FUNCTION.format(name="churn", needs="stg_opportunities"),
    )
    contract, function = problems()
    assert contract.startswith(
        f"{fine.line('broken', 'class Churns')}: the contract Churns has no function churns "
        '(did you mean "churn"?)'
    )
    assert function.startswith(f"{fine.line('broken', 'def churn')}: the function churn has no")


def test_a_source_with_a_function(fine: Folder) -> None:
    fine.module("broken", kpi("targets", base="Source"))
    (line,) = problems()
    assert "targets is a source, and has a function of its name; sources.yml says" in line


def test_a_column_that_differs(fine: Folder) -> None:
    fine.module("broken", kpi("churn").replace("deals: Count", "deals: Money"))
    assert problems() == [
        f"{fine.line('broken', 'class Churn')}: the function churn and its contract differ: deals "
        "is int64 in the function and decimal(18, 2) in the contract; make the two match"
    ]


def test_a_function_that_fails(fine: Folder) -> None:
    fine.module("broken", kpi("churn").replace('"rep_id").agg', '"rep").agg'))
    (line,) = problems()
    assert line.startswith(f"{fine.line('broken', 'return stg')}: churn: ")
    assert "rep" in line


def test_a_function_that_returns_no_table(fine: Folder) -> None:
    fine.module("broken", kpi("churn").replace(".agg(deals=_.count())", ""))
    (line,) = problems()
    assert "the function churn returns no Ibis table" in line


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('    class Config:\n        unique = ["rep_id"]\n', "", "Churn does not say its grain"),
        ('["rep_id"]', '["rep"]', 'unique names "rep", which is none of its columns (did you mean'),
        ('column("The rep.")', "pa.Field()", "Churn.rep_id is not described"),
        (
            '"The rep."',
            '"The rep.", references="facility"',
            'churn refers to "facility", which is no source (did you mean "facilities"?)',
        ),
    ],
    ids=["no grain", "unknown grain", "not described", "unknown parent"],
)
def test_a_contract_that_does_not_stand(fine: Folder, old: str, new: str, words: str) -> None:
    text = kpi("churn")
    assert old in text
    fine.module("broken", text.replace(old, new))
    (line,) = problems()
    assert line.startswith(f"{fine.line('broken', 'class Churn')}: ")
    assert words in line


def test_what_needs_a_broken_table_is_left_out_too(fine: Folder) -> None:
    fine.module("broken", kpi("churn") + "\nchurn = = 1\n")
    fine.module("more", kpi("churn_again", "churn") + kpi("as_well", "churn_again"))
    syntax, again, well = problems()
    assert "invalid syntax" in syntax
    assert "churn_again is left out, as it needs churn, which is broken" in again
    assert "as_well is left out, as it needs churn_again, which is broken" in well


def test_a_broken_extension_leaves_the_shipped_table(fine: Folder) -> None:
    fine.module("broken", "\nclass PipelineKpis(Extension):\n    x = = 1\n")
    assert problems() == [
        f"{fine.line('broken', '= =')}: invalid syntax (SyntaxError); fix the line"
    ]
    assert "pipeline_kpi_snapshot" in histories()


# What goes on


@pytest.fixture
def broken(fine: Folder, database: Settings) -> Folder:
    """A KPI with a job and an exposure and a history, in a module with a syntax error."""
    fine.module("broken", kpi("churn") + "\nchurn = = 1\n")
    fine.write(
        "jobs.yml",
        "jobs: {churn: {refresh: [churn], schedule: '0 * * * *', sla: 2h}, "
        "history: {snapshot: [churn_history]}}",
    )
    fine.write(
        "exposures.yml",
        "churn: {of: [churn, fine], owner: Sales, criticality: critical, description: Who left.}",
    )
    fine.write("snapshots.yml", "churn_history: churn")
    return fine


@on_duckdb
@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["describe", "fine"],
        ["sql", "fine"],
        ["refresh", "fine", "--as-of", "2024-03-01"],
        ["refresh", "--tag", "critical", "--as-of", "2024-03-01"],
        ["show", "facilities"],
        ["check", "facilities"],
    ],
    ids=" ".join,
)
def test_commands_go_on_and_print_the_problem(
    broken: Folder, database: Settings, command: list[str]
) -> None:
    fill(database)
    done = crm_ibis(*command)
    assert done.exit_code == 0, done.err
    assert "invalid syntax (SyntaxError)" in done.err
    assert done.err.startswith("Warning: ")
    assert "Error: " not in done.err, "the command did what it was asked to"


@on_duckdb
def test_status_goes_on(broken: Folder, database: Settings) -> None:
    fill(database)
    crm_ibis("refresh", "fine", "--as-of", "2024-03-01")
    done = crm_ibis("status")
    assert "invalid syntax (SyntaxError)" in done.err
    assert "fine" in done.cells


@on_duckdb
@pytest.mark.parametrize(
    "command",
    [["refresh"], ["check"], ["snapshot"], ["deployments"], ["deployments", "--check"]],
    ids=" ".join,
)
def test_what_concerns_all_tables_does_nothing(
    broken: Folder, database: Settings, command: list[str]
) -> None:
    fill(database)
    done = crm_ibis(*command)
    assert done.exit_code == 2
    assert "the project has 1 problem, and nothing was done:" in done.err
    assert broken.line("broken", "= =") in done.err
    with open_warehouse(database) as warehouse:
        assert warehouse.tables(warehouse.analytics) == set()
        assert warehouse.tables(warehouse.meta) == set()


@on_duckdb
def test_a_broken_table_that_is_named_says_why(broken: Folder, database: Settings) -> None:
    fill(database)
    for command in ("refresh", "describe", "sql", "check"):
        done = crm_ibis(command, "churn")
        assert done.exit_code == 2
        assert "= =" not in done.err
        assert f"Error: {broken.line('broken', '= =')}: invalid syntax" in done.err, command


def break_again(folder: Folder, old: str, new: str) -> None:
    """Refreshes and records churn while its module is in order, then breaks that."""
    module = folder.path / "metrics" / "broken.py"
    fine = module.read_text(encoding="utf-8").replace("\nchurn = = 1\n", "")
    folder.write("metrics/broken.py", fine)
    done = crm_ibis("refresh", "churn", "--as-of", "2024-03-01", "--snapshot")
    assert done.exit_code == 0, done.err
    assert old in fine
    folder.write("metrics/broken.py", fine.replace(old, new))


def test_a_table_that_broke_is_not_retired(broken: Folder, database: Settings) -> None:
    fill(database)
    break_again(broken, "deals=_.count()", "deals==")
    found = {row["table"]: row["state"] for row in crm_ibis("status", "--json").json}
    assert found["churn"] != "retired"
    assert found["churn_history"] != "retired"
    assert "is part of this project" in crm_ibis("retire", "churn").err
    # Which of its columns are private, nobody knows while its contract cannot be read.
    done = crm_ibis("show", "churn")
    assert done.exit_code == 2
    assert "invalid syntax" in done.err


def test_what_was_published_of_a_broken_function_can_be_read(
    broken: Folder, database: Settings
) -> None:
    fill(database)
    break_again(broken, "def churn(stg_opportunities)", "def churn(stg_deals)")
    assert [row["deals"] for row in crm_ibis("show", "churn", "--json").json] == [2, 2]
    assert len(crm_ibis("history", "churn_history", "--json").json) == 2
    done = crm_ibis("refresh", "churn")
    assert done.exit_code == 2
    assert 'the parameter "stg_deals" names no table' in done.err


def test_a_refresh_by_hand_refuses_too(broken: Folder, database: Settings) -> None:
    fill(database)
    with open_warehouse(database) as warehouse:
        with pytest.raises(UsageError, match="invalid syntax"):
            refresh(warehouse)
        refresh(warehouse, ["fine"])
        assert len(read(warehouse, "fine")) == 2


def test_what_an_overlay_says_of_nothing_belongs_to_them(fine: Folder) -> None:
    fine.write("exposures.yml", "sales_dashbord: null")
    (line,) = problems()
    assert "exposures.yml, line 1: sales_dashbord: null takes away" in line
    done = crm_ibis("list")
    assert done.exit_code == 0
    assert "sales_dashbord" in done.err


@on_duckdb
def test_a_broken_module_of_a_source_stops_only_its_own_tables(
    fine: Folder, database: Settings
) -> None:
    fine.module(
        "gifts",
        """
        class Gifts(Source):
            id: Text = column("Id.")

            class Config:
                unique = ["id"]

        broken = = 1
        """,
    )
    fine.write("sources.yml", "sources:\n  gifts: {table: crm.gifts}\n")
    assert [text for text in problems() if "gifts is left out" in text]
    assert crm_ibis("seed").exit_code == 0
    assert crm_ibis("refresh", "revenue_kpis", "--as-of", "2024-03-01").exit_code == 0
    assert crm_ibis("show", "revenue_kpis").exit_code == 0
    fine.write("sources.yml", "sources:\n  gift: {table: crm.gifts}\n")
    refused = crm_ibis("refresh", "revenue_kpis")
    assert refused.exit_code == 2
    assert 'there is no source "gift"' in refused.err


@on_duckdb
def test_null_for_nothing_is_a_warning_that_stops_no_run(fine: Folder, database: Settings) -> None:
    fine.write("exposures.yml", "sales_dashbord: null")
    fill(database)
    done = crm_ibis("refresh", "--dry-run")
    assert done.exit_code == 0, done.err
    assert "Warning: " in done.err


@pytest.mark.e2e
def test_the_site_does_without_a_broken_table_its_history_and_its_readers(
    fine: Folder, database: Settings
) -> None:
    fine.module("reader", kpi("reader", "fine_history"))
    fine.write("snapshots.yml", "fine_history: fine")
    fine.write(
        "exposures.yml",
        "deals: {of: [fine], owner: Sales Leadership, criticality: low, description: Deals.}",
    )
    fine.write("metrics/fine.py", "broken = = 1\n" + FINE)
    fill(database)
    for command in (("refresh", "revenue_kpis"), ("site", "build"), ("sql", "revenue_kpis")):
        done = crm_ibis(*command)
        assert done.exit_code == 0, done.err
        assert "Traceback" not in done.err


def test_the_history_of_a_broken_kpi_says_why(broken: Folder, database: Settings) -> None:
    fill(database)
    for command in ("history", "show", "describe", "check"):
        done = crm_ibis(command, "churn_history")
        assert done.exit_code == 2
        assert f"Error: {broken.line('broken', '= =')}: invalid syntax" in done.err, command
        assert "there is no" not in done.err


def test_a_module_that_is_not_in_utf_8_is_one_problem_with_its_tables(folder: Folder) -> None:
    module = folder.module("churn", FINE)
    module.write_bytes(module.read_bytes() + "# Gebäude\n".encode("latin-1"))
    folder.write("exposures.yml", "ours: {of: [fine], owner: x, criticality: low, description: x}")
    done = crm_ibis("list")
    assert done.exit_code == 0
    line = module.read_bytes().count(b"\n")
    assert f"{module}, line {line}: it is not in UTF-8" in " ".join(done.err.split())
    assert "until then fine is left out" in " ".join(done.err.split())
    assert done.err.count("Warning: ") == 1
