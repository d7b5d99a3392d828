"""Expressions in the SQL of Spark, where Ibis' own would give other cells than the databases."""

from typing import Any

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import NULL, SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

TIME_ZONE = "timezone"
"""DuckDB's and PostgreSQL's function, which reads a clock in a zone, or shows an instant there."""


class SparkCompiler(PySparkCompiler):  # type: ignore[misc]  # Ibis gives it no types
    """Ibis' compiler, without what it does otherwise on Spark than elsewhere."""

    __slots__ = ()

    def visit_CountStar(self, op: Any, *, arg: Any, where: Any) -> Any:
        """Counted, not summed up: the sum of a condition that is null in every row is null."""
        if where is None:
            return super().visit_CountStar(op, arg=arg, where=where)
        return self.f.count(self.if_(where, 1, NULL))

    def visit_IsNull(self, op: Any, *, arg: Any) -> Any:
        """Without Ibis' `isnan`: NaN is a number that is wrong, and checks must find it as such."""
        return arg.is_(NULL)

    def visit_NotNull(self, op: Any, *, arg: Any) -> Any:
        return arg.is_(NULL).not_()

    def visit_Greatest(self, op: Any, *, arg: Any) -> Any:
        """Of one value too, which Spark refuses."""
        return arg[0] if len(arg) == 1 else super().visit_Greatest(op, arg=arg)

    def visit_Least(self, op: Any, *, arg: Any) -> Any:
        return arg[0] if len(arg) == 1 else super().visit_Least(op, arg=arg)

    def visit_Field(self, op: Any, *, rel: Any, name: Any) -> Any:
        """As for any database; Ibis asks an option here that is there only beside pyspark."""
        return SQLGlotCompiler.visit_Field(self, op, rel=rel, name=name)

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:
        if dtype.is_floating():
            return SQLGlotCompiler.visit_NonNullLiteral(self, op, value=value, dtype=dtype)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_RegexSearch(self, op: Any, *, arg: Any, pattern: Any) -> Any:
        """A function: sqlglot writes RLIKE, and no parentheses around it, so that in a comparison
        the pattern is compared."""
        return self.f.anon.regexp_like(arg, _java_pattern(pattern))

    def visit_RegexExtract(self, op: Any, *, arg: Any, pattern: Any, index: Any) -> Any:
        pattern = _java_pattern(pattern)
        return super().visit_RegexExtract(op, arg=arg, pattern=pattern, index=index)

    def visit_RegexReplace(self, op: Any, *, arg: Any, pattern: Any, replacement: Any) -> Any:
        """Java writes groups as $1, and a plain dollar as \\$."""
        if isinstance(replacement, sge.Literal):
            replacement = sge.Literal.string(_java_replacement(replacement.name))
        pattern = _java_pattern(pattern)
        return super().visit_RegexReplace(op, arg=arg, pattern=pattern, replacement=replacement)

    def visit_ScalarUDF(self, op: Any, **kw: Any) -> Any:
        if op.__func_name__ != TIME_ZONE:
            return super().visit_ScalarUDF(op, **kw)
        zone, moment = kw.values()
        utc = sge.Literal.string("UTC")
        naive = sge.DataType.build("timestamp_ntz", dialect="spark")
        if op.dtype.timezone:  # a clock in the zone, as an instant; the session's zone is UTC
            read = self.f.anon.convert_timezone(zone, utc, sge.Cast(this=moment, to=naive))
            return self.f.anon.to_timestamp_ltz(read)
        return self.f.anon.convert_timezone(utc, zone, sge.Cast(this=moment, to=naive))


def _java_pattern(pattern: Any) -> Any:
    """`$` as `\\z`: the end of the text, where Java's `$` comes before a last line break too."""
    if not isinstance(pattern, sge.Literal):
        return pattern
    found = []
    in_class = False
    characters = iter(pattern.name)
    for character in characters:
        if character == "\\":
            character += next(characters, "")
        elif character == "[":
            in_class = True
        elif character == "]":
            in_class = False
        elif character == "$" and not in_class:
            character = "\\z"
        found.append(character)
    return sge.Literal.string("".join(found))


def _java_replacement(replacement: str) -> str:
    """`\\1` as `$1`."""
    found = []
    characters = iter(replacement)
    for character in characters:
        if character == "\\":
            after = next(characters, "\\")
            found.append(f"${after}" if after.isdigit() else f"\\{after}")
        elif character == "$":
            found.append("\\$")
        else:
            found.append(character)
    return "".join(found)


compiler = SparkCompiler()


def quoted(name: str) -> str:
    """A name, quoted."""
    return "`" + name.replace("`", "``") + "`"


def type_name(dtype: Any) -> str:
    """What a type is called on Spark."""
    return str(compiler.type_mapper.to_string(dtype))
