"""The parts of the scorecard: one module per subject, each ends in its SECTION.

To add a chart: a figure in the section of its subject, and its columns in `datasets`. To add a
section: a module here, and its name in `ORDER`. A table of which there is none gets charts by the
types of its columns, from `defaults`.
"""

from importlib import import_module

from crm_ibis.site.charts.figures import Section

ORDER = (
    "pipeline",
    "funnel",
    "cohorts",
    "outreach",
    "support",
    "satisfaction",
    "health",
    "revenue",
)


def sections() -> list[Section]:
    """All parts, in the order of the page."""
    return [import_module(f"{__name__}.{name}").SECTION for name in ORDER]
