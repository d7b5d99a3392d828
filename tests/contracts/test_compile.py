"""A contract becomes one query that counts, for each of its rules, the rows that break it."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pytest
from ibis import Table

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    Checked,
    audit,
)
from crm_ibis.contracts.models import Contract, contracts
from crm_ibis.contracts.rules import Rule, counts, unique
from crm_ibis.metrics.graph import fact_functions, kpi_functions, sources_of
from crm_ibis.testing import Engine, source_rows
from crm_ibis.warehouse import open_warehouse

SOURCES = [name for name, contract in contracts().items() if contract.kind == "source"]
PUBLISHED = [name for name, contract in contracts().items() if contract.kind == "published"]


def parents_of(engine: Engine, contract: Contract, rows: list[dict[str, Any]]) -> dict[str, Table]:
    """Sources in which every id that the rows refer to exists, except `nobody`."""
    known: dict[str, set[str]] = {parent: {"any"} for parent in contract.parents}
    for column in contract.columns:
        if column.references:
            known[column.references] |= {row[column.name] for row in rows} - {None, "nobody"}
    return {
        parent: engine.table(parent, source_rows(parent, "\n".join(["id", *sorted(ids)])))
        for parent, ids in known.items()
    }


def audited(engine: Engine, name: str, rows: list[dict[str, Any]]) -> Checked:
    """The outcome of a contract for a table with these rows."""
    contract = contracts()[name]
    parents = parents_of(engine, contract, rows)
    return audit(engine.warehouse, engine.table(name, rows), contract, contract.rules, parents)


def plain_row(contract: Contract) -> dict[str, Any]:
    """A row that keeps every rule that looks at one column only: 1, `x`, the first category."""
    allowed = {
        rule.columns[0]: rule.name.partition(" is one of ")[2].split(", ")[0]
        for rule in contract.rules
        if " is one of " in rule.name
    }
    row: dict[str, Any] = {}
    for c in contract.columns:
        if c.dtype.is_string():
            code = "EUR" if c.name == "currency" else "x"
            row[c.name] = allowed.get(c.name, code)
        elif c.dtype.is_timestamp():
            row[c.name] = datetime(2024, 1, 10)
        elif c.dtype.is_date():
            row[c.name] = date(2024, 1, 1)
        elif c.dtype.is_boolean():
            row[c.name] = True
        else:
            row[c.name] = Decimal(1) if c.dtype.is_decimal() else 1
    return {**row, **GOOD.get(contract.name, {})}


GOOD: dict[str, dict[str, Any]] = {
    "lead_milestones": {"lost_at": None},
    "ticket_sla": {"hours_left": None, "is_paused": False},
    "ticket_queue": {"resolution_state": "pending", "sla_state": "pending", "is_paused": False},
    "cohort_retention": {"won_leads": 0, "lost_leads": 0},
    "ticket_sla_compliance": {
        "open_tickets": 0,
        "sla_breached_tickets": 0,
        "sla_pending_tickets": 0,
    },
    "pipeline_kpis": {"rejected_count": 0, "pending_count": 0, "interview_count": 0},
}
"""What a plain row needs besides so that the rules over several columns are kept."""

LATER = datetime(2024, 1, 11)
BROKEN: dict[tuple[str, str], dict[str, Any]] = {
    ("satisfaction", "score is 1 to 5 for csat, 0 to 10 for nps"): {"score": 6},
    ("lead_milestones", "opportunity_at is not after won_at"): {"opportunity_at": LATER},
    ("lead_milestones", "sql_at is not after opportunity_at"): {"sql_at": LATER},
    ("lead_milestones", "a lead is not both won and lost"): {"lost_at": LATER},
    (
        "ticket_sla",
        "hours_left is given for pending tickets that are not paused, and for no others",
    ): {"hours_left": 1.5},
    ("ticket_sla", "resolution_due_at is given unless the ticket is paused"): {
        "resolution_due_at": None
    },
    ("ticket_sla", "sla_state is given where a target has a state"): {"sla_state": None},
    (
        "ticket_queue",
        "hours_left is given for pending tickets that are not paused, and for no others",
    ): {"hours_left": None},
    ("ticket_queue", "resolution_due_at is given unless the ticket is paused"): {
        "resolution_due_at": None
    },
    ("ticket_queue", "first_response_business_hours is given with a first response"): {
        "first_response_business_hours": None
    },
    ("ticket_queue", "sla_state is given where a target has a state"): {
        "sla_state": None,
        "hours_left": None,
    },
    ("ticket_queue", "sla_state is breached where a target is, and only there"): {
        "response_state": "breached"
    },
    ("ticket_queue", "first_response_hours is given with a first response"): {
        "first_response_hours": None
    },
    ("ticket_queue", "no target is due before the ticket was opened"): {"created_at": LATER},
    ("deal_queue", "weighted_value <= amount"): {"weighted_value": Decimal("1.01")},
    ("deal_queue", "last_activity_at is not before created_at"): {"created_at": LATER},
    ("deal_queue", "idle_days <= age_days"): {"idle_days": 1.5},
    (
        "weighted_pipeline_scenarios",
        "weighted_pipeline_value <= total_pipeline_value",
    ): {"weighted_pipeline_value": Decimal("1.01")},
    (
        "weighted_pipeline_scenarios",
        "win_probability is given where the total is not 0",
    ): {"win_probability": None},
    ("conversion_funnel", "the funnel never grows from one stage to the next"): {"stage_count": 2},
    ("cohort_retention", "active, won and lost leads add up to the cohort"): {"cohort_size": 2},
    ("cohort_retention", "retained leads are the active and the won ones"): {"retained_leads": 2},
    (
        "rep_activity_by_channel",
        "responses and conversions are at most all activities",
    ): {"total_responses": 2},
    ("ticket_sla_compliance", "resolved and open tickets add up to all"): {"open_tickets": 1},
    (
        "ticket_sla_compliance",
        "compliant, breached and pending tickets add up to all, or to none",
    ): {"sla_pending_tickets": 1},
    ("ticket_sla_compliance", "targets met <= targets decided <= 2 per ticket"): {
        "targets_decided": 3
    },
    ("satisfaction_rollups", "score is 1 to 5 for csat, -100 to 100 for nps"): {"score": 5.1},
    ("satisfaction_rollups", "single answers are 1 to 5 for csat"): {"max_score": 6},
    ("satisfaction_rollups", "month_over_month_change is given with a previous score"): {
        "month_over_month_change": None
    },
    ("health_scores", "health_status is given with a score"): {"health_status": None},
    ("pipeline_kpis", "applications by status add up to all"): {"pending_count": 1},
    ("compliance_kpis", "compliant <= scored <= all applications"): {"scored_applications": 2},
    ("revenue_kpis", "avg_revenue_per_invoice is given with paid invoices"): {"total_invoices": 0},
    ("monthly_scorecard", "won <= qualified <= all leads"): {"won_leads": 2},
}
"""A change to a good row that breaks a rule over several columns."""


def change_that_breaks(rule: Rule, contract: Contract, row: dict[str, Any]) -> dict[str, Any]:
    """What to change in a good row so that it breaks a rule."""
    if (contract.name, rule.name) in BROKEN:
        return BROKEN[contract.name, rule.name]
    column, *others = rule.columns
    number = Decimal if contract.schema[column].is_decimal() else int
    words = rule.name.removeprefix(column).split()
    match words:
        case ["is", "not", "null"]:
            return {column: None}
        case ["is", "one", "of", *_]:
            return {column: "something else"}
        case ["is", "an", "id", "of", _]:
            return {column: "nobody"}
        case ["is", "between", _, "and", highest]:
            return {column: number(highest) + 1}
        case [">=", lowest]:
            return {column: number(lowest) - 1}
        case ["<=", highest]:
            return {column: number(highest) + 1}
        case [">", lowest]:
            return {column: number(lowest)}
        case ["is", "not", "before", other] if others == [other]:
            return {column: row[other] - timedelta(microseconds=1)}
        case ["is", "the", "first", "day", "of", "a", "month"]:
            return {column: row[column] + timedelta(days=1)}
        case ["is", "three", "capital", "letters,", *_]:
            return {column: "eur"}
        case ["is", "a", "finite", "instant"]:
            return {column: "infinity"}
        case ["fits", *_]:
            return {column: Decimal("NaN")}
    raise AssertionError(f"{contract.name} has a new rule, {rule.name}: say here what breaks it")


def numbered(contract: Contract, row: dict[str, Any], number: int) -> dict[str, Any]:
    """The row with a key of its own."""
    if "month" in contract.key:
        return {**row, "month": date(2000 + number // 12, 1 + number % 12, 1)}
    if "cohort_month" in contract.key:
        return {**row, "cohort_month": date(2000 + number // 12, 1 + number % 12, 1)}
    if "valid_from" in contract.key:
        return {**row, "valid_from": date(2000, 1, number)}
    key, *_ = contract.key
    return {**row, key: f"row {number}"}


def good_rows(contract: Contract) -> list[dict[str, Any]]:
    return [numbered(contract, plain_row(contract), number) for number in (1, 2)]


def breakable(rule: Rule, engine: Engine) -> bool:
    """All rules but the one about the key; a DuckDB decimal cannot be anything but a number."""
    only_on_postgres = " fits into " in rule.name and engine.warehouse.dialect == "duckdb"
    return not rule.name.endswith("is unique") and not only_on_postgres


def broken_rows(contract: Contract, engine: Engine) -> dict[str, dict[str, Any]]:
    """For each breakable rule a row that breaks it, by the rule's name."""
    broken = {}
    for number, rule in enumerate(contract.rules, start=3):
        row = numbered(contract, plain_row(contract), number)
        if breakable(rule, engine):
            broken[rule.name] = row | change_that_breaks(rule, contract, row)
    names = [rule.name for rule in contract.rules]
    assert len(set(names)) == len(names), "rules of a table have names of their own"
    return broken


def counted(engine: Engine, name: str, rows: list[dict[str, Any]]) -> dict[str, int]:
    """The number of rows that break each rule of a contract, by the rule's name."""
    contract = contracts()[name]
    parents = parents_of(engine, contract, rows)
    table = engine.table(name, rows)
    query = engine.warehouse.query(counts(table, list(contract.rules), parents), True)
    (found,) = engine.warehouse.rows(query)
    assert found["row_count"] == len(rows)
    return {rule.name: found[f"rule_{i}"] for i, rule in enumerate(contract.rules)}


@pytest.mark.parametrize("name", contracts())
def test_every_rule_can_be_kept_and_broken(engine: Engine, name: str) -> None:
    contract = contracts()[name]
    good, broken = good_rows(contract), broken_rows(contract, engine)
    assert set(counted(engine, name, good).values()) == {0}
    found = counted(engine, name, [*good, *good, *broken.values()])
    assert found.pop(f"{', '.join(contract.key)} is unique") == 4
    assert all(found[name] >= 1 for name in broken)


def test_all_rows_of_a_repeated_key_count_and_null_is_no_key(engine: Engine) -> None:
    drawing = """
        id
        a
        b
        c
        b
        -
        c
        c
        -
        d
    """
    table = engine.table("facilities", source_rows("facilities", drawing))
    (found,) = engine.warehouse.rows(counts(table, [unique(("id",))], {}))
    assert found == {"row_count": 9, "rule_0": 2 + 3}
    outcome = audit(engine.warehouse, table, contracts()["facilities"], [unique(("id",))], {})
    assert [violation.rows for violation in outcome.violations] == [2 + 3]


@pytest.mark.parametrize(
    ("ids", "repeated"),
    [("", False), ("a b c", False), ("a - -", False), ("a b a", True), ("a - a", True)],
)
def test_the_quick_look_for_repeated_values(engine: Engine, ids: str, repeated: bool) -> None:
    drawing = "\n".join(["id", *ids.split()])
    table = engine.table("facilities", source_rows("facilities", drawing))
    (found,) = engine.warehouse.rows(engine.warehouse.repeats(table.id).name("n").as_table())
    assert (found["n"] > 0) == repeated


def test_ids_that_only_look_repeated_break_no_rule(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As two ids that have the same hash.
    monkeypatch.setattr(engine.warehouse, "repeats", lambda column: column.count())
    table = engine.table("facilities", source_rows("facilities", "id\na\nb"))
    outcome = audit(engine.warehouse, table, contracts()["facilities"], [unique(("id",))], {})
    assert not outcome.violations


@pytest.mark.parametrize("name", ["facilities", "satisfaction", "lead_milestones", "revenue_kpis"])
def test_a_broken_rule_shows_key_and_columns_of_its_row(engine: Engine, name: str) -> None:
    contract = contracts()[name]
    broken = broken_rows(contract, engine)
    outcome = audited(engine, name, [*good_rows(contract), *broken.values()])
    assert [violation.check for violation in outcome.violations] == list(broken)
    for violation in outcome.violations:
        keys = [tuple(sample[c] for c in contract.key) for sample in violation.samples]
        assert tuple(broken[violation.check][c] for c in contract.key) in keys, violation.check
        shown = {*contract.key, *violation.columns}
        assert all(set(sample) == shown for sample in violation.samples), violation.check


def test_each_rule_counts_exactly_the_rows_that_break_it(engine: Engine) -> None:
    rows = source_rows(
        "leads",
        """
        id | facility_id | stage | amount | created_at | updated_at | closed_at
        l1 | f1          | lead  | 1      | 2024-01-10 | 2024-01-10 | -
        l2 | f1          | won   | -1     | 2024-01-10 | 2024-01-10 | 2024-01-09
        l3 | nobody      | gone  | -1     | 2024-01-10 | 2024-01-09 | 2024-01-09
        l4 | nobody      | gone  | -1     | 2024-01-10 | 2024-01-09 | 2024-01-09
        l5 | nobody      | gone  | 0      | 2024-01-10 | 2024-01-09 | 2024-01-10
        l5 | f1          | gone  | 0      | 2024-01-10 | 2024-01-09 | -
        -  | -           | -     | -      | -          | -          | -
        """,
    )
    outcome = audited(engine, "leads", rows)
    assert outcome.rows == 7
    assert {v.check: v.rows for v in outcome.violations} == {
        "id is unique": 2,
        "id is not null": 1,
        "facility_id is not null": 1,
        "facility_id is an id of facilities": 3,
        "stage is not null": 1,
        "stage is one of lead, sql, opportunity, won, lost": 4,
        "amount is not null": 1,
        "amount >= 0": 3,
        "created_at is not null": 1,
        "updated_at is not null": 1,
        "updated_at is not before created_at": 4,
        "closed_at is not before created_at": 3,
    }


FORBIDDEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "a percentage of 101": (
        "conversion_funnel",
        {"conversion_rate_pct": 101.0},
        "conversion_rate_pct is between 0 and 100",
    ),
    "a percentage just over 100": (
        "ticket_sla_compliance",
        {"sla_attainment_pct": 100.00000000000001},
        "sla_attainment_pct is between 0 and 100",
    ),
    "a negative percentage": (
        "monthly_scorecard",
        {"won_pct": -0.5},
        "won_pct is between 0 and 100",
    ),
    "a percentage that is no number": (
        "health_scores",
        {"sla_health": float("nan")},
        "sla_health is between 0 and 100",
    ),
    "an infinite percentage": (
        "outreach_kpis",
        {"response_rate_pct": float("inf")},
        "response_rate_pct is between 0 and 100",
    ),
    "a funnel that grows": (
        "conversion_funnel",
        {"stage_position": 3, "stage_count": 4, "previous_stage_count": 3},
        "the funnel never grows from one stage to the next",
    ),
    "a funnel stage that does not say how many were there before": (
        "conversion_funnel",
        {"stage_position": 2, "previous_stage_count": None},
        "the funnel never grows from one stage to the next",
    ),
    "a cohort that does not add up": (
        "cohort_retention",
        {"lost_leads": 1},
        "active, won and lost leads add up to the cohort",
    ),
    "an nps of -101": (
        "satisfaction_rollups",
        {"metric_type": "nps", "score": -101.0},
        "score is 1 to 5 for csat, -100 to 100 for nps",
    ),
    "an nps of -101 in the scorecard": (
        "monthly_scorecard",
        {"nps": -101.0},
        "nps is between -100 and 100",
    ),
    "a csat of 0.9": (
        "satisfaction_rollups",
        {"score": 0.9},
        "score is 1 to 5 for csat, -100 to 100 for nps",
    ),
    "an nps that changes by more than 200": (
        "satisfaction_rollups",
        {"month_over_month_change": -200.5},
        "month_over_month_change is between -200 and 200",
    ),
    "a negative count": ("outreach_kpis", {"responses": -1}, "responses >= 0"),
    "a status that does not exist": (
        "health_scores",
        {"health_status": "superb"},
        "health_status is one of excellent, good, fair, poor",
    ),
    "a month that begins on the 2nd": (
        "revenue_kpis",
        {"month": date(2024, 1, 2)},
        "month is the first day of a month",
    ),
    "a facility that does not exist": (
        "revenue_kpis",
        {"facility_id": "nobody"},
        "facility_id is an id of facilities",
    ),
    "more weighted than total pipeline": (
        "weighted_pipeline_scenarios",
        {"total_pipeline_value": Decimal("0.99")},
        "weighted_pipeline_value <= total_pipeline_value",
    ),
}


@pytest.mark.parametrize(("name", "change", "check"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_result_must_not_have(
    engine: Engine, name: str, change: dict[str, Any], check: str
) -> None:
    outcome = audited(engine, name, [plain_row(contracts()[name]) | change])
    assert [(v.check, v.rows) for v in outcome.violations] == [(check, 1)]


ALLOWED: dict[str, tuple[str, dict[str, Any]]] = {
    "an nps of -100 and one that fell by 200": (
        "satisfaction_rollups",
        {"metric_type": "nps", "score": -100.0, "month_over_month_change": -200.0},
    ),
    "answers of 0 and 10 to nps": (
        "satisfaction_rollups",
        {"metric_type": "nps", "score": 0.0, "min_score": 0, "max_score": 10},
    ),
    "more conversions than responses": (
        "rep_activity_by_channel",
        {"total_responses": 0, "conversion_from_responses_pct": 200.0},
    ),
    "negative durations": (
        "ticket_sla_compliance",
        {"avg_first_response_hours": -1.0, "max_resolution_hours": -0.5},
    ),
    "negative days to a stage": ("conversion_funnel", {"avg_days_from_lead": -3.0}),
    "negative revenue": (
        "revenue_kpis",
        {"total_revenue": Decimal(-5), "outstanding_amount": Decimal(-5)},
    ),
    "a funnel stage nobody reached": (
        "conversion_funnel",
        {
            "stage_position": 3,
            "stage_count": 0,
            "previous_stage_count": 0,
            "drop_off_count": 0,
            "conversion_rate_pct": None,
            "conversion_from_lead_pct": 0.0,
            "avg_days_from_lead": None,
        },
    ),
}


@pytest.mark.parametrize(("name", "change"), ALLOWED.values(), ids=ALLOWED)
def test_a_result_may_have(engine: Engine, name: str, change: dict[str, Any]) -> None:
    assert audited(engine, name, [plain_row(contracts()[name]) | change]).violations == ()


def statements(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list to which each query is added from here on."""
    seen: list[str] = []
    fetch = engine.warehouse.fetch

    def watched(sql: str, values: Any = ()) -> Any:
        seen.append(sql)
        return fetch(sql, values)

    monkeypatch.setattr(engine.warehouse, "fetch", watched)
    return seen


@pytest.mark.parametrize("name", ["leads", "invoices", "cohort_retention"])
def test_a_table_is_checked_in_one_query(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    contract = contracts()[name]
    rows = [numbered(contract, plain_row(contract), number) for number in range(5)]
    parents = parents_of(engine, contract, rows)
    table = engine.table(name, rows)
    seen = statements(engine, monkeypatch)
    outcome = audit(engine.warehouse, table, contract, contract.rules, parents)
    assert outcome.violations == ()
    assert outcome.checks == len(contract.rules) > 8
    assert len(seen) == 1


def test_only_a_broken_rule_costs_another_query(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = contracts()["leads"]
    rows = source_rows("leads", "id | stage | amount\nl1 | gone | -1\nl2 | gone | 1")
    parents = parents_of(engine, contract, rows)
    table = engine.table("leads", rows)
    seen = statements(engine, monkeypatch)
    outcome = audit(engine.warehouse, table, contract, contract.rules, parents)
    assert [v.rows for v in outcome.violations] == [2, 1]
    assert len(seen) == 1 + 2


def test_each_computed_table_has_a_contract_and_each_contract_a_table() -> None:
    assert sorted(PUBLISHED) == sorted([*kpi_functions(), *fact_functions()])
    assert set(SOURCES) == {*sources_of(PUBLISHED), "facilities"}


@pytest.mark.parametrize("name", contracts())
def test_every_column_is_described_and_typed(name: str) -> None:
    contract = contracts()[name]
    assert contract.model.__doc__
    for column in contract.columns:
        assert column.description.endswith("."), column.name
        assert isinstance(column.dtype, ibis.expr.datatypes.DataType)
    assert all(not c.nullable for c in contract.columns if c.name in contract.key)
    if contract.kind == "published":
        assert contract.columns[-1].name == "updated_at"


def test_values_of_an_enum_are_held_against_each_other(postgres_settings: Settings) -> None:
    """To Ibis they are texts, which a hash of texts does not take."""
    with open_warehouse(postgres_settings) as warehouse:
        warehouse.ensure_schema(warehouse.raw)
        warehouse.run("CREATE TYPE size AS ENUM ('s', 'm')")
        table = warehouse.quote(warehouse.raw, "sizes")
        warehouse.run(f"CREATE TABLE {table} (id size)")
        warehouse.run(f"INSERT INTO {table} VALUES ('s'), ('m'), ('s')")
        sizes = warehouse.table(warehouse.raw, "sizes")
        outcome = audit(warehouse, sizes, contracts()["facilities"], [unique(("id",))], {})
    assert [violation.rows for violation in outcome.violations] == [2]
