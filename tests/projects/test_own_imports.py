"""Modules of own tables that import one another."""

from pathlib import Path

from commands import crm_ibis
from folders import HEAD, Folder

from crm_ibis.config import project
from crm_ibis.metrics.problems import project_problems

CONTRACT = """
class {name}(Published):
    rep_id: Text = column("The rep.")
    deals: Count = column("Deals.")

    class Config:
        unique = ["rep_id"]
"""
SHARED = """
from ibis import Table, _


def per_rep(rows: Table) -> Table:
    return rows.group_by("rep_id").agg(deals=_.count())
"""


def table(name: str, imports: str) -> str:
    function = f"def {name.lower()}(stg_opportunities):\n    '''Deals.'''\n"
    body = "    return per_rep(stg_opportunities)\n"
    return HEAD + imports + CONTRACT.format(name=name) + function + body


def test_a_module_whose_name_begins_with_an_underscore_is_shared(folder: Folder) -> None:
    folder.write("metrics/_shared.py", SHARED)
    folder.write("metrics/churn.py", table("Churn", "from ._shared import per_rep\n"))
    with_module = table("Deals", "from . import _shared\n").replace("per_rep(", "_shared.per_rep(")
    folder.write("metrics/deals.py", with_module)
    assert project_problems() == []
    for name in ("churn", "deals"):
        assert "COUNT(*)" in crm_ibis("sql", name).out
    assert "per_rep" not in crm_ibis("list").out
    assert sorted(path.name for path in (folder.path / "metrics").iterdir()) == [
        "_shared.py",
        "churn.py",
        "deals.py",
    ]


def test_a_module_of_tables_can_be_imported_too_and_is_run_once(folder: Folder) -> None:
    shared = SHARED.replace("def per_rep", "def _per_rep")
    counted = "with open('runs', 'a') as file:\n    file.write('once\\n')\n"
    deals = table("Deals", counted + shared).replace("return per_rep", "return _per_rep")
    folder.write("metrics/deals.py", deals)
    folder.write("metrics/churn.py", table("Churn", "from .deals import _per_rep as per_rep\n"))
    assert project_problems() == []
    assert Path("runs").read_text(encoding="utf-8") == "once\n"
    assert "deals" in crm_ibis("list").out


def test_a_change_of_a_shared_module_counts_at_once(folder: Folder) -> None:
    folder.write("metrics/_shared.py", SHARED.replace("_.count()", "1"))
    folder.write("metrics/churn.py", table("Churn", "from ._shared import per_rep\n"))
    (before,) = project_problems()
    assert "deals is int8 in the function" in str(before)
    folder.write("metrics/_shared.py", SHARED)
    assert project_problems() == []


def test_two_projects_in_one_process_have_shared_modules_of_their_own(
    folder: Folder, tmp_path: Path
) -> None:
    other = Folder(tmp_path / "other")
    for each, function in ((folder, "count()"), (other, "rep_id.nunique()")):
        each.write("metrics/_shared.py", SHARED.replace("count()", function))
        each.write("metrics/churn.py", table("Churn", "from ._shared import per_rep\n"))
    for _ in range(2):
        assert "COUNT(DISTINCT" not in crm_ibis("sql", "churn").out
        with project.using(other.path):
            assert "COUNT(DISTINCT" in crm_ibis("sql", "churn").out


def test_what_is_wrong_with_a_shared_module_is_one_message(folder: Folder) -> None:
    shared = folder.write("metrics/_shared.py", "x = = 1\n" + SHARED)
    folder.write("metrics/churn.py", table("Churn", "from ._shared import per_rep\n"))
    folder.write("metrics/deals.py", table("Deals", "from ._shared import per_rep\n"))
    assert [str(problem) for problem in project_problems()] == [
        f"{shared}, line 1: invalid syntax (SyntaxError); fix the line; until then churn, deals "
        "are left out"
    ]


def test_an_import_without_the_dot_says_how_to_write_it(folder: Folder) -> None:
    folder.write("metrics/_shared.py", SHARED)
    folder.write("metrics/churn.py", table("Churn", "from _shared import per_rep\n"))
    (problem,) = project_problems()
    assert str(problem).startswith(
        f"{folder.line('churn', 'from _shared')}: modules in metrics/ import one another by a dot: "
        "`from . import _shared`, or `from ._shared import ...`; write it so; until then churn is"
    )


def test_a_shared_module_that_is_not_there_is_named_with_a_near_match(folder: Folder) -> None:
    folder.write("metrics/_shared.py", SHARED)
    for imports in ("from ._shraed import per_rep\n", "from . import _shraed\n"):
        folder.write("metrics/churn.py", table("Churn", imports))
        (problem,) = project_problems()
        assert 'there is no metrics/_shraed.py (did you mean "_shared"?)' in str(problem)


def test_a_name_that_a_package_does_not_have_is_told_with_a_near_match(folder: Folder) -> None:
    folder.write(
        "metrics/churn.py", table("Churn", "from crm_ibis.expressions import monye_mean\n")
    )
    (problem,) = project_problems()
    assert 'crm_ibis.expressions has no monye_mean (did you mean "money_mean"?)' in str(problem)
