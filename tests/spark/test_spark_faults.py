"""Runs on Spark that are killed or interrupted: readers keep what they had, the next run works."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pytest

from crm_ibis.config import project
from crm_ibis.config.settings import Settings
from crm_ibis.engines.spark import SparkEngine
from crm_ibis.publishing.refresh import refresh
from crm_ibis.warehouse import Warehouse, open_warehouse

FIRST = datetime(2024, 2, 1)
SECOND = datetime(2024, 3, 1)
LOCAL = "spark://local[2]"
KPI = "revenue_kpis"


@pytest.fixture
def there(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Revenue published as of FIRST, from the seeds as they lie there."""
    seeds = {name: project.seed_file(name) for name in ("facilities", "invoices")}
    lines = [f"  {name}: {{path: {file}}}\n" for name, file in seeds.items()]
    file = tmp_path / "sources.yml"
    file.write_text("sources:\n  applications: absent\n" + "".join(lines), encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(file))
    found = replace(settings, engine_url=LOCAL)
    with open_warehouse(found) as warehouse:
        refresh(warehouse, [KPI], as_of=FIRST)
    return found


def revenue(warehouse: Warehouse) -> list[Any]:
    return sorted(warehouse.fetch(f"SELECT * FROM {warehouse.quote(warehouse.analytics, KPI)}"))


def runs(warehouse: Warehouse) -> list[tuple[str, str | None]]:
    table = warehouse.quote(warehouse.meta, "runs")
    found = warehouse.fetch(f"SELECT state, error FROM {table} ORDER BY started_at")
    return [(state, error) for state, error in found]


def begin(settings: Settings) -> subprocess.Popen[str]:
    """A refresh as of SECOND in a process of its own, that has just checked a source on Spark."""
    environment = {
        **os.environ,
        "CRM_IBIS_ENGINE_URL": "spark://local[1]",
        "CRM_IBIS_DATABASE_URL": settings.database_url,
        "CRM_IBIS_ANALYTICS_SCHEMA": settings.analytics_schema,
    }
    command = [sys.executable, "-m", "crm_ibis", "refresh", KPI, "--as-of", SECOND.isoformat()]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.startswith("checked "):
            return process
    raise AssertionError("".join(seen))


def java_of(process: subprocess.Popen[str]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (java,) = [pid for pid in children if "java" in Path(f"/proc/{pid}/cmdline").read_text()]
    return int(java)


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_a_killed_driver_is_an_error_to_be_tried_again(there: Settings) -> None:
    with open_warehouse(there) as warehouse:
        before = revenue(warehouse)
        process = begin(there)
        os.kill(java_of(process), signal.SIGKILL)
        assert revenue(warehouse) == before
        _, said = process.communicate(timeout=120)
        assert process.returncode == 1
        assert "Traceback" not in said
        last = said.splitlines()[-1]
        assert last.startswith("Error: ")
        assert "Spark lost its driver or an executor: " in last
        assert "; nothing was published. Run again" in last
        assert [state for state, _ in runs(warehouse)] == ["succeeded", "failed"]
        assert revenue(warehouse) == before
        refresh(warehouse, [KPI], as_of=SECOND)
        assert revenue(warehouse) != before


@pytest.mark.parametrize("settings", ["duckdb"], indirect=True)
def test_a_killed_run_takes_its_driver_with_it(there: Settings) -> None:
    with open_warehouse(there) as warehouse:
        before = revenue(warehouse)
    process = begin(there)
    java = java_of(process)
    process.kill()
    process.communicate(timeout=60)
    wait_for(lambda: not is_there(java))
    with open_warehouse(there) as warehouse:
        assert revenue(warehouse) == before
        refresh(warehouse, [KPI], as_of=SECOND)
        assert revenue(warehouse) != before
        assert [state for state, _ in runs(warehouse)] == ["succeeded", "abandoned", "succeeded"]


def test_ctrl_c_cancels_the_job(duckdb_settings: Settings) -> None:
    with SparkEngine(replace(duckdb_settings, engine_url=LOCAL)) as engine:
        pause = "java_method('java.lang.Thread', 'sleep', id * 0 + 100)"
        engine.session.range(0, 1_000, 1, 2).selectExpr(
            f"{pause} AS slept"
        ).createOrReplaceTempView("slow")
        tracker = engine.session.sparkContext.statusTracker()

        def interrupt() -> None:
            wait_for(lambda: bool(tracker.getActiveJobsIds()))
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        table = ibis.table({"slept": "string"}, name="slow")
        with pytest.raises(KeyboardInterrupt):
            engine.rows(table.aggregate(n=table.slept.max()))
        wait_for(lambda: not tracker.getActiveJobsIds())
