"""Merges what is published into its history."""

from prefect import flow
from prefect.client.schemas.objects import State
from running import run_job


@flow(name="snapshot", flow_run_name="{job}", persist_result=False)
def snapshot(job: str) -> State:
    """Merges the snapshots of a job of jobs.yml as of the scheduled start."""
    return run_job(job)
