"""Sends messages to channels, a few times if need be, and never for ever."""

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Literal

from crm_ibis.events import ProgressEvent, Report, to_log, warn
from crm_ibis.operations.alerts import KINDS, Alert, Kind
from crm_ibis.operations.routes import channels_for, variable_of
from crm_ibis.text import count_of

REPORT_TO_LOG = to_log(__name__)
Delivery = Literal["answered", "unanswered", "failed"]
ATTEMPTS = 3
WAIT = 1.0
"""Seconds before the second attempt; twice as many before the third."""
ANSWER = 20.0
"""Seconds within which a service is to answer; by default Apprise gives up after four."""


def send(
    alert: Alert,
    channels: Mapping[str, Iterable[str]] | None = None,
    report: Report = REPORT_TO_LOG,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, bool | None]:
    """Sends each channel an alert about its tables; without channels given, as the routes say."""
    chosen = channels_for(alert.event, alert.tables) if channels is None else channels
    messages = {channel: alert.of(tables) for channel, tables in chosen.items()}
    return send_each(messages, report, environ)


def send_each(
    messages: Mapping[str, Alert],
    report: Report = REPORT_TO_LOG,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, bool | None]:
    """Sends each channel its message, all at once: true where it went out, None where the URL is
    not set.

    What does not go out is tried again, then reported; it never raises and stops nothing.
    """

    def send_one(channel: str) -> bool | None:
        alert = messages[channel]
        return send_to(channel, alert.title, alert.body, KINDS[alert.event], report, environ)

    if not messages:
        return {}
    with ThreadPoolExecutor(len(messages)) as pool:
        return dict(zip(messages, pool.map(send_one, messages), strict=True))


def send_to(
    channel: str,
    title: str,
    body: str,
    kind: Kind = "info",
    report: Report = REPORT_TO_LOG,
    environ: Mapping[str, str] = os.environ,
    must_answer: bool = False,
) -> bool | None:
    """Sends a message to one channel; reports what goes wrong without its URL, which is secret.

    With `must_answer`, a service that does not answer in time has failed; else it most likely has
    the message, which is not repeated.
    """
    url = environ.get(variable_of(channel))
    if not url:
        if variable_of(channel) not in _reported:
            _reported.add(variable_of(channel))
            line = f"alert channel {channel} is not set; give its URL in {variable_of(channel)}"
            report(ProgressEvent("note", line))
        return None
    import apprise  # takes as long to import as all of this package

    messenger = apprise.Apprise()
    if not messenger.add(url):
        warn(
            report, f"alert channel {channel}: {variable_of(channel)} is no URL that Apprise knows"
        )
        return False
    sent = [_deliver(server, channel, title, body, kind, report) for server in messenger]
    if must_answer:
        return all(outcome == "answered" for outcome in sent)
    return "failed" not in sent


def _deliver(
    server: Any, channel: str, title: str, body: str, kind: Kind, report: Report
) -> Delivery:
    """Sends a message through one service of a channel.

    A service that took the message and does not answer in time most likely has it, and each
    repetition might be one more message. What is refused is tried again.
    """
    import apprise

    messenger = apprise.Apprise()
    messenger.add(_patient(server))
    for attempt in range(ATTEMPTS):
        time.sleep(WAIT * attempt)
        with _unanswered.collect() as unanswered:
            try:
                if messenger.notify(
                    body, title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
                ):
                    return "answered"
            except Exception as error:  # whatever a plugin may raise
                warn(report, f"alert channel {channel}: {type(error).__name__}")
        if unanswered:
            warn(
                report,
                f"alert channel {channel} did not answer in time; it may have the message, which "
                f"is not repeated: {title}",
            )
            return "unanswered"
    times = count_of(ATTEMPTS, "attempt")
    warn(report, f"alert channel {channel} could not be reached in {times}: {title}")
    return "failed"


def _patient(server: Any) -> Any:
    """Waits for answers as long as ANSWER, unless the URL of a channel says how long (`rto`)."""
    if server.socket_read_timeout == type(server).socket_read_timeout:
        server.socket_read_timeout = ANSWER
    return server


class _Unanswered(logging.Filter):
    """Hears from Apprise's log that a service took a request and did not answer.

    Apprise itself only says that a message failed. The lines for debugging go no further: they hold
    URLs, which are secret.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.local()

    @contextmanager
    def collect(self) -> Iterator[list[str]]:
        """The lines about requests of this thread that nobody answered."""
        logger = logging.getLogger("apprise")
        logger.addFilter(self)
        logger.setLevel(logging.DEBUG)
        self.heard.lines = []
        yield self.heard.lines

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if "Read timed out" in line and hasattr(self.heard, "lines"):
            self.heard.lines.append(line)
        return record.levelno >= logging.WARNING


_unanswered = _Unanswered()
_reported: set[str] = set()
