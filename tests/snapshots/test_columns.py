"""A history and its table: columns that come and go, what stands in its place, who may read it."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from stored import analytics, another_session

from crm_ibis.contracts.models import contracts
from crm_ibis.errors import DatabaseError

if TYPE_CHECKING:
    from histories import History

on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)

FEWER = """
    facility_id | hired_count | updated_at
    f1          | 1           | 2024-03-02
    f2          | 2           | 2024-03-01
    f3          | 3           | 2024-03-01
"""
ONE = """
    facility_id | hired_count | updated_at
    f1          | 1           | 2024-03-02
"""
MORE = """
    facility_id | hired_count | pending_count | updated_at
    f1          | 1           | 10            | 2024-03-02
    f2          | 2           | -             | 2024-03-01
    f3          | 3           | 30            | 2024-03-01
"""


def test_the_columns_are_the_kpis_and_the_validity(hiring: "History") -> None:
    kpi = contracts()["pipeline_kpis"]
    hiring.warehouse.create_table(hiring.warehouse.analytics, kpi.name, kpi.schema)
    hiring.accept("2024-03-02")
    made = hiring.warehouse.table(hiring.warehouse.analytics, hiring.name).schema()
    found = {c: dtype.copy(nullable=True) for c, dtype in made.items()}
    wanted = {**kpi.schema, "valid_from": kpi.schema["updated_at"]}
    assert found == {**wanted, "valid_to": kpi.schema["updated_at"]}


@pytest.fixture
def narrow(hiring: "History") -> "History":
    """f1 changed on 2 March; no column pending_count so far."""
    hiring.accept("2024-03-01", FEWER.replace("03-02", "03-01"))
    hiring.accept("2024-03-02", FEWER)
    return hiring


def test_a_new_column_is_filled_into_the_current_versions_in_place(narrow: "History") -> None:
    assert narrow.accept("2024-03-03", MORE) == {"corrected": 2}
    narrow.expect("""
        facility_id | hired_count | pending_count | valid_from | valid_to
        f1          | 1           | -             | 2024-03-01 | 2024-03-02
        f1          | 1           | 10            | 2024-03-02 | -
        f2          | 2           | -             | 2024-03-01 | -
        f3          | 3           | 30            | 2024-03-01 | -
    """)
    narrow.repeat("2024-03-04")


@on_postgres
def test_a_row_without_a_value_in_a_new_column_is_not_rewritten(narrow: "History") -> None:
    before = narrow.places()
    narrow.accept("2024-03-03", MORE)
    after = narrow.places()
    assert after.keys() == before.keys()
    assert sorted(key[0] for key in after if after[key] == before[key]) == ["f1", "f2"]


def test_a_new_column_beside_other_changes(narrow: "History") -> None:
    changed = """
        facility_id | hired_count | pending_count | updated_at
        f1          | 1           | 10            | 2024-03-02
        f2          | 9           | 20            | 2024-03-03
        f4          | 4           | 40            | 2024-03-03
    """
    did = {"new": 1, "changed": 1, "corrected": 1, "gone": 1}
    assert narrow.accept("2024-03-03", changed) == did
    narrow.expect("""
        facility_id | hired_count | pending_count | valid_from | valid_to
        f1          | 1           | -             | 2024-03-01 | 2024-03-02
        f1          | 1           | 10            | 2024-03-02 | -
        f2          | 2           | -             | 2024-03-01 | 2024-03-03
        f2          | 9           | 20            | 2024-03-03 | -
        f3          | 3           | -             | 2024-03-01 | 2024-03-03
        f4          | 4           | 40            | 2024-03-03 | -
    """)


def test_a_new_column_of_a_kpi_without_rows(hiring: "History") -> None:
    hiring.accept("2024-03-02", FEWER)
    assert hiring.accept("2024-03-03", MORE.splitlines()[1]) == {"gone": 3}
    assert hiring.accept("2024-03-04", MORE) == {"new": 3}
    assert hiring.read(hiring.name, ["pending_count", "valid_from"])


def test_a_refused_merge_adds_no_column(narrow: "History") -> None:
    narrow.refuse("2024-03-03", MORE.replace("03-02", "02-01"))


def test_a_column_that_goes_stays_in_the_history(hiring: "History") -> None:
    hiring.accept("2024-03-02", MORE)
    assert hiring.accept("2024-03-03", FEWER + "f4 | 4 | 2024-03-03") == {"new": 1}
    changed = FEWER.replace("f1          | 1           | 2024-03-02", "f1 | 9 | 2024-03-04")
    assert hiring.accept("2024-03-04", changed) == {"changed": 1, "gone": 1}
    hiring.expect("""
        facility_id | hired_count | pending_count | valid_from | valid_to
        f1          | 1           | 10            | 2024-03-02 | 2024-03-04
        f1          | 9           | -             | 2024-03-04 | -
        f2          | 2           | -             | 2024-03-01 | -
        f3          | 3           | 30            | 2024-03-01 | -
        f4          | 4           | -             | 2024-03-03 | 2024-03-04
    """)
    hiring.repeat("2024-03-05")


def test_without_other_changes_a_column_that_goes_writes_nothing(hiring: "History") -> None:
    hiring.accept("2024-03-02", MORE)
    before = hiring.stored()
    assert hiring.accept("2024-03-03", FEWER) == {}
    assert hiring.stored() == before


def test_a_column_that_comes_back_is_filled_in_place(hiring: "History") -> None:
    hiring.accept("2024-03-02", MORE)
    changed = FEWER.replace("f1          | 1           | 2024-03-02", "f1 | 9 | 2024-03-03")
    hiring.accept("2024-03-03", changed)
    back = """
        facility_id | hired_count | pending_count | updated_at
        f1          | 9           | 90            | 2024-03-03
        f2          | 2           | -             | 2024-03-01
        f3          | 3           | 31            | 2024-03-01
    """
    assert hiring.accept("2024-03-05", back) == {"corrected": 2}
    hiring.expect("""
        facility_id | hired_count | pending_count | valid_from | valid_to
        f1          | 1           | 10            | 2024-03-02 | 2024-03-03
        f1          | 9           | 90            | 2024-03-03 | -
        f2          | 2           | -             | 2024-03-01 | -
        f3          | 3           | 31            | 2024-03-01 | -
    """)
    hiring.repeat("2024-03-05")


def refused(hiring: "History") -> str:
    """The message of a merge that writes nothing."""
    return hiring.refuse("2024-03-09", FEWER)


def test_a_column_of_another_type_is_a_clear_error(hiring: "History") -> None:
    hiring.accept("2024-03-02", FEWER)
    hiring.run("ALTER TABLE {history} ALTER COLUMN hired_count TYPE DOUBLE PRECISION")
    message = refused(hiring)
    assert "column hired_count" in message
    assert hiring.name in message
    assert "float64" in message
    assert "int64" in message
    assert "convert the column" in message

    hiring.run("ALTER TABLE {history} ALTER COLUMN hired_count TYPE BIGINT")
    assert hiring.accept("2024-03-09") == {}


@pytest.fixture
def archived(hiring: "History") -> "History":
    """f2 and f3 in the archive, f1 current."""
    hiring.accept("2024-03-02", FEWER)
    hiring.accept("2024-03-03", ONE)
    assert hiring.accept("2024-03-05", ONE, retention_days=1) == {"archived": 2}
    return hiring


def test_a_column_of_another_type_in_the_archive_is_one_too(archived: "History") -> None:
    archived.run("ALTER TABLE {archive} ALTER COLUMN hired_count TYPE DOUBLE PRECISION")
    message = refused(archived)
    assert "column hired_count" in message
    assert archived.archive in message


def test_after_renaming_a_history_of_other_types_a_new_one_begins(archived: "History") -> None:
    for table in ("history", "archive"):
        archived.run(f"ALTER TABLE {{{table}}} ALTER COLUMN hired_count TYPE DOUBLE PRECISION")
    assert "rename both, and a new history begins" in refused(archived)
    archived.run(f"ALTER TABLE {{history}} RENAME TO {archived.name}_old")
    archived.run(f"ALTER TABLE {{archive}} RENAME TO {archived.archive}_old")
    assert archived.accept("2024-03-09", FEWER) == {"new": 3}
    archived.expect("""
        facility_id | hired_count | valid_from | valid_to
        f1          | 1           | 2024-03-02 | -
        f2          | 2           | 2024-03-01 | -
        f3          | 3           | 2024-03-01 | -
    """)
    archived.accept("2024-03-10", ONE)
    assert archived.accept("2024-03-12", ONE, retention_days=1) == {"archived": 2}


@pytest.mark.parametrize("place", ["history", "archive"])
def test_a_view_in_its_place_is_refused(hiring: "History", place: str) -> None:
    hiring.publish(FEWER)
    hiring.run(f"CREATE VIEW {{{place}}} AS SELECT * FROM {{kpi}}")
    merged = hiring.merge("2024-03-09")
    assert re.search(r"pipeline_kpi_snapshot.* is a view.*rename the view", merged.refused or "")


@pytest.mark.parametrize("place", ["history", "archive"])
@pytest.mark.parametrize(
    ("columns", "lacks"),
    [
        ("facility_id VARCHAR, month DATE", "updated_at, valid_from, valid_to"),
        ("facility_id VARCHAR, updated_at TIMESTAMP", "month, valid_from, valid_to"),
    ],
)
def test_a_table_that_something_else_made_is_refused(
    hiring: "History", place: str, columns: str, lacks: str
) -> None:
    hiring.run(f"CREATE TABLE {{{place}}} ({columns})")
    message = refused(hiring)
    assert all(column in message for column in lacks.split(", "))
    assert "rename it" in message


@on_postgres
def test_unique_indexes_hold_the_grain_and_the_current_version(archived: "History") -> None:
    found = archived.warehouse.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = ? AND tablename IN (?, ?)",
        [archived.warehouse.analytics, archived.name, archived.archive],
    )
    indexes: dict[str, str] = dict(found)
    assert all("UNIQUE" in definition for definition in indexes.values())
    assert {name: text.split(" USING btree ")[1] for name, text in indexes.items()} == {
        "pipeline_kpi_snapshot_grain": "(facility_id, month, valid_from)",
        "pipeline_kpi_snapshot_current": "(facility_id, month) WHERE (valid_to IS NULL)",
        "pipeline_kpi_snapshot_archive_grain": "(facility_id, month, valid_from)",
    }
    for valid_from, valid_to in [("2024-03-02", "2024-03-03"), ("2024-03-04", None)]:
        with pytest.raises(DatabaseError, match="unique"):
            archived.insert_version("f1", valid_from, valid_to)


@on_postgres
def test_reader_roles_may_read_histories_and_archives(hiring: "History", role: str) -> None:
    warehouse = hiring.warehouse
    warehouse.settings = replace(warehouse.settings, reader_roles=(role,))
    hiring.accept("2024-03-02", FEWER)
    hiring.accept("2024-03-03", ONE)
    hiring.accept("2024-03-05", ONE, retention_days=1)
    with another_session(warehouse) as query:
        query(f"SET ROLE {role}")
        for table, versions in ((hiring.name, 1), (hiring.archive, 2)):
            assert query(f"SELECT count(*) FROM {analytics(warehouse, table)}") == [(versions,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                query(f"DELETE FROM {analytics(warehouse, table)}")
