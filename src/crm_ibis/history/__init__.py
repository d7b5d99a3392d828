"""Histories of KPIs: what changed, merged as versions, and read again.

For notebooks: `as_it_stood` and `versions`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from crm_ibis import legacy

if TYPE_CHECKING:
    from crm_ibis.history.reader import as_it_stood as as_it_stood
    from crm_ibis.history.reader import versions as versions


def __getattr__(name: str) -> Any:
    if name not in ("as_it_stood", "versions"):
        return legacy.attribute(__name__, name)
    return getattr(import_module("crm_ibis.history.reader"), name)
