"""The alert channels of the jobs file, each leading to a receiver on this machine."""

import time

import pytest
from receivers import HttpSink, Message

from crm_ibis.operations import routes


class Channels:
    """Every channel of the jobs file, each leading to a path of its own of a local receiver."""

    def __init__(self, sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sink = sink
        self.monkeypatch = monkeypatch
        self.seen = 0
        for channel in routes.all_channels():
            monkeypatch.setenv(routes.variable_of(channel), sink.url(channel))

    def unset(self, channel: str) -> None:
        self.monkeypatch.delenv(routes.variable_of(channel))

    def break_down(self, channel: str) -> None:
        self.sink.failing.add(channel)

    def mend(self, channel: str) -> None:
        self.sink.failing.remove(channel)

    def messages(self) -> list[Message]:
        """What was taken since the last call."""
        new = self.sink.messages[self.seen :]
        self.seen += len(new)
        return new

    def wait_for(self, channel: str) -> Message:
        """The next message of a channel, which is to come soon; others are passed over."""
        for _ in range(500):
            for message in self.messages():
                if message.channel == channel:
                    return message
            time.sleep(0.02)
        raise AssertionError(f"{channel} heard nothing in 10 s")

    def heard(self) -> dict[str, list[str]]:
        """The titles that each channel took since the last call."""
        found: dict[str, list[str]] = {}
        for message in self.messages():
            title = message.title.removeprefix("crm_ibis: ")
            found.setdefault(message.channel, []).append(title)
        return found
