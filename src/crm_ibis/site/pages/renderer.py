"""Templates made into pages."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

import crm_ibis
from crm_ibis.site.charts import numbers
from crm_ibis.site.pages.embedding import embed

MENU = (
    ("index.html", "Scorecard"),
    ("lists.html", "Work lists"),
    ("catalog.html", "Catalog"),
    ("lineage.html", "Lineage"),
    ("runs.html", "Runs and history"),
)


def prose(text: str) -> Markup:
    """A docstring's words, with what stands in backquotes as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


class Pages:
    """Writes pages into a folder; user text is escaped wherever it stands."""

    def __init__(self, folder: Path, built_at: datetime, as_of: datetime | None) -> None:
        self.folder = folder
        self.templates = Environment(
            loader=PackageLoader("crm_ibis.site"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        shown = (
            numbers.format_value,
            numbers.short,
            numbers.exact,
            numbers.instant,
            numbers.seconds,
            numbers.hours,
        )
        self.templates.filters |= {function.__name__: function for function in shown}
        self.templates.filters |= {"embedded": embed, "prose": prose}
        self.templates.globals |= {
            "menu": MENU,
            "built_at": built_at,
            "as_of": as_of,
            "version": crm_ibis.__version__,
        }

    def write(self, page: str, template: str, **values: Any) -> None:
        """Writes one page, such as `tables/leads.html`."""
        target = self.folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        root = "../" * page.count("/")
        text = self.templates.get_template(f"{template}.html").render(
            page=page, root=root, **values
        )
        target.write_text(text, encoding="utf-8")
