"""Figures go to the agent that the environment names, and nowhere without one."""

import sys
from collections.abc import Iterator
from datetime import datetime

import pytest
from jobs_at_work import BREAK_TICKETS, carry_out, execute, fail, log_run, planned
from receivers import Agent

from crm_ibis.config.settings import Settings
from crm_ibis.metrics import graph
from crm_ibis.operations.statsd import Metrics
from crm_ibis.operations.watchdog import watch

COMMON = "service:crm_ibis"
TICKETS = "table:ticket_sla_compliance", "owner:Customer_Success", "criticality:high"
"""Tags as the agent gets them: its client writes no spaces."""
Gauges = dict[tuple[str, frozenset[str]], float]


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """What listens where the environment says."""
    with Agent.listening() as opened:
        monkeypatch.setenv("DD_AGENT_HOST", "127.0.0.1")
        monkeypatch.setenv("DD_DOGSTATSD_PORT", str(opened.port))
        yield opened


def gauges(agent: Agent) -> Gauges:
    """What arrived: the value of each name and tags, without those of the sender's container."""
    found: Gauges = {}
    for line in agent.lines():
        measured, kind, *parts = line.split("|")
        name, value = measured.split(":")
        (tags,) = (part[1:].split(",") for part in parts if part.startswith("#"))
        assert kind == "g", line
        assert COMMON in tags, line
        found[name, frozenset({*tags} - {COMMON})] = float(value)
    return found


def tagged(name: str, *tags: str) -> tuple[str, frozenset[str]]:
    return f"crm_ibis.{name}", frozenset(tags)


def test_a_success_is_measured(seeded: Settings, agent: Agent) -> None:
    outcome = carry_out(seeded, planned("ticket_sla"))
    fact, table = sorted(outcome.results, key=lambda result: result.table)
    assert table.rows == table.new > 3
    job, of_table = "job:ticket_sla", ("job:ticket_sla", *TICKETS)
    of_fact = ("job:ticket_sla", "table:ticket_queue")  # which has no owner
    assert gauges(agent) == {
        tagged("run.seconds", job): pytest.approx(outcome.seconds, abs=0.01),
        tagged("run.succeeded", job): 1,
        tagged("run.sla_met", job): 1,
        tagged("run.checks_failed", job): 0,
        tagged("table.rows", *of_table): table.rows,
        tagged("table.changed_rows", *of_table): table.rows,
        tagged("table.checks", *of_table): table.checks,
        tagged("table.warnings", *of_table): 0,
        tagged("table.rows", *of_fact): 1,  # of the seeds, the ticket that is open
        tagged("table.changed_rows", *of_fact): 1,
        tagged("table.checks", *of_fact): fact.checks,
        tagged("table.warnings", *of_fact): 0,
    }


def test_a_success_that_comes_late_is_measured_as_such(seeded: Settings, agent: Agent) -> None:
    carry_out(seeded, planned("ticket_sla", sla="1ms"))
    found = gauges(agent)
    assert found[tagged("run.sla_met", "job:ticket_sla")] == 0
    assert found[tagged("run.succeeded", "job:ticket_sla")] == 1


def test_a_failure_is_measured_with_its_broken_checks(seeded: Settings, agent: Agent) -> None:
    execute(
        seeded,
        BREAK_TICKETS,
        "UPDATE {raw}.tickets SET facility_id = 'fac_9' WHERE id = 'tick_001'",
    )
    fail(seeded, planned("ticket_sla"))
    job = "job:ticket_sla"
    assert gauges(agent) == {
        tagged("run.succeeded", job): 0,
        tagged("run.checks_failed", job): 2,
    }, "whether the SLA is met is open while it has not run out"


def test_a_failure_after_the_sla_has_missed_it(seeded: Settings, agent: Agent) -> None:
    execute(seeded, BREAK_TICKETS)
    fail(seeded, planned("ticket_sla", sla="1ms"))
    assert gauges(agent)[tagged("run.sla_met", "job:ticket_sla")] == 0


def test_the_watch_measures_the_age_of_each_table(duckdb_settings: Settings, agent: Agent) -> None:
    at, now = datetime(2024, 3, 2, 6), datetime(2024, 3, 2, 7, 30)
    log_run(duckdb_settings, "run1", ["ticket_sla_compliance"], at)
    watch(duckdb_settings, now=now)
    found = gauges(agent)
    # Due every quarter with an SLA of 1 h: at 7:30 that of 6:30, after the publication of 6:00.
    assert found[tagged("table.age_hours", *TICKETS)] == 1.5
    assert found[tagged("table.late", *TICKETS)] == 1
    assert found[tagged("table.failing", *TICKETS)] == 0
    named = {tag for name, tags in found for tag in tags if tag.startswith("table:")}
    assert named == {f"table:{name}" for name in graph.kpi_functions()}
    ages = [tags for name, tags in found if name == "crm_ibis.table.age_hours"]
    assert ages == [frozenset(TICKETS)], "the others were never published"


def test_nothing_is_sent_where_no_agent_is_named(
    seeded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Agent.listening() as agent:
        monkeypatch.setenv("DD_DOGSTATSD_PORT", str(agent.port))
        carry_out(seeded, planned("ticket_sla"))
        watch(seeded)
        assert agent.lines() == []


def test_the_url_of_an_agent_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with Agent.listening() as agent:
        monkeypatch.setenv("DD_DOGSTATSD_URL", f"udp://127.0.0.1:{agent.port}")
        with Metrics() as metrics:
            metrics.checks_failed("ticket_sla", 3)
        assert gauges(agent) == {tagged("run.checks_failed", "job:ticket_sla"): 3}


@pytest.mark.parametrize(
    ("host", "port"), [("agent.invalid", "8125"), ("127.0.0.1", "1")], ids=["unknown", "deaf"]
)
def test_an_agent_that_is_not_there_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, host: str, port: str
) -> None:
    monkeypatch.setenv("DD_AGENT_HOST", host)
    monkeypatch.setenv("DD_DOGSTATSD_PORT", port)
    with Metrics() as metrics:
        metrics.run("ticket_sla", succeeded=True, sla_met=True)


def test_an_agent_without_the_client_for_it_stops_nothing(
    duckdb_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_run(duckdb_settings, "run1", ["ticket_sla_compliance"], datetime(2024, 3, 2, 6))
    monkeypatch.setenv("DD_AGENT_HOST", "127.0.0.1")
    for name in [name for name in sys.modules if name.split(".")[0] == "datadog"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "datadog", None)
    assert watch(duckdb_settings, now=datetime(2024, 3, 2, 7))
