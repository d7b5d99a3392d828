"""What a contract demands, as rules over a table; all rules of a table make one checking query.

Pandera's data checks are not run by Pandera: on Ibis tables it joins results back by position,
which reports wrong rows under concurrent scans, and pulls whole columns into pandas on failure. A
rule counts its violations; rows are fetched only for rules that are broken.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.expressions import instant
from crm_ibis.text import count_of

SAMPLES = 20
FIRST_INSTANT = "0001-01-01 00:00:00"
LAST_INSTANT = "9999-12-31 23:59:59.999999"


Repeats = Callable[[ir.Column], ir.IntegerScalar]
"""0 where no value of a column comes twice, else more."""


@dataclass(frozen=True)
class Rule:
    """One check of a table. Row rules have a predicate; the others find their rows themselves."""

    name: str
    columns: tuple[str, ...]
    severity: str = "error"
    violated: Callable[[Table], ir.BooleanColumn] | None = None
    find: Callable[[Table, Mapping[str, Table]], Table] | None = None
    unrepeated: str | None = None
    """The column that it wants no value of twice, where it is about one."""
    kept: Callable[[Table], ir.BooleanScalar] | None = None
    """Proves by aggregates of whole columns that no row breaks it: for less than looking at each.
    False means that some may."""
    refers_to: str | None = None
    """The source whose ids it looks for."""
    key: tuple[str, ...] = ()
    """What names the rows that it finds, where they are not those of the table."""

    @property
    def has_proof(self) -> bool:
        """Whether the checking query may prove it, and counts no rows where it cannot.

        Not so for what may stay broken from run to run: its rows would be counted twice each time.
        """
        return bool(self.unrepeated or self.kept) and self.severity == "error"

    def rows(self, table: Table, parents: Mapping[str, Table]) -> Table:
        """The rows that break the rule."""
        if self.violated is not None:
            return table.filter(self.violated(table))
        assert self.find is not None
        return self.find(table, parents)


def counts(
    table: Table,
    rules: Sequence[Rule],
    parents: Mapping[str, Table],
    repeats: Repeats | None = None,
    also: Mapping[str, ir.Scalar] = MappingProxyType({}),
) -> Table:
    """The one checking query of a table: its `row_count`, and how many rows break `rule_0`, ...

    What is `also` asked of the table is answered by the same scan. `repeats` is the database's way
    to see quickly whether a value comes twice. With it, rules that have a proof get one: 0 where
    they are kept, else some other number, and not that of the rows.
    """
    by_row = {
        f"rule_{i}": (
            ibis.ifelse(rule.kept(table), 0, 1)
            if repeats and rule.kept and rule.has_proof
            else table.count(where=rule.violated(table))
        )
        for i, rule in enumerate(rules)
        if rule.violated is not None
    }
    others = {
        f"rule_{i}": (
            repeats(table[rule.unrepeated])
            if repeats and rule.unrepeated and rule.has_proof
            else row_total(
                rule.rows(table.select(rule.columns) if rule.refers_to else table, parents)
            )
        ).as_scalar()
        for i, rule in enumerate(rules)
        if rule.violated is None
    }
    found = table.aggregate(row_count=table.count(), **by_row, **also)
    return found.mutate(**others) if others else found


def _needed(table: Table, rule: Rule) -> Table:
    """What a rule needs to count its rows: a query over fewer columns is compiled sooner."""
    return table.select(rule.columns) if rule.refers_to else table


def samples(table: Table, rule: Rule, key: Sequence[str], parents: Mapping[str, Table]) -> Table:
    """Up to 20 rows that break a rule: the key and the offending columns."""
    rows = rule.rows(table, parents)
    key = [c for c in rule.key or key if c in rows.columns]
    shown = [c for c in rows.columns if c in (*key, *rule.columns, "row_count")]
    return rows.select(shown).order_by(key or shown).limit(SAMPLES)


def unique(key: tuple[str, ...]) -> Rule:
    """No two rows have the same key; finds a row per duplicated key, with its `row_count`."""

    def duplicated(table: Table, parents: Mapping[str, Table]) -> Table:
        groups = table.group_by(list(key)).agg(row_count=table.count())
        return groups.filter(groups.row_count > 1, *(groups[c].notnull() for c in key))

    return Rule(
        name=f"{', '.join(key)} is unique",
        columns=key,
        find=duplicated,
        unrepeated=key[0] if len(key) == 1 else None,
    )


def required(name: str, severity: str = "error") -> Rule:
    """The column is never null."""
    return Rule(
        name=f"{name} is not null",
        columns=(name,),
        severity=severity,
        violated=lambda table: table[name].isnull(),
        kept=lambda table: table[name].count() == table.count(),
    )


def reference(name: str, parent: str, severity: str = "error") -> Rule:
    """The column, where it is not null, is an id of the parent table."""

    def orphans(table: Table, parents: Mapping[str, Table]) -> Table:
        known = parents[parent].select(parent_id="id")
        return table.filter(table[name].notnull()).anti_join(known, [(name, "parent_id")])

    words = f"{name} is an id of {parent}"
    return Rule(words, (name,), severity, find=orphans, refers_to=parent)


def known_name(name: str, known: Sequence[str], where: str) -> Rule:
    """The column, where it is not null, holds one of the names that are declared somewhere.

    The rule does not list them, so that a row in quarantine breaks the same rule tomorrow.
    """
    return Rule(
        name=f"{name} is one that {where} declare",
        columns=(name,),
        violated=lambda table: table[name].notin(list(known)).fill_null(False),
    )


def before(start: str, end: str) -> Rule:
    """The one instant is earlier than the other, where both are known."""
    return Rule(
        name=f"{start} is before {end}",
        columns=(start, end),
        violated=lambda table: table[start] >= table[end],
    )


def apart(key: tuple[str, ...], start: str, end: str) -> Rule:
    """Versions of the same key do not overlap; an end that is null is still to come."""

    def overlapping(table: Table, parents: Mapping[str, Table]) -> Table:
        following = ibis.window(group_by=list(key), order_by=start)
        versions = table.select(*key, start, end, next_start=table[start].lead().over(following))
        late = versions[end].isnull() | (versions[end] > versions.next_start)
        return versions.filter(versions.next_start.notnull() & late)

    return Rule("versions of a key do not overlap", (*key, start, end), find=overlapping)


def fits(name: str, dtype: dt.DataType) -> Rule:
    """The value survives its conversion to the contract's number or instant unchanged.

    So it is neither NaN nor infinite nor too large, and for an integer it is whole.
    """

    def misfit(table: Table) -> ir.BooleanColumn:
        value = table[name]
        if dtype.is_timestamp():
            return (value < _literal(FIRST_INSTANT)) | (value > _literal(LAST_INSTANT))
        if dtype.is_floating():
            return ~(value.abs() <= ibis.literal(sys.float_info.max, "float64"))
        limit = 10.0 ** (dtype.precision - dtype.scale) if dtype.is_decimal() else 2.0**63
        in_range = value.abs() < ibis.literal(limit, "float64")  # false for NaN and infinity
        if dtype.is_decimal():
            return ~in_range
        # Guarded, as the database may round before it looks at the range.
        guarded = ibis.ifelse(in_range, value, 0).cast("decimal(38, 10)")
        return ~(in_range & (guarded == guarded.floor()))

    if dtype.is_decimal():
        limit = ibis.literal(10.0 ** (dtype.precision - dtype.scale), "float64")
        all_fit = _all_between(name, -limit, limit, closed=False)
        return Rule(f"{name} fits into {dtype}", (name,), violated=misfit, kept=all_fit)
    if not dtype.is_timestamp():
        return Rule(f"{name} fits into {dtype}", (name,), violated=misfit)
    all_finite = _all_between(name, _literal(FIRST_INSTANT), _literal(LAST_INSTANT))
    return Rule(f"{name} is a finite instant", (name,), violated=misfit, kept=all_finite)


def plausible(name: str, first_year: int, years_ahead: int, as_of: datetime) -> Rule:
    """The instant is not before a year, nor later than some years after `as_of`.

    The name does not tell the instant, so that a row in quarantine breaks the same rule tomorrow.
    What is not finite breaks another rule.
    """
    first = datetime(first_year, 1, 1)
    last = _years_after(as_of, years_ahead)

    def implausible(table: Table) -> ir.BooleanColumn:
        value = table[name]
        early = (value < instant(first)) & (value >= _literal(FIRST_INSTANT))
        return early | ((value > instant(last)) & (value <= _literal(LAST_INSTANT)))

    years = count_of(years_ahead, "year")
    end = f"{years} after as_of" if years_ahead else "as_of"
    all_plausible = _all_between(name, instant(first), instant(last))
    words = f"{name} lies between {first_year} and {end}"
    return Rule(words, (name,), violated=implausible, kept=all_plausible)


def _all_between(
    name: str, first: ir.Scalar, last: ir.Scalar, closed: bool = True
) -> Callable[[Table], ir.BooleanScalar]:
    def proof(table: Table) -> ir.BooleanScalar:
        least = table[name].min()
        most = table[name].max()  # NaN, where there is one
        within = (least >= first) & (most <= last) if closed else (least > first) & (most < last)
        return within.fill_null(True)  # there is no value

    return proof


def _literal(moment: str) -> ir.TimestampScalar:
    return ibis.literal(moment).cast("timestamp(6)")


def _years_after(moment: datetime, years: int) -> datetime:
    """The same day so many years later; the day before where that year has no 29 February."""
    year = min(moment.year + years, datetime.max.year)
    try:
        return moment.replace(year=year)
    except ValueError:
        return moment.replace(year=year, day=28)


def row_total(rows: Table) -> ir.IntegerScalar:
    """How many rows of a table break a rule, by the rows that it found."""
    if "row_count" in rows.columns:  # one row per duplicated key
        return rows.row_count.sum().fill_null(0)
    return rows.count()
