"""What sources.yml may tell a connector beside where its tables are.

A connector's function takes them as parameters by name only; the others are landed tables.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from ibis import Table

from crm_ibis.errors import UsageError, near_match

Reopened = Literal["last", "first"]
REOPENED = ("last", "first")

GOES_WITH = {"pause_on": "ticket_pauses", "reopened": "tickets"}
"""The source that each of them is about."""
NEEDED = {
    "hubspot": "the stages in which a ticket waits, by label or id",
    "salesforce": "the statuses in which a case waits",
}
"""What `pause_on` names where nothing can be assumed."""

ONE_OF = {("zendesk", "ticket_pauses"): ("ticket_field_history", "ticket_audits")}
"""Tables of which a function needs one, and takes the first, by system and source."""

ZENDESK_PAUSES_ON = ("hold",)
ZENDESK_PAUSES = ("new", "open", "pending", "hold", "solved")
"""Zendesk's statuses that another may follow; a custom status counts as its category."""


def tables_of(function: Callable[..., Table]) -> list[inspect.Parameter]:
    """The parameters of a connector's function that name landed tables."""
    return [p for p in _parameters(function) if p.kind is not p.KEYWORD_ONLY]


def options_of(function: Callable[..., Table]) -> dict[str, inspect.Parameter]:
    """The parameters of a connector's function that are no tables."""
    return {p.name: p for p in _parameters(function) if p.kind is p.KEYWORD_ONLY}


def misfit(
    system: str, source: str, function: Callable[..., Table], said: Mapping[str, Any]
) -> tuple[str, str] | None:
    """The key that is wrong of what sources.yml tells a connector about a source, and why."""
    taken = options_of(function)
    for key in said:
        if key not in taken:
            return key, f"goes with {GOES_WITH[key]}, not with {source}"
    for key, parameter in taken.items():
        if parameter.default is parameter.empty and key not in said:
            return key, f"the connector {system} needs it: {NEEDED[system]}"
    if system == "zendesk" and (problem := unknown_status(said.get("pause_on", ()))):
        return "pause_on", problem
    return None


def unknown_status(statuses: Iterable[str]) -> str | None:
    """Why Zendesk's tickets cannot wait in one of these, if so."""
    for status in statuses:
        if status not in ZENDESK_PAUSES:
            listed = ", ".join(ZENDESK_PAUSES)
            hint = near_match(status, ZENDESK_PAUSES)
            return f'Zendesk has no status "{status}" to pause on{hint}; there are {listed}'
    return None


def zendesk_statuses(pause_on: Sequence[str]) -> list[str]:
    """Raises UsageError for a status that Zendesk does not have, or that is final."""
    if problem := unknown_status(pause_on):
        raise UsageError(f"pause_on: {problem}")
    return list(pause_on)


def counts_first(reopened: str) -> bool:
    """Whether the first resolution of a ticket counts; raises UsageError for another word."""
    if reopened not in REOPENED:
        raise UsageError(f'reopened: "{reopened}" is not known; there may be last or first')
    return reopened == "first"


def _parameters(function: Callable[..., Table]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())
