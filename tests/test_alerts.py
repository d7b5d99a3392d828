"""Alerts go to the channels of the jobs file, say what to do, and never stop a run."""

import json
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from crm_ibis import alerts
from crm_ibis.alerts import Alert
from crm_ibis.checks import ChecksFailed
from crm_ibis.errors import BrokenCheck
from crm_ibis.rules import Violation

SINCE = datetime(2024, 3, 1, 3)


class Sink:
    """A local HTTP server that keeps what it is sent and answers as told."""

    def __init__(self, answers: list[int]) -> None:
        self.got: list[dict[str, Any]] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                sink.got.append(json.loads(self.rfile.read(length)))
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
    monkeypatch.setattr(alerts, "WAIT", 0.01)
    monkeypatch.setattr(alerts, "_reported", set())


def test_the_routes_are_those_of_the_definitions() -> None:
    def to(event: Any, table: str) -> set[str]:
        return set(alerts.channels_of(event, table))

    executive, sales = "email_executive_leadership", "email_sales_operations"
    assert to("recovered", "health_scores") == {"slack", "slack_oncall", executive}
    assert to("failure", "health_scores") == {"slack", executive, "pagerduty"}
    assert to("failure", "weighted_pipeline_scenarios") == {"slack", sales}
    assert to("failure", "cohort_retention") == set(), "medium: nobody is woken"
    assert to("failure", "monthly_scorecard") == set()
    assert to("sla_breach", "ticket_sla_compliance") == {"slack_oncall"}
    assert to("sla_breach", "health_scores") == {"slack_oncall"}
    assert to("sla_breach", "conversion_funnel") == set()
    assert to("success", "health_scores") == {"slack_monitoring"}
    assert to("success", "conversion_funnel") == set()
    assert "slack_monitoring" in to("slow_run", "monthly_scorecard")


def test_a_snapshot_is_its_kpis_affair() -> None:
    found = alerts.channels_of("failure", "health_score_snapshot")
    assert set(found) == {"slack", "email_executive_leadership", "pagerduty"}


def test_each_channel_hears_once_of_the_tables_that_are_its_affair() -> None:
    found = alerts.channels_for("late", ["health_scores", "conversion_funnel", "revenue_kpis"])
    assert found == {
        "slack": ["health_scores", "conversion_funnel"],
        "email_executive_leadership": ["health_scores"],
        "slack_oncall": ["health_scores"],
        "email_sales_leadership": ["conversion_funnel"],
    }


def test_whoever_has_heard_is_left_out() -> None:
    heard = {"health_scores": {"slack", "slack_oncall"}}
    found = alerts.channels_for("late", ["health_scores", "conversion_funnel"], heard)
    assert found["slack"] == ["conversion_funnel"]
    assert "slack_oncall" not in found


def test_every_owner_of_an_exposure_has_a_channel() -> None:
    from crm_ibis.declarations import exposures, jobs

    assert {exposure.owner for exposure in exposures().values()} == jobs().owners.keys()


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
        "tickets: priority is one of x: 5 rows, such as id=t0; id=t1\nand 1 more broken checks\n"
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
    sent = alerts.send(alert, None, environ={"CRM_IBIS_CHANNEL_SLACK_MONITORING": sink.url})
    assert sent == {"slack_monitoring": True}
    (message,) = sink.got
    assert message["title"] == alert.title
    assert "owner: Executive Leadership (critical)" in message["message"]


def test_an_unset_channel_is_reported_once_and_stops_nothing() -> None:
    lines: list[str] = []
    for _ in range(2):
        sent = alerts.send(Alert("success", ("health_scores",)), None, lines.append, {})
        assert sent == {"slack_monitoring": None}
    assert lines == [
        "alert channel slack_monitoring is not set; give its URL in "
        "CRM_IBIS_CHANNEL_SLACK_MONITORING"
    ]


@pytest.mark.parametrize("sink", [[500, 200]], indirect=True)
def test_what_does_not_go_out_is_tried_again(sink: Sink) -> None:
    environ = {"CRM_IBIS_CHANNEL_SLACK_MONITORING": sink.url}
    sent = alerts.send(Alert("success", ("health_scores",)), None, environ=environ)
    assert sent == {"slack_monitoring": True}
    assert len(sink.got) == 2


@pytest.mark.parametrize("sink", [[500]], indirect=True)
def test_a_failing_channel_is_reported_without_its_url(sink: Sink) -> None:
    lines: list[str] = []
    environ = {
        "CRM_IBIS_CHANNEL_SLACK": "nonsense://secret",
        "CRM_IBIS_CHANNEL_EMAIL_SALES_LEADERSHIP": sink.url,
    }
    sent = alerts.send(Alert("failure", ("conversion_funnel",)), None, lines.append, environ)
    assert sent == {"slack": False, "email_sales_leadership": False}
    assert len(sink.got) == alerts.ATTEMPTS
    lines.sort()  # both are told at once
    assert "took no message in 3 attempts" in lines[0]
    assert "no URL that Apprise knows" in lines[1]
    assert "secret" not in "".join(lines)
    assert "127.0.0.1" not in "".join(lines)
