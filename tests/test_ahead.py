"""Items are made in another thread, in order; errors and early leaving are not lost."""

from collections.abc import Callable
from itertools import count
from threading import Event, current_thread, main_thread

import pytest

from crm_ibis.publishing.prefetch import ahead


def test_items_come_in_order_and_are_made_in_another_thread() -> None:
    def make(emit: Callable[[int], None]) -> None:
        assert current_thread() is not main_thread()
        for number in range(100):
            emit(number)

    with ahead(make) as numbers:
        assert list(numbers) == list(range(100))


def test_the_next_item_is_made_while_one_is_used() -> None:
    second_made = Event()

    def make(emit: Callable[[int], None]) -> None:
        emit(1)
        second_made.set()
        emit(2)

    with ahead(make) as numbers:
        assert next(numbers) == 1
        assert second_made.wait(10)
        assert list(numbers) == [2]


def test_an_error_in_making_comes_after_what_was_made() -> None:
    def make(emit: Callable[[int], None]) -> None:
        emit(1)
        raise ValueError("no second one")

    with ahead(make) as numbers:
        assert next(numbers) == 1
        with pytest.raises(ValueError, match="no second one"):
            next(numbers)


def test_leaving_early_stops_the_making() -> None:
    stopped = Event()

    def make(emit: Callable[[int], None]) -> None:
        try:
            for number in count():
                emit(number)
        finally:
            stopped.set()

    with ahead(make) as numbers:
        assert next(numbers) == 0
    assert stopped.is_set()
