"""Builds the site: reads the database once, then writes the pages into a folder."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from crm_ibis import mapping
from crm_ibis.docs import Description
from crm_ibis.errors import UsageError
from crm_ibis.params import Params
from crm_ibis.sources import left_out
from crm_ibis.warehouse import Warehouse

NEEDED = {"jinja2": "jinja2", "altair": "altair", "vl_convert": "vl-convert-python"}
NEEDED |= {"igraph": "igraph", "pygments": "pygments"}
MARKER = "crm-ibis.txt"
"""In a folder that a build made: lists its files, which the next one replaces, and no others."""
NAMED = 3
"""How many of the files in the way a message names."""


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
    place = _place(folder)
    try:
        _refuse_other_things(folder, place)
        place.parent.mkdir(parents=True, exist_ok=True)
        # A folder of this build's own, so that builds at the same time do not meet.
        scratch = Path(mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as error:
        raise _unwritable(folder, error) from None
    new, old = scratch / "new", scratch / "old"
    try:
        (new / "assets").mkdir(parents=True)
        _write(warehouse, new, params, report)
        _mark(new)
        # Only now, so that a build that fails leaves the site that is there; and once more, as
        # files may have come meanwhile.
        _refuse_other_things(folder, place)
        _swap(place, new, old)
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        if place.exists() or not old.exists():
            shutil.rmtree(scratch, ignore_errors=True)
    files = _files(place)
    pages = sum(file.suffix == ".html" for file in files)
    return Site(folder, pages, sum(file.stat().st_size for file in files))


def _place(folder: Path) -> Path:
    """Where the folder really is: of a link, what it leads to."""
    try:
        place = folder.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        raise UsageError(f"{folder} leads nowhere; give another with --out") from None
    if Path.cwd().is_relative_to(place):
        # It would be exchanged under the feet of the shell.
        raise UsageError(f"{folder} holds the current folder; give another with --out")
    return place


def _unwritable(folder: Path, error: OSError) -> UsageError:
    told = error.strerror or error
    return UsageError(f"cannot write {folder}: {told}; give another with --out")


def _refuse_other_things(folder: Path, place: Path) -> None:
    if place.is_file():
        raise UsageError(f"{folder} is a file; give a folder with --out")
    if others := sorted({name.split("/")[0] for name in _names(place) - _written(place)}):
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        raise UsageError(
            f"{folder} holds other things than a site that was built there: "
            f"{', '.join(others[:NAMED])}{more}; a build would remove them: move them away, or "
            "give a new or empty folder with --out"
        )


def _files(folder: Path) -> list[Path]:
    """All files in a folder; links are files, wherever they lead."""
    return [file for file in folder.rglob("*") if file.is_symlink() or not file.is_dir()]


def _names(folder: Path) -> set[str]:
    """The files in a folder, and folders in which there is nothing."""
    empty = [f for f in folder.rglob("*") if f.is_dir() and not any(f.iterdir())]
    return {file.relative_to(folder).as_posix() for file in (*_files(folder), *empty)}


def _mark(folder: Path) -> None:
    """Lists what the build wrote."""
    listed = "\n".join(sorted(_names(folder) | {MARKER}))
    told = "Made by crm-ibis site build, which replaces these files:"
    (folder / MARKER).write_text(f"{told}\n{listed}\n", encoding="utf-8")


def _written(folder: Path) -> set[str]:
    """What the build that was here before wrote."""
    marker = folder / MARKER
    return set(marker.read_text(encoding="utf-8").splitlines()[1:]) if marker.is_file() else set()


def _swap(place: Path, new: Path, old: Path) -> None:
    """Puts the new folder in place of the one that is there, or leaves that one."""
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise


def _write(
    warehouse: Warehouse, folder: Path, params: Params, report: Callable[[str], None]
) -> None:
    # They load what the extra brings.
    from crm_ibis.site import catalog_pages, columns, lineage, log, runs_page, scorecard, trends
    from crm_ibis.site.pages import Pages
    from crm_ibis.site.parameters import used
    from crm_ibis.site.provenance import provenances
    from crm_ibis.site.queries import queries
    from crm_ibis.site.reading import facility_names, read

    now = datetime.now(UTC).replace(tzinfo=None)
    report("following columns to their sources")
    direct = columns.direct_origins(params, now)
    settled = columns.source_origins(direct)
    unknown = columns.unknown(direct, mapping.declared().absent, left_out(direct))
    report("reading published tables, run log and histories")
    # Before the transaction, which would not survive a source that may not be read.
    names, sources = facility_names(warehouse), provenances(warehouse)
    if unread := [name for name, source in sources.items() if not source.is_read]:
        report(f"cannot be read: {', '.join(unread)}; crm-ibis sources tells why")
    with warehouse.transaction():  # so that no refresh meanwhile mixes two publications
        reading = read(warehouse, names, unknown)
        logged, changes = log.read(warehouse), trends.read(warehouse)
    moment = reading.as_of or now
    tables = catalog_pages.described()
    made = queries(sources, warehouse.dialect, warehouse.raw, params, moment)
    assumptions = used(params, moment)
    report("writing pages")
    pages = Pages(folder, now, reading.as_of)
    scorecard.write(pages, reading)
    catalog_pages.write(pages, tables, direct, settled, logged, made, assumptions)
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
