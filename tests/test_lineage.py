"""Where columns come from, worked out by hand from what the tables mean."""

from datetime import datetime

import ibis
import pytest
from ibis import Table

from crm_ibis.config.params import load_params
from crm_ibis.metrics import assumptions, graph, lineage
from crm_ibis.metrics.lineage import ROWS, Origins, direct_origins, source_origins
from crm_ibis.metrics.unavailable import unavailable_columns

AS_OF = datetime(2024, 3, 1)


@pytest.fixture(scope="module")
def direct() -> Origins:
    return direct_origins(load_params(), AS_OF)


@pytest.fixture(scope="module")
def settled(direct: Origins) -> Origins:
    return source_origins(direct)


def named(origins: Origins, column: str) -> set[str]:
    table, name = column.split(".")
    return {str(origin) for origin in origins[table][name]}


# won_at: the opportunities' closing where they are won (a win after as_of is none: staging looks at
# closed_at), else the lead's closed_at or updated_at if its stage is won.
WON = {"leads.stage", "leads.closed_at", "leads.updated_at"}
WON |= {"opportunities.status", "opportunities.closed_at"}


@pytest.mark.parametrize(
    ("column", "sources"),
    [
        ("lead_milestones.won_at", WON),
        ("lead_milestones.opportunity_at", WON | {"opportunities.created_at"}),
        (
            "conversion_funnel.stage_count",
            WON | {"opportunities.created_at", "leads.qualified_at", "leads.created_at"},
        ),
        ("weighted_pipeline_scenarios.deal_count", {"rows of leads"}),
        (
            "weighted_pipeline_scenarios.weighted_pipeline_value",
            {"leads.amount", "leads.stage", "leads.win_probability"},
        ),
        ("cohort_retention.cohort_size", {"rows of leads"}),
        ("cohort_retention.is_complete", {"leads.created_at"}),
        # The activity's rep, else its lead's.
        ("rep_activity_by_channel.rep_id", {"outreach.rep_id", "leads.rep_id"}),
        ("rep_activity_by_channel.total_outreach", {"rows of outreach"}),
        (
            "revenue_kpis.total_revenue",
            {"invoices.amount", "invoices.status", "invoices.paid_at"},
        ),
        (
            "monthly_scorecard.nps",
            {"satisfaction.score", "satisfaction.survey_type", "rows of satisfaction"},
        ),
        # A literal: the stage's name.
        ("conversion_funnel.funnel_stage", set()),
    ],
)
def test_a_column_comes_from_these_source_columns(
    settled: Origins, column: str, sources: set[str]
) -> None:
    assert named(settled, column) == sources


def test_one_step_back_are_the_columns_of_the_needed_table(direct: Origins) -> None:
    assert named(direct, "health_scores.compliance_score") == {
        "compliance_kpis.compliance_rate_pct"
    }
    assert named(direct, "stg_leads.lead_id") == {"leads.id"}
    assert named(direct, "health_scores.sla_health") == {
        "ticket_sla_compliance.targets_met",
        "ticket_sla_compliance.targets_decided",
    }


def test_a_table_comes_only_from_tables_that_it_needs(direct: Origins) -> None:
    for name, columns in direct.items():
        used = {origin.table for origins in columns.values() for origin in origins}
        assert used <= set(graph.needs(name)), name


def test_every_origin_in_the_end_is_a_column_of_a_source(settled: Origins) -> None:
    sources = graph.unbound_sources("raw")
    for origins in (o for columns in settled.values() for o in columns.values()):
        for origin in origins:
            assert origin.column == ROWS or origin.column in sources[origin.table].columns


def test_a_column_is_unknown_when_all_that_it_is_made_of_is_absent(direct: Origins) -> None:
    """A table that is left out (by `sources.left_out`) tells nothing to those that need it."""
    absent = {"leads", "opportunities", "tickets"}
    left_out = {
        "stg_leads", "stg_opportunities", "stg_tickets", "lead_milestones", "ticket_sla",
        "conversion_funnel", "ticket_sla_compliance",
    }  # fmt: skip
    found = unavailable_columns(direct, absent, left_out)
    assert found["health_scores"] == {
        "pipeline_health": ("leads",),
        "conversion_health": ("leads", "opportunities"),
        "sla_health": ("tickets",),
    }
    assert found["monthly_scorecard"] == {
        **dict.fromkeys(
            ("total_leads", "sql_leads", "sql_conversion_pct", "won_leads", "won_pct"),
            ("leads", "opportunities"),
        ),
        "sla_attainment_pct": ("tickets",),
    }
    assert not found["revenue_kpis"]
    # The stage of a lead tells of wins too.
    assert not unavailable_columns(direct, {"opportunities"}, {"stg_opportunities"})[
        "lead_milestones"
    ]


def test_the_parameters_of_a_table_are_those_that_it_reads() -> None:
    used = assumptions.params_by_table(load_params(), AS_OF)
    assert used["cohort_retention"] == {"cohort_months": "12", "reporting.time_zone": "UTC"}
    assert used["compliance_kpis"] == {"compliance_threshold": "80"}
    assert used["ticket_sla"]["sla.critical.response"] == "1 h"
    assert used["ticket_sla"]["sla.low.resolution"] == "120 h"
    assert used["weighted_pipeline_scenarios"]["stages.sql.stage_weight"] == "0.25"
    assert used["monthly_scorecard"].keys() == {
        "health.thresholds.excellent",
        "health.thresholds.good",
        "health.thresholds.fair",
    }
    assert used["conversion_funnel"] == {}


LEADS = ibis.table(
    {"id": "string", "rep": "string", "amount": "int64", "won": "boolean", "month": "date"}, "leads"
)
REPS = ibis.table({"rep": "string", "team": "string", "active": "boolean"}, "reps")


@pytest.mark.parametrize(
    ("table", "leads", "reps"),
    [
        (LEADS.filter(LEADS.won).select("amount"), {"amount", "won"}, None),
        # The condition is a column of the result as well.
        (LEADS.filter(LEADS.won).select("won"), {"won"}, None),
        (LEADS.aggregate(n=LEADS.count()), set(), None),
        (LEADS.filter(LEADS.won).aggregate(n=ibis._.count()), {"won"}, None),
        (LEADS.group_by("rep").aggregate(n=ibis._.count()).select("n"), {"rep"}, None),
        (LEADS.order_by("month").limit(3).select("id"), {"id", "month"}, None),
        (LEADS.select("rep", "won").distinct().select("won"), {"rep", "won"}, None),
        # Whose rows a union leaves out depends on all of its columns.
        (
            LEADS.select("rep", "won")
            .union(LEADS.select("rep", "won"), distinct=True)
            .select("rep"),
            {"rep", "won"},
            None,
        ),
        (LEADS.select("rep", "won").union(LEADS.select("rep", "won")).select("rep"), {"rep"}, None),
        (LEADS.drop_null(["amount"]).select("id"), {"id", "amount"}, None),
        (LEADS.drop_null().select("id"), {"id", "rep", "amount", "won", "month"}, None),
        (LEADS.join(REPS, "rep").select("amount"), {"amount", "rep"}, {"rep"}),
        (LEADS.left_join(REPS, "rep").select("amount", "team"), {"amount", "rep"}, {"rep", "team"}),
        (
            LEADS.filter(LEADS.rep.isin(REPS.filter("active").rep)).select("id"),
            {"id", "rep"},
            {"rep", "active"},
        ),
        (
            LEADS.mutate(n=LEADS.amount.sum().over(group_by="month")).select("n"),
            {"amount", "month"},
            None,
        ),
    ],
)
def test_a_table_reads_what_its_values_and_its_rows_need(
    table: Table, leads: set[str], reps: set[str] | None
) -> None:
    read = lineage._columns_read(table)
    assert read.get("leads") == leads
    assert read.get("reps") == reps


def test_the_columns_a_kpi_reads_include_those_of_its_filters() -> None:
    # Only paid invoices count as revenue, in the month of the invoice, by facility.
    read = lineage.columns_read(["revenue_kpis"], load_params(), AS_OF)["revenue_kpis"]
    assert read == {"invoices": {"amount", "status", "paid_at", "created_at", "facility_id"}}
