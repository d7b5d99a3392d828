"""Source columns of whatever width, brought to the types of their contracts."""

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import Table

from crm_ibis import expressions
from crm_ibis.contracts import rules
from crm_ibis.contracts.models import Contract
from crm_ibis.contracts.rules import Rule
from crm_ibis.errors import DataError
from crm_ibis.sources.columns import marks
from crm_ibis.sources.columns.instants import text_of_number

UNFIT = "unfit_"
"""Begins the name of a column that says whether something in a row is unreadable."""

HINTS = {
    ("text", "number"): '; sources.yml can read it: {from: ..., number: "1,234.56"}',
    ("text", "instant"): '; sources.yml can read it: {from: ..., format: "%d/%m/%Y %H:%M"}',
    ("number", "instant"): "; sources.yml can read it: {from: ..., format: epoch}",
}


def cast_to_contract(raw: Table, contract: Contract) -> Table:
    """A source's columns in the contract's types; other columns are left out.

    A missing column that may be null becomes null. Raises DataError naming every required column
    that is missing and every one of another family of types.
    """
    problems = []
    for c in contract.columns:
        if c.name not in raw.columns:
            if not c.nullable:
                problems.append(f"column {c.name} ({c.dtype}) is missing")
        elif problem := misfit(raw.schema()[c.name], c.dtype):
            problems.append(f"column {c.name} {problem}")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise DataError(
            f"the source {contract.name} does not fit its contract:\n{listed}\n"
            "fix the table, or put a view with the right columns in its place"
        )
    return raw.select(**_columns(raw, contract))


def _columns(raw: Table, contract: Contract) -> dict[str, ir.Value]:
    return {
        c.name: cast_value(raw[c.name], c.dtype) if c.name in raw.columns else ibis.null(c.dtype)
        for c in contract.columns
    }


def conversions(raw: Table, contract: Contract) -> list[Rule]:
    """Rules that a source's numbers must keep so that none is changed by the contract's type."""
    types = raw.schema()
    return [
        rules.fits(c.name, c.dtype)
        for c in contract.columns
        if c.name in types and c.dtype.is_numeric() and _may_not_fit(types[c.name], c.dtype)
    ]


def rules_of_raw(raw: Table, contract: Contract) -> list[Rule]:
    """Rules that hold only of a source as it is read, before its contract's types are applied.

    Its mapping must have been able to read it, and its numbers must survive their conversion.
    """
    return [*marks.rules(raw.columns), *conversions(raw, contract)]


def null_unreadable(raw: Table, contract: Contract) -> Table:
    """A source with null in place of numbers that would stop the database at their conversion."""
    safe = {
        rule.columns[0]: expressions.when(~rule.violated(raw), raw[rule.columns[0]])
        for rule in conversions(raw, contract)
        if rule.violated
    }
    return raw.mutate(**safe) if safe else raw


def split_unreadable(
    raw: Table, contract: Contract, rules: Sequence[Rule]
) -> tuple[Table, list[Rule]]:
    """A guarded source in the contract's types, and the rules as they hold for it.

    What could not be read or would not survive its conversion is null there; a rule about it passes
    in that row, as the row breaks the rule about reading it and no other.
    """
    broken: dict[str, ir.BooleanValue] = {}
    for rule in rules_of_raw(raw, contract):
        for name in rule.columns if rule.violated else ():
            assert rule.violated is not None
            flag = rule.violated(raw).fill_null(False)
            broken[name] = broken[name] | flag if name in broken else flag
    flags = {name: UNFIT + name for name in broken}
    flagged = raw.mutate(**{flags[name]: flag for name, flag in broken.items()})
    safe = flagged.mutate(
        **{
            name: expressions.when(~flagged[flag], flagged[name])
            for name, flag in flags.items()
            if name in flagged.columns
        }
    )
    table = safe.select(**_columns(safe, contract), **{f: safe[f] for f in flags.values()})
    return table, [_where_flagged(r, [flags[c] for c in r.columns if c in flags]) for r in rules]


def _where_flagged(rule: Rule, flags: list[str]) -> Rule:
    """The rule, kept by the rows that have a flag."""
    violated = rule.violated
    if violated is None or not flags:
        return rule
    return replace(
        rule, violated=lambda table: violated(table) & ~ibis.or_(*(table[f] for f in flags))
    )


def misfit(given: dt.DataType, wanted: dt.DataType) -> str | None:
    """Why a column of one type cannot become one of another, if so."""
    # Loaders land ids as numbers, and as floats where some are missing.
    is_id = wanted.is_string() and family(given) == "number"
    if is_id or family(given) == family(wanted):
        return None
    return f"is {given}, must be {wanted}{HINTS.get((family(given), family(wanted)), '')}"


def family(dtype: dt.DataType) -> str:
    """The types that a column may have instead of the contract's have the same family."""
    if dtype.is_numeric() and not dtype.is_boolean():
        return "number"
    if dtype.is_string() or dtype.is_uuid() or dtype.is_unknown():  # PostgreSQL's enums
        return "text"
    return "instant" if dtype.is_timestamp() else type(dtype).__name__


def is_written_alike(dtype: dt.DataType) -> bool:
    """Whether all databases write its values as the same text."""
    return not (dtype.is_nested() or dtype.is_json() or dtype.is_interval() or dtype.is_binary())


def cast_value(value: ir.Value, dtype: dt.DataType) -> ir.Value:
    """A source's value in a type of its contract, the same on both databases."""
    if value.type().copy(nullable=True) == dtype:
        return value
    if value.type().is_floating() and dtype.is_decimal():
        # By way of the shortest text that means the float: a direct cast multiplies in floats on
        # DuckDB and keeps 15 digits on PostgreSQL.
        return value.cast("string").cast(dtype)
    if dtype.is_string() and family(value.type()) == "number":
        return text_of_number(value)
    return value.cast(dtype)


def _may_not_fit(given: dt.DataType, wanted: dt.DataType) -> bool:
    """Whether a number of one type may be cut, rounded to a whole or refused by another."""
    if given.is_integer():
        return given.nbytes > 4 and given != wanted
    if not given.is_decimal() or wanted.is_integer():
        return True
    if given.precision is None:  # PostgreSQL's bare numeric has any number of digits
        return True
    return given.precision - (given.scale or 0) > wanted.precision - wanted.scale
