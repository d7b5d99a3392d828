"""Looks at deadlines, whether or not anything ran, and tells of what is late or failed."""

from dataclasses import replace

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed, Failed
from running import artifact_key, in_brief, in_short, retrying, tried, untroubled

from crm_ibis import alerts
from crm_ibis import watch as watching
from crm_ibis.declarations import watch_job
from crm_ibis.settings import load_settings
from crm_ibis.status import Status

WATCHED = "crm_ibis.watched"
"""The event that the dead man's switch waits for."""
RESOURCE = {"prefect.resource.id": "crm_ibis.watch"}


@task(name="look", cache_policy=NO_CACHE, persist_result=False)
def look() -> list[Status]:
    """Tells the alert channels what they have not heard."""
    settings = replace(
        load_settings(),
        statement_timeout=watch_job().statement_seconds,
        application="crm_ibis watch",
    )
    with in_brief():
        return watching.watch(settings, get_run_logger().info)


@flow(name="watch", flow_run_name="watch", persist_result=False)
def watch() -> State:
    """Looks for late and failed tables, notifies the alert channels, and tells the server so."""
    try:
        attempts = retrying(look, watch_job())
        log = get_run_logger().info
        found = watching.guarded(load_settings(), lambda: tried(attempts), log)
    except Exception as error:
        return Failed(message=in_short(error))
    with untroubled():
        emit_event(WATCHED, RESOURCE)
        told = "Each table against its schedule and SLA, and what failed."
        create_table_artifact([_row(status) for status in found], artifact_key("watch"), told)
    wrong = [status.table for status in found if not status.in_order]
    return Completed(
        message=f"late or failing: {', '.join(wrong)}"[: alerts.LONGEST] if wrong else None
    )


def _row(status: Status) -> dict[str, str]:
    return {
        "KPI": status.table,
        "state": status.state,
        "published": f"{status.published_at:%Y-%m-%d %H:%M}" if status.published_at else "never",
        "SLA": status.sla or "",
        "owner": status.owner or "",
        "error": alerts.first_line(status.last_error) if status.last_error else "",
    }
