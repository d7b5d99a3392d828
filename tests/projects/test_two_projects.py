"""Two projects in one process: what is read of one never stands for the other."""

from pathlib import Path

import pytest
from folders import Folder

from crm_ibis.config import project
from crm_ibis.contracts.models import contracts, histories
from crm_ibis.metrics import catalog, graph, own

KPI = """
class Fine(Published):
    rep_id: Text = column("The rep.")

    class Config:
        unique = ["rep_id"]


def fine(stg_leads):
    '''Reps.'''
    return stg_leads.select("rep_id").distinct()
"""


def known_of_fine() -> list[bool]:
    return [
        "fine" in found
        for found in (
            contracts(),
            {name.removesuffix("_history") for name in histories()},
            own.own_functions().known,
            graph.kpi_functions(),
            graph.table_functions(),
            catalog.entries(),
        )
    ]


def test_each_knows_its_own_tables(folder: Folder, tmp_path: Path) -> None:
    folder.module("fine", KPI)
    folder.write("snapshots.yml", "fine_history: fine")
    other = Folder(tmp_path / "other")
    for _ in range(2):
        assert known_of_fine() == [True] * 6
        with project.using(other.path):
            assert known_of_fine() == [False] * 6


def test_the_current_folder_counts(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.module("fine", KPI)
    monkeypatch.delenv("CRM_IBIS_HOME")
    assert "fine" not in catalog.entries()
    monkeypatch.chdir(folder.path)
    assert "fine" in catalog.entries()
