"""Merging: each row of a KPI gets a version per state, and only what changed is written."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from histories import History

ONE = """
    facility_id | hired_count | updated_at
    f1          | 1           | 2024-03-01
"""
TWO = """
    facility_id | hired_count | updated_at
    f1          | 1           | 2024-03-01
    f2          | 2           | 2024-03-02
"""
HEADER = "facility_id | hired_count | updated_at"


def test_a_first_merge_begins_versions_at_updated_at(hiring: "History") -> None:
    assert hiring.accept("2024-03-05", TWO) == {"new": 2}
    hiring.expect("""
        facility_id | month   | hired_count | updated_at | valid_from | valid_to
        f1          | 2024-01 | 1           | 2024-03-01 | 2024-03-01 | -
        f2          | 2024-01 | 2           | 2024-03-02 | 2024-03-02 | -
    """)


def test_a_repeated_merge_writes_nothing(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO)
    for as_of in ("2024-03-02", "2024-03-02 00:00:00.000001", "2025-01-01"):
        hiring.repeat(as_of)


def test_a_changed_row_ends_its_version_where_the_next_begins(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO)
    changed = """
        facility_id | hired_count | updated_at
        f1          | 5           | 2024-03-03
        f2          | 2           | 2024-03-02
    """
    assert hiring.accept("2024-03-04", changed) == {"changed": 1}
    hiring.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-01 | 2024-03-03
        f1          | 5           | 2024-03-03 | 2024-03-03 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | -
    """)
    hiring.repeat("2024-03-05")


def test_a_row_that_changes_at_each_merge(hiring: "History") -> None:
    hiring.accept("2024-03-02", ONE)
    for day in (3, 4):
        moment = f"2024-03-0{day} 04:05:06.789012"
        assert hiring.accept(moment, f"{HEADER}\nf1 | {day} | {moment}") == {"changed": 1}
    hiring.expect("""
        facility_id | hired_count | valid_from                 | valid_to
        f1          | 1           | 2024-03-01                 | 2024-03-03 04:05:06.789012
        f1          | 3           | 2024-03-03 04:05:06.789012 | 2024-03-04 04:05:06.789012
        f1          | 4           | 2024-03-04 04:05:06.789012 | -
    """)


def test_a_later_updated_at_alone_begins_a_version(hiring: "History") -> None:
    hiring.accept("2024-03-02", ONE)
    assert hiring.accept("2024-03-04", ONE.replace("03-01", "03-03")) == {"changed": 1}
    hiring.expect("""
        facility_id | hired_count | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-03
        f1          | 1           | 2024-03-03 | -
    """)


def test_a_new_row_begins_at_its_updated_at_however_old(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO)
    more = TWO + "f3 | 3 | 2024-02-01\nf4 | 4 | 2024-03-04"
    assert hiring.accept("2024-03-04", more) == {"new": 2}
    hiring.expect("""
        facility_id | hired_count | valid_from | valid_to
        f1          | 1           | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | -
        f3          | 3           | 2024-02-01 | -
        f4          | 4           | 2024-03-04 | -
    """)


def test_a_row_that_disappears_ends_at_the_instant_of_the_run(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO)
    assert hiring.accept("2024-03-04", ONE) == {"gone": 1}
    hiring.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-04
    """)
    hiring.repeat("2024-03-05")


REVIVED = """
    facility_id | hired_count | updated_at | valid_from | valid_to
    f1          | 1           | 2024-03-01 | 2024-03-01 | -
    f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-04
    f2          | 2           | 2024-03-02 | 2024-03-06 | -
"""


@pytest.fixture
def revived(hiring: "History") -> "History":
    """f2 was there from 2 March, was gone from 4 March and is back since 6 March."""
    hiring.accept("2024-03-02", TWO)
    hiring.accept("2024-03-04", ONE)
    assert hiring.accept("2024-03-06", TWO) == {"new": 1}
    return hiring


def test_a_row_that_comes_back_begins_at_the_run_and_may_be_repeated(
    revived: "History",
) -> None:
    revived.expect(REVIVED)
    for as_of in ("2024-03-06", "2024-03-07"):
        revived.repeat(as_of)


def test_a_row_that_comes_back_with_other_values_begins_at_the_run_too(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO)
    hiring.accept("2024-03-04", ONE)
    assert hiring.accept("2024-03-06", ONE + "f2 | 9 | 2024-03-05") == {"new": 1}
    hiring.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-04
        f2          | 9           | 2024-03-05 | 2024-03-06 | -
    """)


def test_a_row_may_come_back_at_the_instant_at_which_it_went(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO)
    hiring.accept("2024-03-04", ONE)
    assert hiring.accept("2024-03-04", TWO) == {"new": 1}
    hiring.expect("""
        facility_id | hired_count | valid_from | valid_to
        f1          | 1           | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-04
        f2          | 2           | 2024-03-04 | -
    """)


def test_a_change_after_a_return(revived: "History") -> None:
    assert revived.accept("2024-03-08", ONE + "f2 | 7 | 2024-03-07") == {"changed": 1}
    revived.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-04
        f2          | 2           | 2024-03-02 | 2024-03-06 | 2024-03-07
        f2          | 7           | 2024-03-07 | 2024-03-07 | -
    """)
    revived.repeat("2024-03-08")


def test_a_change_at_the_instant_of_the_return_corrects_it(revived: "History") -> None:
    assert revived.accept("2024-03-06", ONE + "f2 | 7 | 2024-03-06") == {"corrected": 1}
    revived.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-04
        f2          | 7           | 2024-03-06 | 2024-03-06 | -
    """)
    revived.repeat("2024-03-07")


def test_other_values_of_a_returned_row_at_its_updated_at_correct_it(revived: "History") -> None:
    assert revived.accept("2024-03-07", ONE + "f2 | 7 | 2024-03-02") == {"corrected": 1}
    revived.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-04
        f2          | 7           | 2024-03-02 | 2024-03-06 | -
    """)


def test_a_row_may_go_and_come_back_again(revived: "History") -> None:
    assert revived.accept("2024-03-08", ONE) == {"gone": 1}
    assert revived.accept("2024-03-09", TWO) == {"new": 1}
    revived.expect("""
        facility_id | updated_at | valid_from | valid_to
        f1          | 2024-03-01 | 2024-03-01 | -
        f2          | 2024-03-02 | 2024-03-02 | 2024-03-04
        f2          | 2024-03-02 | 2024-03-06 | 2024-03-08
        f2          | 2024-03-02 | 2024-03-09 | -
    """)


def test_other_values_at_the_same_updated_at_correct_the_current_version(
    hiring: "History",
) -> None:
    hiring.accept("2024-03-02", TWO)
    hiring.accept("2024-03-03", ONE + "f2 | 3 | 2024-03-03")
    assert hiring.accept("2024-03-04", ONE + "f2 | 4 | 2024-03-03") == {"corrected": 1}
    hiring.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-03
        f2          | 4           | 2024-03-03 | 2024-03-03 | -
    """)


NULLS = """
    facility_id | hired_count | avg_time_to_fill_days | updated_at
    f1          | -           | -                     | 2024-03-01
    f2          | 2           | 1.5                   | 2024-03-01
"""


def test_nulls_are_equal(hiring: "History") -> None:
    hiring.accept("2024-03-01", NULLS)
    hiring.repeat("2024-03-02")


def test_a_null_and_a_value_differ(hiring: "History") -> None:
    hiring.accept("2024-03-01", NULLS)
    filled = """
        facility_id | hired_count | avg_time_to_fill_days | updated_at
        f1          | 0           | 2.5                   | 2024-03-01
        f2          | 2           | -                     | 2024-03-02
    """
    assert hiring.accept("2024-03-03", filled) == {"changed": 1, "corrected": 1}
    hiring.expect("""
        facility_id | hired_count | avg_time_to_fill_days | valid_from | valid_to
        f1          | 0           | 2.5                   | 2024-03-01 | -
        f2          | 2           | 1.5                   | 2024-03-01 | 2024-03-02
        f2          | 2           | -                     | 2024-03-02 | -
    """)


def test_all_that_may_happen_in_one_merge(hiring: "History") -> None:
    hiring.accept("2024-03-01", f"{HEADER}\nback | 1 | 2024-03-01")
    before = """
        facility_id | hired_count | updated_at
        changed     | 2           | 2024-03-02
        corrected   | 3           | 2024-03-02
        gone        | 4           | 2024-03-02
        same        | 5           | 2024-03-02
    """
    assert hiring.accept("2024-03-02", before) == {"new": 4, "gone": 1}
    after = """
        facility_id | hired_count | updated_at
        back        | 10          | 2024-03-03
        changed     | 20          | 2024-03-03
        corrected   | 30          | 2024-03-02
        new         | 60          | 2024-03-03
        same        | 5           | 2024-03-02
    """
    did = {"new": 2, "changed": 1, "corrected": 1, "gone": 1}
    assert hiring.accept("2024-03-04", after) == did
    hiring.expect("""
        facility_id | hired_count | valid_from | valid_to
        back        | 1           | 2024-03-01 | 2024-03-02
        back        | 10          | 2024-03-04 | -
        changed     | 2           | 2024-03-02 | 2024-03-03
        changed     | 20          | 2024-03-03 | -
        corrected   | 30          | 2024-03-02 | -
        gone        | 4           | 2024-03-02 | 2024-03-04
        new         | 60          | 2024-03-03 | -
        same        | 5           | 2024-03-02 | -
    """)
    hiring.repeat("2024-03-04")


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_unchanged_versions_are_not_rewritten(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO + "f3 | 3 | 2024-03-02\nf4 | 4 | 2024-03-02")
    before = hiring.places()
    after = ONE + "f2 | 20 | 2024-03-03\nf3 | 30 | 2024-03-02\nf5 | 5 | 2024-03-03"
    did = {"new": 1, "changed": 1, "corrected": 1, "gone": 1}
    assert hiring.accept("2024-03-03", after) == did
    kept = {key for key, place in hiring.places().items() if before.get(key) == place}
    assert [facility for facility, _ in kept] == ["f1"]


def test_an_empty_kpi_without_a_history(hiring: "History") -> None:
    assert hiring.accept("2024-03-05", HEADER) == {}
    hiring.expect("facility_id | valid_from | valid_to")
    assert hiring.accept("2024-03-05", ONE) == {"new": 1}
    hiring.expect("facility_id | valid_from | valid_to\nf1 | 2024-03-01 | -")


def test_a_kpi_may_become_empty_and_fill_again(hiring: "History") -> None:
    hiring.accept("2024-03-02", TWO)
    assert hiring.accept("2024-03-04", HEADER) == {"gone": 2}
    hiring.repeat("2024-03-05")
    assert hiring.accept("2024-03-06", ONE) == {"new": 1}
    hiring.expect("""
        facility_id | hired_count | valid_from | valid_to
        f1          | 1           | 2024-03-01 | 2024-03-04
        f1          | 1           | 2024-03-06 | -
        f2          | 2           | 2024-03-02 | 2024-03-04
    """)


def test_a_row_is_known_by_its_whole_key(funnel: "History") -> None:
    before = """
        facility_id | rep_id | month   | funnel_stage | stage_count | updated_at
        f1          | r1     | 2024-01 | lead         | 1           | 2024-03-01
        f1          | r1     | 2024-01 | won          | 2           | 2024-03-01
        f1          | r1     | 2024-02 | lead         | 3           | 2024-03-01
        f1          | r2     | 2024-01 | lead         | 4           | 2024-03-01
        f2          | r1     | 2024-01 | lead         | 5           | 2024-03-01
    """
    after = """
        facility_id | rep_id | month   | funnel_stage | stage_count | updated_at
        f1          | r1     | 2024-01 | lead         | 1           | 2024-03-01
        f1          | r1     | 2024-01 | won          | 20          | 2024-03-02
        f1          | r2     | 2024-01 | lead         | 4           | 2024-03-01
        f2          | r1     | 2024-02 | lead         | 5           | 2024-03-02
    """
    funnel.accept("2024-03-01", before)
    assert funnel.accept("2024-03-03", after) == {"new": 1, "changed": 1, "gone": 2}
    funnel.expect("""
        facility_id | rep_id | month   | funnel_stage | stage_count | valid_from | valid_to
        f1          | r1     | 2024-01 | lead         | 1           | 2024-03-01 | -
        f1          | r1     | 2024-01 | won          | 2           | 2024-03-01 | 2024-03-02
        f1          | r1     | 2024-01 | won          | 20          | 2024-03-02 | -
        f1          | r1     | 2024-02 | lead         | 3           | 2024-03-01 | 2024-03-03
        f1          | r2     | 2024-01 | lead         | 4           | 2024-03-01 | -
        f2          | r1     | 2024-01 | lead         | 5           | 2024-03-01 | 2024-03-03
        f2          | r1     | 2024-02 | lead         | 5           | 2024-03-02 | -
    """)
