"""Every table once more, as an expert writes it by hand for DuckDB and for PostgreSQL.

`QUERIES` maps a table's name to its SELECT in both dialects: the speed that the package is measured
against, and a second opinion on every value. It is written from the definitions alone, with the
default parameters filled in and without `updated_at`, which depends on what was published before.
Nothing is checked. Facts are computed once, and a table reads others where that is the shortest
way.

Placeholders: `$as_of`, a UTC timestamp; `$raw`, the schema of the sources; and the name of each
table that a query reads.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from string import Template

from benchmarks.hand_written.facts import FACTS
from benchmarks.hand_written.finance import FINANCE
from benchmarks.hand_written.health import HEALTH
from benchmarks.hand_written.query import Query
from benchmarks.hand_written.queues import QUEUES
from benchmarks.hand_written.sales import SALES
from benchmarks.hand_written.service import SERVICE

QUERIES: dict[str, Query] = {**FACTS, **SALES, **SERVICE, **FINANCE, **HEALTH, **QUEUES}
"""A table comes after those that it reads."""


def read_by(name: str) -> set[str]:
    """The other tables that a table reads."""
    return set(Template(QUERIES[name].duckdb).get_identifiers()) & QUERIES.keys()


def needed_for(names: Iterable[str]) -> list[str]:
    """The named tables and all that they are computed from, in the order of computing."""
    needed = set(names)
    for name in reversed(QUERIES):
        if name in needed:
            needed |= read_by(name)
    return [name for name in QUERIES if name in needed]


def select(
    name: str, dialect: str, raw: str, as_of: datetime, place: Callable[[str], str] = str
) -> str:
    """The SELECT of a table; `place` says where another table is, by default just its name."""
    others = {other: place(other) for other in QUERIES}
    text = QUERIES[name].duckdb if dialect == "duckdb" else QUERIES[name].postgres
    return Template(text).substitute(others, raw=raw, as_of=f"timestamp '{as_of}'")
