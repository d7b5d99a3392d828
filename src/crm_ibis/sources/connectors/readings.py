"""In which of several ways a connector reads tables, by the columns that landed.

A line for each choice that a reader of the numbers should know of; what lands as usual needs none.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ibis import Table

from crm_ibis.sources.connectors.options import ZENDESK_PAUSES_ON

Tables = Mapping[str, Table]


def readings(
    system: str,
    source: str,
    tables: Tables,
    zone: str | None,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[str, ...]:
    """How a connector reads the landed tables of a source, a sentence each.

    `options` are what sources.yml tells it.
    """
    explain = READINGS.get((system, source))
    lines = explain(tables) if explain else []
    lines += _chosen(system, source, tables, options)
    if zone is None and (system, source) in DAYS:
        lines.append(f"{DAYS[system, source]}: days in UTC; say time_zone for those of your users")
    return tuple(lines)


def _chosen(system: str, source: str, tables: Tables, options: Mapping[str, Any]) -> list[str]:
    """What sources.yml chose, or might."""
    lines = []
    if source == "ticket_pauses":
        state, *histories = HISTORIES[system]
        history = next((table for table in histories if table in tables), histories[0])
        named = " or ".join(options.get("pause_on", ZENDESK_PAUSES_ON))
        lines.append(f"paused: while the {state} is {named} (pause_on), by {history}")
    if options.get("reopened") == "first":
        lines.append("tickets that were opened again: resolved when they first were (reopened)")
    return lines


def _lacks(tables: Tables, table: str, *columns: str) -> bool:
    """Whether a landed table has none of the columns."""
    return table in tables and not any(c in tables[table].columns for c in columns)


def _hubspot_deals(tables: Tables) -> list[str]:
    there = [
        column
        for column in ("closed_won", "is_closed")
        if not _lacks(tables, "deal_pipeline_stage", column)
    ]
    others = f"; {' and '.join(there)} for the rest" if there else ""
    lines = [
        "won, lost and how far an open deal is: by deal_pipeline_stage.probability, where 1 is won "
        f"and 0 is lost{others}"
    ]
    if "deal_company" in tables:
        lines.append(_primary(tables, "deal_company", "5"))
    if "merged_deal" not in tables:
        lines.append("no merged_deal: deals that were merged into another count too")
    return lines


def _primary(tables: Tables, association: str, kind: str) -> str:
    if not _lacks(tables, association, "type_id", "association_type_id", "type"):
        return f"several companies: the one whose type in {association} is {kind} (primary)"
    labels = ("category_label", "label", "association_label", "is_primary")
    if not _lacks(tables, association, *labels):
        return f"several companies: the one that {association} labels as primary"
    return f"several companies: the one of lowest id, as {association} has no type_id and no label"


def _hubspot_outreach(tables: Tables) -> list[str]:
    lines = []
    if _lacks(tables, "engagement_email", "property_hs_email_direction"):
        lines.append("emails sent or received: by engagement_email.type")
    if _lacks(tables, "engagement_email", "property_hs_email_status"):
        lines.append(
            "engagement_email has no property_hs_email_status: drafts and bounced emails count as "
            "sent"
        )
    if _lacks(tables, "engagement_call", "property_hs_call_status"):
        lines.append("engagement_call has no property_hs_call_status: failed calls count as made")
    if _lacks(tables, "engagement_call", "property_hs_call_disposition"):
        lines.append("engagement_call has no property_hs_call_disposition: no call is answered")
    if _lacks(tables, "engagement_meeting", "property_hs_meeting_outcome", "meeting_outcome"):
        lines.append("engagement_meeting has no outcome: no meeting is known to have been held")
    return lines


def _hubspot_tickets(tables: Tables) -> list[str]:
    flags = ("is_closed", "ticket_state")
    there = [c for c in flags if not _lacks(tables, "ticket_pipeline_stage", c)]
    return [
        f"resolved tickets: by ticket_pipeline_stage.{' and '.join(there)}",
        _primary(tables, "ticket_company", "26"),
    ]


def _salesforce_deals(tables: Tables) -> list[str]:
    lines = []
    missing = [c for c in ("is_won", "is_closed") if _lacks(tables, "opportunity", c)]
    if missing:
        lines.append(
            f"opportunity has no {' and '.join(missing)}: won, lost and open by what is there of "
            "is_won, is_closed, stage_name and forecast_category"
        )
    if _lacks(tables, "lead", "is_converted"):
        lines.append("lead has no is_converted: converted where a conversion's date or account is")
    if _lacks(tables, "lead", "master_record_id"):
        lines.append("lead has no master_record_id: leads that were merged into another count too")
    if "opportunity_history" not in tables:
        lines.append("no opportunity_history: deals are closed on their close_date")
    return lines


def _salesforce_outreach(tables: Tables) -> list[str]:
    if _lacks(tables, "task", "is_closed"):
        return ["task has no is_closed: done where its status or completed_date_time says so"]
    return []


def _salesforce_pauses(tables: Tables) -> list[str]:
    if "case" in tables:
        return []
    return ["no case: pauses that began with their case are not seen, those of deleted ones are"]


def _zendesk_tickets(tables: Tables) -> list[str]:
    lines = []
    if "ticket_tag" not in tables:
        lines.append("no ticket_tag: tickets that were merged into another count as solved")
    if not {"ticket_chat", "ticket_chat_event"} <= set(tables):
        lines.append("no ticket_chat and ticket_chat_event: replies in messaging are not seen")
    if "audit_log" not in tables:
        lines.append("no audit_log: replies of former agents are not recognised")
    return lines


READINGS: dict[tuple[str, str], Callable[[Tables], list[str]]] = {
    ("hubspot", "leads"): _hubspot_deals,
    ("hubspot", "opportunities"): _hubspot_deals,
    ("hubspot", "outreach"): _hubspot_outreach,
    ("hubspot", "tickets"): _hubspot_tickets,
    ("salesforce", "leads"): _salesforce_deals,
    ("salesforce", "opportunities"): _salesforce_deals,
    ("salesforce", "outreach"): _salesforce_outreach,
    ("salesforce", "ticket_pauses"): _salesforce_pauses,
    ("zendesk", "tickets"): _zendesk_tickets,
}

HISTORIES = {
    "hubspot": ("stage", "ticket_property_history"),
    "salesforce": ("status", "case_history"),
    "zendesk": ("status", "ticket_field_history", "ticket_audits"),
}
"""What pauses are told by, and the tables that keep it, of which the first that is there counts."""

DAYS = {
    ("salesforce", "leads"): "converted_date and close_date",
    ("salesforce", "opportunities"): "close_date",
    ("salesforce", "outreach"): "activity_date",
}
"""Columns that hold days of the users' calendar."""
