"""A broken contract stops everything that needs the table, in any job, and status says so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from channels import Channels
from jobs_at_work import (
    AT,
    BREAK_TICKETS,
    MEND_TICKETS,
    carry_out,
    execute,
    fail,
    fetch,
    log_run,
    planned,
    states,
)

from crm_ibis.config.settings import Settings
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.contracts.models import contracts
from crm_ibis.contracts.rules import Rule
from crm_ibis.metrics import graph
from crm_ibis.operations import impact
from crm_ibis.operations.status import Status, statuses
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.record import record
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog import clock
from crm_ibis.warehouse import open_warehouse

LATER = AT + timedelta(minutes=10)
NEED_TICKETS = {"ticket_sla_compliance", "health_scores", "monthly_scorecard"}


def found(settings: Settings) -> dict[str, Status]:
    with open_warehouse(settings, read_only=True) as warehouse:
        return {status.table: status for status in statuses(warehouse)}


def blocked(settings: Settings) -> dict[str, tuple[str, ...]]:
    return {t: s.blocked_by for t, s in found(settings).items() if s.blocked_by}


@pytest.fixture
def published(seeded: Settings) -> Settings:
    """The scorecard published as of AT with its history, and the log of all others."""
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["health_scores"], as_of=AT, snapshot=True)
    others = {*graph.kpi_functions()} - {"health_scores"}
    log_run(seeded, "others", others, clock.now(), as_of=AT)
    return seeded


def test_what_needs_a_table_is_known_through_any_number_of_steps() -> None:
    assert impact.upstream("health_scores") >= {"tickets", "ticket_sla", "ticket_sla_compliance"}
    assert "invoices" not in impact.upstream("health_scores")
    assert "facilities" in impact.upstream("ticket_sla_compliance"), "its keys refer to them"
    assert set(impact.downstream(["tickets"])) == NEED_TICKETS
    assert set(impact.downstream(["ticket_sla_compliance"])) == NEED_TICKETS - {
        "ticket_sla_compliance"
    }
    assert impact.downstream(["monthly_scorecard"]) == []


def test_a_history_needs_nothing_but_what_is_published() -> None:
    assert impact.upstream("health_score_snapshot") == set()


def test_a_broken_source_blocks_the_kpis_of_other_jobs_until_a_run_has_found_it_whole(
    published: Settings,
) -> None:
    execute(published, BREAK_TICKETS)
    fail(published, planned("ticket_sla", LATER))
    waiting = {*NEED_TICKETS, "ticket_queue"}
    assert blocked(published) == dict.fromkeys(waiting, ("tickets",))
    health = found(published)["health_scores"]
    assert (health.state, health.failing, health.is_healthy) == ("blocked", False, True)
    assert found(published)["ticket_sla_compliance"].state == "failing"
    assert found(published)["conversion_funnel"].state == "on time"

    carry_out(published, planned("conversion_funnel", LATER))  # has not looked at tickets
    assert blocked(published).keys() == waiting
    execute(published, MEND_TICKETS)
    assert blocked(published).keys() == waiting, "no run has read the repaired rows"
    carry_out(published, planned("health_scores", LATER))
    assert blocked(published) == {}
    assert found(published)["health_scores"].state == "on time"


def test_what_is_broken_again_blocks_again(published: Settings) -> None:
    for statement in (BREAK_TICKETS, MEND_TICKETS):
        execute(published, statement)
        run = planned("ticket_sla", LATER)
        if statement == BREAK_TICKETS:
            fail(published, run)
        else:
            carry_out(published, run)
    assert blocked(published) == {}
    execute(published, BREAK_TICKETS)
    fail(published, planned("health_scores", LATER))
    assert blocked(published).keys() == {*NEED_TICKETS, "ticket_queue"}


def test_what_is_blocked_alone_is_not_told_as_late_or_failing(
    published: Settings, channels: Channels
) -> None:
    execute(published, BREAK_TICKETS)
    fail(published, planned("ticket_sla", LATER))
    channels.heard()
    watch(published)
    assert "health_scores" not in str(channels.heard())


@pytest.fixture
def broken_compliance(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract of ticket_sla_compliance demands what no row can fulfil."""
    contract = contracts()["ticket_sla_compliance"]
    rule = Rule("impossible", ("facility_id",), violated=lambda table: table.facility_id != "")
    broken = replace(contract, rules=(*contract.rules, rule))
    monkeypatch.setitem(contracts(), contract.name, broken)


def test_a_broken_kpi_stops_the_jobs_that_only_use_it(
    published: Settings, channels: Channels, broken_compliance: None
) -> None:
    execute(published, "UPDATE {raw}.satisfaction SET score = 1")
    everything = "SELECT * FROM {analytics}.health_scores ORDER BY 1, 2"
    before = fetch(published, everything)
    error = fail(published, planned("health_scores", LATER))
    assert isinstance(error, ChecksFailed)
    assert {check.table for check in error.broken} == {"ticket_sla_compliance"}
    assert len(before) > 3
    assert fetch(published, everything) == before
    assert states(published)[-1] == "failed"

    message = channels.wait_for("pagerduty")
    assert message.text.startswith("ticket_sla_compliance: impossible: ")
    assert "also blocked: monthly_scorecard" in message.text.splitlines()
    assert blocked(published) == {
        "health_scores": ("ticket_sla_compliance",),
        "monthly_scorecard": ("ticket_sla_compliance",),
    }
    assert found(published)["monthly_scorecard"].state == "blocked"


def test_a_broken_kpi_leaves_the_jobs_that_do_not_use_it(
    published: Settings, broken_compliance: None
) -> None:
    assert carry_out(published, planned("conversion_funnel", LATER)).run_id
    assert carry_out(published, planned("satisfaction", LATER)).run_id


def test_a_history_goes_on_with_what_is_published(
    published: Settings, broken_compliance: None
) -> None:
    fail(published, planned("health_scores", LATER))
    assert carry_out(published, planned("health_score_snapshot", LATER)).run_id
    with open_warehouse(published) as warehouse:
        (merged,) = record(warehouse, ["health_score_snapshot"]).merged
    assert (merged.refused, merged.changed) == (None, 0)


def test_an_optional_source_that_is_gone_blocks_only_what_is_older(published: Settings) -> None:
    """Wrong pauses block what needs them; without the table, nothing is missed."""
    with open_warehouse(published) as warehouse:
        pauses = contracts()["ticket_pauses"]
        warehouse.create_table(warehouse.raw, pauses.name, pauses.schema)
        place = warehouse.quote(warehouse.raw, pauses.name)
        warehouse.run(f"INSERT INTO {place} VALUES ('nobody', TIMESTAMP '2024-02-01', NULL)")
        with pytest.raises(ChecksFailed):
            refresh(warehouse, ["ticket_sla_compliance"], as_of=AT)
        warehouse.run(f"DROP TABLE {place}")
    needing = ("health_scores", "monthly_scorecard", "ticket_sla_compliance")
    assert {*blocked(published)} == {*needing}
    with open_warehouse(published) as warehouse:
        refresh(warehouse, ["ticket_sla_compliance"], as_of=AT)
    assert {*blocked(published)} == {"health_scores", "monthly_scorecard"}
