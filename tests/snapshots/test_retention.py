"""Retention: versions that ended long ago move to the archive; reading sees both tables."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from crm_ibis.errors import DataError, UsageError
from crm_ibis.history import reader

if TYPE_CHECKING:
    from histories import History

HEADER = "facility_id | hired_count | updated_at"
NAMES = ["facility_id", "hired_count", "updated_at", "valid_from", "valid_to"]


@pytest.fixture
def aged(hiring: "History") -> "History":
    """f1 changed on 10 January, f2 went on 20 January, f3 never changed."""
    hiring.accept(
        "2024-01-01",
        """
        facility_id | hired_count | updated_at
        f1          | 1           | 2024-01-01
        f2          | 2           | 2024-01-01
        f3          | 3           | 2024-01-01
        """,
    )
    hiring.accept(
        "2024-01-20",
        """
        facility_id | hired_count | updated_at
        f1          | 10          | 2024-01-10
        f3          | 3           | 2024-01-01
        """,
    )
    return hiring


def everything(hiring: "History") -> list[tuple[Any, ...]]:
    """The versions of snapshot and archive together."""
    found = hiring.read(hiring.name, NAMES) + hiring.read(hiring.archive, NAMES)
    return sorted(found, key=str)


def test_versions_move_once_they_ended_longer_ago_than_the_retention(aged: "History") -> None:
    before = everything(aged)
    for as_of, moved in [
        ("2024-02-09", 0),
        ("2024-02-09 00:00:00.000001", 1),
        ("2024-02-20", 1),
    ]:
        assert aged.accept(as_of, retention_days=30).get("archived", 0) == moved
        assert everything(aged) == before
    aged.expect(
        """
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 10          | 2024-01-10 | 2024-01-10 | -
        f3          | 3           | 2024-01-01 | 2024-01-01 | -
        """,
        archived="""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-01-01 | 2024-01-01 | 2024-01-10
        f2          | 2           | 2024-01-01 | 2024-01-01 | 2024-01-20
        """,
    )


def test_a_year_is_kept_unless_the_job_says_otherwise(aged: "History") -> None:
    assert aged.accept("2025-01-09") == {}  # 365 days, as 2024 had 366
    assert aged.accept("2025-01-09 00:00:01") == {"archived": 1}


def test_a_version_that_ends_long_before_the_run_moves_at_once(aged: "History") -> None:
    late = f"{HEADER}\nf1 | 11 | 2024-01-25\nf3 | 3 | 2024-01-01"
    assert aged.accept("2024-06-01", late, retention_days=30) == {"changed": 1, "archived": 3}
    aged.expect(
        """
        facility_id | hired_count | valid_from | valid_to
        f1          | 11          | 2024-01-25 | -
        f3          | 3           | 2024-01-01 | -
        """,
        archived="""
        facility_id | hired_count | valid_from | valid_to
        f1          | 1           | 2024-01-01 | 2024-01-10
        f1          | 10          | 2024-01-10 | 2024-01-25
        f2          | 2           | 2024-01-01 | 2024-01-20
        """,
    )


def test_a_refused_merge_moves_nothing(aged: "History") -> None:
    aged.refuse("2024-06-01", f"{HEADER}\nf1 | 11 | 2024-01-05", retention_days=30)
    aged.expect("facility_id\nf1\nf1\nf2\nf3", archived="facility_id")


def test_a_row_whose_versions_are_all_archived_comes_back(aged: "History") -> None:
    aged.accept("2024-06-01", retention_days=30)
    back = f"{HEADER}\nf1 | 10 | 2024-01-10\nf2 | 2 | 2024-01-01\nf3 | 3 | 2024-01-01"
    assert aged.accept("2024-06-02", back, retention_days=30) == {"new": 1}
    aged.expect(
        """
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 10          | 2024-01-10 | 2024-01-10 | -
        f2          | 2           | 2024-01-01 | 2024-06-02 | -
        f3          | 3           | 2024-01-01 | 2024-01-01 | -
        """,
        archived="facility_id | valid_to\nf1 | 2024-01-10\nf2 | 2024-01-20",
    )
    aged.repeat("2024-06-02")


def test_the_archive_gains_columns_too(aged: "History") -> None:
    aged.accept("2024-02-10", retention_days=30)
    wider = """
        facility_id | hired_count | pending_count | updated_at
        f1          | 10          | 5             | 2024-01-10
        f3          | 4           | 6             | 2024-02-01
    """
    did = {"changed": 1, "corrected": 1, "archived": 1}
    assert aged.accept("2024-03-01", wider, retention_days=30) == did
    assert aged.accept("2024-06-01", retention_days=30) == {"archived": 1}
    aged.accept("2024-06-02", f"{HEADER}\nf3 | 5 | 2024-06-02")
    assert aged.accept("2024-08-01", retention_days=30) == {"archived": 2}
    aged.expect(
        """
        facility_id | hired_count | pending_count | valid_from | valid_to
        f3          | 5           | -             | 2024-06-02 | -
        """,
        archived="""
        facility_id | hired_count | pending_count | valid_from | valid_to
        f1          | 1           | -             | 2024-01-01 | 2024-01-10
        f1          | 10          | 5             | 2024-01-10 | 2024-06-02
        f2          | 2           | -             | 2024-01-01 | 2024-01-20
        f3          | 3           | -             | 2024-01-01 | 2024-02-01
        f3          | 4           | 6             | 2024-02-01 | 2024-06-02
        """,
    )


STOOD: dict[str, dict[str, int]] = {
    "2023-12-31 23:59:59.999999": {},
    "2024-01-01": {"f1": 1, "f2": 2, "f3": 3},
    "2024-01-09 23:59:59.999999": {"f1": 1, "f2": 2, "f3": 3},
    "2024-01-10": {"f1": 10, "f2": 2, "f3": 3},
    "2024-01-19 23:59:59.999999": {"f1": 10, "f2": 2, "f3": 3},
    "2024-01-20": {"f1": 10, "f3": 3},
    "2030-01-01": {"f1": 10, "f3": 3},
}


def stood(hiring: "History", as_of: str) -> dict[str, int]:
    """The KPI's values per facility as they stood at an instant."""
    rows = reader.as_it_stood(hiring.warehouse, hiring.name, datetime.fromisoformat(as_of))
    found = hiring.warehouse.rows(rows)
    assert len({row["facility_id"] for row in found}) == len(found)
    return {row["facility_id"]: row["hired_count"] for row in found}


def test_a_kpi_as_it_stood(aged: "History") -> None:
    assert {as_of: stood(aged, as_of) for as_of in STOOD} == STOOD
    aged.accept("2024-06-01", retention_days=30)
    assert {as_of: stood(aged, as_of) for as_of in STOOD} == STOOD


def test_an_instant_with_a_zone_is_taken_as_utc_would_have_it(aged: "History") -> None:
    assert stood(aged, "2024-01-10 00:59:59+01:00") == {"f1": 1, "f2": 2, "f3": 3}
    assert stood(aged, "2024-01-09 23:00:00-01:00") == {"f1": 10, "f2": 2, "f3": 3}


def versions(hiring: "History", key: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Facility, value, begin and end of the versions that reading finds."""
    found = reader.versions(hiring.warehouse, hiring.name, key).order_by("valid_from")
    names = ("facility_id", "hired_count", "valid_from", "valid_to")
    return [tuple(row[c] for c in names) for row in hiring.warehouse.rows(found)]


def test_all_versions_of_a_row(aged: "History") -> None:
    aged.accept("2024-06-01", retention_days=30)
    both = [
        ("f1", 1, datetime(2024, 1, 1), datetime(2024, 1, 10)),
        ("f1", 10, datetime(2024, 1, 10), None),
    ]
    for month in ("2024-01-01", date(2024, 1, 1)):
        assert versions(aged, {"facility_id": "f1", "month": month}) == both
    assert versions(aged, {"facility_id": "f1"}) == both
    assert versions(aged, {"facility_id": "f1", "month": "2024-02-01"}) == []
    assert len(versions(aged)) == 4


def test_columns_that_only_one_of_the_two_tables_has(aged: "History") -> None:
    aged.accept("2024-06-01", retention_days=30)
    wider = "facility_id | hired_count | pending_count | updated_at\nf1 | 10 | 5 | 2024-01-10"
    aged.accept("2024-06-02", wider)
    found = aged.warehouse.rows(reader.versions(aged.warehouse, aged.name, {"facility_id": "f1"}))
    assert {row["hired_count"]: row["pending_count"] for row in found} == {1: None, 10: 5}


def test_what_cannot_be_read_is_told(hiring: "History") -> None:
    with pytest.raises(DataError, match="nothing is recorded in pipeline_kpi_snapshot yet"):
        reader.versions(hiring.warehouse, hiring.name)
    with pytest.raises(UsageError, match="pipeline_kpi_snapshot"):
        reader.versions(hiring.warehouse, "pipeline_kpis_snapshot")
    hiring.accept("2024-01-01", f"{HEADER}\nf1 | 1 | 2024-01-01")
    with pytest.raises(UsageError, match=r"no key column facility\b.*facility_id, month"):
        reader.versions(hiring.warehouse, hiring.name, {"facility": "f1"})


def test_a_key_that_is_no_date_is_told(hiring: "History") -> None:
    hiring.accept("2024-01-01", f"{HEADER}\nf1 | 1 | 2024-01-01")
    for month in ("x", "January"):
        with pytest.raises(UsageError, match=f"month={month} is not a date"):
            reader.versions(hiring.warehouse, hiring.name, {"month": month})
