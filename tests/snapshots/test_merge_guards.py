"""What a merge refuses: unfit input, a damaged history, an instant of the past, a mass deletion."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from crm_ibis.publishing.check import (
    check,
)

if TYPE_CHECKING:
    from histories import History

HEADER = "facility_id | hired_count | updated_at"
ONE = f"""
    {HEADER}
    f1          | 1           | 2024-03-01
"""
TWO = f"""
    {HEADER}
    f1          | 1           | 2024-03-01
    f2          | 2           | 2024-03-02
"""


@pytest.fixture
def merged(hiring: "History") -> "History":
    """f1 since 1 March and f2 since 2 March, merged as of 2 March."""
    hiring.accept("2024-03-02", TWO)
    return hiring


def test_updated_at_before_the_current_versions_is_refused(merged: "History") -> None:
    message = merged.refuse(
        "2024-03-04",
        f"""
        {HEADER}
        f1          | 1           | 2024-03-01
        f2          | 2           | 2024-03-01 23:59:59.999999
        f3          | 3           | 2024-03-03
        """,
    )
    assert "pipeline_kpi_snapshot" in message
    assert "updated_at" in message
    assert "facility_id=f2, month=2024-01-01" in message
    assert "f1" not in message


def test_some_of_many_keys_that_go_backwards_are_named(hiring: "History") -> None:
    hiring.accept("2024-03-02", facilities(30, updated_at="2024-03-02"))
    message = hiring.refuse("2024-03-04", facilities(30, updated_at="2024-03-01"))
    assert "30 rows" in message
    assert "facility_id=f01, month=2024-01-01" in message
    assert "f30" not in message


def test_updated_at_before_the_return_of_a_row_is_refused(merged: "History") -> None:
    merged.accept("2024-03-04", ONE)
    merged.accept("2024-03-06", TWO)
    for updated_at in ("2024-03-01", "2024-03-02 00:00:00.000001", "2024-03-05"):
        message = merged.refuse("2024-03-07", ONE + f"f2 | 2 | {updated_at}")
        assert "facility_id=f2, month=2024-01-01" in message


def test_rows_that_went_back_can_be_accepted(merged: "History") -> None:
    # f1 with the value it has, f2 with another one: that begins when it is seen.
    back = f"{HEADER}\nf1 | 1 | 2024-02-01\nf2 | 7 | 2024-02-02"
    assert merged.merge("2024-03-05", back, allow_earlier=True).refused is None
    merged.expect("""
        facility_id | hired_count | updated_at | valid_from | valid_to
        f1          | 1           | 2024-02-01 | 2024-03-01 | -
        f2          | 2           | 2024-03-02 | 2024-03-02 | 2024-03-05
        f2          | 7           | 2024-02-02 | 2024-03-05 | -
    """)
    merged.repeat("2024-03-06")


def test_updated_at_after_the_instant_of_the_run_is_refused(merged: "History") -> None:
    as_of = "2024-03-04 23:59:59.999999"
    for row in ("f2 | 2 | 2024-03-05", "f2 | 2 | 2024-03-02\nf3 | 3 | 2024-03-05"):
        message = merged.refuse(as_of, ONE + row)
        assert "updated_at" in message
        assert f"after {as_of}" in message


def test_a_first_merge_before_updated_at_is_refused(hiring: "History") -> None:
    assert "after 2024-03-01" in hiring.refuse("2024-03-01", TWO)


def test_a_row_may_not_come_back_from_the_future(merged: "History") -> None:
    merged.accept("2024-03-04", ONE)
    assert "after 2024-03-05" in merged.refuse("2024-03-05", ONE + "f2 | 2 | 2024-03-06")


def test_an_instant_before_the_newest_version_is_refused(merged: "History") -> None:
    message = merged.refuse("2024-03-01 12:00", ONE)
    assert "pipeline_kpi_snapshot" in message
    assert "2024-03-02" in message
    assert "2024-03-01 12:00" in message


def test_an_instant_before_the_end_of_a_version_is_refused(merged: "History") -> None:
    merged.accept("2024-03-04", ONE)
    assert "2024-03-04" in merged.refuse("2024-03-03 23:00", ONE)


def test_an_instant_before_the_end_of_an_archived_version_is_refused(merged: "History") -> None:
    merged.accept("2024-03-04", HEADER)
    merged.accept("2024-03-06", HEADER, retention_days=1)
    merged.expect(
        "facility_id | valid_to", archived="facility_id | valid_to\nf1|2024-03-04\nf2|2024-03-04"
    )
    assert "2024-03-04" in merged.refuse("2024-03-03", ONE)


def test_a_version_may_not_end_at_the_instant_at_which_it_began(merged: "History") -> None:
    message = merged.refuse("2024-03-02", ONE)
    assert "facility_id=f2, month=2024-01-01" in message
    assert merged.accept("2024-03-02 00:00:00.000001", ONE) == {"gone": 1}


def test_a_row_may_not_go_at_the_instant_at_which_it_came_back(merged: "History") -> None:
    merged.accept("2024-03-04", ONE)
    merged.accept("2024-03-06", TWO)
    assert "facility_id=f2, month=2024-01-01" in merged.refuse("2024-03-06", ONE)


UNFIT = {
    "a key twice": ("f3|2024-01|3|2024-03-03\nf3|2024-01|4|2024-03-03", "is unique", "f3"),
    "a row twice": ("f2|2024-01|2|2024-03-02\nf2|2024-01|2|2024-03-02", "is unique", "f2"),
    "no facility": ("-|2024-02|3|2024-03-03", "facility_id is not null", "2024-02-01"),
    "no month": ("f3|-|3|2024-03-03", "month is not null", "f3"),
    "no updated_at": ("f3|2024-01|3|-", "updated_at is not null", "f3"),
    "no updated_at any more": ("f2|2024-01|2|-", "updated_at is not null", "f2"),
}
UNFIT_HEADER = "facility_id | month | hired_count | updated_at"


@pytest.mark.parametrize(("rows", "rule", "sample"), UNFIT.values(), ids=UNFIT)
def test_input_that_fits_no_history_is_refused(
    merged: "History", rows: str, rule: str, sample: str
) -> None:
    text = f"{UNFIT_HEADER}\nf1 | 2024-01 | 5 | 2024-03-04\n{rows}"
    message = merged.refuse("2024-03-04", text, allow_mass_close=True)
    assert "pipeline_kpi_snapshot" in message
    assert rule in message
    assert sample in message


def test_all_that_is_wrong_with_an_input_is_told(hiring: "History") -> None:
    rows = "\n".join(row for row, _, _ in UNFIT.values())
    message = hiring.refuse("2024-03-04", f"{UNFIT_HEADER}\n{rows}")
    assert all(rule in message for _, rule, _ in UNFIT.values())


DAMAGES = {
    "an overlap": ("2024-02-20", "2024-03-02"),
    "two current ones": ("2024-03-02", None),
    "the same one twice": ("2024-03-01", None),
    "an end at its begin": ("2024-02-20", "2024-02-20"),
    "an end before its begin": ("2024-02-20", "2024-02-10"),
}


@pytest.mark.parametrize(("valid_from", "valid_to"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_versions_of_a_row_that_changes_are_refused(
    hiring: "History", valid_from: str, valid_to: str | None
) -> None:
    hiring.accept("2024-03-02", ONE)
    hiring.drop_indexes()
    hiring.insert_version("f1", valid_from, valid_to)
    for row in ("f1 | 5 | 2024-03-05", "f2 | 2 | 2024-03-05"):
        message = hiring.refuse("2024-03-06", f"{HEADER}\n{row}")
        assert "pipeline_kpi_snapshot" in message
        assert "by hand" in message


def test_two_current_versions_of_an_unchanged_row_are_refused(merged: "History") -> None:
    merged.drop_indexes()
    merged.insert_version("f1", "2024-03-02", None)
    assert "current versions" in merged.refuse("2024-03-06")
    (checked,) = check(merged.warehouse, [merged.name])
    assert checked.errors


def test_an_archived_version_that_overlaps_is_refused(merged: "History") -> None:
    merged.accept("2024-03-04", HEADER)
    merged.accept("2024-03-06", TWO, retention_days=1)
    merged.run("UPDATE {archive} SET valid_to = valid_to + INTERVAL '2' DAY + INTERVAL '1' HOUR")
    changed = f"{HEADER}\nf1 | 5 | 2024-03-07\nf2 | 2 | 2024-03-02"
    assert "by hand" in merged.refuse("2024-03-08", changed)


def facilities(count: int, updated_at: str = "2024-03-01", first: int = 1) -> str:
    """A KPI with so many facilities."""
    rows = (f"f{n:02} | {n} | {updated_at}" for n in range(first, first + count))
    return "\n".join([HEADER, *rows])


def test_a_merge_that_ends_too_many_versions_is_refused(hiring: "History") -> None:
    hiring.accept("2024-03-02", facilities(20))
    cases: list[tuple[int, str, dict[str, float]]] = [
        (9, "50 %", {}),
        (0, "99.9 %", {"max_missing_pct": 99.9}),
        (15, "24.9 %", {"max_missing_pct": 24.9}),
        (19, "0 %", {"max_missing_pct": 0}),
    ]
    for left, percent, job in cases:
        message = hiring.refuse("2024-03-03", facilities(left), **job)
        assert f"{20 - left} of its 20 current keys" in message
        assert percent in message
        assert "--allow-mass-close" in message
    assert hiring.accept("2024-03-03", facilities(9), allow_mass_close=True) == {"gone": 11}


@pytest.mark.parametrize(
    ("current", "left", "job"),
    [
        (20, 10, {}),
        (19, 0, {"max_missing_pct": 0}),
        (25, 18, {"max_missing_pct": 28}),
        (20, 0, {"max_missing_pct": 100}),
    ],
)
def test_a_merge_that_ends_few_enough_versions_is_not(
    hiring: "History", current: int, left: int, job: dict[str, Any]
) -> None:
    hiring.accept("2024-03-02", facilities(current))
    assert hiring.accept("2024-03-03", facilities(left), **job) == {"gone": current - left}


def test_new_rows_do_not_make_up_for_missing_ones(hiring: "History") -> None:
    hiring.accept("2024-03-02", facilities(20))
    assert "20 of its 20" in hiring.refuse("2024-03-03", facilities(60, first=21))


def test_only_current_versions_count(hiring: "History") -> None:
    hiring.accept("2024-03-02", facilities(20))
    hiring.accept("2024-03-03", facilities(19))
    assert hiring.accept("2024-03-04", HEADER) == {"gone": 19}


def test_a_mass_deletion_that_is_allowed_allows_nothing_else(hiring: "History") -> None:
    hiring.accept("2024-03-02", facilities(20))
    text = f"{HEADER}\nf01 | 1 | 2024-02-01"
    assert "updated_at" in hiring.refuse("2024-03-03", text, allow_mass_close=True)


def test_a_refusal_is_told_and_undoes_nothing_else(merged: "History", funnel: "History") -> None:
    other = "facility_id | rep_id | funnel_stage | stage_count | updated_at\n"
    with merged.warehouse.transaction():
        merged.publish(f"{HEADER}\nf1 | 1 | 2024-01-01")
        funnel.publish(f"{other}f1 | r1 | lead | 1 | 2024-03-01")
        refused = merged.merge_inside("2024-03-03")
        assert funnel.merge_inside("2024-03-03").new == 1
    assert refused.snapshot == "pipeline_kpi_snapshot"
    assert refused.as_of == datetime(2024, 3, 3)
    assert refused.refused
    assert (refused.new, refused.changed, refused.corrected, refused.gone) == (0, 0, 0, 0)
    assert "refused" in str(refused)
    assert merged.read(merged.kpi, ["updated_at"]) == [(datetime(2024, 1, 1),)]
    funnel.expect("facility_id | valid_from | valid_to\nf1 | 2024-03-01 | -")
    merged.expect("facility_id | valid_to\nf1 | -\nf2 | -")
