"""Runs a refresh in a process of its own that kills itself, as `kill -9` would, at a given step.

Used as: killed.py STEP DATABASE_URL RAW_SCHEMA ANALYTICS_SCHEMA AS_OF KPI...
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from crm_ibis.config.settings import Settings
from crm_ibis.contracts import audit
from crm_ibis.publishing.publish import Publication
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import log
from crm_ibis.warehouse import open_warehouse


def dying(function: Callable[..., Any], after_calls: int) -> Callable[..., Any]:
    """The function, but the process dies when it is called again after so many calls."""
    calls = 0

    def called(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after_calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return called


def main(step: str, url: str, raw: str, analytics: str, as_of: str, *names: str) -> None:
    settings = Settings(database_url=url, raw_schema=raw, analytics_schema=analytics)
    with open_warehouse(settings) as warehouse:
        if step == "while the sources are checked":
            audit.run_audits = dying(audit.run_audits, 1)
        elif step == "after all results are staged":
            Publication.changes = dying(Publication.changes, 0)  # type: ignore[method-assign]
        elif step == "between two merges":
            Publication.merge = dying(Publication.merge, len(names) - 1)  # type: ignore
        elif step == "within a merge":
            warehouse.run = dies_before_insert(warehouse)  # type: ignore[method-assign]
        elif step == "just before the commit":
            succeed = log.succeed

            def log_and_die(*args: Any) -> None:
                succeed(*args)
                os.kill(os.getpid(), signal.SIGKILL)

            log.succeed = log_and_die  # type: ignore[assignment]
        else:
            raise ValueError(step)
        refresh(warehouse, names, as_of=datetime.fromisoformat(as_of))


def dies_before_insert(warehouse: Any) -> Callable[..., int]:
    """`warehouse.run` that dies at an insert into a published table."""
    run = warehouse.run

    def watched(sql: str, values: Any = ()) -> int:
        if sql.startswith(f'INSERT INTO "{warehouse.analytics}".'):
            os.kill(os.getpid(), signal.SIGKILL)
        return run(sql, values)

    return watched


if __name__ == "__main__":
    main(*sys.argv[1:])
