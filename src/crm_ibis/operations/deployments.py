"""prefect.yaml: a Prefect deployment for each job of jobs.yml, with nothing secret in it."""

from pathlib import Path
from typing import Any

import yaml

from crm_ibis.config import project
from crm_ibis.config.declarations import Job, Jobs, jobs
from crm_ibis.errors import UsageError
from crm_ibis.metrics import catalog

MADE_FROM = "# Made from {jobs} by `crm-ibis deployments`; change that file, not this one.\n"
HEADER = """\
# The database's URL and those of the alert channels are in the environment of the worker: Prefect
# would store in plain text what stands here.
"""
FILE = "prefect.yaml"


def prefect_yaml() -> str:
    """The text of prefect.yaml for the jobs as they are declared."""
    declared = jobs()
    catalog.entries()  # refuses a job of a KPI that does not exist, and a KPI of two jobs
    catalog.check_owners()
    made: dict[str, Any] = {"name": "crm_ibis"}
    if declared.deployment.pull:
        made["pull"] = declared.deployment.pull
    made["deployments"] = [_deployment(name, declared) for name in declared.jobs]
    return _header() + yaml.safe_dump(made, sort_keys=False, width=100)


def write(folder: Path | None = None) -> Path:
    """Writes prefect.yaml into a project folder; raises UsageError when there is none."""
    target = (folder or _project()) / FILE
    target.write_text(prefect_yaml(), encoding="utf-8")
    return target


def losing_schedule() -> list[str]:
    """Deployments with a schedule in the project's prefect.yaml and without one in jobs.yml.

    `prefect deploy` sends no empty list, so that the server would go by the schedule that it has.
    """
    target = _project() / FILE
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    before = yaml.safe_load(text) or {}
    scheduled = {made["name"] for made in before.get("deployments", []) if made.get("schedules")}
    return [
        f"{job.flow}/{name}"
        for name, job in jobs().jobs.items()
        if name in scheduled and not job.schedule
    ]


def is_current() -> bool:
    """Whether the project's prefect.yaml says what jobs.yml says."""
    target = _project() / FILE
    return target.exists() and target.read_text(encoding="utf-8") == prefect_yaml()


def _project() -> Path:
    if project.is_packaged():
        raise UsageError(
            "there is no project folder: `crm-ibis init DIR` makes one, CRM_IBIS_HOME names it"
        )
    return project.home()


def _header() -> str:
    jobs_file = "flows/jobs.yml"
    if project.own_home():
        jobs_file = "jobs.yml, over the shipped jobs,"
    return MADE_FROM.format(jobs=jobs_file) + HEADER


def _deployment(name: str, declared: Jobs) -> dict[str, Any]:
    job = declared.jobs[name]
    zone = str(declared.zone_of(job))
    schedule = {"cron": job.schedule, "timezone": zone, "active": not job.paused}
    return {
        "name": name,
        "description": _description(job),
        "tags": _tags(job),
        "entrypoint": _entrypoint(job.flow),
        "parameters": {} if job.watch else {"job": name},
        "work_pool": {"name": declared.deployment.work_pool},
        "schedules": [schedule] if job.schedule else [],
        # Two runs of a job never overlap, and none waits for ever: the second is cancelled.
        "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
    }


def _entrypoint(flow: str) -> str:
    """The flow of the installed package, unless the project folder has one of its own.

    One of version 0.1.0 has copies, which the team may have changed.
    """
    folder = project.own_home() or project.copied_home()
    if folder and (folder / "flows" / f"{flow}.py").is_file():
        return f"flows/{flow}.py:{flow}"
    return f"crm_ibis.flows.{flow}.{flow}"


def _description(job: Job) -> str:
    if job.watch:
        return "Looks for late and failed tables, and notifies the alert channels."
    does = "Publishes" if job.refresh else "Records"
    sla = f" SLA {job.sla}." if job.sla else ""
    beside = f" Beside it: {', '.join(job.facts)}." if job.facts else ""
    return f"{does} {', '.join(job.tables)}.{sla}{beside}"


def _tags(job: Job) -> list[str]:
    entries = [catalog.entry_of(table) for table in job.tables]
    found = [entry.criticality for entry in entries if entry and entry.criticality]
    return list(dict.fromkeys(["crm_ibis", *found]))
