"""The page of lists: what is open, row by row, for those who work on it."""

from typing import Any

from crm_ibis.config.params import DealQueue
from crm_ibis.site.charts.figures import Column
from crm_ibis.site.data.reading import Reading
from crm_ibis.site.data.work_lists import LISTS, PAUSED, Listed, WorkList
from crm_ibis.site.pages.notices import notices
from crm_ibis.site.pages.renderer import Pages

PAGE = "lists.html"
COLUMNS = {
    column.field: column
    for column in (
        Column("ticket_id", "Ticket", "text"),
        Column("lead_id", "Lead", "text"),
        Column("facility_id", "Facility", "text"),
        Column("priority", "Priority", "text"),
        Column("rep_id", "Rep", "text"),
        Column("stage", "Stage", "text"),
        Column("created_at", "Opened (UTC)", "instant"),
        Column("response_due_at", "Response due (UTC)", "instant"),
        Column("response_state", "Response", "text"),
        Column("resolution_due_at", "Resolution due (UTC)", "instant"),
        Column("resolution_state", "Resolution", "text"),
        Column(PAUSED, "Paused", "text"),
        Column("age_hours", "Open for", "hours"),
        Column("hours_left", "Time left", "hours"),
        Column("amount", "Amount", "money"),
        Column("weighted_value", "Weighted value", "money"),
        Column("last_activity_at", "Last activity (UTC)", "instant"),
        Column("idle_days", "Untouched for", "days"),
        Column("age_days", "Open for", "days"),
    )
}
RANKS = {
    "priority": ("critical", "high", "medium", "low"),
    "stage": ("lead", "sql", "opportunity"),
}
"""The order of what is sorted neither by name nor by number."""


BY_CALENDAR = (
    "Time left counts only while the calendar of a ticket is open; a resolution that is paused "
    "has none."
)
"""What the lists of tickets with time left say where calendars judge tickets."""


def write(
    pages: Pages, reading: Reading, limits: DealQueue, *, has_calendars: bool = False
) -> None:
    """The lists, as far as their tables are published.

    Where there are calendars, the lists of tickets that have time left say whose time it is.
    """
    parts = [_part(each, reading, limits, has_calendars) for each in LISTS]
    pages.write(PAGE, "lists", parts=parts, facilities=reading.facilities)


def _part(
    shown: WorkList, reading: Reading, limits: DealQueue, has_calendars: bool
) -> dict[str, Any]:
    found = reading.lists.get(shown.name)
    standing = reading.standing.get(shown.table)
    return {
        "list": shown,
        "note": shown.note.format(stale_days=limits.stale_days),
        "hint": BY_CALENDAR if has_calendars and "hours_left" in shown.columns else None,
        "columns": [COLUMNS[name] for name in shown.columns],
        "found": found,
        "lines": _lines(found, reading) if found else [],
        "as_of": reading.published.get(shown.table),
        "currency": reading.currencies.get(shown.table),
        "left_out": standing is not None and standing.state == "left out",
        "notices": notices([shown.table], reading),
    }


def _lines(found: Listed, reading: Reading) -> list[list[tuple[Any, Any]]]:
    """Of each row its cells: what is written, and what it is sorted by."""
    return [[_cell(name, row[name], reading) for name in row] for row in found.rows]


def _cell(name: str, value: Any, reading: Reading) -> tuple[Any, Any]:
    if name == "facility_id":
        value = reading.facilities.get(value, value)
    if name == PAUSED:
        return ("paused" if value else None), int(not value)
    if name in RANKS:
        return value, RANKS[name].index(value)
    return value, value
