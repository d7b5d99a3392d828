"""Columns of types that no contract has: enumerations and uuids are text, others are refused."""

import pytest
from mappings import SourcesFile, fit_of, rows_of

from crm_ibis.errors import DataError, UsageError
from crm_ibis.warehouse import Warehouse

TICKETS = """
    sources:
      facilities: {{constant: {{id: main, name: Main}}}}
      tickets:
        table: {landed}.odd
        columns:
          id: ref
          facility_id: {{value: main}}
          priority: {priority}
          status: {status}
          created_at: entered
          updated_at: entered
        {more}
    """
FIRST = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
SECOND = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"


@pytest.fixture
def odd(warehouse: Warehouse, landed: str) -> str:
    """A schema with a table of two rows."""
    warehouse.run(f"CREATE TYPE {landed}.prio AS ENUM ('low', 'high', '?')")
    warehouse.run(
        f"CREATE TABLE {landed}.odd (ref uuid, prio {landed}.prio, flag boolean, amount text, "
        "list integer[], body json, entered timestamp)"
    )
    at = "TIMESTAMP '2024-01-02 10:00:00'"
    warehouse.run(
        f"INSERT INTO {landed}.odd VALUES "
        f"('{FIRST}', 'low', true, '1', NULL, '{{}}', {at}), "
        f"('{SECOND}', '?', NULL, '', NULL, NULL, {at})"
    )
    return landed


@pytest.mark.parametrize(
    ("status", "first", "second"),
    [
        ("{from: prio, missing: none}", "low", "none"),
        ("{from: prio, null_values: [low], missing: none}", "none", "?"),
        ("{from: prio, when: {prio: low}, missing: none}", "low", "none"),
        ("{from: prio, values: {low: Low}, missing: none}", "Low", "none"),
        ("{from: ref, when: {prio: low}, missing: none}", FIRST, "none"),
    ],
)
def test_enumerations_and_uuids_are_text(
    warehouse: Warehouse, odd: str, sources_file: SourcesFile, status: str, first: str, second: str
) -> None:
    priority, more = "{from: prio, missing: high}", "null_values: ['?']"
    sources_file.write(TICKETS.format(landed=odd, priority=priority, status=status, more=more))
    rows = rows_of(warehouse, "tickets")
    assert [(row["id"], row["priority"]) for row in rows] == [(FIRST, "low"), (SECOND, "high")]
    assert [row["status"] for row in rows] == [first, second]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("{from: flag, missing: none}", "status: the column is boolean, must be string"),
        ("{from: body, missing: none}", "status: the column is json, must be string"),
        ("{from: list, missing: none}", "status: the column is array<int32>, must be string"),
        ("{from: body, values: {}, missing: none}", "status: the column is json, must be string"),
        ("{from: list, values: {a: b}}", "status.values: a column of type array<int32> can be"),
        ("{value: a, when: {body: b}}", "status.when.body: a column of type json can be compared"),
        ("{key: [ref, list]}", "status.key: a column of type array<int32> cannot be part of a key"),
        ("{key: [ref, body]}", "status.key: a column of type json cannot be part of a key"),
    ],
)
def test_other_types_are_refused_by_name(
    warehouse: Warehouse, odd: str, sources_file: SourcesFile, status: str, told: str
) -> None:
    sources_file.write(TICKETS.format(landed=odd, priority="prio", status=status, more=""))
    with pytest.raises((DataError, UsageError)) as refused:
        rows_of(warehouse, "tickets")
    assert f"sources.tickets.columns.{told}" in str(refused.value)
    assert told in (fit_of(warehouse).problem or "")


def test_arrays_are_compared_with_null_whatever_stands_for_nothing(
    warehouse: Warehouse, odd: str, sources_file: SourcesFile
) -> None:
    status = "{value: given, when: {body: {not: null}}, missing: none}"
    more = "null_values: ['?']"
    priority = "{from: prio, missing: high}"
    sources_file.write(TICKETS.format(landed=odd, priority=priority, status=status, more=more))
    assert [row["status"] for row in rows_of(warehouse, "tickets")] == ["given", "none"]


def test_text_with_a_number_for_what_is_missing_names_the_remedy(
    warehouse: Warehouse, odd: str, sources_file: SourcesFile
) -> None:
    sources_file.write(
        f"""
        sources:
          invoices:
            table: {odd}.odd
            columns: {{amount: {{from: amount, missing: 0}}}}
        """
    )
    with pytest.raises(DataError, match=r"amount: the column is string, must be decimal.*number:"):
        rows_of(warehouse, "invoices")
