"""The page about own tables says what works: its examples are run as they stand."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from folders import Folder, fill

from crm_ibis import contracts as public
from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog
from crm_ibis.metrics.problems import project_problems
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import expect, read
from crm_ibis.warehouse import open_warehouse

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
    expect(rows["deal_size"], "rep_id | month | deals | avg_amount\nrep_001 | 2024-01 | 2 | 150.25")
    expect(rows["quiet_facilities"], "quiet | facilities\nfalse | 1\ntrue | 1")
    expect(rows["target_attainment"], "rep_id | attainment_pct\nrep_001 | 50")
    assert catalog.entries()["deal_size"].owner == "Sales Leadership"
    assert catalog.entries()["deal_size"].sla == "3h"


def test_the_page_names_all_bases() -> None:
    for name in public._MODELS:
        assert f"`{name}`" in PAGE
