"""Looks at deadlines, whether or not anything ran, and reports what is late or failed."""

from dataclasses import replace

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed, Failed

from crm_ibis.config import project
from crm_ibis.config.declarations import watch_job
from crm_ibis.config.settings import load_settings
from crm_ibis.metrics import catalog
from crm_ibis.operations import watchdog as watching
from crm_ibis.operations.status import Status
from crm_ibis.text import LONGEST, first_line

from .running import (
    artifact_key,
    redact_errors,
    report_errors,
    report_to_run,
    run_attempts,
    summarize_error,
    with_retries,
)

WATCHED = "crm_ibis.watched"
"""The event that the dead man's switch waits for."""
RESOURCE: dict[str, str] = {"prefect.resource.id": "crm_ibis.watch"}


@task(name="look", cache_policy=NO_CACHE, persist_result=False)
def look() -> list[Status]:
    """Notifies the alert channels of what they do not know yet."""
    settings = replace(
        load_settings(),
        statement_timeout=watch_job().statement_seconds,
        application="crm_ibis watch",
    )
    with redact_errors():
        return watching.watch(settings, report_to_run())


@flow(name="watch", flow_run_name="watch", persist_result=False)
def watch() -> State:
    """Looks for late and failed tables, notifies the alert channels, and reports to the server."""
    project.prefer_current_folder()
    catalog.forget()
    try:
        attempts = with_retries(look, watch_job())
        report = report_to_run()
        found = watching.watch_or_alert(load_settings(), lambda: run_attempts(attempts), report)
    except Exception as error:
        return Failed(message=summarize_error(error))
    with report_errors():
        emit_event(WATCHED, RESOURCE)
        caption = "Each table against its schedule and SLA, and what failed."
        create_table_artifact([_row(status) for status in found], artifact_key("watch"), caption)
    wrong = [status.table for status in found if not status.is_healthy]
    return Completed(message=f"late or failing: {', '.join(wrong)}"[:LONGEST] if wrong else None)


def _row(status: Status) -> dict[str, str]:
    return {
        "KPI": status.table,
        "state": status.state,
        "published": f"{status.published_at:%Y-%m-%d %H:%M}" if status.published_at else "never",
        "SLA": status.sla or "",
        "owner": status.owner or "",
        "error": first_line(status.last_error) if status.last_error else "",
    }
