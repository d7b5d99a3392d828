"""The landed tables of each system, as far as the connectors read them, drawn as text in tests."""

import inspect
from decimal import Decimal
from typing import Any

import ibis
from ibis import Table

from crm_ibis.contracts.models import contracts
from crm_ibis.sources import check, connectors, transform
from crm_ibis.sources.columns import casting
from crm_ibis.sources.connectors.landed import local_times_of
from crm_ibis.sources.connectors.options import options_of, tables_of
from crm_ibis.sources.spec import SourceSpec
from crm_ibis.testing import Engine, drawn, value

HISTORY = {"_fivetran_active": "boolean", "_fivetran_start": "timestamp(6)"}
ENDS = {"_fivetran_end": "timestamp(6)"}

LANDED: dict[str, dict[str, dict[str, str]]] = {
    "zendesk": {
        "organization": {
            "id": "int64",
            "name": "string",
            "created_at": "timestamp(6)",
            "updated_at": "timestamp(6)",
        },
        "ticket": {
            "id": "int64",
            "organization_id": "int64",
            "requester_id": "int64",
            "priority": "string",
            "status": "string",
            "created_at": "timestamp(6)",
            "updated_at": "timestamp(6)",
        },
        "ticket_comment": {
            "id": "int64",
            "ticket_id": "int64",
            "user_id": "int64",
            "public": "boolean",
            "created": "timestamp(6)",
        },
        "ticket_field_history": {
            "ticket_id": "int64",
            "field_name": "string",
            "updated": "timestamp(6)",
            "value": "string",
        },
        "ticket_audits": {
            "id": "int64",
            "ticket_id": "int64",
            "created_at": "timestamp(6)",
            "events": "string",
        },
        "user": {"id": "int64", "role": "string"},
        "ticket_tag": {"ticket_id": "int64", "tag": "string"},
        "ticket_chat": {"chat_id": "string", "ticket_id": "int64"},
        "ticket_chat_event": {
            "chat_id": "string",
            "actor_id": "string",
            "created_at": "timestamp(6)",
            "type": "string",
            "is_history_context": "boolean",
            "original_message": "string",
        },
        "audit_log": {
            "id": "int64",
            "source_id": "int64",
            "source_type": "string",
            "change_description": "string",
            "created_at": "timestamp(6)",
        },
        "satisfaction_rating": {
            "id": "int64",
            "ticket_id": "int64",
            "score": "string",
            "comment": "string",
            "created_at": "timestamp(6)",
            "updated_at": "timestamp(6)",
        },
    },
    "salesforce": {
        "account": {
            "id": "string",
            "name": "string",
            "type": "string",
            "industry": "string",
            "billing_city": "string",
            "is_deleted": "boolean",
            "created_date": "timestamp(6)",
            "last_modified_date": "timestamp(6)",
            **HISTORY,
        },
        "lead": {
            "id": "string",
            "owner_id": "string",
            "status": "string",
            "is_deleted": "boolean",
            "master_record_id": "string",
            "is_converted": "boolean",
            "converted_date": "timestamp(6)",
            "converted_account_id": "string",
            "converted_opportunity_id": "string",
            "created_date": "timestamp(6)",
            "last_modified_date": "timestamp(6)",
        },
        "opportunity": {
            "id": "string",
            "account_id": "string",
            "owner_id": "string",
            "stage_name": "string",
            "amount": "float64",
            "currency_iso_code": "string",
            "probability": "int64",
            "is_won": "boolean",
            "is_closed": "boolean",
            "is_deleted": "boolean",
            "close_date": "timestamp(6)",
            "created_date": "timestamp(6)",
            "last_modified_date": "timestamp(6)",
        },
        "currency_type": {
            "iso_code": "string",
            "conversion_rate": "float64",
            "_fivetran_deleted": "boolean",
        },
        "dated_conversion_rate": {
            "iso_code": "string",
            "start_date": "date",
            "conversion_rate": "float64",
        },
        "opportunity_history": {
            "id": "string",
            "stage_name": "string",
            "is_closed": "boolean",
            "_fivetran_start": "timestamp(6)",
            **ENDS,
        },
        "case": {
            "id": "string",
            "status": "string",
            "is_deleted": "boolean",
            "created_date": "timestamp(6)",
        },
        "case_history": {
            "id": "string",
            "case_id": "string",
            "field": "string",
            "old_value": "string",
            "new_value": "string",
            "created_date": "timestamp(6)",
            "is_deleted": "boolean",
        },
        "task": {
            "id": "string",
            "account_id": "string",
            "what_id": "string",
            "who_id": "string",
            "owner_id": "string",
            "task_subtype": "string",
            "type": "string",
            "description": "string",
            "is_closed": "boolean",
            "is_deleted": "boolean",
            "activity_date": "timestamp(6)",
            "completed_date_time": "timestamp(6)",
            "created_date": "timestamp(6)",
            "last_modified_date": "timestamp(6)",
        },
        "event": {
            "id": "string",
            "account_id": "string",
            "what_id": "string",
            "who_id": "string",
            "owner_id": "string",
            "description": "string",
            "is_child": "boolean",
            "is_deleted": "boolean",
            "start_date_time": "timestamp(6)",
            "created_date": "timestamp(6)",
            "last_modified_date": "timestamp(6)",
        },
    },
    "hubspot": {
        "company": {
            "id": "int64",
            "is_deleted": "boolean",
            "property_name": "string",
            "property_industry": "string",
            "property_city": "string",
            "property_createdate": "timestamp(6)",
        },
        "deal": {
            "deal_id": "int64",
            "is_deleted": "boolean",
            "deal_pipeline_stage_id": "string",
            "owner_id": "int64",
            "property_amount": "float64",
            "property_closedate": "timestamp(6)",
            "property_createdate": "timestamp(6)",
            "property_hs_lastmodifieddate": "timestamp(6)",
            "property_deal_currency_code": "string",
        },
        "deal_company": {
            "deal_id": "int64",
            "company_id": "int64",
            "type_id": "int64",
            "category": "string",
            "category_label": "string",
        },
        "deal_pipeline_stage": {
            "stage_id": "string",
            "label": "string",
            "closed_won": "boolean",
            "is_closed": "boolean",
            "probability": "float64",
        },
        "deal_stage": {
            "deal_id": "int64",
            "value": "string",
            "date_entered": "timestamp(6)",
            "_fivetran_start": "timestamp(6)",
            **ENDS,
        },
        "merged_deal": {"deal_id": "int64", "merged_deal_id": "int64"},
        "engagement_email": {
            "engagement_id": "int64",
            "_fivetran_deleted": "boolean",
            "property_hs_email_direction": "string",
            "property_hs_email_status": "string",
            "property_hs_timestamp": "timestamp(6)",
            "property_hs_createdate": "timestamp(6)",
            "property_hubspot_owner_id": "int64",
        },
        "engagement_call": {
            "engagement_id": "int64",
            "_fivetran_deleted": "boolean",
            "property_hs_call_direction": "string",
            "property_hs_call_disposition": "string",
            "property_hs_timestamp": "timestamp(6)",
            "property_hs_createdate": "timestamp(6)",
            "property_hubspot_owner_id": "int64",
        },
        "engagement_meeting": {
            "engagement_id": "int64",
            "property_hs_meeting_outcome": "string",
            "start_time": "timestamp(6)",
        },
        "engagement_company": {"engagement_id": "int64", "company_id": "int64"},
        "engagement_deal": {"engagement_id": "int64", "deal_id": "int64"},
        "ticket": {
            "id": "int64",
            "is_deleted": "boolean",
            "property_hs_pipeline_stage": "string",
            "property_hs_ticket_priority": "string",
            "property_createdate": "timestamp(6)",
            "property_first_agent_reply_date": "timestamp(6)",
            "property_closed_date": "timestamp(6)",
        },
        "ticket_company": {"ticket_id": "int64", "company_id": "int64"},
        "ticket_property_history": {
            "ticket_id": "int64",
            "name": "string",
            "value": "string",
            "timestamp_instant": "timestamp(6)",
        },
        "ticket_pipeline_stage": {
            "stage_id": "string",
            "label": "string",
            "is_closed": "boolean",
            "ticket_state": "string",
        },
    },
}

PAUSE_ON = {"hubspot": ["Waiting on contact", "3"], "salesforce": ["On Hold"]}
"""What pauses tickets where a test says nothing of it and something must be said."""


def unbound(system: str, source: str, function: Any = None, **tables: Table) -> Table:
    """A connector's source, or a function's, over landed tables without a connection."""
    function = function or connectors.table_function(system, source)
    landed = LANDED[system]
    return function(
        **{
            name: ibis.table(landed[name], name=name, database=system)
            if name in landed
            else tables[name]
            for name in _parameters(function)
        },
        **_needed(system, function),
    )


def _needed(system: str, function: Any) -> dict[str, Any]:
    """What a connector's function must be told beside its tables."""
    is_ours = function.__module__.startswith("crm_ibis.")
    told = options_of(function) if is_ours else {}
    return {key: PAUSE_ON[system] for key, p in told.items() if p.default is p.empty}


def made(
    engine: Engine,
    system: str,
    source: str,
    *,
    landed: dict[str, dict[str, str]] | None = None,
    time_zone: str | None = None,
    told: dict[str, Any] | None = None,
    **tables: str | None,
) -> list[dict[str, Any]]:
    """The rows of a connector's source in the types of its contract, ordered by id.

    Landed tables are drawn as text; one that is not drawn is empty, one that is None is not there.
    `landed` gives tables other columns and types than LANDED; `told` is what sources.yml tells the
    connector beside them.
    """
    function = connectors.table_function(system, source)
    types = {**LANDED[system], **(landed or {})}
    given = {
        name: _stored(engine, name, types[name], tables.get(name) or "")
        for name in _parameters(function)
        if name not in tables or tables[name] is not None
    }
    with local_times_of(time_zone):
        found = function(**given, **(told or {}))
    whole = _whole(found, source, time_zone)
    conformed = casting.cast_to_contract(whole, contracts()[source])
    made_of = check.drop_undecided({source: whole}, {source: conformed})[source]
    rows = sorted(engine.warehouse.rows(made_of), key=lambda row: row.get("id", str(row)))
    # PostgreSQL hands out a decimal as short as it was written.
    places = {c: Decimal(1).scaleb(-t.scale) for c, t in types_of(source) if t.is_decimal()}
    return [
        {c: v.quantize(places[c]) if isinstance(v, Decimal) else v for c, v in row.items()}
        for row in rows
    ]


def types_of(source: str) -> Any:
    """The columns of a source and their types."""
    return contracts()[source].schema.items()


def without(system: str, table: str, *columns: str) -> dict[str, dict[str, str]]:
    """A landed table without some columns, as `landed` of `made`."""
    return {table: {c: t for c, t in LANDED[system][table].items() if c not in columns}}


def _whole(table: Table, source: str, time_zone: str | None) -> Table:
    """As sources.yml completes it: what a connector leaves unsaid is null."""
    said = SourceSpec(connector="any", time_zone=time_zone)
    return transform.apply_columns(table, source, said, contracts()[source])


def _parameters(function: Any) -> list[str]:
    if function.__module__.startswith("crm_ibis."):
        return [parameter.name for parameter in tables_of(function)]
    return list(inspect.signature(function).parameters)


def _stored(engine: Engine, name: str, types: dict[str, str], text: str) -> Table:
    """A temporary table; columns that are not drawn are null."""
    schema = ibis.schema(types)
    rows = drawn(text) if text else []
    assert all(set(row) <= set(schema) for row in rows), f"{rows[0]} not in {name}"
    filled = [{c: value(row.get(c), t) for c, t in schema.items()} for row in rows]
    return engine.store(f"landed_{name}", schema, filled)
