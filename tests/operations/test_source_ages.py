"""The watch tells of a source that is older than sources.yml allows, whether or not a job runs."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from channels import Channels
from commands import crm_ibis
from jobs_at_work import current, execute, log_run, quiet
from reports import into

from crm_ibis.config.settings import Settings
from crm_ibis.metrics import graph
from crm_ibis.operations.watchdog import watch
from crm_ibis.publishing.refresh import refresh
from crm_ibis.sources import check
from crm_ibis.testing import store
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

Write = Callable[[str], None]

READ_AT = datetime(2024, 3, 2, 12)
"""When a run read two tickets, the newer one changed at 10:00."""
TICKETS = """
id | created_at          | updated_at
t1 | 2024-03-02 08:00:00 | 2024-03-02 10:00:00
t2 | 2024-03-02 09:00:00 | 2024-03-02 09:30:00
"""
NEW_TICKET = "UPDATE {raw}.tickets SET updated_at = TIMESTAMP '2024-03-02 16:03:00' WHERE id = 't2'"
AT_LIMIT = datetime(2024, 3, 2, 16)
"""Six hours after the newest row: exactly as old as it may be."""
LATER = datetime(2024, 3, 2, 16, 1)
LATEST = datetime(2024, 3, 2, 16, 5)
HEAR_LATENESS = {"slack", "slack_oncall", "email_customer_success", "email_executive_leadership"}


@pytest.fixture
def expecting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes what sources.yml says of tickets."""
    path = tmp_path / "sources.yml"
    monkeypatch.setenv("CRM_IBIS_SOURCES", str(path))

    def write(expected: str) -> None:
        path.write_text(f"sources: {{tickets: {expected}}}\n", encoding="utf-8")

    return write


@pytest.fixture
def published(settings: Settings) -> Settings:
    with open_warehouse(settings) as warehouse:
        store(warehouse, tickets=TICKETS)
        refresh(warehouse, ["ticket_sla_compliance"], as_of=READ_AT, report=quiet)
    log_run(settings, "all", graph.kpi_functions(), datetime(2024, 3, 2, 15, 50))  # none is late
    return settings


def test_a_source_that_grows_old_is_one_incident_with_an_end(
    published: Settings, channels: Channels, expecting: Write
) -> None:
    expecting("{expect: {max_age: 6h}}")
    watch(published, quiet, AT_LIMIT)
    assert channels.heard() == {}
    watch(published, quiet, LATER)
    told = channels.messages()
    assert {message.channel for message in told} >= HEAR_LATENESS
    assert {message.title for message in told} == {"crm_ibis: source tickets has no new rows"}
    lines = told[0].text.splitlines()
    assert lines[:2] == [
        "tickets has no row newer than 2024-03-02 10:00 UTC, and sources.yml allows 6h",
        "ingestion may have stopped; until it works again, runs that read it fail",
    ]
    assert "since: 2024-03-02 10:00 UTC" in lines
    (affected,) = [line for line in lines if line.startswith("also blocked: ")]
    assert "health_scores" in affected
    assert "ticket_sla_compliance" in affected
    watch(published, quiet, LATER)
    assert channels.heard() == {}
    execute(published, NEW_TICKET)
    watch(published, quiet, LATEST)
    heard = channels.heard()
    assert set(heard) >= HEAR_LATENESS
    assert {title for titles in heard.values() for title in titles} == {
        "source tickets has new rows again"
    }
    assert current(published) == []
    watch(published, quiet, LATEST)
    assert channels.heard() == {}


def test_severity_warn_is_a_warning_that_ends_in_silence(
    published: Settings, channels: Channels, expecting: Write
) -> None:
    expecting("{expect: {max_age: 6h, severity: warn}}")
    watch(published, quiet, LATER)
    assert channels.heard() == {"slack_monitoring": ["source tickets has no new rows"]}
    execute(published, NEW_TICKET)
    watch(published, quiet, LATEST)
    assert channels.heard() == {}
    assert current(published) == []


def test_the_graver_of_two_expectations_is_the_incident(
    published: Settings, channels: Channels, expecting: Write
) -> None:
    expecting("{expect: [{max_age: 6h, severity: warn}, {max_age: 6h}]}")
    watch(published, quiet, LATER)
    assert [i.event for i in current(published)] == ["late"]
    expecting("{expect: [{max_age: 5h, severity: warn}, {max_age: 7h}]}")
    watch(published, quiet, LATER)
    assert [i.event for i in current(published)] == ["contract_warning"]


def test_an_expectation_that_is_taken_back_ends_the_incident(
    published: Settings, channels: Channels, expecting: Write
) -> None:
    expecting("{expect: {max_age: 6h}}")
    watch(published, quiet, LATER)
    expecting("{expect: {min_rows: 1}}")
    watch(published, quiet, LATER)
    assert current(published) == []


def test_a_source_that_was_new_when_read_is_not_asked(
    published: Settings, expecting: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the source was asked")

    monkeypatch.setattr(check, "read_sources", asked)
    expecting("{expect: {max_age: 6h}}")
    watch(published, quiet, AT_LIMIT)
    with pytest.raises(AssertionError, match="was asked"):
        watch(published, quiet, LATER)


def test_a_source_that_cannot_be_read_leaves_its_incident_and_the_watch_alone(
    published: Settings, channels: Channels, expecting: Write
) -> None:
    expecting("{expect: {max_age: 6h}}")
    watch(published, quiet, LATER)
    channels.heard()
    expecting("{table: nobody.knows, expect: {max_age: 6h}}")
    lines: list[str] = []
    assert watch(published, into(lines), LATER)
    assert [line for line in lines if "cannot tell how new source tickets is" in line]
    assert [i.table for i in current(published)] == ["source tickets"]
    assert channels.heard() == {}


def test_status_names_it_and_does_not_exit_with_0(
    published: Settings, expecting: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_IBIS_DATABASE_URL", published.database_url)
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", published.raw_schema)
    monkeypatch.setenv("CRM_IBIS_ANALYTICS_SCHEMA", published.analytics_schema)
    expecting("{expect: {max_age: 90d, severity: warn}}")
    done = crm_ibis("status", "--sources")
    assert done.exit_code == 0, done.err
    assert "source tickets: 2 rows, newest row " in done.out
    assert "sources.yml allows 90d" in done.out
    expecting("{expect: {max_age: 6h}}")
    done = crm_ibis("status", "--sources", "--json")
    assert done.exit_code == 1
    (tickets,) = [source for source in json.loads(done.out) if source["source"] == "tickets"]
    assert tickets["too_old"] == {
        "max_age": "6h",
        "severity": "error",
        "newest_at": "2024-03-02T10:00:00",
    }
    assert "sources.yml allows 6h" in crm_ibis("status").out
    expecting("{expect: {max_age: 3650d}}")
    done = crm_ibis("status", "--sources", "--json")
    assert done.exit_code == 0
    assert [source["too_old"] for source in json.loads(done.out)] == [None, None]
