"""The benchmark compares what is equal, and notices what got slower."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import ratios
from benchmarks.cells import all_differences
from benchmarks.databases import load
from benchmarks.dbt import model, write_project
from benchmarks.generate import AS_OF, generate
from benchmarks.hand_written.__main__ import build
from benchmarks.ratios import Line, compared
from benchmarks.refreshes import published_by_hand
from benchmarks.usage import PROC, Failed, Usage, measured, server_of

from crm_ibis.publishing.refresh import refresh
from crm_ibis.warehouse import Warehouse

FAST = Usage(seconds=2, cpu=4, mib=100)
SLOW = Usage(seconds=5, cpu=6, mib=300)


@pytest.fixture
def by_hand(warehouse: Warehouse, tmp_path: Path) -> Iterator[str]:
    """200 leads, what is published of them, and the schema of the same tables by hand."""
    generate(200, tmp_path)
    load(warehouse, tmp_path)
    refresh(warehouse, published_by_hand(), as_of=AS_OF)
    schema = f"{warehouse.analytics}_by_hand"
    dialect = warehouse.dialect
    build(warehouse.run, dialect, warehouse.raw, schema, AS_OF, published_by_hand())
    yield schema
    warehouse.run(f"DROP SCHEMA {schema} CASCADE")


def test_the_tables_by_hand_equal_ours_and_what_differs_is_named(
    warehouse: Warehouse, by_hand: str
) -> None:
    assert all_differences(warehouse, by_hand, published_by_hand()) == []
    names = ["revenue_kpis", "monthly_scorecard", "outreach_kpis"]
    revenue, scorecard, outreach = (warehouse.quote(by_hand, name) for name in names)
    ((rows,),) = warehouse.fetch(f"SELECT count(*) FROM {revenue}")
    ((months,),) = warehouse.fetch(f"SELECT count(*) FROM {scorecard}")
    warehouse.run(f"UPDATE {revenue} SET total_invoices = total_invoices + 1")
    warehouse.run(f"DELETE FROM {scorecard}")
    warehouse.run(f"ALTER TABLE {outreach} DROP COLUMN responses")
    assert all_differences(warehouse, by_hand, names) == [
        f"revenue_kpis.total_invoices: {rows} of {rows} cells differ",
        f"monthly_scorecard: {months} rows, and 0 by hand",
        "outreach_kpis: the SQL by hand lacks responses; add it in hand_written/",
    ]


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    ours = [Usage(3, 8, 90), Usage(8, 9, 91), Usage(4, 7, 99)]
    other = [Usage(2, 4, 10), Usage(2, 4, 10), Usage(1, 4, 10)]
    line = compared("whole refresh", "by hand", ours, other, database="DuckDB", leads=1000)
    assert line.ratios == {"seconds": 4.0, "cpu": 2.0}  # of 1.5, 4, 4 and 2, 2.25, 1.75
    assert line.ours == Usage(4, 8, 91)
    assert line.title == "DuckDB, 1,000 leads: whole refresh / by hand"


def a_line(seconds: float, cpu: float) -> Line:
    return Line("list", "Ibis alone", SLOW, FAST, {"seconds": seconds, "cpu": cpu})


def test_a_ratio_that_grew_by_more_than_a_fifth_is_a_regression(tmp_path: Path) -> None:
    path = tmp_path / "ratios.json"
    other = replace(a_line(9, 9), what="status")
    ratios.keep([a_line(3, 3), other], "a machine", path)
    ratios.keep([a_line(2, 1)], "another machine", path)
    kept = ratios.load(path)
    assert kept == ratios.Kept("another machine", [a_line(2, 1), other])
    assert ratios.regressions([a_line(2.4, 1.2)], kept.lines) == []
    assert ratios.regressions([a_line(2.41, 0.5)], kept.lines) == [
        "worse: list / Ibis alone: ratio 2.41, kept 2.00"
    ]
    assert ratios.regressions([a_line(1, 1.3)], kept.lines) == [
        "worse: list / Ibis alone: ratio of CPU 1.30, kept 1.00"
    ]
    assert ratios.regressions([replace(other, what="new")], kept.lines) == []


def test_the_readme_shows_what_is_kept() -> None:
    text = ratios.README.read_text(encoding="utf-8")
    assert ratios.BEGIN in text
    assert ratios.END in text
    assert text == ratios.readme_with(text, ratios.load()), "run `make generate`"


@pytest.mark.skipif(not PROC.is_dir(), reason="only Linux tells what a process uses")
def test_a_process_is_measured_as_a_whole() -> None:
    busy = "import time\nx = bytearray(80 << 20)\nwhile time.process_time() < 0.4: pass\nprint(7)"
    usage, printed = measured([sys.executable, "-c", busy])
    assert printed == "7\n"
    assert usage.cpu >= 0.4
    assert 80 <= usage.mib < 200
    assert usage.seconds >= 0.4


@pytest.mark.skipif("CRM_IBIS_TEST_POSTGRES_URL" in os.environ, reason="it may run elsewhere")
@pytest.mark.skipif(not PROC.is_dir(), reason="only Linux tells what a process uses")
def test_the_work_of_the_server_counts(postgres_url: str) -> None:
    for _ in range(20):  # the connection that finds the server ends as soon as it is known
        assert server_of(postgres_url).postmaster is not None
    work = (
        f"import psycopg; con = psycopg.connect({postgres_url!r})\n"
        "con.execute('SELECT count(*) FROM generate_series(1, 5000000)')"
    )
    alone, _ = measured([sys.executable, "-c", work])
    both, _ = measured([sys.executable, "-c", work], server=server_of(postgres_url))
    assert both.cpu > alone.cpu
    assert both.mib > alone.mib


def test_a_process_that_fails_is_no_measurement() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such table')"]
    with pytest.raises(Failed, match="no such table"):
        measured(command)
    assert measured(command, allowed=(0, 1))[1] == ""


def test_the_project_for_dbt_has_the_queries_and_tests_of_the_contracts(tmp_path: Path) -> None:
    write_project(tmp_path, "duckdb:///tmp/crm.duckdb", ["conversion_funnel"])
    models = {path.stem for path in (tmp_path / "models").glob("*.sql")}
    assert models == {"conversion_funnel", "lead_milestones"}
    assert "{{ ref('lead_milestones') }}" in model("conversion_funnel", "postgres")
    assert "{{ source('bench', 'leads') }} as leads" in model("lead_milestones", "postgres")
    declared = json.loads((tmp_path / "models" / "sources.yml").read_text())["sources"][0]
    leads = next(table for table in declared["tables"] if table["name"] == "leads")
    tests = {column["name"]: column["data_tests"] for column in leads["columns"]}
    assert tests["id"] == ["unique", "not_null"]
    assert tests["facility_id"][1]["relationships"]["arguments"] == {
        "to": "source('bench', 'facilities')",
        "field": "id",
    }
    assert [test["holds"]["arguments"]["expression"] for test in tests["amount"][1:]] == [
        "amount >= 0"
    ]
