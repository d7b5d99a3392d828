"""The page about own tables says what works: its examples are run as they stand."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from commands import crm_ibis
from folders import Folder, fill

from crm_ibis import contracts as public
from crm_ibis.config.new_project import TEMPLATES, write_templates
from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog
from crm_ibis.metrics.problems import project_problems
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import expect, read
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

PAGE = (Path(__file__).parents[2] / "docs" / "own-tables.md").read_text(encoding="utf-8")
FILES = re.findall(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
DEALS = """
    id | lead_id | rep_id  | status | amount | created_at | closed_at
    d1 | l1      | rep_001 | won    | 100.50 | 2024-01-10 | 2024-01-20
    d2 | l1      | rep_001 | won    | 200    | 2024-01-11 | 2024-01-21
    d3 | l1      | rep_002 | lost   | 50     | 2024-02-02 | 2024-02-20
"""


@pytest.mark.e2e
def test_the_examples_work_together(folder: Folder, database: Settings) -> None:
    write_templates(folder.path)
    for name, text in FILES:
        folder.write(name, text)
    assert project_problems() == []
    fill(
        database,
        leads="id | region\nl1 | north",
        facilities="id\nf1\nf2",
        opportunities=DEALS,
        outreach="facility_id | sent_at\nf1 | 2023-12-30\nf2 | 2024-02-01",
    )
    params = load_params(folder.path / "params.yml")
    with open_warehouse(database) as warehouse:
        refresh(warehouse, params=params, as_of=datetime(2024, 1, 15), snapshot=True)
        done = refresh(warehouse, params=params, as_of=datetime(2024, 3, 1), snapshot=True)
        rows = {name: read(warehouse, name) for name in catalog.entries()}
    assert not done.refused
    expect(rows["rep_wins"], "rep_id | month | wins | avg_amount\nrep_001 | 2024-01 | 2 | 150.25")
    expect(rows["quiet_facilities"], "quiet | facilities\nfalse | 1\ntrue | 1")
    expect(rows["target_attainment"], "rep_id | attainment_pct\nrep_001 | 50")
    assert catalog.entries()["rep_wins"].owner == "Sales Leadership"
    assert catalog.entries()["rep_wins"].sla == "3h"


def test_the_examples_take_no_name_of_a_new_folder() -> None:
    """A team that follows the page starts in the folder that `init` made."""
    theirs = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.py")}
    assert theirs & {name for name, _ in FILES} == set()
    functions = re.compile(r"^def (\w+)", re.MULTILINE)
    taken = {name for path in theirs for name in functions.findall((TEMPLATES / path).read_text())}
    assert taken & {name for _, text in FILES for name in functions.findall(text)} == set()


def test_the_csv_file_of_the_page_is_loaded(folder: Folder, database: Settings) -> None:
    (rows,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    (module,) = [text for name, text in FILES if name == "metrics/targets.py"]
    folder.write("metrics/targets.py", module.partition("class TargetAttainment")[0])
    folder.write("seeds/targets.csv", rows)
    done = crm_ibis("seed")
    assert done.exit_code == 0, done.err
    assert re.search(r"^loaded raw\w*\.targets: 2 rows$", done.err, re.MULTILINE), done.err
    assert "loaded raw.targets: 2 rows" in PAGE.splitlines()
    shown = crm_ibis("show", "targets", "--json").json
    expect(shown, "id | deals\nrep_001 | 4\nrep_002 | 2")


def test_the_page_names_all_bases() -> None:
    for name in public._MODELS:
        assert f"`{name}`" in PAGE
