"""Calls of Spark in a thread of their own, so that the main one stays free for Ctrl-C."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

Answer = TypeVar("Answer")
PATIENCE = 10.0
"""Seconds for a cancelled job to end."""


class Worker:
    """One thread that makes calls one after the other while the caller waits.

    A signal that arrives while the main thread reads an answer of py4j breaks its connection to
    Java: pyspark's own handler asks over it for the jobs to be cancelled. So the answers are read
    elsewhere.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._last: Future[Any] | None = None
        # A daemon, as a program that ends must not wait for a Java that does not answer.
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Whether a call that was given up has not ended yet."""
        return self._last is not None and not self._last.done()

    def run(
        self, call: Callable[[], Answer], cancel: Callable[[], None], limit: float | None
    ) -> Answer:
        """What a call answers.

        It is cancelled when the caller is interrupted, and when it has taken so many seconds: then
        again and again, as between two jobs of a query there is none to cancel.
        """
        future: Future[Answer] = Future()
        self._last = future
        self._calls.put((call, future))
        try:
            with suppress(TimeoutError):
                return future.result(limit)
            while not future.done():
                cancel()
                with suppress(TimeoutError):
                    future.exception(1)
            return future.result()
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C
                cancel()
                with suppress(TimeoutError):
                    future.exception(PATIENCE)
            raise

    def _work(self) -> None:
        while True:
            call, future = self._calls.get()
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
