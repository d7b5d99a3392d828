"""What is read of a project once, for each of the projects that a process uses.

Not anew when a file changes: a run is to go by one state of its project from beginning to end.
The flows call `forget` before each run, and so read the present one.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Generic, TypeVar

from crm_ibis.config import project
from crm_ibis.config.tolerance import is_tolerating

Found = TypeVar("Found")
LIMIT = 8
"""Of how many projects a process remembers what it read, tolerating or not."""

_everything: "list[PerProject[object]]" = []


class PerProject(Generic[Found]):
    """A function of the project in use, whose result is kept for each project."""

    def __init__(self, function: Callable[[], Found]) -> None:
        update_wrapper(self, function)
        self._function = function
        self._found: dict[tuple[project.Identity, bool], Found] = {}
        _everything.append(self)  # type: ignore[arg-type]

    def __call__(self) -> Found:
        key = (project.identity(), is_tolerating())
        if key not in self._found:
            found = self._function()
            while len(self._found) >= LIMIT:
                del self._found[next(iter(self._found))]
            self._found[key] = found
        return self._found[key]

    def cache_clear(self) -> None:
        """Reads anew when it is asked again."""
        self._found.clear()


def forget() -> None:
    """Reads everything anew when it is asked for: the project's files may have changed."""
    for each in _everything:
        each.cache_clear()
