"""A job of jobs.yml, run once: its attempts, and a timer for its SLA around all of them.

Plain functions, for whatever schedules them: flows/ wraps them for Prefect.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from threading import Timer

from crm_ibis.config.declarations import Job, snapshots
from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.errors import (
    BasisChanged,
    CrmIbisError,
    DatabaseError,
    DataError,
    MassRemoval,
    Superseded,
    TransientError,
    UsageError,
)
from crm_ibis.events import ProgressEvent, Report
from crm_ibis.metrics import catalog
from crm_ibis.operations import impact, outcomes
from crm_ibis.operations.outcomes import JobRun, Outcome
from crm_ibis.publishing import compute, record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.publishing.scope import skipped_tables
from crm_ibis.runlog import clock, log
from crm_ibis.runlog.log import Attempt
from crm_ibis.sources.spec import load_spec
from crm_ibis.text import first_line
from crm_ibis.warehouse import Warehouse, open_warehouse


def run_with_alerts(
    settings: Settings, run: JobRun, attempts: Callable[[], Outcome], report: Report
) -> Outcome:
    """Makes the attempts at a run, and reports its end and an SLA that runs out meanwhile.

    Reports whatever the attempts raise, and raises it again.
    """
    with _sla_timer(settings, run, report):
        try:
            outcome = attempts()
        except Exception as error:
            outcomes.alert_failure(settings, run, error, report)
            raise
    if outcome.run_id:
        outcomes.report_success(settings, run, outcome, report)
    return outcome


def attempt(settings: Settings, run: JobRun, number: int, report: Report) -> Outcome:
    """One attempt at a run; on PostgreSQL, a statement that takes too long ends with it.

    Raises TransientError when another attempt may succeed; ChecksFailed, DataError and others when
    none will.
    """
    began = time.perf_counter()
    settings = replace(
        settings,
        statement_timeout=run.job.statement_seconds,
        application=f"crm_ibis {run.name}",
    )
    try:
        with open_warehouse(settings) as warehouse:
            if run.job.refresh:
                done = _refresh(settings, warehouse, run, run.attempt(number), report)
            elif run.job.snapshot:
                done = _record(warehouse, run, run.attempt(number), report)
            else:
                raise UsageError(f"the job {run.name} neither refreshes nor records; see flows/")
    except TransientError as error:
        if error.run_id:  # so that the watch does not take it for killed before the next attempt
            with suppress(DatabaseError), open_warehouse(settings) as warehouse:
                log.log_failure(warehouse, error.run_id, error, run.attempt(number))
        raise
    seconds = time.perf_counter() - began
    sla_met = run.met_sla(clock.now())
    return replace(done, seconds=seconds, sla_met=sla_met)


def steps(run: JobRun) -> int:
    """How many tables an attempt reports when all goes well, without asking the database.

    An optional source counts where sources.yml maps it.
    """
    if run.job.snapshot:
        return len(run.job.snapshot)
    names = run.job.published_tables
    mapped = {name for name, said in load_spec().sources.items() if said.is_mapped}
    sources = set(compute.sources_to_check(names)) - (optional_sources() - mapped)
    return len(sources) + len(compute.tables_to_audit(names))


def _refresh(
    settings: Settings, warehouse: Warehouse, run: JobRun, attempt: Attempt, report: Report
) -> Outcome:
    """Publishes what is not published as of a later instant already.

    It may be after a refresh by hand. What sources.yml leaves without a source is not asked for.
    Facts that fail apart from the KPIs are left out, with an alert.
    """
    params = load_params(settings.params_file)
    names = _tables_with_sources(run.job, report)
    failed: dict[tuple[str, ...], CrmIbisError] = {}
    while names:
        try:
            done = refresh(
                warehouse,
                names,
                as_of=run.scheduled_at,
                params=params,
                attempt=attempt,
                report=report,
            )
            for facts, error in failed.items():
                outcomes.alert_left_out(settings, run, facts, error, report)
            return Outcome(done.run_id, done.tables, done.warnings)
        except Superseded as later:
            line = f"{', '.join(later.tables)}: published as of a later instant already"
            report(ProgressEvent("skipped", line))
            names = [name for name in names if name not in later.tables]
        except BasisChanged:  # of all tables, whichever are left out
            raise
        except (DataError, UsageError) as error:
            facts = _facts_at_fault(run.job, names, error)
            if not facts:
                raise
            failed[facts] = error
            line = f"{', '.join(facts)}: left out: {first_line(str(error))}"
            report(ProgressEvent("skipped", line))
            names = [name for name in names if name not in facts]
    return Outcome(None)


def _tables_with_sources(job: Job, report: Report) -> list[str]:
    """What a job publishes, but for what sources.yml leaves without a source."""
    without = skipped_tables(job.published_tables)
    if without:
        report(ProgressEvent("skipped", f"{', '.join(without)}: absent in sources.yml"))
    return [name for name in job.published_tables if name not in without]


def _facts_at_fault(job: Job, names: list[str], error: CrmIbisError) -> tuple[str, ...]:
    """The facts without which the KPIs of a failed run may well be published; none if they failed
    themselves."""
    apart = tuple(fact for fact in catalog.facts_apart(job) if fact in names)
    kpis = [name for name in names if name not in apart]
    needed = {*kpis}.union(*map(impact.upstream, kpis))
    if not apart or not kpis:
        return ()
    if error.broken:
        return () if needed & {check.table for check in error.broken} else apart
    if isinstance(error, MassRemoval):
        return () if needed & set(error.tables) else apart
    sources = set(compute.sources_to_check(apart))
    return apart if sources - needed else ()


def _record(warehouse: Warehouse, run: JobRun, attempt: Attempt, report: Report) -> Outcome:
    """Merges what is published, but for what sources.yml leaves without a source."""
    declared = snapshots()
    without = skipped_tables([declared[name].kpi for name in run.job.snapshot if name in declared])
    names = [name for name in run.job.snapshot if declared[name].kpi not in without]
    if not names:
        report(ProgressEvent("skipped", f"{', '.join(without)}: absent in sources.yml"))
        return Outcome(None)
    done = record.record(warehouse, names, as_of=run.scheduled_at, attempt=attempt, report=report)
    if done.refused:
        error = DataError("\n".join(merge.refused or "" for merge in done.refused))
        error.run_id = done.run_id
        raise error
    return Outcome(done.run_id, [merge.table_run() for merge in done.merged])


@contextmanager
def _sla_timer(settings: Settings, run: JobRun, report: Report) -> Iterator[None]:
    """Alerts when the SLA runs out, whatever the run is blocked on; at once if that is past."""
    if run.due_at is None:
        yield
        return
    left = (run.due_at - clock.now()) / timedelta(seconds=1)
    timer = Timer(max(left, 0), outcomes.alert_sla_breach, [settings, run, report])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may be sending its alert just now
