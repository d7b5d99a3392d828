"""The tables of the run log, made and upgraded by the program itself."""

from crm_ibis.errors import DataError
from crm_ibis.warehouse import Warehouse

LAYOUTS = [
    [
        "CREATE TABLE {meta}.runs (run_id TEXT, command TEXT, state TEXT, started_at TIMESTAMP, "
        "finished_at TIMESTAMP, as_of TIMESTAMP, tables TEXT, params TEXT, program_version TEXT, "
        "started_by TEXT, error TEXT)",
        "CREATE TABLE {meta}.run_tables (run_id TEXT, table_name TEXT, kind TEXT, "
        "row_count BIGINT, new_rows BIGINT, changed_rows BIGINT, gone_rows BIGINT, "
        "checks BIGINT, warnings TEXT, seconds DOUBLE PRECISION)",
    ],
    [
        "ALTER TABLE {meta}.runs ADD COLUMN job TEXT",
        "ALTER TABLE {meta}.runs ADD COLUMN attempt BIGINT",
        "ALTER TABLE {meta}.runs ADD COLUMN scheduled_at TIMESTAMP",
        "ALTER TABLE {meta}.runs ADD COLUMN due_at TIMESTAMP",
        "ALTER TABLE {meta}.runs ADD COLUMN retry_wait DOUBLE PRECISION",
        "ALTER TABLE {meta}.runs ADD COLUMN broken TEXT",
        "CREATE TABLE {meta}.alerts (table_name TEXT, event TEXT, gist TEXT, run_id TEXT, "
        "since TIMESTAMP, told_at TIMESTAMP, heard TEXT, ended_at TIMESTAMP)",
    ],
    [
        "ALTER TABLE {meta}.run_tables ADD COLUMN quarantined_rows BIGINT",
        "CREATE TABLE {meta}.quarantine (source_name TEXT, row_key TEXT, check_name TEXT, "
        "found_at TIMESTAMP, run_id TEXT)",
    ],
    [
        "CREATE TABLE {meta}.comments (table_name TEXT, column_name TEXT, comment TEXT)",
    ],
    ["ALTER TABLE {meta}.run_tables ADD COLUMN newest_at TIMESTAMP"],
    ["ALTER TABLE {meta}.runs ADD COLUMN holidays_version TEXT"],
    ["ALTER TABLE {meta}.runs ADD COLUMN basis TEXT"],
]
"""Each entry brings the layout of the meta schema from one version to the next."""


HAS_BASIS = 7
"""The version from which on runs keep the basis that they report on."""


def has_layout(warehouse: Warehouse, version: int) -> bool:
    """Whether the log's tables are those of a version, or newer."""
    if "layout" not in warehouse.tables(warehouse.meta):
        return False
    ((found,),) = warehouse.fetch(f"SELECT max(version) FROM {log_table(warehouse, 'layout')}")
    return bool(found >= version)


def upgrade(warehouse: Warehouse) -> None:
    warehouse.ensure_schema(warehouse.meta)
    layout = log_table(warehouse, "layout")
    if "layout" not in warehouse.tables(warehouse.meta):
        warehouse.run(f"CREATE TABLE {layout} (version BIGINT)")
        warehouse.run(f"INSERT INTO {layout} VALUES (0)")
    ((version,),) = warehouse.fetch(f"SELECT max(version) FROM {layout}")
    if version > len(LAYOUTS):
        raise DataError(
            f"the schema {warehouse.meta} was made by a newer version of crm-ibis (layout "
            f"{version}, this version knows {len(LAYOUTS)}); upgrade crm-ibis"
        )
    for statements in LAYOUTS[version:]:
        for statement in statements:
            warehouse.run(statement.format(meta=warehouse.quote(warehouse.meta)))
    if version < len(LAYOUTS):
        warehouse.run(f"UPDATE {layout} SET version = {len(LAYOUTS)}")


def log_table(warehouse: Warehouse, name: str) -> str:
    """A table of the log, as SQL names it."""
    return warehouse.quote(warehouse.meta, name)
