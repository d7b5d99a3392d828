"""What can be found on the site: pages, tables, columns, dashboards, sections and figures."""

from collections.abc import Iterator
from typing import Any

from crm_ibis.config.declarations import exposures
from crm_ibis.metrics.describe import Description
from crm_ibis.site.charts.defaults import all_sections
from crm_ibis.site.data.work_lists import LISTS
from crm_ibis.site.pages.embedding import embed
from crm_ibis.site.pages.renderer import MENU

Found = tuple[str, str, str, str]
"""Name, kind, address, and the words about it."""


def index(tables: list[Description]) -> str:
    """A script: search must work without a server, where a page may not read other files."""
    return f"window.SEARCH = {embed(list(_entries(tables)))};\n"


def _entries(tables: list[Description]) -> Iterator[Found]:
    yield from ((name, "page", address, "") for address, name in MENU)
    for section in all_sections():
        yield section.title, "section", f"index.html#{section.name}", ""
        # To the section, as a chart is there only when its table is published.
        for figure in section.figures:
            kind = f"chart in {section.title}"
            yield figure.title, kind, f"index.html#{section.name}", figure.note
    for each in LISTS:
        yield each.title, "list", f"lists.html#{each.name}", each.note
    for name, exposure in exposures().items():
        about = f"{exposure.description} {exposure.owner}, {exposure.criticality}"
        yield name, "dashboard", f"tables/{exposure.of[0]}.html", about
    for table in tables:
        page = f"tables/{table.name}.html"
        yield table.name, table.kind, page, " ".join(table.meaning.split())
        yield from (_column(table, column, page) for column in table.columns)


def _column(table: Description, column: dict[str, Any], page: str) -> Found:
    name = column["name"]
    return f"{table.name}.{name}", "column", f"{page}#{name}", column["description"]
