"""What holds for any data, tried on random ones (on DuckDB, in memory)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_ibis.config.params import load_params
from crm_ibis.config.settings import Settings
from crm_ibis.contracts.known_sources import optional_sources
from crm_ibis.metrics import graph
from crm_ibis.testing import AS_OF, Engine, source_rows
from crm_ibis.warehouse import open_warehouse

PARAMS = load_params()
LIMITS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
COMPONENTS = list(PARAMS.health.weights)

Row = dict[str, Any]


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    with open_warehouse(Settings(database_url="duckdb://")) as warehouse:
        yield Engine(warehouse)


def compute(engine: Engine, name: str, **sources: list[Row]) -> list[Row]:
    missing = optional_sources() - sources.keys()
    for source in set(graph.sources_of([name])) - missing:
        complete = source_rows(source, "id\nx")[0]
        rows = sources.get(source, [])
        engine.fill(source, [complete | {"id": f"{source}{n}"} | row for n, row in enumerate(rows)])
    return engine.rows(name, AS_OF, PARAMS)


instants = st.integers(0, 6 * 30 * 24 * 4).map(
    lambda quarters: datetime(2023, 10, 1) + timedelta(minutes=15 * quarters)
)
"""Six months from October on, the last of them after `as_of`."""

cents = st.integers(0, 10**9).map(lambda n: Decimal(n).scaleb(-2))
probabilities = st.integers(0, 10**6).map(lambda n: Decimal(n).scaleb(-6))
facilities = st.sampled_from(["f1", "f2"])


@st.composite
def leads_with_opportunities(draw: st.DrawFn) -> dict[str, list[Row]]:
    leads = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "facility_id": facilities,
                    "rep_id": st.sampled_from(["r1", "r2"]),
                    "stage": st.sampled_from(["lead", "sql", "opportunity", "won", "lost"]),
                    "amount": cents,
                    "win_probability": st.none() | probabilities,
                    "created_at": instants,
                    "updated_at": instants,
                    "qualified_at": st.none() | instants,
                    "closed_at": st.none() | instants,
                }
            ),
            min_size=1,
            max_size=8,
        )
    )
    opportunities = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "lead_id": st.integers(0, len(leads) - 1).map("leads{}".format),
                    "status": st.sampled_from(["open", "won", "lost"]),
                    "created_at": instants,
                    "closed_at": st.none() | instants,
                }
            ),
            max_size=6,
        )
    )
    return {"leads": leads, "opportunities": opportunities}


tickets = st.lists(
    st.fixed_dictionaries(
        {
            "facility_id": facilities,
            "priority": st.sampled_from(["critical", "high", "medium", "low"]),
            "created_at": instants,
            "first_response_at": st.none() | instants,
            "resolved_at": st.none() | instants,
        }
    ),
    max_size=8,
)
answers = st.lists(
    st.fixed_dictionaries(
        {
            "facility_id": facilities,
            "created_at": instants,
            "survey_type": st.sampled_from(["csat", "nps"]),
            "score": st.integers(1, 5),
        }
    ),
    max_size=6,
)
applications = st.lists(
    st.fixed_dictionaries(
        {
            "facility_id": facilities,
            "created_at": instants,
            "compliance_score": st.none() | st.integers(0, 100).map(Decimal),
        }
    ),
    max_size=6,
)


def grouped(rows: list[Row], *columns: str) -> list[list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return list(groups.values())


@LIMITS
@given(sources=leads_with_opportunities())
def test_a_funnel_never_grows(memory: Engine, sources: dict[str, list[Row]]) -> None:
    rows = compute(memory, "conversion_funnel", **sources)
    for funnel in grouped(rows, "facility_id", "rep_id", "month"):
        stages = sorted(funnel, key=lambda row: row["stage_position"])
        assert [row["funnel_stage"] for row in stages] == ["lead", "sql", "opportunity", "won"]
        for before, after in pairwise(stages):
            assert after["stage_count"] <= before["stage_count"]
            assert after["previous_stage_count"] == before["stage_count"]
            assert after["drop_off_count"] == before["stage_count"] - after["stage_count"]


@LIMITS
@given(sources=leads_with_opportunities())
def test_milestones_follow_each_other(memory: Engine, sources: dict[str, list[Row]]) -> None:
    for lead in compute(memory, "lead_milestones", **sources):
        assert lead["won_at"] is None or lead["lost_at"] is None
        for earlier, later in (("sql_at", "opportunity_at"), ("opportunity_at", "won_at")):
            assert lead[later] is None or lead[earlier] <= lead[later]
        for event in ("sql_at", "opportunity_at", "won_at", "lost_at"):
            assert lead[event] is None or lead[event] <= AS_OF


@LIMITS
@given(sources=leads_with_opportunities())
def test_a_cohort_adds_up_and_only_moves_on(memory: Engine, sources: dict[str, list[Row]]) -> None:
    rows = compute(memory, "cohort_retention", **sources)
    entered = [lead for lead in sources["leads"] if lead["created_at"] <= AS_OF]
    assert sum(row["cohort_size"] for row in rows if row["months_since_cohort"] == 0) == len(
        entered
    )
    for row in rows:
        assert row["active_leads"] + row["won_leads"] + row["lost_leads"] == row["cohort_size"]
        assert row["retained_leads"] == row["active_leads"] + row["won_leads"]
        assert row["won_leads"] <= row["progressed_leads"] <= row["cohort_size"]
    for cohort in grouped(rows, "facility_id", "rep_id", "cohort_month"):
        months = sorted(cohort, key=lambda row: row["months_since_cohort"])
        assert [row["months_since_cohort"] for row in months] == list(range(len(months)))
        for before, after in pairwise(months):
            assert after["retention_rate_pct"] <= before["retention_rate_pct"]
            assert after["progression_rate_pct"] >= before["progression_rate_pct"]


@LIMITS
@given(sources=leads_with_opportunities())
def test_scenarios_keep_their_order(memory: Engine, sources: dict[str, list[Row]]) -> None:
    """Whatever leads say of their own probability."""
    rows = compute(memory, "weighted_pipeline_scenarios", leads=sources["leads"])
    for cell in grouped(rows, "facility_id", "rep_id", "month", "stage"):
        value = {row["scenario"]: row["weighted_pipeline_value"] for row in cell}
        total = {row["total_pipeline_value"] for row in cell}
        assert len(total) == 1
        assert 0 <= value["worst"] <= value["base"] <= value["best"] <= min(total)
        assert value["base"] <= value["probability_only"] <= min(total)
        likely = {row["scenario"]: row["win_probability"] for row in cell}
        assert (None in likely.values()) <= (total == {0})
        if None not in likely.values():
            assert 0 <= likely["worst"] <= likely["base"] <= likely["best"] <= 1


@LIMITS
@given(
    leads=leads_with_opportunities(),
    tickets=tickets,
    answers=answers,
    applications=applications,
)
def test_a_health_score_lies_among_its_components(
    memory: Engine,
    leads: dict[str, list[Row]],
    tickets: list[Row],
    answers: list[Row],
    applications: list[Row],
) -> None:
    rows = compute(
        memory,
        "health_scores",
        **leads,
        tickets=tickets,
        satisfaction=answers,
        applications=applications,
    )
    for row in rows:
        there = [row[name] for name in COMPONENTS if row[name] is not None]
        missing = ",".join(name for name in COMPONENTS if row[name] is None)
        assert there
        assert all(0 <= component <= 100 for component in there)
        assert row["missing_components"] == (missing or None)
        assert row["coverage_pct"] == pytest.approx(20 * len(there))
        score = row["overall_health_score"]
        assert (score is None) == (len(there) < 3)
        if score is not None:
            assert min(there) - 1e-9 <= score <= max(there) + 1e-9


@LIMITS
@given(tickets=tickets)
def test_the_states_of_tickets_add_up(memory: Engine, tickets: list[Row]) -> None:
    rows = compute(memory, "ticket_sla_compliance", tickets=tickets)
    opened = [ticket for ticket in tickets if ticket["created_at"] <= AS_OF]
    assert sum(row["total_tickets"] for row in rows) == len(opened)
    for row in rows:
        decided = row["sla_compliant_tickets"] + row["sla_breached_tickets"]
        assert decided + row["sla_pending_tickets"] == row["total_tickets"]
        assert row["resolved_tickets"] + row["open_tickets"] == row["total_tickets"]
        assert row["targets_met"] <= row["targets_decided"] <= 2 * row["total_tickets"]
        assert 2 * row["sla_compliant_tickets"] <= row["targets_met"]
