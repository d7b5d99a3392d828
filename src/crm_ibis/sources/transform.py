"""A source's mapping as an expression: our columns made of those of the table it comes from."""

from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import Table

from crm_ibis.contracts.contract import Column as ContractColumn
from crm_ibis.contracts.models import Contract
from crm_ibis.errors import DataError, UsageError, near_match
from crm_ibis.sources.column_spec import Column
from crm_ibis.sources.columns import marks, transforms
from crm_ibis.sources.columns.matching import same
from crm_ibis.sources.columns.one_row import Grouped, OneRow
from crm_ibis.sources.columns.parts import Part, part_of, text_of, to_naive_utc
from crm_ibis.sources.columns.reader import Reader
from crm_ibis.sources.spec import SourceSpec

PLAIN_NUMBER = "1234.5"
PLAIN_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "0"), False),
}
UNASSIGNED = "unassigned"
"""The facility of what belongs to none."""


def apply_columns(table: Table, name: str, mapping: SourceSpec, contract: Contract) -> Table:
    """A table under our column names: those that the mapping makes, then those of the same name.

    A column that is in neither place is missing; that an event never happened is `value: null`.
    Behind the columns come the marks of what went wrong in a row. Raises DataError naming columns
    that the table does not have.
    """
    _refuse_missing(table, name, mapping)
    reader = Reader(table, name, mapping).selected_rows()
    declared = {
        c.name: _declared(table, mapping, c)
        for c in contract.columns
        if c.name in mapping.columns or c.name in table.columns
    }
    rows = _rows(reader, declared, contract)
    made: dict[str, ir.Value] = {}
    found = dict(rows.marks)
    for c in contract.columns:
        if c.name in declared:
            value, unreadable = _build_column(rows, reader, c.name, declared[c.name], contract)
            made[c.name] = value
            if unreadable is not None:
                known = found.get(marks.UNREADABLE + c.name, ibis.literal(False))
                found[marks.UNREADABLE + c.name] = (known | unreadable).fill_null(False)
    made |= _in_order(made, declared, contract, name)
    result = rows.table.select(**made, **found)
    return result.distinct() if mapping.distinct else result


def _declared(table: Table, mapping: SourceSpec, column: ContractColumn) -> Column:
    """What is said of a column. In files with text only, numbers and booleans are read as they are
    usually written: there is no other way to write them there."""
    said = mapping.columns.get(column.name) or Column.model_validate({"from": column.name})
    is_plain = said.model_fields_set <= {"from_", "missing", "null_values", "when"}
    if not mapping.path or said.from_ not in table.columns or not is_plain:
        return said
    if not table[said.from_].type().is_string():
        return said
    if column.dtype.is_numeric():
        return said.model_copy(update={"number": [PLAIN_NUMBER]})
    if column.dtype.is_boolean():
        return said.model_copy(update={"values": PLAIN_BOOLEANS})
    return said


def absent(contract: Contract) -> Table:
    """An empty table of the contract's shape, without a table in the database."""
    nothing = ibis.literal(0, "int64").name("nothing").as_table()
    nulls = {c.name: ibis.null(c.dtype) for c in contract.columns}
    return nothing.select(**nulls).filter(ibis.literal(False))


def constant(mapping: SourceSpec, contract: Contract) -> Table:
    """The rows that the mapping itself holds, without a table in the database."""
    types = contract.schema
    nothing = ibis.literal(0, "int64").name("nothing").as_table()
    rows = []
    for row in mapping.constant:
        where = f"sources.{contract.name}.constant"
        named = {c: transforms.literal(row.get(c), types[c], f"{where}.{c}") for c in mapping.named}
        rows.append(nothing.select(**named))
    return ibis.union(*rows) if len(rows) > 1 else rows[0]


def add_unassigned(facilities: Table) -> Table:
    """Facilities with one more for what belongs to none, unless it is there."""
    nothing = ibis.literal(0, "int64").name("nothing").as_table()
    cells: dict[str, Any] = {c: False for c in facilities.columns if marks.is_mark(c)}
    cells |= {"id": UNASSIGNED, "name": "Unassigned"}
    types = facilities.schema()
    row = nothing.select(
        **{c: ibis.literal(cells.get(c), types[c].copy(nullable=True)) for c in facilities.columns}
    )
    there = facilities.filter(facilities.id == UNASSIGNED).select(known=facilities.id)
    return ibis.union(facilities, row.anti_join(there, row.id == there.known))


def untranslated_values(table: Table, mapping: SourceSpec, declared: Column) -> Table:
    """The values of a translated column that the mapping does not name: value, row_count."""
    name = next(n for n, column in mapping.columns.items() if column is declared)
    reader = Reader(table, name, mapping).selected_rows()
    if mapping.one_row_per:
        grouping = OneRow(reader, {name: ibis.dtype("string")})
        grouping.add(name, declared)
        rows = grouping.reduce()
        table = rows.table
        given = rows.parts[name].value
    else:
        table = reader.table
        given = part_of(reader, declared, ibis.dtype("string"), name).value
    known = ibis.or_(*(same(given, key) for key in declared.values), ibis.literal(False))
    strange = table.filter(given.notnull(), ~known)
    return strange.group_by(value=text_of(given)).agg(row_count=strange.count())


def _refuse_missing(table: Table, name: str, mapping: SourceSpec) -> None:
    wanted = {f"columns.{c}": column.reads for c, column in mapping.columns.items()}
    wanted |= {"only": list(mapping.only), "leave_out": list(mapping.leave_out)}
    wanted |= {"one_row_per": mapping.one_row_per}
    there = [column for column in table.columns if not marks.is_mark(column)]
    problems = [
        f"  sources.{name}.{key}: there is no column {column}{near_match(column, there)}"
        for key, columns in wanted.items()
        for column in columns
        if column not in there
    ]
    if problems:
        listed = "\n".join(problems)
        raise DataError(
            f"sources.yml does not fit the table that {name} comes from:\n{listed}\n"
            f"it has {', '.join(there)}"
        )


def _rows(reader: Reader, declared: dict[str, Column], contract: Contract) -> Grouped:
    """What each column is made of, row by row or, with `one_row_per`, of all rows of a key."""
    types = dict(contract.schema)
    if reader.said.one_row_per:
        grouping = OneRow(reader, types)
        for name, column in declared.items():
            grouping.add(name, column)
        return grouping.reduce()
    parts = {
        name: part_of(reader, column, types[name], f"sources.{reader.source}.columns.{name}")
        for name, column in declared.items()
    }
    found = {c: reader.table[c] for c in reader.table.columns if marks.is_mark(c)}
    return Grouped(reader.table, parts, found)


def _build_column(
    rows: Grouped, reader: Reader, name: str, declared: Column, contract: Contract
) -> tuple[ir.Value, ir.BooleanValue | None]:
    """A column of ours, and whether something could not be read."""
    part: Part = rows.parts[name]
    if part.is_made:
        return part.value, part.unreadable
    where = f"sources.{reader.source}.columns.{name}"
    zone = reader.zone(declared)
    made = transforms.transform_value(part.value, declared, contract.schema[name], zone, where)
    return made.value, made.unreadable


def _in_order(
    made: dict[str, ir.Value], declared: dict[str, Column], contract: Contract, source: str
) -> dict[str, ir.Value]:
    """Instants that are to be null where they are out of order, and a mark of where they are."""
    found: dict[str, ir.Value] = {}
    for name, column in declared.items():
        if not column.has("out_of_order"):
            continue
        earlier = _not_before(contract, name)
        if earlier is None:
            raise UsageError(
                f"sources.yml: sources.{source}.columns.{name}: `out_of_order: null` is for an "
                f"instant that may be null and must not be before another; {name} is none"
            )
        if earlier in made and made[name].type().is_timestamp():
            instant, start = (to_naive_utc(made[c]) for c in (name, earlier))
            is_early = (instant < start).fill_null(False)
            found[name] = ibis.ifelse(is_early, ibis.null(instant.type()), instant)
            found[marks.BLANKED + name] = is_early
    return found


def _not_before(contract: Contract, name: str) -> str | None:
    """The column that an optional column must not be before, by its contract."""
    (column,) = (c for c in contract.columns if c.name == name)
    if not column.nullable or name == "created_at":
        return None
    for rule in contract.rules:
        if rule.name.startswith(f"{name} is not before "):
            return rule.columns[1]
    return "created_at" if "created_at" in contract.schema else None
