"""What arrives: in a mailbox, at Slack, and in a channel that the command line tries out."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from channels import Channels
from commands import crm_ibis
from receivers import HttpSink, Mailbox
from reports import into

from crm_ibis.operations import delivery, routes
from crm_ibis.operations.alerts import Alert

ALERT = Alert(
    "failure",
    ("conversion_funnel",),
    datetime(2024, 3, 1, 3, 15),
    "run1",
    ("leads: stage is one of <five>: 2 rows, such as id=lead_003; id=lead_007", "nothing & no one"),
)
LINES = [
    "leads: stage is one of <five>: 2 rows, such as id=lead_003; id=lead_007",
    "nothing & no one",
    "tables: conversion_funnel",
    "since: 2024-03-01 03:15 UTC",
    "owner: Sales Leadership (high)",
    "affects: crm_conversion_funnel",
    "run: run1",
]


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """The mail server that the channel of the funnel's owner leads to."""
    with Mailbox().listening() as opened:
        people = "from=crm@example.com&to=leader@example.com"
        monkeypatch.setenv(
            "CRM_IBIS_CHANNEL_EMAIL_SALES_LEADERSHIP",
            f"mailto://127.0.0.1:{opened.port}/?{people}&mode=insecure",
        )
        yield opened


def test_an_email_arrives_with_subject_sender_and_recipient(mailbox: Mailbox) -> None:
    assert delivery.send(ALERT)["email_sales_leadership"] is True
    (mail,) = mailbox.mails
    assert mail["Subject"] == "crm_ibis: conversion_funnel failed"
    assert "crm@example.com" in mail["From"]
    assert mail["To"] == "leader@example.com"


def test_the_text_of_an_email_keeps_its_lines_and_signs(mailbox: Mailbox) -> None:
    delivery.send(ALERT)
    (mail,) = mailbox.mails
    text = mail.get_body(("plain",))
    assert text is not None
    assert [line.strip() for line in text.get_content().splitlines() if line.strip()] == LINES


def test_an_email_as_a_page_keeps_its_lines_and_signs(mailbox: Mailbox) -> None:
    delivery.send(ALERT)
    (mail,) = mailbox.mails
    page = mail.get_body(("html",))
    if page is not None:  # a mail of plain text only is as well
        content = page.get_content()
        assert "&lt;five&gt;" in content
        assert content.count("<br") >= len(LINES) - 1


def test_a_message_to_a_service_has_a_title_and_the_lines(
    channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert delivery.send(ALERT) == {"slack": True, "email_sales_leadership": True}
    for message in channels.messages():
        assert message.title == "crm_ibis: conversion_funnel failed"
        assert message.text.splitlines() == LINES


def test_slack_gets_the_title_and_all_lines(
    sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through Apprise's own plugin, whose hook is turned to this machine."""
    from apprise.plugins.slack import NotifySlack

    monkeypatch.setattr(NotifySlack, "webhook_url", f"{sink.http}/hook")
    tokens = f"T{'1' * 8}/B{'2' * 8}/{'c' * 24}"
    monkeypatch.setenv("CRM_IBIS_CHANNEL_SLACK", f"slack://{tokens}/%23oncall")
    assert delivery.send(ALERT)["slack"] is True
    (message,) = sink.messages
    assert message.channel.startswith("hook")
    shown = list(_texts(message.content))
    assert any("crm_ibis: conversion_funnel failed" in text for text in shown)
    (body,) = [text for text in shown if "run: run1" in text]
    written = body.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert written.splitlines() == LINES


def _texts(content: Any) -> Iterator[str]:
    """All texts in a piece of JSON."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)


def test_a_mail_server_that_is_not_there_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        delivery, "ATTEMPTS", 1
    )  # Apprise waits for seconds before each further one
    lines: list[str] = []
    name = "CRM_IBIS_CHANNEL_EMAIL_SALES_LEADERSHIP"
    monkeypatch.setenv(name, "mailto://crm:geheim@127.0.0.1:1/?mode=insecure&from=a@example.com")
    assert delivery.send(ALERT, report=into(lines))["email_sales_leadership"] is False
    assert any("could not be reached in 1 attempt" in line for line in lines)
    assert "geheim" not in str(lines)


def test_the_command_line_tries_out_every_channel_that_is_set(channels: Channels) -> None:
    channels.unset("pagerduty")
    done = crm_ibis("alerts", "test", "--json")
    assert done.exit_code == 0
    sent = {entry["channel"]: entry["sent"] for entry in done.json}
    assert sent == {**dict.fromkeys(routes.all_channels(), True), "pagerduty": None}
    told = {channel: ["test message"] for channel, took in sent.items() if took}
    assert channels.heard() == told
