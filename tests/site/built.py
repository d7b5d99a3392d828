"""A built site, read back: pages, links, embedded rows."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.site.build import build
from crm_ibis.site.pages.embedding import rows_of
from crm_ibis.warehouse import open_warehouse

Rows = list[dict[str, Any]]
AS_OF = datetime(2024, 3, 1)
MID_FEBRUARY = datetime(2024, 2, 15)
HOSTILE = "<script>alert(1)</script>\"'&</script>"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: dict[str, str] = {}
        self.words: list[str] = []
        self._script: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self.ids.add(given.get("id") or "")
        self.links += [v for name in ("href", "src") if (v := given.get(name))]
        self._script = (given.get("id") or "") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self.words.append(data)
        elif self._script:
            self.data[self._script] = self.data.get(self._script, "") + data


@dataclass
class Page:
    """One page as a browser would read it."""

    text: str
    reader: _Reader = field(default_factory=_Reader)

    def __post_init__(self) -> None:
        self.reader.feed(self.text)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.reader.words).split())

    def data(self, name: str = "data") -> Any:
        """The JSON that the page carries."""
        return json.loads(self.reader.data[name])

    def line(self, name: str) -> list[tuple[str, str]]:
        """A row of the table of months: exact values and what is written."""
        row = re.search(rf'<tr data-line="{name}">(.*?)</tr>', self.text, re.DOTALL)
        assert row, name
        cells = re.findall(r'<td title="([^"]*)">([^<]*)', row[1])
        return [(exact, shown.strip()) for exact, shown in cells]


@lru_cache(maxsize=256)
def _read(file: Path, modified: int) -> Page:
    """Parsed once while the file stays as it is."""
    return Page(file.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Built:
    """A folder that `site build` made."""

    folder: Path

    def page(self, name: str = "index.html") -> Page:
        file = self.folder / name
        return _read(file, file.stat().st_mtime_ns)

    @property
    def pages(self) -> list[str]:
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*.html"))

    @property
    def texts(self) -> dict[str, str]:
        """Everything but the charts' own code."""
        files = [f for f in self.folder.rglob("*") if f.is_file() and f.name != "charts.js"]
        return {str(f.relative_to(self.folder)): f.read_text(encoding="utf-8") for f in files}

    @cached_property
    def rows(self) -> dict[str, Rows]:
        """The rows that the scorecard carries, by dataset."""
        tables = self.page().data()["tables"]
        return {name: list(rows_of(columns)) for name, columns in tables.items()}


def settings_in(folder: Path) -> Settings:
    return Settings(database_url=f"duckdb://{folder}/site.duckdb")


def build_site(settings: Settings, folder: Path) -> Built:
    """A site of what is in the database."""
    with open_warehouse(settings, read_only=True) as warehouse:
        build(warehouse, folder, load_params())
    return Built(folder)
