"""Changes of the status of Zendesk's tickets as its API has them: audits, lists of JSON events."""

from collections.abc import Sequence

import ibis
from ibis import Table

from crm_ibis.errors import DataError
from crm_ibis.sources.connectors import landed
from crm_ibis.sources.connectors.landed import moment, text

STATUS = '"status"'
"""As JSON, with its quotes: PostgreSQL refuses the SQL by which Ibis would take them off."""


def audited_states(ticket_audits: Table, statuses: Sequence[str]) -> Table:
    """Whether a ticket is in one of the statuses from each change of its status on."""
    landed.require(ticket_audits, "ticket_audits", "events", for_="when a status was changed")
    events = ticket_audits["events"]
    if not (events.type().is_string() or events.type().is_json()):
        raise DataError(
            f"ticket_audits.events is {events.type()}, and must be a list of events as JSON or as "
            "text; make it one in a function of your own that calls the connector's"
        )
    # jsonb and json have different functions in PostgreSQL.
    listed = ibis.ifelse(events.cast("string") == "", ibis.null("string"), events.cast("string"))
    each = ticket_audits.select(
        id=text(ticket_audits, "ticket_id"),
        at=moment(ticket_audits, "created_at"),
        event=listed.cast("json").array.unnest(),
    )
    named = each.select(
        "id",
        "at",
        field_name=each.event["field_name"].cast("string"),
        value=each.event["value"].cast("string"),
    )
    changes = named.filter(named.field_name == STATUS)
    quoted = [f'"{status}"' for status in statuses]
    return changes.select("id", "at", holds=changes.value.isin(quoted))
