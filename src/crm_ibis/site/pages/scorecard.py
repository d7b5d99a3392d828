"""The first page: headline numbers, then a section for each exposure."""

from datetime import datetime
from itertools import groupby
from typing import Any

from crm_ibis.config.declarations import Exposure, exposures
from crm_ibis.config.params import Params
from crm_ibis.config.reporting import Reporting
from crm_ibis.metrics import catalog
from crm_ibis.site.charts.defaults import all_sections
from crm_ibis.site.charts.figures import SMALL, STYLE, Figure, Section
from crm_ibis.site.charts.sparkline import SPARKLINE
from crm_ibis.site.data.defaults import all_datasets
from crm_ibis.site.data.reading import Reading
from crm_ibis.site.pages.embedding import columnar
from crm_ibis.site.pages.headlines import (
    COMPANY,
    HEADLINES,
    TABLE,
    headlines,
    missing_sources,
    remarks,
)
from crm_ibis.site.pages.notices import notices
from crm_ibis.site.pages.renderer import Pages
from crm_ibis.site.pages.sla_clocks import JUDGED, paused_tickets, sla_clocks


def write(pages: Pages, reading: Reading, params: Params) -> None:
    """The scorecard, as far as its tables are published.

    The parameters say by which weight of components there is a health score, when fiscal years
    begin, and by which calendars tickets are judged.
    """
    min_coverage_pct = params.health.min_coverage_pct
    reporting = params.reporting
    parts = [_part(section, reading, params) for section in all_sections()]
    rows = headlines(reading)
    months = [row for row in rows if row["facility_id"] == COMPANY]
    pages.write(
        "index.html",
        "scorecard",
        parts=parts,
        uncharted=_other_exposures({part["section"].table for part in parts}),
        headlines=HEADLINES,
        lines=TABLE,
        months=months,
        remarks=remarks(reading, min_coverage_pct),
        scorecard_as_of=reading.published.get("monthly_scorecard"),
        currency=reading.currencies.get("monthly_scorecard"),
        zone=reading.zones.get("monthly_scorecard"),
        fiscal_quarters=_fiscal_quarters(months, reporting),
        small=SMALL,
        incomplete_from=running_month(reading),
        facilities=reading.facilities,
        data={
            **_data(reading, rows, [f for part in parts for f in part["figures"]]),
            "min_coverage": float(min_coverage_pct),
            "remarks": remarks(reading, min_coverage_pct),
            "fiscal_year_start": reporting.fiscal_year_start,
        },
    )


def _fiscal_quarters(months: Any, reporting: Reporting) -> list[tuple[str, int]]:
    """Over the months of the table: each fiscal quarter with the number of its months.

    None where fiscal years are calendar years.
    """
    if reporting.fiscal_year_start == 1:
        return []
    named = groupby(reporting.fiscal_quarter(row["month"]) for row in months)
    return [(name, len(list(same))) for name, same in named]


def running_month(reading: Reading) -> str | None:
    """The first day of the month in which the newest publication falls."""
    month = reading.running_month
    return month.isoformat() if month else None


def _part(section: Section, reading: Reading, params: Params) -> dict[str, Any]:
    shown = [(name, e) for name, e in exposures().items() if section.table in e.of]
    clocks = []
    if section.table in JUDGED:
        clocks = [*sla_clocks(params), *paused_tickets(reading.paused)]
    return {
        "section": section,
        "exposures": shown,
        "as_of": _as_of(section, reading),
        "currency": reading.currencies.get(section.table),
        "clocks": clocks,
        "figures": [
            figure
            for figure in section.figures
            if reading.has(figure.dataset) and not reading.has(figure.unless)
        ],
        "unpublished": _unpublished(section, reading),
        "empty": [f for f in section.figures if reading.rows.get(f.dataset) == []],
        "notices": notices([section.table, *_tables_of(section)], reading),
        "apart": _apart(section, reading),
    }


def _table_of_dataset() -> dict[str, str]:
    return {dataset.name: dataset.table for dataset in all_datasets()}


def _tables_of(section: Section) -> list[str]:
    """The tables that its figures are drawn from."""
    read_from = _table_of_dataset()
    return [read_from[figure.dataset] for figure in section.figures]


def _as_of(section: Section, reading: Reading) -> datetime | None:
    return reading.published.get(section.table)


def _apart(section: Section, reading: Reading) -> dict[str, tuple[str, datetime]]:
    """Figures of another table than the section's: which, and when that is of."""
    read_from = _table_of_dataset()
    tables = {figure.name: read_from[figure.dataset] for figure in section.figures}
    return {
        name: (table, reading.published[table])
        for name, table in tables.items()
        if table != section.table and table in reading.published
    }


def _unpublished(section: Section, reading: Reading) -> list[str]:
    """Tables of the section's figures that were never published."""
    read_from = _table_of_dataset()
    needed = {read_from[f.dataset] for f in section.figures if f.dataset not in reading.rows}
    without = {name for name, status in reading.standing.items() if status.state == "left out"}
    return sorted(needed - reading.published.keys() - without)


def _other_exposures(charted: set[str]) -> list[tuple[str, Exposure]]:
    """Exposures that no section shows: the project's own."""
    catalog.entries()  # says what is wrong with the files, if anything is
    return [(name, e) for name, e in exposures().items() if not charted & set(e.of)]


def _data(reading: Reading, rows: Any, figures: list[Figure]) -> dict[str, Any]:
    datasets = {figure.dataset for figure in figures}
    return {
        "facilities": reading.facilities,
        "running": running_month(reading),
        "small": SMALL,
        "lacking": missing_sources(reading),
        "headlines": [[h.field, h.title, h.kind, h.observations, h.of] for h in HEADLINES],
        "lines": [[h.field, h.title, h.kind, h.observations] for h in TABLE],
        "sparkline": SPARKLINE.to_dict(),
        "style": STYLE,
        "figures": [figure.to_json() for figure in figures],
        "tables": {
            "headlines": columnar(rows),
            **{name: columnar(reading.rows[name]) for name in sorted(datasets)},
        },
    }
