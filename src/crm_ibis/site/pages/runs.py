"""Recent runs, each table against its SLA, what is not over, and how numbers changed afterwards."""

from crm_ibis.operations.alerts import SOURCE
from crm_ibis.operations.incidents import Incident
from crm_ibis.site.charts import trends
from crm_ibis.site.charts.trends import Trend
from crm_ibis.site.data.run_history import Log
from crm_ibis.site.pages.renderer import Pages

EVENTS = {
    "failure": "a run failed",
    "sla_breach": "the SLA ran out while a run was at work",
    "late": "nothing was published in time",
    "slow_run": "a run took much longer than usual",
    "contract_warning": "a contract warned",
}


def _happened(incident: Incident) -> str:
    if incident.table.startswith(SOURCE):
        return "no row is as new as sources.yml expects"
    return EVENTS.get(incident.event, incident.event)


def write(pages: Pages, log: Log, found: list[Trend]) -> None:
    """The page of runs and history."""
    pages.write(
        "runs.html",
        "runs",
        log=log,
        happened=_happened,
        pages={status.table for status in log.statuses if status.state != "retired"},
        trends=found,
        charts={t.snapshot.name: trends.chart(t) for t in found if t.months},
    )
