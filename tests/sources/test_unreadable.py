"""Text of landed tables that a connector cannot read: a violation, never null in silence."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis
import pytest
from mappings import SourcesFile, fit_of, land, rows_of
from stored import leftovers
from systems import LANDED

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.models import contracts
from crm_ibis.publishing.check import check
from crm_ibis.publishing.preflight import fit
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources import connectors, resolve
from crm_ibis.sources.connectors.landed import day, flag, number
from crm_ibis.sources.connectors.unread import noting
from crm_ibis.testing import Engine
from crm_ibis.warehouse import Warehouse

AT = datetime(2024, 3, 1)
KPI = ["ticket_sla_compliance"]
COMMENT = {**LANDED["zendesk"]["ticket_comment"], "created": "string"}
REMEDY = "(read anything else in a function of your own that calls the connector's)"
CREATED = f"ticket_comment.created is an instant in ISO 8601 {REMEDY}"
YAML = """
    schema: {landed}
    sources:
      facilities: {{constant: {{id: unassigned, name: Main}}}}
      tickets: {{{made_by}}}
      leads: absent
      opportunities: absent
      outreach: absent
      satisfaction: absent
      applications: absent
      invoices: absent
"""
OURS = """
    from crm_ibis.sources.connectors import zendesk


    def tickets(ticket, ticket_comment, ticket_field_history, user):
        said = ticket_comment.filter(ticket_comment.id != 12)
        return zendesk.tickets(ticket, said, ticket_field_history, user)
"""
COMMENTS = """
    id | ticket_id | user_id | public | created
    10 | 1         | 1       | true   | 2024-02-01T06:00:00
    11 | 2         | 1       | true   | soon
    12 | 2         | 1       | true   | 31/02/2024 10:00
    13 | 3         | 1       | true   | -
    14 | 3         | 1       | true   | NaT
"""


def land_zendesk(warehouse: Warehouse, landed: str, comments: str = COMMENTS) -> None:
    types = LANDED["zendesk"]
    tickets = """
        id | priority | status | created_at       | updated_at
        1  | low      | open   | 2024-01-31 20:00 | 2024-02-02
        2  | low      | open   | 2024-01-31 20:00 | 2024-02-02
        3  | low      | open   | 2024-01-31 20:00 | 2024-02-02
    """
    land(warehouse, f"{landed}.ticket", types["ticket"], tickets)
    land(warehouse, f"{landed}.ticket_comment", COMMENT, comments)
    land(warehouse, f"{landed}.user", types["user"], "id | role\n1 | agent")
    land(warehouse, f"{landed}.ticket_field_history", types["ticket_field_history"], "ticket_id")


def test_an_instant_that_cannot_be_read_stops_a_refresh(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    """Null, or what loaders write for null, is nothing that could be read."""
    land_zendesk(warehouse, landed)
    sources_file.write(YAML.format(landed=landed, made_by="connector: zendesk"))
    with pytest.raises(ChecksFailed) as told:
        refresh(warehouse, KPI, as_of=AT)
    assert f"tickets: {CREATED}: 2 rows" in str(told.value)
    assert "id=11, ticket_id=2, created=soon" in told.value.detailed
    assert "soon" not in str(told.value)
    (broken,) = told.value.broken
    assert broken.keys == ("id=11, ticket_id=2", "id=12, ticket_id=2")
    assert not leftovers(warehouse)


def test_sources_and_check_tell_it_alike(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land_zendesk(warehouse, landed)
    sources_file.write(YAML.format(landed=landed, made_by="connector: zendesk"))
    seen = fit_of(warehouse)
    assert seen.fails
    (violation,) = seen.violations
    (checked,) = check(warehouse, ["tickets"])
    assert checked.violations == (violation,)
    assert (violation.check, violation.rows) == (CREATED, 2)
    assert violation.samples == [
        {"id": "11", "ticket_id": "2", "created": "soon"},
        {"id": "12", "ticket_id": "2", "created": "31/02/2024 10:00"},
    ]


def test_a_function_that_calls_the_connector_is_held_to_what_it_hands_on(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land_zendesk(warehouse, landed)
    sources_file.beside("ours.py", OURS)
    sources_file.write(YAML.format(landed=landed, made_by="file: ours.py"))
    (violation,) = fit_of(warehouse).violations
    assert (violation.check, violation.rows) == (CREATED, 1)


def test_the_row_that_it_belongs_to_goes_into_quarantine(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land_zendesk(warehouse, landed)
    how = "connector: zendesk, on_violation: quarantine, max_quarantined_pct: 50"
    sources_file.write(YAML.format(landed=landed, made_by=how))
    outcome = refresh(warehouse, KPI, as_of=AT)
    (source,) = (run for run in outcome.tables if run.table == "tickets")
    assert (source.rows, source.quarantined) == (2, 1)
    assert fit_of(warehouse).quarantined == 1
    kept = warehouse.fetch(
        f"SELECT row_key, check_name FROM {warehouse.quote(warehouse.meta, 'quarantine')}"
    )
    assert kept == [("2", CREATED)]
    assert not leftovers(warehouse)


def test_what_belongs_to_no_row_of_ours_stops_a_refresh_all_the_same(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    orphan = "id | ticket_id | user_id | public | created\n10 | 9 | 1 | true | soon"
    land_zendesk(warehouse, landed, orphan)
    how = "connector: zendesk, on_violation: quarantine, max_quarantined_pct: 50"
    sources_file.write(YAML.format(landed=landed, made_by=how))
    with pytest.raises(ChecksFailed) as told:
        refresh(warehouse, KPI, as_of=AT)
    assert f"{CREATED}: 1 row" in str(told.value)


def test_typed_columns_are_looked_for_by_nothing(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    land_zendesk(warehouse, landed)
    sources_file.write(YAML.format(landed=landed, made_by="connector: zendesk"))
    (found,) = resolve.unread_of(warehouse, ["tickets"])["tickets"]
    assert found.column == "created"


@dataclass(frozen=True)
class Read:
    values: list[Any]
    unreadable: list[str]


def read(engine: Engine, how: Any, dtype: str, cells: list[Any]) -> Read:
    """What a reader makes of a column, and what of it cannot be read."""
    rows = [{"id": place, "x": cell} for place, cell in enumerate(cells)]
    table = engine.store("landed", ibis.schema({"id": "int64", "x": dtype}), rows)
    with noting() as notes:
        made = table.select("id", made=how(table, "x")).order_by("id")
    values = [row["made"] for row in engine.warehouse.rows(made)]
    found = [row for seen in notes.unread() for row in engine.warehouse.rows(seen.rows)]
    return Read(values, [row["x"] for row in sorted(found, key=lambda row: int(row["id"]))])


def test_numbers_as_text(engine: Engine) -> None:
    """What no decimal(24, 6) holds is no number either."""
    good = {
        **{"12": "12", " 1.5 ": "1.5", "-0.25": "-0.25", "+3.": "3", ".5": "0.5", "007": "7"},
        **{"1e3": "1000", "1.5E-2": "0.015", "12345678901234567.25": "12345678901234567.25"},
        **{"00000000000000000000000042": "42"},
    }
    bad = [
        *("abc", "1,5", "1.234,56", "$5", "--1", "1e30", "1e99", "12345678901234567890", "."),
        *("1 000", "0x1F", "inf", "1e"),
    ]
    empty = [None, "", " ", "nan", "NaN", "NULL", "None"]
    found = read(engine, number, "string", [*good, *bad, *empty])
    assert found.unreadable == bad
    assert found.values[: len(good)] == [Decimal(expected) for expected in good.values()]
    assert found.values[len(good) :] == [None] * (len(bad) + len(empty))


def test_days_as_text(engine: Engine) -> None:
    cells = [
        "2024-03-01",
        "2024-03-01T05:00:00Z",
        "2024-03-011",
        "2024-02-30",
        "1.3.2024",
        "",
        None,
    ]
    found = read(engine, day, "string", cells)
    assert found.unreadable == ["2024-03-011", "2024-02-30", "1.3.2024"]
    assert [str(value) for value in found.values] == ["2024-03-01"] * 2 + ["None"] * 5


def test_flags_as_text_and_as_numbers(engine: Engine) -> None:
    cells = ["true", " YES ", "0", "f", "perhaps", "ja", "", "nan", None]
    found = read(engine, flag, "string", cells)
    assert found.unreadable == ["perhaps", "ja"]
    assert found.values == [True, True, False, False] + [None] * 5
    counted = read(engine, flag, "int64", [1, 0, 2, None])
    assert counted.unreadable == ["2"]
    assert counted.values == [True, False, None, None]


def test_an_amount_that_cannot_be_read_is_named(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile
) -> None:
    types = LANDED["hubspot"]
    deal = {**types["deal"], "property_amount": "string"}
    for name in ("deal_company", "deal_stage"):
        land(warehouse, f"{landed}.{name}", types[name], "deal_id")
    stages = "stage_id | label | probability | closed_won\ns1 | New | 0.2 | false"
    land(warehouse, f"{landed}.deal_pipeline_stage", types["deal_pipeline_stage"], stages)
    deals = """
        deal_id | deal_pipeline_stage_id | property_amount | property_createdate
        1       | s1                     | 1.234,56        | 2024-01-01
        2       | s1                     | 100.5           | 2024-01-01
    """
    land(warehouse, f"{landed}.deal", deal, deals)
    sources_file.write(
        f"schema: {landed}\nsources: {{facilities: absent, leads: {{connector: hubspot}}}}"
    )
    amounts = {row["id"]: row["amount"] for row in rows_of(warehouse, "leads")}
    assert amounts == {"1": 0, "2": Decimal("100.5")}
    (checked,) = check(warehouse, ["leads"])
    assert checked.violations[0].rows == 1
    assert checked.violations[0].check.startswith("deal.property_amount is a number such as")


@pytest.mark.e2e
@pytest.mark.parametrize("system", list(LANDED))
def test_tables_without_rows_can_be_read_when_every_column_landed_as_text(
    warehouse: Warehouse, landed: str, sources_file: SourcesFile, system: str
) -> None:
    for name, types in LANDED[system].items():
        warehouse.create_table(landed, name, ibis.schema(dict.fromkeys(types, "string")))
    made = dict.fromkeys(
        connectors.table_functions(system), f"{{connector: {system}, schema: {landed}}}"
    )
    made["ticket_pauses"] = f"{{connector: {system}, schema: {landed}, pause_on: hold}}"
    listed = {n: made.get(n, "absent") for n, c in contracts().items() if c.kind == "source"}
    lines = "".join(f"\n  {name}: {said}" for name, said in listed.items())
    sources_file.write(f"sources:{lines}\n")
    for seen in fit(warehouse).fits:
        assert seen.problem is None
        found = [v for v in seen.violations if v.columns != ("pause_on",)]  # nothing has its name
        assert found == []
