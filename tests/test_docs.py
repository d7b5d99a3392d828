"""What is written is true: the generated pages are up to date, the README's Python runs."""

import re
from pathlib import Path

import ibis
import pytest

from crm_ibis import content, docs
from crm_ibis.contracts import contracts
from crm_ibis.types import declared_tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_page_of_tables_is_up_to_date() -> None:
    page = (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8")
    assert page == docs.markdown(), "run `make docs`"


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_readmes_python_runs(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(program, "README.md", "exec"), {})
    assert capsys.readouterr().out.strip()


def test_the_readme_shows_the_excellent_facility(capsys: pytest.CaptureFixture[str]) -> None:
    program = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    exec(compile(program, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count("'health_status': 'excellent'") == 2
    assert "fac_002" not in printed


def test_the_map_names_everything_and_nothing_else() -> None:
    (drawn,) = re.findall(r"## The map\n\n```\n(.*?)```", README, re.DOTALL)
    named = set()
    for line in drawn.splitlines():
        folder = "src/crm_ibis/" if line.startswith("  ") else ""
        named |= {folder + name for name in re.split(r"\s{2,}", line.strip())[0].split()}
    package = {
        f"src/crm_ibis/{place.name}{'/' if place.is_dir() else ''}"
        for place in (ROOT / "src" / "crm_ibis").iterdir()
        if not place.name.startswith("_")
    }
    assert all((ROOT / name).exists() for name in named), named
    assert package - named == {"src/crm_ibis/project_readme.md"}


def test_sources_read_without_pandera_are_those_of_the_contracts() -> None:
    read = declared_tables(content.path("schemas", "sources.py"))
    declared = {c.name: c.schema for c in contracts().values() if c.kind == "source"}
    assert {name: dict(schema) for name, schema in read.items()} == {
        name: dict(schema) for name, schema in declared.items()
    }
    assert all(isinstance(schema, ibis.Schema) for schema in read.values())


def test_every_table_and_column_is_described() -> None:
    for contract in contracts().values():
        assert docs.meaning(contract), contract.name
        for column in contract.columns:
            assert column.description.endswith((".", ".)")), f"{contract.name}.{column.name}"


def test_no_placeholder_is_left() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        assert not re.search(r"\b[A-Z]+_FIGURES\b|TODO|TBD", page.read_text(encoding="utf-8")), page
