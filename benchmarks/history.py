"""Merging a snapshot: what it costs beside reading both of its sides once.

Run as `python -m benchmarks.history [duckdb|postgres] [ROWS]`; without arguments on both, with a
million rows. Makes a conversion funnel of so many rows and records it; then, in rounds, changes one
row in a hundred and records it again.
"""

import argparse
from datetime import datetime, timedelta
from statistics import median

from benchmarks.databases import database, seconds_of, settings_of

from crm_ibis.config.declarations import Snapshot
from crm_ibis.contracts.models import get_contract
from crm_ibis.history import merge as snapshots
from crm_ibis.warehouse import Warehouse, open_warehouse

SNAPSHOT = Snapshot("conversion_funnel_snapshot", "conversion_funnel")
BEGIN = datetime(2024, 1, 1)
ROUNDS = 5

CELLS = {
    "facility_id": "'fac_' || (n % 500)",
    "rep_id": "'rep_' || n",
    "month": "CAST(TIMESTAMP '2022-01-01' + (n % 24) * INTERVAL '31 days' AS DATE)",
    "funnel_stage": "CASE n % 4 WHEN 0 THEN 'lead' WHEN 1 THEN 'sql' "
    "WHEN 2 THEN 'opportunity' ELSE 'won' END",
    "stage_position": "n % 4 + 1",
    "stage_count": "n % 1009",
    "previous_stage_count": "CASE WHEN n % 4 > 0 THEN n % 1009 + n % 7 END",
    "drop_off_count": "CASE WHEN n % 4 > 0 THEN n % 7 END",
    "conversion_rate_pct": "CASE WHEN n % 4 > 0 THEN (n % 997) / 9.97 END",
    "conversion_from_lead_pct": "(n % 991) / 9.91",
    "avg_days_from_lead": "(n % 983) / 7.0",
}
"""A cell of row n, in the SQL of both databases."""

READ = {"duckdb": "bit_xor(hash(t))", "postgres": "bit_xor(hash_record(t))"}
"""Reads every value of the rows t and leaves one number."""


def make_kpi(warehouse: Warehouse, rows: int) -> None:
    """Publishes a conversion funnel of so many rows."""
    contract = get_contract(SNAPSHOT.kpi)
    schema = warehouse.analytics
    warehouse.ensure_schema(schema)
    for name in (SNAPSHOT.kpi, SNAPSHOT.name):
        warehouse.run(f"DROP TABLE IF EXISTS {warehouse.quote(schema, name)}")
    warehouse.create_table(schema, contract.name, contract.schema)
    cells = ", ".join(CELLS[c.name] for c in contract.values)
    names = ", ".join(c.name for c in contract.values)
    warehouse.run(
        f"INSERT INTO {warehouse.quote(schema, contract.name)} ({names}, updated_at) "
        f"SELECT {cells}, TIMESTAMP '{BEGIN}' FROM generate_series(0, {rows - 1}) AS g(n)"
    )
    warehouse.add_unique(contract.name, "grain", contract.key)


def change_one_percent(warehouse: Warehouse, which: int, moment: datetime) -> None:
    """Another value and `updated_at` in every hundredth row."""
    name = warehouse.quote(warehouse.analytics, SNAPSHOT.kpi)
    warehouse.run(
        f"UPDATE {name} SET stage_count = stage_count + 1, updated_at = TIMESTAMP '{moment}' "
        f"WHERE CAST(substr(rep_id, 5) AS BIGINT) % 100 = {which}"
    )


def merge(warehouse: Warehouse, moment: datetime) -> snapshots.Merged:
    """Records the funnel as of an instant."""
    with warehouse.transaction():
        given = warehouse.table(warehouse.analytics, SNAPSHOT.kpi)
        merged = snapshots.merge(warehouse, SNAPSHOT, given, moment)
    assert merged.refused is None, merged.refused
    return merged


def hash_both(warehouse: Warehouse) -> None:
    """Reads every value of the KPI and of its history once, inside the database."""
    for name in (SNAPSHOT.kpi, SNAPSHOT.name):
        table = warehouse.quote(warehouse.analytics, name)
        warehouse.fetch(f"SELECT {READ[warehouse.dialect]} FROM {table} AS t")


def read_both(warehouse: Warehouse) -> None:
    """Reads both into this process once, in the quickest way that there is."""
    for name in (SNAPSHOT.kpi, SNAPSHOT.name):
        table = warehouse.quote(warehouse.analytics, name)
        if warehouse.dialect == "duckdb":
            warehouse.con.con.execute(f"SELECT * FROM {table}").to_arrow_table()
            continue
        with warehouse.con.con.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
            for _ in copy:
                pass


def run(kind: str, rows: int) -> None:
    """First record, then rounds of one changed row in a hundred."""
    with database(kind) as url, open_warehouse(settings_of(url)) as warehouse:
        make_kpi(warehouse, rows)
        first = merge(warehouse, BEGIN)
        times = []
        for number in range(1, ROUNDS + 1):
            moment = BEGIN + timedelta(days=number)
            change_one_percent(warehouse, number, moment)
            merged = merge(warehouse, moment)
            assert merged.changed == rows // 100, merged
            reading = seconds_of(lambda: read_both(warehouse))
            hashing = seconds_of(lambda: hash_both(warehouse))
            unchanged = merge(warehouse, moment)
            times.append((merged.seconds, reading, hashing, unchanged.seconds))
        merging, reading, hashing, again = (median(r[i] for r in times) for i in range(4))
        print(
            f"{kind}, {rows:,} rows: recorded first in {first.seconds:.2f} s; with "
            f"{rows // 100:,} rows changed in {merging:.2f} s, with none in {again:.2f} s\n"
            f"  reading both sides once into a process {reading:.2f} s, ratio "
            f"{median(r[0] / r[1] for r in times):.2f}; inside the database {hashing:.2f} s, ratio "
            f"{median(r[0] / r[2] for r in times):.2f}",
            flush=True,
        )


def main() -> None:
    """Runs one database, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", nargs="?", choices=["duckdb", "postgres"])
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    given = parser.parse_args()
    for kind in [given.kind] if given.kind else ["duckdb", "postgres"]:
        run(kind, given.rows)


if __name__ == "__main__":
    main()
