"""An incident is told once to each channel, and its end once to those who heard of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from channels import Channels
from jobs_at_work import current, quiet
from reports import into

from crm_ibis.config.alerting import Event
from crm_ibis.config.settings import Settings
from crm_ibis.errors import DatabaseError
from crm_ibis.operations import incidents
from crm_ibis.operations import outage as keeping
from crm_ibis.operations.alerts import Alert
from crm_ibis.runlog import clock, log
from crm_ibis.warehouse import open_warehouse

POSTGRES_IS_SLOW = True

SINCE = datetime(2024, 3, 1, 3)
LEADERS = "email_sales_leadership"
FAILED = Alert("failure", ("conversion_funnel",), SINCE, "run1", gist="no room")
FUNNEL_FAILED = ["conversion_funnel failed"]
IN_ORDER = ["conversion_funnel has recovered"]


@pytest.fixture
def ready(settings: Settings) -> Settings:
    """A database that has been used before, with nothing wrong."""
    with open_warehouse(settings) as warehouse:
        log.prepare(warehouse)
    return settings


def tell(settings: Settings, event: Event, table: str, **more: Any) -> None:
    incidents.notify(settings, Alert(event, (table,), SINCE, **more))


def end(settings: Settings, table: str, *events: Event) -> None:
    with open_warehouse(settings) as warehouse, incidents.alert_lock(warehouse):
        incidents.end(warehouse, [table], events or incidents.TROUBLE, quiet)


def test_an_incident_is_told_once(ready: Settings, channels: Channels) -> None:
    incidents.notify(ready, FAILED)
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}
    incidents.notify(ready, FAILED)
    incidents.notify(ready, replace(FAILED, run_id="run2"))
    assert channels.heard() == {}
    (incident,) = current(ready)
    assert (incident.table, incident.event, incident.since) == (
        "conversion_funnel",
        "failure",
        SINCE,
    )
    assert incident.heard == {"slack", LEADERS}


def test_it_is_told_again_when_something_else_is_wrong(ready: Settings, channels: Channels) -> None:
    incidents.notify(ready, FAILED)
    channels.heard()
    other = replace(FAILED, run_id="run2", gist="no connection")
    incidents.notify(ready, other)
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}
    incidents.notify(ready, replace(other, run_id="run3"))
    assert channels.heard() == {}


def test_the_same_run_is_told_once_in_whatever_words(ready: Settings, channels: Channels) -> None:
    incidents.notify(ready, FAILED)
    channels.heard()
    incidents.notify(ready, replace(FAILED, gist="what the watch says"))
    assert channels.heard() == {}


def test_what_the_watch_says_of_a_run_does_not_make_the_next_one_news(
    ready: Settings, channels: Channels
) -> None:
    incidents.notify(ready, FAILED)
    incidents.notify(ready, replace(FAILED, gist="what the watch says"))
    channels.heard()
    incidents.notify(ready, replace(FAILED, run_id="run2"))
    assert channels.heard() == {}


def test_an_incident_of_one_table_is_none_of_another(ready: Settings, channels: Channels) -> None:
    incidents.notify(ready, FAILED)
    channels.heard()
    incidents.notify(ready, replace(FAILED, tables=("conversion_funnel", "satisfaction_rollups")))
    told = ["satisfaction_rollups failed"]
    assert channels.heard() == {"slack": told, "email_customer_success": told}


def test_late_after_a_breach_is_news_only_to_those_who_have_not_heard(
    ready: Settings, channels: Channels
) -> None:
    breach, late = "health_scores is taking longer than its SLA", ["health_scores is late"]
    tell(ready, "sla_breach", "health_scores", run_id="run1")
    assert channels.heard() == {"slack_oncall": [breach]}
    tell(ready, "late", "health_scores")
    assert channels.heard() == {"slack": late, "email_executive_leadership": late}
    tell(ready, "late", "health_scores")
    tell(ready, "sla_breach", "health_scores", run_id="run2")
    assert channels.heard() == {}


def test_a_failure_is_news_after_a_breach(ready: Settings, channels: Channels) -> None:
    tell(ready, "sla_breach", "health_scores")
    channels.heard()
    tell(ready, "failure", "health_scores")
    assert channels.heard().keys() == {"slack", "email_executive_leadership", "pagerduty"}


def test_the_end_is_told_once_and_only_to_those_who_heard(
    ready: Settings, channels: Channels
) -> None:
    channels.break_down(LEADERS)
    incidents.notify(ready, FAILED)
    assert channels.heard() == {"slack": FUNNEL_FAILED}
    channels.mend(LEADERS)
    end(ready, "conversion_funnel")
    assert channels.heard() == {"slack": IN_ORDER}
    end(ready, "conversion_funnel")
    assert channels.heard() == {}
    assert current(ready) == []


def test_one_message_ends_a_breach_and_the_lateness_after_it(
    ready: Settings, channels: Channels
) -> None:
    tell(ready, "sla_breach", "health_scores")
    tell(ready, "late", "health_scores")
    channels.heard()
    end(ready, "health_scores")
    told = ["health_scores has recovered"]
    heard = ("slack", "slack_oncall", "email_executive_leadership")
    assert channels.heard() == dict.fromkeys(heard, told)
    assert current(ready) == []


def test_the_end_of_one_table_leaves_the_others(ready: Settings, channels: Channels) -> None:
    incidents.notify(ready, replace(FAILED, tables=("conversion_funnel", "satisfaction_rollups")))
    channels.heard()
    end(ready, "conversion_funnel")
    assert channels.heard() == {"slack": IN_ORDER, LEADERS: IN_ORDER}
    assert [incident.table for incident in current(ready)] == ["satisfaction_rollups"]


def test_an_incident_after_an_ended_one_is_told_anew(ready: Settings, channels: Channels) -> None:
    incidents.notify(ready, FAILED)
    end(ready, "conversion_funnel")
    channels.heard()
    incidents.notify(ready, replace(FAILED, run_id="run2"))
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}


def test_only_a_channel_that_failed_is_told_later(ready: Settings, channels: Channels) -> None:
    channels.break_down("slack")
    incidents.notify(ready, FAILED)
    assert channels.heard() == {LEADERS: FUNNEL_FAILED}
    incidents.notify(ready, FAILED)
    assert channels.heard() == {}
    channels.mend("slack")
    incidents.notify(ready, FAILED)
    assert channels.heard() == {"slack": FUNNEL_FAILED}


def test_an_end_that_a_channel_did_not_take_is_told_to_it_later(
    ready: Settings, channels: Channels
) -> None:
    incidents.notify(ready, FAILED)
    channels.heard()
    channels.break_down("slack")
    end(ready, "conversion_funnel")
    assert channels.heard() == {LEADERS: IN_ORDER}
    channels.mend("slack")
    end(ready, "conversion_funnel")
    assert channels.heard() == {"slack": IN_ORDER}
    assert current(ready) == []


def test_an_unset_channel_stops_nothing(ready: Settings, channels: Channels) -> None:
    channels.unset("slack")
    lines: list[str] = []
    for _ in range(2):
        incidents.notify(ready, FAILED, into(lines))
    assert channels.heard() == {LEADERS: FUNNEL_FAILED}
    assert lines == ["alert channel slack is not set; give its URL in CRM_IBIS_CHANNEL_SLACK"]
    end(ready, "conversion_funnel")
    assert channels.heard() == {LEADERS: IN_ORDER}
    assert current(ready) == []


UNUSABLE = {
    "no server": Settings(database_url="postgres://reader:geheim@127.0.0.1:1/crm"),
    "no folder": Settings(database_url="duckdb:///nowhere/at/all/crm.duckdb"),
    "no such kind": Settings(database_url="oracle://reader:geheim@127.0.0.1/crm"),
    "no such port": Settings(database_url="postgres://reader:geheim@127.0.0.1:many/crm"),
}


@pytest.mark.parametrize("unusable", UNUSABLE.values(), ids=UNUSABLE)
def test_an_alert_goes_out_though_the_database_cannot_be_used(
    unusable: Settings, channels: Channels
) -> None:
    lines: list[str] = []
    incidents.notify(unusable, FAILED, into(lines))
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}
    assert "cannot look up earlier alerts" in lines[0]
    assert "geheim" not in "".join(lines)


def test_an_alert_goes_out_before_anything_was_ever_logged(
    settings: Settings, channels: Channels
) -> None:
    incidents.notify(settings, FAILED)
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}


def test_an_alert_before_anything_was_ever_logged_is_remembered(
    settings: Settings, channels: Channels
) -> None:
    incidents.notify(settings, FAILED)
    channels.heard()
    incidents.notify(settings, FAILED)
    assert channels.heard() == {}
    end(settings, "conversion_funnel")
    assert channels.heard() == {"slack": IN_ORDER, LEADERS: IN_ORDER}


def test_an_alert_goes_out_though_another_takes_for_ever(
    ready: Settings, channels: Channels
) -> None:
    with open_warehouse(ready) as warehouse, incidents.alert_lock(warehouse):
        incidents.notify(replace(ready, lock_timeout=0.1), FAILED)
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}


def test_two_who_tell_the_same_at_once_send_one_message(
    ready: Settings, channels: Channels
) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: incidents.notify(ready, replace(FAILED, run_id=f"r{n}")), range(4)))
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}
    assert len(current(ready)) == 1


@pytest.mark.parametrize("event", ["slow_run", "contract_warning"])
def test_what_is_no_trouble_ends_in_silence(
    ready: Settings, channels: Channels, event: Event
) -> None:
    tell(ready, event, "conversion_funnel")
    tell(ready, event, "conversion_funnel")
    assert [len(told) for told in channels.heard().values()] == [1]
    end(ready, "conversion_funnel", event)
    assert channels.heard() == {}
    assert current(ready) == []
    tell(ready, event, "conversion_funnel")
    assert channels.heard().keys() == {"slack_monitoring"}


# Since when


def late(table: str, hour: int) -> Alert:
    return Alert("late", (table,), datetime(2024, 3, 1, hour))


def test_a_channel_hears_since_when_its_own_incidents_lasted(
    ready: Settings, channels: Channels
) -> None:
    incidents.notify(ready, late("cohort_retention", 1))
    incidents.notify(ready, late("weighted_pipeline_scenarios", 19))
    channels.heard()
    with open_warehouse(ready) as warehouse, incidents.alert_lock(warehouse):
        both = ["cohort_retention", "weighted_pipeline_scenarios"]
        incidents.end(warehouse, both, incidents.TROUBLE, quiet)
    told = {message.channel: message for message in channels.messages()}
    sales = told["email_sales_operations"]
    assert sales.title == "crm_ibis: weighted_pipeline_scenarios has recovered"
    assert "since: 2024-03-01 19:00 UTC" in sales.text.splitlines()
    assert "01:00" not in sales.text
    assert "since: 2024-03-01 01:00 UTC" in told["email_revenue_operations"].text.splitlines()
    slack = told["slack"]
    assert slack.title == "crm_ibis: cohort_retention and 1 more have recovered"
    assert slack.text.splitlines()[:2] == [
        "cohort_retention: since 2024-03-01 01:00 UTC",
        "weighted_pipeline_scenarios: since 2024-03-01 19:00 UTC",
    ]


def test_tables_that_were_late_since_the_same_instant_share_a_line(
    ready: Settings, channels: Channels
) -> None:
    tables = ("health_scores", "conversion_funnel")
    incidents.notify(ready, Alert("late", tables, SINCE))
    channels.heard()
    with open_warehouse(ready) as warehouse, incidents.alert_lock(warehouse):
        incidents.end(warehouse, tables, incidents.TROUBLE, quiet)
    (slack,) = [message for message in channels.messages() if message.channel == "slack"]
    assert slack.title == "crm_ibis: health_scores and 1 more have recovered"
    assert slack.text.splitlines()[:2] == [
        "tables: health_scores, conversion_funnel",
        "since: 2024-03-01 03:00 UTC",
    ]


def test_each_channel_hears_of_the_kind_of_trouble_that_it_was_told_of(
    ready: Settings, channels: Channels
) -> None:
    """The breach began at 3:00 and only the on-call heard it; the others heard of 5:00."""
    tell(ready, "sla_breach", "health_scores")
    incidents.notify(ready, late("health_scores", 5))
    channels.heard()
    end(ready, "health_scores")
    since = {m.channel: m.text.partition("since: ")[2][:16] for m in channels.messages()}
    assert since == {
        "slack_oncall": "2024-03-01 03:00",
        "slack": "2024-03-01 05:00",
        "email_executive_leadership": "2024-03-01 05:00",
    }


# While the database is away


@pytest.fixture
def outage(ready: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Whether the database refuses everybody, as with a password that was changed."""

    def refuse(settings: Settings, *more: Any, **others: Any) -> Any:
        raise DatabaseError("cannot connect to the database: password authentication failed")

    def set_to(away: bool) -> None:
        monkeypatch.setattr(incidents, "open_warehouse", refuse if away else open_warehouse)

    return set_to


def test_a_failure_that_was_told_without_the_database_is_told_once_and_its_end_too(
    ready: Settings, channels: Channels, outage: Callable[[bool], None]
) -> None:
    outage(True)
    for run in ("run1", "run2", "run3"):
        incidents.notify(ready, replace(FAILED, run_id=run))
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}
    assert current(ready) == []
    outage(False)
    end(ready, "conversion_funnel")
    assert channels.heard() == {"slack": IN_ORDER, LEADERS: IN_ORDER}
    assert current(ready) == []
    end(ready, "conversion_funnel")
    assert channels.heard() == {}


def test_what_was_told_without_the_database_is_not_told_again_with_it(
    ready: Settings, channels: Channels, outage: Callable[[bool], None]
) -> None:
    outage(True)
    incidents.notify(ready, FAILED)
    channels.heard()
    outage(False)
    incidents.notify(ready, replace(FAILED, run_id="run2"))
    assert channels.heard() == {}
    (incident,) = current(ready)
    assert (incident.table, incident.since, set(incident.heard)) == (
        "conversion_funnel",
        SINCE,
        {"slack", LEADERS},
    )


def test_a_channel_that_was_away_too_hears_of_it_later(
    ready: Settings, channels: Channels, outage: Callable[[bool], None]
) -> None:
    outage(True)
    channels.break_down("slack")
    incidents.notify(ready, FAILED)
    assert channels.heard() == {LEADERS: FUNNEL_FAILED}
    channels.mend("slack")
    incidents.notify(ready, FAILED)
    assert channels.heard() == {"slack": FUNNEL_FAILED}
    incidents.notify(ready, FAILED)
    assert channels.heard() == {}


def test_an_outage_is_told_again_after_a_day(
    ready: Settings,
    channels: Channels,
    outage: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What this machine remembers may have been left behind by an outage long past."""
    outage(True)
    incidents.notify(ready, FAILED)
    channels.heard()
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    incidents.notify(ready, FAILED)
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}


def test_another_database_s_outage_is_its_own(
    ready: Settings, channels: Channels, outage: Callable[[bool], None]
) -> None:
    outage(True)
    incidents.notify(ready, FAILED)
    incidents.notify(replace(ready, analytics_schema="another"), FAILED)
    assert len(channels.heard()["slack"]) == 2


def test_what_is_remembered_does_not_depend_on_the_password() -> None:
    def remembered(url: str) -> object:
        return keeping._folder(Settings(database_url=url))

    right, wrong = "postgres://etl:right@db/crm", "postgres://etl:wrong@db/crm"
    assert remembered(right) == remembered(wrong)
    assert remembered(right) != remembered("postgres://etl:right@db/other")
    assert remembered("postgres:///crm?host=/run&password=a") == remembered(
        "postgres:///crm?host=/run&password=b"
    )
    assert remembered("postgres:///crm?host=/run") != remembered("postgres:///crm?host=/tmp")


def test_a_machine_without_a_place_to_remember_tells_all_the_same(
    ready: Settings,
    channels: Channels,
    outage: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    outage(True)
    lines: list[str] = []
    incidents.notify(ready, FAILED, into(lines))
    assert channels.heard() == {"slack": FUNNEL_FAILED, LEADERS: FUNNEL_FAILED}
    assert any("cannot save a record of this alert" in line for line in lines)
