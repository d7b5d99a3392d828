"""The SQL of every table in both dialects, from where the sources come from on."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.operations as ops
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.errors import UsageError
from crm_ibis.metrics import graph
from crm_ibis.site.data.provenance import Provenance
from crm_ibis.site.pages.highlighting import highlight
from crm_ibis.sources import check

DIALECTS = {"duckdb": "DuckDB", "postgres": "PostgreSQL"}
SQL_TEXT = (ops.SQLStringView, ops.SQLQueryResult)
"""What a function of the user's says in SQL, which is that of one database."""


@dataclass(frozen=True)
class Queries:
    """The SQL of every computed table and mapped source, by dialect."""

    own: dict[str, dict[str, str]]
    whole: dict[str, dict[str, str]]
    sources: Mapping[str, Provenance]

    def of(self, name: str) -> list[dict[str, Any]]:
        """What a table's page shows: its own query and the whole one, in each dialect."""
        return [
            {
                "id": f"sql-{dialect}-{size}",
                "title": f"{DIALECTS[dialect]}, {words}",
                "sql": highlight(queries[dialect][name]),
            }
            for size, words, queries in (
                ("own", "this table", self.own),
                ("whole", "from the sources on", self.whole),
            )
            for dialect in DIALECTS
            if name in queries[dialect]
        ]

    def inlined_sources(self, name: str) -> list[str]:
        """The sources of a table for which its whole query has what sources.yml says of them."""
        return [s for s in self._mapped(name) if any(s in self.own[d] for d in DIALECTS)]

    def other_sources(self, name: str) -> list[tuple[str, str]]:
        """The sources of a table that sources.yml maps and its whole query does not, and why."""
        return [
            (source, self._why(source, dialects))
            for source in self._mapped(name)
            if (dialects := [words for d, words in DIALECTS.items() if source not in self.own[d]])
        ]

    def quarantines(self, name: str) -> bool:
        """Whether rows of a table's sources may be in quarantine, which no query says."""
        # What refers to a row in quarantine goes with it.
        read = check.sources_with_parents(self._sources(name))
        return any(self.sources[s].said.quarantines for s in read if s in self.sources)

    def _mapped(self, name: str) -> list[str]:
        return [s for s in self._sources(name) if self.sources[s].said.is_mapped]

    def _sources(self, name: str) -> list[str]:
        """None for a snapshot, which no query computes."""
        return [s for s in graph.sources_of([name]) if s in self.sources]

    def _why(self, source: str, dialects: list[str]) -> str:
        if not self.sources[source].is_read:
            return "cannot be read"
        if self.sources[source].lists_people:
            return "that lists values of people, which this site does not show"
        return f"cannot be written in the SQL of {' and '.join(dialects)}"


def queries(
    sources: Mapping[str, Provenance],
    here: str,
    raw_schema: str,
    params: Params,
    as_of: datetime,
) -> Queries:
    """Every table's query, compiled as `crm-ibis sql` does, over the sources as they are mapped.

    `here` is the dialect of the database that the sources are in. A source that is not mapped, or
    cannot be made or said in a dialect, is a table of the raw schema.
    """
    names = list(graph.table_functions())
    own = {}
    whole = {}
    for dialect in DIALECTS:
        made = _written(sources, dialect, here)
        tables = graph.unbound_sources(raw_schema, optional=sources)
        tables |= {name: ibis.table(_schema(sources[name]), name=name) for name in made}
        own[dialect] = {**made, **graph.queries(names, dialect, tables, params, as_of)}
        whole[dialect] = {name: graph.as_one(name, own[dialect]) for name in names}
    return Queries(own, whole, sources)


def _written(sources: Mapping[str, Provenance], dialect: str, here: str) -> dict[str, str]:
    """The queries of the mapped sources, those that can be written in a dialect."""
    found: dict[str, str] = {}
    for name, source in sources.items():
        if source.query is not None and (dialect == here or _speaks_any(source.query)):
            with suppress(UsageError):
                found[name] = graph.table_sql(name, source.query, dialect)
    return found


def _schema(source: Provenance) -> ibis.Schema:
    """The columns that a source has, which may be fewer than its contract names."""
    assert source.query is not None
    return source.query.schema()


def _speaks_any(query: Table) -> bool:
    return not query.op().find(SQL_TEXT)
