"""Sources that a CRM does not have, and the KPIs that cannot be without them."""

from datetime import datetime
from typing import Any

import ibis
import pytest
from mappings import SourcesFile
from reports import into

from crm_ibis.config.params import load_params
from crm_ibis.errors import UsageError
from crm_ibis.metrics import graph
from crm_ibis.metrics.emptiness import is_empty
from crm_ibis.operations.status import statuses
from crm_ibis.publishing.record import select_snapshots
from crm_ibis.publishing.refresh import refresh
from crm_ibis.testing import read, store
from crm_ibis.warehouse import Warehouse

AT = datetime(2024, 3, 1)
SUPPORT_ONLY = """
    sources:
      leads: absent
      opportunities: absent
      outreach: absent
      applications: absent
      invoices: absent
      satisfaction: absent
"""


def drop(warehouse: Warehouse, *names: str) -> None:
    for name in names:
        warehouse.run(f"DROP TABLE {warehouse.quote(warehouse.raw, name)}")


def test_kpis_without_sources_are_left_out_with_one_line(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """What is there is enough: the absent tables are in no schema."""
    store(warehouse, tickets="id\nt1")
    drop(
        warehouse, "leads", "opportunities", "outreach", "applications", "invoices", "satisfaction"
    )
    sources_file.write(SUPPORT_ONLY)
    lines: list[str] = []
    outcome = refresh(warehouse, as_of=AT, report=into(lines))
    assert {run.table for run in outcome.published} == {
        *("health_scores", "monthly_scorecard", "ticket_sla_compliance", "ticket_queue")
    }
    (told,) = (line for line in lines if "skipped" in line)
    assert told.endswith("skipped: all their sources are marked absent in sources.yml")
    assert "cohort_retention, combined_kpis, conversion_funnel" in told
    assert {run.table for run in outcome.tables if run.kind == "source"} == {
        *("facilities", "tickets")
    }


def test_health_scores_do_without_the_component(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    """A ticket that met both targets: 100 for support, a fifth of the weight."""
    store(
        warehouse,
        tickets="id | created_at | first_response_at | resolved_at\n"
        "t1 | 2024-01-10 08:00 | 2024-01-10 08:10 | 2024-01-10 09:00",
    )
    sources_file.write(SUPPORT_ONLY)
    refresh(warehouse, ["health_scores"], as_of=AT)
    (score,) = read(warehouse, "health_scores")
    assert score["sla_health"] == 100
    assert score["coverage_pct"] == 20
    assert score["missing_components"] == (
        "compliance_score,pipeline_health,conversion_health,satisfaction_health"
    )
    assert score["overall_health_score"] is None


def test_what_was_published_stays_and_is_stale(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, leads="id\nl1", tickets="id\nt1")
    sources_file.write("sources: {}")
    refresh(warehouse, ["conversion_funnel", "ticket_sla_compliance"], as_of=AT)
    before = read(warehouse, "conversion_funnel")
    sources_file.write(SUPPORT_ONLY)
    refresh(warehouse, ["conversion_funnel", "ticket_sla_compliance"], as_of=AT)
    assert read(warehouse, "conversion_funnel") == before
    found = {status.table: status for status in statuses(warehouse)}
    assert found["conversion_funnel"].state == "stale"
    assert found["cohort_retention"].state == "left out"
    assert found["conversion_funnel"].is_healthy
    assert found["cohort_retention"].is_healthy
    assert found["monthly_scorecard"].state == "late"  # can be made, and never was


def test_named_kpis_of_which_nothing_remains_are_an_error(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse)
    sources_file.write(SUPPORT_ONLY)
    with pytest.raises(UsageError, match="conversion_funnel: skipped"):
        refresh(warehouse, ["conversion_funnel"], as_of=AT)
    with pytest.raises(UsageError, match="pipeline_kpi_snapshot cannot be recorded"):
        select_snapshots(["pipeline_kpi_snapshot"])
    assert [snapshot.name for snapshot in select_snapshots([])] == ["health_score_snapshot"]


def test_what_refers_to_an_absent_source_has_nothing_to_be_held_against(
    warehouse: Warehouse, sources_file: SourcesFile
) -> None:
    store(warehouse, outreach="id | lead_id | facility_id\nx1 | l9 | f1")
    sources_file.write("sources: {leads: absent}")
    refresh(warehouse, ["outreach_kpis"], as_of=AT)
    assert [row["total_outreach"] for row in read(warehouse, "outreach_kpis")] == [1]


@pytest.mark.parametrize(
    ("absent", "expected"),
    [
        (set(), []),
        ({"opportunities"}, []),
        ({"outreach"}, ["rep_activity_by_channel"]),
        ({"leads"}, ["cohort_retention"]),
        ({"leads", "outreach"}, ["cohort_retention", "rep_activity_by_channel"]),
        ({"applications", "invoices"}, []),
        ({"applications", "invoices", "outreach"}, ["combined_kpis", "rep_activity_by_channel"]),
    ],
)
def test_a_kpi_is_empty_without_what_its_rows_come_from(
    absent: set[str], expected: list[str]
) -> None:
    """Outreach makes the rows of rep activity, leads only add the rep."""
    kpis = ["cohort_retention", "combined_kpis", "health_scores", "rep_activity_by_channel"]
    assert graph.empty_without(kpis, absent, load_params()) == expected


HERE, GONE = (ibis.table({"k": "int64", "v": "int64"}, name=name) for name in ("here", "gone"))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (GONE, True),
        (GONE.filter(GONE.v > 0).select("k").distinct().order_by("k").limit(1), True),
        (GONE.group_by("k").agg(n=GONE.count()), True),
        (GONE.aggregate(n=GONE.count()), False),
        (ibis.union(HERE, GONE), False),
        (ibis.union(GONE, GONE.filter(GONE.k > 0)), True),
        (HERE.join(GONE, "k"), True),
        (HERE.left_join(GONE, "k"), False),
        (GONE.left_join(HERE, "k"), True),
        (HERE.outer_join(GONE, "k"), False),
        (HERE.right_join(GONE, "k"), True),
        (HERE.semi_join(GONE, "k"), True),
        (HERE.anti_join(GONE, "k"), False),
        (HERE.cross_join(GONE), True),
    ],
)
def test_whether_a_table_can_have_rows(table: Any, expected: bool) -> None:
    assert is_empty(table, {"gone"}) is expected
