"""What the program uses of Pandera; in a command it is imported without pandas.

pandas takes a command a quarter of a second and 80 MiB, and Pandera's Ibis backend calls it only to
tell why a table does not have the columns of its contract.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

from crm_ibis.config import process

ABOUT_PANDAS = ("pandera._pandas_deprecated", "pandera.typing.pandas")
"""Modules that Pandera does without where pandas is not installed."""


class _UnknownMeta(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class _Unknown(metaclass=_UnknownMeta):
    """A type of pandas, and whatever it has, in annotations."""


class _LaterPandas(ModuleType):
    """pandas, imported when a function of Pandera first uses it."""

    is_hidden = True

    def __getattr__(self, name: str) -> Any:
        if self.is_hidden:
            return getattr(_Unknown, name)
        return getattr(importlib.import_module("pandas"), name)


class _Finder(MetaPathFinder):
    """Finds no module about pandas while it is hidden, as where it is not installed."""

    is_hidden = True

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if self.is_hidden and name in ABOUT_PANDAS:
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
        if name == "pandera.pandas":  # a team's own module checks data frames
            importlib.reload(sys.modules["pandera.typing"])


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Keeps pandas out of what is imported meanwhile, unless somebody has imported it already."""
    if not process.is_command or "pandas" in sys.modules or "pandera" in sys.modules:
        yield
        return
    finder = _Finder()
    pandas = _LaterPandas("pandas")
    sys.meta_path.insert(0, finder)
    sys.modules["pandas"] = pandas
    try:
        yield
    finally:
        del sys.modules["pandas"]
        pandas.is_hidden = finder.is_hidden = False


with _without_pandas():
    import pandera.ibis as pa
    from pandera.api.checks import Check
    from pandera.api.dataframe.model_components import FieldInfo
    from pandera.api.ibis.types import IbisData
    from pandera.backends.ibis.register import register_ibis_backends
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaError, SchemaErrors

    register_ibis_backends()

__all__ = [
    "Check",
    "FieldInfo",
    "IbisData",
    "SchemaError",
    "SchemaErrors",
    "ValidationDepth",
    "config_context",
    "pa",
]
