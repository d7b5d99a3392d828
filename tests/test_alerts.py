"""Alerts go to the channels of the jobs file, say what to do, and never stop a run."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError
from reports import into

from crm_ibis.config import alerting, declarations
from crm_ibis.contracts.audit import (
    ChecksFailed,
)
from crm_ibis.contracts.violations import Violation
from crm_ibis.errors import BrokenCheck
from crm_ibis.metrics import catalog
from crm_ibis.operations import alerts, delivery, routes
from crm_ibis.operations.alerts import Alert

SINCE = datetime(2024, 3, 1, 3)


class Sink:
    """A local HTTP server that keeps what it is sent and answers as told."""

    def __init__(self, answers: list[int]) -> None:
        self.got: list[dict[str, Any]] = []
        self.slowness = 0.0
        """Seconds before it answers."""
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                sink.got.append(json.loads(self.rfile.read(length)))
                time.sleep(sink.slowness)
                self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/path"
        self.thread = Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def sink(request: pytest.FixtureRequest) -> Iterator[Sink]:
    made = Sink(getattr(request, "param", [200]))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick_and_forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "WAIT", 0.01)
    monkeypatch.setattr(delivery, "_reported", set())


def test_the_routes_are_those_of_the_definitions() -> None:
    def to(event: Any, table: str) -> set[str]:
        return set(routes.channels_of(event, table))

    executive, sales = "email_executive_leadership", "email_sales_operations"
    assert to("recovered", "health_scores") == {"slack", "slack_oncall", executive}
    assert to("failure", "health_scores") == {"slack", executive, "pagerduty"}
    assert to("failure", "weighted_pipeline_scenarios") == {"slack", sales}
    assert to("failure", "cohort_retention") == {"slack", "email_revenue_operations"}
    assert to("late", "cohort_retention") == {"slack", "email_revenue_operations"}
    assert to("failure", "monthly_scorecard") == {"slack"}, "nothing fails unheard"
    assert to("late", "monthly_scorecard") == {"slack"}
    assert to("recovered", "monthly_scorecard") == {"slack"}
    assert to("failure", "pipeline_kpi_snapshot") == {"slack"}
    assert to("failure", alerts.WATCH) == {"slack"}
    assert to("sla_breach", "ticket_sla_compliance") == {"slack_oncall"}
    assert to("sla_breach", "health_scores") == {"slack_oncall"}
    assert to("sla_breach", "conversion_funnel") == set()
    assert to("success", "health_scores") == {"slack_monitoring"}
    assert to("success", "conversion_funnel") == set()
    assert "slack_monitoring" in to("slow_run", "monthly_scorecard")


def test_a_snapshot_is_its_kpis_affair() -> None:
    found = routes.channels_of("failure", "health_score_snapshot")
    assert set(found) == {"slack", "email_executive_leadership", "pagerduty"}


def test_each_channel_hears_once_of_the_tables_that_are_its_affair() -> None:
    found = routes.channels_for("late", ["health_scores", "conversion_funnel", "revenue_kpis"])
    assert found == {
        "slack": ["health_scores", "conversion_funnel", "revenue_kpis"],
        "email_executive_leadership": ["health_scores"],
        "slack_oncall": ["health_scores"],
        "email_sales_leadership": ["conversion_funnel"],
    }


def test_whoever_has_heard_is_left_out() -> None:
    heard = {"health_scores": {"slack", "slack_oncall"}}
    found = routes.channels_for("late", ["health_scores", "conversion_funnel"], heard)
    assert found["slack"] == ["conversion_funnel"]
    assert "slack_oncall" not in found


def test_every_owner_of_an_exposure_has_a_channel() -> None:
    from crm_ibis.config.declarations import exposures, jobs

    assert {exposure.owner for exposure in exposures().values()} == jobs().owners.keys()


@pytest.mark.parametrize(
    ("event", "one", "several"),
    [
        ("failure", "failed", "failed"),
        ("sla_breach", "is taking longer than its SLA", "are taking longer than their SLA"),
        ("late", "is late", "are late"),
        ("recovered", "has recovered", "have recovered"),
        ("success", "was published", "were published"),
        ("slow_run", "took longer than usual", "took longer than usual"),
        ("contract_warning", "has warnings", "have warnings"),
        ("due_soon", "is due soon", "are due soon"),
    ],
)
def test_a_title_agrees_with_how_many_tables_it_is_about(
    event: Any, one: str, several: str
) -> None:
    assert Alert(event, ("a",)).title == f"crm_ibis: a {one}"
    assert Alert(event, ("a", "b", "c")).title == f"crm_ibis: a and 2 more {several}"


def test_a_message_says_what_since_when_whose_and_what_it_affects() -> None:
    alert = Alert("late", ("health_scores",), SINCE, "run1")
    assert alert.title == "crm_ibis: health_scores is late"
    assert alert.body.splitlines() == [
        "tables: health_scores",
        "since: 2024-03-01 03:00 UTC",
        "owner: Executive Leadership (critical)",
        "affects: facility_health_scorecard",
        "run: run1",
    ]


def test_a_broken_contract_is_told_with_two_keys_and_no_values() -> None:
    samples = [{"id": f"t{n}", "priority": "urgent, says Anna"} for n in range(5)]
    first = Violation("tickets", "priority is one of x", ("priority",), "error", 5, samples)
    other = Violation("leads", "stage is one of y", ("stage",), "error", 1, [])
    broken = ChecksFailed([first, other]).broken
    alert = alerts.failure(("health_scores",), "text", broken, SINCE, "run1")
    assert alert.body.startswith(
        "tickets: priority is one of x: 5 rows, such as id=t0; id=t1\nand 1 more broken check\n"
    )
    assert alert.body.splitlines()[-1] == "run: run1"
    assert "Anna" not in alert.body
    assert "id=t2" not in alert.body


def test_another_failure_is_told_in_its_first_line() -> None:
    text = "PostgreSQL: the connection was lost; run again\nmore\nof it"
    alert = alerts.failure(("health_scores",), text, (), SINCE, None)
    assert alert.details == (
        "PostgreSQL: the connection was lost; run again",
        "nothing was published; readers have what they had",
    )


def test_a_broken_contract_names_what_it_blocks_elsewhere() -> None:
    # Tickets are needed by ticket_sla, and through it by these KPIs.
    broken = [BrokenCheck("tickets", "priority is one of x", 1)]
    alert = alerts.failure(("ticket_sla_compliance",), "text", broken, SINCE, None)
    assert alert.blocked == ("health_scores", "monthly_scorecard")
    assert "also blocked: health_scores, monthly_scorecard" in alert.body.splitlines()
    affected = "affects: support_sla_monitoring, facility_health_scorecard"
    assert affected in alert.body.splitlines()


def test_a_message_arrives(sink: Sink) -> None:
    alert = Alert("success", ("health_scores",), SINCE, "run1")
    sent = delivery.send(alert, None, environ={"CRM_IBIS_CHANNEL_SLACK_MONITORING": sink.url})
    assert sent == {"slack_monitoring": True}
    (message,) = sink.got
    assert message["title"] == alert.title
    assert "owner: Executive Leadership (critical)" in message["message"]


def test_an_unset_channel_is_reported_once_and_stops_nothing() -> None:
    lines: list[str] = []
    for _ in range(2):
        sent = delivery.send(Alert("success", ("health_scores",)), None, into(lines), {})
        assert sent == {"slack_monitoring": None}
    assert lines == [
        "alert channel slack_monitoring is not set; give its URL in "
        "CRM_IBIS_CHANNEL_SLACK_MONITORING"
    ]


@pytest.mark.parametrize("sink", [[500, 200]], indirect=True)
def test_what_does_not_go_out_is_tried_again(sink: Sink) -> None:
    environ = {"CRM_IBIS_CHANNEL_SLACK_MONITORING": sink.url}
    sent = delivery.send(Alert("success", ("health_scores",)), None, environ=environ)
    assert sent == {"slack_monitoring": True}
    assert len(sink.got) == 2


@pytest.mark.parametrize("sink", [[500]], indirect=True)
def test_a_failing_channel_is_reported_without_its_url(sink: Sink) -> None:
    lines: list[str] = []
    environ = {
        "CRM_IBIS_CHANNEL_SLACK": "nonsense://secret",
        "CRM_IBIS_CHANNEL_EMAIL_SALES_LEADERSHIP": sink.url,
    }
    sent = delivery.send(Alert("failure", ("conversion_funnel",)), None, into(lines), environ)
    assert sent == {"slack": False, "email_sales_leadership": False}
    assert len(sink.got) == delivery.ATTEMPTS
    lines.sort()  # both are told at once
    assert "could not be reached in 3 attempts" in lines[0]
    assert "no URL that Apprise knows" in lines[1]
    assert "secret" not in "".join(lines)
    assert "127.0.0.1" not in "".join(lines)


@pytest.mark.e2e
def test_a_service_that_takes_long_is_waited_for_and_told_once(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.slowness = 5.0  # Apprise itself gives up after four
    lines: list[str] = []
    environ = {"CRM_IBIS_CHANNEL_SLACK": sink.url}
    assert delivery.send_to("slack", "title", "body", report=into(lines), environ=environ) is True
    assert len(sink.got) == 1
    assert lines == []


def test_a_service_that_never_answers_is_told_once(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the message, most likely: each repetition might be one more."""
    monkeypatch.setattr(delivery, "ANSWER", 0.2)
    sink.slowness = 1.0
    lines: list[str] = []
    environ = {"CRM_IBIS_CHANNEL_SLACK": sink.url}
    assert delivery.send_to("slack", "title", "body", report=into(lines), environ=environ) is True
    time.sleep(1.5)
    assert len(sink.got) == 1
    (line,) = lines
    assert "slack did not answer in time" in line
    assert "127.0.0.1" not in line


def test_a_service_that_cannot_be_reached_is_not_taken_for_a_slow_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environ = {"CRM_IBIS_CHANNEL_SLACK": "json://127.0.0.1:1/?cto=0.1"}
    assert delivery.send_to("slack", "title", "body", environ=environ) is False


def test_one_service_of_a_channel_that_fails_does_not_repeat_the_message_to_the_others(
    sink: Sink,
) -> None:
    environ = {"CRM_IBIS_CHANNEL_SLACK": f"{sink.url}, json://127.0.0.1:1/nobody"}
    assert delivery.send_to("slack", "title", "body", environ=environ) is False
    assert len(sink.got) == 1


def test_what_apprise_writes_for_debugging_stays_secret(
    sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {"CRM_IBIS_CHANNEL_SLACK": f"{sink.url}/secret-token"}
    with caplog.at_level(0):
        delivery.send_to("slack", "title", "body", environ=environ)
    told = [record.getMessage() for record in caplog.records if record.name == "apprise"]
    assert "secret-token" not in str(told)


# What nobody would hear


def jobs_with(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    declared = declarations.jobs().model_copy(update=changes)
    monkeypatch.setattr(routes, "jobs", lambda: declared)
    monkeypatch.setattr(alerts, "jobs", lambda: declared)


def test_the_shipped_files_let_nothing_go_unheard() -> None:
    assert routes.gaps() == []


def test_without_a_default_route_the_tables_that_nobody_hears_of_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs_with(monkeypatch, default_route=[])
    failures, lateness = routes.gaps()
    unheard = [n for n, e in catalog.entries().items() if e.criticality in (None, "medium")]
    assert {"cohort_retention", "revenue_kpis"} < set(unheard)
    assert failures == (
        f"no channel is notified of failures of {', '.join([*unheard, 'pipeline_kpi_snapshot'])}; "
        "name one in `default_route` of flows/jobs.yml"
    )
    assert lateness.startswith(
        "no channel is notified of lateness of cohort_retention, rep_activity"
    )
    assert "snapshot" not in lateness, "it has no SLA"


def test_a_default_route_to_owners_alone_leaves_out_what_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs_with(monkeypatch, default_route=["owner"])
    assert routes.channels_of("failure", "cohort_retention") == ["email_revenue_operations"]
    unheard = routes.gaps()[0]
    assert "combined_kpis, " in unheard
    assert "cohort_retention" not in unheard


def test_a_route_to_an_owner_without_a_channel_falls_to_the_default_route(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    route = alerting.Route(events=["failure"], to=["owner"])
    jobs_with(monkeypatch, alerts=[route], owners={})
    assert routes.channels_of("failure", "health_scores") == ["slack"]
    assert routes.gaps()[-1].startswith("no channel under `owners` of flows/jobs.yml: Sales Ope")


def test_an_owner_that_no_exposure_has_is_listed_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners = {**declarations.jobs().owners, "Old Team": ["email_of_old_team"]}
    jobs_with(monkeypatch, owners=owners)
    assert routes.gaps() == ["no exposure has these `owners` of flows/jobs.yml: Old Team"]


def test_channels_without_a_url_are_listed() -> None:
    environ = {routes.variable_of(c): "json://here" for c in routes.all_channels() if c != "slack"}
    silent, unset = routes.gaps(environ)
    assert silent.startswith("failures of combined_kpis, ")
    assert "health_scores" not in silent, "its owner has a channel"
    assert unset == "no URL in the environment: CRM_IBIS_CHANNEL_SLACK"


def test_without_any_url_it_is_one_line() -> None:
    (line,) = routes.gaps({})
    assert line.startswith("no channel has a URL in the environment, so no failure reaches anybody")


# Links


def test_an_alert_links_to_the_table_and_to_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    links = alerting.Links(
        site="https://kpis.example.com/", run="https://prefect.example.com/runs/{flow_run}"
    )
    jobs_with(monkeypatch, links=links)
    one = Alert("failure", ("health_scores",), flow_run="1-2-3")
    assert one.body.splitlines()[-2:] == [
        "site: https://kpis.example.com/tables/health_scores.html",
        "flow run: https://prefect.example.com/runs/1-2-3",
    ]
    several = Alert("late", ("health_scores", "conversion_funnel"))
    assert several.body.splitlines()[-1] == "site: https://kpis.example.com/runs.html"
    assert Alert("late", ("no_longer_here",)).body.endswith("/runs.html")


@pytest.mark.parametrize(
    ("links", "told"),
    [
        ({"site": "kpis.example.com"}, "is not an address such as"),
        ({"site": "file:///tmp/site"}, "is not an address such as"),
        ({"site": "https://me:secret@kpis.example.com"}, "holds a login"),
        ({"site": "https://kpis.example.com/?token=secret"}, "holds a login or a `.query`"),
        ({"run": "https://prefect.example.com/runs"}, "needs {flow_run} once"),
        ({"run": "https://prefect.example.com/{id}/{flow_run}"}, "needs {flow_run} once"),
        ({"sites": "https://kpis.example.com"}, "sites"),
    ],
)
def test_a_link_that_is_none_or_holds_a_secret_is_refused(links: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        alerting.Links.model_validate(links)
