"""Histories of KPIs: what changed, merged as versions, and read again.

For notebooks: `as_it_stood` and `versions`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_ibis.history.reader import as_it_stood as as_it_stood
    from crm_ibis.history.reader import versions as versions


def __getattr__(name: str) -> Any:
    if name not in ("as_it_stood", "versions"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("crm_ibis.history.reader"), name)
