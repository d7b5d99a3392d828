"""The pages about sources.yml: every file in them is valid, and every example with tables is true."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mappings import SourcesFile, land, rows_of

from crm_ibis.sources import spec
from crm_ibis.testing import expect
from crm_ibis.warehouse import Warehouse

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("sources.md", "mapping-recipes.md")
TYPES = {"int": "int64", "double": "float64", "boolean": "boolean", "timestamp": "timestamp(6)"}


@dataclass
class Example:
    """A sources.yml of a page, the tables that are landed for it, and what sources become."""

    place: str
    yaml: str
    landed: dict[str, str] = field(default_factory=dict)
    becomes: dict[str, str] = field(default_factory=dict)


def examples() -> list[Example]:
    found: list[Example] = []
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        pieces = re.finditer(
            r"^```yaml\n(?P<yaml>[\s\S]*?)^```$"
            r"|^Landed `(?P<landed>\w+)`:\n\n(?P<rows>(?:\|.*\n)+)"
            r"|^`(?P<source>\w+)` becomes:\n\n(?P<result>(?:\|.*\n)+)",
            text,
            flags=re.MULTILINE,
        )
        for piece in pieces:
            if piece["yaml"]:
                found.append(Example(f"{page}-{len(found)}", piece["yaml"]))
            elif piece["landed"]:
                found[-1].landed[piece["landed"]] = piece["rows"]
            else:
                found[-1].becomes[piece["source"]] = piece["result"]
    return found


def cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip()[1:-1])
    return [part.strip().replace("\\|", "|") for part in parts]


def table_of(text: str) -> tuple[list[str], list[list[str | None]]]:
    """The header and the rows of a table of the page."""
    header, _, *rows = text.strip().splitlines()
    return cells(header), [[None if c == "null" else c for c in cells(row)] for row in rows]


def land_rows(warehouse: Warehouse, schema: str, name: str, text: str) -> None:
    """A landed table as the page draws it; a column without a type is text."""
    header, rows = table_of(text)
    named = [column.removesuffix(")").partition(" (") for column in header]
    types = {column: TYPES.get(kind, "string") for column, _, kind in named}
    land(warehouse, f"{schema}.{name}", types, "none")
    slots = ", ".join("?" for _ in types)
    for row in rows:
        values = [_value(cell, dtype) for cell, dtype in zip(row, types.values(), strict=True)]
        warehouse.run(f"INSERT INTO {warehouse.quote(schema, name)} VALUES ({slots})", values)


def _value(cell: str | None, dtype: str) -> Any:
    if cell is None or dtype == "string":
        return cell
    if dtype == "boolean":
        return cell == "true"
    return cell if dtype.startswith("timestamp") else float(cell) if "." in cell else int(cell)


EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=[e.place for e in EXAMPLES])
def test_every_file_in_the_pages_is_valid(example: Example, sources_file: SourcesFile) -> None:
    sources_file.write(example.yaml)
    assert spec.load_spec().sources


RUN = [example for example in EXAMPLES if example.becomes]


@pytest.mark.parametrize("example", RUN, ids=[e.place for e in RUN])
def test_every_example_is_true(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, example: Example
) -> None:
    for name, text in example.landed.items():
        land_rows(warehouse, landed, name, text)
    sources_file.write(f"schema: {landed}\n{example.yaml}")
    for source, text in example.becomes.items():
        header, rows = table_of(text)
        found = [[_shown(row[c]) for c in header] for row in rows_of(warehouse, source)]
        drawn = [["-" if cell is None else _shown(cell) for cell in row] for row in rows]
        expect(
            [dict(zip(header, row, strict=True)) for row in found],
            "\n".join(" | ".join(row) for row in [header, *drawn]),
        )


def _shown(value: Any) -> Any:
    """A cell as tables are drawn in tests; numbers without the zeros at their end."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.replace("|", "!") if isinstance(value, str) else value
