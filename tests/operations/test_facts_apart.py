"""Facts that the KPIs of their job are not computed from: they stop no KPI, nor fail unheard."""

from datetime import timedelta

import pytest
from channels import Channels
from jobs_at_work import AT, carry_out, current, execute, fail, fetch, planned, states

from crm_ibis.config.settings import Settings
from crm_ibis.metrics import catalog
from crm_ibis.operations.status import Status, statuses
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.refresh import refresh
from crm_ibis.runlog.publications import publications
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

JOB = "weighted_pipeline"
KPI, FACT = "weighted_pipeline_scenarios", "deal_queue"
LATER = AT + timedelta(minutes=10)
BREAK_OUTREACH = "UPDATE {raw}.outreach SET lead_id = 'nobody' WHERE id = 'out_001'"
MEND_OUTREACH = "UPDATE {raw}.outreach SET lead_id = 'lead_001' WHERE id = 'out_001'"


def published(settings: Settings) -> dict[str, object]:
    """The instant that each published table is of."""
    with open_warehouse(settings) as warehouse:
        return {name: of["as_of"] for name, of in publications(warehouse).items()}


def heard_of(channels: Channels, table: str) -> set[str]:
    """The messages about a table since the last call."""
    titles = {title for taken in channels.heard().values() for title in taken}
    return {title for title in titles if title.startswith(f"{table} ")}


def status_of(settings: Settings, table: str) -> Status:
    with open_warehouse(settings) as warehouse:
        return {status.table: status for status in statuses(warehouse)}[table]


def test_the_job_publishes_the_deals_beside_the_pipeline(seeded: Settings) -> None:
    outcome = carry_out(seeded, planned(JOB))
    assert {table.table for table in outcome.results} == {KPI, FACT}
    assert published(seeded) == {KPI: AT, FACT: AT}
    assert fetch(seeded, "SELECT count(*) FROM {analytics}.deal_queue") == [(6,)]
    assert status_of(seeded, FACT).state == "published"


def test_a_broken_source_of_the_fact_alone_leaves_the_kpi_published(
    seeded: Settings, channels: Channels
) -> None:
    carry_out(seeded, planned(JOB))
    channels.messages()
    execute(seeded, BREAK_OUTREACH)
    outcome = carry_out(seeded, planned(JOB, LATER))
    assert [table.table for table in outcome.results] == [KPI]
    assert published(seeded) == {KPI: LATER, FACT: AT}
    assert heard_of(channels, FACT) == {"deal_queue failed"}
    assert {(i.table, i.event) for i in current(seeded)} == {(FACT, "failure")}
    assert status_of(seeded, FACT).state == "failing"
    assert status_of(seeded, KPI).is_healthy
    watch(seeded)
    assert heard_of(channels, FACT) == set()  # once per failure

    execute(seeded, MEND_OUTREACH)
    carry_out(seeded, planned(JOB, LATER + timedelta(minutes=1)))
    assert published(seeded) == dict.fromkeys((KPI, FACT), LATER + timedelta(minutes=1))
    assert heard_of(channels, FACT) == {"deal_queue has recovered"}
    assert not [i for i in current(seeded) if i.event == "failure"]


def test_a_fact_that_could_never_be_published_is_not_silent(seeded: Settings) -> None:
    execute(seeded, BREAK_OUTREACH)
    carry_out(seeded, planned(JOB))
    assert published(seeded) == {KPI: AT}
    status = status_of(seeded, FACT)
    assert (status.state, status.published_at) == ("failing", None)


def test_a_source_of_the_fact_alone_that_is_not_there_leaves_the_kpi_published(
    seeded: Settings, channels: Channels
) -> None:
    execute(seeded, "DROP TABLE {raw}.outreach")
    carry_out(seeded, planned(JOB))
    assert published(seeded) == {KPI: AT}
    assert {(i.table, i.event) for i in current(seeded)} == {(FACT, "failure")}


def test_a_broken_source_of_both_fails_once_and_is_told_of_the_kpi(
    seeded: Settings, channels: Channels
) -> None:
    execute(seeded, "UPDATE {raw}.leads SET stage = 'unheard of' WHERE id = 'lead_001'")
    fail(seeded, planned(JOB))
    assert states(seeded) == ["failed"]
    assert {(i.table, i.event) for i in current(seeded)} == {(KPI, "failure")}


def test_too_many_removed_rows_of_the_fact_alone_leave_the_kpi_published(
    seeded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_ibis.publishing.publish.MASS_CHANGE_MIN_ROWS", 6)
    carry_out(seeded, planned(JOB))
    execute(
        seeded,
        "DELETE FROM {raw}.outreach",
        "DELETE FROM {raw}.opportunities",
        "DELETE FROM {raw}.leads WHERE stage IN ('lead', 'sql')",
    )
    outcome = carry_out(seeded, planned(JOB, LATER))
    assert [table.table for table in outcome.results] == [KPI]
    assert status_of(seeded, FACT).state == "failing"


def test_the_facts_that_kpis_are_computed_from_are_not_apart() -> None:
    job = planned("ticket_sla", facts=["ticket_sla", "ticket_queue"]).job
    assert catalog.facts_apart(job) == ["ticket_queue"]


# A fact that a job of the version before published, and that none publishes any more


def test_a_fact_that_no_job_publishes_is_unscheduled(seeded: Settings) -> None:
    with open_warehouse(seeded) as warehouse:
        refresh(warehouse, ["ticket_sla"], as_of=AT)
    status = status_of(seeded, "ticket_sla")
    assert (status.state, status.is_healthy, status.as_of) == ("unscheduled", True, AT)
