"""Each command as a user runs it: what it prints and where, what it changes, how it exits."""

import json
import shutil
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from commands import Demo, Run, contents, execute, logged_runs, words

from crm_ibis import __version__
from crm_ibis.config.project import path
from crm_ibis.config.settings import Settings
from crm_ibis.metrics import graph
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

COMMANDS = [
    "alerts",
    "backfill",
    "check",
    "config",
    "demo",
    "describe",
    "history",
    "init",
    "list",
    "refresh",
    "retire",
    "seed",
    "show",
    "snapshot",
    "sql",
    "status",
]
KPIS = set(graph.kpi_functions())
HIGH = {
    "conversion_funnel",
    "satisfaction_rollups",
    "ticket_sla_compliance",
    "weighted_pipeline_scenarios",
}
SCORECARD = {
    "Leads": ["8", "4"],
    "Qualified": ["4", "3"],
    "Qualified %": ["50", "75"],
    "Won": ["3", "1"],
    "Won %": ["37.5", "25"],
    "SLA attainment %": ["95", "100"],
    "CSAT (1-5)": ["4", "4.5"],
    "NPS": ["0", "50"],  # January: 7 and 8, both passive; February: 10 and 8, half promoters
    "Health (0-100)": ["72.82", "78.23"],
    "Health": ["good", "good"],
    "Revenue": ["17,150.75", "9,800.50"],  # paid: 12,500 + 1,500 + 3,150.75, and 9,800.50
}
UNREACHABLE = "postgres://nobody@127.0.0.1:1/nowhere"


def too_wide(text: str) -> list[str]:
    return [line for line in text.splitlines() if len(line.rstrip()) > 80]


def table(outcome: dict[str, Any], name: str) -> dict[str, Any]:
    """What the JSON of a refresh says of one table."""
    (found,) = [row for row in outcome["tables"] if row["table"] == name]
    return found


def log_as_published(settings: Settings, names: Iterable[str]) -> None:
    """Writes into the log that its only run published these tables too."""
    log = "{analytics}_meta.run_tables (run_id, table_name, kind, row_count)"
    for name in names:
        published = f"SELECT run_id, '{name}', 'published', 4 FROM {{analytics}}_meta.runs"
        execute(settings, f"INSERT INTO {log} {published}")


def only(rows: list[dict[str, Any]], **given: object) -> dict[str, Any]:
    (found,) = [row for row in rows if given.items() <= row.items()]
    return found


# demo


def test_the_demo_prints_the_scorecard_of_the_definitions(demo: Demo) -> None:
    assert demo.outcome.exit_code == 0, demo.outcome.err
    assert demo.outcome.cells["Monthly scorecard"] == ["January 2024", "February 2024"]
    assert SCORECARD.items() <= demo.outcome.cells.items()


def test_the_demo_uses_a_file_of_its_own_in_the_working_folder(demo: Demo) -> None:
    assert {file.name for file in demo.folder.iterdir()} == {"crm-demo.duckdb", "site"}
    assert "duckdb://crm-demo.duckdb" in demo.outcome.out


def test_the_demo_publishes_all_that_jobs_do(demo: Demo) -> None:
    with duckdb.connect(str(demo.folder / "crm-demo.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT ticket_id, sla_state FROM analytics.ticket_queue"
        ).fetchall()
    assert found == [("tick_006", "breached")]


def test_the_demo_says_where_everything_is_and_its_suggestions_work(
    demo: Demo, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.folder)
    lines = [line.split() for line in demo.outcome.out.splitlines()]
    suggestions = [line[1:] for line in lines if line[:1] == ["crm-ibis"]]
    assert len(suggestions) == 3
    for suggestion in suggestions:
        outcome = run(*suggestion)
        assert outcome.exit_code == 0, outcome.err
        assert outcome.out


@pytest.mark.e2e
@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_the_demo_on_postgresql_prints_the_same(database: Settings, run: Run) -> None:
    outcome = run("demo")
    assert outcome.exit_code == 0, outcome.err
    assert SCORECARD.items() <= outcome.cells.items()
    assert [file.name for file in Path.cwd().iterdir()] == ["site"]
    assert {f"{database.analytics_schema}.{name}" for name in KPIS} <= set(contents(database))


@pytest.mark.parametrize("how", ["option", "environment"])
def test_the_demo_does_not_fall_back_to_its_own_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "environment":
        monkeypatch.setenv("CRM_IBIS_DATABASE_URL", UNREACHABLE)
    outcome = run(*(["--database", UNREACHABLE] if how == "option" else []), "demo")
    assert outcome.exit_code == 1
    assert UNREACHABLE in outcome.err
    assert list(Path.cwd().iterdir()) == []


# seed


def test_seed_loads_eight_tables_and_says_where(database: Settings, run: Run) -> None:
    outcome = run("seed")
    assert outcome.exit_code == 0, outcome.err
    # 2 facilities, 12 leads, 6 opportunities, 10 tickets, 10 answers, 14 activities,
    # 9 applications, 6 invoices
    assert f"8 tables, 69 rows in schema {database.raw_schema}" in words(outcome.out)
    assert f"loaded {database.raw_schema}.leads: 12 rows" in outcome.err
    assert "loaded" not in outcome.out
    assert len(contents(database)[f"{database.raw_schema}.leads"]) == 12


def test_seed_leaves_foreign_tables_unless_forced(database: Settings, run: Run) -> None:
    execute(
        database,
        "CREATE SCHEMA {raw}",
        "CREATE TABLE {raw}.leads (id VARCHAR)",
        "INSERT INTO {raw}.leads VALUES ('precious')",
    )
    before = contents(database)
    refused = run("seed")
    assert refused.exit_code == 1
    assert f"{database.raw_schema}.leads" in refused.err
    assert "--force" in refused.err
    assert refused.out == ""
    assert contents(database) == before
    assert run("seed", "--force").exit_code == 0
    assert len(contents(database)[f"{database.raw_schema}.leads"]) == 12


# refresh


def test_a_named_kpi_is_published_alone(seeded: Settings, run: Run) -> None:
    outcome = run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    assert outcome.exit_code == 0, outcome.err
    # Two facilities with an invoice in each of two months.
    assert outcome.cells["revenue_kpis"][:5] == ["4", "4", "-", "-", "10"]
    assert "published in run" in outcome.out
    assert "as of 2024-03-01" in words(outcome.out)
    published = {name for name in contents(seeded) if name.startswith(seeded.analytics_schema)}
    assert published == {f"{seeded.analytics_schema}.revenue_kpis"}


def test_results_go_to_stdout_and_progress_to_stderr(seeded: Settings, run: Run) -> None:
    outcome = run("refresh", "revenue_kpis")
    assert "checked invoices: 6 rows" in outcome.err
    assert "built revenue_kpis: 4 rows" in outcome.err
    assert "checked " not in outcome.out
    assert "built " not in outcome.out
    assert "published" not in outcome.err


def test_refreshing_again_changes_nothing(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    before = contents(seeded)
    outcome = run("refresh", "revenue_kpis", "--as-of", "2024-03-02")
    assert outcome.cells["revenue_kpis"][:4] == ["4", "-", "-", "-"]
    assert contents(seeded) == before


def test_a_fact_can_be_refreshed_like_a_kpi(published: Settings, run: Run) -> None:
    outcome = run("refresh", "ticket_sla", "--as-of", "2024-03-01", "--json")
    assert outcome.exit_code == 0, outcome.err
    assert table(outcome.json, "ticket_sla")["rows"] == 10
    assert len(contents(published)["analytics.ticket_sla"]) == 10


def test_a_tag_selects_all_kpis_of_a_criticality(published: Settings, run: Run) -> None:
    outcome = run("refresh", "--tag", "high", "--as-of", "2024-03-01", "--json")
    assert outcome.exit_code == 0, outcome.err
    found = {row["table"] for row in outcome.json["tables"] if row["kind"] == "published"}
    assert found == HIGH


def test_a_tag_adds_to_the_names(published: Settings, run: Run) -> None:
    outcome = run("refresh", "revenue_kpis", "--tag", "medium", "--dry-run", "--json")
    found = {row["table"] for row in outcome.json["tables"] if row["kind"] == "published"}
    assert found == {"revenue_kpis", "cohort_retention", "rep_activity_by_channel"}


def test_without_names_all_kpis_are_refreshed(published: Settings, run: Run) -> None:
    outcome = run("refresh", "--as-of", "2024-03-01", "--json")
    assert outcome.exit_code == 0, outcome.err
    done = [row for row in outcome.json["tables"] if row["kind"] == "published"]
    assert {row["table"] for row in done} == {*KPIS, "ticket_queue", "deal_queue"}
    assert not any(row["new"] or row["changed"] or row["gone"] for row in done)


@pytest.mark.parametrize(
    "as_of", ["2024-02-01", "2024-02-01T00:00", "2024-02-01T02:30+02:30", "2024-01-31T23:00-01:00"]
)
def test_as_of_is_utc_unless_it_has_a_zone_of_its_own(
    published: Settings, run: Run, as_of: str
) -> None:
    outcome = run("refresh", "revenue_kpis", "--as-of", as_of, "--dry-run", "--json")
    assert outcome.json["as_of"] == "2024-02-01T00:00:00"
    # Four invoices of January, two of each facility; those of February do not exist yet.
    assert table(outcome.json, "revenue_kpis")["rows"] == 2


def test_going_back_in_time_needs_force(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    before = contents(seeded)
    refused = run("refresh", "revenue_kpis", "--as-of", "2024-02-01")
    assert refused.exit_code == 1
    assert "revenue_kpis is published as of 2024-03-01" in refused.err
    assert "--force" in refused.err
    assert refused.out == ""
    assert contents(seeded) == before
    forced = run("refresh", "revenue_kpis", "--as-of", "2024-02-01", "--force")
    assert forced.exit_code == 0, forced.err
    # January stays with other values (its invoices were paid in February), February goes.
    assert forced.cells["revenue_kpis"][:4] == ["2", "-", "2", "2"]


def test_a_dry_run_shows_the_cells_that_would_change_and_writes_nothing(
    seeded: Settings, run: Run
) -> None:
    run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    execute(seeded, "UPDATE {raw}.invoices SET amount = amount + 100 WHERE id = 'inv_001'")
    before = contents(seeded), logged_runs(seeded)
    outcome = run("refresh", "revenue_kpis", "--as-of", "2024-03-02", "--dry-run")
    assert outcome.exit_code == 0, outcome.err
    assert outcome.cells["revenue_kpis"][:4] == ["4", "-", "1", "-"]
    told = words(outcome.out)
    assert "would be published" in told
    row = "revenue_kpis [facility_id=fac_001, month=2024-01-01]"
    # 12,500 + 1,500 in two invoices; 100 more.
    assert f"{row} total_revenue: 14,000.00 -> 14,100.00" in told
    assert f"{row} avg_revenue_per_invoice: 7,000.00 -> 7,050.00" in told
    assert (contents(seeded), logged_runs(seeded)) == before


def test_the_json_of_a_dry_run_holds_the_cells_exactly(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    execute(seeded, "UPDATE {raw}.invoices SET amount = amount + 100 WHERE id = 'inv_001'")
    result = run("refresh", "revenue_kpis", "--as-of", "2024-03-02", "--dry-run", "--json").json
    assert result["dry_run"] is True
    assert result["run_id"] is None
    assert result["previews"] == {
        "revenue_kpis": [
            {
                "key": {"facility_id": "fac_001", "month": "2024-01-01"},
                "cells": {
                    "total_revenue": ["14000.00", "14100.00"],
                    "avg_revenue_per_invoice": ["7000.00", "7050.00"],
                },
            }
        ]
    }


def test_a_dry_run_of_the_first_refresh_publishes_nothing(seeded: Settings, run: Run) -> None:
    before = contents(seeded)
    outcome = run("refresh", "revenue_kpis", "--dry-run")
    assert outcome.exit_code == 0, outcome.err
    assert outcome.cells["revenue_kpis"][:4] == ["4", "4", "-", "-"]
    assert contents(seeded) == before
    assert logged_runs(seeded) == 0


def test_the_json_of_a_refresh_says_what_was_done(seeded: Settings, run: Run) -> None:
    outcome = run("refresh", "revenue_kpis", "--as-of", "2024-03-01", "--json")
    result = outcome.json
    assert result["run_id"]
    assert result["as_of"] == "2024-03-01T00:00:00"
    assert result["dry_run"] is False
    assert result["warnings"] == []
    done = table(result, "revenue_kpis")
    assert (done["kind"], done["rows"], done["new"]) == ("published", 4, 4)
    assert (done["changed"], done["gone"]) == (0, 0)
    assert table(result, "invoices")["kind"] == "source"
    assert table(result, "invoices")["rows"] == 6
    assert "built revenue_kpis" in outcome.err


def test_the_json_of_a_failed_refresh_names_the_rows(seeded: Settings, run: Run) -> None:
    execute(seeded, "UPDATE {raw}.invoices SET status = 'lost' WHERE id = 'inv_002'")
    outcome = run("refresh", "revenue_kpis", "--json")
    assert outcome.exit_code == 1
    (violation,) = outcome.json["violations"]
    assert violation["table"] == "invoices"
    assert violation["check"] == "status is one of pending, paid, cancelled"
    assert violation["rows"] == 1
    assert violation["samples"] == [{"id": "inv_002", "status": "lost"}]
    assert "status is one of pending, paid, cancelled" in outcome.err


def test_a_parameter_file_changes_the_result(seeded: Settings, run: Run) -> None:
    Path("params.yml").write_text("compliance_threshold: 90\n", encoding="utf-8")
    outcome = run(
        "--params", "params.yml", "refresh", "compliance_kpis", "--as-of", "2024-03-01", "--json"
    )
    assert outcome.exit_code == 0, outcome.err
    rows = run("show", "compliance_kpis", "--json").json
    # Northgate in January: 92, 85 and 70; with the shipped threshold of 80, two would comply.
    north = only(rows, facility_id="fac_001", month="2024-01-01")
    assert north["compliant_applications"] == 1


# check


def test_check_passes_what_is_in_order(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis")
    before = contents(seeded), logged_runs(seeded)
    outcome = run("check")
    assert outcome.exit_code == 0, outcome.err
    assert outcome.cells["leads"][0] == "12"
    assert outcome.cells["revenue_kpis"][0] == "4"
    assert "conversion_funnel" not in outcome.cells
    assert "checked leads: 12 rows" in outcome.err
    assert (contents(seeded), logged_runs(seeded)) == before


def test_check_of_named_tables_looks_at_no_others(seeded: Settings, run: Run) -> None:
    outcome = run("check", "invoices", "facilities", "--json")
    assert outcome.exit_code == 0, outcome.err
    assert [(row["table"], row["rows"]) for row in outcome.json] == [
        ("invoices", 6),
        ("facilities", 2),
    ]


def test_check_exits_1_and_shows_samples_of_what_is_broken(seeded: Settings, run: Run) -> None:
    execute(seeded, "UPDATE {raw}.invoices SET facility_id = 'fac_9' WHERE id = 'inv_002'")
    before = contents(seeded), logged_runs(seeded)
    outcome = run("check", "invoices")
    assert outcome.exit_code == 1
    assert "invoices: facility_id is an id of facilities: 1 row" in words(outcome.out)
    assert "id=inv_002, facility_id=fac_9" in words(outcome.out)
    (checked,) = run("check", "invoices", "--json").json
    (violation,) = checked["violations"]
    assert violation["severity"] == "error"
    assert violation["samples"] == [{"id": "inv_002", "facility_id": "fac_9"}]
    assert (contents(seeded), logged_runs(seeded)) == before


def test_check_looks_at_published_tables_too(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    execute(
        seeded,
        "UPDATE {analytics}.revenue_kpis SET facility_id = 'f9' WHERE facility_id = 'fac_002'",
    )
    outcome = run("check", "revenue_kpis", "--json")
    assert outcome.exit_code == 1
    (violation,) = outcome.json[0]["violations"]
    assert violation["check"] == "facility_id is an id of facilities"
    assert [row["month"] for row in violation["samples"]] == ["2024-01-01", "2024-02-01"]


def test_check_keeps_private_columns_to_itself(seeded: Settings, run: Run) -> None:
    execute(seeded, "UPDATE {raw}.applications SET candidate_id = NULL WHERE id = 'app_001'")
    for outcome in (run("check", "applications"), run("check", "applications", "--json")):
        assert outcome.exit_code == 1
        assert "cand_0" not in outcome.out + outcome.err


# list, describe, sql


def test_list_shows_every_kpi_with_owner_criticality_and_sla(run: Run) -> None:
    outcome = run("list")
    assert outcome.exit_code == 0, outcome.err
    assert outcome.cells["health_scores"] == ["Executive Leadership", "critical", "2h"]
    assert outcome.cells["cohort_retention"] == ["Revenue Operations", "medium", "4h"]
    assert outcome.cells["revenue_kpis"] == ["-", "-", "4h"]
    assert set(outcome.cells) >= KPIS
    assert "needs pipeline_kpis, compliance_kpis, revenue_kpis, outreach_kpis" in words(outcome.out)
    assert outcome.err == ""


def test_the_json_of_list_is_complete(run: Run) -> None:
    entries = run("list", "--json").json
    assert {entry["name"] for entry in entries} == KPIS
    funnel = only(entries, name="conversion_funnel")
    assert funnel["owner"] == "Sales Leadership"
    assert funnel["criticality"] == "high"
    assert funnel["sla"] == "2h"
    assert funnel["needs"] == ["lead_milestones"]
    assert funnel["exposures"] == ["crm_conversion_funnel"]


@pytest.mark.parametrize(
    "arguments", [["list"], ["describe", "health_scores"], ["sql", "revenue_kpis"]]
)
def test_what_needs_no_database_opens_none(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", UNREACHABLE)
    outcome = run(*arguments)
    assert outcome.exit_code == 0, outcome.err
    assert list(Path.cwd().iterdir()) == []


def test_describe_tells_meaning_grain_columns_and_checks(run: Run) -> None:
    outcome = run("describe", "conversion_funnel")
    assert outcome.exit_code == 0, outcome.err
    told = words(outcome.out)
    assert told.startswith("conversion_funnel Of the leads created in a month, how many ever")
    assert "Grain: facility_id, rep_id, month, funnel_stage" in told
    assert "owner: Sales Leadership" in told
    assert "criticality: high" in told
    assert "the funnel never grows from one stage to the next" in told
    for column in ("stage_count", "drop_off_count", "conversion_from_lead_pct", "updated_at"):
        assert column in told


def test_the_json_of_describe_gives_types_and_units(run: Run) -> None:
    told = run("describe", "revenue_kpis", "--json").json
    assert told["kind"] == "kpi"
    assert told["grain"] == ["facility_id", "month"]
    assert told["needs"] == ["stg_invoices"]
    assert told["needed_by"] == ["combined_kpis"]
    revenue = only(told["columns"], name="total_revenue")
    assert "decimal(18, 2)" in revenue["type"]
    average = only(told["columns"], name="avg_revenue_per_invoice")
    assert average["nullable"] is True
    rate = only(run("describe", "health_scores", "--json").json["columns"], name="coverage_pct")
    assert rate["unit"] == "percent"


@pytest.mark.parametrize(("name", "kind"), [("ticket_sla", "fact"), ("invoices", "source")])
def test_facts_and_sources_are_described_too(run: Run, name: str, kind: str) -> None:
    assert run("describe", name, "--json").json["kind"] == kind
    assert name in run("describe", name).out


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("name", ["cohort_retention", "health_scores", "ticket_sla"])
def test_sql_is_one_query_that_parses(run: Run, name: str, dialect: str) -> None:
    outcome = run("sql", name, "--dialect", dialect, "--as-of", "2024-03-01")
    assert outcome.exit_code == 0, outcome.err
    (query,) = sqlglot.parse(outcome.out, dialect=dialect)
    assert isinstance(query, sqlglot.exp.Query)
    tables = {table.sql() for table in query.find_all(sqlglot.exp.Table) if table.db}
    assert tables
    assert all(table.startswith('"raw".') for table in tables)
    assert "2024-03-01" in outcome.out


def test_sql_speaks_the_dialect_of_the_database_that_is_set(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_of = ("--as-of", "2024-03-01")
    duckdb, postgres = (
        run("sql", "cohort_retention", "--dialect", dialect, *as_of).out
        for dialect in ("duckdb", "postgres")
    )
    assert duckdb != postgres
    assert run("sql", "cohort_retention", *as_of).out == duckdb
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", UNREACHABLE)
    assert run("sql", "cohort_retention", *as_of).out == postgres


def test_sql_reads_the_schema_and_the_parameters_that_are_set(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("params.yml").write_text("compliance_threshold: 77.5\n", encoding="utf-8")
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", "crm_copy")
    query = run("--params", "params.yml", "sql", "compliance_kpis").out
    assert '"crm_copy"."applications"' in query
    assert "77.5" in query


# show


def test_show_prints_rows_in_order_of_the_key(published: Settings, run: Run) -> None:
    outcome = run("show", "health_scores", "--json")
    assert outcome.exit_code == 0, outcome.err
    found = [
        (row["facility_id"], row["month"], round(row["overall_health_score"], 4))
        for row in outcome.json
    ]
    assert found == [
        ("fac_001", "2024-01-01", 84.4773),
        ("fac_001", "2024-02-01", 98.56),
        ("fac_002", "2024-01-01", 61.168),
        ("fac_002", "2024-02-01", 57.896),
    ]


def test_show_of_a_published_table_and_of_a_source(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    rows = run("show", "revenue_kpis", "--json").json
    assert [Decimal(row["total_revenue"]) for row in rows] == [
        Decimal("14000.00"),
        Decimal("0.00"),
        Decimal("3150.75"),
        Decimal("9800.50"),
    ]
    source = run("show", "facilities")
    assert source.exit_code == 0, source.err
    assert "Northgate" in source.out
    assert run("show", f"{seeded.raw_schema}.facilities").out == source.out


def test_where_and_limit_choose_rows(seeded: Settings, run: Run) -> None:
    where = ("--where", "stage = 'won' AND amount > 50000")
    rows = run("show", "leads", *where, "--json").json
    assert [row["id"] for row in rows] == ["lead_001", "lead_005", "lead_009"]
    rows = run("show", "leads", *where, "--limit", "2", "--json").json
    assert [row["id"] for row in rows] == ["lead_001", "lead_005"]
    assert len(run("show", "leads", "--where", "stage = 'won' OR true", "--json").json) == 12
    shown = run("show", "leads", "--where", "amount > 1000000")
    assert (shown.exit_code, shown.out.strip()) == (0, "no rows")
    assert run("show", "leads", "--where", "amount > 1000000", "--json").json == []


def test_show_says_that_there_is_more_only_when_there_is(published: Settings, run: Run) -> None:
    assert "--limit" in run("show", "leads", "--limit", "11").out
    assert "--limit" not in run("show", "leads", "--limit", "12").out


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("applications", "candidate_id", "cand_0"),
        ("satisfaction", "feedback", "friendly"),
        ("outreach", "message", "Newsletter"),
    ],
)
def test_private_columns_are_not_shown(
    published: Settings, run: Run, name: str, column: str, value: str
) -> None:
    for outcome in (run("show", name), run("show", name, "--json")):
        assert outcome.exit_code == 0, outcome.err
        assert column not in outcome.out
        assert value not in outcome.out


def test_wide_rows_are_shown_as_lists(published: Settings, run: Run) -> None:
    outcome = run("show", "health_scores", "--limit", "1")
    assert too_wide(outcome.out) == []
    assert outcome.cells["overall_health_score"] == ["84.4773"]
    assert outcome.cells["health_status"] == ["excellent"]


# status


def test_status_before_the_first_refresh(seeded: Settings, run: Run) -> None:
    outcome = run("status")
    assert outcome.exit_code == 1
    assert set(outcome.cells) >= KPIS
    assert outcome.cells["revenue_kpis"][:2] == ["never", "4h"]
    assert outcome.cells["revenue_kpis"][-1] == "late"
    assert "late: nothing published since" in words(outcome.out)
    states = run("status", "--json").json
    assert {state["table"] for state in states} == KPIS
    assert all(state["late"] and not state["failing"] for state in states)


def test_status_of_what_is_published(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "lead_milestones", "--as-of", "2024-03-01")
    outcome = run("status")
    assert outcome.exit_code == 1, "the other KPIs are late"
    assert outcome.cells["revenue_kpis"][::3] == ["0 min", "on time"]
    assert outcome.cells["lead_milestones"] == ["0 min", "-", "-", "unscheduled"]
    assert outcome.cells["health_scores"][-1] == "late"
    state = only(run("status", "--json").json, table="revenue_kpis")
    assert state["as_of"] == "2024-03-01T00:00:00"
    assert state["rows"] == 4
    assert 0 <= state["age_hours"] < 0.1
    assert (state["state"], state["late"], state["failing"]) == ("on time", False, False)


def test_status_of_sources_is_a_list_of_its_own(published: Settings, run: Run) -> None:
    """The tables stay the list that they were."""
    outcome = run("status", "--sources", "--json")
    assert outcome.exit_code == 0
    (tickets,) = (source for source in outcome.json if source["source"] == "tickets")
    assert (tickets["rows"], tickets["unchanged_runs"]) == (10, 1)
    assert tickets["newest_at"].startswith("2024-02")
    assert "source tickets: 10 rows, newest row" in words(run("status", "--sources").out)
    assert {"table", "state"} <= set(run("status", "--json").json[0])


def test_status_exits_0_when_everything_is_on_time(published: Settings, run: Run) -> None:
    assert run("status").exit_code == 0


def test_a_kpi_is_late_when_its_last_publication_is_too_old(published: Settings, run: Run) -> None:
    execute(
        published,
        "UPDATE analytics_meta.runs SET finished_at = finished_at - INTERVAL '2 days'",
    )
    outcome = run("status")
    assert outcome.exit_code == 1
    assert outcome.cells["health_scores"][0] == "2.0 days"
    assert {cells[-1] for name, cells in outcome.cells.items() if name in KPIS} == {"late"}


def test_status_exits_1_while_something_fails(seeded: Settings, run: Run) -> None:
    run("refresh", "revenue_kpis", "--as-of", "2024-03-01")
    log_as_published(seeded, KPIS - {"revenue_kpis"})
    execute(seeded, "UPDATE {raw}.invoices SET status = 'lost' WHERE id = 'inv_002'")
    assert run("refresh", "revenue_kpis").exit_code == 1
    outcome = run("status")
    assert outcome.exit_code == 1
    assert outcome.cells["revenue_kpis"][::3] == ["0 min", "failing"]
    assert "status is one of pending, paid, cancelled: 1 row" in words(outcome.out)
    state = only(run("status", "--json").json, table="revenue_kpis")
    assert (state["state"], state["failing"]) == ("failing", True)
    assert "status is one of pending, paid, cancelled" in state["last_error"]
    execute(seeded, "UPDATE {raw}.invoices SET status = 'paid' WHERE id = 'inv_002'")
    assert run("refresh", "revenue_kpis").exit_code == 0
    assert run("status").exit_code == 0


def test_status_says_in_a_line_that_no_channel_has_a_url(published: Settings, run: Run) -> None:
    outcome = run("status", "--json")
    assert outcome.exit_code == 0
    assert outcome.json
    (line,) = outcome.err.splitlines()
    assert line.startswith("alerts: no channel has a URL in the environment")


def test_status_says_when_a_clock_was_ahead(published: Settings, run: Run) -> None:
    execute(published, "UPDATE analytics_meta.runs SET as_of = as_of + INTERVAL '20 years'")
    outcome = run("status")
    assert outcome.exit_code == 1
    assert outcome.cells["health_scores"][-1] == "clock ahead"
    assert "clock ahead: published as of 2044-03-01 00:00 UTC, which is in the future" in words(
        outcome.out
    )


def test_a_failure_of_several_kpis_is_told_once(seeded: Settings, run: Run) -> None:
    execute(seeded, "UPDATE {raw}.invoices SET status = 'lost' WHERE id = 'inv_002'")
    run("refresh", "revenue_kpis", "combined_kpis", "monthly_scorecard")
    outcome = run("status")
    assert outcome.exit_code == 1
    assert outcome.out.count("status is one of pending, paid, cancelled") == 1


# init


def changed_project(run: Run) -> Path:
    """A project folder in which one invoice is gone and the board owns the health scores."""
    assert run("init", "acme").exit_code == 0
    folder = Path("acme").resolve()
    shipped = path("seeds", "invoices.csv").read_text(encoding="utf-8")
    kept = [line for line in shipped.splitlines(keepends=True) if not line.startswith("inv_002")]
    (folder / "seeds").mkdir()
    (folder / "seeds" / "invoices.csv").write_text("".join(kept), encoding="utf-8")
    (folder / "exposures.yml").write_text(
        "facility_health_scorecard: {owner: The Board}\n", encoding="utf-8"
    )
    return folder


def test_a_project_folder_is_what_the_program_reads(
    run: Run, own_project: Callable[[Path], None]
) -> None:
    own_project(changed_project(run))
    database = ("--database", "duckdb://acme.duckdb")
    assert run(*database, "seed").exit_code == 0
    outcome = run(*database, "refresh", "revenue_kpis", "--as-of", "2024-03-01")
    assert outcome.exit_code == 0, outcome.err
    rows = run(*database, "show", "revenue_kpis", "--json").json
    revenue = dict.fromkeys(("2024-01-01", "2024-02-01"), Decimal(0))
    for row in rows:
        revenue[row["month"]] += Decimal(row["total_revenue"])
    # Without inv_002 nothing of February is paid.
    assert list(revenue.values()) == [Decimal("17150.75"), 0]
    assert run("list").cells["health_scores"] == ["The Board", "critical", "2h"]


@pytest.mark.e2e
def test_the_demo_runs_in_a_project_folder(run: Run, own_project: Callable[[Path], None]) -> None:
    own_project(changed_project(run))
    outcome = run("--database", "duckdb://acme.duckdb", "demo")
    assert outcome.exit_code == 0, outcome.err
    assert sorted(file.name for file in Path.cwd().iterdir()) == ["acme", "acme.duckdb", "site"]
    # Without inv_002 nothing of February is paid.
    assert outcome.cells["Revenue"] == ["17,150.75", "0.00"]
    assert outcome.cells["Health (0-100)"] == ["72.82", "78.23"]
    assert run("list").cells["health_scores"] == ["The Board", "critical", "2h"]


# What all of them have in common


def test_help_names_every_command(run: Run) -> None:
    outcome = run("--help")
    assert outcome.exit_code == 0
    assert set(COMMANDS) <= {line.split()[0] for line in outcome.out.splitlines() if line.strip()}
    assert run("-h").out == outcome.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run: Run, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.exit_code == 0
    assert f"crm-ibis {command}" in outcome.out


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert __version__ in run("--version").out


def test_the_option_wins_over_the_environment(
    published: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", UNREACHABLE)
    assert run("status").exit_code == 1
    assert run("--database", published.database_url, "status").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["refresh", "revenue_kpis", "--dry-run"],
        ["check"],
        ["status"],
        ["show", "leads"],
        ["describe", "leads"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_json_is_all_that_is_on_stdout(published: Settings, run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments, "--json")
    assert outcome.exit_code == 0, outcome.err
    assert json.loads(outcome.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_the_demo_fits_into_80_columns(demo: Demo) -> None:
    assert too_wide(demo.outcome.out) == []


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["status"], ["refresh", "weighted_pipeline_scenarios"], ["check"]],
    ids=lambda arguments: arguments[0],
)
def test_what_is_printed_fits_into_80_columns(
    published: Settings, run: Run, arguments: list[str]
) -> None:
    outcome = run(*arguments)
    assert outcome.exit_code == 0, outcome.err
    assert too_wide(outcome.out) == []


def test_data_that_looks_like_markup_is_shown_as_it_is(seeded: Settings, run: Run) -> None:
    with open_warehouse(seeded) as warehouse:
        table = warehouse.quote(seeded.raw_schema, "facilities")
        warehouse.run(f"UPDATE {table} SET name = '[/x] [red]a'")
    outcome = run("show", "facilities", "--limit", "1")
    assert outcome.exit_code == 0, outcome.err
    assert "[/x] [red]a" in outcome.out


@pytest.mark.e2e
def test_the_demo_can_be_run_again_after_a_refresh_of_its_file(demo: Demo, run: Run) -> None:
    shutil.copytree(demo.folder, Path.cwd(), dirs_exist_ok=True)
    assert run("--database", "duckdb://crm-demo.duckdb", "refresh", "pipeline_kpis").exit_code == 0
    outcome = run("demo")
    assert outcome.exit_code == 0, outcome.err
    assert "72.82" in outcome.out
