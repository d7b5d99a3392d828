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
        if not self.is_hidden:
            return getattr(importlib.import_module("pandas"), name)
        return getattr(_Unknown, name)


class _NoPandas(MetaPathFinder):
    """Says of the modules about pandas what Python says where it is not installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name in ABOUT_PANDAS:
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Keeps pandas out of what is imported meanwhile, unless somebody has imported it already."""
    if not process.is_command or "pandas" in sys.modules or "pandera" in sys.modules:
        yield
        return
    finder = _NoPandas()
    pandas = _LaterPandas("pandas")
    sys.meta_path.insert(0, finder)
    sys.modules["pandas"] = pandas
    try:
        yield
    finally:
        del sys.modules["pandas"]
        sys.meta_path.remove(finder)
        pandas.is_hidden = False


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
