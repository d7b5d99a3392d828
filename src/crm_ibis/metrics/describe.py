"""What a table means, from its function's docstring and its contract."""

import inspect
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_ibis.config.declarations import snapshots
from crm_ibis.contracts import audit
from crm_ibis.contracts.models import VALIDITY, Column, Contract, contracts, get_contract, histories
from crm_ibis.contracts.plausible import PlausibleYears
from crm_ibis.contracts.rules import Rule
from crm_ibis.errors import UsageError, near_match
from crm_ibis.metrics import catalog, graph
from crm_ibis.metrics.describe_staging import staging_columns, staging_key

HISTORY = """Every version of every row of {kpi}, with the time during which it held.

Columns that {kpi} gained later are null in versions that ended before. Versions that ended long ago
are in a table of the same columns called _archive at the end; `crm-ibis history` reads both."""


UNITS = {"_pct": "percent", "_hours": "hours", "_days": "days"}


@dataclass(frozen=True)
class Description:
    """Everything a reader needs to know of a table."""

    name: str
    kind: str
    meaning: str
    grain: tuple[str, ...]
    owner: str | None
    criticality: str | None
    exposures: tuple[str, ...]
    needs: tuple[str, ...]
    needed_by: tuple[str, ...]
    columns: list[dict[str, Any]]
    checks: list[str]


def meaning(contract: Contract) -> str:
    """The docstring of the table's function, or of its contract for a source."""
    if contract.kind == "snapshot":
        return HISTORY.format(kpi=snapshots()[contract.name].kpi)
    function = graph.table_functions().get(contract.name)
    return inspect.cleandoc((function or contract.model).__doc__ or "")


def description(name: str) -> Description:
    """Describes a KPI, fact, staging table, source or snapshot.

    Raises UsageError with a near match for any other name.
    """
    if name in graph.staging_functions():
        return _staging(name)
    contract = _contract_of(name)
    entry = catalog.entries().get(name)
    return Description(
        name=name,
        kind=_kind(contract),
        meaning=meaning(contract),
        grain=contract.key,
        owner=entry.owner if entry else None,
        criticality=entry.criticality if entry else None,
        exposures=entry.exposures if entry else (),
        needs=(snapshots()[name].kpi,) if contract.kind == "snapshot" else tuple(graph.needs(name)),
        needed_by=_needed_by(name),
        columns=[_column(c, contract) for c in contract.columns],
        checks=[rule.name for rule in _rules(contract)],
    )


def _contract_of(name: str) -> Contract:
    if catalog.is_known(name) or name in contracts():
        return get_contract(name)
    known = [*contracts(), *histories(), *graph.staging_functions()]
    raise UsageError(
        f'there is no table "{name}"{near_match(name, known)}; `crm-ibis list` shows the KPIs'
    )


def _staging(name: str) -> Description:
    function = graph.staging_functions()[name]
    return Description(
        name=name,
        kind="staging",
        meaning=inspect.cleandoc(function.__doc__ or ""),
        grain=staging_key(name),
        owner=None,
        criticality=None,
        exposures=(),
        needs=tuple(graph.needs(name)),
        needed_by=_needed_by(name),
        columns=staging_columns(name),
        checks=[],
    )


def _needed_by(name: str) -> tuple[str, ...]:
    return tuple(table for table in graph.table_functions() if name in graph.needs(table))


def markdown() -> str:
    """docs/kpis.md: every published table and source for readers."""
    parts = [
        "# Tables",
        "Written by `make generate` from the docstrings of the functions and from the contracts; "
        "a test keeps it equal.",
    ]
    for title, kind in (("KPIs", "kpi"), ("Facts", "fact"), ("Sources", "source")):
        parts.append(f"## {title}")
        parts += [_section(c) for c in contracts().values() if _kind(c) == kind]
    parts.append("## Snapshots")
    parts += [_history_section(c) for c in histories().values()]
    return "\n\n".join(parts) + "\n"


def _kind(contract: Contract) -> str:
    if contract.kind in ("source", "snapshot"):
        return contract.kind
    return "fact" if contract.name in graph.fact_functions() else "kpi"


def _rules(contract: Contract) -> list[Rule]:
    """What a table must keep; a source's instants by the years that are plausible by default."""
    if contract.kind != "source":
        return list(contract.rules)
    return audit.source_rules(contract, datetime(2024, 1, 1), PlausibleYears())


def null_in_words(column: dict[str, Any]) -> str:
    """Whether a column may be null, or not be there at all."""
    if column["may_be_missing"]:
        return "yes, or missing"
    return "yes" if column["nullable"] else ""


def _column(c: Column, contract: Contract) -> dict[str, Any]:
    unit = next((unit for suffix, unit in UNITS.items() if c.name.endswith(suffix)), None)
    own = [rule.name for rule in _rules(contract)[1:] if rule.columns[:1] == (c.name,)]
    return {
        "name": c.name,
        "type": str(c.dtype),
        "unit": unit,
        "nullable": c.nullable,
        "may_be_missing": c.nullable and contract.kind == "source",
        "description": c.description,
        "checks": [check for check in own if check != f"{c.name} is not null"],
    }


def _history_section(contract: Contract) -> str:
    own = [_column(c, contract) for c in contract.columns if c.name in VALIDITY]
    listed = "\n".join(f"- `{c['name']}`: {c['description']}" for c in own)
    key = ", ".join(contract.key)
    return f"### {contract.name}\n\n{meaning(contract)}\n\n- Key: {key}\n{listed}"


def _section(contract: Contract) -> str:
    table = description(contract.name)
    lines = [f"### {table.name}", "", table.meaning, ""]
    if table.kind == "source":
        lines.append(f"- Key: {', '.join(table.grain)}")
    if table.owner:
        lines.append(f"- Owner: {table.owner} ({table.criticality})")
    if table.needs:
        lines.append(f"- Needs: {', '.join(table.needs)}")
    if table.needed_by:
        lines.append(f"- Needed by: {', '.join(table.needed_by)}")
    lines += ["", "| column | type | null | meaning | checks |", "|---|---|---|---|---|"]
    for c in table.columns:
        null = null_in_words(c)
        rules = "; ".join(c["checks"])
        lines.append(f"| {c['name']} | {c['type']} | {null} | {c['description']} | {rules} |")
    return "\n".join(lines)
