"""What PostgreSQL's system catalogue knows of tables: columns, views on them, rights, comments."""

from typing import cast

from crm_ibis.warehouse.base import Warehouse

TABLE_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


class PostgresCatalog(Warehouse):
    """The part of a PostgreSQL database that asks its catalogue."""

    def tables(self, schema: str) -> set[str]:
        # Not information_schema, which hides materialised views and what the user may not read.
        found = self.fetch(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = ? AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
            [schema],
        )
        return {name for (name,) in found}

    def dependents(self, schema: str, name: str, column: str) -> list[str]:
        # Views are refused by the server, but indexes and constraints go with the column.
        found = self.fetch(
            "SELECT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend d "
            "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
            "WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = CAST(? AS regclass) "
            "AND a.attname = ? "
            "AND d.classid IN ('pg_class'::regclass, 'pg_constraint'::regclass)",
            [self.quote(schema, name), column],
        )
        return sorted(described for (described,) in found)

    def would_break(self, schema: str, name: str, column: str) -> list[str]:
        views = self.fetch(
            "SELECT DISTINCT pg_describe_object('pg_class'::regclass, r.ev_class, 0) "
            "FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid "
            "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
            "WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass "
            "AND d.refobjid = CAST(? AS regclass) AND a.attname = ? AND r.ev_class <> d.refobjid",
            [self.quote(schema, name), column],
        )
        return sorted(described for (described,) in views) + self.dependents(schema, name, column)

    def unique_indexes(self, name: str) -> dict[str, set[str]]:
        found = self.fetch(
            "SELECT c.relname, array_agg(a.attname::text) FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indexrelid "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) "
            "WHERE i.indrelid = CAST(? AS regclass) AND i.indisunique AND i.indisvalid "
            "AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY c.relname",
            [self.quote(self.analytics, name)],
        )
        return {index: set(columns) for index, columns in found}

    def rights_to_write(self, name: str, alters: bool) -> list[str]:
        table = self.quote(self.analytics, name)
        needed = ", ".join(f"('{right}')" for right in TABLE_RIGHTS)
        found = self.fetch(
            f"SELECT v.needed FROM (VALUES {needed}) AS v (needed) "
            "WHERE NOT has_table_privilege(CAST(? AS regclass), v.needed)",
            [table],
        )
        missing = [f"{right} on {self.analytics}.{name}" for (right,) in found]
        owned = (
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = CAST(? AS regclass)"
        )
        if alters and not self.fetch(owned, [table])[0][0]:
            missing.append(f"the ownership of {self.analytics}.{name}, whose columns change")
        return missing

    def rights_to_create(self) -> list[str]:
        ((schema, database),) = self.fetch(
            "SELECT (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace "
            "WHERE nspname = ?), has_database_privilege(current_database(), 'CREATE')",
            [self.analytics],
        )
        if schema is None:
            return [] if database else [f"CREATE on the database, to make schema {self.analytics}"]
        return [] if schema else [f"CREATE on schema {self.analytics}"]

    def is_table(self, schema: str, name: str) -> bool:
        return bool(
            self.fetch(
                "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p')",
                [schema, name],
            )
        )

    def remark(self, schema: str, name: str) -> str | None:
        found = self.fetch(
            "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ?",
            [schema, name],
        )
        return found[0][0] if found else None

    def readers(self) -> list[tuple[str, str, bool, bool]]:
        found = self.fetch(
            "SELECT c.relname, r.rolname, has_schema_privilege(r.oid, n.oid, 'USAGE') "
            "AND has_table_privilege(r.oid, c.oid, 'SELECT'), pg_has_role(c.relowner, 'USAGE') "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN pg_roles r "
            "WHERE n.nspname = ? AND c.relkind IN ('r', 'p') AND r.rolname = ANY (?) "
            "ORDER BY c.relname, r.rolname",
            [self.analytics, list(self.settings.reader_roles)],
        )
        return cast(list[tuple[str, str, bool, bool]], found)

    def comments(self) -> list[tuple[str, str, str | None]]:
        found = self.fetch(
            "SELECT c.relname, a.attname, d.description FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            "AND NOT a.attisdropped "
            "LEFT JOIN pg_description d ON d.objoid = c.oid "
            "AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum "
            "WHERE n.nspname = ? AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE') "
            "UNION ALL SELECT c.relname, '', obj_description(c.oid, 'pg_class') FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = ? AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')",
            [self.analytics, self.analytics],
        )
        return cast(list[tuple[str, str, str | None]], found)
