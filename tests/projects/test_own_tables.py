"""A team's own tables are tables like the shipped ones, on both databases."""

import json
from datetime import datetime

import pytest
from commands import crm_ibis, use, words
from folders import Folder, fill

from crm_ibis.config.declarations import get_job
from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts, own_tables
from crm_ibis.errors import DataError, UsageError
from crm_ibis.metrics import catalog, graph
from crm_ibis.metrics.assumptions import params_by_table
from crm_ibis.metrics.lineage import Origin, direct_origins, source_origins
from crm_ibis.metrics.problems import project_problems
from crm_ibis.operations.jobs import attempt
from crm_ibis.operations.outcomes import JobRun
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import expect, read
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

AS_OF = datetime(2024, 3, 1)

DEALS = """
    class Params(BaseModel):
        min_deals: int = 1


    class Targets(Source):
        '''What each rep is to sell.'''

        id: Text = column("The target.")
        rep_id: Text = column("The rep.")
        deals: Count = column("Deals to win.", ge=0)

        class Config:
            unique = ["id"]


    class WonDeals(Fact):
        '''Deals that were won.'''

        opportunity_id: Text = column("The deal.", references="opportunities")
        rep_id: Text = column("The rep.")
        month: Day = column("Month it was opened in.", whole_month=True)
        amount: Money = column("What it is worth.", ge=0)

        class Config:
            unique = ["opportunity_id"]


    class DealSize(Published):
        rep_id: Text = column("The rep.")
        deals: Count = column("Deals won.", ge=0)
        revenue: Money = column("What they are worth.", ge=0)
        target: Count = column("Deals to win.", nullable=True)

        class Config:
            unique = ["rep_id"]


    def stg_targets(targets: Table) -> Table:
        '''Targets, by rep.'''
        return targets.group_by("rep_id").agg(target=_.deals.sum().cast("int64"))


    def won_deals(stg_opportunities: Table) -> Table:
        '''Deals that were won by then.'''
        won = stg_opportunities.filter(_.status == "won")
        return won.select("opportunity_id", "rep_id", "month", amount=money(won.amount))


    def deal_size(won_deals: Table, stg_targets: Table, deals_params: Params) -> Table:
        '''What a rep sold.

        Grain: rep_id.
        '''
        sold = won_deals.group_by("rep_id").agg(deals=_.count(), revenue=money(_.amount.sum()))
        sold = sold.filter(sold.deals >= deals_params.min_deals)
        return sold.left_join(stg_targets, "rep_id").select(
            "rep_id", "deals", "revenue", stg_targets.target
        )
"""


@pytest.fixture
def deals(folder: Folder) -> Folder:
    folder.module("deals", DEALS)
    return folder


def test_an_own_kpi_is_computed_checked_and_published(deals: Folder, database: Settings) -> None:
    fill(database, targets="id | rep_id | deals\nt1 | ann | 3\nt2 | ann | 1")
    with open_warehouse(database) as warehouse:
        result = refresh(warehouse, ["deal_size"], as_of=AS_OF)
        rows = read(warehouse, "deal_size")
        tables = warehouse.tables(warehouse.analytics)
    expect(
        rows,
        """
        rep_id | deals | revenue | target | updated_at
        ann    | 2     | 300.50  | 4      | 2024-03-01
        ben    | 1     | 50.00   | -      | 2024-03-01
        """,
    )
    assert tables == {"deal_size"}
    checked = {table.table for table in result.tables if table.kind == "source"}
    assert checked == {"facilities", "leads", "opportunities", "targets"}
    assert {t.table for t in result.tables if t.kind == "built"} == {"won_deals"}


def test_an_own_contract_that_is_broken_stops_the_refresh(
    deals: Folder, database: Settings
) -> None:
    fill(database, targets="id | rep_id | deals\nt1 | ann | -3")
    with (
        open_warehouse(database) as warehouse,
        pytest.raises(DataError, match=r"targets: deals >= 0: 1 row"),
    ):
        refresh(warehouse, ["deal_size"], as_of=AS_OF)


def test_rows_of_an_own_source_may_go_into_quarantine(deals: Folder, database: Settings) -> None:
    fill(database, targets="id | rep_id | deals\nt1 | ann | -3\nt2 | ann | 2")
    deals.write(
        "sources.yml",
        "sources: {targets: {on_violation: quarantine, max_quarantined_pct: 50}}",
    )
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["deal_size"], as_of=AS_OF)
        assert [row["target"] for row in read(warehouse, "deal_size")] == [2, None]


def test_an_own_source_is_mapped_like_any_other(deals: Folder, database: Settings) -> None:
    fill(database, targets="id | rep_id | deals\nt1 | ann | 3")
    deals.write(
        "sources.yml",
        "sources: {targets: {constant: [{id: a, rep_id: ben, deals: 7}]}}",
    )
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["deal_size"], as_of=AS_OF)
        assert [row["target"] for row in read(warehouse, "deal_size")] == [None, 7]


def test_a_column_that_an_own_source_lacks_is_named(deals: Folder) -> None:
    deals.write("sources.yml", "sources: {targets: {columns: {dealz: x}}}")
    from crm_ibis.sources import spec

    with pytest.raises(UsageError, match=r'targets has no column "dealz" \(did you mean "deals"'):
        spec.load_spec()
    deals.write("sources.yml", "sources: {target: absent}")
    with pytest.raises(UsageError, match=r'no source "target" \(did you mean "targets"'):
        spec.load_spec()


def test_an_own_kpi_whose_sources_are_absent_is_skipped(deals: Folder, database: Settings) -> None:
    fill(database)
    deals.write("sources.yml", "sources: {opportunities: absent}")
    said: list[str] = []
    with open_warehouse(database) as warehouse:
        refresh(
            warehouse,
            ["deal_size", "outreach_kpis"],
            as_of=AS_OF,
            report=lambda event: said.append(str(event)),
        )
        assert warehouse.tables(warehouse.analytics) == {"outreach_kpis"}
    assert "deal_size: skipped: all their sources are marked absent in sources.yml" in said


def test_a_source_without_a_table_is_named(deals: Folder, database: Settings) -> None:
    fill(database)
    with open_warehouse(database) as warehouse:
        warehouse.run(f"DROP TABLE {warehouse.quote(warehouse.raw, 'targets')}")
        with pytest.raises(DataError, match=r"there is no source table raw\w*\.targets"):
            refresh(warehouse, ["deal_size"], as_of=AS_OF)
        refresh(warehouse, ["revenue_kpis"], as_of=AS_OF)


# Parameters


def test_own_parameters_come_from_params_yml(deals: Folder, database: Settings) -> None:
    fill(database)
    file = deals.write("params.yml", "deals: {min_deals: 2}")
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["deal_size"], as_of=AS_OF, params=load_params(file))
        assert [row["rep_id"] for row in read(warehouse, "deal_size")] == ["ann"]


def test_own_parameters_that_are_not_valid_name_file_and_key(
    deals: Folder, database: Settings
) -> None:
    fill(database)
    file = deals.write("params.yml", "cohort_months: 3\ndeals:\n  min_deals: few\n")
    done = crm_ibis("--params", file, "refresh", "deal_size")
    assert done.exit_code == 2
    assert "metrics/deals.py" in done.err
    assert "deals.min_deals: Input should be a valid integer" in done.err
    assert f"{file}, line 3" in done.err


def test_a_key_of_params_yml_that_is_no_module_is_unknown(deals: Folder) -> None:
    file = deals.write("params.yml", "deal: {min_deals: 2}")
    with pytest.raises(UsageError, match=r'deal: unknown key \(did you mean "deals"'):
        load_params(file)


def test_the_log_keeps_own_parameters(deals: Folder, database: Settings) -> None:
    fill(database)
    file = deals.write("params.yml", "deals: {min_deals: 2}")
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["deal_size"], as_of=AS_OF, params=load_params(file))
        ((params,),) = warehouse.fetch(f'SELECT params FROM "{warehouse.meta}".runs')
    assert (params if isinstance(params, dict) else json.loads(params))["deals"] == {"min_deals": 2}


# Histories

GROWTH = """
    class DealGrowth(Published):
        rep_id: Text = column("The rep.")
        versions: Count = column("Versions known.", ge=1)
        current: Count = column("Of these, current ones.", ge=0)

        class Config:
            unique = ["rep_id"]


    def deal_growth(deal_size_snapshot: Table) -> Table:
        '''How often a rep's numbers changed.'''
        return deal_size_snapshot.group_by("rep_id").agg(
            versions=_.count(), current=_.valid_to.isnull().sum().cast("int64")
        )
"""


@pytest.fixture
def growth(deals: Folder) -> Folder:
    deals.module("growth", GROWTH)
    deals.write("snapshots.yml", "deal_size_snapshot: deal_size")
    deals.write("jobs.yml", "jobs: {history: {snapshot: [deal_size_snapshot]}}")
    return deals


def test_a_history_is_empty_before_anything_is_recorded(growth: Folder, database: Settings) -> None:
    fill(database)
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["deal_growth"], as_of=AS_OF)
        assert read(warehouse, "deal_growth") == []


def test_a_history_is_read_as_of_the_run(growth: Folder, database: Settings) -> None:
    """ann sells d1, d2 in January; by February 10 ben has sold nothing, by March he has."""
    fill(database)
    with open_warehouse(database) as warehouse:
        for day in (datetime(2024, 1, 25), datetime(2024, 2, 25)):
            refresh(warehouse, ["deal_size"], as_of=day, snapshot=True)
        opportunities = warehouse.quote(warehouse.raw, "opportunities")
        warehouse.run(f"UPDATE {opportunities} SET amount = 300 WHERE id = 'd2'")
        refresh(warehouse, ["deal_size"], as_of=datetime(2024, 2, 28), snapshot=True)
        refresh(warehouse, ["deal_growth"], as_of=datetime(2024, 2, 26))
        before = read(warehouse, "deal_growth")
        refresh(warehouse, ["deal_growth"], as_of=AS_OF)
        after = read(warehouse, "deal_growth")
    expect(before, "rep_id | versions | current\nann | 1 | 1\nben | 1 | 1")
    expect(after, "rep_id | versions | current\nann | 2 | 1\nben | 1 | 1")


def test_the_fit_of_sources_knows_of_histories(growth: Folder, database: Settings) -> None:
    fill(database)
    done = crm_ibis("sources")
    assert done.exit_code == 0, done.err
    assert "a refresh would run" in words(done.out)


def test_a_history_has_its_place_in_graph_and_lineage(growth: Folder) -> None:
    assert graph.needs("deal_growth") == ["deal_size_snapshot"]
    assert graph.sources_of(["deal_growth"]) == []
    assert graph.histories_of(["deal_growth", "deal_size"]) == ["deal_size_snapshot"]
    settled = source_origins(direct_origins(load_params(), AS_OF))
    assert Origin("deal_size_snapshot", "valid_to") in settled["deal_growth"]["current"]
    assert settled["deal_size"]["revenue"] == {Origin("opportunities", "amount")}


def test_a_kpi_may_read_its_own_history(folder: Folder, database: Settings) -> None:
    folder.module(
        "again",
        """
        class Again(Published):
            name: Text = column("Always the same.")
            runs: Count = column("Runs before this one.")

            class Config:
                unique = ["name"]


        def again(facilities: Table, again_snapshot: Table) -> Table:
            '''How often it was recorded.'''
            before = again_snapshot.count().as_scalar()
            return facilities.select(name=facilities.id, runs=before)
        """,
    )
    folder.write("snapshots.yml", "again_snapshot: again")
    folder.write("jobs.yml", "jobs: {history: {snapshot: [again_snapshot]}}")
    assert project_problems() == []
    fill(database)
    with open_warehouse(database) as warehouse:
        for day in (25, 26, 27):
            refresh(warehouse, ["again"], as_of=datetime(2024, 2, day), snapshot=True)
        assert [row["runs"] for row in read(warehouse, "again")] == [2]


# Everywhere else


def test_own_tables_stand_in_the_catalog(deals: Folder) -> None:
    deals.write(
        "jobs.yml",
        "jobs: {deals: {refresh: [deal_size], facts: [won_deals], sla: 3h, schedule: '0 * * * *'}}",
    )
    deals.write(
        "exposures.yml",
        "sales: {of: [deal_size], owner: Sales, criticality: critical, description: Sizes.}",
    )
    (entry,) = [e for e in crm_ibis("list", "--json").json if e["name"] == "deal_size"]
    assert entry["owner"] == "Sales"
    assert entry["sla"] == "3h"
    assert entry["needs"] == ["won_deals", "stg_targets"]
    assert "deal_size" in catalog.tables_with_tag("critical")
    assert "won_deals" in catalog.published_tables()
    assert list(graph.kpi_functions())[-1] == "deal_size"
    assert own_tables().tables["targets"].kind == "source"
    assert contracts()["targets"].kind == "source"
    done = crm_ibis("describe", "deal_size", "--json").json
    assert done["grain"] == ["rep_id"]
    assert done["kind"] == "kpi"
    assert done["meaning"].startswith("What a rep sold.")
    assert crm_ibis("describe", "won_deals", "--json").json["kind"] == "fact"
    assert crm_ibis("describe", "targets", "--json").json["needed_by"] == ["stg_targets"]


def test_sql_of_an_own_kpi_needs_no_connection(deals: Folder) -> None:
    for dialect in ("duckdb", "postgres", "snowflake"):
        done = crm_ibis("sql", "deal_size", "--dialect", dialect)
        assert done.exit_code == 0, done.err
        assert "won_deals AS (" in done.out


@pytest.mark.e2e
def test_commands_work_with_own_tables(deals: Folder, database: Settings) -> None:
    fill(database)
    done = crm_ibis("refresh", "--as-of", "2024-03-01")
    assert done.exit_code == 0, done.err
    assert "deal_size" in done.out
    done = crm_ibis("show", "deal_size", "--json")
    assert [row["deals"] for row in done.json] == [2, 1]
    assert crm_ibis("check", "targets", "deal_size").exit_code == 0
    assert crm_ibis("check").exit_code == 0
    assert "deal_size" in crm_ibis("status").out
    assert "targets" in words(crm_ibis("sources").out)


def test_own_parameters_are_shown_with_the_tables_that_use_them(deals: Folder) -> None:
    file = deals.write("params.yml", "deals: {min_deals: 2}")
    found = params_by_table(load_params(file), AS_OF)
    assert found["deal_size"] == {"deals.min_deals": "2"}
    assert [name for name, used in found.items() if "deals.min_deals" in used] == ["deal_size"]


def test_a_foreign_key_may_refer_to_an_own_source(folder: Folder, database: Settings) -> None:
    folder.module(
        "regions",
        """
        class Regions(Source):
            id: Text = column("The region.")

            class Config:
                unique = ["id"]


        class Reps(Source):
            id: Text = column("The rep.")
            region_id: Text = column("Where.", references="regions")

            class Config:
                unique = ["id"]


        class RepsByRegion(Published):
            region_id: Text = column("Where.", references="regions")
            reps: Count = column("How many.", ge=1)

            class Config:
                unique = ["region_id"]


        def reps_by_region(reps: Table) -> Table:
            '''Reps of each region.'''
            return reps.group_by("region_id").agg(reps=_.count())
        """,
    )
    fill(database, regions="id\nnorth", reps="id | region_id\na | north\nb | south")
    with (
        open_warehouse(database) as warehouse,
        pytest.raises(DataError, match="reps: region_id is an id of regions: 1 row"),
    ):
        refresh(warehouse, ["reps_by_region"], as_of=AS_OF)


def test_a_job_of_own_tables_runs(deals: Folder, database: Settings) -> None:
    fill(database)
    deals.write("jobs.yml", "jobs: {deals: {refresh: [deal_size], facts: [won_deals]}}")
    attempt(database, JobRun("deals", get_job("deals"), AS_OF), 1, lambda line: None)
    with open_warehouse(database) as warehouse:
        assert warehouse.tables(warehouse.analytics) == {"deal_size", "won_deals"}


@pytest.mark.e2e
def test_the_site_has_pages_of_own_tables(
    growth: Folder, duckdb_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(duckdb_settings, monkeypatch)
    fill(duckdb_settings, targets="id | rep_id | deals\nt1 | ann | 3")
    done = crm_ibis("refresh", "--as-of", "2024-03-01", "--snapshot")
    assert done.exit_code == 0, done.err
    done = crm_ibis("site", "build", "--out", growth.path / "site")
    assert done.exit_code == 0, done.err
    for name in ("deal_size", "won_deals", "targets", "stg_targets", "deal_growth"):
        page = (growth.path / "site" / "tables" / f"{name}.html").read_text(encoding="utf-8")
        assert name in page
    page = (growth.path / "site" / "lineage.html").read_text(encoding="utf-8")
    assert "deal_size_snapshot" in page
    assert "deals.min_deals" not in page


def test_a_number_of_an_own_source_need_not_be_whole(folder: Folder, database: Settings) -> None:
    folder.module(
        "shares",
        """
        class Ratios(Source):
            id: Text = column("Id.")
            share: Number = column("Share.", nullable=True)

            class Config:
                unique = ["id"]


        class Shares(Published):
            id: Text = column("Id.")
            share: Number = column("Share.", nullable=True)

            class Config:
                unique = ["id"]


        def shares(ratios: Table) -> Table:
            \"\"\"All shares. Grain: id.\"\"\"
            return ratios.select("id", "share")
        """,
    )
    fill(database, ratios="id | share\na | 1.5\nb | -\nc | 2")
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["shares"], as_of=AS_OF)
        found = {row["id"]: row["share"] for row in read(warehouse, "shares")}
        assert found == {"a": 1.5, "b": None, "c": 2.0}
        table = warehouse.quote(warehouse.raw, "ratios")
        warehouse.run(f"UPDATE {table} SET share = CAST('NaN' AS DOUBLE PRECISION) WHERE id = 'c'")
        with pytest.raises(DataError, match="share fits into float64: 1 row"):
            refresh(warehouse, ["shares"], as_of=AS_OF)


def test_own_tables_follow_the_reporting_zone(folder: Folder, database: Settings) -> None:
    """d1 closed at 23:59 of 31 March in New York, d2 at midnight; fiscal 2025 begins in April."""
    folder.write("params.yml", "reporting: {time_zone: America/New_York, fiscal_year_start: 4}")
    folder.module(
        "closings",
        """
        from crm_ibis.expressions import fiscal_quarter, fiscal_year, month_of


        class Closings(Published):
            month: Day = column("Month in which deals closed.", whole_month=True)
            fiscal_year: Count = column("Its fiscal year.")
            fiscal_quarter: Count = column("Its fiscal quarter.")
            deals: Count = column("Deals that closed.")

            class Config:
                unique = ["month"]


        def closings(opportunities: Table) -> Table:
            '''Deals by the month in which they closed. Grain: month.'''
            counted = opportunities.group_by(month=month_of(_.closed_at)).agg(deals=_.count())
            return counted.mutate(
                fiscal_year=fiscal_year(_.month), fiscal_quarter=fiscal_quarter(_.month)
            )
        """,
    )
    deals = "id | lead_id | created_at | closed_at"
    deals += "\nd1 | l1 | 2024-01-10 | 2024-04-01 03:59\nd2 | l1 | 2024-01-10 | 2024-04-01 04:00"
    fill(database, opportunities=deals)
    with open_warehouse(database) as warehouse:
        refresh(warehouse, ["closings"], as_of=datetime(2024, 5, 1))
        rows = read(warehouse, "closings")
    expect(
        rows,
        """
        month      | fiscal_year | fiscal_quarter | deals
        2024-03-01 | 2024        | 4              | 1
        2024-04-01 | 2025        | 1              | 1
        """,
    )
