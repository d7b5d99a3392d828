"""`crm-ibis sources`: how well the tables fit before any refresh, and a file to start from."""

import shutil
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

import pytest
import yaml
from commands import Run, contents, execute, logged_runs, words

from crm_ibis.config.new_project import TEMPLATES
from crm_ibis.config.settings import Settings
from crm_ibis.sources import connectors, scaffold, spec
from crm_ibis.sources.connectors.options import tables_of
from crm_ibis.warehouse import Warehouse

POSTGRES_IS_SLOW = True

LEADS = [
    "id",
    "facility_id",
    "rep_id",
    "status",
    "stage",
    "amount",
    "created_at",
    "updated_at",
    "qualified_at",
    "closed_at",
]


@pytest.fixture
def sources_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "sources.yml"
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(path))
    return path


def write(path: Path, text: str) -> None:
    path.write_text(dedent(text), encoding="utf-8")


def of(found: dict[str, Any], source: str) -> dict[str, Any]:
    (fit,) = (fit for fit in found["fits"] if fit["source"] == source)
    return dict(fit)


def test_sources_that_fit_are_told_and_nothing_is_written(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    write(sources_file, "sources: {}")
    before = contents(seeded)
    outcome = run("sources")
    assert outcome.exit_code == 0
    assert (
        f"tickets: from {seeded.raw_schema}.tickets, 10 rows, created 2024-01-04 to 2024-02-19"
    ) in outcome.out
    assert outcome.out.rstrip().endswith("a refresh would run")
    assert contents(seeded) == before
    assert logged_runs(seeded) == 0


@pytest.mark.e2e
def test_what_does_not_fit_is_told(seeded: Settings, sources_file: Path, run: Run) -> None:
    """Of tickets: one priority that is not translated, one column that is not there to be used."""
    write(
        sources_file,
        """
        sources:
          tickets:
            columns:
              priority: {from: priority, values: {high: critical, medium: medium, low: low}}
          satisfaction: {columns: {id: nowhere}}
          invoices: absent
        """,
    )
    execute(
        seeded,
        'ALTER TABLE "{raw}".tickets ADD COLUMN queue TEXT',
        'ALTER TABLE "{raw}".tickets DROP COLUMN resolved_at',
        "UPDATE \"{raw}\".tickets SET priority = 'P1' WHERE id = 'tick_001'",
    )
    outcome = run("sources", "--json")
    assert outcome.exit_code == 1
    tickets = of(outcome.json, "tickets")
    assert tickets["unused"] == ["queue"]
    assert tickets["empty"] == ["resolved_at"]
    assert tickets["missing"] == []
    assert tickets["mapped"]["priority"] == "priority"
    strange = {s["value"]: (s["rows"], s["becomes"]) for s in tickets["untranslated"]}
    assert strange["P1"] == (1, "what it is")
    (violation,) = tickets["violations"]
    assert violation["check"] == "priority is one of critical, high, medium, low"
    assert violation["samples"] == [{"id": "tick_001", "priority": "P1"}]
    assert "there is no column nowhere" in of(outcome.json, "satisfaction")["problem"]
    assert of(outcome.json, "invoices")["made_of"] == "absent"
    assert "revenue_kpis" in outcome.json["left_out"]
    lacks = {lack["kpi"]: (lack["absent"], lack["empty"]) for lack in outcome.json["lacks"]}
    assert lacks["ticket_sla_compliance"] == ([], ["tickets.resolved_at"])
    assert lacks["combined_kpis"] == (["invoices"], [])
    assert "outreach_kpis" not in lacks


def test_a_misuse_in_one_mapping_is_the_problem_of_its_source_alone(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    write(
        sources_file,
        """
        sources:
          leads: {columns: {amount: {from: amount, number: "1.5"}}}
          tickets: {columns: {status: {from: status, values: {true: open}}}}
        """,
    )
    outcome = run("sources", "--json")
    assert outcome.exit_code == 1
    assert "`number` reads text" in of(outcome.json, "leads")["problem"]
    assert 'such as "Yes"' in of(outcome.json, "tickets")["problem"]
    assert of(outcome.json, "invoices")["rows"] == 6


def test_an_error_of_the_database_is_the_problem_of_its_source_alone(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    """The view's error shows only once its names are read, after its rows have been counted."""
    write(sources_file, "sources: {facilities: {table: sites}}")
    execute(
        seeded,
        'CREATE VIEW "{raw}".sites AS SELECT id, CAST(CAST(name AS INTEGER) AS TEXT) AS name, '
        'type, location, created_at, updated_at FROM "{raw}".facilities',
    )
    outcome = run("sources", "--json")
    assert outcome.exit_code == 1
    assert of(outcome.json, "facilities")["problem"]
    assert of(outcome.json, "satisfaction")["violations"] == []
    assert of(outcome.json, "satisfaction")["problem"] is None


def test_the_report_reads_like_this(seeded: Settings, sources_file: Path, run: Run) -> None:
    write(
        sources_file,
        """
        sources:
          tickets:
            on_violation: quarantine
            max_quarantined_pct: 10
            columns: {status: {value: any}}
          invoices: absent
        """,
    )
    execute(seeded, "UPDATE \"{raw}\".tickets SET priority = 'P1' WHERE id = 'tick_001'")
    outcome = run("sources")
    assert outcome.exit_code == 0
    lines = outcome.out.splitlines()
    assert "  mapped: status from the constant any" in lines
    assert "  unused: status" in lines
    assert "  in quarantine: 1 row" in lines
    assert "invoices: absent" in lines
    (skipped,) = (line for line in lines if line.startswith("skipped, as all their sources are"))
    assert "revenue_kpis" in skipped
    assert "combined_kpis will be computed without invoices (absent)" in lines


def test_long_lines_wrap_with_an_indent(seeded: Settings, sources_file: Path, run: Run) -> None:
    renamed = ", ".join(f"{c} AS landed_{c}" for c in LEADS)
    execute(seeded, f'CREATE VIEW "{{raw}}".deals AS SELECT {renamed} FROM "{{raw}}".leads')
    columns = ", ".join(f"{c}: landed_{c}" for c in LEADS)
    write(sources_file, f"sources: {{leads: {{table: deals, columns: {{{columns}}}}}}}")
    outcome = run("sources")
    assert outcome.exit_code == 0
    lines = outcome.out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  mapped: id from"))
    assert max(map(len, lines[start : start + 4])) < 80
    assert lines[start + 1].startswith("    ")
    mapped = "; ".join(f"{c} from landed_{c}" for c in LEADS)
    assert mapped in words(outcome.out)


def test_too_much_quarantine_is_a_refresh_that_would_fail(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    write(sources_file, "sources: {tickets: {on_violation: quarantine}}")
    execute(seeded, "UPDATE \"{raw}\".tickets SET priority = 'P1' WHERE id = 'tick_001'")
    outcome = run("sources")
    assert outcome.exit_code == 1
    assert "1 of 10 rows of tickets would go to quarantine" in words(outcome.out)
    assert run("refresh", "ticket_sla_compliance").exit_code == 1


def test_nothing_to_refresh_is_a_refresh_that_would_fail(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    absent = (
        *("facilities", "leads", "opportunities", "outreach"),
        *("applications", "invoices", "tickets", "satisfaction"),
    )
    write(sources_file, "sources: {" + ", ".join(f"{name}: absent" for name in absent) + "}")
    outcome = run("sources")
    assert outcome.exit_code == 1
    assert "every KPI would be left out, so there is nothing to refresh" in outcome.out
    assert outcome.out.splitlines()[-1] == "a refresh would fail"
    assert run("refresh").exit_code != 0


def test_a_missing_table_is_told_with_the_others(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    write(sources_file, "sources: {leads: {table: lead}, tickets: {connector: zendesk}}")
    outcome = run("sources")
    assert outcome.exit_code == 1
    assert f'there is no table {seeded.raw_schema}.lead (did you mean "leads"?)' in outcome.out
    assert "(for tickets by connector zendesk)" in outcome.out
    assert "invoices: from" in outcome.out


def test_a_wrong_file_is_wrong_use(seeded: Settings, sources_file: Path, run: Run) -> None:
    write(sources_file, "sources: {leads: {tabel: lead}}")
    outcome = run("sources")
    assert outcome.exit_code == 2
    assert 'unknown key (did you mean "table"?)' in outcome.err


def test_a_refresh_tells_what_it_leaves_out(seeded: Settings, sources_file: Path, run: Run) -> None:
    write(
        sources_file,
        """
        sources:
          tickets: {on_violation: quarantine, max_quarantined_pct: 10}
          invoices: absent
        """,
    )
    execute(seeded, "UPDATE \"{raw}\".tickets SET priority = 'P1' WHERE id = 'tick_001'")
    names = ("revenue_kpis", "ticket_sla_compliance")
    outcome = run("refresh", *names, "--as-of", "2024-03-01")
    assert outcome.exit_code == 0
    assert "revenue_kpis: skipped: all their sources are marked absent" in words(outcome.err)
    assert "left out of tickets, as they break its contract: 1 row" in words(outcome.out)
    status = run("status")
    assert "1 row of its sources in quarantine" in words(status.out)
    states = {state["table"]: state for state in run("status", "--json").json}
    assert states["revenue_kpis"]["state"] == "left out"
    assert states["ticket_sla_compliance"]["quarantined"] == 1


LANDED = [
    'CREATE TABLE "{raw}".organization (id BIGINT, name TEXT)',
    'CREATE TABLE "{raw}".ticket (id BIGINT)',
    'CREATE TABLE "{raw}"."user" (id BIGINT)',
    'CREATE TABLE "{raw}".ticket_comment (id BIGINT)',
    'CREATE TABLE "{raw}".ticket_field_history (ticket_id BIGINT)',
]


def test_a_starting_file_says_what_can_be_made(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    execute(seeded, *LANDED)
    outcome = run("sources", "init", "--like", "zendesk")
    assert outcome.exit_code == 0
    assert str(sources_file) in outcome.out
    text = sources_file.read_text()
    assert "no satisfaction_rating" in text
    assert "ticket_tag (which is not there)" in text
    declared = spec.load_spec()
    assert declared.schema_ == seeded.raw_schema
    assert declared.of("tickets").connector == "zendesk"
    assert declared.absent == {
        *("satisfaction", "leads", "opportunities", "outreach", "applications", "invoices")
    }
    made = ["facilities", "tickets", "ticket_pauses", "satisfaction"]
    assert list(yaml.safe_load(text)["sources"])[:4] == made


@pytest.mark.parametrize("schema", ["no", "2024", 'a: "b" #c'])
def test_a_starting_file_reads_back_whatever_the_schema_is_called(
    schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "_fullest", lambda warehouse, wanted: (schema, {"ticket"}))
    text = scaffold.render(cast(Warehouse, None), "zendesk")
    assert yaml.safe_load(text)["schema"] == schema


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ("zendesk", "    # pause_on: [hold, pending]"),
        ("zendesk", "    # reopened: last"),
        ("hubspot", "  #   pause_on: [Waiting on contact]"),
        ("salesforce", "  #   pause_on: [On Hold]"),
    ],
)
def test_a_starting_file_says_how_tickets_pause(
    system: str, words: str, sources_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be assumed, the source waits for the names of the states."""
    made = connectors.table_functions(system).values()
    there = {p.name for function in made for p in tables_of(function)} - {"ticket_audits"}
    monkeypatch.setattr(scaffold, "_fullest", lambda warehouse, wanted: ("raw", there))
    text = scaffold.render(cast(Warehouse, None), system)
    assert words in text.splitlines()
    sources_file.write_text(text)
    pauses = spec.load_spec().sources.get("ticket_pauses")
    assert (pauses is not None) == (system == "zendesk")
    monkeypatch.setattr(scaffold, "_fullest", lambda warehouse, wanted: ("raw", {"ticket"}))
    assert "ticket_pauses: absent" in scaffold.render(cast(Warehouse, None), "zendesk")


def test_a_starting_file_replaces_the_one_that_init_made(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    execute(seeded, *LANDED)
    shutil.copy(TEMPLATES / "sources.yml", sources_file)
    assert run("sources", "init", "--like", "zendesk").exit_code == 0
    assert spec.load_spec().of("tickets").connector == "zendesk"


def test_a_starting_file_never_replaces_one(seeded: Settings, sources_file: Path, run: Run) -> None:
    execute(seeded, *LANDED)
    write(sources_file, "sources: {}")
    outcome = run("sources", "init", "--like", "zendesk")
    assert outcome.exit_code == 2
    assert "is there already" in outcome.err
    assert sources_file.read_text() == "sources: {}"


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("zendsk", 'no connector "zendsk" (did you mean "zendesk"?)'),
        ("salesforce", "no schema has a table of salesforce's"),
    ],
)
def test_a_starting_file_needs_a_known_system_and_its_tables(
    seeded: Settings, sources_file: Path, run: Run, system: str, message: str
) -> None:
    outcome = run("sources", "init", "--like", system)
    assert outcome.exit_code == 2
    assert message in words(outcome.err)
    assert not sources_file.exists()


def test_a_mapped_source_is_shown_and_written_as_it_is_read(
    seeded: Settings, sources_file: Path, run: Run
) -> None:
    write(sources_file, "sources: {tickets: {leave_out: {priority: [high, medium, low]}}}")
    rows = run("show", "tickets", "--where", "facility_id = 'fac_001'", "--json").json
    assert {row["priority"] for row in rows} == {"critical"}
    assert run("show", "tickets", "--where", "nowhere = 1").exit_code == 2
    query = run("sources", "sql", "tickets")
    assert query.exit_code == 0
    assert seeded.raw_schema in query.out
    assert "'high'" in query.out
    assert 'no source "ticket" (did you mean "tickets"?)' in run("sources", "sql", "ticket").err


def test_check_passes_over_absent_sources(seeded: Settings, sources_file: Path, run: Run) -> None:
    write(sources_file, "sources: {invoices: absent}")
    execute(seeded, 'DROP TABLE "{raw}".invoices')
    outcome = run("check")
    assert outcome.exit_code == 0
    assert "tickets" in outcome.cells
    assert "invoices" not in outcome.cells


def test_private_values_are_never_shown(seeded: Settings, sources_file: Path, run: Run) -> None:
    write(
        sources_file,
        "sources: {satisfaction: {columns: {feedback: {from: feedback, values: {a: b}}}}}",
    )
    execute(seeded, "UPDATE \"{raw}\".satisfaction SET feedback = 'my secret'")
    outcome = run("sources", "--json")
    assert outcome.exit_code == 0
    assert "secret" not in outcome.out


def test_a_query_says_that_it_starts_after_the_mapping(sources_file: Path, run: Run) -> None:
    """Of the sources that it reads; where none is mapped, there is nothing to say."""
    write(sources_file, "sources: {tickets: {table: cases}, leads: {on_violation: quarantine}}")
    outcome = run("sql", "ticket_sla_compliance")
    assert outcome.exit_code == 0
    assert outcome.out.startswith("WITH ")
    assert "sources.yml maps tickets: crm-ibis sources sql SOURCE" in words(outcome.err)
    assert run("sql", "conversion_funnel").err == ""
