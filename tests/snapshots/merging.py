"""Publishes or records KPIs in a process of its own, which may stop or kill itself in a merge.

Used as: merging.py WHAT WHEN DATABASE_URL RAW_SCHEMA ANALYTICS_SCHEMA AS_OF NAME...
WHAT is refresh or record, AS_OF may be `now`. Prints what each merge did, as JSON.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from crm_ibis.config.settings import Settings
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import log
from crm_ibis.warehouse import Warehouse, open_warehouse

KINDS = ("new", "changed", "corrected", "gone", "archived", "refused")


def after_the_first_write(warehouse: Warehouse, act: Callable[[], None]) -> Callable[..., int]:
    """`warehouse.run` that acts once, right after a statement has changed a history."""
    run, acted = warehouse.run, False
    writes = tuple(f'{verb} "{warehouse.analytics}".' for verb in ("UPDATE", "INSERT INTO"))

    def watched(sql: str, values: Any = ()) -> int:
        nonlocal acted
        changed = run(sql, values)
        if sql.startswith(writes) and not acted:
            assert changed > 0
            acted = True
            act()
        return changed

    return watched


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def pause() -> None:
    """Says so, and waits for a line."""
    print("paused", flush=True)
    sys.stdin.readline()


def main(what: str, when: str, url: str, raw: str, analytics: str, at: str, *names: str) -> None:
    settings = Settings(database_url=url, raw_schema=raw, analytics_schema=analytics)
    as_of = None if at == "now" else datetime.fromisoformat(at)
    with open_warehouse(settings) as warehouse:
        if when == "paused after the first write":
            warehouse.run = after_the_first_write(warehouse, pause)  # type: ignore[method-assign]
        elif when == "killed after the first write":
            warehouse.run = after_the_first_write(warehouse, die)  # type: ignore[method-assign]
        elif when == "killed just before the commit":
            succeed = log.succeed

            def log_and_die(*args: Any) -> None:
                succeed(*args)
                die()

            log.succeed = log_and_die  # type: ignore[assignment]
        else:
            assert when == "at once"
        if what == "refresh":
            merged = refresh(warehouse, names, as_of=as_of, snapshot=True).merged
        else:
            merged = record(warehouse, names, as_of=as_of).merged
    print(json.dumps([{kind: getattr(merge, kind) for kind in KINDS} for merge in merged]))


if __name__ == "__main__":
    main(*sys.argv[1:])
