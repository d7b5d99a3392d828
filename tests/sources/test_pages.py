"""The pages about sources say what the code does: every key, every column, every landed table."""

import re
from pathlib import Path

import pytest
from mappings import SourcesFile
from systems import LANDED, unbound

from crm_ibis.contracts.models import contracts
from crm_ibis.sources import connectors, functions, spec
from crm_ibis.sources.column_spec import Column, Condition, Moment
from crm_ibis.sources.spec import Join, SourceSpec

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sources.md").read_text(encoding="utf-8")


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


@pytest.mark.parametrize("system", connectors.SYSTEMS)
def test_a_connector_s_page_names_its_tables_and_our_columns(system: str) -> None:
    page = (DOCS / "connectors" / f"{system}.md").read_text(encoding="utf-8")
    assert set(LANDED[system]) <= words(page)
    for source in connectors.table_functions(system):
        (section,) = re.findall(rf"^## {source}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        ours = set(unbound(system, source).columns) & set(contracts()[source].schema)
        assert ours <= words(section), f"{source}: {ours - words(section)}"


def test_the_example_is_a_valid_file(sources_file: SourcesFile) -> None:
    first, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    sources_file.write(first)
    declared = spec.load_spec()
    assert declared.absent == {"outreach", "applications", "invoices"}
    assert declared.of("leads").max_quarantined_pct == 2


def test_the_example_of_a_function_makes_its_source(sources_file: SourcesFile) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    sources_file.beside("ours.py", example)
    function = functions.load(sources_file.folder / "ours.py", "leads")
    assert (
        unbound("salesforce", "leads", function).columns == unbound("salesforce", "leads").columns
    )


@pytest.mark.parametrize("system", connectors.SYSTEMS)
def test_the_examples_on_a_connector_s_page_make_their_sources(
    sources_file: SourcesFile, system: str
) -> None:
    page = (DOCS / "connectors" / f"{system}.md").read_text(encoding="utf-8")
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        sources_file.beside("ours.py", example)
        for name in re.findall(r"^def ([a-z]\w+)", example, re.MULTILINE):
            function = functions.load(sources_file.folder / "ours.py", name)
            made = unbound(system, name, function)
            assert made.columns == unbound(system, name).columns


def test_every_key_is_explained() -> None:
    pages = PAGE + (DOCS / "reading-sources.md").read_text(encoding="utf-8")
    for model in (SourceSpec, Column, Join, Moment, Condition):
        for name, key in model.model_fields.items():
            assert re.search(rf"\b{key.alias or name}\b", pages), name
