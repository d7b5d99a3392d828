"""What a mapping cannot read, cannot decide or would multiply breaks a check, and is never silent."""

from datetime import datetime
from typing import Any

import pytest
from mappings import SourcesFile, fit_of, land, rows_of

from crm_ibis.cli.sources import _source
from crm_ibis.config.params import load_params
from crm_ibis.contracts import audit
from crm_ibis.errors import UsageError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources import check
from crm_ibis.testing import expect, read, store
from crm_ibis.warehouse import Warehouse

CASES = {"id": "string", "opened": "string", "done": "string", "kind": "string", "fee": "string"}
COLUMNS = """
    facility_id: {value: f1}
    priority: {value: low}
    status: {value: any}
    created_at: {from: opened, format: "%d/%m/%Y"}
    updated_at: {from: opened, format: "%d/%m/%Y"}
    resolved_at: {from: done, format: "%d/%m/%Y"}
"""


def tickets(landed: str, columns: str = COLUMNS, more: str = "") -> str:
    """A sources.yml whose tickets come from `cases`."""
    lines = "\n".join(f"              {line.strip()}" for line in columns.strip().splitlines())
    return f"""
        sources:
          tickets:
            table: {landed}.cases
            {more}
            columns:
{lines}
        """


def violations(warehouse: Warehouse, source: str) -> dict[str, tuple[int, list[dict[str, Any]]]]:
    """The broken checks of a source, each with its rows and samples."""
    sources = check.read_sources(warehouse, check.sources_with_parents([source]))
    outcome = check.check_source(warehouse, source, sources, load_params())
    return {v.check: (v.rows, v.samples) for v in outcome.violations}


def test_a_text_that_is_no_instant_breaks_a_check_even_where_null_is_allowed(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """c2 was done at an instant that nobody can read: that is not `not done`. Blank is nothing."""
    store(warehouse)
    land(
        warehouse,
        f"{landed}.cases",
        CASES,
        """
        id | opened     | done
        c1 | 01/02/2024 | 02/02/2024
        c2 | 01/02/2024 | 31/02/2024
        c3 | soon       | -
        c4 | 01/02/2024 | -
        """,
    )
    warehouse.run(f"UPDATE {landed}.cases SET done = '  ' WHERE id = 'c4'")
    sources_file.write(tickets(landed))
    assert violations(warehouse, "tickets") == {
        "created_at can be read": (1, [{"id": "c3", "created_at": None}]),
        "updated_at can be read": (1, [{"id": "c3", "updated_at": None}]),
        "resolved_at can be read": (1, [{"id": "c2", "resolved_at": None}]),
    }
    with pytest.raises(audit.ChecksFailed, match="resolved_at can be read: 1 row"):
        refresh(warehouse, ["ticket_sla_compliance"])


def test_what_cannot_be_read_goes_to_quarantine(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    store(warehouse)
    land(
        warehouse,
        f"{landed}.cases",
        CASES,
        "id | opened | done\nc1 | 01/02/2024 | 02/02/2024\nc2 | 01/02/2024 | 31/02/2024",
    )
    policy = "on_violation: quarantine\n            max_quarantined_pct: 50"
    sources_file.write(tickets(landed, more=policy))
    refresh(warehouse, ["ticket_sla_compliance"], as_of=datetime(2024, 3, 1))
    (row,) = read(warehouse, "ticket_sla_compliance")
    assert row["total_tickets"] == 1
    quarantine = warehouse.table(warehouse.meta, "quarantine")
    (kept,) = warehouse.rows(quarantine)
    assert (kept["row_key"], kept["check_name"]) == ("c2", "resolved_at can be read")


def test_a_number_of_another_currency_breaks_a_check(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    store(warehouse)
    land(
        warehouse,
        f"{landed}.cases",
        CASES,
        "id | opened | fee\n1 | 2024-01-01 | € 1.234,50\n2 | 2024-01-01 | $ 7\n3 | 2024-01-01 | -",
    )
    sources_file.write(
        f"""
        sources:
          invoices:
            table: {landed}.cases
            columns:
              facility_id: {{value: f1}}
              amount: {{from: fee, number: "€ 1.234,56", missing: 0}}
              status: {{value: paid}}
              created_at: opened
              updated_at: opened
        """
    )
    assert violations(warehouse, "invoices") == {
        "amount can be read": (1, [{"id": "2", "amount": None}])
    }


def test_a_text_that_is_not_translated_into_a_number_breaks_a_check(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    store(warehouse)
    land(
        warehouse,
        f"{landed}.cases",
        CASES,
        "id | opened | kind\n1 | 2024-01-01 | good\n2 | 2024-01-01 | meh\n3 | 2024-01-01 | bad",
    )
    sources_file.write(
        f"""
        sources:
          satisfaction:
            table: {landed}.cases
            columns:
              facility_id: {{value: f1}}
              survey_type: {{value: csat}}
              score: {{from: kind, values: {{good: 5, bad: 1}}}}
              created_at: opened
        """
    )
    assert violations(warehouse, "satisfaction") == {
        "score can be read": (1, [{"id": "2", "score": None}])
    }


def test_a_number_that_is_not_translated_stays(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """-1 means that nobody has looked; every other score is a score."""
    land(
        warehouse,
        f"{landed}.candidates",
        {"id": "float64", "score": "float64", "day": "date"},
        "id | score | day\n1 | 87.5 | 2024-01-01\n2 | -1 | 2024-01-01",
    )
    sources_file.write(
        f"""
        sources:
          applications:
            table: {landed}.candidates
            columns:
              facility_id: {{value: f1}}
              candidate_id: id
              status: {{value: pending}}
              compliance_score: {{from: score, values: {{-1: null}}}}
              has_violations: {{value: false}}
              created_at: day
              updated_at: day
        """
    )
    expect(
        rows_of(warehouse, "applications"),
        "id | candidate_id | compliance_score\n1 | 1 | 87.500000\n2 | 2 | -",
    )


LOG = {
    "id": "string",
    "site": "string",
    "at": "timestamp(6)",
    "seq": "int64",
    "status": "string",
    "urgent": "boolean",
    "note": "string",
}


def log(landed: str, status: str, more: str = "") -> str:
    return f"""
        sources:
          tickets:
            table: {landed}.log
            one_row_per: id
            columns:
              facility_id: site
              priority: {{value: low}}
              status: {status}
              created_at: {{first: at}}
              updated_at: {{last: at}}
              {more}
        """


def test_rows_at_the_same_instant_need_a_tie_breaker(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Ties of c1 differ; those of c2 agree; of c3, one is null, which may well be the value."""
    store(warehouse)
    land(
        warehouse,
        f"{landed}.log",
        LOG,
        """
        id | site | at               | seq | status
        c1 | f1   | 2024-01-01 10:00 | 1   | New
        c1 | f1   | 2024-01-01 10:00 | 2   | Open
        c2 | f1   | 2024-01-01 10:00 | 3   | New
        c2 | f1   | 2024-01-01 10:00 | 4   | New
        c3 | f1   | 2024-01-01 10:00 | 5   | -
        c3 | f1   | 2024-01-01 10:00 | 6   | New
        c3 | f1   | -                | 7   | Gone
        """,
    )
    sources_file.write(log(landed, "{last_value: status, by: at}"))
    (check,) = violations(warehouse, "tickets").items()
    assert check[0] == "status has one row that is first or last (break ties with `ties`)"
    assert [sample["id"] for sample in check[1][1]] == ["c1", "c3"]
    sources_file.write(log(landed, "{last_value: status, by: at, ties: seq}"))
    assert not violations(warehouse, "tickets")
    assert [row["status"] for row in rows_of(warehouse, "tickets")] == ["Open", "New", "New"]
    sources_file.write(log(landed, "{first_value: status, by: at, ties: seq, missing: none}"))
    assert [row["status"] for row in rows_of(warehouse, "tickets")] == ["New", "New", "none"]
    sources_file.write(log(landed, "{last_value: status, by: seq, where: {status: {not: Gone}}}"))
    assert [row["status"] for row in rows_of(warehouse, "tickets")] == ["Open", "New", "New"]


def test_a_plain_column_must_be_the_same_in_all_rows_of_a_key(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Null aside: c2 is of f1, though not every row says so. A boolean is like any other."""
    store(warehouse)
    land(
        warehouse,
        f"{landed}.log",
        LOG,
        """
        id | site | at         | seq | status | urgent
        c1 | f1   | 2024-01-01 | 1   | New    | true
        c1 | f2   | 2024-01-02 | 2   | New    | true
        c2 | f1   | 2024-01-01 | 3   | New    | true
        c2 | -    | 2024-01-02 | 4   | New    | false
        """,
    )
    priority = "{from: urgent, values: {true: high, false: low}}"
    sources_file.write(
        log(landed, "status").replace("priority: {value: low}", f"priority: {priority}")
    )
    found = violations(warehouse, "tickets")
    assert {check: [s["id"] for s in samples] for check, (_, samples) in found.items()} == {
        "facility_id is the same in all rows that make one": ["c1"],
        "priority is the same in all rows that make one": ["c2"],
    }


def test_the_instant_that_orders_rows_must_be_readable_and_text_breaks_no_ties(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    store(warehouse)
    land(
        warehouse,
        f"{landed}.log",
        LOG,
        """
        id | site | at         | status | note
        c1 | f1   | 2024-01-01 | New    | 1/1/2024
        c1 | f1   | 2024-01-02 | Open   | 2/1/2024
        c2 | f1   | 2024-01-02 | New    | soon
        """,
    )
    by = '{from: note, format: "%d/%m/%Y"}'
    sources_file.write(log(landed, f"{{last_value: status, by: {by}}}"))
    assert [*violations(warehouse, "tickets")] == ["status can be read"]
    assert [row["status"] for row in rows_of(warehouse, "tickets")] == ["Open", None]
    sources_file.write(log(landed, "{last_value: status, by: at, ties: note}"))
    with pytest.raises(UsageError, match=r"status.ties: column note is string; ties are broken by"):
        rows_of(warehouse, "tickets")


@pytest.mark.parametrize("how", ["by: version", "by: at, ties: version"])
def test_a_number_that_is_none_orders_no_rows(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, how: str
) -> None:
    """Loaders write NaN where a number is missing, and databases take it for the greatest."""
    store(warehouse)
    types = {"id": "string", "site": "string", "at": "string", "status": "string"}
    land(
        warehouse,
        f"{landed}.log",
        {**types, "version": "float64"},
        """
        id | site | at         | status | version
        c1 | f1   | 2024-01-01 | New    | nan
        c1 | f1   | 2024-01-01 | Open   | 1
        """,
    )
    sources_file.write(log(landed, f"{{last_value: status, {how}}}"))
    assert [row["status"] for row in rows_of(warehouse, "tickets")] == ["Open"]


def test_numbers_as_text_order_rows_and_break_ties(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """As of a CSV export that landed as text: step 10 comes after 9, and `x` is no step."""
    store(warehouse)
    land(
        warehouse,
        f"{landed}.log",
        LOG,
        """
        id | site | at               | status | note
        c1 | f1   | 2024-01-01 10:00 | Open   | 9
        c1 | f1   | 2024-01-01 10:00 | Closed | 10
        c2 | f1   | 2024-01-01 10:00 | New    | x
        """,
    )
    step = '{from: note, number: "1"}'
    for status in (
        f"{{last_value: status, by: at, ties: {step}}}",
        f"{{last_value: status, by: at, ties: [seq, {step}]}}",
        f"{{last_value: status, by: {step}}}",
    ):
        sources_file.write(log(landed, status))
        (check,) = violations(warehouse, "tickets").items()
        assert check[0] == "status can be read"
        assert [sample["id"] for sample in check[1][1]] == ["c2"]
        assert rows_of(warehouse, "tickets")[0]["status"] == "Closed"


def test_two_columns_make_a_key_of_a_history(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land(
        warehouse,
        f"{landed}.log",
        LOG,
        """
        id | site | at         | status
        1  | f1   | 2024-01-01 | New
        1  | f2   | 2024-01-02 | New
        1  | f2   | 2024-01-03 | Open
        """,
    )
    sources_file.write(
        log(landed, "{last_value: status, by: at}")
        .replace("one_row_per: id", "one_row_per: [site, id]")
        .replace("columns:", "columns:\n              id: {key: [site, id]}")
    )
    assert [(r["id"], r["status"], r["created_at"].day) for r in rows_of(warehouse, "tickets")] == [
        ("f1|1", "New", 1),
        ("f2|1", "Open", 2),
    ]


def test_a_join_never_multiplies_rows_in_silence(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Even where equal rows are made one, or all rows of a key."""
    store(warehouse)
    land(
        warehouse,
        f"{landed}.log",
        LOG,
        "id | site | at\nc1 | f1 | 2024-01-01\nc2 | f1 | 2024-01-01",
    )
    land(
        warehouse,
        f"{landed}.done",
        {"case_id": "string", "at": "timestamp(6)"},
        "case_id | at\nc1 | 2024-01-02\nc1 | 2024-01-02\n- | 2024-01-03\n- | 2024-01-04",
    )
    text = f"""
        sources:
          tickets:
            table: {landed}.log
            join: {{done: {{table: {landed}.done, on: {{id: case_id}}}}}}
            MORE
            columns:
              facility_id: site
              priority: {{value: low}}
              status: {{value: any}}
              created_at: at
              updated_at: at
              resolved_at: done.at
        """
    rule = "done has at most one row for each key (sources.yml joins it)"
    sources_file.write(text.replace("MORE", ""))
    assert violations(warehouse, "tickets") == {rule: (2, [{"id": "c1"}, {"id": "c1"}])}
    for more in ("distinct: true", "one_row_per: id"):
        sources_file.write(text.replace("MORE", more))
        assert violations(warehouse, "tickets") == {rule: (1, [{"id": "c1"}])}


def test_sources_counts_what_is_out_of_order(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    store(warehouse)
    land(
        warehouse,
        f"{landed}.cases",
        CASES,
        "id | opened | done\nc1 | 05/02/2024 | 04/02/2024\nc2 | 05/02/2024 | 05/02/2024",
    )
    done = '{from: done, format: "%d/%m/%Y"'
    sources_file.write(tickets(landed, COLUMNS.replace(done, f"{done}, out_of_order: null")))
    seen = fit_of(warehouse)
    assert seen.notes == ("resolved_at is out of order in 1 row, so it is null there",)
    assert not seen.fails
    assert "  note: resolved_at is out of order in 1 row, so it is null there" in [*_source(seen)]
    assert [row["resolved_at"] for row in rows_of(warehouse, "tickets")] == [
        None,
        datetime(2024, 2, 5),
    ]
