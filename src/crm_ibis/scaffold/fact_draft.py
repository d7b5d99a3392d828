"""The text of a new fact and of its test."""

from collections.abc import Sequence

from crm_ibis.scaffold.columns import TakenColumn
from crm_ibis.scaffold.words import drawn_table, model_name, table_text, types_in

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


def fact(name: str, table: str, key: TakenColumn, columns: Sequence[TakenColumn]) -> str:
    """A fact with columns of a table."""
    return FACT.format(
        name=name,
        table=table,
        model=model_name(name),
        types=types_in([key, *columns]),
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
        name=name, table=table, drawn=drawn_table(table, drawn), expected=table_text(rows, 8)
    )
