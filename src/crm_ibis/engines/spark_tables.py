"""The tables of Spark's catalogs as expressions."""

from contextlib import suppress
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from ibis import Table

from crm_ibis.errors import DataError, near_match
from crm_ibis.warehouse.files import Files
from crm_ibis.warehouse.spark_sql import quoted

CATALOGS = "spark.sql.catalog."
CSV = {
    **{"header": "true", "quote": '"', "escape": '"', "multiLine": "true", "mode": "FAILFAST"},
    **{"nullValue": "", "emptyValue": "", "enforceSchema": "true"},
}
"""As DuckDB reads them. That all files have the same header is seen to before."""
TYPES: dict[str, dt.DataType] = {
    "string": dt.string,
    "boolean": dt.boolean,
    "tinyint": dt.int8,
    "smallint": dt.int16,
    "int": dt.int32,
    "bigint": dt.int64,
    "float": dt.float32,
    "double": dt.float64,
    "date": dt.date,
    "binary": dt.binary,
    "timestamp": dt.Timestamp(timezone="UTC"),
    "timestamp_ntz": dt.Timestamp(scale=6),
}
"""By Spark's names. Its plain timestamp is an instant, as the session's zone is UTC."""


class SparkTables:
    """The tables of Spark's catalogs, each looked up once in a run."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self._names: dict[str, set[str]] = {}
        self._tables: dict[str, Table] = {}
        self._files: dict[Files, Table] = {}

    def names(self, schema: str) -> set[str]:
        """Names of the tables and views in `schema` or `catalog.schema`; none where it is missing.

        Raises DataError for a catalog that Spark's configuration does not name.
        """
        if schema not in self._names:
            self._refuse_unknown_catalog(schema)
            self._names[schema] = self._listed("TABLES", schema) | self._listed("VIEWS", schema)
        return self._names[schema]

    def _listed(self, what: str, schema: str) -> set[str]:
        from pyspark.errors import AnalysisException

        with suppress(AnalysisException):  # there is no such schema, or it cannot have views
            rows = self.session.sql(f"SHOW {what} IN {_qualified(schema)}").collect()
            return {row[1] for row in rows if not row["isTemporary"]}
        return set()

    def _refuse_unknown_catalog(self, schema: str) -> None:
        catalog, _, rest = schema.partition(".")
        if not rest:
            return
        settings = [row[0] for row in self.session.sql("SET").collect()]
        known = {key.removeprefix(CATALOGS) for key in settings if key.startswith(CATALOGS)}
        known = {"spark_catalog", *(name for name in known if "." not in name)}
        if catalog not in known:
            raise DataError(
                f'Spark has no catalog "{catalog}"{near_match(catalog, known)}; set '
                f"{CATALOGS}{catalog} in spark-defaults.conf, or name another in sources.yml"
            )

    def table(self, schema: str, name: str) -> Table:
        """A table as an expression over a temporary view of it."""
        place = f"{schema}.{name}"
        if place not in self._tables:
            frame = self.session.table(_qualified(place))
            view = f"crm_ibis_source_{len(self._tables)}_{name}"
            frame.createOrReplaceTempView(view)
            self._tables[place] = ibis.table(_schema(frame, place), name=view)
        return self._tables[place]

    def files(self, files: Files) -> Table:
        """Files as an expression over a temporary view of them."""
        if files not in self._files:
            reader = self.session.read
            if files.format == "csv":
                reader = reader.options(**CSV, sep=files.delimiter)
                if files.columns:  # else those of a header that Spark has to look up
                    reader = reader.schema(", ".join(f"{quoted(c)} STRING" for c in files.columns))
                frame = reader.csv(list(files.paths))
            else:
                frame = reader.parquet(*files.paths)
            view = f"crm_ibis_files_{len(self._files)}"
            frame.createOrReplaceTempView(view)
            self._files[files] = ibis.table(_schema(frame, ", ".join(files.paths)), name=view)
        return self._files[files]


def _qualified(place: str) -> str:
    return ".".join(quoted(part) for part in place.split("."))


def _schema(frame: Any, place: str) -> ibis.Schema:
    unknown = [name for name, kind in frame.dtypes if _type(kind) is None]
    if unknown:
        raise DataError(
            f"{place}: {unknown[0]} is of a type that cannot be read; put a view without it in its "
            "place"
        )
    return ibis.schema({name: _type(kind) for name, kind in frame.dtypes})


def _type(kind: str) -> dt.DataType | None:
    if kind in TYPES:
        return TYPES[kind]
    if kind.startswith(("char(", "varchar(")):
        return dt.string
    if kind.startswith("decimal("):
        precision, scale = kind.removeprefix("decimal(").rstrip(")").split(",")
        return dt.Decimal(int(precision), int(scale))
    try:
        from ibis.backends.sql.datatypes import PySparkType

        return PySparkType.from_string(kind)  # nested ones
    except Exception:  # sqlglot has errors of many kinds for what it cannot read
        return None
