"""What a team adds to the contract of a shipped table, without a copy of it."""

from collections.abc import Collection, Mapping
from typing import Any

import pandera.ibis as pa

from crm_ibis.contracts.contract import Contract, extend, with_severities
from crm_ibis.errors import UsageError, near_match

SEVERITIES = ("error", "warn")


def extended(
    name: str,
    extension: type[pa.DataFrameModel],
    known: Mapping[str, Contract],
    shipped: Collection[str],
    own: Collection[str],
) -> Contract:
    """The contract of a shipped table as an extension has it.

    Raises UsageError for a table that is not shipped, a column that it cannot have, another type of
    a column, and an unknown rule.
    """
    if name not in shipped:
        also = ", which is a table of your own: change its contract" if name in own else ""
        raise UsageError(
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


def _config_of(extension: type[pa.DataFrameModel]) -> dict[str, Any]:
    """What an extension says in `class Config`, which Pandera must not read."""
    config = extension.__dict__["Config"]
    told = {k: v for k, v in vars(config).items() if not k.startswith("_") and k != "name"}
    if unknown := sorted(told.keys() - {"severities"}):
        raise UsageError(
            f"{extension.__name__}.Config.{unknown[0]}: an extension sets nothing but "
            f"`severities`{near_match(unknown[0], ['severities'])}"
        )
    if told:
        del config.severities
    return told


def _refuse_columns(contract: Contract, extension: type[pa.DataFrameModel]) -> None:
    declared = extension.to_schema()
    for name, column in declared.columns.items():
        if "references" not in (column.metadata or {}):
            raise UsageError(
                f'{extension.__name__}.{name} is not described; write `{name}: ... = column("What '
                'it holds.")`'
            )
        if name not in contract.schema:
            if contract.kind == "published":
                raise UsageError(
                    f"{extension.__name__}.{name}: the function {contract.name} of the package "
                    f"computes no column {name}{near_match(name, contract.schema)}; write a KPI of "
                    f"your own that needs {contract.name} and adds it"
                )
        elif column.dtype.type.copy(nullable=True) != contract.schema[name]:
            raise UsageError(
                f"{extension.__name__}.{name} is {column.dtype.type}, but the package has "
                f"{contract.schema[name]}; an extension changes checks, and no type"
            )


def _refuse_severities(name: str, contract: Contract, severities: Any) -> None:
    if not isinstance(severities, dict):
        raise UsageError(
            f'{name}.Config.severities is no mapping of rules, such as {{"amount >= 0": "warn"}}'
        )
    known = [rule.name for rule in contract.rules]
    for rule, severity in severities.items():
        if rule not in known:
            raise UsageError(
                f'{name}.Config.severities: {contract.name} has no rule "{rule}"'
                f"{near_match(rule, known)}; `crm-ibis describe {contract.name}` shows them"
            )
        if severity not in SEVERITIES:
            raise UsageError(
                f'{name}.Config.severities: "{severity}" is no severity'
                f"{near_match(str(severity), SEVERITIES)}; there are error and warn"
            )
