"""What a team adds to the contract of a shipped table, without a copy of it."""

from collections.abc import Collection, Mapping
from typing import Any

from crm_ibis.contracts.bases import Extension
from crm_ibis.contracts.contract import Contract, extend, with_severities
from crm_ibis.contracts.own_modules import Wrong
from crm_ibis.errors import near_match

SEVERITIES = ("error", "warn")


def extended(
    name: str,
    extension: type[Extension],
    known: Mapping[str, Contract],
    shipped: Collection[str],
    own: Collection[str],
) -> Contract:
    """The contract of a shipped table as an extension has it.

    Raises Wrong for a table that is not shipped, a column that it cannot have, another type of
    a column, and an unknown rule.
    """
    if name not in shipped:
        also = ", which is a table of your own: change its contract" if name in own else ""
        raise Wrong(
            f'{extension.__name__} extends "{name}"{also or near_match(name, shipped)}, but the '
            "package ships no table of this name; name the class like the contract that it extends"
        )
    contract = known[name]
    config = _config_of(extension)
    _refuse_columns(contract, extension)
    more = extend(contract, extension)
    severities = config.get("severities", {})
    _refuse_severities(extension.__name__, more, severities)
    return with_severities(more, severities)


def _config_of(extension: type[Extension]) -> dict[str, Any]:
    """What an extension says in `class Config`."""
    settings = extension._settings
    if unknown := sorted(settings.keys() - {"severities"}):
        raise Wrong(
            f"{extension.__name__}.Config.{unknown[0]}: an extension sets nothing but "
            f"`severities`{near_match(unknown[0], ['severities'])}"
        )
    return settings


def _refuse_columns(contract: Contract, extension: type[Extension]) -> None:
    for name, column in extension.to_schema().columns.items():
        if words := _column_problem(name, column, contract):
            raise Wrong(f"{extension.__name__}.{name}{words}", extension.__name__, name)


def _column_problem(name: str, column: Any, contract: Contract) -> str | None:
    if "references" not in (column.metadata or {}):
        return f' is not described; write `{name}: ... = column("What it holds.")`'
    known = contract.schema
    if name not in known and contract.kind == "published":
        return (
            f": the function {contract.name} of the package computes no column {name}"
            f"{near_match(name, known)}; write a KPI of your own that needs {contract.name} and "
            "adds it"
        )
    if name in known and column.dtype.type.copy(nullable=True) != known[name]:
        return (
            f" is {column.dtype.type}, but the package has {known[name]}; an extension changes "
            "checks, and no type"
        )
    return None


def _refuse_severities(name: str, contract: Contract, severities: Any) -> None:
    if not isinstance(severities, dict):
        raise Wrong(
            f'{name}.Config.severities is no mapping of rules, such as {{"amount >= 0": "warn"}}'
        )
    known = [rule.name for rule in contract.rules]
    for rule, severity in severities.items():
        if rule not in known:
            raise Wrong(
                f'{name}.Config.severities: {contract.name} has no rule "{rule}"'
                f"{near_match(rule, known)}; `crm-ibis describe {contract.name}` shows them"
            )
        if severity not in SEVERITIES:
            raise Wrong(
                f'{name}.Config.severities: "{severity}" is no severity'
                f"{near_match(str(severity), SEVERITIES)}; there are error and warn"
            )
