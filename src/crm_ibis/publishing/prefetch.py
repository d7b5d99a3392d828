"""Making things in another thread while the ones before are being used."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event
from typing import Any, TypeVar

Item = TypeVar("Item")


class _NobodyWants(Exception):
    """The consumer of the items has gone."""


@contextmanager
def ahead(make: Callable[[Callable[[Item], None]], None]) -> Iterator[Iterator[Item]]:
    """The items that `make` hands to its argument, in order, as soon as each is made.

    An error of `make` is raised after the items that it made. Leaving early waits for the item that
    is being made, and stops `make` there.
    """
    made: SimpleQueue[Any] = SimpleQueue()
    end = object()
    gone = Event()

    def emit(item: Item) -> None:
        if gone.is_set():
            raise _NobodyWants
        made.put(item)

    def items(making: Future[None]) -> Iterator[Item]:
        yield from iter(made.get, end)
        making.result()

    with ThreadPoolExecutor(1) as thread:
        making = thread.submit(make, emit)
        making.add_done_callback(lambda done: made.put(end))
        try:
            yield items(making)
        finally:
            gone.set()
