"""Values of landed tables that connectors cannot read, so that none becomes null in silence.

While a function makes a source, whatever it reads of a column that is not of the type it needs is
noted. A row whose value is there and cannot be read breaks a rule of the source.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.contracts.rules import Rule
from crm_ibis.sources.columns.instants import text_of_number

REMEDY = "read anything else in a function of your own that calls the connector's"
FORMS = {
    "instant": "an instant in ISO 8601",
    "day": "a day in ISO 8601",
    "number": "a number such as 1234.56",
    "flag": "true or false, yes or no, 1 or 0",
}
"""What a value must be, in words."""

KEYS = (
    *("id", "ticket_id", "case_id", "deal_id", "engagement_id", "stage_id", "chat_id"),
    "source_id",
)
"""Columns that name a row of a landed table."""
OURS = "our_id"
NAMED_BY = {"ticket_pauses": "ticket_id"}
"""By source: the column that names the row that a landed row belongs to, where it is not `id`."""

DEALS = {
    **{"deal": "deal_id", "deal_stage": "deal_id"},
    **{"lead": "id", "opportunity": "id", "opportunity_history": "id"},
}
OWNERS: dict[str, dict[str, str]] = {
    "facilities": {"company": "id", "account": "id", "organization": "id"},
    "leads": DEALS,
    "opportunities": DEALS,
    "outreach": {
        **{"engagement_email": "engagement_id", "engagement_call": "engagement_id"},
        **{"engagement_meeting": "engagement_id", "task": "id", "event": "id"},
    },
    "satisfaction": {"satisfaction_rating": "id"},
    "ticket_pauses": {
        **{"ticket_field_history": "ticket_id", "ticket_property_history": "ticket_id"},
        **{"ticket_audits": "ticket_id", "case_history": "case_id"},
    },
    "tickets": {
        **{"ticket": "id", "ticket_comment": "ticket_id", "ticket_field_history": "ticket_id"},
        "ticket_property_history": "ticket_id",
    },
}
"""By source and parameter of the function that makes it: the column that names our row."""


@dataclass(frozen=True)
class Unread:
    """The rows of a landed table in which a column holds what cannot be read."""

    name: str
    """What the column must be, in words."""
    column: str
    rows: Table
    """What names such a row, and the value."""
    parameter: str | None = None
    """The parameter of the function that the table was given as."""
    severity: str = "error"

    @property
    def rule(self) -> Rule:
        """Broken by every such row."""
        return self._rule(self.rows)

    def in_ours(self, source: str) -> Rule | None:
        """Broken by the rows of the source that such rows belong to; None if nothing says which."""
        owner = self._owner(source)
        if owner is None:
            return None
        owners = self.rows.select(**{OURS: self.rows[owner]}).distinct()
        named_by = NAMED_BY.get(source, "id")

        def owned(table: Table, parents: Mapping[str, Table]) -> Table:
            return table.semi_join(owners, table[named_by].cast("string") == owners[OURS])

        return Rule(self.name, (), find=owned)

    def outside(self, source: str, whole: Table) -> Rule:
        """Broken by such rows as belong to no row of the source that could be left out."""
        owner = self._owner(source)
        if owner is None:
            return self.rule
        ours = whole.select(**{OURS: whole[NAMED_BY.get(source, "id")].cast("string")}).distinct()
        return self._rule(self.rows.anti_join(ours, self.rows[owner] == ours[OURS]))

    def _owner(self, source: str) -> str | None:
        owner = OWNERS.get(source, {}).get(self.parameter or "")
        return owner if owner in self.rows.columns else None

    def _rule(self, rows: Table) -> Rule:
        key = tuple(c for c in rows.columns if c != self.column) or (self.column,)
        return Rule(
            self.name, (self.column,), self.severity, find=lambda table, parents: rows, key=key
        )


@dataclass
class Notes:
    """What a function has read, and may have been unable to."""

    read: dict[tuple[str | None, str, str], dict[Table, Table]] = field(default_factory=dict)
    """By landed table, column and form: the tables it was read from, and their unreadable rows."""
    others: list[Unread] = field(default_factory=list)
    """Whatever else a connector found wrong."""

    def unread(self, parameters: Mapping[str, str] = MappingProxyType({})) -> tuple[Unread, ...]:
        """What is to be looked for; `parameters` by the name of the landed table that they are."""
        read = [
            Unread(
                f"{_words(table, column)} is {FORMS[form]} ({REMEDY})",
                column,
                _all_of(found),
                parameters.get(table or ""),
            )
            for (table, column, form), found in self.read.items()
        ]
        return (*read, *self.others)


_notes: ContextVar[Notes | None] = ContextVar("notes", default=None)


@contextmanager
def noting() -> Iterator[Notes]:
    """Within it, connectors note what they read."""
    notes = Notes()
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def note(table: Table, name: str, form: str, is_unreadable: ir.BooleanValue) -> None:
    """Notes that a column is read in some form, and in which rows it cannot be."""
    notes = _notes.get()
    if notes is None:
        return
    landed, column = _landed(table.op(), name)
    keys = {c: _text(table[c]) for c in KEYS if c in table.columns and c != column}
    rows = table.filter(is_unreadable).select(**keys, **{column: _text(table[name])})
    notes.read.setdefault((landed, column, form), {})[table] = rows


def note_unknown(
    names: Mapping[str, str],
    known: Sequence[ir.StringColumn],
    key: str,
    words: str,
    severity: str = "error",
) -> None:
    """Notes what a key of sources.yml names and none of the known columns has.

    `names` are what the file says, and how the columns would have it; `words` say what a name must
    be.
    """
    nothing = ibis.literal(0, "int64").name("nothing").as_table()
    rows = [
        nothing.select(**{key: ibis.literal(name), "wanted": ibis.literal(wanted)})
        for name, wanted in names.items()
    ]
    asked = ibis.union(*rows) if len(rows) > 1 else rows[0]
    for column in known:
        there = column.as_table().distinct()
        asked = asked.anti_join(there, asked.wanted == there[there.columns[0]])
    note_rows(asked.select(key), key, words, severity)


def note_rows(rows: Table, column: str, words: str, severity: str = "warn") -> None:
    """Notes rows that there should not be, of which `words` say what they break."""
    notes = _notes.get()
    if notes is not None:
        notes.others.append(Unread(words, column, rows, severity=severity))


def _landed(relation: ops.Relation, column: str) -> tuple[str | None, str]:
    """The landed table and column that a column is; no table for one that is computed."""
    while not isinstance(relation, ops.PhysicalTable):
        if isinstance(relation, ops.Reference):
            relation = relation.parent
            continue
        value = relation.values.get(column)
        if not isinstance(value, ops.Field):
            return None, column
        relation = value.rel
        column = value.name
    return relation.name, column


def _text(value: ir.Value) -> ir.StringValue:
    return text_of_number(value) if value.type().is_numeric() else value.cast("string")


def _words(table: str | None, column: str) -> str:
    return f"{table}.{column}" if table else f"{column}, as your function computes it,"


def _all_of(found: Mapping[Table, Table]) -> Table:
    """The unreadable rows of several tables; one made of another adds none."""
    by_relation = {table.op(): rows for table, rows in found.items()}  # a table may be read twice
    kept = [
        rows
        for relation, rows in by_relation.items()
        if not any(o in relation.find(ops.Relation) for o in by_relation if o != relation)
    ]
    if len(kept) == 1:
        return kept[0]
    shared = [c for c in kept[0].columns if all(c in rows.columns for rows in kept)]
    return ibis.union(*(rows.select(shared) for rows in kept), distinct=True)
