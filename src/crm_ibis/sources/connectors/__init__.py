"""Connectors: our sources as functions of a system's tables, as ingestion services land them.

A module of a system has a function for each source; parameters name landed tables, and
one with a default may be missing. They may be called, or built upon, like any other function.
"""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module

from ibis import Table

from crm_ibis.errors import UsageError, near_match

SYSTEMS = ("hubspot", "salesforce", "zendesk")

CURRENCIES = {
    "hubspot": ("deal", "property_deal_currency_code"),
    "salesforce": ("opportunity", "currency_iso_code"),
}
"""Where the currency of a system's amounts lands: table and column."""


def table_functions(system: str) -> dict[str, Callable[..., Table]]:
    """The sources that a connector makes, by name; raises UsageError for an unknown system."""
    if system not in SYSTEMS:
        raise UsageError(
            f'there is no connector "{system}"{near_match(system, SYSTEMS)}; '
            f"there are {', '.join(SYSTEMS)}"
        )
    module = import_module(f"{__name__}.{system}")
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def table_function(system: str, source: str) -> Callable[..., Table]:
    """The function of a source; raises UsageError when the system has nothing to make it of."""
    known = table_functions(system)
    if source not in known:
        raise UsageError(
            f"the connector {system} makes {', '.join(known)}, but not {source}; say in "
            f"sources.yml that {source} is absent, or where it comes from"
        )
    return known[source]


def lands_currency(system: str, tables: Mapping[str, Table]) -> bool:
    """Whether the landed tables say which currency an amount is in."""
    table, column = CURRENCIES.get(system, ("", ""))
    return table in tables and column in tables[table].columns
