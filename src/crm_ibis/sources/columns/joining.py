"""Other landed tables joined to the one that a source comes from: one row at most for each key."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.errors import DataError, near_match
from crm_ibis.sources import spec
from crm_ibis.sources.columns import casting, marks
from crm_ibis.sources.columns.matching import is_one_of
from crm_ibis.sources.columns.parts import refuse_unlike, text_of
from crm_ibis.sources.columns.reader import Reader
from crm_ibis.sources.spec import Join


def join_tables(
    table: Table, source: str, said: spec.SourceSpec, others: Mapping[str, Table]
) -> Table:
    """The table with the columns of others, as `alias.column`; null where there is no such row.

    A key that several rows of the other table have is marked: rows are never multiplied unseen.
    """
    for alias, join in said.join.items():
        table = _with(table, Reader(others[alias], source, said), source, said, alias, join)
    return table


def _with(
    table: Table, other: Reader, source: str, said: spec.SourceSpec, alias: str, join: Join
) -> Table:
    where = f"sources.{source}.join.{alias}"
    _refuse_missing(table, other.table, where, join)
    kept = [is_one_of(other[c], values, f"{where}.only.{c}") for c, values in join.only.items()]
    kept += [
        ~is_one_of(other[c], values, f"{where}.leave_out.{c}")
        for c, values in join.leave_out.items()
    ]
    other = Reader(other.table.filter(*kept), source, said) if kept else other
    ours = Reader(table, source, said)
    pairs = [_alike(ours[left], other[right], f"{where}.on") for left, right in join.on.items()]
    keys = {f"{alias} key {i}": right for i, (_, right) in enumerate(pairs)}
    named = {f"{alias}.{c}": other.table[c] for c in other.table.columns}
    rows = other.table.select(**named, **keys)
    mark = marks.JOINED + alias
    same = ibis.window(group_by=list(keys))
    rows = rows.filter(*(rows[key].notnull() for key in keys))
    rows = rows.mutate(**{mark: rows.count().over(same) > 1})
    lefts = {f"{alias} left {i}": left for i, (left, _) in enumerate(pairs)}
    table = table.mutate(**lefts)
    found = table.left_join(rows, list(zip(lefts, keys, strict=True)))
    found = found.mutate(**{mark: found[mark].fill_null(False)})
    return found.drop(*lefts, *keys)


def _alike(left: ir.Value, right: ir.Value, where: str) -> tuple[ir.Value, ir.Value]:
    """Two keys in one type: as they are if they are of one, else as text, as ids are."""
    for value in (left, right):
        refuse_unlike(value.type(), where)
    families = {casting.family(left.type()), casting.family(right.type())}
    if families == {"text"} and left.type() == right.type():
        return left, right
    return text_of(left), text_of(right)


def _refuse_missing(table: Table, other: Table, where: str, join: Join) -> None:
    """Raises DataError naming columns that one of the tables does not have."""
    wanted = [("on", left, table) for left in join.on]
    wanted += [("on", right, other) for right in join.on.values()]
    wanted += [("only", column, other) for column in join.only]
    wanted += [("leave_out", column, other) for column in join.leave_out]
    problems = [
        f"  {where}.{key}: there is no column {column}{near_match(column, there.columns)}; "
        f"there are {', '.join(there.columns)}"
        for key, column, there in wanted
        if column not in there.columns
    ]
    if problems:
        listed = "\n".join(problems)
        raise DataError(f"sources.yml does not fit the tables that it joins:\n{listed}")
