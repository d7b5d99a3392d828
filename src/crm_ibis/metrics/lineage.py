"""Where columns come from, read off the expressions themselves. There are two questions.

*What is a column made of?* (`direct_origins`, `source_origins`) Arguments, conditions of a case,
conditions and order of an aggregate or a rank. Filters, join conditions and grouping decide which
rows there are, and are not followed. A plain count is of rows: its origin is the table's `ROWS`.

*What does a table need?* (`columns_read`) All of that, and what decides which rows there are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.operations as ops
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.metrics import graph

ROWS = "*"
"""Stands for the rows of a table, which a count is of."""


@dataclass(frozen=True, order=True)
class Origin:
    """A column of a table, or its rows."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"rows of {self.table}" if self.column == ROWS else f"{self.table}.{self.column}"


Columns = dict[str, set[str]]
"""Columns by source; a source of which only the rows count has none."""

Read = tuple[ops.Relation, str]
"""A column of a relation, or its `ROWS`."""

Origins = dict[str, dict[str, frozenset[Origin]]]
"""By table and column, or `ROWS`: the columns that it is computed from."""


def direct_origins(
    params: Params, as_of: datetime, missing: Collection[Origin] = frozenset()
) -> Origins:
    """Of every computed column: the columns of the tables that its function takes.

    `missing` are columns that a source does not have. A column that is made of nothing without them
    has them as its origins: they are what it would be made of.
    """
    sources = graph.unbound_sources("raw", optional=graph.read_by(params))
    whole = _origins(sources, params, as_of)
    if not missing:
        return whole
    for origin in missing:
        sources[origin.table] = _without(sources[origin.table], origin.column)
    given = {name: set(table.columns) for name, table in sources.items()}
    found = _origins(sources, params, as_of)
    given |= {name: set(columns) for name, columns in found.items()}
    for name, columns in whole.items():
        for column, origins in columns.items():
            if not found[name].get(column):
                gone = frozenset(o for o in origins if o.column not in given[o.table])
                found[name][column] = gone
    return found


def _origins(sources: dict[str, Table], params: Params, as_of: datetime) -> Origins:
    found: Origins = {}

    def read(name: str, table: Table) -> Table:
        found[name] = {c: frozenset(_of_column(table.op(), c)) for c in table.columns}
        found[name][ROWS] = frozenset(_of_rows(table.op()))
        return ibis.table(table.schema(), name=name)

    graph.build(graph.table_functions(), sources, params, as_of, stage=read)
    return found


def _without(table: Table, column: str) -> Table:
    kept = {name: dtype for name, dtype in table.schema().items() if name != column}
    return ibis.table(kept, name=table.get_name())


def source_origins(direct: Origins) -> Origins:
    """Of every computed column: the columns of the sources that it comes from in the end."""
    settled: Origins = {}
    for name in graph.plan(direct):
        if name in direct:
            settled[name] = {
                column: frozenset(o for origin in origins for o in _sources(origin, settled))
                for column, origins in direct[name].items()
            }
    return settled


def _sources(origin: Origin, settled: Origins) -> set[Origin]:
    return set(settled[origin.table][origin.column]) if origin.table in settled else {origin}


def _of_column(relation: ops.Relation, column: str) -> Iterator[Origin]:
    if isinstance(relation, ops.UnboundTable):
        yield Origin(relation.name, column)
    elif isinstance(relation, ops.Set):
        yield from _of_column(relation.left, column)
        yield from _of_column(relation.right, column)
    elif isinstance(relation, ops.JoinReference | ops.SelfReference):
        yield from _of_column(relation.parent, column)
    elif column in relation.values:
        yield from _of_value(relation.values[column])


def _of_value(value: ops.Node) -> Iterator[Origin]:
    if isinstance(value, ops.Field):
        yield from _of_column(value.rel, value.name)
    elif isinstance(value, ops.CountStar):
        yield from _of_rows(value.arg)
        yield from _of_value(value.where) if value.where is not None else ()
    elif isinstance(value, ops.Value | ops.SortKey):
        for argument in value.__children__:
            yield from _of_value(argument)


def _of_rows(relation: ops.Relation) -> Iterator[Origin]:
    """The tables whose rows a relation has; one joined from the left adds none."""
    if isinstance(relation, ops.UnboundTable):
        yield Origin(relation.name, ROWS)
    elif isinstance(relation, ops.JoinChain):
        yield from _of_rows(relation.first)
        for link in relation.rest:
            yield from _of_rows(link.table) if link.how != "left" else ()
    else:
        for parent in relation.__children__:
            if isinstance(parent, ops.Relation):
                yield from _of_rows(parent)


def columns_read(names: Iterable[str], params: Params, as_of: datetime) -> dict[str, Columns]:
    """The columns of each source without which each of the named tables cannot be computed."""
    names = list(names)
    built = graph.build(
        names, graph.unbound_sources("raw", optional=graph.read_by(params)), params, as_of
    )
    return {name: _columns_read(built[name]) for name in names}


def _columns_read(table: Table) -> Columns:
    read: Columns = defaultdict(set)
    pending = [(table.op(), column) for column in table.columns]
    seen: set[Read] = set()
    while pending:
        relation, column = pending.pop()
        if (relation, column) in seen:
            continue
        seen.add((relation, column))
        if not isinstance(relation, ops.UnboundTable):
            pending += [(relation, ROWS), *_needed(relation, column)]
        elif column == ROWS:
            read[relation.name].update()
        else:
            read[relation.name].add(column)
    return dict(read)


def _needed(relation: ops.Relation, column: str) -> Iterator[Read]:
    """What a relation reads for one of its columns, or for its rows."""
    if column == ROWS:
        yield from _deciding(relation)
    elif isinstance(relation, ops.Set):
        yield from ((side, column) for side in (relation.left, relation.right))
    elif isinstance(relation, ops.JoinReference | ops.SelfReference):
        yield relation.parent, column
    elif column in relation.values:
        yield from _read_by(relation.values[column])


def _deciding(relation: ops.Relation) -> Iterator[Read]:
    """What decides which rows a relation has: its parents' rows, conditions, groups, order."""
    if isinstance(relation, ops.Distinct | ops.Set) and getattr(relation, "distinct", True):
        yield from ((relation, column) for column in relation.schema)
    for child in relation.__children__:
        if isinstance(child, ops.Relation | ops.JoinLink):
            yield from _read_by(child)
    for value in _conditions(relation):
        yield from _read_by(value)


def _conditions(relation: ops.Relation) -> Iterable[ops.Node]:
    if isinstance(relation, ops.Filter):
        return relation.predicates
    if isinstance(relation, ops.Sort):
        return relation.keys
    if isinstance(relation, ops.Aggregate):
        return relation.groups.values()
    if isinstance(relation, ops.DropNull):
        return relation.values.values() if relation.subset is None else relation.subset
    if isinstance(relation, ops.TableUnnest):
        return (relation.column,)
    return ()


def _read_by(node: ops.Node) -> Iterator[Read]:
    if isinstance(node, ops.Field):
        yield node.rel, node.name
    elif isinstance(node, ops.Relation):
        yield node, ROWS
    elif isinstance(node, ops.JoinLink):
        yield node.table, ROWS
        for predicate in node.predicates:
            yield from _read_by(predicate)
    else:
        if isinstance(node, ops.Subquery):
            yield from ((node.rel, column) for column in node.rel.schema)
        for child in node.__children__:
            yield from _read_by(child)
