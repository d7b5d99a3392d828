"""Computes tables by hand-written SQL, in one transaction.

    python -m benchmarks.hand_written duckdb://crm.duckdb raw by_hand 2024-03-01 health_scores ...

The named tables are made anew in a schema; facts and whatever else they need are temporary.
"""

import argparse
from collections.abc import Callable
from datetime import datetime

from benchmarks.hand_written import needed_for, select

Run = Callable[[str], object]

DUCKDB = ("SET TimeZone = 'UTC'",)
POSTGRES = ("SET TIME ZONE 'UTC'", "SET jit = off", "SET work_mem = '64MB'")


def build(run: Run, dialect: str, raw: str, schema: str, as_of: datetime, names: list[str]) -> None:
    """Makes the named tables in a schema that is empty."""
    run("BEGIN")
    run(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    run(f"SET search_path = '{schema}'")
    for name in needed_for(names):
        kept = "" if name in names else "TEMPORARY "
        run(f"CREATE {kept}TABLE {name} AS {select(name, dialect, raw, as_of)}")
        if dialect == "postgres":
            run(f"ANALYZE {name}")
    run("COMMIT")


def connect(url: str) -> tuple[str, Run]:
    """The dialect of a database, and what runs a statement there."""
    if url.startswith("duckdb:"):
        import duckdb

        return "duckdb", _prepared(duckdb.connect(url.removeprefix("duckdb://")).execute, DUCKDB)
    import psycopg

    con = psycopg.connect(url, autocommit=True)
    return "postgres", _prepared(lambda sql: con.execute(sql.encode()), POSTGRES)


def _prepared(run: Run, settings: tuple[str, ...]) -> Run:
    for setting in settings:
        run(setting)
    return run


def main() -> None:
    """Reads the command line and builds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="the database")
    parser.add_argument("raw", help="the schema of the sources")
    parser.add_argument("schema", help="the schema of the tables")
    parser.add_argument("as_of", type=datetime.fromisoformat)
    parser.add_argument("tables", nargs="+")
    given = parser.parse_args()
    dialect, run = connect(given.url)
    build(run, dialect, given.raw, given.schema, given.as_of, given.tables)


if __name__ == "__main__":
    main()
