"""Receivers on this machine that stand for Slack, a mail server and Datadog's agent."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(frozen=True)
class Message:
    """What came to a channel."""

    channel: str
    content: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.content.get("title", ""))

    @property
    def text(self) -> str:
        return str(self.content.get("message", ""))


class HttpSink:
    """A local HTTP server that keeps the JSON that is posted to it, each path a channel."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.failing: set[str] = set()
        """Channels that take no message."""
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                channel = self.path.strip("/")
                fails = channel in sink.failing
                if not fails:
                    sink.messages.append(Message(channel, content))
                self.send_response(500 if fails else 200)
                self.end_headers()
                self.wfile.write(b"ok")  # what Slack says

            def log_message(self, *arguments: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.http = f"http://{self.place}"
        self.thread = Thread(target=self.server.serve_forever, args=[0.01], daemon=True)
        self.thread.start()

    def url(self, channel: str) -> str:
        """The channel's URL for Apprise."""
        return f"json://{self.place}/{channel}"

    def about(self, text: str) -> list[Message]:
        """The messages with this in their title, oldest first."""
        return [message for message in self.messages if text in message.title]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Mailbox:
    """A local SMTP server that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    @contextmanager
    def listening(self) -> Iterator["Mailbox"]:
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()


class Agent:
    """A local UDP socket that stands for the agent of a metrics service."""

    def __init__(self, own: socket.socket) -> None:
        self.socket = own
        self.port = own.getsockname()[1]

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator["Agent"]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(("127.0.0.1", 0))
            own.setblocking(False)
            yield cls(own)

    def lines(self) -> list[str]:
        """What has arrived since the last call; on this machine a packet is there once sent."""
        found: list[str] = []
        while True:
            try:
                found += self.socket.recv(65_536).decode().splitlines()
            except BlockingIOError:
                return found
