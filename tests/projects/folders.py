"""A small project folder, and deals to compute from."""

from pathlib import Path
from textwrap import dedent

from crm_ibis.config import project
from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog
from crm_ibis.testing import store
from crm_ibis.warehouse import open_warehouse

HEAD = """\
from datetime import datetime

import pandera.ibis as pa
from ibis import Table, _
from pydantic import BaseModel

from crm_ibis import Extension, Fact, Published, Source, column
from crm_ibis.expressions import money
from crm_ibis.types import Count, Day, Exact, Flag, Instant, Money, Number, Text
"""
"""What every module of a test imports."""


class Folder:
    """A project folder; what is written to it counts at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write(project.MARK, 'made_with: "0.1.0"\n')

    def write(self, name: str, text: str) -> Path:
        """A file of the folder."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        catalog.forget()
        return path

    def module(self, name: str, text: str) -> Path:
        """A module of own tables, without its imports."""
        return self.write(f"metrics/{name}.py", HEAD + dedent(text))

    def line(self, module: str, text: str) -> str:
        """Where a text first stands in a module, as errors say it."""
        path = self.path / "metrics" / f"{module}.py"
        lines = path.read_text(encoding="utf-8").splitlines()
        return f"{path}, line {next(n for n, line in enumerate(lines, 1) if text in line)}"


DEALS = """
    id | lead_id | rep_id | status | amount | created_at | closed_at
    d1 | l1      | ann    | won    | 100.50 | 2024-01-10 | 2024-01-20
    d2 | l1      | ann    | won    | 200    | 2024-01-11 | 2024-01-21
    d3 | l1      | ben    | won    | 50     | 2024-02-02 | 2024-02-20
    d4 | l1      | ben    | lost   | 900    | 2024-02-03 | 2024-02-20
"""


def fill(settings: Settings, **sources: str) -> None:
    """Makes the raw tables of all sources, own ones included."""
    with open_warehouse(settings) as warehouse:
        store(warehouse, **{"leads": "id\nl1", "opportunities": DEALS, **sources})
