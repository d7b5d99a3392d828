"""The text of a new KPI and of its test."""

from collections.abc import Sequence
from textwrap import fill, indent

from crm_ibis.scaffold.columns import LINE, Origin, TakenColumn
from crm_ibis.scaffold.words import drawn_table, in_words, model_name, quoted, table_text, types_in

KPI = '''\
"""Number of {measure} by {words}."""

from ibis import Table

from crm_ibis import Published, column
from crm_ibis.types import {types}

GRAIN = [{grain}]


class {model}(Published):
    """Number of {measure} by {words}."""

{columns}

    class Config:
        unique = GRAIN


def {name}({parameters}) -> Table:
    """How many {measure} there are, by {words}.

{counts}
    """
{body}
'''
KPI_TEST = '''\
"""Number of {measure} by {words}, worked out by hand."""

from crm_ibis.testing import check_promises, expect

TABLES = {{
{drawn}
}}


def test_rows_are_counted(engine):
    expect(
        engine.build("{name}", **TABLES),
        """
{expected}
        """,
    )


def test_it_keeps_its_promises(engines):
    check_promises(engines, "{name}", **TABLES)
'''


def kpi(name: str, origin: Origin) -> str:
    """A KPI that counts the rows of a table per grain."""
    measure = measure_of(origin)
    names = [c.name for c in origin.grain]
    count = f'    {measure}: Count = column("Number of {measure.replace("_", " ")}.", ge=1)'
    return KPI.format(
        name=name,
        model=model_name(name),
        words=in_words(names),
        types=types_in(origin.grain, "Count"),
        grain=quoted(names),
        columns="\n".join([*(c.declaration for c in origin.grain), count]),
        parameters=", ".join(f"{table}: Table" for table in origin.tables),
        counts=fill(
            f"{_what_counts(origin)}. Grain: {', '.join(names)}.",
            width=LINE,
            initial_indent="    ",
            subsequent_indent="    ",
        ),
        measure=measure.replace("_", " "),
        body=indent("\n".join(_counting(origin, measure)), "    "),
    )


def kpi_test(name: str, origin: Origin) -> str:
    """Three drawn rows, two of them of the same grain."""
    first = [c.drawn[0] for c in origin.grain]
    second = [c.drawn[1] for c in origin.grain]
    names = [c.name for c in origin.grain]
    expected = [[*names, measure_of(origin)], [*first, "2"], [*second, "1"]]
    return KPI_TEST.format(
        name=name,
        measure=measure_of(origin).replace("_", " "),
        words=in_words(names),
        drawn=_drawn_inputs(origin),
        expected=table_text(expected, 8),
    )


def measure_of(origin: Origin) -> str:
    """What the rows of a table are called: those of stg_opportunities are opportunities."""
    name = origin.table.removeprefix("stg_")
    if name in {c.name for c in origin.grain}:
        return f"{name}_count"
    return name


def _what_counts(origin: Origin) -> str:
    optional = [c.name for c in origin.grain if c.nullable]
    words = f"Counts rows of {origin.table}"
    if origin.joined:
        words += f", each with the {in_words(origin.joined_for)} of its row in {origin.joined}"
    if optional:
        words += f"; those without {' or '.join(optional)} are left out"
    return words


def _counting(origin: Origin, measure: str) -> list[str]:
    """The statements of a function that counts rows per grain."""
    lines = []
    rows = origin.table
    if origin.joined:
        kept = quoted([str(origin.joined_on), *origin.joined_for])
        other = origin.joined.removeprefix("stg_")
        lines.append(f"{other} = {origin.joined}.select({kept})")
        lines.append(f'rows = {rows}.join({other}, "{origin.joined_on}")')
        rows = "rows"
    for optional in (c.name for c in origin.grain if c.nullable):
        lines.append(f"rows = {rows}.filter({rows}.{optional}.notnull())")
        rows = "rows"
    return [*lines, f"return {rows}.group_by(GRAIN).agg({measure}={rows}.count())"]


def _drawn_inputs(origin: Origin) -> str:
    own = [c for c in origin.grain if c.name not in origin.joined_for]
    if not origin.joined:
        return drawn_table(origin.table, _three_rows(origin.key, own))
    link = TakenColumn(str(origin.joined_on), "Text", "")
    theirs = [c for c in origin.grain if c.name in origin.joined_for]
    linked = [c for c in own if c.name != link.name]
    rows = [
        [link.name, *(c.name for c in theirs)],
        [link.drawn[0], *(c.drawn[0] for c in theirs)],
        [link.drawn[1], *(c.drawn[1] for c in theirs)],
    ]
    first = drawn_table(origin.table, _three_rows(origin.key, [link, *linked]))
    return f"{first}\n{drawn_table(str(origin.joined), rows)}"


def _three_rows(key: str, columns: Sequence[TakenColumn]) -> list[list[str]]:
    shown = [c for c in columns if c.name != key]
    first = [c.drawn[0] for c in shown]
    second = [c.drawn[1] for c in shown]
    if len(shown) < len(columns):
        (own,) = [c for c in columns if c.name == key]
        keys = [own.drawn[0], own.drawn[0], own.drawn[1]]
    else:
        keys = ["1", "2", "3"]
    return [
        [key, *(c.name for c in shown)],
        *([k, *cells] for k, cells in zip(keys, (first, first, second), strict=True)),
    ]
