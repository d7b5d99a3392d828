"""CRM metrics: each KPI one Ibis expression, checked, published in one transaction.

What a script or a notebook needs is here: `refresh`, `load_seeds`, `open_warehouse`, `Settings`,
`load_params`; `history`, the module that reads histories; and `Published`, `Fact`, `Source`,
`Extension` and `column` for contracts of one's own.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

    from crm_ibis import history as history
    from crm_ibis.config.params import load_params as load_params
    from crm_ibis.config.settings import Settings as Settings
    from crm_ibis.contracts.models import Extension as Extension
    from crm_ibis.contracts.models import Fact as Fact
    from crm_ibis.contracts.models import Published as Published
    from crm_ibis.contracts.models import Source as Source
    from crm_ibis.contracts.models import column as column
    from crm_ibis.publishing.refresh import refresh as refresh
    from crm_ibis.sources.seeds import load_seeds as load_seeds
    from crm_ibis.warehouse import open_warehouse as open_warehouse

    __version__: str

_HOMES = {
    "Extension": "contracts.models",
    "Fact": "contracts.models",
    "Published": "contracts.models",
    "Settings": "config.settings",
    "Source": "contracts.models",
    "column": "contracts.models",
    "load_params": "config.params",
    "load_seeds": "sources.seeds",
    "open_warehouse": "warehouse",
    "refresh": "publishing.refresh",
}
"""Looked up when asked for, as Ibis, Pandera and the drivers take longer than `--help` may."""


class _OldModules:
    """Finds modules of version 0.1.0 for the flows that it copied into project folders."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        if not name.startswith("crm_ibis."):
            return None
        return import_module("crm_ibis.legacy").find_spec(name)


# The last one: it is asked for nothing that is there.
sys.meta_path.append(_OldModules)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name == "history":
        return import_module("crm_ibis.history")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"crm_ibis.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__", "history"})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("crm-ibis")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0+unknown"
