"""Refreshes the KPIs of a job: one audited transaction."""

from prefect import flow
from prefect.client.schemas.objects import State

from .running import run_job


@flow(name="refresh", flow_run_name="{job}", persist_result=False)
def refresh(job: str) -> State:
    """Checks, computes and publishes the KPIs of a job of jobs.yml as of the scheduled start."""
    return run_job(job)
