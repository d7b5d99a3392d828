"""A source that a database need not have: it is read where it is there, and else not missed."""

from datetime import datetime

import pytest
from commands import crm_ibis
from folders import Folder, fill

from crm_ibis.config.settings import Settings
from crm_ibis.errors import DataError
from crm_ibis.metrics.own import named_in_problems
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

AS_OF = datetime(2024, 3, 1)

MODULE = """
    import ibis


    class Targets(Source):
        '''What each rep is to sell.'''

        rep_id: Text = column("The rep.")
        deals: Count = column("Deals to win.", ge=0)

        class Config:
            unique = ["rep_id"]
            metadata = {"optional": True}


    class DealsWon(Published):
        rep_id: Text = column("The rep.")
        deals: Count = column("Deals won.", ge=0)
        target: Count = column("Deals to win.", nullable=True)

        class Config:
            unique = ["rep_id"]


    def deals_won(stg_opportunities: Table, targets: Table | None = None) -> Table:
        '''Deals that each rep won, and was to win. Grain: rep_id.'''
        won = stg_opportunities.filter(_.status == "won").group_by("rep_id").agg(deals=_.count())
        if targets is None:
            return won.mutate(target=ibis.null("int64"))
        return won.left_join(targets, "rep_id").select("rep_id", won.deals, target=targets.deals)
"""

WITHOUT = [
    {"rep_id": "ann", "deals": 2, "target": None},
    {"rep_id": "ben", "deals": 1, "target": None},
]
WITH = [
    {"rep_id": "ann", "deals": 2, "target": 3},
    {"rep_id": "ben", "deals": 1, "target": None},
]
TARGETS = "rep_id | deals\nann | 3"


@pytest.fixture
def sales(folder: Folder) -> Folder:
    folder.module("sales", MODULE)
    return folder


def published(settings: Settings) -> list[dict[str, object]]:
    with open_warehouse(settings) as warehouse:
        refresh(warehouse, ["deals_won"], as_of=AS_OF)
        rows = read(warehouse, "deals_won")
    return [{c: row[c] for c in ("rep_id", "deals", "target")} for row in rows]


def test_without_its_table_the_function_gets_none(sales: Folder, database: Settings) -> None:
    fill(database)
    assert published(database) == WITHOUT


def test_with_its_table_it_is_read(sales: Folder, database: Settings) -> None:
    fill(database, targets=TARGETS)
    assert published(database) == WITH


def test_its_contract_is_checked(sales: Folder, database: Settings) -> None:
    fill(database, targets="rep_id | deals\nann | -3")
    with pytest.raises(DataError, match=r"targets: deals >= 0: 1 row"):
        published(database)


def test_it_may_be_mapped(sales: Folder, database: Settings) -> None:
    fill(database, targets=TARGETS)
    sales.write("sources.yml", "sources: {targets: {columns: {deals: {value: 7}}}}")
    assert published(database)[0]["target"] == 7


def test_it_may_be_absent_though_its_table_is_there(sales: Folder, database: Settings) -> None:
    fill(database, targets=TARGETS)
    sales.write("sources.yml", "sources: {targets: absent}")
    assert published(database) == WITHOUT


def test_a_table_that_sources_yml_names_must_be_there(sales: Folder, database: Settings) -> None:
    fill(database)
    sales.write("sources.yml", "sources: {targets: {table: quotas}}")
    with pytest.raises(DataError, match=r"there is no source table .*\.quotas"):
        published(database)


def test_commands_do_not_miss_it(sales: Folder, database: Settings) -> None:
    fill(database)
    published(database)
    assert "targets: missing, and optional\n" in crm_ibis("sources").out
    checked = crm_ibis("check")
    assert checked.exit_code == 0
    assert "targets" not in checked.out
    assert crm_ibis("site", "build").exit_code == 0


def test_it_is_named_where_a_command_asks_for_it(sales: Folder, database: Settings) -> None:
    fill(database)
    checked = crm_ibis("check", "targets")
    assert checked.exit_code == 1
    assert "targets, which is optional; load it, or say in sources.yml" in checked.out
    assert "targets, which is optional" in crm_ibis("show", "targets").err


def test_sql_reads_it_where_sources_yml_names_it(sales: Folder) -> None:
    assert "targets" not in crm_ibis("sql", "deals_won").out
    sales.write("sources.yml", "sources: {targets: {on_violation: quarantine}}")
    assert "targets" in crm_ibis("sql", "deals_won").out


def test_a_function_must_say_that_it_does_without(sales: Folder) -> None:
    sales.module("sales", MODULE.replace(" | None = None", ""))
    assert "write the parameter as `targets: Table | None = None`" in str(
        named_in_problems()["deals_won"]
    )


def test_a_function_is_tried_without_it(sales: Folder) -> None:
    sales.module("sales", MODULE.replace("if targets is None", "if targets == 7"))
    assert "deals_won" in named_in_problems()
