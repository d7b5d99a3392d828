"""Where each source comes from, as the catalog shows it: without error texts, paths or addresses.

Asks the database, and runs the user's own functions: call it outside a transaction, which would not
survive a statement that fails.
"""

from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field

from ibis import Table
from ibis.common.exceptions import IbisError

from crm_ibis.contracts import models
from crm_ibis.contracts.models import Contract
from crm_ibis.errors import CrmIbisError
from crm_ibis.metrics.lineage import Origin
from crm_ibis.publishing import source_contents
from crm_ibis.sources import check, resolve, spec, transform
from crm_ibis.sources.column_spec import Column
from crm_ibis.sources.spec import SourcesFile, SourceSpec
from crm_ibis.warehouse import Warehouse


@dataclass(frozen=True)
class Provenance:
    """One source: what it is made of, how, and the query that stands for it."""

    said: SourceSpec
    words: str
    """The table, or the connector or file and the tables that it reads."""
    columns: dict[str, str] = field(default_factory=dict)
    """Our columns, and what each is made of, unless all are made of those of the same name."""
    is_read: bool = True
    """Whether a refresh could read it."""
    query: Table | None = None
    """Of a source that can be read and is mapped or lacks columns: what takes its place, bound to
    no database."""
    undecided: tuple[str, ...] = ()
    """Columns that it does not have, so that nobody knows whether their events happened."""
    lists_people: bool = False
    """Whether its mapping lists values that may name people: then there is no query to show."""

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
    declared = spec.load_spec()
    found = {}
    for contract in models.contracts().values():
        if contract.kind == "source" and not resolve.is_missing(warehouse, contract.name, declared):
            found[contract.name] = _provenance(warehouse, contract, declared)
    return found


def undecided(found: Mapped[str, Provenance]) -> set[Origin]:
    """The columns that sources do not have and that decide something."""
    return {Origin(name, column) for name, seen in found.items() for column in seen.undecided}


def _provenance(warehouse: Warehouse, contract: Contract, declared: SourcesFile) -> Provenance:
    name = contract.name
    said = declared.of(contract.name)
    words = resolve.origin_in_words(warehouse, name, declared)
    if said.absent:
        return Provenance(said, words, query=transform.absent(contract))
    columns = {c: _in_words(column) for c, column in said.columns.items()}
    without: tuple[str, ...] = ()
    try:
        origin = resolve.origin(warehouse, name, declared)
        words = origin.words
        columns = _columns(origin.table, said, contract)
        without = source_contents.columns_of(origin.table, said, contract)["undecided"]
        made = {name: resolve.apply_spec(origin, name, declared)}
        query = check.drop_undecided(made, check.cast_sources(made))[name]
        warehouse.rows(query.limit(0))  # it may be there and refuse to be read
    except (CrmIbisError, IbisError):
        return Provenance(said, words, columns, is_read=False)
    if _lists_people(said, contract):
        return Provenance(said, words, columns, undecided=without, lists_people=True)
    differs = said.is_mapped or not set(contract.schema) <= set(made[name].columns)
    shown = query.unbind() if differs else None
    return Provenance(said, words, columns, query=shown, undecided=without)


def _lists_people(said: SourceSpec, contract: Contract) -> bool:
    """Whether values of reps or of private columns are listed, or addresses anywhere."""
    personal = {"rep_id", *(c.name for c in contract.columns if c.private)}
    read = {name: said.columns[name].reads for name in personal & said.columns.keys()}
    theirs = {column for name in personal for column in read.get(name, [name])}
    translated = {name for name, column in said.columns.items() if column.translates}
    return (
        bool(personal & translated)
        or bool(theirs & said.chosen.keys())
        or not all(map(_is_harmless, said.literals))
    )


def _columns(table: Table, said: SourceSpec, contract: Contract) -> dict[str, str]:
    """None where all have the names of ours."""
    seen = source_contents.columns_of(table, said, contract)
    made = {c: _in_words(column) for c, column in said.columns.items()}
    unsaid = dict.fromkeys(seen["empty"], "null") | dict.fromkeys(seen["undecided"], "missing")
    columns = {**unsaid, **seen["mapped"], **made}
    return columns if any(c != words for c, words in columns.items()) else {}


def _in_words(column: Column) -> str:
    words = column.words if _is_harmless(column.value) else "a constant"
    if column.translates:
        words += ", translated"
    instead = column.missing if _is_harmless(column.missing) else "a constant"
    return f"{words}, null becomes {instead}" if column.has("missing") else words


def _is_harmless(literal: object) -> bool:
    """Whether it is no address."""
    return "@" not in str(literal)
