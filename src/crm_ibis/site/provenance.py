"""Where each source comes from, as the catalog tells it: without error texts, paths or addresses.

Asks the database, and runs the user's own functions: call it outside a transaction, which would not
survive a statement that fails.
"""

from dataclasses import dataclass, field

from ibis import Table
from ibis.common.exceptions import IbisError

from crm_ibis import checks, contracts, fit, mapped, mapping, sources
from crm_ibis.contracts import Contract
from crm_ibis.errors import CrmIbisError
from crm_ibis.mapping import Column, Mapping, Sources
from crm_ibis.warehouse import Warehouse


@dataclass(frozen=True)
class Provenance:
    """One source: what it is made of, how, and the query that stands for it."""

    said: Mapping
    words: str
    """The table, or the connector or file and the tables that it reads."""
    columns: dict[str, str] = field(default_factory=dict)
    """Our columns, and what each is made of, unless all are made of those of the same name."""
    is_read: bool = True
    """Whether a refresh could read it."""
    query: Table | None = None
    """Of a mapped source that can be read: what takes its place, bound to no database."""

    @property
    def policy(self) -> str | None:
        """What happens to rows that break the contract."""
        if self.said.absent:
            return None
        if not self.said.quarantines:
            return "`fail`: they stop a refresh"
        share = f"{self.said.max_quarantined_pct:g} % of the rows"
        return f"`quarantine`: they are left out, up to {share}"


def provenances(warehouse: Warehouse) -> dict[str, Provenance]:
    """Every source, by name."""
    declared, found = mapping.declared(), {}
    for contract in contracts.contracts().values():
        if contract.kind == "source":
            found[contract.name] = _provenance(warehouse, contract, declared)
    return found


def _provenance(warehouse: Warehouse, contract: Contract, declared: Sources) -> Provenance:
    name, said = contract.name, declared.of(contract.name)
    words = sources.origin_in_words(warehouse, name, declared)
    if said.absent:
        return Provenance(said, words, query=mapped.absent(contract))
    columns = {c: _in_words(column) for c, column in said.columns.items()}
    try:
        origin = sources.origin(warehouse, name, declared)
        words = origin.words
        columns = _columns(origin.table, said, contract)
        made = {name: sources.mapped_from(origin, name, declared)}
        query = checks.conformed(made)[name]
        warehouse.rows(query.limit(0))  # it may be there and refuse to be read
    except (CrmIbisError, IbisError):
        return Provenance(said, words, columns, is_read=False)
    return Provenance(said, words, columns, query=query.unbind() if said.is_mapped else None)


def _columns(table: Table, said: Mapping, contract: Contract) -> dict[str, str]:
    """None where all have the names of ours."""
    seen = fit.columns_of(table, said, contract)
    made = {c: _in_words(column) for c, column in said.columns.items()}
    columns = {**dict.fromkeys(seen["empty"], "null"), **seen["mapped"], **made}
    return columns if any(c != words for c, words in columns.items()) else {}


def _in_words(column: Column) -> str:
    words = column.words
    if column.translates:
        words += ", translated"
    return f"{words}, null becomes {column.missing}" if column.has("missing") else words
