"""What the flows share: a job of jobs.yml as a Prefect run. The work itself is in the package."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

# A project folder's flows read the files that lie beside them.
os.environ.setdefault("CRM_IBIS_HOME", str(Path(__file__).resolve().parents[1]))

from prefect import get_run_logger, runtime, task
from prefect.artifacts import (
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed, Failed

from crm_ibis import alerts, job_runs, outcomes
from crm_ibis.checks import ChecksFailed
from crm_ibis.errors import CrmIbisError, TransientError
from crm_ibis.outcomes import JobRun, Outcome
from crm_ibis.settings import load_settings

JITTER = 0.25
"""Waits differ by up to a quarter, so that jobs that failed together do not return together."""


class AttemptFailed(Exception):
    """The gist of an error: Prefect keeps an exception's whole text with the run's state."""

    def __init__(self, error: CrmIbisError) -> None:
        super().__init__(alerts.first_line(str(error)))
        self.error = error


def run_job(name: str) -> State:
    """Runs a job as of its scheduled start; a known error becomes a failed state with its gist."""
    try:
        return _carry_out(outcomes.planned(name, scheduled_start()))
    except CrmIbisError as error:
        return Failed(message=alerts.first_line(str(error)))


def _carry_out(run: JobRun) -> State:
    """The attempts at a run, another one only after a transient error, and what came of them."""
    tried = attempt.with_options(
        retries=run.job.attempts - 1,
        retry_delay_seconds=run.job.waits,
        retry_jitter_factor=JITTER,
        retry_condition_fn=_worth_another,
    )

    def attempts() -> Outcome:
        try:
            return tried(run)
        except AttemptFailed as failed:
            raise failed.error from None

    try:
        outcome = job_runs.carried_out(load_settings(), run, attempts, get_run_logger().info)
    except CrmIbisError as error:
        _show_failure(run, error)
        raise
    if not outcome.run_id:
        return Completed(name="Skipped", message="nothing to do; the log says why")
    _show(run, outcome)
    return Completed(message=_summary(outcome))


@task(name="attempt", cache_policy=NO_CACHE, persist_result=False)
def attempt(run: JobRun) -> Outcome:
    """One attempt, with a line in the log and a step of progress for each table."""
    report = _progress(run, get_run_logger().info)
    try:
        return job_runs.attempt(load_settings(), run, runtime.task_run.run_count, report)
    except CrmIbisError as error:
        get_run_logger().error(str(error))
        raise AttemptFailed(error) from None


def scheduled_start() -> datetime:
    """When this run was to start, in UTC; the same for all its attempts."""
    start = runtime.flow_run.scheduled_start_time.astimezone(UTC)
    # Pendulum's own class of datetime cannot be divided by Python's.
    return datetime.fromisoformat(start.isoformat()).replace(tzinfo=None)


def artifact_key(job: str) -> str:
    """What the artifacts of a job are called: Prefect takes small letters, digits and dashes."""
    return job.lower().replace("_", "-")


def _worth_another(task: object, task_run: TaskRun, state: State) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, AttemptFailed) and isinstance(error.error, TransientError)


def _progress(run: JobRun, log: Callable[[str], None]) -> Callable[[str], None]:
    done, steps = 0, job_runs.steps(run)
    bar = create_progress_artifact(0.0, f"{artifact_key(run.name)}-progress", run.name)

    def report(line: str) -> None:
        nonlocal done
        log(line)
        if line.startswith(("checked ", "built ", "merged ")):
            done += 1
            update_progress_artifact(bar, min(100.0, 100.0 * done / steps))

    return report


def _show(run: JobRun, outcome: Outcome) -> None:
    words = {True: "met", False: "missed", None: "none"}
    rows = [
        {
            "KPI": table.table,
            "rows": table.rows,
            "new": table.new,
            "changed": table.changed,
            "gone": table.gone,
            "checks": table.checks,
            "warnings": len(table.warnings),
            "seconds": round(table.seconds, 2),
            "SLA": words[outcome.sla_met],
        }
        for table in outcome.results
    ]
    create_table_artifact(
        rows, artifact_key(run.name), f"{_summary(outcome)}, run {outcome.run_id}"
    )


def _show_failure(run: JobRun, error: CrmIbisError) -> None:
    violations = error.violations if isinstance(error, ChecksFailed) else []
    rows = [{"table": v.table, "check": v.check, "rows": v.rows} for v in violations]
    create_table_artifact(
        rows or [{"error": alerts.first_line(str(error))}],
        artifact_key(run.name),
        f"failed, as of {run.scheduled_at}; readers have what they had",
    )


def _summary(outcome: Outcome) -> str:
    touched = sum(table.touched for table in outcome.results)
    names = ", ".join(table.table for table in outcome.results)
    return f"{names}: {touched:,} rows changed, {outcome.seconds:.1f} s"[: alerts.LONGEST]
