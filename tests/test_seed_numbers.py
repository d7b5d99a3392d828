"""The sample data gives the documented numbers, on both databases (as of 2024-03-01)."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis.expr.datatypes as dt
import psycopg
import pytest
from ibis import Table

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.models import contracts
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources.seeds import load_seeds
from crm_ibis.testing import expect
from crm_ibis.warehouse import Warehouse, open_warehouse

AS_OF = datetime(2024, 3, 1)
PUBLISHED = [contract for contract in contracts().values() if contract.kind != "source"]


class Published:
    """The tables that a refresh of everything has published, and the sources it read."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse

    def table(self, name: str) -> Table:
        raw = contracts()[name].kind == "source"
        schema = self.warehouse.raw if raw else self.warehouse.analytics
        return self.warehouse.table(schema, name)

    def rows(self, name: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table that have these values, ordered by its key."""
        rows = self.warehouse.rows(self.table(name))
        chosen = [row for row in rows if where.items() <= row.items()]
        return sorted(chosen, key=lambda row: [str(row[c]) for c in contracts()[name].key])


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def seeds(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    """The seeds, loaded and refreshed once per database for all tests of this file."""
    unique = uuid.uuid4().hex[:8]
    settings = Settings(
        database_url=(
            f"duckdb://{tmp_path_factory.mktemp('seeds')}/seeds.duckdb"
            if request.param == "duckdb"
            else request.getfixturevalue("postgres_url")
        ),
        raw_schema=f"raw_{unique}",
        analytics_schema=f"analytics_{unique}",
    )
    with open_warehouse(settings) as warehouse:
        load_seeds(warehouse)
        refresh(warehouse, [contract.name for contract in PUBLISHED], as_of=AS_OF)
        yield Published(warehouse)
    if request.param == "postgres":
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            for schema in (settings.raw_schema, settings.analytics_schema, settings.meta_schema):
                connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def test_there_are_twelve_leads_of_two_facilities_and_four_reps(seeds: Published) -> None:
    leads = seeds.rows("leads")
    assert len(leads) == 12
    assert {lead["facility_id"] for lead in leads} == {"fac_001", "fac_002"}
    assert len({lead["rep_id"] for lead in leads}) == 4
    assert sum(lead["amount"] for lead in leads) == 765_000
    assert len(seeds.rows("facilities")) == 2


def test_there_are_six_opportunities_of_which_four_are_won(seeds: Published) -> None:
    opportunities = seeds.rows("opportunities")
    assert sum(opportunity["amount"] for opportunity in opportunities) == 490_000
    assert sorted(o["status"] for o in opportunities) == ["open"] * 2 + ["won"] * 4


def test_nine_of_ten_tickets_met_both_targets(seeds: Published) -> None:
    states = [ticket["sla_state"] for ticket in seeds.rows("ticket_sla")]
    assert sorted(states) == ["breached"] + ["met"] * 9
    months = seeds.rows("ticket_sla_compliance")
    assert sum(row["total_tickets"] for row in months) == 10
    assert sum(row["sla_compliant_tickets"] for row in months) == 9
    assert sum(row["sla_breached_tickets"] for row in months) == 1


def test_the_survey_was_answered_ten_times(seeds: Published) -> None:
    assert len(seeds.rows("satisfaction")) == 10
    assert sum(row["response_count"] for row in seeds.rows("satisfaction_rollups")) == 10


def test_the_scorecard_has_the_documented_months(seeds: Published) -> None:
    rows = seeds.rows("monthly_scorecard")
    expect(
        rows,
        """
        month      | total_leads | sql_leads | sql_conversion_pct | won_leads | won_pct
        2024-01-01 | 8           | 4         | 50                 | 3         | 37.5
        2024-02-01 | 4           | 3         | 75                 | 1         | 25
        """,
    )
    expect(
        rows,
        """
        sla_attainment_pct | avg_csat | overall_health_score | health_status
        95                 | 4.0      | 54617/750            | good
        100                | 4.5      | 78.228               | good
        """,
    )
    # January: an 8 and a 7; February: a 10 and an 8. Paid: 12500 + 1500 + 3150.75, and 9800.50.
    expect(
        rows,
        """
        nps | total_revenue
        0   | 17150.75
        50  | 9800.50
        """,
    )


def test_the_facilities_have_the_documented_health(seeds: Published) -> None:
    rows = seeds.rows("health_scores")
    expect(
        rows,
        """
        facility_id | month      | health_status | coverage_pct | missing_components
        fac_001     | 2024-01-01 | excellent     | 100          | -
        fac_001     | 2024-02-01 | excellent     | 100          | -
        fac_002     | 2024-01-01 | good          | 100          | -
        fac_002     | 2024-02-01 | fair          | 100          | -
        """,
    )
    # fac_001 in January: (200/3 + 100 x 100900/125000 + 100 + 100 + 75) / 5 = 84.4773...
    scores = [row["overall_health_score"] for row in rows]
    assert [round(score, 4) for score in scores] == [84.4773, 98.56, 61.168, 57.896]


def test_the_health_components_follow_from_the_seeds(seeds: Published) -> None:
    # Pipelines in base: 55000 + 45000 + 60000 x 0.015; 110000 + 80000 x 0.075;
    # 60000 + 85000 x 0.25 + 70000 x 0.015; 70000 x 0.25 + 40000 x 0.015.
    expect(
        seeds.rows("health_scores"),
        """
        compliance_score | pipeline_health | conversion_health | sla_health | satisfaction_health
        200/3            | 80.72           | 100               | 100        | 75
        100              | 92.8            | 100               | 100        | 100
        50               | 65.84           | 50                | 90         | 50
        100              | 14.48           | 0                 | 100        | 75
        """,
    )


def test_twenty_months_of_cohorts_are_followed(seeds: Published) -> None:
    rows = seeds.rows("cohort_retention")
    assert len(rows) == 20
    january = [row for row in rows if row["cohort_month"].month == 1]
    assert sorted(row["months_since_cohort"] for row in january) == [0] * 4 + [1] * 4 + [2] * 4
    assert all(row["is_complete"] == (row["months_since_cohort"] < 2) for row in january)
    february = [row for row in rows if row["cohort_month"].month == 2]
    assert sorted(row["months_since_cohort"] for row in february) == [0] * 4 + [1] * 4


def test_the_scenarios_share_the_total_of_the_leads(seeds: Published) -> None:
    rows = seeds.rows("weighted_pipeline_scenarios")
    totals = {row["scenario"]: Decimal(0) for row in rows}
    for row in rows:
        totals[row["scenario"]] += row["total_pipeline_value"]
    assert totals == dict.fromkeys(("base", "best", "probability_only", "worst"), 765_000)


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.name)
def test_published_columns_have_the_types_of_their_kind(seeds: Published, contract: Any) -> None:
    schema = seeds.table(contract.name).schema()
    assert set(schema) == set(contract.schema)
    kinds = {"_pct": dt.float64, "_hours": dt.float64, "_days": dt.float64, "_count": dt.int64}
    kinds |= {"_id": dt.string, "month": dt.date, "_value": dt.Decimal(18, 2)}
    for column, dtype in schema.items():
        for suffix, kind in kinds.items():
            if column.endswith(suffix):
                assert dtype.copy(nullable=True) == kind, column
        if dtype.is_timestamp():
            assert dtype.scale == 6, column
            assert dtype.timezone is None, column
        if dtype.is_decimal():
            assert dtype.copy(nullable=True) == dt.Decimal(18, 2), column
        assert not dtype.is_integer() or dtype.is_int64(), column


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.name)
def test_every_row_is_as_new_as_the_run(seeds: Published, contract: Any) -> None:
    rows = seeds.rows(contract.name)
    assert rows
    assert {row["updated_at"] for row in rows} == {AS_OF}
