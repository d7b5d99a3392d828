"""The text of a new source with its staging table, and of their test."""

from collections.abc import Sequence

from crm_ibis.scaffold.columns import TakenColumn
from crm_ibis.scaffold.words import model_name, singular_of, title_of, types_in

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


def source(name: str, columns: Sequence[TakenColumn]) -> str:
    """The contract of a source, and its staging table."""
    return SOURCE.format(
        name=name,
        model=model_name(name),
        title=title_of(name),
        singular=singular_of(name),
        types=types_in(columns),
        columns="\n".join(c.declaration for c in columns),
    )


def source_test(name: str) -> str:
    """One row that counts and one that was entered later."""
    return SOURCE_TEST.format(name=name, singular=singular_of(name))
