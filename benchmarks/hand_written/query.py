"""A table's SELECT, in the SQL of each database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """One SELECT in both dialects."""

    duckdb: str
    postgres: str


def same(sql: str) -> Query:
    """A SELECT that both databases run as it is."""
    return Query(sql, sql)
