"""A source without the rows in quarantine, and the rows that go there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.datatypes as dt
from ibis import Table

from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import Rule
from crm_ibis.sources.columns import casting


@dataclass
class Settled:
    """A source without the rows in quarantine, and what was found wrong with those."""

    name: str
    table: Table
    rows: int = 0
    left_out: int = 0
    checks: list[str] = field(default_factory=list)
    """Each broken check and how many rows break it."""
    keys: list[Table] = field(default_factory=list)
    """Temporary tables: the key of a row in quarantine, and the `check_name` that it breaks."""

    @property
    def summary(self) -> str:
        return f"{self.left_out:,} of {self.rows:,} rows in quarantine ({'; '.join(self.checks)})"


def follows(column: str, parent: Settled) -> Rule:
    """Broken by a row whose parent is in quarantine."""

    def followers(table: Table, parents: Mapping[str, Table]) -> Table:
        return table.semi_join(_ids_in_quarantine(parent), [(column, "parent_id")])

    return Rule(f"{column} is not in quarantine in {parent.name}", (column,), find=followers)


def _ids_in_quarantine(parent: Settled) -> Table:
    """The ids in quarantine of a source."""
    return all_of([keys.select(parent_id="id") for keys in parent.keys])


def without_followers(table: Table, column: str, parent: Settled) -> Table:
    """All rows but those that refer to a row in quarantine; a row without a key stays."""
    gone = _ids_in_quarantine(parent)
    return table.anti_join(gone, casting.cast_value(table[column], dt.string) == gone.parent_id)


def without_keys(table: Table, keys: Table, contract: Contract) -> Table:
    """The rows of a table that have a key, and none of these."""
    own = {c: casting.cast_value(table[c], keys.schema()[c]) for c in contract.key}
    kept = table.filter(*(table[c].notnull() for c in contract.key))
    return kept.anti_join(keys, [own[c] == keys[c] for c in contract.key])


def keys_in_words(keys: Table, contract: Contract) -> Table:
    """Each key as one text."""
    parts = [keys[c].cast("string").fill_null("(none)") for c in contract.key]
    return keys.select(row_key=ibis.literal(", ").join(parts), check_name=keys.check_name)


def all_of(parts: Sequence[Table]) -> Table:
    """The different rows of several tables of the same columns."""
    return parts[0].distinct() if len(parts) == 1 else ibis.union(*parts, distinct=True)
