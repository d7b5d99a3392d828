"""What a table's page tells of its last runs, those that failed among them."""

import json
from datetime import datetime

from crm_ibis.runlog import layout, summaries
from crm_ibis.runlog import log as runlog
from crm_ibis.runlog.publications import RETIRED, publications
from crm_ibis.site.data import run_history
from crm_ibis.warehouse import Warehouse

LOG = """
    1  | succeeded | health_scores               |
    2  | failed    | health_scores,pipeline_kpis | tickets
    3  | succeeded | health_scores               |
    4  | abandoned | health_scores               |
    5  | retrying  | health_scores               |
    6  | succeeded | health_scores               |
    7  | cancelled | health_scores               |
    8  | running   | health_scores               |
    9  | retrying  | pipeline_kpis               |
"""
"""Hour of the start, state, tables, and whose contract was broken. Runs 5 and 6 are two attempts at
one scheduled run; no other attempt followed run 9 yet."""


def write_log(warehouse: Warehouse) -> None:
    runlog.prepare(warehouse)
    for line in LOG.strip().splitlines():
        hour, state, tables, broken = (cell.strip() for cell in line.split("|"))
        started = datetime(2024, 3, 1, int(hour))
        checks = [{"table": broken, "check": "id is unique", "rows": 1, "keys": ["id=secret"]}]
        scheduled = (
            ["support", datetime(2024, 3, 1, 5)] if hour in "56" else [f"job_{hour}", started]
        )
        warehouse.run(
            f"INSERT INTO {layout.log_table(warehouse, 'runs')} (run_id, command, state, "
            "started_at, finished_at, as_of, tables, broken, job, scheduled_at) "
            "VALUES (?, 'refresh', ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(hour, state, started, started.replace(minute=5), started, tables),
                *(json.dumps(checks) if broken else None, *scheduled),
            ],
        )
        if state == "succeeded":
            warehouse.run(
                f"INSERT INTO {layout.log_table(warehouse, 'run_tables')} (run_id, table_name, "
                "kind, row_count, new_rows, changed_rows, gone_rows, checks, warnings, seconds, "
                "quarantined_rows) VALUES (?, ?, 'published', 40, 1, 2, 3, 4, '[]', 0.5, 0)",
                [hour, tables],
            )


def test_runs_that_failed_are_among_a_table_s_last_versions(warehouse: Warehouse) -> None:
    """Of an attempt that another one followed, and of a run still at work, nothing is told."""
    write_log(warehouse)
    found = run_history.versions(warehouse)
    told = [(v.run_id, v.trouble, v.rows, v.broken) for v in found["health_scores"]]
    assert told == [
        ("7", "cancelled", None, ()),
        ("6", None, 40, ()),
        ("4", "abandoned", None, ()),
        ("3", None, 40, ()),
        ("2", "failed", None, ("tickets",)),
        ("1", None, 40, ()),
    ]
    assert [(v.run_id, v.trouble) for v in found["pipeline_kpis"]] == [
        ("9", "retrying"),
        ("2", "failed"),
    ]
    assert [(v.run_id, v.trouble) for v in found["tickets"]] == [("2", "failed")]


def test_the_last_ten_are_the_newest_whether_they_failed_or_not(warehouse: Warehouse) -> None:
    runlog.prepare(warehouse)
    for number in range(8):
        run_id = runlog.start(warehouse, "refresh", datetime(2024, 3, 1), ["pipeline_kpis"])
        table = runlog.TableRun("pipeline_kpis", "published", rows=number, checks=1, seconds=0.1)
        runlog.succeed(warehouse, run_id, [table])
        runlog.fail(
            warehouse,
            runlog.start(warehouse, "refresh", datetime(2024, 3, 1), ["pipeline_kpis"]),
            "no",
        )
    found = run_history.versions(warehouse)["pipeline_kpis"]
    assert [v.rows for v in found] == [None, 7, None, 6, None, 5, None, 4, None, 3]


def test_a_snapshot_that_was_refused_is_told_once(warehouse: Warehouse) -> None:
    """Its run failed, and the log has what it did with each snapshot."""
    runlog.prepare(warehouse)
    run_id = runlog.start(warehouse, "snapshot", datetime(2024, 3, 1), ["pipeline_kpi_snapshot"])
    table = runlog.TableRun("pipeline_kpi_snapshot", "refused", rows=0, checks=0, seconds=0.1)
    runlog.fail(warehouse, run_id, "refused", [table])
    assert [v.trouble for v in run_history.versions(warehouse)["pipeline_kpi_snapshot"]] == [
        "refused"
    ]


def test_a_killed_run_is_told_though_nothing_has_marked_it(warehouse: Warehouse) -> None:
    runlog.prepare(warehouse)
    killed = runlog.start(warehouse, "refresh", datetime(2024, 3, 1), ["pipeline_kpis"])
    with warehouse.lock(lambda: "a test"):
        assert summaries.killed_runs(warehouse) == {}, "it is at work"
        found = run_history.read(warehouse, summaries.killed_runs(warehouse))
        assert [run.state for run in found.runs] == ["running"]
        assert found.versions == {}
    assert summaries.killed_runs(warehouse) == {killed: "abandoned"}
    found = run_history.read(warehouse, summaries.killed_runs(warehouse))
    assert [run.state for run in found.runs] == ["abandoned"]
    assert [v.trouble for v in found.versions["pipeline_kpis"]] == ["abandoned"]
    assert {s.table for s in found.statuses if s.failing} == {"pipeline_kpis"}


def test_a_table_that_was_retired_and_came_back_tells_of_it(warehouse: Warehouse) -> None:
    runlog.prepare(warehouse)
    for kind in ("published", RETIRED):
        run_id = runlog.start(warehouse, "retire", datetime(2024, 3, 1), ["pipeline_kpis"])
        table = runlog.TableRun("pipeline_kpis", kind, rows=0, checks=0, seconds=0.1)
        runlog.succeed(warehouse, run_id, [table])
    assert [v.trouble for v in run_history.versions(warehouse)["pipeline_kpis"]] == [
        "retired",
        None,
    ]
    assert publications(warehouse) == {}


def test_what_is_in_quarantine_is_counted_by_check(warehouse: Warehouse) -> None:
    """The newest run left out five rows: three keys, one of which breaks two checks."""
    runlog.prepare(warehouse)
    for rows in (9, 5):
        run_id = runlog.start(warehouse, "refresh", datetime(2024, 3, 1), ["health_scores"])
        tickets = runlog.TableRun("tickets", "source", 90, 1, 0.1, quarantined=rows)
        leads = runlog.TableRun("leads", "source", 90, 1, 0.1)
        runlog.succeed(warehouse, run_id, [tickets, leads])
    for key, check in (("t1", "late"), ("t1", "twice"), ("t2", "late"), ("t3", "late")):
        warehouse.run(
            f"INSERT INTO {layout.log_table(warehouse, 'quarantine')} "
            "(source_name, row_key, check_name) VALUES ('tickets', ?, ?)",
            [key, check],
        )
    assert run_history.quarantined_sources(warehouse) == {
        "tickets": run_history.Quarantined(5, {"late": 3, "twice": 1}),
        "leads": run_history.Quarantined(),
    }
