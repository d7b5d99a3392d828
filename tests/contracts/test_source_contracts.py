"""What a refresh demands of the sources: which rows it refuses, and which types it accepts."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from ibis import Table
from reports import into
from stored import Project, raw, runs

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    ChecksFailed,
    raise_errors,
)
from crm_ibis.contracts.models import HIDDEN
from crm_ibis.contracts.violations import Violation
from crm_ibis.errors import DataError
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources.check import (
    check_source,
    read_sources,
    sources_with_parents,
)
from crm_ibis.testing import AS_OF, expect, store
from crm_ibis.warehouse import Warehouse, open_warehouse

UUID = "00000000-0000-4000-8000-00000000000a"


def checked(warehouse: Warehouse, *names: str) -> dict[str, Table]:
    """The named sources, checked, as a refresh reads them."""
    with warehouse.transaction():
        sources = read_sources(warehouse, sources_with_parents(names))
        raise_errors([check_source(warehouse, name, sources, load_params()) for name in sources])
        return sources


def failure(warehouse: Warehouse, *names: str) -> ChecksFailed:
    """The error of checking sources that break a rule."""
    with pytest.raises(ChecksFailed) as failed:
        checked(warehouse, *names)
    return failed.value


def only_violation(warehouse: Warehouse, name: str) -> Violation:
    """The one rule that a source breaks; the sources that it refers to are not looked at."""
    sources = read_sources(warehouse, sources_with_parents([name]))
    with warehouse.transaction():
        (violation,) = check_source(warehouse, name, sources, load_params()).violations
    assert violation.table == name
    return violation


def has_type(warehouse: Warehouse, table: str, column: str, kind: str, value: str) -> None:
    """Gives a source's column another type, and all its rows a value (in SQL)."""
    name = raw(warehouse, table)
    warehouse.run(f"ALTER TABLE {name} DROP COLUMN {column}")
    warehouse.run(f"ALTER TABLE {name} ADD COLUMN {column} {kind}")
    warehouse.run(f"UPDATE {name} SET {column} = CAST({value} AS {kind})")


def on_each_database(*cases: tuple[Any, ...]) -> list[Any]:
    """Cases for the fixture `settings`: their first item is a database, or `both`."""
    return [
        pytest.param(database, *case, id="-".join(map(str, [database, *case[1:4]])))
        for on, *case in cases
        for database in (("duckdb", "postgres") if on == "both" else (on,))
    ]


BROKEN = {
    "a value that is missing": (
        "leads",
        """
        id | rep_id
        l1 | -
        l2 | r1
        """,
        "rep_id is not null",
        1,
        """
        id | rep_id
        l1 | -
        """,
    ),
    "a key that is missing": (
        "facilities",
        """
        id | name
        -  | Northgate
        -  | Lakeside
        f1 | Hillside
        """,
        "id is not null",
        2,
        """
        id
        -
        -
        """,
    ),
    "a column full of nulls": (
        "tickets",
        """
        id | status
        t1 | -
        t2 | -
        t3 | -
        """,
        "status is not null",
        3,
        """
        id | status
        t1 | -
        t2 | -
        t3 | -
        """,
    ),
    "a key that occurs twice, another three times": (
        "leads",
        """
        id | rep_id
        l1 | r1
        l1 | r2
        l2 | r1
        l3 | r1
        l3 | r1
        l3 | r1
        """,
        "id is unique",
        5,
        """
        id | row_count
        l1 | 2
        l3 | 3
        """,
    ),
    "an orphan": (
        "tickets",
        """
        id | facility_id
        t1 | f1
        t2 | f9
        """,
        "facility_id is an id of facilities",
        1,
        """
        id | facility_id
        t2 | f9
        """,
    ),
    "an orphan where null would do": (
        "outreach",
        """
        id | lead_id
        o1 | -
        o2 | l9
        """,
        "lead_id is an id of leads",
        1,
        """
        id | lead_id
        o2 | l9
        """,
    ),
    "an unknown stage": (
        "leads",
        """
        id | stage
        l1 | qualified
        l2 | sql
        l3 | Won
        """,
        "stage is one of lead, sql, opportunity, won, lost",
        2,
        """
        id | stage
        l1 | qualified
        l3 | Won
        """,
    ),
    "a negative amount": (
        "leads",
        """
        id | amount
        l1 | 0
        l2 | -0.01
        """,
        "amount >= 0",
        1,
        """
        id | amount
        l2 | -0.010000
        """,
    ),
    "a compliance score out of range": (
        "applications",
        """
        id | compliance_score
        a1 | 0
        a2 | 100
        a3 | -
        a4 | 100.000001
        a5 | -1
        """,
        "compliance_score is between 0 and 100",
        2,
        """
        id | compliance_score
        a4 | 100.000001
        a5 | -1.000000
        """,
    ),
    "a score of 11, of either survey": (
        "satisfaction",
        """
        id | survey_type | score
        s1 | csat        | 11
        s2 | nps         | 11
        s3 | csat        | 5
        s4 | nps         | 10
        s5 | csat        | 0
        s6 | nps         | 0
        s7 | csat        | 6
        s8 | nps         | -1
        """,
        "score is 1 to 5 for csat, 0 to 10 for nps",
        5,
        """
        id | survey_type | score
        s1 | csat        | 11
        s2 | nps         | 11
        s5 | csat        | 0
        s7 | csat        | 6
        s8 | nps         | -1
        """,
    ),
    "an end before the beginning": (
        "leads",
        """
        id | created_at | closed_at
        l1 | 2024-01-10 | 2024-01-09 23:59:59.999999
        l2 | 2024-01-10 | 2024-01-10
        l3 | 2024-01-10 | -
        """,
        "closed_at is not before created_at",
        1,
        """
        id | created_at | closed_at
        l1 | 2024-01-10 | 2024-01-09 23:59:59.999999
        """,
    ),
    "a response before the message": (
        "outreach",
        """
        id | created_at | sent_at    | responded_at
        o1 | 2024-01-01 | 2024-01-05 | 2024-01-04
        o2 | 2024-01-05 | 2024-01-01 | 2024-01-04
        """,
        "responded_at is not before sent_at",
        1,
        """
        id | sent_at    | responded_at
        o1 | 2024-01-05 | 2024-01-04
        """,
    ),
}


@pytest.mark.parametrize(("source", "rows", "check", "count", "shown"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named_counted_and_shown(
    warehouse: Warehouse, source: str, rows: str, check: str, count: int, shown: str
) -> None:
    store(warehouse, **{source: rows})
    violation = only_violation(warehouse, source)
    assert (violation.check, violation.severity, violation.rows) == (check, "error", count)
    expect(violation.samples, shown)
    header = shown.strip().splitlines()[0].replace(" ", "").split("|")
    assert all(sorted(sample) == sorted(header) for sample in violation.samples)


def test_the_message_says_table_check_rows_samples_and_remedy(warehouse: Warehouse) -> None:
    store(warehouse, leads="id | stage\nl1 | qualified\nl2 | lead")
    error = failure(warehouse, "leads")
    assert "id=l1" in str(error)
    assert "qualified" not in str(error)
    message = error.detailed
    assert "nothing was published" in message
    assert "leads: stage is one of lead, sql, opportunity, won, lost: 1 row\n" in message
    assert "id=l1, stage=qualified" in message
    assert "fix the rows in leads and rerun" in message


def test_at_most_20_rows_are_shown_of_however_many(warehouse: Warehouse) -> None:
    rows = "\n".join(f"t{number:02} | urgent" for number in range(1, 31))
    store(warehouse, tickets=f"id | priority\n{rows}")
    error = failure(warehouse, "tickets")
    (violation,) = error.violations
    assert violation.rows == 30
    assert [s["id"] for s in violation.samples] == [f"t{number:02}" for number in range(1, 21)]
    assert "30 rows" in str(error)
    assert 0 < error.detailed.count("urgent") <= 20


def test_private_values_are_never_shown(warehouse: Warehouse) -> None:
    store(
        warehouse,
        applications="""
            id | candidate_id | status  | compliance_score | hired_at   | facility_id
            a1 | secret       | gone    | 101              | 2020-01-01 | f9
            a1 | secret       | pending | 50               | -          | f1
            a2 | -            | pending | 50               | -          | f1
        """,
        satisfaction="""
            id | score | feedback
            s1 | 11    | secret
            s1 | 5     | secret
        """,
        outreach="""
            id | message | responded_at | lead_id | channel
            o1 | secret  | 2020-01-01   | l9      | -
        """,
    )
    error = failure(warehouse, "applications", "satisfaction", "outreach")
    assert len(error.violations) == 11
    assert "secret" not in error.detailed
    assert "secret" not in repr(error.violations)
    (missing,) = (v for v in error.violations if v.check == "candidate_id is not null")
    assert missing.samples == [{"id": "a2", "candidate_id": None}]


def test_a_private_value_that_breaks_a_rule_is_hidden(
    project: Project, warehouse: Warehouse
) -> None:
    project.edit(
        "schemas/sources.py",
        '"What the customer wrote.", nullable=True',
        '"What the customer wrote.", nullable=True, isin=["fine"]',
    )
    store(warehouse, satisfaction="id | feedback\ns1 | secret\ns2 | fine\ns3 | -")
    error = failure(warehouse, "satisfaction")
    (violation,) = error.violations
    assert violation.samples == [{"id": "s1", "feedback": HIDDEN}]
    assert "secret" not in error.detailed


def test_everything_wrong_in_all_tables_is_reported_at_once(warehouse: Warehouse) -> None:
    store(
        warehouse,
        facilities="id | name\nf1 | -",
        leads="""
            id | stage     | amount | facility_id
            l1 | qualified | -5     | f9
        """,
        satisfaction="id | score\ns1 | 11",
    )
    error = failure(warehouse, "leads", "satisfaction")
    assert {(v.table, v.check) for v in error.violations} == {
        ("facilities", "name is not null"),
        ("leads", "stage is one of lead, sql, opportunity, won, lost"),
        ("leads", "amount >= 0"),
        ("leads", "facility_id is an id of facilities"),
        ("satisfaction", "score is 1 to 5 for csat, 0 to 10 for nps"),
    }


def test_a_source_that_is_only_referred_to_is_checked_too(warehouse: Warehouse) -> None:
    store(warehouse, applications="id | status\na1 | gone", invoices="id | application_id\ni1 | a1")
    (violation,) = failure(warehouse, "invoices").violations
    assert violation.table == "applications"


def test_empty_tables_are_valid(warehouse: Warehouse) -> None:
    store(warehouse, facilities="id")
    result = refresh(warehouse, as_of=AS_OF)
    assert {(t.rows, t.new) for t in result.tables} == {(0, 0)}
    assert sum(t.kind == "source" for t in result.tables) == 8


def warns_about_amounts(project: Project) -> None:
    project.edit(
        "schemas/sources.py",
        '"What the deal would be worth.", ge=0',
        '"What the deal would be worth.", ge=0, raise_warning=True',
    )


def test_a_warning_is_reported_and_logged_and_does_not_stop(
    project: Project, warehouse: Warehouse
) -> None:
    warns_about_amounts(project)
    store(warehouse, leads="id | amount\nl1 | -5\nl2 | 5")
    lines: list[str] = []
    result = refresh(warehouse, ["conversion_funnel"], as_of=AS_OF, report=into(lines))
    (warning,) = result.warnings
    assert (warning.table, warning.check, warning.severity) == ("leads", "amount >= 0", "warn")
    assert warning.rows == 1
    assert [sample["id"] for sample in warning.samples] == ["l1"]
    assert any(line.startswith("warning: leads: amount >= 0: 1 row") for line in lines)
    assert [table.table for table in result.published] == ["conversion_funnel"]
    (run,) = runs(warehouse)
    assert run["state"] == "succeeded"
    logged = warehouse.fetch(
        f"SELECT warnings FROM {warehouse.quote(warehouse.meta, 'run_tables')} "
        "WHERE table_name = 'leads'"
    )
    (words,) = json.loads(logged[0][0])
    assert words.startswith("amount >= 0: 1 row")


def test_a_warning_of_a_published_table_does_not_stop_either(
    project: Project, warehouse: Warehouse
) -> None:
    project.edit(
        "schemas/kpis.py",
        '"Sum of pending invoices.")',
        '"Sum of pending invoices.", le=100, raise_warning=True)',
    )
    store(warehouse, invoices="id | status | amount\ni1 | pending | 101")
    result = refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)
    assert [(w.table, w.check) for w in result.warnings] == [
        ("revenue_kpis", "outstanding_amount <= 100")
    ]
    logged = warehouse.fetch(
        f"SELECT warnings FROM {warehouse.quote(warehouse.meta, 'run_tables')} "
        "WHERE table_name = 'revenue_kpis'"
    )
    assert "outstanding_amount <= 100" in logged[0][0]


def test_an_error_beside_a_warning_stops(project: Project, warehouse: Warehouse) -> None:
    warns_about_amounts(project)
    store(warehouse, leads="id | amount | stage\nl1 | -5 | gone")
    with pytest.raises(ChecksFailed) as failed:
        refresh(warehouse, ["conversion_funnel"], as_of=AS_OF)
    assert "stage is one of" in str(failed.value)
    assert "conversion_funnel" not in warehouse.tables(warehouse.analytics)


NOON = datetime(2024, 1, 10, 12)
ACCEPTED = on_each_database(
    ("both", "leads", "id", "VARCHAR(20)", "'l1'", "l1"),
    ("both", "leads", "id", "CHAR(6)", "'l1'", "l1"),
    ("both", "leads", "stage", "CHAR(12)", "'won'", "won"),
    ("both", "leads", "id", "UUID", f"'{UUID}'", UUID),
    ("both", "leads", "amount", "SMALLINT", "12", Decimal(12)),
    ("both", "leads", "amount", "INTEGER", "12", Decimal(12)),
    ("both", "leads", "amount", "BIGINT", "12", Decimal(12)),
    ("both", "leads", "amount", "NUMERIC(10, 2)", "12.25", Decimal("12.25")),
    ("postgres", "leads", "amount", "NUMERIC", "12.25", Decimal("12.25")),
    ("duckdb", "leads", "amount", "HUGEINT", "12", Decimal(12)),
    ("both", "leads", "amount", "DOUBLE PRECISION", "12.1", Decimal("12.1")),
    ("both", "leads", "amount", "REAL", "12.25", Decimal("12.25")),
    ("both", "leads", "amount", "DOUBLE PRECISION", "12345678901.25", Decimal("12345678901.25")),
    ("both", "leads", "amount", "DOUBLE PRECISION", "999999999999999", Decimal(999999999999999)),
    ("both", "leads", "created_at", "TIMESTAMPTZ", "'2024-01-10 14:00:00+02'", NOON),
    ("postgres", "leads", "created_at", "TIMESTAMP(3)", "'2024-01-10 12:00'", NOON),
    ("postgres", "leads", "created_at", "TIMESTAMPTZ(3)", "'2024-01-10 12:00Z'", NOON),
    ("duckdb", "leads", "created_at", "TIMESTAMP_S", "'2024-01-10 12:00'", NOON),
    ("duckdb", "leads", "created_at", "TIMESTAMP_NS", "'2024-01-10 12:00'", NOON),
    ("both", "satisfaction", "score", "SMALLINT", "4", 4),
    ("both", "satisfaction", "score", "NUMERIC(4, 2)", "4", 4),
    ("postgres", "satisfaction", "score", "NUMERIC", "4", 4),
    ("both", "satisfaction", "score", "DOUBLE PRECISION", "4", 4),
    ("both", "applications", "compliance_score", "REAL", "87.5", Decimal("87.5")),
)


@pytest.mark.parametrize(
    ("settings", "table", "column", "kind", "value", "expected"), ACCEPTED, indirect=["settings"]
)
def test_types_of_the_same_family_are_brought_to_the_contract(
    warehouse: Warehouse, table: str, column: str, kind: str, value: str, expected: Any
) -> None:
    store(warehouse, leads="id | updated_at\nl1 | 2024-02-01", **sample_of(table))
    has_type(warehouse, table, column, kind, value)
    sources = read_sources(warehouse, sources_with_parents([table]))
    assert check_source(warehouse, table, sources, load_params()).violations == ()
    assert {row[column] for row in warehouse.rows(sources[table])} == {expected}


def sample_of(table: str) -> dict[str, str]:
    return {} if table == "leads" else {table: "id\nx1"}


def test_ids_may_be_uuids_on_one_side_and_text_on_the_other(warehouse: Warehouse) -> None:
    store(warehouse, leads="id\nl1", tickets="id\nt1")
    has_type(warehouse, "facilities", "id", "UUID", f"'{UUID}'")
    has_type(warehouse, "leads", "facility_id", "UUID", f"'{UUID}'")
    has_type(warehouse, "tickets", "facility_id", "VARCHAR(36)", f"'{UUID}'")
    refresh(warehouse, ["conversion_funnel", "ticket_sla"], as_of=AS_OF)


def test_blank_padded_ids_find_their_parents(warehouse: Warehouse) -> None:
    store(
        warehouse,
        leads="id\nl1",
        opportunities="id | lead_id | status | closed_at\no1 | l1 | won | 2024-01-20",
    )
    has_type(warehouse, "leads", "id", "CHAR(8)", "'l1'")
    refresh(warehouse, ["lead_milestones"], as_of=AS_OF)
    (row,) = warehouse.rows(warehouse.table(warehouse.analytics, "lead_milestones"))
    assert (row["lead_id"], row["won_at"]) == ("l1", datetime(2024, 1, 20))


def test_instants_with_a_zone_mean_the_same_in_any_session(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with open_warehouse(settings) as warehouse:
        store(warehouse, leads="id | updated_at\nl1 | 2024-02-01")
        has_type(warehouse, "leads", "created_at", "TIMESTAMPTZ", "'2024-01-10 12:00:00+00'")
        (row,) = warehouse.rows(checked(warehouse, "leads")["leads"])
        assert row["created_at"] == NOON


REFUSED = on_each_database(
    ("both", "leads", "id", "BOOLEAN", "true", "boolean", "string"),
    ("both", "leads", "id", "DATE", "DATE '2024-01-10'", "date", "string"),
    ("both", "leads", "amount", "VARCHAR", "'12'", "string", "decimal(24, 6)"),
    ("both", "leads", "amount", "BOOLEAN", "'true'", "boolean", "decimal(24, 6)"),
    ("both", "leads", "created_at", "VARCHAR", "'2024-01-10'", "string", "timestamp(6)"),
    ("both", "leads", "created_at", "DATE", "'2024-01-10'", "date", "timestamp(6)"),
    ("both", "satisfaction", "score", "VARCHAR(2)", "'5'", "string", "int64"),
    ("both", "outreach", "converted", "INTEGER", "1", "int32", "boolean"),
)


@pytest.mark.parametrize(
    ("settings", "table", "column", "kind", "value", "given", "wanted"),
    REFUSED,
    indirect=["settings"],
)
def test_types_of_another_family_are_a_clear_error(
    warehouse: Warehouse, table: str, column: str, kind: str, value: str, given: str, wanted: str
) -> None:
    store(warehouse, leads="id\nl1", **sample_of(table))
    has_type(warehouse, table, column, kind, value)
    with pytest.raises(DataError) as refused:
        checked(warehouse, table)
    message = str(refused.value)
    assert f"the source {table} does not fit its contract" in message
    (line,) = (line for line in message.splitlines() if f"column {column}" in line)
    assert given.removesuffix(")") in line
    assert wanted in line


UNFIT = on_each_database(
    ("both", "leads", "amount", "DOUBLE PRECISION", "'NaN'"),
    ("both", "leads", "amount", "DOUBLE PRECISION", "'Infinity'"),
    ("both", "leads", "amount", "DOUBLE PRECISION", "'1e18'"),
    ("both", "leads", "amount", "DOUBLE PRECISION", "'1e300'"),
    ("both", "leads", "amount", "NUMERIC(38, 2)", "'1000000000000000000'"),
    ("both", "leads", "amount", "BIGINT", "'1000000000000000000'"),
    ("duckdb", "leads", "amount", "HUGEINT", "'1000000000000000000000000'"),
    ("postgres", "leads", "amount", "NUMERIC", "'1e30'"),
    ("postgres", "leads", "amount", "NUMERIC", "'NaN'"),
    ("postgres", "leads", "amount", "NUMERIC(24, 6)", "'NaN'"),
    ("postgres", "leads", "amount", "NUMERIC", "'Infinity'"),
    ("both", "satisfaction", "score", "DOUBLE PRECISION", "'4.5'"),
    ("both", "satisfaction", "score", "DOUBLE PRECISION", "'NaN'"),
    ("both", "satisfaction", "score", "DOUBLE PRECISION", "'-Infinity'"),
    ("both", "satisfaction", "score", "REAL", "'1e30'"),
    ("both", "satisfaction", "score", "NUMERIC(4, 2)", "'4.5'"),
    ("postgres", "satisfaction", "score", "NUMERIC", "'NaN'"),
    ("duckdb", "satisfaction", "score", "UBIGINT", "'18446744073709551615'"),
)


@pytest.mark.parametrize(
    ("settings", "table", "column", "kind", "value"),
    UNFIT,
    indirect=["settings"],
    ids=lambda value: str(value).replace("'", ""),
)
def test_numbers_that_the_type_of_the_contract_cannot_hold_are_violations(
    warehouse: Warehouse, table: str, column: str, kind: str, value: str
) -> None:
    store(warehouse, **{table: "id\nx1\nx2"})
    has_type(warehouse, table, column, kind, value)
    violation = only_violation(warehouse, table)
    assert violation.check.startswith(f"{column} fits into ")
    assert violation.rows == 2
    assert [list(sample) for sample in violation.samples] == [["id", column]] * 2


def test_every_missing_column_of_every_table_is_named(warehouse: Warehouse) -> None:
    store(warehouse)
    for table, column in [("leads", "stage"), ("leads", "amount"), ("tickets", "priority")]:
        warehouse.run(f"ALTER TABLE {raw(warehouse, table)} DROP COLUMN {column}")
    with pytest.raises(DataError) as refused:
        checked(warehouse, "leads", "tickets")
    message = str(refused.value)
    assert "source leads" in message
    assert "source tickets" in message
    assert "column stage (string) is missing" in message
    assert "column amount (decimal(24, 6)) is missing" in message
    assert "column priority (string) is missing" in message


EXTRA = {
    "duckdb": [
        "STRUCT(a INTEGER, b VARCHAR)",
        "MAP(VARCHAR, INTEGER)",
        "INTEGER[]",
        "INTEGER[3]",
        "UNION(n INTEGER, s VARCHAR)",
        "ENUM('a', 'b')",
        "BIT",
        "BLOB",
        "INTERVAL",
        "TIME",
        "TIMETZ",
        "UHUGEINT",
        "JSON",
    ],
    "postgres": [
        "JSONB",
        "XML",
        "INT4RANGE",
        "TSMULTIRANGE",
        "POINT",
        "TSVECTOR",
        "INET",
        "MACADDR8",
        "INTERVAL",
        "TIMETZ",
        "TEXT[]",
        "BYTEA",
        "BIT(3)",
        "MONEY",
        "PG_LSN",
        "pg_catalog.pg_class",
    ],
}


def test_extra_columns_are_ignored_whatever_their_type(warehouse: Warehouse) -> None:
    store(warehouse, leads="id\nl1")
    for number, kind in enumerate(EXTRA[warehouse.dialect]):
        column = warehouse.quote(f'Extra "{number}"')
        warehouse.run(f"ALTER TABLE {raw(warehouse, 'leads')} ADD COLUMN {column} {kind}")
    source = checked(warehouse, "leads")["leads"]
    assert [row["id"] for row in warehouse.rows(source)] == ["l1"]
    assert "amount" in source.columns
    assert not any("Extra" in column for column in source.columns)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [("duckdb", "VIEW"), ("postgres", "VIEW"), ("postgres", "MATERIALIZED VIEW")],
    indirect=["settings"],
)
def test_a_view_can_be_a_source(warehouse: Warehouse, kind: str) -> None:
    store(warehouse, leads="id | stage\nl1 | lead\nl2 | gone")
    table = raw(warehouse, "leads")
    warehouse.run(f"ALTER TABLE {table} RENAME TO all_leads")
    warehouse.run(
        f"CREATE {kind} {table} AS SELECT *, 1 AS extra FROM {raw(warehouse, 'all_leads')} "
        "WHERE stage <> 'gone'"
    )
    source = checked(warehouse, "leads")["leads"]
    assert [row["id"] for row in warehouse.rows(source)] == ["l1"]


def test_every_missing_table_is_named_with_a_remedy(warehouse: Warehouse) -> None:
    store(warehouse)
    for table in ("applications", "invoices"):
        warehouse.run(f"DROP TABLE {raw(warehouse, table)}")
    with pytest.raises(DataError) as refused:
        checked(warehouse, "invoices", "leads")
    message = str(refused.value)
    assert f"{warehouse.raw}.applications, {warehouse.raw}.invoices" in message
    assert "leads" not in message
    assert "crm-ibis seed" in message
    assert "CRM_IBIS_RAW_SCHEMA" in message
