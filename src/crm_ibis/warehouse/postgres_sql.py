"""What a query of Ibis has to look like for PostgreSQL's planner to run it quickly.

Ibis nests selects, one for each step. PostgreSQL pulls the inner ones up into the outer ones, and
with them every computed column, which it then computes again at each use. For a group by computed
columns it has no statistics either: it expects millions of groups where there are thousands, sorts
instead of hashing, and spills. A fence keeps such a select apart.
"""

from collections import Counter
from collections.abc import Iterator

from sqlglot import exp

FENCE = exp.Offset(expression=exp.Literal.string("0"))
"""Skips no row. Quoted, as PostgreSQL then knows while parsing that it is a constant, and still
makes a parallel plan."""
WHOLE_PARTS = ("year", "month", "day")
"""Parts of an instant that are whole numbers: `date_part` gives them in a float, and quicker than
`EXTRACT`, which answers in numeric."""
EPOCH = "1970-01-01 00:00:00"
KEPT_APART = ("group", "distinct", "limit", "offset")
"""What keeps PostgreSQL from pulling a select up; so do windows."""


def tune(query: exp.Expression) -> exp.Expression:
    """The query, with fences and quicker functions, for the same rows."""
    for select in reversed(list(query.find_all(exp.Select))):  # the innermost first
        for name, inner in _inner_selects(select):
            if _is_worth_a_fence(select, name, inner):
                inner.set("offset", FENCE.copy())
    _inline_texts(query)
    return query.transform(_as_date_part)


def _inline_texts(query: exp.Expression) -> None:
    """Reads parts that are made of text alone wherever they are used: they are small, and what is
    written to memory first is read by no parallel plan."""
    made_of_text: set[str] = set()
    for part in query.find_all(exp.CTE):
        if {table.name for table in part.find_all(exp.Table)} <= made_of_text:
            made_of_text.add(part.alias)
            part.set("materialized", False)
            part.this.set("offset", FENCE.copy())


def _inner_selects(select: exp.Select) -> Iterator[tuple[str, exp.Select]]:
    sources = [select.args.get("from_"), *select.args.get("joins", [])]
    for source in sources:
        subquery = source and source.this
        if isinstance(subquery, exp.Subquery) and isinstance(subquery.this, exp.Select):
            yield subquery.alias, subquery.this


def _is_worth_a_fence(outer: exp.Select, name: str, inner: exp.Select) -> bool:
    uses = Counter(column.name for column in _own_columns(outer) if column.table == name)
    most = max((uses[column] for column in _computed(inner)), default=0)
    return most > 1 or (most == 1 and _aggregates(outer))


def _computed(select: exp.Select) -> set[str]:
    """The columns of a select that PostgreSQL would compute where they are used."""
    if any(select.args.get(part) for part in KEPT_APART) or _has_window(select):
        return set()
    below = {name: _computed(inner) for name, inner in _inner_selects(select)}
    found = set()
    for column in select.expressions:
        value = column.unalias()
        if isinstance(value, exp.Star):
            found |= set().union(*below.values())
        elif isinstance(value, exp.Column):
            found |= {column.alias_or_name} if value.name in below.get(value.table, ()) else set()
        elif not isinstance(value, exp.Literal | exp.Null | exp.Boolean):
            found.add(column.alias)
    return found


def _has_window(select: exp.Select) -> bool:
    return any(column.find(exp.Window) for column in select.expressions)


def _own_columns(select: exp.Select) -> Iterator[exp.Column]:
    """The columns that a select reads, those of selects inside it left out."""
    for part in select.walk(prune=lambda node: node is not select and isinstance(node, exp.Query)):
        if isinstance(part, exp.Column):
            yield part


def _aggregates(select: exp.Select) -> bool:
    return bool(select.args.get("group")) or any(
        column.find(exp.AggFunc) for column in select.expressions
    )


def _as_date_part(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.DateDiff) and _is_since_1970(node):
        seconds = _date_part("epoch", node.this)
        return exp.cast(exp.Mul(this=seconds, expression=exp.Literal.number(10**6)), "bigint")
    part = node.name.lower()
    if not isinstance(node, exp.Extract) or part not in WHOLE_PARTS:
        return node
    return exp.cast(_date_part(part, node.expression), "bigint")


def _date_part(part: str, value: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="DATE_PART", expressions=[exp.Literal.string(part), value])


def _is_since_1970(difference: exp.DateDiff) -> bool:
    """Whether these are the microseconds since 1 January 1970: as seconds in a float, they are
    told apart until the year 2106."""
    start = difference.expression
    while isinstance(start, exp.Cast):
        start = start.this
    is_epoch = isinstance(start, exp.Literal) and start.name.startswith(EPOCH)
    return is_epoch and difference.text("unit").upper() == "MICROSECOND"
