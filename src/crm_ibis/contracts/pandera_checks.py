"""Checks of Pandera as rules, and the checks that contracts add to Pandera's."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.contracts.pandera_api import Check, IbisData
from crm_ibis.contracts.rules import Rule

WORDS = {
    "greater_than_or_equal_to": "{column} >= {min_value}",
    "less_than_or_equal_to": "{column} <= {max_value}",
    "greater_than": "{column} > {min_value}",
    "less_than": "{column} < {max_value}",
    "in_range": "{column} is between {min_value} and {max_value}",
    "isin": "{column} is one of {allowed_values}",
    "not_before": "{column} is not before {not_before}",
    "whole_month": "{column} is the first day of a month",
    "currency_code": "{column} is three capital letters, as in ISO 4217",
}


def _register(check: Callable[..., ir.BooleanColumn]) -> Callable[..., ir.BooleanColumn]:
    """Adds a check to those that `column` takes; its statistic has its name.

    Pandera's own decorator does the same, and imports pandas for it.
    """
    name = check.__name__

    def made(statistic: Any, **settings: Any) -> Check:
        made = Check(partial(check, **{name: statistic}), name=name, **settings)
        made.statistics = {name: statistic}
        return made

    Check.REGISTERED_CUSTOM_CHECKS[name] = made
    return check


@_register
def not_before(data: IbisData, *, not_before: str) -> ir.BooleanColumn:
    """The instant is not earlier than the one in the named column."""
    return data.table[data.key] >= data.table[not_before]


@_register
def whole_month(data: IbisData, *, whole_month: bool) -> ir.BooleanColumn:
    """The date is the first day of a month."""
    return (data.table[data.key].day() == 1) == whole_month


@_register
def currency_code(data: IbisData, *, currency_code: bool) -> ir.BooleanColumn:
    """The text is a code as in ISO 4217, such as EUR."""
    return data.table[data.key].re_search("^[A-Z]{3}$") == currency_code


def of_column(name: str, check: Check) -> Rule:
    """A Pandera check of one column; null passes."""
    facts = {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple | set) else value
        for key, value in (check.statistics or {}).items()
    }
    words = WORDS.get(check.name or "", "{column}: " + str(check.name))
    others = tuple(value for key, value in facts.items() if key == "not_before")
    return Rule(
        name=words.format(column=name, **facts),
        columns=(name, *others),
        severity=_severity(check),
        violated=lambda table: ~_verdict(check, table, name),
    )


def of_table(check: Check, columns: Mapping[str, dt.DataType]) -> Rule:
    """A Pandera check over several columns of a row; it offends by the columns that it reads."""
    blank = ibis.table(columns, name="blank")
    used = _verdict(check, blank, None).op().find(ops.Field)
    return Rule(
        name=str(check.description or check.name),
        columns=tuple(dict.fromkeys(f.name for f in used)),
        severity=_severity(check),
        violated=lambda table: ~_verdict(check, table, None),
    )


def _severity(check: Check) -> str:
    return "warn" if check.raise_warning else "error"


def _verdict(check: Check, table: Table, key: str | None) -> ir.BooleanColumn:
    # Pandera's own checks answer with a table that holds the verdict, ours with the verdict.
    verdict = check._check_fn(IbisData(table, key), **check._check_kwargs)
    if isinstance(verdict, ir.Table):
        (expression,) = verdict.op().values.values()
        verdict = expression.to_expr()
    if verdict.type().is_boolean():
        return verdict
    raise TypeError(f"the check {check.name} of {key or 'the table'} does not return a boolean")
