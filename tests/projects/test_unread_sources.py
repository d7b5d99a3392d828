"""`crm-ibis sources` and a source of one's own that no table needs yet."""

from commands import crm_ibis
from folders import Folder, fill

from crm_ibis.config.settings import Settings

POSTGRES_IS_SLOW = True

SOURCE = """
class Gifts(Source):
    id: Text = column("Id.")

    class Config:
        unique = ["id"]
"""
KPI = """
class GiftCount(Published):
    id: Text = column("Id.")

    class Config:
        unique = ["id"]


def gift_count(gifts):
    '''Gifts.'''
    return gifts.select("id")
"""


def test_a_source_without_a_table_fails_a_refresh_once_a_table_needs_it(
    folder: Folder, database: Settings
) -> None:
    fill(database)
    folder.module("gifts", SOURCE)
    done = crm_ibis("sources")
    assert done.exit_code == 0, done.out
    assert f"problem: there is no table {database.raw_schema}.gifts" in done.out
    assert "no table needs gifts, so a refresh does not read it" in done.out
    assert done.out.endswith("a refresh would run\n")
    assert crm_ibis("refresh", "--dry-run", "--as-of", "2024-03-01").exit_code == 0
    folder.module("gifts", SOURCE + KPI)
    done = crm_ibis("sources")
    assert done.exit_code == 1
    assert done.out.endswith("a refresh would fail\n")
    assert "no table needs" not in done.out
