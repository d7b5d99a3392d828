"""The text of new modules and of their tests."""

from collections.abc import Sequence
from textwrap import fill, indent

from crm_ibis.scaffold.columns import LINE, Origin, TakenColumn

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
FACT = '''\
"""Facts about {table}: one row each."""

from ibis import Table

from crm_ibis import Fact, column
from crm_ibis.types import {types}


class {model}(Fact):
    """Facts about {table}: one row each."""

{columns}

    class Config:
        unique = [{grain}]


def {name}({table}: Table) -> Table:
    """What is known of each row of {table}.

    Grain: {listed}.
    """
    return {table}.select(
{selected}
    )
'''
FACT_TEST = '''\
"""Facts about {table}, worked out by hand."""

from crm_ibis.testing import check_promises, expect

TABLES = {{
{drawn}
}}


def test_each_row_has_its_fact(engine):
    expect(
        engine.build("{name}", **TABLES),
        """
{expected}
        """,
    )


def test_it_keeps_its_promises(engines):
    check_promises(engines, "{name}", **TABLES)
'''
SOURCE = '''\
"""A source of our own, {name}, and its clean rows."""

from datetime import datetime

from ibis import Table

from crm_ibis import Source, column
from crm_ibis.expressions import instant, month_of
from crm_ibis.types import {types}


class {model}(Source):
    """{title}: one row each."""

{columns}

    class Config:
        unique = ["id"]


def stg_{name}({name}: Table, as_of: datetime) -> Table:
    """{title} entered by `as_of`, with the month in which they were."""
    entered = {name}.filter({name}.created_at <= instant(as_of))
    return entered.rename({singular}_id="id").mutate(month=month_of(entered.created_at))
'''
SOURCE_TEST = '''\
"""The clean rows of {name}."""

from crm_ibis.testing import expect


def test_what_was_entered_later_is_left_out(engine):
    rows = engine.build(
        "stg_{name}",
        as_of="2024-02-01",
        {name}="""
            id | created_at
            1  | 2024-01-31 10:00
            2  | 2024-02-02
        """,
    )
    expect(
        rows,
        """
        {singular}_id | month
        1 | 2024-01
        """,
    )
'''


def model_name(name: str) -> str:
    """The class of a table's contract."""
    return "".join(word.capitalize() for word in name.split("_"))


def title_of(name: str) -> str:
    """A table's name in words."""
    return name.replace("_", " ").capitalize()


def kpi(name: str, origin: Origin) -> str:
    """A KPI that counts the rows of a table per grain."""
    measure = measure_of(origin)
    names = [c.name for c in origin.grain]
    count = f'    {measure}: Count = column("Number of {measure.replace("_", " ")}.", ge=1)'
    return KPI.format(
        name=name,
        model=model_name(name),
        words=in_words(names),
        types=_types(origin.grain, "Count"),
        grain=_quoted(names),
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


def fact(name: str, table: str, key: TakenColumn, columns: Sequence[TakenColumn]) -> str:
    """A fact with columns of a table."""
    return FACT.format(
        name=name,
        table=table,
        model=model_name(name),
        types=_types([key, *columns]),
        columns="\n".join(c.declaration for c in (key, *columns)),
        grain=f'"{key.name}"',
        listed=key.name,
        selected="\n".join(f'        "{c.name}",' for c in (key, *columns)),
    )


def fact_test(name: str, table: str, key: TakenColumn, columns: Sequence[TakenColumn]) -> str:
    """Two drawn rows, which become two facts."""
    shown = [c for c in columns if not c.nullable][:3]
    rows = [
        [c.name for c in (key, *shown)],
        [c.drawn[0] for c in (key, *shown)],
        [c.drawn[1] for c in (key, *shown)],
    ]
    everything = [c for c in columns if not c.nullable]
    drawn = [
        [c.name for c in (key, *everything)],
        [c.drawn[0] for c in (key, *everything)],
        [c.drawn[1] for c in (key, *everything)],
    ]
    return FACT_TEST.format(
        name=name, table=table, drawn=_input(table, drawn), expected=table_text(rows, 8)
    )


def source(name: str, columns: Sequence[TakenColumn]) -> str:
    """The contract of a source, and its staging table."""
    return SOURCE.format(
        name=name,
        model=model_name(name),
        title=title_of(name),
        singular=singular_of(name),
        types=_types(columns),
        columns="\n".join(c.declaration for c in columns),
    )


def source_test(name: str) -> str:
    """One row that counts and one that was entered later."""
    return SOURCE_TEST.format(name=name, singular=singular_of(name))


def measure_of(origin: Origin) -> str:
    """What the rows of a table are called: those of stg_opportunities are opportunities."""
    name = origin.table.removeprefix("stg_")
    if name in {c.name for c in origin.grain}:
        return f"{name}_count"
    return name


def singular_of(name: str) -> str:
    """One of many: `contracts` is a `contract`."""
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s")


def in_words(names: Sequence[str]) -> str:
    """`facility, rep and month` for facility_id, rep_id, month."""
    words = [name.removesuffix("_id").replace("_", " ") for name in names]
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def table_text(rows: Sequence[Sequence[str]], spaces: int) -> str:
    """Rows as a drawn table."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return indent("\n".join(lines), " " * spaces)


def _types(columns: Sequence[TakenColumn], *more: str) -> str:
    return ", ".join(sorted({*(c.type_name for c in columns), *more}))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


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
        kept = _quoted([str(origin.joined_on), *origin.joined_for])
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
        return _input(origin.table, _three_rows(origin.key, own))
    link = TakenColumn(str(origin.joined_on), "Text", "")
    theirs = [c for c in origin.grain if c.name in origin.joined_for]
    linked = [c for c in own if c.name != link.name]
    rows = [
        [link.name, *(c.name for c in theirs)],
        [link.drawn[0], *(c.drawn[0] for c in theirs)],
        [link.drawn[1], *(c.drawn[1] for c in theirs)],
    ]
    first = _input(origin.table, _three_rows(origin.key, [link, *linked]))
    return f"{first}\n{_input(str(origin.joined), rows)}"


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


def _input(table: str, rows: Sequence[Sequence[str]]) -> str:
    return f'    "{table}": """\n{table_text(rows, 8)}\n    """,'
