"""Numbers that do not survive the contract's type break one rule, in `sources` as in a refresh."""

from datetime import datetime

import pytest
from mappings import fit_of
from stored import raw

from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import store
from crm_ibis.warehouse import Warehouse

AT = datetime(2024, 3, 1)


def found(warehouse: Warehouse, source: str) -> list[tuple[str, int]]:
    return [(violation.check, violation.rows) for violation in fit_of(warehouse, source).violations]


def retype(warehouse: Warehouse, column: str, dtype: str) -> None:
    source, name = column.split(".")
    warehouse.run(f"ALTER TABLE {raw(warehouse, source)} ALTER COLUMN {name} TYPE {dtype}")


def test_a_fractional_score_is_told_once(warehouse: Warehouse) -> None:
    """6.5 and 8.5 are no whole numbers; 10 is one."""
    store(
        warehouse,
        satisfaction="id | survey_type | score\ns1 | nps | 6\ns2 | nps | 8\ns3 | nps | 10",
    )
    retype(warehouse, "satisfaction.score", "DECIMAL(5, 2)")
    warehouse.run(
        f"UPDATE {raw(warehouse, 'satisfaction')} SET score = score + 0.5 WHERE score < 9"
    )
    assert found(warehouse, "satisfaction") == [("score fits into int64", 2)]
    with pytest.raises(ChecksFailed) as refused:
        refresh(warehouse, ["satisfaction_rollups"], as_of=AT)
    told = [(violation.check, violation.rows) for violation in refused.value.violations]
    assert told == found(warehouse, "satisfaction")


def test_what_else_is_wrong_is_told_beside_it(warehouse: Warehouse) -> None:
    """A missing score is a missing score, and 11 no answer; of 4.5 only its fraction is told."""
    store(
        warehouse,
        satisfaction="id | survey_type | score\ns1 | nps | 4\ns2 | nps | 11\ns3 | nps | 3",
    )
    retype(warehouse, "satisfaction.score", "DECIMAL(5, 2)")
    scores = raw(warehouse, "satisfaction")
    warehouse.run(f"UPDATE {scores} SET score = 4.5 WHERE id = 's1'")
    warehouse.run(f"UPDATE {scores} SET score = NULL WHERE id = 's3'")
    assert found(warehouse, "satisfaction") == [
        ("score fits into int64", 1),
        ("score is not null", 1),
        ("score is 1 to 5 for csat, 0 to 10 for nps", 1),
    ]


@pytest.mark.parametrize("amount", ["1e300", "'NaN'", "'-Infinity'"])
def test_a_number_that_no_decimal_holds_is_told_once(warehouse: Warehouse, amount: str) -> None:
    store(warehouse, leads="id\nl1\nl2", invoices="id | amount\ni1 | 1")
    retype(warehouse, "leads.amount", "DOUBLE PRECISION")
    leads = raw(warehouse, "leads")
    warehouse.run(f"UPDATE {leads} SET amount = CAST({amount} AS DOUBLE PRECISION) WHERE id = 'l1'")
    assert found(warehouse, "leads") == [("amount fits into decimal(24, 6)", 1)]
