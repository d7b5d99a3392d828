"""Builds the site: reads the database once, then writes the pages into a folder."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from crm_ibis.docs import Description
from crm_ibis.errors import UsageError
from crm_ibis.params import Params
from crm_ibis.warehouse import Warehouse

NEEDED = {"jinja2": "jinja2", "altair": "altair", "vl_convert": "vl-convert-python"}
NEEDED |= {"igraph": "igraph", "pygments": "pygments"}
MARKER = "crm-ibis.txt"
"""In a folder that a build made, so that the next one may replace it and no other."""


@dataclass(frozen=True)
class Site:
    """What was built."""

    folder: Path
    pages: int
    bytes: int

    @property
    def index(self) -> Path:
        return self.folder / "index.html"


def missing() -> list[str]:
    """The packages that a build needs and that are not installed."""
    return [package for module, package in NEEDED.items() if find_spec(module) is None]


def build(
    warehouse: Warehouse,
    folder: Path,
    params: Params,
    report: Callable[[str], None] = lambda line: None,
) -> Site:
    """Writes the whole site, in place of one that was built there before.

    Raises UsageError when the extra `site` is not installed, or when the folder holds other things.
    """
    if absent := missing():
        raise UsageError(
            f"the site needs {', '.join(absent)}; install them: pip install 'crm-ibis[site]'"
        )
    _refuse_other_things(folder)
    new = folder.with_name(f"{folder.name}.new")
    try:
        shutil.rmtree(new, ignore_errors=True)
        (new / "assets").mkdir(parents=True)
        (new / MARKER).write_text("Made by crm-ibis site build, which replaces this folder.\n")
        _write(warehouse, new, params, report)
        # Only now, so that a build that fails leaves the site that is there.
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    except OSError as error:
        raise UsageError(
            f"cannot write {folder}: {error.strerror or error}; give another with --out"
        ) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    files = [file for file in folder.rglob("*") if file.is_file()]
    pages = sum(file.suffix == ".html" for file in files)
    return Site(folder, pages, sum(file.stat().st_size for file in files))


def _refuse_other_things(folder: Path) -> None:
    if folder.is_file():
        raise UsageError(f"{folder} is a file; give a folder with --out")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise UsageError(
            f"{folder} holds other things than a site; give a new or empty folder with --out"
        )


def _write(
    warehouse: Warehouse, folder: Path, params: Params, report: Callable[[str], None]
) -> None:
    # They load what the extra brings.
    from crm_ibis.site import catalog_pages, columns, lineage, log, runs_page, scorecard, trends
    from crm_ibis.site.pages import Pages
    from crm_ibis.site.reading import read

    now = datetime.now(UTC).replace(tzinfo=None)
    report("reading published tables, run log and histories")
    reading, logged, changes = read(warehouse), log.read(warehouse), trends.read(warehouse)
    moment = reading.as_of or now
    report("following columns to their sources")
    direct = columns.direct_origins(params, moment)
    settled = columns.source_origins(direct)
    tables = catalog_pages.described()
    report("writing pages")
    pages = Pages(folder, now, reading.as_of)
    scorecard.write(pages, reading)
    catalog_pages.write(pages, tables, direct, settled, logged, warehouse.raw, params, moment)
    lineage.write(pages, tables, direct, settled)
    runs_page.write(pages, logged, changes)
    _write_assets(folder / "assets", tables)


def _write_assets(folder: Path, tables: list[Description]) -> None:
    import vl_convert

    from crm_ibis.site.search import index

    for file in (Path(__file__).parent / "assets").iterdir():
        shutil.copyfile(file, folder / file.name)
    (folder / "search.js").write_text(index(tables), encoding="utf-8")
    # In a function, as the bundle's own names would else stand in the way of the page's.
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    (folder / "charts.js").write_text(f"(() => {{{bundle}\n}})();\n", encoding="utf-8")
