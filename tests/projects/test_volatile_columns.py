"""A column that changes with the clock alone: written by every run, and no change of its row."""

from datetime import datetime, timedelta

import pytest
from commands import crm_ibis, words
from folders import Folder, fill

from crm_ibis.config.settings import Settings
from crm_ibis.history import versions
from crm_ibis.publishing.refresh import RefreshResult, refresh
from crm_ibis.testing import expect, read
from crm_ibis.warehouse import Warehouse, open_warehouse

POSTGRES_IS_SLOW = True

FIRST = datetime(2024, 3, 1)
SECOND = FIRST + timedelta(hours=6)
ALL_DEALS = """
    from crm_ibis.expressions import hours_between, instant


    class DealAges(Published):
        opportunity_id: Text = column("The deal.", references="opportunities")
        amount: Money = column("What it is worth.")
        age_hours: Number = column("Time since it was opened.", volatile=True)

        class Config:
            unique = ["opportunity_id"]


    def deal_ages(stg_opportunities: Table, as_of: datetime) -> Table:
        '''How old each deal is. Grain: opportunity_id.'''
        return stg_opportunities.filter(stg_opportunities.opportunity_id != "d4").select(
            "opportunity_id",
            amount=money(stg_opportunities.amount),
            age_hours=hours_between(stg_opportunities.created_at, instant(as_of)),
        )
"""


@pytest.fixture
def ages(folder: Folder, database: Settings) -> Settings:
    """Three deals, their ages published and recorded as of FIRST."""
    folder.module("ages", ALL_DEALS)
    folder.write("snapshots.yml", "deal_ages_snapshot: deal_ages\n")
    fill(database)
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["deal_ages"], as_of=FIRST, snapshot=True)
    return database


def published_again(warehouse: Warehouse) -> tuple[int, int, int, int]:
    """Rows, and how many of them are new, changed and gone, as of SECOND."""
    result: RefreshResult = refresh(warehouse, ["deal_ages"], as_of=SECOND, snapshot=True)
    (done,) = result.published
    assert done.new is not None
    assert done.changed is not None
    assert done.gone is not None
    return done.rows, done.new, done.changed, done.gone


def test_it_is_written_and_the_row_is_not_changed(ages: Settings) -> None:
    with open_warehouse(ages) as warehouse:
        assert published_again(warehouse) == (3, 0, 0, 0)
        rows = read(warehouse, "deal_ages")
    # Opened on 2024-01-10, 2024-01-11 and 2024-02-02: 51, 50 and 28 days, and 6 hours.
    expect(
        rows,
        """
        opportunity_id | age_hours | updated_at
        d1             | 1230      | 2024-03-01
        d2             | 1206      | 2024-03-01
        d3             | 678       | 2024-03-01
        """,
    )


def test_a_row_that_changes_otherwise_is_changed(ages: Settings) -> None:
    with open_warehouse(ages) as warehouse:
        table = warehouse.quote(warehouse.raw, "opportunities")
        warehouse.run(f"UPDATE {table} SET amount = 75 WHERE id = 'd3'")
        assert published_again(warehouse) == (3, 0, 1, 0)
        rows = read(warehouse, "deal_ages")
    expect(
        rows,
        """
        opportunity_id | amount | age_hours | updated_at
        d1             | 100.50 | 1230      | 2024-03-01
        d2             | 200.00 | 1206      | 2024-03-01
        d3             | 75.00  | 678       | 2024-03-01 06:00
        """,
    )


def test_a_history_gets_no_version_of_it_and_holds_the_newest_value(ages: Settings) -> None:
    with open_warehouse(ages) as warehouse:
        table = warehouse.quote(warehouse.raw, "opportunities")
        warehouse.run(f"UPDATE {table} SET amount = 75 WHERE id = 'd3'")
        published_again(warehouse)
        known = versions(warehouse, "deal_ages_snapshot")
        rows = sorted(
            warehouse.rows(known), key=lambda row: (row["opportunity_id"], row["valid_from"])
        )
    expect(
        rows,
        """
        opportunity_id | amount | age_hours | valid_from       | valid_to
        d1             | 100.50 | 1230      | 2024-03-01       | -
        d2             | 200.00 | 1206      | 2024-03-01       | -
        d3             | 50.00  | 672       | 2024-03-01       | 2024-03-01 06:00
        d3             | 75.00  | 678       | 2024-03-01 06:00 | -
        """,
    )


def test_a_dry_run_counts_it_as_no_change(ages: Settings) -> None:
    done = crm_ibis("refresh", "deal_ages", "--as-of", "2024-03-01 06:00", "--dry-run")
    assert done.exit_code == 0, done.err
    assert "age_hours" not in words(done.out)
