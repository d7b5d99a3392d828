"""What is put in order after a run: grants, comments and the log of runs.

The run has been committed by then, and nothing here can fail it: what cannot be done is reported,
and tried again after the next run.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from crm_ibis.errors import CrmIbisError, TransientError
from crm_ibis.events import ProgressEvent, Report, to_log, warn
from crm_ibis.publishing import comments, grants
from crm_ibis.runlog import pruning
from crm_ibis.warehouse import Warehouse

REPORT_TO_LOG = to_log(__name__)


def upkeep(warehouse: Warehouse, report: Report = REPORT_TO_LOG) -> None:
    """Puts all tables in order, not only those of the run; left to the next run if that waits."""
    with suppress(TransientError), warehouse.lock(lambda: "another run", wait=0):
        with (
            _report_failure("the rights of CRM_IBIS_READER_ROLES", report),
            warehouse.transaction(),
        ):
            _bring_grants_in_line(warehouse, report)
        with _report_failure("the comments of tables and columns", report), warehouse.transaction():
            comments.update_comments(warehouse)
        with _report_failure("the log of runs", report), warehouse.transaction():
            if pruning.is_due(warehouse) and (pruned := pruning.prune(warehouse)):
                line = f"deleted {pruned:,} runs that ended long ago from the log"
                report(ProgressEvent("note", line))


def _bring_grants_in_line(warehouse: Warehouse, report: Report) -> None:
    if warehouse.settings.reader_roles:
        left = grants.grant(warehouse, grants.accesses(warehouse))
        for table in dict.fromkeys(missing.table for missing in left):
            roles = ", ".join(missing.role for missing in left if missing.table == table)
            warn(report, f"{roles} may not read {table}, and only its owner can grant that", table)


@contextmanager
def _report_failure(what: str, report: Report) -> Iterator[None]:
    try:
        yield
    except CrmIbisError as error:
        warn(report, f"{what} could not be brought in line: {error}")
