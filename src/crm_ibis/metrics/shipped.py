"""The functions of the package: each is a table."""

import inspect
import pkgutil
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from ibis import Table

from crm_ibis.metrics import facts, kpis, queues, staging

TableFunction = Callable[..., Table]


def _functions_of(module: ModuleType) -> dict[str, TableFunction]:
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def shipped_kpis() -> dict[str, TableFunction]:
    """The KPIs of the package, by name."""
    modules = (
        import_module(f"{kpis.__name__}.{info.name}")
        for info in pkgutil.iter_modules(kpis.__path__)
    )
    return {name: f for module in modules for name, f in sorted(_functions_of(module).items())}


def shipped_facts() -> dict[str, TableFunction]:
    """The facts of the package, by name."""
    return {**_functions_of(facts), **_functions_of(queues)}


def shipped_staging() -> dict[str, TableFunction]:
    """The staging tables of the package, by name."""
    return _functions_of(staging)
