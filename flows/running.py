"""What the flows share: a job of jobs.yml as a Prefect run. The work itself is in the package."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any, cast
from uuid import UUID

from prefect import Task, get_run_logger, runtime, task
from prefect.artifacts import (
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed, Failed

from crm_ibis.config import project
from crm_ibis.config.declarations import Job
from crm_ibis.config.settings import load_settings
from crm_ibis.errors import CrmIbisError, TransientError, UsageError
from crm_ibis.events import ProgressEvent, Report
from crm_ibis.metrics import catalog
from crm_ibis.operations import jobs, outcomes
from crm_ibis.operations.outcomes import JobRun, Outcome
from crm_ibis.text import LONGEST, first_line

LONGEST_WAIT = 5
"""Seconds that a finished attempt waits for its progress to be shown."""


class AttemptFailed(Exception):
    """The gist of an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(summarize_error(error))
        self.error = error


def run_job(name: str) -> State:
    """Runs a job as of its scheduled start; an error becomes a failed state with its gist."""
    project.prefer_current_folder()
    catalog.forget()
    try:
        return _run_attempts(_plan_run(name))
    except Exception as error:
        return Failed(message=summarize_error(error))


def _plan_run(name: str) -> JobRun:
    """The run of a job; alerts the default route when the project has no such job."""
    try:
        return outcomes.plan_run(name, scheduled_start(), str(runtime.flow_run.id))
    except UsageError as error:
        flow = str(runtime.flow_run.flow_name)
        outcomes.alert_unknown_job(load_settings(), name, flow, error, report_to_run())
        raise


def _run_attempts(run: JobRun) -> State:
    """The attempts at a run, another one only after a transient error, and what came of them."""
    attempts = with_retries(attempt, run.job)
    try:
        outcome = jobs.run_with_alerts(
            load_settings(), run, lambda: run_attempts(attempts, run), report_to_run()
        )
    except CrmIbisError as error:
        _show_failure(run, error)
        raise
    if not outcome.run_id:
        return Completed(name="Skipped", message="nothing to do; the log says why")
    _show(run, outcome)
    return Completed(message=_summary(outcome))


def report_to_run() -> Report:
    """A report that writes to the log of this run, from other threads too."""
    log = get_run_logger().info
    return lambda event: log(first_line(str(event)))


@task(name="attempt", cache_policy=NO_CACHE, persist_result=False)
def attempt(run: JobRun) -> Outcome:
    """One attempt, with a line in the log and a step of progress for each table."""
    with redact_errors(), Progress(run, get_run_logger().info) as progress:
        number = runtime.task_run.run_count
        return jobs.attempt(load_settings(), run, number, progress.report)


def with_retries(work: Task[..., Any], job: Job) -> Task[..., Any]:
    """A task that is tried as often as its job says, and again after transient errors only."""
    return work.with_options(
        retries=job.attempts - 1,
        retry_delay_seconds=job.waits,
        retry_jitter_factor=outcomes.JITTER,
        retry_condition_fn=_worth_another,
    )


def run_attempts(work: Task[..., Any], *arguments: Any) -> Any:
    """What a task returns; its own error where it failed."""
    try:
        return work(*arguments)
    except AttemptFailed as failed:
        raise failed.error from None


@contextmanager
def redact_errors() -> Iterator[None]:
    """Lets out no more of an error than its gist: Prefect keeps the whole text with the state.

    Of broken checks the log has the keys of a few rows and no other value. What is no message of
    ours may hold values too: its text stays in the worker's output.
    """
    try:
        yield
    except CrmIbisError as error:
        get_run_logger().error("\n".join(map(str, error.broken)) or str(error))
        raise AttemptFailed(error) from None
    except Exception as error:
        traceback.print_exc()
        raise AttemptFailed(error) from None


def summarize_error(error: Exception) -> str:
    """An error in a line."""
    if isinstance(error, CrmIbisError):
        return first_line(str(error))
    return f"{type(error).__name__}; the worker's output has more"


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


class Progress:
    """How far an attempt has come, as an artifact that a thread of its own keeps up to date.

    It has no key, so it is shown with its run and not in the list of artifacts, where each job has
    one: what it published. The transaction waits for no answer of the Prefect server.
    """

    def __init__(self, run: JobRun, log: Callable[[str], object]) -> None:
        self.log = log
        self.steps = jobs.steps(run)
        self.done = 0
        self.over = Event()
        self.thread = Thread(target=copy_context().run, args=[self._show, run], daemon=True)

    def __enter__(self) -> "Progress":
        self.thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.over.set()
        self.thread.join(LONGEST_WAIT)

    def report(self, event: ProgressEvent) -> None:
        """A line for the log; most events mean that another table is done.

        What follows the first line of a warning are values of rows: they stay in the database.
        """
        self.log(first_line(str(event)))
        if event.completes_table:
            self.done += 1

    def _show(self, run: JobRun) -> None:
        with report_errors():
            # In a thread without a loop of its own, Prefect answers with the id itself.
            bar = cast(UUID, create_progress_artifact(0.0, description=run.name))
            shown = 0
            while not self.over.wait(1) or shown != self.done:
                shown = self.done
                update_progress_artifact(bar, min(100.0, 100.0 * shown / self.steps))


@contextmanager
def report_errors() -> Iterator[None]:
    """What is shown in Prefect never fails a run: its server may be away."""
    try:
        yield
    except Exception as error:
        print(f"not shown in Prefect: {type(error).__name__}: {error}")


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
    with report_errors():
        warnings = [f"warning: {t.table}: {words}" for t in outcome.tables for words in t.warnings]
        summary = "\n\n".join([f"{_summary(outcome)}, run {outcome.run_id}", *warnings])
        create_table_artifact(rows, artifact_key(run.name), summary)


def _show_failure(run: JobRun, error: CrmIbisError) -> None:
    rows = [{"table": b.table, "check": b.check, "rows": b.rows} for b in error.broken]
    summary = f"failed, as of {run.scheduled_at}; readers have what they had"
    with report_errors():
        create_table_artifact(
            rows or [{"error": summarize_error(error)}], artifact_key(run.name), summary
        )


def _summary(outcome: Outcome) -> str:
    touched = sum(table.changed_rows for table in outcome.results)
    names = ", ".join(table.table for table in outcome.results)
    return f"{names}: changed rows {touched:,}, {outcome.seconds:.1f} s"[:LONGEST]
