"""Instants that no row can have: before 1990, or more than two years after `as_of`."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from mappings import SourcesFile, fit_of
from stored import raw

from crm_ibis.contracts.audit import ChecksFailed
from crm_ibis.contracts.rules import plausible
from crm_ibis.errors import UsageError
from crm_ibis.publishing.backfill import backfill
from crm_ibis.publishing.check import check
from crm_ibis.publishing.preflight import fit
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog.clock import now
from crm_ibis.sources.spec import load_spec
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

AT = datetime(2024, 3, 1)
RULE = "created_at lies between 1990 and 2 years after as_of"


def broken(warehouse: Warehouse, as_of: datetime = AT) -> dict[str, int]:
    """What a refresh of tickets finds, and in how many rows."""
    try:
        refresh(warehouse, ["ticket_sla"], as_of=as_of)
    except ChecksFailed as error:
        return {violation.check: violation.rows for violation in error.violations}
    return {}


def test_a_year_of_two_digits_is_no_instant(warehouse: Warehouse) -> None:
    store(warehouse, tickets="id | created_at\nt1 | 0024-01-31\nt2 | 2024-01-31")
    assert broken(warehouse) == {RULE: 1, RULE.replace("created", "updated"): 1}


def test_the_bounds_are_plausible_themselves(warehouse: Warehouse) -> None:
    """1 January 1990, and 1 March 2026 for 1 March 2024; a microsecond outside is not."""
    store(
        warehouse,
        tickets="""
            id | created_at       | updated_at
            t1 | 1990-01-01 00:00 | 2026-03-01 00:00
        """,
    )
    assert broken(warehouse) == {}
    moment = "UPDATE {table} SET {column} = {column} {sign} INTERVAL '1 microsecond'"
    table = raw(warehouse, "tickets")
    warehouse.run(moment.format(table=table, column="created_at", sign="-"))
    assert broken(warehouse) == {RULE: 1}
    warehouse.run(moment.format(table=table, column="updated_at", sign="+"))
    assert broken(warehouse) == {RULE: 1, RULE.replace("created", "updated"): 1}


def test_an_instant_without_end_breaks_one_rule_only(warehouse: Warehouse) -> None:
    store(warehouse, tickets="id | created_at\nt1 | 2024-01-31")
    warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET resolved_at = 'infinity'")
    assert broken(warehouse) == {"resolved_at is a finite instant": 1}


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (datetime(2024, 2, 29, 12), datetime(2026, 2, 28, 12)),
        (datetime(2022, 2, 28), datetime(2024, 2, 28)),
        (datetime(9998, 6, 1), datetime(9999, 6, 1)),
    ],
)
def test_two_years_later_is_the_same_day(
    warehouse: Warehouse, as_of: datetime, last: datetime
) -> None:
    store(warehouse, tickets="id | created_at\nt1 | 2024-01-31")
    table = warehouse.table(warehouse.raw, "tickets")
    rule = plausible("updated_at", 1990, 2, as_of)
    for moment, rows in ((last, 0), (last + timedelta(microseconds=1), 1)):
        warehouse.run(f"UPDATE {raw(warehouse, 'tickets')} SET updated_at = ?", [moment])
        assert len(warehouse.rows(rule.rows(table, {}))) == rows


def test_rows_that_cannot_be_go_to_quarantine(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, tickets="id | created_at\nt1 | 0024-01-31\nt2 | 2024-01-31")
    sources_file.write("sources: {tickets: {on_violation: quarantine, max_quarantined_pct: 50}}")
    refresh(warehouse, ["ticket_sla"], as_of=AT)
    assert [row["ticket_id"] for row in read(warehouse, "ticket_sla")] == ["t2"]
    meta = warehouse.quote(warehouse.meta, "quarantine")
    assert (RULE,) in warehouse.fetch(f"SELECT check_name FROM {meta}")


def test_check_and_sources_go_by_the_clock(warehouse: Warehouse) -> None:
    """What is two years after a past `as_of` may be today."""
    ahead = now() + timedelta(days=365)
    store(warehouse, tickets=f"id | created_at | updated_at\nt1 | 2024-01-31 | {ahead}")
    assert broken(warehouse).keys() == {RULE.replace("created", "updated")}
    (outcome,) = check(warehouse, ["tickets"])
    assert not outcome.violations
    assert not any(seen.violations for seen in fit(warehouse).fits)
    warehouse.run(
        f"UPDATE {raw(warehouse, 'tickets')} SET updated_at = ?", [now() + timedelta(days=740)]
    )
    (outcome,) = check(warehouse, ["tickets"])
    assert [v.check for v in outcome.violations] == [RULE.replace("created", "updated")]
    assert [v.check for v in fit_of(warehouse).violations] == [RULE.replace("created", "updated")]


def test_a_backfill_of_long_ago_reads_what_was_entered_since(warehouse: Warehouse) -> None:
    """Applications of 2024 are no mistake, though they are years after the date computed."""
    applications = "id | created_at\na1 | 2019-12-01\na2 | 2024-01-31"
    store(warehouse, applications=applications)
    (recording,) = backfill(warehouse, [datetime(2020, 1, 1)], ["pipeline_kpi_snapshot"])
    assert not recording.refused
    warehouse.run(f"UPDATE {raw(warehouse, 'applications')} SET hired_at = '3024-01-31'")
    with pytest.raises(ChecksFailed, match="hired_at lies between 1990 and 2 years after as_of"):
        backfill(warehouse, [datetime(2021, 1, 1)], ["pipeline_kpi_snapshot"])


def test_other_years_may_be_plausible(warehouse: Warehouse, sources_file: SourcesFile) -> None:
    store(warehouse, tickets="id | created_at | updated_at\nt1 | 1985-06-01 | 2028-06-01")
    sources_file.write("plausible_years: {from: 1985, ahead: 5}")
    assert broken(warehouse) == {}
    sources_file.write("plausible_years: {from: 1986, ahead: 1}")
    assert broken(warehouse) == {
        "created_at lies between 1986 and 1 year after as_of": 1,
        "updated_at lies between 1986 and 1 year after as_of": 1,
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("plausible_years: {from: 0}", "plausible_years.from"),
        ("plausible_years: {ahead: -1}", "plausible_years.ahead"),
        ("plausible_years: {until: 2030}", "until"),
        ("plausible_years: 1990", "plausible_years"),
    ],
)
def test_years_that_make_no_sense_are_an_error(
    sources_file: SourcesFile, said: str, told: Any
) -> None:
    sources_file.write(said)
    with pytest.raises(UsageError, match=told):
        load_spec()
