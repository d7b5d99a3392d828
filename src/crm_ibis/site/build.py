"""Builds the site: reads the database once, then writes the pages into a folder."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from crm_ibis.config.params import Params
from crm_ibis.errors import UsageError
from crm_ibis.events import ProgressEvent, Report, to_log, warn
from crm_ibis.metrics.describe import Description
from crm_ibis.runlog import summaries
from crm_ibis.site.output import files, replaced_folder
from crm_ibis.warehouse import Warehouse

REPORT_TO_LOG = to_log(__name__)

NEEDED = {"jinja2": "jinja2", "altair": "altair", "vl_convert": "vl-convert-python"}
NEEDED |= {"igraph": "igraph", "pygments": "pygments"}


@dataclass(frozen=True)
class Site:
    """What was built."""

    folder: Path
    pages: int
    bytes: int

    @property
    def index(self) -> Path:
        return self.folder / "index.html"


def missing_packages() -> list[str]:
    """The packages that a build needs and that are not installed."""
    return [package for module, package in NEEDED.items() if find_spec(module) is None]


def build(
    warehouse: Warehouse,
    folder: Path,
    params: Params,
    report: Report = REPORT_TO_LOG,
) -> Site:
    """Writes the whole site, in place of one that was built there before.

    Raises UsageError when the extra `site` is not installed, or when the folder holds other things.
    """
    if absent := missing_packages():
        raise UsageError(
            f"the site needs {', '.join(absent)}; install them: pip install 'crm-ibis[site]'"
        )
    # The script of the charts takes as long as a third of the pages, and waits for none of them.
    with replaced_folder(folder) as new, ThreadPoolExecutor(1) as aside:
        (new / "assets").mkdir()
        script = aside.submit(_write_charts_script, new / "assets" / "charts.js")
        _write(warehouse, new, params, report)
        script.result()
        # Not of the place: another build may replace what is there.
        sizes = {file: file.stat().st_size for file in files(new)}
    pages = sum(file.suffix == ".html" for file in sizes)
    return Site(folder, pages, sum(sizes.values()))


def _write(warehouse: Warehouse, folder: Path, params: Params, report: Report) -> None:
    # They load what the extra brings.
    from crm_ibis.metrics import lineage as origins
    from crm_ibis.metrics.assumptions import params_by_table
    from crm_ibis.site.charts import trends
    from crm_ibis.site.data import provenance, run_history
    from crm_ibis.site.data.reading import facility_names, published_places, read
    from crm_ibis.site.data.unavailable import unavailable_by_table
    from crm_ibis.site.pages import catalog, lineage, runs, scorecard, work_lists
    from crm_ibis.site.pages.queries import queries
    from crm_ibis.site.pages.renderer import Pages
    from crm_ibis.site.pages.sla_clocks import sla_clocks

    now = datetime.now(UTC).replace(tzinfo=None)
    report(ProgressEvent("note", "following columns to their sources"))
    direct = origins.direct_origins(params, now)
    settled = origins.source_origins(direct)
    report(ProgressEvent("note", "reading published tables, run log and histories"))
    # Before the transaction, which would not survive a source that may not be read.
    names = facility_names(warehouse)
    sources = provenance.provenances(warehouse)
    killed = summaries.killed_runs(warehouse)
    if unread := [name for name, source in sources.items() if not source.is_read]:
        warn(report, f"cannot be read: {', '.join(unread)}; crm-ibis sources says why")
    undecided = provenance.undecided(sources)
    # One transaction, so that no refresh meanwhile mixes two publications.
    with warehouse.reading(lambda: published_places(warehouse)):
        lacks = unavailable_by_table(warehouse, params, undecided)
        reading = read(warehouse, names, lacks, undecided, killed, bool(params.calendars))
        logged = run_history.read(warehouse, killed)
        changes = trends.read(warehouse)
    moment = reading.as_of or now
    tables = catalog.all_descriptions()
    made = queries(sources, warehouse.dialect, warehouse.raw, params, moment)
    assumptions = params_by_table(params, moment)
    report(ProgressEvent("note", "writing pages"))
    pages = Pages(folder, now, reading.as_of)
    scorecard.write(pages, reading, params)
    clocks = sla_clocks(params)
    work_lists.write(pages, reading, params.deal_queue, has_calendars=bool(params.calendars))
    catalog.write(pages, tables, direct, settled, logged, made, assumptions, reading, clocks)
    lineage.write(pages, tables, direct, settled)
    runs.write(pages, logged, changes)
    _write_assets(folder / "assets", tables)


def _write_assets(folder: Path, tables: list[Description]) -> None:
    from crm_ibis.site.pages.search import index

    for file in (Path(__file__).parent / "assets").iterdir():
        shutil.copyfile(file, folder / file.name)
    (folder / "search.js").write_text(index(tables), encoding="utf-8")


def _write_charts_script(file: Path) -> None:
    import vl_convert

    # In a function, as the bundle's own names would else stand in the way of the page's.
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    file.write_text(f"(() => {{{bundle}\n}})();\n", encoding="utf-8")
