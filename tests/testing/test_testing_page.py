"""docs/testing.md: a team that copies its files gets green tests."""

import re
from pathlib import Path

import pytest
from test_plugin import pytest_of

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
FILE = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)


def project_of_the_page(folder: Path) -> None:
    (folder / "crm_ibis.yml").write_text('made_with: "0.1.0"\n', encoding="utf-8")
    for name, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.mark.e2e
def test_the_files_of_the_page_are_a_project_whose_tests_pass(tmp_path: Path) -> None:
    project_of_the_page(tmp_path)
    done = pytest_of(tmp_path, "", "tests")
    assert "9 passed" in done.stdout, done.stdout


@pytest.mark.e2e
def test_a_difference_reads_as_the_page_shows_it(tmp_path: Path) -> None:
    project_of_the_page(tmp_path)
    test = tmp_path / "tests" / "test_won_by_rep.py"
    text = test.read_text(encoding="utf-8").replace("| 7.00", "| 8.00")
    test.write_text(text, encoding="utf-8")
    done = pytest_of(tmp_path, "", "tests", "-k", "duckdb")
    said = [line.removeprefix("E").strip() for line in done.stdout.splitlines()]
    page = PAGE.read_text(encoding="utf-8")
    (shown,) = re.findall(r"```\n(won_by_rep is not as drawn:.*?)```", page, re.DOTALL)
    assert "\n".join(line.strip() for line in shown.splitlines()) in "\n".join(said).replace(
        "AssertionError: ", ""
    )
